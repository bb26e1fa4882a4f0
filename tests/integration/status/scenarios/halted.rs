//! Refreshers that have stopped, or that something stops.

use super::*;

#[test]
fn a_lock_out_is_shown_with_the_images_it_holds_back() {
    let site = stocked(|stock| scenarios::flap_g10(stock.latest, stock.before, stock.now));
    hold(
        "flap",
        "Three rollouts failed: the resource monitor crashes on its newest build",
        &site,
        &[
            "stuck, exit 3",
            "jobs-manager: stuck drifted",
            "pods-monitor: stuck drifted",
            "resource-monitor: stuck broken stale drifted",
            "ingestor: held",
            "TBI-303 fail release",
            "TBI-404 warn jobs-manager",
            "TBI-404 warn pods-monitor",
            "TBI-404 warn requests-proxy",
            "TBI-404 warn resource-monitor",
            "TBI-406 note ingestor",
            "TBI-502 fail resource-monitor",
            "rolloutAttempts 3/3 since 2026-06-06T09:52:00Z at least",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl describe pod -n tracebloc-node-agents berlin-resource-monitor-t574k",
            "$ kubectl tracebloc-images refresh --rearm -n tracebloc",
        ],
    );
}

#[test]
fn skipped_ticks_are_shown_with_what_does_not_settle() {
    let site = stocked(|stock| scenarios::skips_g10(stock.latest, stock.now));
    hold(
        "skips",
        "jobs-manager never becomes Ready, and thirteen ticks were skipped",
        &site,
        &[
            "stuck, exit 3",
            "jobs-manager: stuck",
            "pods-monitor: stuck",
            "resource-monitor: stuck",
            "ingestor: held",
            "TBI-304 fail release",
            "TBI-406 note ingestor",
            "TBI-504 warn jobs-manager",
            "rolloutAttempts 0/3",
            "skippedTicks 13/8 since 2026-06-06T07:52:00Z",
            "docker.io: ok here, unknown there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl describe deploy -n tracebloc berlin-jobs-manager",
        ],
    );
}

#[test]
fn a_suspended_job_freezes_what_is_current() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::suspended(&release, stock.latest, stock.now));
    let document = hold(
        "suspended",
        "Suspended six days ago",
        &site,
        &[
            "frozen, exit 4",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "TBI-305 warn release",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
            r#"$ kubectl patch cronjob -n tracebloc berlin-image-refresh -p '{"spec":{"suspend":false}}'"#,
        ],
    );
    assert_eq!(document["summary"]["frozen"], "TBI-305");
    assert_eq!(document["refreshJob"]["nextRun"], Value::Null);
}

#[test]
fn an_overdue_job_freezes_what_is_current() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::overdue(&release, stock.latest, stock.now));
    let document = hold(
        "overdue",
        "Not suspended, and no run for a day",
        &site,
        &[
            "frozen, exit 4",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "TBI-306 fail release",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl describe cronjob -n tracebloc berlin-image-refresh",
        ],
    );
    assert_eq!(document["summary"]["frozen"], "TBI-306");
}

#[test]
fn a_run_without_a_pod_is_stuck() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::no_pod(&release, stock.latest, stock.now));
    let document = hold(
        "no_pod",
        "A quota refuses the pod of the newest run",
        &site,
        &[
            "frozen, exit 4",
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "TBI-308 fail release",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl describe job -n tracebloc berlin-image-refresh-29678992",
        ],
    );
    assert_eq!(document["summary"]["frozen"], "TBI-308");
}

#[test]
fn an_image_that_a_node_cannot_pull_is_broken() {
    let site = stocked(|stock| scenarios::not_pulled_g10(stock.latest, stock.before, stock.now));
    let document = hold(
        "not_pulled",
        "The node cannot pull the newest jobs-manager, which is down",
        &site,
        &[
            "broken, exit 3",
            "jobs-manager: broken unknown",
            "resource-monitor: stale",
            "requests-proxy: stale",
            "pods-monitor: drifted",
            "ingestor: held",
            "TBI-403 warn requests-proxy",
            "TBI-403 warn resource-monitor",
            "TBI-404 warn pods-monitor",
            "TBI-406 note ingestor",
            "TBI-501 fail jobs-manager",
            "rolloutAttempts 1/3 since 2026-06-06T09:52:00Z at least",
            "skippedTicks 1/8 since 2026-06-06T09:52:00Z",
            "docker.io: ok here, unknown there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl describe pod -n tracebloc berlin-jobs-manager-gp8l8zpfcb-tcscd",
            "$ kubectl tracebloc-images refresh resource-monitor -n tracebloc",
        ],
    );
    let [pod] = items(&image(&document, "jobs-manager")["pods"]) else {
        panic!("one pod of jobs-manager")
    };
    assert_eq!(pod["waitingReason"], "ImagePullBackOff");
    assert!(
        text(&pod["waitingMessage"]).ends_with(": dial tcp: i/o timeout"),
        "{pod}"
    );
}
