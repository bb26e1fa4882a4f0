//! A release seen as one of many: neither its Jobs nor its logs were asked for, and the CronJob's own times have to do.

use super::*;
use crate::observation::Depth;
use crate::release::{Run, Schedule};

/// As an overview sees it.
fn from_afar(mut site: Site) -> Site {
    site.0.depth = Depth::Overview;
    site.0.runs = Err(blind("not asked for in an overview"));
    site
}

fn job(site: &Site) -> (&'static str, Option<u16>) {
    let assessed = assess(&site.0);
    let frozen = assessed.frozen.map(Code::number);
    (assessed.refresh.unwrap().state.word(), frozen)
}

#[test]
fn the_times_of_the_cron_job_say_how_it_does() {
    let rows: &[(&str, Change, &str, Option<u16>)] = &[
        ("the last run ended well", |_| {}, "ok", None),
        (
            "the last one did not, the one before did",
            |site| site.cron_job().last_success = Some(time("2026-06-06T09:37:00Z")),
            "ok",
            None,
        ),
        (
            "nor did the one before",
            |site| site.cron_job().last_success = Some(time("2026-06-06T09:36:59Z")),
            "failing",
            None,
        ),
        (
            "nor any of three",
            |site| site.cron_job().last_success = Some(time("2026-06-06T09:21:59Z")),
            "failing",
            Some(307),
        ),
        (
            "one is active and may yet",
            |site| {
                site.cron_job().last_success = Some(time("2026-06-05T09:00:00Z"));
                site.cron_job().active = vec!["berlin-image-refresh-29678992".to_owned()];
            },
            "ok",
            None,
        ),
        (
            "none ever did",
            |site| site.cron_job().last_success = None,
            "failing",
            Some(307),
        ),
        (
            "it is new, and its first run did not",
            |site| {
                site.cron_job().created = Some(time("2026-06-06T09:45:00Z"));
                site.cron_job().last_success = None;
            },
            "new",
            None,
        ),
        (
            "suspended",
            |site| site.cron_job().run = Run::Suspended,
            "suspended",
            Some(305),
        ),
        (
            "nothing was started",
            |site| site.0.at = time("2026-06-06T10:27:01Z"),
            "overdue",
            Some(306),
        ),
        (
            "its schedule cannot be read",
            |site| {
                site.cron_job().schedule = Schedule {
                    cron: "@reboot".to_owned(),
                    zone: None,
                };
            },
            "unknown",
            None,
        ),
        (
            "behind a mirror it does nothing",
            |site| site.0.mirror = Some("mirror.corp.example".to_owned()),
            "inert",
            None,
        ),
    ];
    for (name, change, state, frozen) in rows {
        let mut site = from_afar(Site::g10());
        change(&mut site);
        assert_eq!((*state, *frozen), job(&site), "{name}");
    }
}

#[test]
fn a_streak_that_explains_the_failures_does_not_freeze() {
    let mut site = from_afar(Site::g2());
    site.annotate(Streak::Failures.key(), "3");
    site.cron_job().last_success = Some(time("2026-06-04T05:52:41Z"));
    assert_eq!(("failing", None), job(&site));
}

#[test]
fn failures_without_their_jobs_are_told_by_their_time() {
    let mut site = from_afar(Site::g10());
    site.cron_job().last_success = Some(time("2026-06-06T07:00:02Z"));
    assert_eq!(
        "no run of berlin-image-refresh has ended well for 3h, though several were started.",
        message(&assess(&site.0), Code::RunsFailed)
    );
}

#[test]
fn what_was_not_asked_for_is_no_gap_and_what_was_refused_is() {
    let mut site = from_afar(Site::g10());
    assert_eq!(Vec::<Incomplete>::new(), assess(&site.0).incomplete);
    site.0.depth = Depth::Whole;
    let gaps = assess(&site.0).incomplete;
    assert_eq!(1, gaps.len(), "{gaps:?}");
    assert_eq!("jobs", gaps[0].what);
}

#[test]
fn how_many_runs_failed_is_not_known_where_none_is() {
    let failed = |site: &Site| assess(&site.0).refresh.unwrap().failed_since_success;
    assert_eq!(Some(0), failed(&Site::g10()));
    assert_eq!(None, failed(&from_afar(Site::g10())));
}
