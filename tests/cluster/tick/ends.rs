//! How a tick ends before its time, and the chart's own script as `refresh --in-cluster` tells it.

use std::time::{Duration, Instant};

use super::*;
use crate::installed::eventually;

/// The kubelet's grace is 30 seconds; a process 1 that does not listen takes all of them.
#[test]
fn a_tick_in_a_rollout_ends_at_once_when_its_deadline_comes() {
    let lab = Lab::get();
    let _whole = lab.network();
    let reference = "docker.io/tracebloc/jobs-manager:deadline";
    lab.retag(reference, "prod");
    lab.retag("docker.io/tracebloc/pods-monitor:deadline", "prod");
    let berlin = native(lab, "deadline", Generation::G7, |values| {
        values.client_env = "deadline".to_owned()
    });
    assert_says(&run_now(&berlin, &[], 0), &["complete: 2 digests recorded"]);

    // The restarted pod cannot be scheduled, so the tick waits.
    let nowhere = json!({"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}}}}});
    berlin
        .kubectl(&["rollout", "pause", &berlin.jobs_manager()])
        .ok();
    berlin
        .kubectl(&["patch", &berlin.jobs_manager(), "-p", &nowhere.to_string()])
        .ok();
    berlin
        .kubectl(&["rollout", "resume", &berlin.jobs_manager()])
        .ok();
    let start = [
        "create",
        "job",
        "--from=cronjob/berlin-image-refresh",
        "late",
    ];
    berlin.kubectl(&start).ok();
    let pod = eventually("the tick waits for what is under way", || {
        let pods = berlin
            .kubectl(&["get", "pods", "-l", "job-name=late", "-o", "json"])
            .json();
        let pod = &pods["items"][0];
        let is_running = pod["status"]["containerStatuses"][0]["state"]["running"].is_object();
        is_running.then(|| pod["metadata"]["name"].as_str().unwrap().to_owned())
    });
    let began = Instant::now();
    berlin.kubectl(&["delete", "pod", &pod, "--wait"]).ok();
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "SIGTERM is not heard: {:?}",
        began.elapsed()
    );
}

/// The script of an old chart, told line by line.
#[test]
fn the_charts_script_is_told() {
    let lab = Lab::get();
    let network = lab.network();
    lab.retag("ghcr.io/tracebloc/ingestor:told", "0.3");
    let berlin = lab.install("told", Generation::G1, |values| {
        values.refresh.schedule = "0 0 1 1 *".to_owned();
        values.images.ingestor.tag = Some("told".to_owned());
    });
    network.fault("pod ghcr.io refuse");
    let page = run_now(&berlin, &[], 5);
    assert_says(
        &page,
        &[
            "run 1 of its container",
            "jobs-manager: seen for the first time: recorded, not moved",
            "recorded on the Deployment",
            "ingestor: no token for it; curl: (7)",
            "ingestor: not resolved, skipped in this run; nobody counts it",
            "complete, but with warnings",
            "tracebloc.io/last-refreshed-jobs-manager-digest = sha256:",
        ],
    );
}
