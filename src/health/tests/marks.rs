//! The findings about the release, in words: its marks, its limits, its values.

use super::*;
use crate::capability::{EnvValue, Limit};
use crate::observation::{ProxySettings, Rollout};
use crate::record::FLAP_DETECTED;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;

#[test]
fn the_release_is_told_of_its_marks_and_values() {
    hold(&[
        (
            "skips at the limit",
            Site::g10,
            |site| {
                site.annotate(Streak::Skips.key(), "8");
                site.workload(JOBS).rollout = Rollout::InFlight("0 of 1 updated".to_owned());
            },
            Code::SkipStreak,
            "cannot refresh itself: 8/8 ticks skipped in a row, since about 98m, because berlin-jobs-manager is not settled (0 of 1 updated). It goes on by itself once that is.",
        ),
        (
            "no API server",
            Site::g7,
            |site| {
                let log = "The connection to the server localhost:8080 was refused\n".to_owned();
                site.0.runs = Ok(vec![complete("2026-06-06T09:52:00Z", RunLog::Read(log))]);
            },
            Code::NoInClusterConfig,
            "the refresher talks to localhost:8080: kubectl finds no in-cluster configuration in its pod (chart #634, fixed in 1.9.28).",
        ),
        (
            "marks of G2 on a newer release",
            Site::g10,
            |site| {
                site.annotate(Streak::Failures.key(), "3");
                site.annotate(LAST_ERROR, "x");
            },
            Code::Leftover,
            "leftover, ignored: tracebloc.io/ingestor-refresh-consecutive-failures and tracebloc.io/ingestor-refresh-last-error.",
        ),
        (
            "a last error whose counter a person removed",
            Site::g2,
            |site| site.annotate(LAST_ERROR, "x"),
            Code::Leftover,
            "leftover, ignored: tracebloc.io/ingestor-refresh-last-error.",
        ),
        (
            "marks of a newer release",
            Site::g1,
            |site| {
                site.annotate(Streak::Attempts.key(), "1");
                site.annotate(FLAP_DETECTED, "3");
                site.annotate(
                    ManagedImage::ResourceMonitor.record_key().expect("a key"),
                    digest(OLD).as_str(),
                );
            },
            Code::Leftover,
            "leftover, ignored: tracebloc.io/last-refreshed-resource-monitor-digest, tracebloc.io/refresh-attempt and tracebloc.io/refresh-flap-detected.",
        ),
        (
            "its own marks are none",
            Site::g2,
            |site| site.annotate(Streak::Failures.key(), "1"),
            Code::Leftover,
            "silent",
        ),
        (
            "without a refresher nothing is left over",
            Site::without_refresher,
            |site| site.annotate(LAST_ERROR, "x"),
            Code::Leftover,
            "silent",
        ),
        (
            "a proxy on one side alone",
            Site::g10,
            |site| site.0.proxy = ProxySettings::ApiOnly,
            Code::ProxyNotOnCronJob,
            "a proxy is set on the api container but not on the refresh job, whose lookups go without it.",
        ),
        (
            "a proxy on both",
            Site::g10,
            |site| site.0.proxy = ProxySettings::CronJob,
            Code::ProxyNotOnCronJob,
            "silent",
        ),
        (
            "an alias",
            Site::g7,
            |site| site.cron_job().tag = Some("staging".to_owned()),
            Code::RetiredTag,
            "the refresher polls the tag staging, which nobody publishes any more; env.CLIENT_ENV: stg is meant.",
        ),
        (
            "no alias",
            Site::g7,
            |site| site.cron_job().tag = Some("stg".to_owned()),
            Code::RetiredTag,
            "silent",
        ),
        (
            "a mirror that the script does not know",
            Site::g7,
            |site| site.0.mirror = Some("mirror.example".to_owned()),
            Code::MirrorUnknownToScript,
            "images come from the mirror 'mirror.example', and this refresher does not know: it restarts when docker.io moves.",
        ),
        (
            "a mirror that it knows",
            Site::g10,
            |site| site.0.mirror = Some("mirror.example".to_owned()),
            Code::MirrorUnknownToScript,
            "silent",
        ),
        (
            "a deadline no longer than three waits",
            Site::g10,
            |site| site.cron_job().active_deadline = Some(Duration::from_secs(1_800)),
            Code::DeadlineTooShort,
            "a run may take 30m, and waiting for its rollouts alone up to 30m: it may be stopped while it waits.",
        ),
        (
            "one second more",
            Site::g10,
            |site| site.cron_job().active_deadline = Some(Duration::from_secs(1_801)),
            Code::DeadlineTooShort,
            "silent",
        ),
        (
            "one workload, one wait",
            Site::g7,
            |site| site.cron_job().active_deadline = Some(Duration::from_secs(1_800)),
            Code::DeadlineTooShort,
            "silent",
        ),
        (
            "a wait that the values set",
            Site::g7,
            |site| {
                site.cron_job().active_deadline = Some(Duration::from_secs(1_800));
                site.cron_job().env.0.push((
                    "ROLLOUT_TIMEOUT".to_owned(),
                    EnvValue::Literal("1h".to_owned()),
                ));
            },
            Code::DeadlineTooShort,
            "a run may take 30m, and waiting for its rollouts alone up to 60m: it may be stopped while it waits.",
        ),
    ]);
}

#[test]
fn limits_that_do_not_do_what_they_say_are_told() {
    for (limit, want) in [
        (Limit::At(3), "silent"),
        (Limit::At(96), "silent"),
        (
            Limit::At(97),
            "INGESTOR_RESOLVE_FAIL_THRESHOLD is 97: the alarm comes only after 24h.",
        ),
        (
            Limit::At(1),
            "INGESTOR_RESOLVE_FAIL_THRESHOLD is 1: a single hiccup raises the alarm.",
        ),
        (
            Limit::At(0),
            "INGESTOR_RESOLVE_FAIL_THRESHOLD is below 1: the limit fires at once.",
        ),
        (
            Limit::At(u64::MAX),
            "INGESTOR_RESOLVE_FAIL_THRESHOLD is 18446744073709551615: the alarm never comes.",
        ),
        (
            Limit::Unusable("1e+06\u{1b}".to_owned()),
            "INGESTOR_RESOLVE_FAIL_THRESHOLD is \"1e+06\", which is no number to the refresher: the limit never fires.",
        ),
    ] {
        let mut site = Site::g2();
        site.cron_job().limits.failures = limit.clone();
        assert_eq!(want, words(&site, Code::LimitUnusable), "{limit:?}");
    }
    let mut site = Site::g2();
    site.cron_job().limits.skips = Limit::At(0);
    assert_eq!(
        "silent",
        words(&site, Code::LimitUnusable),
        "a limit that this generation does not have"
    );
}

#[test]
fn a_streak_below_its_limit_warns() {
    let mut site = Site::g2();
    behind(&mut site, INGESTOR);
    site.annotate(Streak::Failures.key(), "1");
    assert_eq!(
        "ghcr.io lookups failed 1/3 times in a row, since about 8m2s; from 3 on the run fails.",
        words(&site, Code::StreakBelowThreshold)
    );
    site.cron_job().limits.failures = Limit::Unusable("many".to_owned());
    assert_eq!(
        "ghcr.io lookups failed 1 time in a row, since about 8m2s, and no run will ever fail for it.",
        words(&site, Code::StreakBelowThreshold)
    );
    site.cron_job().limits.failures = Limit::Elsewhere;
    assert_eq!(
        "ghcr.io lookups failed 1 time in a row, since about 8m2s; from how many on the run fails cannot be read.",
        words(&site, Code::StreakBelowThreshold)
    );
    assert_eq!("silent", words(&site, Code::LimitUnusable));
    site.cron_job().pinned.insert(INGESTOR);
    assert_eq!(
        "silent",
        words(&site, Code::StreakBelowThreshold),
        "a pin is not looked up"
    );
}
