//! What a cluster may do with the workloads it refreshes: rights that are missing, pauses, budgets, other controllers.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::store::Store;
use crate::world::sim::release::scenarios::{incident_g2, stale};
use crate::world::sim::release::{Generation, Release};

fn newest() -> Site {
    let release = Release::new(Generation::G10);
    behind(|before, now| stale(&release, before, now))
}

fn manager() -> At {
    At::new("Deployment", NS, JOBS_MANAGER)
}

fn edit(site: &Site, change: impl FnOnce(&mut Value)) {
    site.cluster.store(|store| store.edit(&manager(), change));
}

#[test]
fn without_a_right_to_patch_nothing_is_begun_and_the_right_is_named() {
    for (denial, right) in [
        (
            Denial::of("patch", "deployments.apps"),
            "patch deployments.apps/berlin-jobs-manager -n tracebloc, patch deployments.apps/berlin-requests-proxy",
        ),
        (
            Denial::of("patch", "daemonsets.apps"),
            "you may not patch daemonsets.apps/berlin-resource-monitor -n tracebloc-node-agents",
        ),
    ] {
        let site = newest();
        site.cluster.deny(denial);
        let output = run(&site, &["--now"]);
        assert_eq!(output.code, Some(1), "{output:?}");
        let page = output
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for words in [right, "stops here (exit 1)", "TBI-103"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert_eq!(writes(&site), 0, "no Job is made either");
    }
}

#[test]
fn a_right_on_what_does_not_move_is_not_asked_for() {
    let site = newest();
    site.cluster.deny(Denial::of("patch", "daemonsets.apps"));
    let (code, report) = report(&site, &["jobs-manager", "pods-monitor"]);
    assert_eq!(code, Some(0), "{report:#}");
}

/// The incident's Deployment rolls, and keeps its old pod until the new one is Ready; the newest is taken down first.
#[test]
fn without_a_right_to_make_jobs_only_what_keeps_serving_goes_on() {
    let denied = |site: Site| {
        site.cluster.deny(Denial::of("create", "jobs.batch"));
        run(&site, &["--now"])
    };
    let rolling = denied(site(incident_g2));
    assert_eq!(rolling.code, Some(0), "{rolling:?}");
    let warned = "! you may not create jobs.batch -n tracebloc";
    assert!(rolling.stdout.contains(warned), "{}", rolling.stdout);
    let recreated = denied(newest());
    assert_eq!(recreated.code, Some(3), "{recreated:?}");
    assert!(recreated.stdout.contains(warned), "{}", recreated.stdout);
    assert!(
        recreated.stdout.contains("Nothing was changed"),
        "{}",
        recreated.stdout
    );
}

#[test]
fn rights_that_nobody_can_tell_are_said_to_be_unknown_and_stop_nothing() {
    let site = site(incident_g2);
    let reviews = Fault::on("POST", "/selfsubjectaccessreviews");
    site.cluster.fault(reviews.throttles(503, 1));
    let output = run(&site, &["--now"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        output.stdout.contains("? your rights are not known: "),
        "{}",
        output.stdout
    );
}

#[test]
fn a_deployment_that_is_paused_is_left_alone() {
    let site = newest();
    edit(&site, |one| one["spec"]["paused"] = true.into());
    for flags in [&["--now"][..], &["--now", "--force"]] {
        let output = run(&site, flags);
        assert_eq!(output.code, Some(3), "{output:?}");
        let words = "deploy/berlin-jobs-manager is paused, and nothing would roll out";
        assert!(output.stdout.contains(words), "{}", output.stdout);
        assert_eq!(writes(&site), 0);
    }
}

#[test]
fn a_deployment_without_replicas_is_set_and_recorded_and_nothing_runs_it_yet() {
    let site = newest();
    edit(&site, |one| one["spec"]["replicas"] = 0.into());
    let (code, report) = report(&site, &["jobs-manager"]);
    assert_eq!(code, Some(0), "{report:#}");
    let set = image(&object(&site, "Deployment", NS, JOBS_MANAGER), "api");
    assert!(set.ends_with(&site.latest.jobs_manager), "{set}");
    let recorded = record(&site, "last-refreshed-jobs-manager-digest");
    assert_eq!(recorded, Some(site.latest.jobs_manager.clone()));
    assert!(
        report.to_string().contains("nothing runs it yet"),
        "{report:#}"
    );
}

/// An autoscaler writes `spec.replicas`, and with it the generation: before the patch the plan is made anew, after it
/// all the pods that are wanted then are waited for.
#[test]
fn an_autoscaler_that_scales_meanwhile_is_no_obstacle() {
    let scales = |one: &mut Value| {
        one["spec"]["replicas"] = 2.into();
        let generation = one["metadata"]["generation"].as_i64().unwrap_or(0);
        one["metadata"]["generation"] = (generation + 1).into();
    };
    let path = format!("/deployments/{JOBS_MANAGER}");
    // Before the count, between it and the patch, and while pods start.
    for (method, nth) in [("GET", 1), ("PATCH", 1), ("PATCH", 2)] {
        let site = newest();
        let meanwhile = Act::Then(Arc::new(move |store: &mut Store| {
            store.edit(&manager(), scales);
        }));
        site.cluster.fault(
            Fault::on(method, &path)
                .starting_at(nth)
                .times(1)
                .does(meanwhile),
        );
        let (code, report) = report(&site, &["--pull-test=skip"]);
        assert_eq!(code, Some(0), "{method}: {report:#}");
        let manager = object(&site, "Deployment", NS, JOBS_MANAGER);
        assert_eq!(manager["spec"]["replicas"], 2, "{method}: its count stays");
        assert_eq!(manager["status"]["updatedReplicas"], 2, "{method}");
        assert_eq!(record(&site, "refresh-attempt"), None, "{method}");
    }
}

/// A rollout asks no budget, and neither does this.
#[test]
fn a_budget_that_allows_no_disruption_is_no_obstacle() {
    let site = newest();
    site.cluster.store(|store| {
        store.put(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "manager", "namespace": NS},
            "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "manager"}}},
            "status": {"disruptionsAllowed": 0, "expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1},
        }))
    });
    let (code, report) = report(&site, &[]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(site.cluster.count("POST", "/eviction"), 0);
}
