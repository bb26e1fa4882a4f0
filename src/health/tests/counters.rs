//! Counters: what they hold, since when they run, and when they raise the alarm.

use super::*;
use crate::capability::Limit;
use crate::observation::Origin;
use crate::release::Schedule;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;

fn counted(site: &Site, streak: Streak) -> AssessedStreak {
    let streaks = assess(&site.0).streaks;
    streaks
        .into_iter()
        .find(|one| one.streak == streak)
        .expect("a streak")
}

#[expect(clippy::unnecessary_wraps, reason = "a cell of the table")]
fn about(text: &str) -> Option<Since> {
    Some(Since {
        about: time(text),
        bound: Bound::About,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a cell of the table")]
fn at_least(text: &str) -> Option<Since> {
    Some(Since {
        about: time(text),
        bound: Bound::AtLeast,
    })
}

/// A manual run that succeeded then.
fn by_hand(text: &str) -> crate::observation::RefreshRun {
    let mut run = complete(text, RunLog::PodDeleted);
    run.origin = Origin::Manual;
    run
}

#[test]
fn a_streak_is_dated_by_schedule_runs_and_the_last_write() {
    type Row = (&'static str, &'static str, u64, Change, Option<Since>);

    let count = |site: &mut Site, count: &str| site.annotate(Streak::Failures.key(), count);
    let rows: [Row; 14] = [
        ("nothing is counted", "0", 3, |_| {}, None),
        (
            "one: the last run",
            "1",
            3,
            |_| {},
            about("2026-06-06T09:52:00Z"),
        ),
        (
            "two: the run before it",
            "2",
            3,
            |_| {},
            about("2026-06-06T09:37:00Z"),
        ),
        (
            "at three the last two successes were failures",
            "3",
            3,
            |_| {},
            about("2026-06-06T09:37:00Z"),
        ),
        (
            "a higher limit tolerates more",
            "5",
            5,
            |_| {},
            about("2026-06-06T09:07:00Z"),
        ),
        (
            "above the limit nothing more is counted",
            "7",
            3,
            |_| {},
            about("2026-06-06T09:37:00Z"),
        ),
        (
            "a limit of one fails at once",
            "1",
            1,
            |_| {},
            about("2026-06-06T10:07:00Z"),
        ),
        (
            "no success at all: the earliest failure kept",
            "3",
            3,
            |site| {
                site.cron_job().last_success = None;
                site.0.runs = Ok(vec![
                    failed("2026-06-06T09:52:00Z"),
                    failed("2026-06-06T09:37:00Z"),
                ]);
            },
            at_least("2026-06-06T09:37:00Z"),
        ),
        (
            "a success by hand says nothing of the schedule",
            "3",
            3,
            |site| {
                site.0.runs = Ok(vec![
                    by_hand("2026-06-06T09:52:00Z"),
                    failed("2026-06-06T09:22:00Z"),
                ]);
            },
            at_least("2026-06-06T09:22:00Z"),
        ),
        (
            "and no failure is kept either",
            "3",
            3,
            |site| {
                site.0.runs = Ok(vec![by_hand("2026-06-06T09:52:00Z")]);
            },
            None,
        ),
        (
            "but then the last write bounds it",
            "3",
            3,
            |site| {
                site.0.runs = Ok(vec![by_hand("2026-06-06T09:52:00Z")]);
                written(site, "2026-06-05T00:00:00Z");
            },
            at_least("2026-06-05T00:00:00Z"),
        ),
        (
            "it was written before it can have begun",
            "3",
            3,
            |site| {
                written(site, "2026-06-05T00:00:00Z");
            },
            about("2026-06-05T00:00:00Z"),
        ),
        (
            "a schedule that cannot be read, and nothing written",
            "2",
            3,
            |site| {
                site.cron_job().schedule = Schedule {
                    cron: "@every 1h".to_owned(),
                    zone: None,
                };
            },
            None,
        ),
        (
            "as long ago as nobody walks back",
            "5000",
            9000,
            |_| {},
            at_least("2026-05-26T23:52:00Z"),
        ),
    ];
    for (sentence, text, limit, change, want) in rows {
        let mut site = Site::g2();
        count(&mut site, text);
        site.cron_job().limits.failures = Limit::At(limit);
        change(&mut site);
        assert_eq!(want, counted(&site, Streak::Failures).since, "{sentence}");
    }
}

fn written(site: &mut Site, text: &str) {
    let record = site.0.record.as_mut().expect("a record");
    record
        .written
        .insert(Streak::Failures.key().to_owned(), time(text));
}

#[test]
fn attempts_are_not_made_at_every_point_and_are_dated_by_the_last_write() {
    let mut site = Site::g7();
    site.annotate(Streak::Attempts.key(), "2");
    assert_eq!(None, counted(&site, Streak::Attempts).since);
    let record = site.0.record.as_mut().expect("a record");
    record.written.insert(
        Streak::Attempts.key().to_owned(),
        time("2026-06-05T00:00:00Z"),
    );
    assert_eq!(
        at_least("2026-06-05T00:00:00Z"),
        counted(&site, Streak::Attempts).since
    );
}

#[test]
fn each_generation_has_the_counters_that_it_counts() {
    let of = |site: Site| -> Vec<Streak> {
        assess(&site.0)
            .streaks
            .iter()
            .map(|streak| streak.streak)
            .collect()
    };
    assert_eq!(Vec::<Streak>::new(), of(Site::g1()));
    assert_eq!(vec![Streak::Failures], of(Site::g2()));
    assert_eq!(vec![Streak::Attempts], of(Site::g7()));
    assert_eq!(vec![Streak::Attempts, Streak::Skips], of(Site::g10()));
    assert_eq!(Vec::<Streak>::new(), of(Site::without_refresher()));
}

#[test]
fn what_is_no_number_counts_as_the_chart_counts_it_and_is_told() {
    for (text, count, state, told) in [
        ("3", 3, "stuck", None),
        ("2", 2, "current", None),
        ("0003", 3, "stuck", None),
        (
            "abc",
            0,
            "current",
            Some("is \"abc\", which is no number and counts as 0."),
        ),
        (
            "-3",
            0,
            "current",
            Some("is \"-3\", which is no number and counts as 0."),
        ),
        (
            "3.0",
            0,
            "current",
            Some("is \"3.0\", which is no number and counts as 0."),
        ),
        (
            "\u{1b}[31m3\n",
            0,
            "current",
            Some("is \"[31m3\", which is no number and counts as 0."),
        ),
        (
            "999999999999999999999999999999",
            u64::MAX,
            "stuck",
            Some(
                "is \"999999999999999999999999999999\", more than can be counted; it is taken for the largest number.",
            ),
        ),
    ] {
        let mut site = Site::g2();
        site.annotate(Streak::Failures.key(), text);
        assert_eq!(
            Ok(count),
            counted(&site, Streak::Failures).count,
            "{text:?}"
        );
        assert_eq!(state, judged(&site, INGESTOR).0, "{text:?}");
        let assessed = assess(&site.0);
        let found = assessed
            .findings
            .iter()
            .find(|found| found.code == Code::CounterMalformed);
        let want = told.map(|told| format!("{} {told}", Streak::Failures.key()));
        assert_eq!(want, found.map(|found| found.message.clone()), "{text:?}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_never_zero_and_never_current() {
    let mut site = Site::g2();
    site.0.record = Err(blind("deployments.apps is forbidden"));
    let streak = counted(&site, Streak::Failures);
    assert_eq!(
        (Err(blind("deployments.apps is forbidden")), None),
        (streak.count, streak.since)
    );
    let assessed = assess(&site.0);
    assert!(
        assessed
            .images
            .iter()
            .all(|image| image.states == [State::Unknown]),
        "{:?}",
        states(&assessed)
    );
    assert!(codes(&assessed).contains(&"TBI-311".to_owned()));
    assert!(
        assessed
            .incomplete
            .iter()
            .any(|blind| blind.what == "record")
    );
    assert_eq!(
        Some("the record is not readable: deployments.apps is forbidden"),
        assessed.images[0].unknown.as_deref()
    );
}
