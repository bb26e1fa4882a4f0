//! Other people's writes, a server that is busy or refuses, and answers that are lost.

use std::sync::Arc;

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::store::Store;
use crate::world::sim::release::scenarios::{incident_g2, stale};
use crate::world::sim::release::{Generation, Release};

fn newest() -> Site {
    let release = Release::new(Generation::G10);
    behind(|before, now| stale(&release, before, now))
}

/// What a request does to jobs-manager before its answer arrives.
fn meanwhile(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Act {
    Act::Then(Arc::new(move |store: &mut Store| {
        store.edit(&At::new("Deployment", NS, JOBS_MANAGER), |one| change(one));
    }))
}

#[test]
fn a_first_patch_that_is_not_answered_well_is_sent_again_and_done_once() {
    let busy = |code| {
        Fault::on("PATCH", "/deployments/")
            .times(1)
            .throttles(code, 1)
    };
    let lost = |act| Fault::on("PATCH", "/deployments/").times(1).does(act);
    let faults = [
        ("429", busy(429)),
        ("503", busy(503)),
        ("reset before", lost(Act::ResetBefore)),
        ("reset after", lost(Act::ResetAfter)),
        ("cut short", lost(Act::Truncate)),
    ];
    for (name, fault) in faults {
        let site = newest();
        site.cluster.fault(fault);
        let (code, report) = report(&site, &["--pull-test=skip"]);
        assert_eq!(code, Some(0), "{name}: {report:#}");
        let latest = Some(site.latest.resource_monitor.clone());
        assert_eq!(
            record(&site, "last-refreshed-resource-monitor-digest"),
            latest
        );
        assert_eq!(record(&site, "refresh-attempt"), None, "{name}");
    }
}

#[test]
fn a_status_that_controllers_rewrite_is_no_conflict() {
    let site = newest();
    let rewrites = meanwhile(|manager| {
        let seen = manager["status"]["unavailableReplicas"]
            .as_i64()
            .unwrap_or(0);
        manager["status"]["unavailableReplicas"] = (seen + 1).into();
    });
    let patch = format!("/deployments/{JOBS_MANAGER}");
    site.cluster
        .fault(Fault::on("GET", &patch).times(8).does(rewrites));
    let (code, report) = report(&site, &["--pull-test=skip"]);
    assert_eq!(code, Some(0), "{report:#}");
}

#[test]
fn a_count_that_somebody_else_has_written_is_never_written_over() {
    let site = newest();
    let counts = meanwhile(|manager| {
        manager["metadata"]["annotations"]["tracebloc.io/refresh-attempt"] = "2".into();
    });
    let object = format!("/deployments/{JOBS_MANAGER}");
    site.cluster
        .fault(Fault::on("GET", &object).times(1).does(counts));
    let (code, report) = report(&site, &["--pull-test=skip"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert!(
        report["steps"].to_string().contains("TBI-508"),
        "{report:#}"
    );
    assert_eq!(record(&site, "refresh-attempt"), Some("2".to_owned()));
}

#[test]
fn somebody_who_goes_on_changing_the_workload_ends_the_run_and_nothing_is_patched() {
    let site = newest();
    let upgrades = meanwhile(|manager| {
        let generation = manager["metadata"]["generation"].as_i64().unwrap_or(0);
        manager["metadata"]["generation"] = (generation + 1).into();
        let containers = &mut manager["spec"]["template"]["spec"]["containers"];
        containers[0]["image"] = format!("docker.io/tracebloc/jobs-manager:v{generation}").into();
    });
    let object = format!("/deployments/{JOBS_MANAGER}");
    site.cluster.fault(Fault::on("GET", &object).does(upgrades));
    let (code, report) = report(&site, &["--pull-test=skip"]);
    assert_eq!(code, Some(3), "{report:#}");
    let steps = report["steps"].as_array().unwrap();
    let failed = steps
        .iter()
        .find(|step| step["result"] == "failed")
        .unwrap();
    assert_eq!(failed["code"], "TBI-508", "{report:#}");
    assert_eq!(report["done"].as_array().map(Vec::len), Some(0));
    let proxy = object_of(&site, "berlin-requests-proxy");
    assert!(image(&proxy, "proxy").ends_with(&before().jobs_manager));
}

fn object_of(site: &Site, name: &str) -> Value {
    object(site, "Deployment", NS, name)
}

#[test]
fn a_patch_that_is_refused_says_who_refuses_it_and_why() {
    let refusals = [
        (
            Refusal::new(422, "Invalid", "spec.template: a label is missing"),
            "a label is missing",
        ),
        (
            Refusal::new(
                403,
                "Forbidden",
                "admission webhook \"policy.example\" denied the request: no digests",
            ),
            "admission webhook \"policy.example\" denied the request: no digests",
        ),
        (
            Refusal::new(500, "InternalError", "etcd is on fire"),
            "etcd is on fire",
        ),
    ];
    for (refusal, words) in refusals {
        let site = site(incident_g2);
        site.cluster
            .fault(Fault::on("PATCH", "/deployments/").refuses(&refusal));
        let before = object(&site, "Deployment", NS, JOBS_MANAGER);
        let (code, report) = report(&site, &["--pull-test=skip"]);
        assert_eq!(code, Some(3), "{words}: {report:#}");
        assert!(
            report["steps"]
                .to_string()
                .contains(&words.replace('"', "\\\"")),
            "{report:#}"
        );
        let now = object(&site, "Deployment", NS, JOBS_MANAGER);
        assert_eq!(before["spec"], now["spec"]);
        assert_eq!(report["recorded"], serde_json::json!({}));
    }
}
