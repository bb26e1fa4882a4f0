//! Registries that the pods cannot reach.

use super::*;

#[test]
fn the_incident_is_shown_with_its_streak_its_age_and_what_to_type() {
    let site = Site::new(scenarios::incident_g2);
    let document = hold(
        "incident",
        "The incident: a counted failure, an image that cannot run on the only node",
        &site,
        &[
            "stuck, exit 3",
            "ingestor: stuck broken stale",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-302 fail ingestor",
            "TBI-401 fail ingestor",
            "ingestorResolve 3/3 since 2026-06-04T05:37:00Z",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, fail there",
            "$ kubectl tracebloc-images doctor -n tracebloc",
            "$ kubectl tracebloc-images refresh ingestor -n tracebloc",
            "$ chart 1.6.0 or later spawns the ingestor by tag",
        ],
    );
    let ingestor = image(&document, "ingestor");
    assert_eq!(ingestor["digests"]["spec"], site.old_ingestor.as_str());
    assert_eq!(ingestor["digests"]["recorded"], site.old_ingestor.as_str());
    assert_eq!(ingestor["digests"]["running"], site.old_ingestor.as_str());
    assert_eq!(ingestor["digests"]["latest"], site.latest.ingestor.as_str());
    assert_eq!(ingestor["platforms"]["missing"], json!(["linux/arm64"]));
    assert_eq!(ingestor["platforms"]["missingOn"], json!(["edge-01"]));
    let streak = &ingestor["refreshStreak"];
    let error = "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks";
    assert_eq!(streak["lastError"], error);
    assert_eq!(
        (&streak["clearsItself"], &streak["alarmAfterSeconds"]),
        (&json!(true), &json!(2700))
    );
    let job = &document["refreshJob"];
    assert_eq!(job["lastSuccess"], "2026-06-04T05:52:41Z");
    assert_eq!(job["nextRun"], "2026-06-06T10:07:00Z");
    let runs: Vec<_> = items(&job["recent"])
        .iter()
        .map(|run| text(&run["result"]))
        .collect();
    assert_eq!(runs, ["failed", "failed", "failed", "complete"]);
}

#[test]
fn a_silent_failure_is_told_by_the_log() {
    let site = stocked(|stock| scenarios::silent_g1(stock.latest, stock.old_ingestor, stock.now));
    hold(
        "silent",
        "The original incident: nothing is counted, every Job is green",
        &site,
        &[
            "broken, exit 3",
            "ingestor: broken stale",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-310 fail ingestor",
            "TBI-401 fail ingestor",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, fail there",
            "$ kubectl tracebloc-images doctor -n tracebloc",
            "$ kubectl tracebloc-images refresh ingestor -n tracebloc",
            "$ chart 1.6.0 or later spawns the ingestor by tag",
        ],
    );
}

#[test]
fn a_silent_failure_is_told_by_age_when_the_log_is_gone() {
    let site = stocked(|stock| {
        let mut scene = scenarios::silent_g1(stock.latest, stock.old_ingestor, stock.now);
        let labels =
            |object: &Value| object["metadata"]["labels"]["app.kubernetes.io/component"].clone();
        scene
            .objects
            .retain(|object| !(object["kind"] == "Pod" && labels(object) == "image-refresh"));
        scene.logs.clear();
        scene
    });
    let document = hold(
        "silent_without_log",
        "The original incident, after the pod of the last run is gone",
        &site,
        &[
            "broken, exit 3",
            "ingestor: broken stale",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-310 fail ingestor",
            "TBI-401 fail ingestor",
            "docker.io: ok here, unknown there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl tracebloc-images doctor -n tracebloc",
            "$ kubectl tracebloc-images refresh ingestor -n tracebloc",
            "$ chart 1.6.0 or later spawns the ingestor by tag",
        ],
    );
    assert!(
        message(&document, "TBI-310").contains("was built 3d2h ago"),
        "{}",
        message(&document, "TBI-310")
    );
}

#[test]
fn a_streak_below_its_limit_is_a_warning() {
    let site =
        stocked(|stock| scenarios::warned_g2(stock.latest, stock.old_ingestor, 2, stock.now));
    hold(
        "warned",
        "Two of three lookups failed, and the Jobs are still green",
        &site,
        &[
            "broken, exit 3",
            "ingestor: broken stale",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-301 warn ingestor",
            "TBI-401 fail ingestor",
            "ingestorResolve 2/3 since 2026-06-06T09:37:00Z",
            "docker.io: ok here, ok there",
            "ghcr.io: ok here, fail there",
            "$ kubectl tracebloc-images refresh ingestor -n tracebloc",
        ],
    );
}

#[test]
fn a_blocked_docker_hub_is_silent_in_the_newest_generation_too() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::docker_blocked(&release, stock.before, stock.now));
    hold(
        "docker_blocked",
        "docker.io does not answer the pods, and every tag has moved",
        &site,
        &[
            "stale, exit 3",
            "jobs-manager: stale",
            "pods-monitor: stale",
            "resource-monitor: stale",
            "ingestor: held",
            "TBI-310 fail jobs-manager",
            "TBI-310 fail pods-monitor",
            "TBI-310 fail resource-monitor",
            "TBI-403 warn jobs-manager",
            "TBI-403 warn pods-monitor",
            "TBI-403 warn requests-proxy",
            "TBI-403 warn resource-monitor",
            "TBI-406 note ingestor",
            "rolloutAttempts 0/3",
            "skippedTicks 0/8",
            "docker.io: ok here, fail there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl tracebloc-images doctor -n tracebloc",
            "$ kubectl tracebloc-images refresh jobs-manager pods-monitor resource-monitor -n tracebloc",
        ],
    );
}

#[test]
fn failed_lookups_of_what_is_current_are_a_note() {
    let release = Release::new(Generation::G10);
    let site = stocked(|stock| scenarios::docker_blocked(&release, stock.latest, stock.now));
    let document = document(&site, &[]);
    assert_eq!(
        findings(&document),
        [
            "TBI-310 note jobs-manager",
            "TBI-310 note pods-monitor",
            "TBI-310 note resource-monitor",
            "TBI-406 note ingestor",
        ]
    );
    assert_eq!(document["summary"]["exitCode"], 0);
}

#[test]
fn a_refresher_without_its_cluster_is_told_by_its_log() {
    let release = Release::new(Generation::G3);
    let site = stocked(|stock| scenarios::no_server(&release, stock.latest, stock.now));
    hold(
        "no_server",
        "The refresher's kubectl talks to localhost:8080",
        &site,
        &[
            "frozen, exit 4",
            "ingestor: current",
            "jobs-manager: current",
            "pods-monitor: current",
            "TBI-102 fail release",
            "TBI-307 fail release",
            "docker.io: ok here, unknown there",
            "ghcr.io: ok here, unknown there",
            "$ kubectl tracebloc-images doctor -n tracebloc",
            "$ kubectl get events -n tracebloc --field-selector involvedObject.kind=Job",
        ],
    );
}
