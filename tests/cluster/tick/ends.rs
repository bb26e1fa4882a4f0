//! How a tick ends before its time, and the chart's own script as `refresh --in-cluster` tells it.

use std::time::{Duration, Instant};

use super::*;
use crate::installed::eventually;

const DEADLINE: Duration = Duration::from_secs(20);

/// The kubelet's grace is 30 seconds; a process 1 that does not listen takes all of them.
#[test]
fn a_tick_in_a_rollout_ends_at_once_when_its_deadline_comes() {
    let lab = Lab::get();
    let _whole = lab.network();
    let reference = "docker.io/tracebloc/jobs-manager:deadline";
    lab.retag(reference, "prod");
    lab.retag("docker.io/tracebloc/pods-monitor:deadline", "prod");
    let berlin = native(lab, "deadline", Generation::G3, |values| {
        values.client_env = "deadline".to_owned()
    });
    assert_says(&run_now(&berlin, &[], 0), &["complete: 2 digests recorded"]);
    let recorded = berlin.mark("last-refreshed-jobs-manager-digest");
    lab.publish(reference, "2026-06-01T00:00:00Z");

    // The restarted pod cannot be scheduled, so the tick waits.
    let nowhere = json!({"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}}}}});
    let deadline =
        json!({"spec": {"jobTemplate": {"spec": {"activeDeadlineSeconds": DEADLINE.as_secs()}}}});
    for (object, patch) in [
        (berlin.jobs_manager(), nowhere),
        ("cronjob/berlin-image-refresh".to_owned(), deadline),
    ] {
        berlin
            .kubectl(&["patch", &object, "-p", &patch.to_string()])
            .ok();
    }
    let began = Instant::now();
    let page = run_now(&berlin, &[], 3);
    assert_says(
        &page,
        &[
            "rolling restart of deployment/berlin-jobs-manager",
            "waiting for deployment/berlin-jobs-manager",
            "(DeadlineExceeded)",
        ],
    );
    let job = followed(&berlin, &page);
    let of_job = format!("job-name={}", job["metadata"]["name"].as_str().unwrap());
    let pods = ["get", "pods", "-l", &of_job, "-o", "name"];
    eventually("its pod is gone", || {
        berlin.kubectl(&pods).ok().is_empty().then_some(())
    });
    let took = began.elapsed();
    assert!(
        took > DEADLINE && took < DEADLINE + Duration::from_secs(15),
        "{took:?}"
    );
    assert_eq!(recorded, berlin.mark("last-refreshed-jobs-manager-digest"));
}

/// What is of one Job alone, and what the API server sets: the rest must be alike.
fn comparable(mut job: Value) -> Value {
    job.as_object_mut().unwrap().remove("status");
    job["spec"].as_object_mut().unwrap().remove("selector");
    let own = |key: &str| {
        let key = key.trim_start_matches("batch.kubernetes.io/");
        key == "controller-uid" || key == "job-name"
    };
    for place in ["/metadata/labels", "/spec/template/metadata/labels"] {
        let labels = job.pointer_mut(place).and_then(Value::as_object_mut);
        labels.unwrap().retain(|key, _| !own(key));
    }
    let metadata = job["metadata"].as_object_mut().unwrap();
    metadata.retain(|key, _| {
        ["labels", "annotations", "ownerReferences", "namespace"].contains(&key.as_str())
    });
    job
}

/// Both ask for the same Job: ours is made, kubectl's is only rehearsed.
#[test]
fn the_job_is_the_one_that_kubectl_would_make() {
    let lab = Lab::get();
    let _whole = lab.network();
    let berlin = native(lab, "alike", Generation::G2, |_| ());
    let marked = json!({"labels": {"team": "edge"}, "annotations": {"example.com/why": "audit"}});
    let patch = json!({"spec": {"jobTemplate": {"metadata": marked}}});
    let cron_job = "cronjob/berlin-image-refresh";
    berlin
        .kubectl(&["patch", cron_job, "-p", &patch.to_string()])
        .ok();
    let page = run_now(&berlin, &[], 0);
    let theirs = berlin
        .kubectl(&[
            "create",
            "job",
            "theirs",
            &format!("--from={cron_job}"),
            "--dry-run=server",
            "-o",
            "json",
        ])
        .json();
    let ours = comparable(followed(&berlin, &page));
    assert_eq!(comparable(theirs), ours);
    assert_eq!("edge", ours["metadata"]["labels"]["team"]);
    assert_eq!("audit", ours["metadata"]["annotations"]["example.com/why"]);
    assert_eq!("CronJob", ours["metadata"]["ownerReferences"][0]["kind"]);
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
