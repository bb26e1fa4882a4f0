//! Ctrl-C and SIGTERM at a moment that matters, and a time that is up.

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::world::sim::api::players::{jobs, rollouts, waits};
use crate::world::sim::api::store::Happened;
use crate::world::sim::release::scenarios::stale;
use crate::world::sim::release::{Generation, Release};

/// A site whose new pods are being created for ever, and who tells when something of a kind names the latest digest.
fn slow(kind: &'static str) -> (Site, mpsc::Receiver<()>) {
    let release = Release::new(Generation::G10);
    let site = Site::new(|_, _, now| stale(&release, &before(), now));
    site.cluster
        .on(rollouts(|_| waits("ContainerCreating", "")));
    site.cluster.on(jobs(|_| waits("ContainerCreating", "")));
    let (sender, receiver) = mpsc::channel();
    let latest = site.latest.jobs_manager.clone();
    site.cluster.on(move |change, _| {
        let is_set = change.object["spec"].to_string().contains(&latest);
        if change.resource.kind == kind && change.happened != Happened::Deleted && is_set {
            let _ = sender.send(());
        }
    });
    (site, receiver)
}

fn ours(site: &Site) -> usize {
    let jobs = site
        .cluster
        .store(|store| store.all(At::new("Job", "", "").resource, Some(NS)));
    jobs.iter()
        .filter(|job| job["metadata"]["labels"]["images.tracebloc.io/run"].is_string())
        .count()
}

#[test]
fn a_signal_while_pods_start_ends_the_run_and_says_what_running_again_will_do() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (site, changed) = slow("Deployment");
        let running = refresh(&site, &["--now", "--pull-test=skip"]).start();
        changed.recv_timeout(Duration::from_secs(60)).unwrap();
        running.signal(signal);
        let output = running.output();
        assert_eq!(output.code, Some(code), "{output:?}");
        for words in [
            "Interrupted after",
            "The attempt stays counted (1/3).",
            "Running this again",
        ] {
            assert!(output.stdout.contains(words), "{words}: {}", output.stdout);
        }
        // Whether the patch was answered before the signal is a matter of luck; that nothing is recorded is not.
        assert!(
            output.stdout.contains("othing was recorded"),
            "{}",
            output.stdout
        );
        assert_eq!(record(&site, "refresh-attempt"), Some("1".to_owned()));
    }
}

#[test]
fn a_signal_during_the_pull_test_removes_its_jobs_and_changes_nothing() {
    let (site, created) = slow("Job");
    let running = refresh(&site, &["--now"]).start();
    created.recv_timeout(Duration::from_secs(60)).unwrap();
    running.signal("INT");
    let output = running.output();
    assert_eq!(output.code, Some(130), "{output:?}");
    assert!(
        output.stdout.contains("Nothing was changed."),
        "{}",
        output.stdout
    );
    assert_eq!((ours(&site), site.cluster.count("PATCH", "")), (0, 0));
}

#[test]
fn an_attempt_that_nothing_can_follow_is_not_counted() {
    let (site, _changed) = slow("Deployment");
    let output = run(&site, &["--now", "--pull-test=skip", "--timeout=1ms"]);
    assert_eq!((output.code, writes(&site)), (Some(7), 0), "{output:?}");
    assert_eq!(record(&site, "refresh-attempt"), None);
}

#[test]
fn the_time_that_is_up_ends_the_wait_and_undoes_nothing() {
    let (site, _changed) = slow("Deployment");
    let output = run(&site, &["--now", "--pull-test=skip", "--timeout=2s"]);
    assert_eq!(output.code, Some(7), "{output:?}");
    assert!(
        output.stdout.contains("Timed out after"),
        "{}",
        output.stdout
    );
    let manager = object(&site, "Deployment", NS, JOBS_MANAGER);
    assert!(image(&manager, "api").ends_with(&site.latest.jobs_manager));
}
