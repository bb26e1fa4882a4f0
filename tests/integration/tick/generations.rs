//! Each generation by the environment that its chart renders: nothing to do, and everything to do.

use super::*;

#[test]
fn a_tick_with_nothing_to_do_asks_little_and_writes_nothing() {
    for generation in Generation::ALL {
        let edge = Edge::healthy(generation);
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{generation:?}: {log}");
        assert!(
            log.ends_with("[image-refresh] tick complete\n"),
            "{generation:?}: {log}"
        );
        assert_eq!(0, edge.patches(), "{generation:?}");
        let requests = edge.cluster().log().len();
        assert!(requests <= 3, "{generation:?}: {requests} API requests");
        let asked: Vec<_> = edge
            .site
            .internet
            .log()
            .iter()
            .map(ToString::to_string)
            .collect();
        let count = |part: &str| asked.iter().filter(|seen| seen.contains(part)).count();
        let registries = 1 + usize::from(generation.has_ingestor_pass());
        let images =
            2 + usize::from(generation.has_ingestor_pass()) + usize::from(generation.sets_images());
        assert_eq!(
            (registries, images),
            (count("/token"), count("HEAD ")),
            "{generation:?}: {asked:#?}"
        );
        // Where tokens come from another host, one request makes the connection to the registry meanwhile.
        assert_eq!(
            registries + images + 1,
            asked.len(),
            "{generation:?}: {asked:#?}"
        );
    }
}

/// The images of docker.io have all moved on.
fn publish_all(edge: &Edge) -> [String; 3] {
    ["jobs-manager", "pods-monitor", "resource-monitor"]
        .map(|name| edge.publish(&format!("docker.io/tracebloc/{name}:prod")))
}

#[test]
fn restart_generations_restart_and_record() {
    for generation in Generation::ALL.into_iter().filter(|it| !it.sets_images()) {
        let edge = Edge::healthy(generation);
        let [jobs_manager, pods_monitor, _] = publish_all(&edge);
        let before = edge.container("Deployment", NS, JOBS_MANAGER, "api");
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{generation:?}: {log}");
        let attempt = if generation.has_flap_guard() {
            " (attempt 1/3)"
        } else {
            ""
        };
        assert_says(
            &log,
            &[
                "restart needed",
                &format!("rolling restart of deployment/{JOBS_MANAGER}{attempt}"),
                "rollout complete",
                "updating deployment annotations:",
                "tick complete",
            ],
        );
        assert_eq!(
            jobs_manager,
            edge.mark("last-refreshed-jobs-manager-digest")
        );
        assert_eq!(
            pods_monitor,
            edge.mark("last-refreshed-pods-monitor-digest")
        );
        assert_eq!(Value::Null, edge.mark(ATTEMPT), "{generation:?}");
        assert_eq!(
            before,
            edge.container("Deployment", NS, JOBS_MANAGER, "api"),
            "{generation:?}"
        );
        let (again, log) = edge.tick();
        assert_eq!(0, again);
        assert!(!log.contains("restart needed"), "{log}");
    }
}

#[test]
fn later_generations_set_all_three_workloads_by_digest() {
    for generation in Generation::ALL.into_iter().filter(|it| it.sets_images()) {
        let edge = Edge::healthy(generation);
        edge.set_mark(FLAP, "3");
        let [jobs_manager, pods_monitor, monitor] = publish_all(&edge);
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{generation:?}: {log}");
        let image =
            |name: &str, digest: &str| json!(format!("docker.io/tracebloc/{name}@{digest}"));
        for (kind, namespace, workload, container, want) in [
            (
                "Deployment",
                NS,
                JOBS_MANAGER,
                "api",
                image("jobs-manager", &jobs_manager),
            ),
            (
                "Deployment",
                NS,
                JOBS_MANAGER,
                "pods-monitor-container",
                image("pods-monitor", &pods_monitor),
            ),
            (
                "Deployment",
                NS,
                "berlin-requests-proxy",
                "proxy",
                image("jobs-manager", &jobs_manager),
            ),
            (
                "DaemonSet",
                AGENTS,
                "berlin-resource-monitor",
                "tracebloc-resource-monitor",
                image("resource-monitor", &monitor),
            ),
        ] {
            assert_eq!(
                want,
                edge.container(kind, namespace, workload, container)["image"],
                "{generation:?} {container}"
            );
        }
        assert_eq!(monitor, edge.mark("last-refreshed-resource-monitor-digest"));
        assert_eq!(
            (Value::Null, Value::Null),
            (edge.mark(ATTEMPT), edge.mark(FLAP))
        );
        assert_says(
            &log,
            &[
                "re-imaging control-plane workloads (attempt 1/3)",
                "re-image complete",
                "tick complete",
            ],
        );
    }
}

#[test]
fn a_new_ingestor_is_set_waited_for_and_recorded() {
    for generation in Generation::ALL
        .into_iter()
        .filter(|it| it.has_ingestor_pass())
    {
        let edge = Edge::healthy(generation);
        let new = edge.publish("ghcr.io/tracebloc/ingestor:0.3");
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{generation:?}: {log}");
        assert_says(
            &log,
            &[
                "set env + wait for rollout",
                "ingestor refresh complete",
                "tick complete",
            ],
        );
        assert_eq!(new, edge.ingestor_env());
        assert_eq!(new, edge.mark("last-refreshed-ingestor-digest"));
    }
}

#[test]
fn a_monitor_that_the_values_turn_off_is_no_error() {
    let edge = Edge::with(Generation::G10, |values| values.resource_monitor = false);
    edge.publish("docker.io/tracebloc/resource-monitor:prod");
    let new = edge.publish("docker.io/tracebloc/jobs-manager:prod");
    let (code, log) = edge.tick();
    assert_eq!(0, code, "{log}");
    assert_says(
        &log,
        &[
            "checking tracebloc/resource-monitor:prod",
            "pinned by digest in values",
            "tick complete",
        ],
    );
    assert_eq!(new, edge.mark("last-refreshed-jobs-manager-digest"));
    assert_eq!(0, edge.cluster().count("", "/daemonsets"));
}

#[test]
fn pins_are_kept_and_not_asked_about() {
    let edge = Edge::with(Generation::G10, |values| {
        let digest = format!("sha256:{}", "a".repeat(64));
        values.images.pods_monitor = Some(digest.clone());
        values.images.requests_proxy = Some(digest);
    });
    publish_all(&edge);
    let proxy = edge.container("Deployment", NS, "berlin-requests-proxy", "proxy");
    let pods_monitor = edge.container("Deployment", NS, JOBS_MANAGER, "pods-monitor-container");
    let (code, log) = edge.tick();
    assert_eq!(0, code, "{log}");
    assert_says(
        &log,
        &[
            "requests-proxy is pinned by images.requestsProxy.digest",
            "pinned by digest in values",
            "re-image complete",
        ],
    );
    assert_eq!(
        proxy,
        edge.container("Deployment", NS, "berlin-requests-proxy", "proxy")
    );
    assert_eq!(
        pods_monitor,
        edge.container("Deployment", NS, JOBS_MANAGER, "pods-monitor-container")
    );
    let asked = edge.site.internet.log();
    assert!(!asked.iter().any(|seen| seen.path.contains("pods-monitor")));
}

#[test]
fn behind_a_mirror_nobody_is_asked() {
    let edge = Edge::with(Generation::G8, |values| {
        values.mirror = Some("mirror.corp.example".to_owned());
    });
    let (code, log) = edge.tick();
    assert_eq!(0, code);
    assert_says(
        &log,
        &[
            "NOTE: images are served from private mirror 'mirror.corp.example'",
            "INERT",
            "tick complete",
        ],
    );
    assert_eq!(
        (0, 0),
        (edge.cluster().log().len(), edge.site.internet.log().len())
    );
}
