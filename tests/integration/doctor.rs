//! `doctor`, the real binary, at simulated sites.

use crate::harness::{Output, Plugin};
use crate::world::sim::release::scenarios::{healthy, incident_g2};
use crate::world::sim::release::{Generation, Release};
use crate::world::sim::site::Site;

/// `doctor` with these words, at a site.
fn doctor(site: &Site, args: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["doctor"]).args(args);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

#[test]
fn shows() {
    let site = Site::new(incident_g2);
    for args in [
        &[][..],
        &["-o", "wide"],
        &["-o", "short"],
        &["--allowlist"],
        &["--print-rbac"],
    ] {
        let output: Output = doctor(&site, args).output();
        eprintln!("{:?}\n{}\n{}", output.code, output.stdout, output.stderr);
    }
    let site = Site::new(|latest, _, now| healthy(&Release::new(Generation::G10), latest, now));
    let output: Output = doctor(&site, &[]).output();
    eprintln!("{:?}\n{}\n{}", output.code, output.stdout, output.stderr);
}
