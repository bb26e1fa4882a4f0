//! The logs of the simulated ticks against the chart contract's list of substrings (section 8).

use crate::world::sim::release::{Digests, Story, curl_timeout, tick_log};

use super::*;

fn moved() -> Digests {
    digests('a')
}

fn curl() -> String {
    curl_timeout("ghcr.io")
}

fn log(generation: Generation, story: &Story) -> String {
    let mirror = |values: &mut Values| {
        if *story == Story::Mirrored {
            values.mirror = Some("mirror.example".to_owned());
        }
    };
    tick_log(&Release::with(generation, mirror), &digests('b'), story)
}

/// The generations from the given one on.
fn since(first: Generation) -> impl Iterator<Item = Generation> {
    let generations = Generation::ALL.into_iter();
    generations.skip_while(move |generation| *generation != first)
}

/// Asserts that a log has the first texts, in this order, and none of the second.
fn assert_log(what: &str, log: &str, has: &[&str], lacks: &[&str]) {
    let mut rest = log;
    for text in has {
        match rest.split_once(text) {
            Some((_, after)) => rest = after,
            None => panic!("{what}: no {text:?} (in this order) in\n{log}"),
        }
    }
    for text in lacks {
        assert!(!log.contains(text), "{what}: {text:?} in\n{log}");
    }
}

#[test]
fn a_quiet_tick_reads_like_its_generation() {
    for generation in Generation::ALL {
        let log = log(generation, &Story::Unchanged);
        let what = format!("{generation:?}");
        let banner = "[image-refresh] release=berlin namespace=tracebloc deployment=";
        assert!(log.starts_with(banner), "{what}");
        let manager = "checking tracebloc/jobs-manager:prod \
                       (annotation=tracebloc.io/last-refreshed-jobs-manager-digest)";
        let same = "digest unchanged since last refresh";
        assert_log(
            &what,
            &log,
            &[manager, "latest=", "recorded=", same],
            &["WARN", "ERROR"],
        );
        if generation == G0 {
            let lacks = ["client images:", "tick complete"];
            assert_log(
                &what,
                &log,
                &["tag=prod", "nothing to record or restart"],
                &lacks,
            );
        } else {
            assert_log(
                &what,
                &log,
                &["client images:", "tick complete\n"],
                &["nothing to"],
            );
            assert!(log.ends_with("tick complete\n"), "{what}");
        }
        let ingestor = ["ingestor image: tracebloc/ingestor on ghcr.io under tag=0.3 (pinned=0)"];
        let checks = [
            "checking ghcr.io/tracebloc/ingestor:0.3",
            "current=",
            "fully in sync; no-op",
        ];
        if matches!(generation, G1 | G2 | G2p) {
            assert_log(&what, &log, &[&ingestor[..], &checks].concat(), &[]);
        } else {
            assert_log(&what, &log, &[], &[&ingestor[..], &checks].concat());
        }
        let monitor = [
            "also reconciling:",
            "checking tracebloc/resource-monitor:prod",
        ];
        if matches!(generation, G8 | G9 | G10) {
            assert_log(&what, &log, &monitor, &[]);
        } else {
            assert_log(&what, &log, &[], &monitor);
        }
    }
}

#[test]
fn a_docker_failure_warns_and_completes_in_every_generation() {
    let unresolved = "WARN: could not resolve latest digest";
    let token = "WARN: could not fetch auth token for ";
    for generation in since(G1) {
        let what = format!("{generation:?}");
        let story = Story::DockerUnresolved { curl: curl() };
        let found = log(generation, &story);
        assert_log(
            &what,
            &found,
            &["\ncurl: (28)", unresolved, "tick complete"],
            &[token],
        );
        let story = Story::TokenRefused { curl: curl() };
        let found = log(generation, &story);
        let named = format!("{token}docker.io/tracebloc/jobs-manager");
        let has = ["\ncurl: (28)", &named, unresolved, "tick complete"];
        assert_log(&what, &found, &has, &["ERROR"]);
    }
    let found = log(G0, &Story::TokenRefused { curl: curl() });
    let named = format!("{token}tracebloc/jobs-manager");
    assert_log(
        "G0 names no registry",
        &found,
        &[&named, unresolved],
        &["docker.io"],
    );
}

#[test]
fn the_second_generation_counts_the_ingestors_failures() {
    for (before, has, complete) in [
        (
            0,
            "WARN: could not resolve latest ingestor digest (failure 1/3;",
            true,
        ),
        (
            1,
            "WARN: could not resolve latest ingestor digest (failure 2/3;",
            true,
        ),
        (
            2,
            "ERROR: could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks \
             (threshold 3)",
            false,
        ),
        (
            3,
            "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:0.3 (>= 3 consecutive failures)",
            false,
        ),
    ] {
        for generation in [G2, G2p] {
            let story = Story::IngestorUnresolved {
                failures_before: before,
                curl: curl(),
            };
            let found = log(generation, &story);
            let token = "WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor";
            assert_log(has, &found, &["\ncurl: (28)", token, has], &[]);
            assert_eq!(found.contains("tick complete"), complete, "{has}");
        }
    }
    let story = Story::IngestorUnresolved {
        failures_before: 7,
        curl: curl(),
    };
    let found = log(G1, &story);
    assert_log(
        "G1 counts nothing",
        &found,
        &["WARN: could not resolve latest digest"],
        &["ERROR"],
    );
    assert!(found.ends_with("tick complete\n"));
}

#[test]
fn a_threshold_that_is_no_number_is_never_reached() {
    let odd = |values: &mut Values| {
        values.refresh.ingestor_resolve_failure_threshold = "1e+06".to_owned();
    };
    let story = Story::IngestorUnresolved {
        failures_before: 41,
        curl: curl(),
    };
    let found = tick_log(&Release::with(G2, odd), &digests('b'), &story);
    assert_log(
        "1e+06",
        &found,
        &["(failure 42/1e+06;", "tick complete"],
        &["ERROR"],
    );
}

#[test]
fn a_moved_tag_restarts_or_re_images() {
    let story = Story::Moved { from: moved() };
    for generation in Generation::ALL {
        let what = format!("{generation:?}");
        let found = log(generation, &story);
        if matches!(generation, G8 | G9 | G10) {
            let has = [
                "re-image needed",
                "re-imaging control-plane workloads (attempt 1/3)",
                "set image deployment/berlin-jobs-manager",
                "rollout complete",
                "set image deployment/berlin-requests-proxy",
                "rollout complete",
                "set image daemonset/berlin-resource-monitor",
                "rollout complete",
                "re-image complete",
                "updating deployment annotations:",
                "tick complete",
            ];
            assert_log(&what, &found, &has, &["restart needed", "rolling restart"]);
            continue;
        }
        let start = "rolling restart of deployment/berlin-jobs-manager";
        let has = [
            "restart needed",
            start,
            "rollout complete",
            "updating deployment annotations:",
        ];
        assert_log(&what, &found, &has, &["re-image"]);
        let counted = found.contains("(attempt 1/3)");
        assert_eq!(counted, matches!(generation, G7 | G7b), "{what}");
        let ingestor = ["set env + wait for rollout", "ingestor refresh complete"];
        if matches!(generation, G1 | G2 | G2p) {
            assert_log(&what, &found, &ingestor, &[]);
        } else {
            assert_log(&what, &found, &[], &ingestor);
        }
    }
}

#[test]
fn a_rollout_that_fails_ends_the_run_where_it_stands() {
    for generation in Generation::ALL {
        let story = Story::NotRolledOut {
            from: moved(),
            attempts_before: 1,
        };
        let found = log(generation, &story);
        let lacks = [
            "rollout complete",
            "tick complete",
            "updating deployment annotations:",
        ];
        assert_log(
            &format!("{generation:?}"),
            &found,
            &["error: timed out"],
            &lacks,
        );
    }
}

#[test]
fn the_first_tick_records_and_moves_nothing() {
    for generation in Generation::ALL {
        let what = format!("{generation:?}");
        let found = log(generation, &Story::FirstTick);
        let without = match generation {
            G8 | G9 | G10 => "first observation; recording without re-imaging",
            _ => "first observation; recording without restart",
        };
        let has = [
            "recorded=<unset>",
            without,
            "updating deployment annotations:",
        ];
        assert_log(&what, &found, &has, &["rolling restart", "set image"]);
    }
    assert!(log(G2, &Story::FirstTick).contains("first observation; adopting spec env"));
    let empty = |values: &mut Values| values.images.ingestor.digest = Some(String::new());
    let found = tick_log(&Release::with(G2, empty), &digests('b'), &Story::FirstTick);
    let has = [
        "current=<empty>",
        "first observation; spec env empty",
        "ingestor refresh complete",
    ];
    assert_log("an empty env", &found, &has, &[]);
}

#[test]
fn a_recovered_ingestor_clears_its_streak_first() {
    let found = log(G2, &Story::Recovered { from: moved() });
    let has = [
        "clearing prior failure streak",
        "set env + wait for rollout",
        "tick complete",
    ];
    assert_log("G2", &found, &has, &["WARN"]);
}

#[test]
fn an_unsettled_deployment_is_skipped_and_later_counted() {
    let skip = "not settled (rollout in progress or pod not Ready)";
    for generation in since(G4) {
        let what = format!("{generation:?}");
        let found = log(generation, &Story::Unsettled { skips_before: 6 });
        assert_log(&what, &found, &[skip], &["tick complete", "ERROR"]);
        let counted = found.contains("7/8");
        assert_eq!(counted, matches!(generation, G9 | G10), "{what}");
        let found = log(generation, &Story::Unsettled { skips_before: 7 });
        let frozen = found.contains("IMAGE REFRESH IS FROZEN");
        assert_eq!(frozen, matches!(generation, G9 | G10), "{what}");
    }
    let odd = |values: &mut Values| values.refresh.max_skip_ticks = "abc".to_owned();
    let story = Story::Unsettled { skips_before: 99 };
    let found = tick_log(&Release::with(G10, odd), &digests('b'), &story);
    assert_log("abc never freezes", &found, &["100/abc"], &["FROZEN"]);
}

#[test]
fn a_lock_out_is_green() {
    for generation in since(G7) {
        let found = log(generation, &Story::LockedOut { from: moved() });
        let has = ["WARN: ", "FLAP DETECTED", "tick complete"];
        assert_log(
            &format!("{generation:?}"),
            &found,
            &has,
            &["ERROR", "set image", "rolling"],
        );
    }
}

#[test]
fn a_mirror_makes_the_tick_inert() {
    for generation in since(G8) {
        let found = log(generation, &Story::Mirrored);
        let has = [
            "NOTE: images are served from private mirror 'mirror.example'",
            "INERT",
            "tick",
        ];
        assert_log(&format!("{generation:?}"), &found, &has, &["checking"]);
    }
}

#[test]
fn an_unreadable_deployment_is_an_error_with_its_cause_inside_from_g6_on() {
    for generation in since(G4) {
        let error = "Error from server (Forbidden): deployments.apps is forbidden".to_owned();
        let found = log(generation, &Story::Unreadable { error });
        let inside = found.contains("or API error): Error from server (Forbidden)");
        let outside = found.contains("\nError from server (Forbidden)");
        let what = format!("{generation:?}");
        let has = [
            "ERROR: cannot read deployment/berlin-jobs-manager",
            "-- not a benign skip",
        ];
        assert_log(&what, &found, &has, &["tick complete"]);
        let is_late = !matches!(generation, G4 | G5);
        assert_eq!((inside, outside), (is_late, !is_late), "{what}");
    }
}

#[test]
fn a_kubectl_without_configuration_shows_where_it_went() {
    for generation in [G0, G1, G2, G2p, G3, G4, G5] {
        let found = log(generation, &Story::NoServer);
        let what = format!("{generation:?}");
        assert_log(&what, &found, &["localhost:8080"], &["tick complete"]);
        let early = "first observation; recording without restart";
        assert_eq!(
            found.contains(early),
            !matches!(generation, G4 | G5),
            "{what}"
        );
    }
}

#[test]
fn a_pinned_requests_proxy_is_named_when_it_stays_behind() {
    let pin = |values: &mut Values| values.images.requests_proxy = Some("sha256:1".to_owned());
    let story = Story::Moved { from: moved() };
    let found = tick_log(&Release::with(G8, pin), &digests('b'), &story);
    let has = [
        "requests-proxy is pinned by images.requestsProxy.digest",
        "re-image complete",
    ];
    assert_log(
        "pinned",
        &found,
        &has,
        &["set image deployment/berlin-requests-proxy"],
    );
}
