//! Counters at their limits: what is stuck, and what only looks so.

use super::*;
use crate::capability::Limit;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;

#[test]
fn limits_fire_where_they_can() {
    type Row = (
        &'static str,
        fn() -> Site,
        Streak,
        &'static str,
        Limit,
        &'static str,
    );
    let rows: [Row; 8] = [
        (
            "below",
            Site::g2,
            Streak::Failures,
            "2",
            Limit::At(3),
            "current",
        ),
        ("at", Site::g2, Streak::Failures, "3", Limit::At(3), "stuck"),
        (
            "never",
            Site::g2,
            Streak::Failures,
            "900",
            Limit::Unusable("1e+06".to_owned()),
            "current",
        ),
        (
            "a limit of zero needs a failure",
            Site::g2,
            Streak::Failures,
            "0",
            Limit::At(0),
            "current",
        ),
        (
            "skips below",
            Site::g10,
            Streak::Skips,
            "7",
            Limit::At(8),
            "unrelated",
        ),
        (
            "skips at",
            Site::g10,
            Streak::Skips,
            "8",
            Limit::At(8),
            "all stuck",
        ),
        (
            "skips with a limit of zero",
            Site::g10,
            Streak::Skips,
            "0",
            Limit::At(0),
            "unrelated",
        ),
        (
            "of another generation",
            Site::g1,
            Streak::Failures,
            "3",
            Limit::At(3),
            "current",
        ),
    ];
    for (sentence, site, streak, count, limit, want) in rows {
        let mut site = site();
        site.annotate(streak.key(), count);
        match streak {
            Streak::Failures => site.cron_job().limits.failures = limit,
            Streak::Attempts => site.cron_job().limits.attempts = limit,
            Streak::Skips => site.cron_job().limits.skips = limit,
        }
        match want {
            "unrelated" => assert_eq!("current", judged(&site, JOBS).0, "{sentence}"),
            "all stuck" => assert_eq!(
                vec![
                    "jobs-manager: stuck",
                    "pods-monitor: stuck",
                    "resource-monitor: stuck",
                    "requests-proxy: stuck",
                    "ingestor: current",
                ],
                states(&assess(&site.0)),
                "{sentence}"
            ),
            want => assert_eq!(want, judged(&site, INGESTOR).0, "{sentence}"),
        }
    }
}

#[test]
fn a_lock_out_needs_something_that_would_move() {
    let mut site = Site::g7();
    site.annotate(Streak::Attempts.key(), "3");
    assert_eq!("current", judged(&site, JOBS).0);
    assert!(!codes(&assess(&site.0)).contains(&"TBI-303".to_owned()));
    site.publish(JOBS, OLD, BOTH);
    assert_eq!("stuck stale", judged(&site, JOBS).0);
    assert_eq!("current", judged(&site, ManagedImage::PodsMonitor).0);
    let assessed = assess(&site.0);
    assert_eq!(
        "cannot refresh itself: 3/3 rollouts in a row did not end well, and nothing moves jobs-manager until a person clears the count.",
        message(&assessed, Code::FlapLockout)
    );
    let refused = "kubectl tracebloc-images refresh jobs-manager -n tracebloc";
    assert!(!commands(&assessed).contains(&refused));
    assert!(commands(&assessed).contains(&"kubectl tracebloc-images refresh --rearm -n tracebloc"));

    let down = failure(
        Code::Dropped,
        Layer::Connect,
        "registry-1.docker.io",
        "timed out",
    );
    site.block(JOBS, down);
    assert_eq!("unknown", judged(&site, JOBS).0, "never seen locked out");
    site.annotate(crate::record::FLAP_DETECTED, "3");
    assert_eq!("stuck unknown", judged(&site, JOBS).0);
}

#[test]
fn moved_by_hand_the_streak_goes_on() {
    let mut site = Site::g2();
    site.annotate(Streak::Failures.key(), "3");
    assert_eq!(
        "cannot refresh itself: ghcr.io lookups failed 3/3 times in a row, since about 23m. It was moved by hand; pods still cannot resolve it.",
        message(&assess(&site.0), Code::StreakAtThreshold)
    );
}

#[test]
fn a_limit_of_zero_attempts_locks_out_before_the_first() {
    let mut site = Site::g7();
    site.cron_job().limits.attempts = Limit::At(0);
    site.publish(JOBS, OLD, BOTH);
    assert_eq!("stuck stale", judged(&site, JOBS).0);
}
