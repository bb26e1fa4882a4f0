//! Each simulated site shows what its name says.

use crate::world::sim::release::Run;

use super::*;

fn job<'a>(scene: &'a Scene, suffix: &str) -> &'a Value {
    scene.object(
        "Job",
        "tracebloc",
        &format!("berlin-image-refresh-{suffix}"),
    )
}

#[test]
fn the_incident_shows_what_its_reader_is_told() {
    let scene = incident_g2(&latest(), STUCK, now());
    let api = container(manager(&scene), "api");
    assert_eq!(env_values(api, "INGESTOR_IMAGE_DIGEST"), [STUCK]);
    assert_eq!(
        annotation(&scene, "ingestor-refresh-consecutive-failures"),
        Some("3")
    );
    assert_eq!(
        annotation(&scene, "ingestor-refresh-last-error"),
        Some("could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks")
    );
    assert_eq!(
        annotation(&scene, "last-refreshed-ingestor-digest"),
        Some(STUCK)
    );
    let kept = [
        ("29675872", "CompletionsReached"),
        ("29678962", "BackoffLimitExceeded"),
        ("29678977", "BackoffLimitExceeded"),
        ("29678992", "BackoffLimitExceeded"),
    ];
    assert_eq!(jobs(&scene), kept);
    let status = &scene.object("CronJob", "tracebloc", "berlin-image-refresh")["status"];
    assert_eq!(status["lastSuccessfulTime"], "2026-06-04T05:52:41Z");
    assert_eq!(status["lastScheduleTime"], "2026-06-06T09:52:00Z");
    assert_eq!(status["active"], Value::Null);
    let owners = scene
        .all("Pod")
        .map(|pod| &pod["metadata"]["ownerReferences"][0]["name"]);
    let of_jobs = owners.filter(|owner| owner.as_str().unwrap().contains("image-refresh"));
    assert_eq!(
        of_jobs.collect::<Vec<_>>(),
        ["berlin-image-refresh-29675872"]
    );
    assert!(last_log(&scene).contains("(failure 2/3;"));
    let nodes: Vec<_> = scene
        .all("Node")
        .map(|node| &node["status"]["nodeInfo"])
        .collect();
    assert_eq!(
        (nodes.len(), &nodes[0]["architecture"]),
        (1, &json!("arm64"))
    );
}

#[test]
fn the_silent_site_is_green_and_its_log_is_not() {
    let scene = silent_g1(&latest(), STUCK, now());
    assert_eq!(jobs(&scene), [("29678992", "CompletionsReached")]);
    let log = last_log(&scene);
    assert!(log.contains("WARN: could not resolve latest digest"));
    assert!(log.ends_with("tick complete\n"));
    assert_eq!(annotation(&scene, "last-refreshed-ingestor-digest"), None);
    let api = container(manager(&scene), "api");
    assert_eq!(env_values(api, "INGESTOR_IMAGE_DIGEST"), [STUCK]);
}

#[test]
fn a_streak_below_its_threshold_is_green() {
    let scene = warned_g2(&latest(), STUCK, 1, now());
    assert_eq!(
        annotation(&scene, "ingestor-refresh-consecutive-failures"),
        Some("1")
    );
    assert_eq!(annotation(&scene, "ingestor-refresh-last-error"), None);
    assert_eq!(jobs(&scene), [("29678992", "CompletionsReached")]);
    assert!(last_log(&scene).contains("(failure 1/3;"));
}

#[test]
fn the_lock_out_is_green_and_half_moved() {
    let scene = flap_g10(&latest(), &digests('a'), now());
    assert_eq!(annotation(&scene, "refresh-attempt"), Some("3"));
    assert_eq!(annotation(&scene, "refresh-flap-detected"), Some("3"));
    let recorded = annotation(&scene, "last-refreshed-jobs-manager-digest");
    assert_eq!(recorded, Some(digests('a').jobs_manager.as_str()));
    let image = container(manager(&scene), "api")["image"].as_str().unwrap();
    assert!(image.ends_with(&latest().jobs_manager));
    assert!(is_settled(manager(&scene)));
    let monitor = scene.object(
        "DaemonSet",
        "tracebloc-node-agents",
        "berlin-resource-monitor",
    );
    let counts = [
        "desiredNumberScheduled",
        "updatedNumberScheduled",
        "numberReady",
    ];
    let counts = counts.map(|count| monitor["status"][count].as_u64().unwrap());
    assert_eq!(counts, [3, 1, 2]);
    assert_eq!(
        jobs(&scene).last(),
        Some(&("29678992", "CompletionsReached"))
    );
    assert!(last_log(&scene).contains("FLAP DETECTED"));
}

#[test]
fn the_frozen_site_runs_and_is_not_ready() {
    let scene = skips_g10(&latest(), now());
    assert_eq!(annotation(&scene, "refresh-skip-streak"), Some("13"));
    assert!(!is_settled(manager(&scene)));
    let last = [
        ("29678977", "BackoffLimitExceeded"),
        ("29678992", "BackoffLimitExceeded"),
    ];
    assert!(jobs(&scene).ends_with(&last));
    assert!(last_log(&scene).contains("7/8"));
}

#[test]
fn a_site_that_does_not_run_ticks_kept_its_last_one() {
    let g10 = Release::new(G10);
    let spec = |scene: &Scene| {
        let cron_job = scene.object("CronJob", "tracebloc", "berlin-image-refresh");
        let last = cron_job["status"]["lastScheduleTime"].as_str().unwrap();
        (
            cron_job["spec"]["suspend"].as_bool().unwrap(),
            last.to_owned(),
        )
    };
    let scene = suspended(&g10, &digests('a'), now());
    assert_eq!(spec(&scene), (true, "2026-05-31T09:52:00Z".to_owned()));
    let scene = overdue(&g10, &latest(), now());
    assert_eq!(spec(&scene), (false, "2026-06-05T09:52:00Z".to_owned()));
}

#[test]
fn an_active_run_is_in_the_status_of_its_cron_job() {
    let scene = running_tick(&Release::new(G10), &latest(), now());
    let cron_job = scene.object("CronJob", "tracebloc", "berlin-image-refresh");
    let active = &cron_job["status"]["active"];
    assert_eq!(active[0]["name"], "berlin-image-refresh-29678992");
    assert_eq!(active[0]["uid"], job(&scene, "29678992")["metadata"]["uid"]);
    assert_eq!(job(&scene, "29678992")["status"]["active"], 1);
}

#[test]
fn a_run_without_a_pod_says_why_in_an_event() {
    let scene = no_pod(&Release::new(G10), &latest(), now());
    let job = job(&scene, "29678992");
    assert_eq!(job["status"]["active"], 0);
    let owned =
        |pod: &&Value| pod["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"];
    assert!(!scene.all("Pod").any(|pod| owned(&pod)));
    let events: Vec<_> = scene.all("Event").collect();
    let of_job = events
        .iter()
        .find(|event| event["involvedObject"]["uid"] == job["metadata"]["uid"]);
    let event = of_job.unwrap();
    assert_eq!(event["reason"], "FailedCreate");
    assert!(
        event["message"]
            .as_str()
            .unwrap()
            .contains("exceeded quota")
    );
}

#[test]
fn a_node_that_cannot_pull_leaves_nothing_serving() {
    let scene = not_pulled_g10(&latest(), &digests('a'), now());
    let deployment = manager(&scene);
    assert!(!is_settled(deployment));
    assert_eq!(deployment["status"]["availableReplicas"], 0);
    let pods: Vec<_> = scene
        .all("Pod")
        .filter(|pod| pod["metadata"]["labels"]["app"] == "manager")
        .map(|pod| &pod["status"]["containerStatuses"][0])
        .collect();
    let [api] = pods[..] else {
        panic!("{} pods", pods.len());
    };
    assert_eq!(
        (&api["imageID"], &api["ready"]),
        (&json!(""), &json!(false))
    );
    assert_eq!(api["state"]["waiting"]["reason"], "ImagePullBackOff");
    assert_eq!(annotation(&scene, "refresh-attempt"), Some("1"));
    let old = digests('a').jobs_manager;
    assert_eq!(
        annotation(&scene, "last-refreshed-jobs-manager-digest"),
        Some(old.as_str())
    );
}

#[test]
fn a_mirrored_site_records_nothing() {
    let scene = mirrored_g8(&latest(), now());
    assert_eq!(
        annotation(&scene, "last-refreshed-jobs-manager-digest"),
        None
    );
    let image = &container(manager(&scene), "api")["image"];
    assert_eq!(*image, "mirror.corp.example/tracebloc/jobs-manager:prod");
    assert!(last_log(&scene).contains("INERT"));
}

#[test]
fn a_fleet_is_as_large_as_asked_and_shares_its_agents_namespace() {
    let (releases, scene) = fleet(30, &latest(), now());
    assert_eq!((releases.len(), scene.all("CronJob").count()), (30, 30));
    let namespaces: HashSet<_> = scene
        .all("DaemonSet")
        .map(|agent| agent["metadata"]["namespace"].as_str().unwrap())
        .collect();
    assert_eq!(namespaces, HashSet::from(["tracebloc-node-agents"]));
    assert_eq!(scene.all("Namespace").count(), 31);
}

#[test]
fn a_run_that_failed_before_left_the_log_of_that_too() {
    let scene = no_server(&Release::new(G3), &latest(), now());
    let runs: Vec<_> = scene.logs.iter().map(|log| log.run).collect();
    assert_eq!(runs, [Run::Previous, Run::Current]);
}
