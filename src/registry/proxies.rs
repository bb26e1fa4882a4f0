//! Which proxy stands before a host, and which exception says that none does.

use std::env;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;

/// The proxies of this machine, as reqwest reads them from its environment.
pub(super) struct Proxies {
    matcher: Matcher,
    /// The same without exceptions.
    all: Matcher,
    /// `NO_PROXY`, verbatim.
    exceptions: String,
}

impl Proxies {
    pub(super) fn of_this_machine() -> Self {
        // The first that is set counts, be it empty: as in reqwest and curl.
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| env::var(name).ok());
        let https = first(["HTTPS_PROXY", "https_proxy"])
            .filter(|proxy| !proxy.is_empty())
            .or_else(|| first(["ALL_PROXY", "all_proxy"]));
        Self {
            matcher: Matcher::from_env(),
            all: Matcher::builder().https(https.unwrap_or_default()).build(),
            exceptions: first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }

    /// This proxy for all hosts but the exceptions, written as in `NO_PROXY`.
    #[cfg(test)]
    pub(super) fn with(proxy: &str, exceptions: &str) -> Self {
        let builder = || Matcher::builder().all(proxy.to_owned());
        Self {
            matcher: builder().no(exceptions.to_owned()).build(),
            all: builder().build(),
            exceptions: exceptions.to_owned(),
        }
    }

    pub(super) fn towards(&self, url: &Url) -> Option<Intercept> {
        self.matcher.intercept(&url.as_str().parse().ok()?)
    }

    /// The proxy that would stand before the host, and the entry of `NO_PROXY` that takes it away.
    pub(super) fn exemption(&self, url: &Url) -> Option<(Intercept, String)> {
        let uri = url.as_str().parse().ok()?;
        let proxy = self.all.intercept(&uri)?;
        let is_exempt = |entry: &&str| {
            let one = Matcher::builder().all("http://proxy").no(*entry).build();
            one.intercept(&uri).is_none()
        };
        let mut entries = self.exceptions.split(',').map(str::trim);
        let entry = entries.find(|entry| !entry.is_empty() && is_exempt(entry))?;
        Some((proxy, entry.to_owned()))
    }
}

/// `host:port`, without the login.
pub(super) fn proxy_name(proxy: &Intercept) -> String {
    let authority = proxy.uri().authority();
    let name = authority.map(|it| it.as_str().rsplit('@').next().unwrap_or_default());
    name.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_named_by_the_entry_that_makes_it() {
        let ghcr: Url = "https://ghcr.io/v2/".parse().unwrap();
        for (name, exceptions, want) in [
            ("the host", "localhost,ghcr.io", Some("ghcr.io")),
            ("its domain", ".svc, .io", Some(".io")),
            ("everything", "*", Some("*")),
            ("another host", "docker.io, ,10.0.0.0/8", None),
            ("nothing", "", None),
        ] {
            let proxies = Proxies::with("http://acme:secret@proxy:3128", exceptions);
            let exempt = proxies.exemption(&ghcr);
            let entry = exempt.as_ref().map(|(_, entry)| entry.as_str());
            assert_eq!(want, entry, "{name}");
            assert_eq!(want.is_none(), proxies.towards(&ghcr).is_some(), "{name}");
            if let Some((proxy, _)) = exempt {
                assert_eq!("proxy:3128", proxy_name(&proxy), "{name}");
            }
        }
        assert!(Proxies::with("", "ghcr.io").exemption(&ghcr).is_none());
    }
}
