//! The look from a pod: what it shows, what keeps it from looking, and that nothing of it is left.

use serde_json::{Value, json};

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::players;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::store::{At, Change, Happened, Store};
use crate::world::sim::probe::probes;

/// The incident, with a network that keeps pods, and nobody else, from ghcr.io.
fn barred() -> Site {
    let site = Site::new(incident_g2);
    site.cluster.on(probes(
        &site.latest,
        &["ghcr.io", "pkg-containers.githubusercontent.com"],
    ));
    site
}

fn shown(site: &Site, args: &[&str], code: i32) -> String {
    let output = with_pods(site, args).output();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(code), ""),
        "{}",
        output.stdout
    );
    output.stdout
}

/// Jobs and pods of a probe that are still there.
fn left(site: &Site) -> usize {
    let log = site.cluster.log();
    let made = log
        .iter()
        .filter(|request| request.method == "POST" && request.target.contains("/jobs"));
    let gone = log
        .iter()
        .filter(|request| request.method == "DELETE" && request.target.contains("/jobs/"));
    made.count() - gone.count()
}

#[test]
fn the_incident_is_a_block_that_only_pods_meet() {
    let site = barred();
    screen(
        "pods_incident",
        "ghcr.io dropped for pods only",
        &shown(&site, &[], 3),
    );
    screen(
        "pods_incident_short",
        "the same for a ticket",
        &shown(&site, &["-o", "short"], 3),
    );
    assert_eq!(0, left(&site));
    let report = promised(&with_pods(&site, &["-o", "json"]));
    assert_eq!(causes(&report)[0], "TBI-201");
    let failing = troubles(&report);
    assert!(
        failing.contains(&"fail TBI-201 egress.ghcr.io.connect".to_owned()),
        "{failing:?}"
    );
    assert!(
        failing.contains(&"fail TBI-261 egress.ghcr.io.layers".to_owned()),
        "{failing:?}"
    );
}

#[test]
fn all_well_from_everywhere() {
    let site = healthy_site(Generation::G10);
    site.cluster.on(probes(&site.latest, &[]));
    screen(
        "pods_healthy",
        "all well, with a pod",
        &shown(&site, &[], 0),
    );
    assert_eq!(0, left(&site));
}

#[test]
fn whoever_may_not_create_jobs_sees_everything_else_and_that_this_is_unknown() {
    let site = healthy_site(Generation::G10);
    site.cluster.deny(Denial::of("create", "jobs.batch"));
    let report = promised(&with_pods(&site, &["-o", "json"]));
    assert_eq!(report["summary"]["exitCode"], 5);
    let probe = probe(&report);
    assert_eq!(probe["result"], "unknown");
    assert!(text(&probe["reason"]).contains("cannot create"), "{probe}");
}

#[test]
fn what_keeps_a_probe_from_starting_is_a_finding() {
    for (name, fares, want) in [
        (
            "no image",
            players::waits("ErrImagePull", "not found"),
            "fail TBI-501 egress.probe",
        ),
        (
            "no shell",
            json!({"imageID": "x", "ready": false, "state": {"terminated": {
                "exitCode": 128, "reason": "StartError", "message": "exec: \"sh\": executable file not found",
            }}}),
            "fail - egress.probe",
        ),
        (
            "garbage",
            json!({"imageID": "x", "ready": false, "state": {"terminated": {
                "exitCode": 0, "reason": "Completed", "message": "\u{1b}[2Jowned",
            }}}),
            "fail - egress.probe",
        ),
    ] {
        let site = healthy_site(Generation::G10);
        site.cluster.on(players::jobs(move |_| fares.clone()));
        let report = promised(&with_pods(&site, &["-o", "json"]));
        assert!(
            troubles(&report).contains(&want.to_owned()),
            "{name}: {report:#}"
        );
        assert_clean(&with_pods(&site, &[]).output());
        assert_eq!(0, left(&site), "{name}");
    }
}

/// An API server that takes no Job, or makes another one of it.
#[test]
fn a_namespace_that_goes_and_a_webhook_that_interferes_are_told() {
    let site = healthy_site(Generation::G10);
    let words = "jobs.batch \"x\" is forbidden: unable to create new content in namespace tracebloc because it is being terminated";
    let refusal = Refusal::new(403, "Forbidden", words);
    site.cluster
        .fault(Fault::on("POST", "/jobs").refuses(&refusal));
    let report = promised(&with_pods(&site, &["-o", "json"]));
    assert!(
        text(&probe(&report)["reason"]).contains("is being terminated"),
        "{report:#}"
    );

    // A sidecar comes first, the limits are others, and the probe is the container of its name all the same.
    let site = healthy_site(Generation::G10);
    let mut run = probes(&site.latest, &[]);
    site.cluster.on(move |change: &Change, store: &mut Store| {
        let mut change = change.clone();
        if change.resource.kind == "Job" && change.happened == Happened::Added {
            change.object = store.edit(&At::of(&change.object), |job| {
                let pod = &mut job["spec"]["template"]["spec"];
                pod["containers"][0]["resources"] = json!({"limits": {"memory": "64Mi"}});
                let sidecar = json!({"name": "mesh", "image": "mesh:1"});
                pod["containers"].as_array_mut().unwrap().insert(0, sidecar);
            });
        }
        run(&change, store);
    });
    let report = promised(&with_pods(&site, &["-o", "json"]));
    assert_eq!(report["summary"]["exitCode"], 0, "{report:#}");
    assert_eq!(0, left(&site));
}

fn probe(report: &Value) -> Value {
    let mut checks = items(&report["checks"]).iter();
    checks
        .find(|check| check["id"] == "egress.probe")
        .cloned()
        .unwrap_or_default()
}
