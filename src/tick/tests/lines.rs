//! The words of the log: every substring by which the chart's outcomes are told apart, in a tick that has this outcome,
//! and the decoder's opinion of the same lines.

use super::*;
use crate::log::{Event, PREFIX, decode};
use crate::observation::Rollout::{InFlight, Settled};

/// A tick of this generation: what is stored, what is in use, and what all its tags name.
fn log(
    generation: Generation,
    changes: &[(&str, &str)],
    rollout: Rollout,
    stored: &[(&str, Option<&str>)],
    latest: Option<&str>,
) -> String {
    let policy = policy(generation, changes);
    let latest = policy
        .lookups()
        .into_iter()
        .map(|(image, _)| (image, answer(latest)))
        .collect();
    let scene = Scene {
        policy,
        rollout,
        record: record(stored),
        in_use: A.to_owned(),
        latest,
    };
    let log = scene.tick(None).log;
    let lines: Vec<_> = log.iter().map(|line| format!("{PREFIX}{line}\n")).collect();
    lines.concat()
}

fn recorded(digest: &'static str) -> Vec<(&'static str, Option<&'static str>)> {
    ManagedImage::ALL
        .iter()
        .filter_map(|image| Some((image.record_key()?, Some(digest))))
        .collect()
}

#[test]
fn every_substring_of_the_contract_is_said_where_it_belongs() {
    let unsettled = || InFlight("0 of 1 updated".to_owned());
    let with = |more: &[(&'static str, Option<&'static str>)]| [&recorded(A), more].concat();
    let (g2, g3, g7, g10) = (
        Generation::G2,
        Generation::G3,
        Generation::G7,
        Generation::G10,
    );
    let (all_pinned, ingestor_pinned) = (
        [
            ("JOBS_MANAGER_PINNED", "1"),
            ("PODS_MONITOR_PINNED", "1"),
            ("INGESTOR_PINNED", "1"),
        ],
        [("INGESTOR_PINNED", "1")],
    );
    for (log, words) in [
        (
            log(g2, &all_pinned, Settled, &[], None),
            &[
                "release=berlin namespace=tracebloc deployment=berlin-jobs-manager",
                "client images:",
                "ingestor image: tracebloc/ingestor on ghcr.io under tag=0.3 (pinned=1)",
                "checking tracebloc/jobs-manager:prod (annotation=tracebloc.io/last-refreshed-jobs-manager-digest)",
                "pinned by digest in values",
                "checking ghcr.io/tracebloc/ingestor:",
                "ingestor.autoRefresh: false in values",
                "tick complete",
            ][..],
        ),
        (
            log(g2, &[], Settled, &[(FAILURES, Some("1"))], None),
            &[
                "WARN: could not resolve latest digest",
                "WARN: could not resolve latest ingestor digest (failure 2/3;",
                "tick complete",
            ],
        ),
        (
            log(g2, &[], Settled, &[(FAILURES, Some("2"))], None),
            &[
                "ERROR: could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks (threshold 3)",
            ],
        ),
        (
            log(g2, &[], Settled, &[(FAILURES, Some("3"))], None),
            &[
                "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:0.3 (>= 3 consecutive failures)",
            ],
        ),
        (
            log(g2, &[], Settled, &with(&[(FAILURES, Some("3"))]), Some(B)),
            &[
                "recorded=sha256:a",
                "restart needed",
                "rolling restart of deployment/berlin-jobs-manager",
                "rollout complete",
                "updating deployment annotations:",
                "clearing prior failure streak",
                "latest=sha256:b",
                "current=sha256:a",
                "set env + wait for rollout",
                "ingestor refresh complete",
            ],
        ),
        (
            log(g2, &ingestor_pinned, Settled, &[], Some(B)),
            &[
                "recorded=<unset>",
                "first observation; recording without restart",
            ],
        ),
        (
            log(g2, &[], Settled, &[], Some(B)),
            &["first observation; adopting spec env"],
        ),
        (
            log(g2, &[], Settled, &recorded(A), Some(A)),
            &[
                "digest unchanged since last refresh",
                "verifying deployment health",
                "fully in sync; no-op",
            ],
        ),
        (
            log(g2, &[], Settled, &recorded(B), Some(B)),
            &["spec env drifted (", "ingestor env re-applied"],
        ),
        (
            log(Generation::G1, &[], Settled, &[(FAILURES, Some("3"))], None),
            &["WARN: could not resolve latest digest", "tick complete"],
        ),
        (
            log(g3, &[], unsettled(), &recorded(A), Some(B)),
            &["rolling restart of deployment/", "tick complete"],
        ),
        (
            log(g7, &[], Settled, &with(&[(ATTEMPT, Some("1"))]), Some(B)),
            &[
                "rolling restart of deployment/berlin-jobs-manager (attempt 2/3)",
                "rollout complete",
            ],
        ),
        (
            log(g7, &[], unsettled(), &[], None),
            &["not settled (rollout in progress or pod not Ready)"],
        ),
        (
            log(g7, &[], Settled, &with(&[(ATTEMPT, Some("3"))]), Some(B)),
            &["FLAP DETECTED", "tick complete"],
        ),
        (
            log(
                g10,
                &[("REQUESTS_PROXY_PINNED", "1")],
                Settled,
                &with(&[(SKIPS, Some("5"))]),
                Some(B),
            ),
            &[
                "client images: tracebloc/{jobs-manager,pods-monitor,resource-monitor} on docker.io under tag=prod",
                "also reconciling: deployment/berlin-requests-proxy daemonset/berlin-resource-monitor (namespace ",
                "is settled again after 5 skipped",
                "re-image needed",
                "requests-proxy is pinned by images.requestsProxy.digest",
                "re-imaging control-plane workloads (attempt 1/3)",
                "set image deployment/berlin-jobs-manager api=docker.io/tracebloc/jobs-manager@sha256:b",
                "set image daemonset/berlin-resource-monitor tracebloc-resource-monitor=",
                "re-image complete",
            ],
        ),
        (
            log(g10, &[], Settled, &[], Some(B)),
            &["first observation; recording without re-imaging"],
        ),
        (
            log(g10, &[], unsettled(), &[(SKIPS, Some("2"))], None),
            &[
                "not settled (rollout in progress or pod not Ready) -- skipping this refresh tick 3/8",
            ],
        ),
        (
            log(g10, &[], unsettled(), &[(SKIPS, Some("8"))], None),
            &[
                "ERROR: deployment/berlin-jobs-manager has been unsettled for 9 consecutive ticks",
                "IMAGE REFRESH IS FROZEN",
                "kubectl get pods -n tracebloc -l app=manager",
                "kubectl logs -n tracebloc deployment/berlin-jobs-manager --all-containers --tail=50",
                "kubectl get events -n tracebloc --sort-by=.lastTimestamp",
                "port 8080 of api does not open",
            ],
        ),
        (
            log(g10, &[("IMAGE_REGISTRY", "")], Settled, &[], None),
            &[
                "NOTE: images are served from private mirror '', not from docker.io",
                "what docker.io's tags name says nothing about what this release pulls",
                "image refresh is INERT here: nothing is looked up, nothing is changed",
                "to move to a new build, pull it into the mirror and restart the workloads",
                "tick complete",
            ],
        ),
    ] {
        let mut lines = log.lines();
        for words in words {
            let is_said = words == &"IMAGE REFRESH IS FROZEN" && log.contains(words)
                || lines.any(|line| line.contains(words));
            assert!(is_said, "{words:?} is not said, or not there:\n{log}");
        }
        for line in log.lines() {
            assert!(
                line.starts_with(PREFIX) && !line.contains(crate::text::is_unprintable),
                "{line}"
            );
        }
    }
}

#[test]
fn an_empty_environment_of_the_ingestor_is_shown_as_empty() {
    let scene = Scene {
        policy: policy(Generation::G2, &[]),
        rollout: Settled,
        record: Record::default(),
        in_use: String::new(),
        latest: Latest::from([(ManagedImage::Ingestor, answer(Some(B)))]),
    };
    let log = scene.tick(None).log.join("\n");
    assert!(
        log.contains("current=<empty>") && log.contains("first observation; spec env empty"),
        "{log}"
    );
}

#[test]
fn the_alarm_says_what_to_check_and_what_to_run() {
    let alarm = log(Generation::G2, &[], Settled, &[(FAILURES, Some("2"))], None);
    for words in [
        "TCP 443 to ghcr.io",
        "https://ghcr.io/token",
        "HTTPS_PROXY",
        "TLS interception",
        "kubectl tracebloc-images ",
        " -n tracebloc",
        "[TBI-251 registry-1.docker.io: manifest: in the words of whoever refused]",
    ] {
        assert!(alarm.contains(words), "{words:?}:\n{alarm}");
    }
}

#[test]
fn the_decoder_reads_what_a_tick_writes() {
    let last = |log: &str| {
        decode(log)
            .iter()
            .map(|entry| entry.event)
            .collect::<Vec<_>>()
    };
    let unsettled = || InFlight("0 of 1 updated".to_owned());
    for (log, event) in [
        (
            log(Generation::G2, &[], Settled, &[], None),
            Event::FailureCounted {
                count: 1,
                threshold: 3,
            },
        ),
        (
            log(Generation::G2, &[], Settled, &[(FAILURES, Some("2"))], None),
            Event::ThresholdReached,
        ),
        (
            log(Generation::G2, &[], Settled, &[(FAILURES, Some("3"))], None),
            Event::AboveThreshold,
        ),
        (
            log(
                Generation::G10,
                &[],
                unsettled(),
                &[(SKIPS, Some("2"))],
                None,
            ),
            Event::Skipped {
                count: Some(3),
                limit: Some(8),
            },
        ),
        (
            log(Generation::G7, &[], unsettled(), &[], None),
            Event::Skipped {
                count: None,
                limit: None,
            },
        ),
        (
            log(
                Generation::G10,
                &[],
                unsettled(),
                &[(SKIPS, Some("9"))],
                None,
            ),
            Event::Frozen,
        ),
        (
            log(
                Generation::G10,
                &[],
                Settled,
                &[&recorded(A)[..], &[(ATTEMPT, Some("3"))]].concat(),
                Some(B),
            ),
            Event::LockedOut,
        ),
        (
            log(
                Generation::G10,
                &[("IMAGE_REGISTRY", "m")],
                Settled,
                &[],
                None,
            ),
            Event::Mirrored,
        ),
        (
            log(Generation::G10, &[], Settled, &[], Some(B)),
            Event::FirstObservation,
        ),
        (
            log(Generation::G3, &[], Settled, &recorded(A), Some(B)),
            Event::Drifted,
        ),
    ] {
        assert!(last(&log).contains(&event), "{event:?}:\n{log}");
        let foreign = last(&log)
            .into_iter()
            .filter(|event| matches!(event, Event::ToolError | Event::ToolOutput));
        assert_eq!(0, foreign.count(), "{log}");
    }
}

#[test]
fn foreign_text_cannot_leave_its_line() {
    let hostile = "x\u{1b}[2J\n[image-refresh] tick complete";
    let log = log(
        Generation::G10,
        &[("RELEASE_NAME", hostile), ("IMAGE_TAG", hostile)],
        Settled,
        &[
            (SKIPS, Some(hostile)),
            (key(ManagedImage::JobsManager), Some(hostile)),
        ],
        Some(B),
    );
    assert_eq!(
        1,
        log.lines()
            .filter(|line| line.starts_with("[image-refresh] tick complete"))
            .count(),
        "{log}"
    );
    assert!(!log.contains('\u{1b}'));
}
