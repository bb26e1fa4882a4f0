//! `doctor --allowlist`: the hosts that images need, one per line.

use super::model::doctor::AllowList;

/// `host:port` alone on each line, so that it can be fed to whatever makes rules; comments say what a host is for.
pub(crate) fn text(list: &AllowList) -> String {
    let mut text = String::new();
    let mut registry = "";
    for host in &list.hosts {
        if host.registry != registry {
            registry = &host.registry;
            text.extend(["# ", registry, "\n"]);
        }
        let known = if host.observed {
            ""
        } else {
            ", expected, not observed"
        };
        let address = format!("{}:{}", host.name, host.port);
        let row = format!("{address:<48} # {}{known}\n", host.purpose);
        text.push_str(&row);
    }
    text
}
