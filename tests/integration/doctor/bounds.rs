//! How much `doctor` asks: of the API server, and of the registries. It changes nothing.

use std::time::{Duration, Instant};

use super::*;
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::G10;
use crate::world::sim::release::Release;
use crate::world::sim::release::scenarios::healthy;

#[test]
fn nothing_is_written() {
    let site = incident();
    let before = site.cluster.store(|store| store.everything());
    document(&site, &[]);
    let after = site.cluster.store(|store| store.everything());
    assert_eq!(before, after);
    let log = site.cluster.log();
    let writes: Vec<_> = log
        .iter()
        .filter(|request| request.method != "GET")
        .filter(|request| !request.target.contains("accessreviews"))
        .collect();
    assert_eq!(writes.len(), 0, "{writes:?}");
}

#[test]
fn each_right_is_asked_for_once() {
    let site = healthy_site(G10);
    document(&site, &[]);
    let own = site.cluster.count("POST", "/selfsubjectaccessreviews");
    let account = site.cluster.count("POST", "/localsubjectaccessreviews");
    assert_eq!((own, account), (17, 8));
    let whole = site.cluster.count("POST", "/subjectaccessreviews");
    assert_eq!(whole, 0, "only where a local one is refused");
}

#[test]
fn a_registry_is_asked_each_step_once() {
    let site = incident();
    document(&site, &[]);
    let log: Vec<String> = site
        .internet
        .log()
        .iter()
        .map(ToString::to_string)
        .collect();
    let of = |what: &str| log.iter().filter(|line| line.contains(what)).count();
    // The look itself asks once more what it needs, in a session of its own.
    assert_eq!(of("GET ghcr.io/token"), 2, "{log:#?}");
    assert_eq!(of("HEAD ghcr.io/v2/tracebloc/ingestor/manifests/0.3"), 2);
    assert_eq!(of("GET ghcr.io/v2/ "), 0);
    let layers = "pkg-containers.githubusercontent.com";
    assert_eq!(of(layers), 1, "{log:#?}");
}

#[test]
fn a_host_that_hangs_costs_its_limit_once_and_beside_the_others() {
    let site = Site::through(Internet::start(), |latest, _, now| {
        healthy(&Release::new(Generation::G2), latest, now)
    });
    site.internet.fault("*", Fault::ProxyHang);
    let started = Instant::now();
    let seen = document(&site, &[]);
    let took = started.elapsed();
    assert_eq!(seen["summary"]["exitCode"], 3);
    assert!(took < Duration::from_secs(20), "{took:?}");
}
