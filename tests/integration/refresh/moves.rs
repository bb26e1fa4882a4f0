//! What moves, is verified and recorded, generation by generation.

use super::*;
use crate::world::sim::release::scenarios::{held_prod_pin_g10, incident_g2, stale};
use crate::world::sim::release::{Generation, Release};

#[test]
fn the_incident_the_ingestor_moves_and_the_streak_stays() {
    let site = site(incident_g2);
    let output = run(&site, &["--now"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    let deployment = object(&site, "Deployment", NS, JOBS_MANAGER);
    let env = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    let digest = env.as_array().into_iter().flatten();
    let mut digest = digest.filter(|entry| entry["name"] == "INGESTOR_IMAGE_DIGEST");
    assert_eq!(digest.next().unwrap()["value"], site.latest.ingestor);
    assert_eq!(
        record(&site, "last-refreshed-ingestor-digest"),
        Some(site.latest.ingestor.clone())
    );
    assert_eq!(
        record(&site, "ingestor-refresh-consecutive-failures"),
        Some("3".to_owned())
    );
    assert_eq!(
        0,
        site.cluster.store(|store| store
            .all(At::new("Job", "", "").resource, Some(NS))
            .iter()
            .filter(|job| job["metadata"]["labels"]["images.tracebloc.io/run"].is_string())
            .count())
    );
}

#[test]
fn a_restart_generation_counts_restarts_records_and_clears() {
    let release = Release::new(Generation::G7);
    let site = behind(|before, now| stale(&release, before, now));
    let (code, report) = report(&site, &[]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        steps(&report),
        [
            "pullTest done",
            "countAttempt done",
            "patch done",
            "wait done",
            "verify done",
            "record done"
        ]
    );
    let (jobs, pods) = (
        site.latest.jobs_manager.clone(),
        site.latest.pods_monitor.clone(),
    );
    assert_eq!(
        record(&site, "last-refreshed-jobs-manager-digest"),
        Some(jobs)
    );
    assert_eq!(
        record(&site, "last-refreshed-pods-monitor-digest"),
        Some(pods)
    );
    assert_eq!(record(&site, "refresh-attempt"), None);
}

#[test]
fn the_newest_generation_moves_three_workloads_by_digest() {
    let release = Release::new(Generation::G10);
    let site = behind(|before, now| stale(&release, before, now));
    let (code, report) = report(&site, &[]);
    assert_eq!(code, Some(0), "{report:#}");
    let manager = object(&site, "Deployment", NS, JOBS_MANAGER);
    let proxy = object(&site, "Deployment", NS, "berlin-requests-proxy");
    let agents = &release.values.node_agents_namespace;
    let monitor = object(&site, "DaemonSet", agents, "berlin-resource-monitor");
    let at = |name: &str, digest: &str| format!("docker.io/tracebloc/{name}@{digest}");
    assert_eq!(
        image(&manager, "api"),
        at("jobs-manager", &site.latest.jobs_manager)
    );
    assert_eq!(
        image(&manager, "pods-monitor-container"),
        at("pods-monitor", &site.latest.pods_monitor)
    );
    assert_eq!(
        image(&proxy, "proxy"),
        at("jobs-manager", &site.latest.jobs_manager)
    );
    assert_eq!(
        image(&monitor, "tracebloc-resource-monitor"),
        at("resource-monitor", &site.latest.resource_monitor)
    );
    assert_eq!(report["done"].as_array().map(Vec::len), Some(3));
    assert_eq!(record(&site, "refresh-attempt"), None);

    // Nothing is left to do, and nothing is written.
    let before = writes(&site);
    let output = run(&site, &["--now"]);
    assert_eq!(
        (output.code, writes(&site)),
        (Some(0), before),
        "{output:?}"
    );
    assert!(
        output.stdout.contains("Nothing to refresh"),
        "{}",
        output.stdout
    );
}

#[test]
fn a_dry_run_writes_nothing_and_the_server_is_asked_only_for_its_opinion() {
    let release = Release::new(Generation::G10);
    let site = behind(|before, now| stale(&release, before, now));
    let output = run(&site, &["--dry-run", "-o", "json"]);
    assert_eq!((output.code, writes(&site)), (Some(0), 0), "{output:?}");
    let plan: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(plan["kind"], "RefreshPlan");
    let manager = object(&site, "Deployment", NS, JOBS_MANAGER);
    let output = run(&site, &["--dry-run=server"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(
        site.cluster.count("PATCH", ""),
        site.cluster.count("PATCH", "dryRun=All")
    );
    assert!(site.cluster.count("PATCH", "") >= 5);
    assert_eq!(manager, object(&site, "Deployment", NS, JOBS_MANAGER));
}

#[test]
fn off_a_terminal_nobody_is_asked_and_nothing_is_read() {
    let site = site(incident_g2);
    let words = "error: refresh needs confirmation; stdin is not a terminal\n\
                 hint: run it again with --now, or with --dry-run to see the plan\n";
    refresh(&site, &[]).stderr(words).status(2);
    let of_output = words.replace(
        "stdin is not a terminal",
        "-o json and -o yaml leave no room for a question",
    );
    refresh(&site, &["-o", "json"]).stderr(&of_output).status(2);
    for more in ["--in-cluster", "--rearm"] {
        let without_plan = words.replace(", or with --dry-run to see the plan", "");
        refresh(&site, &[more]).stderr(&without_plan).status(2);
    }
    assert_eq!(site.cluster.count("", ""), 0);
}

#[test]
fn a_pin_that_is_named_is_refused() {
    let site = site(|latest, _, now| held_prod_pin_g10(latest, now));
    for how in ["--dry-run", "--now"] {
        let output = run(&site, &["ingestor", how]);
        assert_eq!((output.code, writes(&site)), (Some(3), 0), "{output:?}");
        assert!(
            output.stdout.contains("TBI-406") || output.stdout.contains("pinned"),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn what_runs_already_is_only_recorded() {
    let release = Release::new(Generation::G10);
    let site = site(|latest, _, now| stale(&release, latest, now));
    site.cluster.store(|store| {
        store.edit(&At::new("Deployment", NS, JOBS_MANAGER), |manager| {
            let annotations = &mut manager["metadata"]["annotations"];
            annotations["tracebloc.io/last-refreshed-jobs-manager-digest"] =
                before().jobs_manager.into();
        });
    });
    let pull = run(&site, &["--now", "--pull-test"]);
    assert_eq!((pull.code, writes(&site)), (Some(0), 0), "{pull:?}");
    let says = |words: &str| pull.stdout.contains(words);
    assert!(says("Nothing to move; 1 record to write."), "{pull:?}");
    assert!(!says("pulled"), "{pull:?}");
    let (code, report) = report(&site, &[]);
    assert_eq!(
        (code, steps(&report)),
        (Some(0), vec!["record done".to_owned()]),
        "{report:#}"
    );
    assert_eq!(
        record(&site, "last-refreshed-jobs-manager-digest"),
        Some(site.latest.jobs_manager.clone())
    );
}
