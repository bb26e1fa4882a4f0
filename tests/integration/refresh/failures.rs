//! What stops a refresh, what is left then, and what running again does.

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::players::{jobs, rollouts, serves, waits};
use crate::world::sim::release::scenarios::{incident_g2, stale, suspended};
use crate::world::sim::release::{Generation, Release};

#[test]
fn a_node_that_cannot_pull_stops_the_run_before_anything_is_changed() {
    let release = Release::new(Generation::G10);
    let site = Site::new(|_, _, now| stale(&release, &before(), now));
    site.cluster.on(jobs(|_| {
        waits("ErrImagePull", "failed to do request: Head \"https://registry-1.docker.io/v2/\": dial tcp 203.0.113.10:443: i/o timeout")
    }));
    let (code, report) = report(&site, &[]);
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(site.cluster.count("PATCH", ""), 0);
    assert_eq!(report["done"].as_array().map(Vec::len), Some(0));
    let jobs = site
        .cluster
        .store(|store| store.all(At::new("Job", "", "").resource, Some(NS)));
    let ours = jobs
        .iter()
        .filter(|job| job["metadata"]["labels"]["images.tracebloc.io/run"].is_string());
    assert_eq!(ours.count(), 0, "nothing is left behind");
}

#[test]
fn a_new_pod_that_cannot_pull_stops_the_wait_and_nothing_is_recorded() {
    let release = Release::new(Generation::G10);
    let site = Site::new(|_, _, now| stale(&release, &before(), now));
    site.cluster.on(rollouts(|_| {
        waits("ImagePullBackOff", "Back-off pulling image")
    }));
    let (code, report) = report(&site, &["--pull-test=skip"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert_eq!(
        steps(&report),
        ["countAttempt done", "patch done", "wait failed"]
    );
    assert_eq!(
        record(&site, "last-refreshed-jobs-manager-digest"),
        Some(before().jobs_manager)
    );
    assert_eq!(record(&site, "refresh-attempt"), Some("1".to_owned()));
}

#[test]
fn a_lost_answer_and_a_status_that_is_rewritten_are_no_conflict() {
    for act in [Act::ResetBefore, Act::ResetAfter] {
        let site = site(incident_g2);
        let patch = Fault::on("PATCH", "/deployments/").times(1);
        site.cluster.fault(patch.does(act));
        let (code, report) = report(&site, &["--pull-test=skip"]);
        assert_eq!(code, Some(0), "{report:#}");
        assert_eq!(
            record(&site, "last-refreshed-ingestor-digest"),
            Some(site.latest.ingestor.clone())
        );
    }
}

#[test]
fn new_pods_that_run_something_else_are_a_failure_and_nothing_is_recorded() {
    let release = Release::new(Generation::G7);
    let site = Site::new(|_, _, now| stale(&release, &before(), now));
    let other = format!("sha256:{}", "9".repeat(64));
    site.cluster.on(rollouts(move |container| {
        serves(container["image"].as_str().unwrap_or_default(), &other)
    }));
    let (code, report) = report(&site, &["--pull-test=skip"]);
    assert_eq!(code, Some(3), "{report:#}");
    assert!(
        report["steps"].to_string().contains("TBI-507"),
        "{report:#}"
    );
    assert_eq!(
        record(&site, "last-refreshed-jobs-manager-digest"),
        Some(before().jobs_manager)
    );
    assert_eq!(record(&site, "refresh-attempt"), Some("1".to_owned()));
}

#[test]
fn a_suspended_refresher_refuses_unless_forced() {
    let release = Release::new(Generation::G7);
    let site = behind(|before, now| suspended(&release, before, now));
    let output = run(&site, &["--now"]);
    assert_eq!((output.code, writes(&site)), (Some(3), 0), "{output:?}");
    let (code, report) = report(&site, &["--force"]);
    assert_eq!(code, Some(0), "{report:#}");
}
