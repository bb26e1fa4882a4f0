//! The three counters over several ticks, each tick a process of its own.

use super::*;
use crate::world::sim::api::faults::Fault;

#[test]
fn four_failed_lookups_and_one_that_succeeds() {
    let edge = Edge::healthy(Generation::G2);
    let new = edge.publish("ghcr.io/tracebloc/ingestor:0.3");
    edge.site
        .internet
        .fault("ghcr.io", "refuse".parse().unwrap());
    let last_error = "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks";
    for (exit, count, error, said) in [
        (
            0,
            "1",
            Value::Null,
            "WARN: could not resolve latest ingestor digest (failure 1/3;",
        ),
        (
            0,
            "2",
            Value::Null,
            "WARN: could not resolve latest ingestor digest (failure 2/3;",
        ),
        (
            1,
            "3",
            json!(last_error),
            "ERROR: could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks (threshold 3)",
        ),
        (
            1,
            "3",
            json!(last_error),
            "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:0.3 (>= 3 consecutive failures)",
        ),
    ] {
        let (code, log) = edge.tick();
        assert_eq!(exit, code, "{log}");
        assert_says(
            &log,
            &[
                "WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor",
                said,
            ],
        );
        assert_eq!(
            (json!(count), error),
            (edge.mark(FAILURES), edge.mark(LAST_ERROR))
        );
        assert_eq!(exit == 0, log.contains("tick complete"), "{log}");
        if exit == 1 {
            assert_says(
                &log,
                &[
                    "[TBI-2",
                    "TCP 443 to ghcr.io",
                    "https://ghcr.io/token",
                    "HTTPS_PROXY",
                    "TLS interception",
                    "kubectl tracebloc-images ",
                ],
            );
        }
    }
    let writes = edge.patches();
    let (code, _) = edge.tick();
    assert_eq!(
        (1, writes),
        (code, edge.patches()),
        "beyond the threshold nothing is written"
    );

    edge.site.internet.heal("ghcr.io");
    let (code, log) = edge.tick();
    assert_eq!(0, code, "{log}");
    assert_says(
        &log,
        &[
            "clearing prior failure streak",
            "ingestor refresh complete",
            "tick complete",
        ],
    );
    assert_eq!(
        (Value::Null, Value::Null),
        (edge.mark(FAILURES), edge.mark(LAST_ERROR))
    );
    assert_eq!(new, edge.ingestor_env());
}

#[test]
fn the_images_of_docker_io_are_counted_in_no_generation() {
    for generation in [Generation::G2, Generation::G7, Generation::G10] {
        let edge = Edge::healthy(generation);
        edge.site
            .internet
            .fault("registry-1.docker.io", "refuse".parse().unwrap());
        let (code, log) = edge.tick();
        assert_eq!((0, 0), (code, edge.patches()), "{generation:?}: {log}");
        assert_says(
            &log,
            &["WARN: could not resolve latest digest", "tick complete"],
        );
        assert!(log.contains("[TBI-2"), "{log}");
    }
}

#[test]
fn skipped_ticks_are_counted_to_the_limit_and_cleared() {
    let edge = Edge::healthy(Generation::G10);
    edge.set_mark(SKIPS, "5");
    edge.unsettle();
    for (exit, count) in [(0, "6"), (0, "7"), (1, "8"), (1, "9")] {
        let (code, log) = edge.tick();
        assert_eq!((exit, json!(count)), (code, edge.mark(SKIPS)), "{log}");
        let said = if exit == 0 {
            "-- skipping this refresh tick"
        } else {
            "IMAGE REFRESH IS FROZEN"
        };
        assert_says(&log, &[said]);
        assert!(!log.contains("tick complete"), "{log}");
    }
    assert_eq!(
        0,
        edge.site.internet.log().len(),
        "nobody is asked about what will not move"
    );
    edge.cluster().store(|store| {
        store.edit(&jobs_manager(), |deployment| {
            deployment["status"]["conditions"] = json!([]);
        });
    });
    let (code, log) = edge.tick();
    assert_eq!((0, Value::Null), (code, edge.mark(SKIPS)), "{log}");
    assert_says(&log, &["is settled again after 9 skipped", "tick complete"]);
}

#[test]
fn what_is_under_way_is_given_ten_seconds() {
    let edge = Edge::healthy(Generation::G7);
    edge.unsettle_for_a_while();
    let (code, log) = edge.tick();
    assert_eq!((0, 0), (code, edge.patches()), "{log}");
    assert_says(
        &log,
        &[
            "not settled (rollout in progress or pod not Ready) -- skipping this refresh tick: 0 of 1 updated are available",
        ],
    );
    assert!(
        edge.cluster().count("GET", "/deployments/") >= 5,
        "it was looked at once"
    );
}

/// What cannot be read is not counted, and is no skip either.
#[test]
fn a_skip_that_cannot_be_counted_fails_the_tick() {
    for (generation, words) in [
        (
            Generation::G7,
            "ERROR: cannot read deployment/berlin-jobs-manager (NotFound, RBAC denial, or API error): ",
        ),
        (
            Generation::G10,
            "tracebloc.io/refresh-skip-streak annotation could not be read: ",
        ),
    ] {
        let edge = Edge::healthy(generation);
        edge.unsettle_for_a_while();
        let later = Fault::on("GET", "/deployments/").starting_at(2);
        edge.cluster().fault(later.throttles(503, 60));
        let (code, log) = edge.tick();
        assert_eq!((1, 0), (code, edge.patches()), "{generation:?}: {log}");
        assert_says(&log, &[words]);
        let is_counted = generation == Generation::G10;
        assert_eq!(
            is_counted,
            log.contains("-- the skip streak cannot be counted"),
            "{log}"
        );
        assert!(!log.contains("tick complete"), "{log}");
        assert_eq!(Value::Null, edge.mark(SKIPS));
    }
}

/// The charts before 1.9.42 skip, and count nothing.
#[test]
fn a_tick_that_counts_nothing_skips_all_the_same() {
    let edge = Edge::healthy(Generation::G8);
    edge.unsettle();
    let (code, log) = edge.tick();
    assert_eq!((0, 0), (code, edge.patches()), "{log}");
    assert_says(
        &log,
        &["not settled (rollout in progress or pod not Ready)"],
    );
    assert!(!log.contains("tick complete"), "{log}");
}

#[test]
fn rollouts_that_fail_lock_the_refresher_out() {
    let edge = Edge::healthy(Generation::G10);
    let new = edge.publish("docker.io/tracebloc/resource-monitor:prod");
    // The monitor never becomes available on its newest build.
    edge.cluster().store(|store| {
        store.edit(
            &At::new("DaemonSet", AGENTS, "berlin-resource-monitor"),
            |set| {
                set["status"]["numberAvailable"] = json!(0);
            },
        );
    });
    let seconds = [("ROLLOUT_TIMEOUT", "1s")];
    for count in ["1", "2", "3"] {
        let (code, log) = ended(edge.plugin(&seconds).output());
        assert_eq!((1, json!(count)), (code, edge.mark(ATTEMPT)), "{log}");
        assert_says(
            &log,
            &[
                "set image daemonset/berlin-resource-monitor",
                "ERROR: wait for daemonset",
            ],
        );
        assert!(
            log.trim_end()
                .ends_with("0 of 3 updated are available [TBI-504]"),
            "{log}"
        );
        assert!(
            !log.contains("tick complete") && !log.contains("re-image complete"),
            "{log}"
        );
    }
    let (code, log) = ended(edge.plugin(&seconds).output());
    assert_eq!(
        (0, json!("3"), json!("3")),
        (code, edge.mark(ATTEMPT), edge.mark(FLAP)),
        "{log}"
    );
    assert_says(&log, &["FLAP DETECTED", "tick complete"]);
    assert_ne!(
        json!(new),
        edge.mark("last-refreshed-resource-monitor-digest")
    );
}
