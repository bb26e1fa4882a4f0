//! Every line that a script of any generation prints (chart contract, section 8), as it is printed.

use crate::log::{Event, cause_of, decode};

/// The lines of the contract's section 8 as the scripts print them, indentation and all.
#[test]
fn every_line_of_the_contract_has_its_meaning() {
    let rows: &[(&str, Event)] = &[
        (
            "release=berlin namespace=tracebloc deployment=berlin-jobs-manager tag=prod",
            Event::Started,
        ),
        (
            "release=berlin namespace=tracebloc deployment=berlin-jobs-manager",
            Event::Started,
        ),
        (
            "  client images: tracebloc/{jobs-manager,pods-monitor} on docker.io under tag=prod",
            Event::Announced,
        ),
        (
            "  ingestor image: tracebloc/ingestor on ghcr.io under tag=0.3 (pinned=0)",
            Event::Announced,
        ),
        (
            "  also reconciling: requests-proxy (Deployment berlin-requests-proxy)",
            Event::Announced,
        ),
        (
            "checking tracebloc/jobs-manager:prod (annotation=tracebloc.io/last-refreshed-jobs-manager-digest)",
            Event::Checking,
        ),
        (
            "checking ghcr.io/tracebloc/ingestor:0.3 (env=INGESTOR_IMAGE_DIGEST on container=api)",
            Event::Checking,
        ),
        ("  latest=sha256:1", Event::Latest),
        ("  recorded=<unset>", Event::Recorded),
        ("  current=<empty>", Event::InUse),
        (
            "  jobs-manager is pinned by digest in values; skipping",
            Event::Pinned,
        ),
        (
            "  ingestor.autoRefresh: false in values; skipping",
            Event::Pinned,
        ),
        (
            "  WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor",
            Event::TokenFailed,
        ),
        (
            "  WARN: could not resolve latest digest (rate-limited or transient); skipping",
            Event::Unresolved,
        ),
        (
            "  WARN: could not resolve latest ingestor digest (failure 1/3; rate-limited or transient)",
            Event::FailureCounted {
                count: 1,
                threshold: 3,
            },
        ),
        (
            "ERROR: could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks (threshold 3)",
            Event::ThresholdReached,
        ),
        (
            "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:0.3 (>= 3 consecutive failures)",
            Event::AboveThreshold,
        ),
        (
            "  resolved again; clearing prior failure streak",
            Event::StreakCleared,
        ),
        (
            "  first observation; recording without restart",
            Event::FirstObservation,
        ),
        (
            "  first observation; recording without re-imaging",
            Event::FirstObservation,
        ),
        (
            "  first observation; adopting spec env sha256:1",
            Event::FirstObservation,
        ),
        (
            "  first observation; spec env empty; set env + wait for rollout",
            Event::FirstObservation,
        ),
        (
            "  digest unchanged since last refresh; no-op",
            Event::Unchanged,
        ),
        (
            "  digest changed (sha256:1 -> sha256:2); restart needed",
            Event::Drifted,
        ),
        (
            "  digest changed (sha256:1 -> sha256:2); re-image needed",
            Event::Drifted,
        ),
        (
            "  digest changed (sha256:1 -> sha256:2); set env + wait for rollout",
            Event::Drifted,
        ),
        ("  spec env drifted (sha256:2); re-applying", Event::Drifted),
        ("  ingestor env re-applied", Event::Done),
        ("  in sync; verifying deployment health", Event::Acting),
        ("  fully in sync; no-op", Event::Done),
        (
            "rolling restart of deployment/berlin-jobs-manager",
            Event::Acting,
        ),
        (
            "rolling restart of deployment/berlin-jobs-manager (attempt 1/3)",
            Event::Acting,
        ),
        ("  rollout complete", Event::Done),
        (
            "re-imaging control-plane workloads (attempt 1/3)",
            Event::Acting,
        ),
        (
            "  set image deployment/berlin-jobs-manager api=docker.io/tracebloc/jobs-manager@sha256:1",
            Event::Acting,
        ),
        (
            "  set image daemonset/berlin-resource-monitor x=docker.io/tracebloc/resource-monitor@sha256:1",
            Event::Acting,
        ),
        ("re-image complete", Event::Done),
        ("  ingestor refresh complete", Event::Done),
        (
            "updating deployment annotations: tracebloc.io/last-refreshed-ingestor-digest=sha256:1",
            Event::Recording,
        ),
        (
            "deployment/berlin-jobs-manager not settled (rollout in progress or pod not Ready) -- skipping this refresh tick",
            Event::Skipped {
                count: None,
                limit: None,
            },
        ),
        (
            "deployment/berlin-jobs-manager not settled (rollout in progress or pod not Ready) -- skipping this refresh tick (7/8)",
            Event::Skipped {
                count: None,
                limit: None,
            },
        ),
        (
            "ERROR: cannot read deployment/berlin-jobs-manager (NotFound, RBAC denial, or API error): x",
            Event::DeploymentUnreadable,
        ),
        ("WARN: FLAP DETECTED: 3 attempts", Event::LockedOut),
        (
            "WARN: could not read tracebloc.io/refresh-attempt; skipping",
            Event::AttemptUnreadable,
        ),
        (
            "ERROR: deployment/x has been unsettled for 8 consecutive ticks; IMAGE REFRESH IS FROZEN until",
            Event::Frozen,
        ),
        (
            "ERROR: its annotation could not be read -- the skip streak cannot be counted",
            Event::SkipsUncounted,
        ),
        (
            "deployment/berlin-jobs-manager is settled again after 7 skipped ticks",
            Event::SettledAgain,
        ),
        (
            "WARNING: could not clear the skip streak (x)",
            Event::ClearFailed,
        ),
        (
            "NOTE: images are served from private mirror 'mirror.corp.example', not from docker.io",
            Event::Mirrored,
        ),
        ("  image refresh is INERT here", Event::Mirrored),
        ("nothing to record or restart", Event::Completed),
        ("tick complete", Event::Completed),
    ];
    for (line, want) in rows {
        let line = format!("[image-refresh] {line}");
        assert_eq!(*want, decode(&line)[0].event, "{line}");
    }
}

#[test]
fn what_follows_a_counter_that_could_not_be_cleared_is_kubectls() {
    let log = "[image-refresh] WARNING: could not clear the skip streak (E1121 memcache\n\
        The connection to the server localhost:8080 was refused\n\
        did you specify the right host or port?); the next tick tries again\n\
        [image-refresh] tick complete\n";
    let entries = decode(log);
    assert_eq!(Event::ClearFailed, entries[0].event);
    assert_eq!(2, cause_of(&entries, 0).len());
    assert!(cause_of(&entries, 3).is_empty() || entries[3].event == Event::Completed);
}
