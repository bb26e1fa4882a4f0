//! The counters, moved by real ticks.

use super::*;

const TRACKED: &str = "ghcr.io/tracebloc/ingestor:native";
const FAILURES: &str = "ingestor-refresh-consecutive-failures";
const LAST_ERROR: &str = "ingestor-refresh-last-error";

/// ghcr.io is closed to the pods: WARN, WARN, ERROR, and an alarm that stays until it is open again.
#[test]
fn four_failed_lookups_fail_the_job_and_one_that_succeeds_moves_the_ingestor() {
    let lab = Lab::get();
    let network = lab.network();
    let old = lab.retag(TRACKED, "0.3-amd64");
    let berlin = native(lab, "native", Generation::G2, |values| {
        values.images.ingestor.tag = Some("native".to_owned());
        values.images.ingestor.digest = Some(old.clone());
    });
    let well = run_now(&berlin, &[], 0);
    assert_says(
        &well,
        &[
            "jobs-manager: seen for the first time",
            "ingestor: seen for the first time",
            "Result    ✔ complete: 3 digests recorded",
        ],
    );
    let new = lab.retag(TRACKED, "0.3");

    label(&berlin, RESTRICTED);
    network.fault("pod ghcr.io drop");
    let page = run_now(&berlin, &[], 5);
    assert_says(
        &page,
        &[
            "Counts    ingestor lookups failed 0/3",
            "ingestor: no token for it; ghcr.io: connect: connection timed out after 10s (TBI-201)",
            "ingestor: not resolved, 1 of 3 in a row; at 3 the run fails; ghcr.io: connect:",
            "complete, but with warnings",
            "tracebloc.io/ingestor-refresh-consecutive-failures = 1",
        ],
    );
    let job = followed(&berlin, &page);
    assert_eq!(
        ("Complete", json!("1")),
        (condition(&job), berlin.mark(FAILURES))
    );
    let log = format!("job/{}", job["metadata"]["name"].as_str().unwrap());
    assert_says(
        &berlin.kubectl(&["logs", &log]).ok(),
        &[
            "WARN: could not resolve latest ingestor digest (failure 1/3;",
            "tick complete",
        ],
    );
    network.heal();
    network.fault("pod ghcr.io refuse");
    let page = run_now(&berlin, &[], 5);
    assert_says(
        &page,
        &[
            "Counts    ingestor lookups failed 1/3",
            "ingestor: not resolved, 2 of 3 in a row; at 3 the run fails; ghcr.io: connect:",
            "complete, but with warnings",
        ],
    );
    let job = followed(&berlin, &page);
    assert_eq!(
        ("Complete", json!("2")),
        (condition(&job), berlin.mark(FAILURES))
    );

    let page = run_now(&berlin, &[], 3);
    assert_says(
        &page,
        &[
            "not resolved as often in a row as its threshold allows",
            "the ingestor cannot be resolved from pods (BackoffLimitExceeded)",
            "2 -> 3",
            "tracebloc.io/ingestor-refresh-last-error =",
        ],
    );
    assert_eq!("Failed", condition(&followed(&berlin, &page)));
    let last_error = "could not resolve ghcr.io/tracebloc/ingestor:native for 3 consecutive ticks";
    assert_eq!(
        (json!("3"), json!(last_error)),
        (berlin.mark(FAILURES), berlin.mark(LAST_ERROR))
    );

    let version = || berlin.jobs_manager_object()["metadata"]["resourceVersion"].clone();
    let before = version();
    let refused = run_now(&berlin, &[], 3);
    assert_says(
        &refused,
        &[
            "pods could not resolve the ingestor 3 times in a row (limit 3)",
            "No run was started",
        ],
    );
    let tick = berlin.tick();
    assert_eq!(tick.outcome, "Failed", "{}", tick.log);
    assert_says(
        &tick.log,
        &[
            "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:native (>= 3 consecutive failures)",
            "TCP 443 to ghcr.io",
        ],
    );
    assert_says(
        &run_now(&berlin, &["--force"], 3),
        &["still not resolved; the streak stays at its threshold, and the run fails"],
    );
    assert_eq!(before, version(), "nothing is written");

    network.heal();
    label(&berlin, "pod-security.kubernetes.io/enforce=privileged");
    let page = run_now(&berlin, &["--force"], 0);
    assert_says(
        &page,
        &[
            "resolved again; its streak of failures is cleared",
            "ingestor refresh complete",
            "complete: 1 digest recorded",
        ],
    );
    assert_eq!(
        (Value::Null, Value::Null),
        (berlin.mark(FAILURES), berlin.mark(LAST_ERROR))
    );
    assert_eq!(json!(new), berlin.mark("last-refreshed-ingestor-digest"));
    berlin.settle();
    let in_use = berlin.laptop(&["status", "ingestor", "-o", "json"]).json();
    assert_eq!(json!(new), in_use["images"][0]["digests"]["running"]);
}

/// The newest generation: images set by digest on all three workloads, attempts, and skipped runs.
#[test]
fn the_newest_generation_moves_counts_skips_and_locks_itself_out() {
    let lab = Lab::get();
    let _whole = lab.network();
    let tags = ["jobs-manager", "pods-monitor", "resource-monitor"].map(|name| {
        let reference = format!("docker.io/tracebloc/{name}:newest");
        lab.retag(&reference, "prod");
        reference
    });
    let berlin = native(lab, "newest", Generation::G10, |values| {
        values.client_env = "newest".to_owned();
        values.refresh.max_skip_ticks = "3".to_owned();
    });
    assert_says(
        &run_now(&berlin, &[], 0),
        &["recorded, not moved", "complete: 3 digests recorded"],
    );
    let new = tags.map(|reference| lab.publish(&reference, "2026-06-01T00:00:00Z"));

    let page = run_now(&berlin, &[], 0);
    assert_says(
        &page,
        &[
            "jobs-manager: has moved:",
            "re-imaging control-plane workloads (attempt 1/3)",
            "deployment/berlin-jobs-manager rollout complete",
            "deployment/berlin-requests-proxy rollout complete",
            "daemonset/berlin-resource-monitor rollout complete",
            "re-image complete",
            "complete: 3 digests recorded",
        ],
    );
    for (namespace, workload, container, name, digest) in [
        (
            "newest",
            "deployment/berlin-jobs-manager",
            "api",
            "jobs-manager",
            &new[0],
        ),
        (
            "newest",
            "deployment/berlin-jobs-manager",
            "pods-monitor-container",
            "pods-monitor",
            &new[1],
        ),
        (
            "newest",
            "deployment/berlin-requests-proxy",
            "proxy",
            "jobs-manager",
            &new[0],
        ),
        (
            "newest-agents",
            "daemonset/berlin-resource-monitor",
            "tracebloc-resource-monitor",
            "resource-monitor",
            &new[2],
        ),
    ] {
        let want = format!("docker.io/tracebloc/{name}@{digest}");
        assert_eq!(
            json!(want),
            image(&berlin, namespace, workload, container),
            "{container}"
        );
    }
    assert_eq!(Value::Null, berlin.mark("refresh-attempt"));

    // Nobody answers on the probed port any more: jobs-manager is not Ready.
    berlin
        .kubectl(&[
            "set",
            "image",
            &berlin.jobs_manager(),
            "api=docker.io/tracebloc/jobs-manager:missing",
        ])
        .ok();
    for count in ["1", "2"] {
        let page = run_now(&berlin, &[], 5);
        let skipped = format!("skipped: jobs-manager has not settled ({count} of 3 in a row)");
        assert_says(&page, &[&skipped, "it was skipped"]);
        assert_eq!("Complete", condition(&followed(&berlin, &page)));
        assert_eq!(json!(count), berlin.mark("refresh-skip-streak"));
    }
    let page = run_now(&berlin, &[], 3);
    assert_says(
        &page,
        &[
            "frozen: jobs-manager has not settled",
            "jobs-manager does not settle (BackoffLimitExceeded)",
        ],
    );
    assert_eq!("Failed", condition(&followed(&berlin, &page)));
    let count = berlin.mark("refresh-skip-streak");
    let count: u32 = count.as_str().unwrap().parse().unwrap();
    assert!(count >= 3, "each run of the container counts: {count}");
    let image = format!("api=docker.io/tracebloc/jobs-manager@{}", new[0]);
    berlin
        .kubectl(&["set", "image", &berlin.jobs_manager(), &image])
        .ok();
    berlin.settle();
    let page = run_now(&berlin, &[], 0);
    assert_says(&page, &["jobs-manager has settled again"]);
    assert_eq!(Value::Null, berlin.mark("refresh-skip-streak"));

    // A DaemonSet that moves no pod of its own accord has no rollout to wait for. The first run of the container counts
    // the last attempt and fails; the second finds the limit reached.
    label(&berlin, RESTRICTED);
    annotate(&berlin, "refresh-attempt=2");
    let on_delete = r#"{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}"#;
    let monitor = ["-n", "newest-agents", "daemonset/berlin-resource-monitor"];
    berlin
        .kubectl(&[&["patch"], &monitor[..], &["-p", on_delete]].concat())
        .ok();
    lab.publish(
        "docker.io/tracebloc/resource-monitor:newest",
        "2026-06-02T00:00:00Z",
    );
    let page = run_now(&berlin, &[], 3);
    assert_says(
        &page,
        &[
            "re-imaging control-plane workloads (attempt 3/3)",
            "rollout status is only available for RollingUpdate",
            "this run ended with exit code 1",
            "run 2 of its container",
            "locked out: rollouts kept failing",
            "complete after 2 runs of its container, and locked out",
            "tracebloc.io/refresh-attempt 2 -> 3",
            "tracebloc.io/refresh-flap-detected = 3",
        ],
    );
    assert_says(
        &run_now(&berlin, &[], 3),
        &[
            "the refresher has locked itself out: 3 of 3",
            "No run was started",
        ],
    );
    let tick = berlin.tick();
    assert_eq!(tick.outcome, "Complete", "{}", tick.log);
    assert_says(&tick.log, &["FLAP DETECTED", "tick complete"]);
    assert_eq!(json!("3"), berlin.mark("refresh-flap-detected"));
    let page = run_now(&berlin, &["--force"], 3);
    assert_says(
        &page,
        &[
            "locked out: rollouts kept failing",
            "complete, and locked out: nothing moves any more",
        ],
    );
    assert_eq!(json!("3"), berlin.mark("refresh-attempt"));
}

fn annotate(berlin: &Installed, mark: &str) {
    let mark = format!("tracebloc.io/{mark}");
    berlin
        .kubectl(&["annotate", "--overwrite", &berlin.jobs_manager(), &mark])
        .ok();
}
