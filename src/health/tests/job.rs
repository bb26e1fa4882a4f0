//! The refresh job: whether it runs, and since when it does not.

use super::*;
use crate::observation::Origin;
use crate::release::{Run, Schedule};

/// Why the release is frozen, and the finding that says so.
fn frozen(site: &Site) -> Option<(u16, String)> {
    let assessed = assess(&site.0);
    let code = assessed.frozen?;
    Some((code as u16, message(&assessed, code)))
}

fn at(site: &mut Site, text: &str) {
    site.0.at = time(text);
}

/// Three runs failed after the last success.
fn three_failed(site: &mut Site) {
    site.0.runs = Ok(vec![
        failed("2026-06-06T09:52:00Z"),
        failed("2026-06-06T09:37:00Z"),
        failed("2026-06-06T09:22:00Z"),
        complete("2026-06-06T09:07:00Z", RunLog::PodDeleted),
    ]);
    site.cron_job().last_success = Some(time("2026-06-06T09:07:41Z"));
}

#[test]
fn a_refresher_that_does_not_run_freezes_the_release() {
    let rows: &[(&str, Change, Option<(u16, &str)>)] = &[
        ("it runs", |_| {}, None),
        (
            "suspended",
            |site| site.cron_job().run = Run::Suspended,
            Some((
                305,
                "berlin-image-refresh is suspended: nothing moves until a person resumes it.",
            )),
        ),
        (
            "two points and the grace have passed",
            |site| at(site, "2026-06-06T10:27:01Z"),
            Some((
                306,
                "berlin-image-refresh has started no run for 35m, and at least two were due since.",
            )),
        ),
        (
            "the grace has not",
            |site| at(site, "2026-06-06T10:27:00Z"),
            None,
        ),
        (
            "without a grace",
            |site| {
                site.cron_job().starting_deadline = None;
                at(site, "2026-06-06T10:22:01Z");
            },
            Some((
                306,
                "berlin-image-refresh has started no run for 30m, and at least two were due since.",
            )),
        ),
        (
            "a run that is active keeps the next from starting",
            |site| {
                site.cron_job().active_deadline = Some(Duration::from_secs(3_600));
                at(site, "2026-06-06T10:40:00Z");
                site.0.runs = Ok(vec![active("2026-06-06T09:52:00Z", 1)]);
            },
            None,
        ),
        (
            "so does one that only the CronJob knows",
            |site| {
                site.cron_job().active = vec!["berlin-image-refresh-29678992".to_owned()];
                site.0.runs = Err(blind("jobs is forbidden"));
                at(site, "2026-06-06T12:00:00Z");
            },
            None,
        ),
        (
            "it never ran since it was made",
            |site| {
                site.cron_job().last_schedule = None;
                site.0.runs = Ok(Vec::new());
            },
            Some((
                306,
                "berlin-image-refresh has started no run for 156d, and at least two were due since.",
            )),
        ),
        (
            "nobody knows when it was made",
            |site| {
                site.cron_job().last_schedule = None;
                site.cron_job().created = None;
                site.0.runs = Ok(Vec::new());
            },
            None,
        ),
        (
            "a schedule that cannot be read is not overdue",
            |site| {
                site.cron_job().schedule = Schedule {
                    cron: "@every 1h".to_owned(),
                    zone: None,
                };
                at(site, "2026-07-06T10:00:00Z");
            },
            None,
        ),
        (
            "past its deadline",
            |site| {
                site.cron_job().active_deadline = Some(Duration::from_secs(1_800));
                site.0.runs = Ok(vec![active("2026-06-06T09:22:00Z", 1)]);
            },
            Some((
                308,
                "run berlin-image-refresh-29678962 is still active, past the 30m that it may take.",
            )),
        ),
        (
            "the controller may be a little late",
            |site| {
                site.cron_job().active_deadline = Some(Duration::from_secs(1_800));
                site.0.runs = Ok(vec![active("2026-06-06T09:30:00Z", 1)]);
            },
            None,
        ),
        (
            "without a deadline, six waits for a rollout",
            |site| {
                site.0.runs = Ok(vec![active("2026-06-06T08:58:00Z", 1)]);
            },
            Some((
                308,
                "run berlin-image-refresh-29678938 is still active, past the 60m that it may take.",
            )),
        ),
        (
            "which the values set",
            |site| {
                let value = crate::capability::EnvValue::Literal("20m".to_owned());
                site.cron_job()
                    .env
                    .0
                    .push(("ROLLOUT_TIMEOUT".to_owned(), value));
                site.0.runs = Ok(vec![active("2026-06-06T08:58:00Z", 1)]);
            },
            None,
        ),
        (
            "no pod for minutes",
            |site| {
                site.0.runs = Ok(vec![active("2026-06-06T09:58:01Z", 0)]);
                site.cron_job().last_schedule = Some(time("2026-06-06T09:58:01Z"));
            },
            Some((
                308,
                "run berlin-image-refresh-29678998 is active without any pod: a quota or an admission webhook refuses it (TBI-506).",
            )),
        ),
        (
            "no pod yet",
            |site| site.0.runs = Ok(vec![active("2026-06-06T09:58:03Z", 0)]),
            None,
        ),
        (
            "three runs in a row failed",
            three_failed,
            Some((
                307,
                "the last 3 runs of berlin-image-refresh failed, all with BackoffLimitExceeded.",
            )),
        ),
        (
            "two runs failed",
            |site| {
                three_failed(site);
                site.0.runs.as_mut().expect("runs").remove(0);
            },
            None,
        ),
        (
            "a success came between",
            |site| {
                three_failed(site);
                site.cron_job().last_success = Some(time("2026-06-06T09:30:00Z"));
            },
            None,
        ),
        (
            "no success at all",
            |site| {
                three_failed(site);
                site.cron_job().last_success = None;
            },
            Some((
                307,
                "the last 3 runs of berlin-image-refresh failed, all with BackoffLimitExceeded.",
            )),
        ),
        (
            "the ingestor's streak explains it",
            |site| {
                three_failed(site);
                site.annotate(Streak::Failures.key(), "3");
            },
            None,
        ),
        (
            "a streak below its limit does not",
            |site| {
                three_failed(site);
                site.annotate(Streak::Failures.key(), "2");
            },
            Some((
                307,
                "the last 3 runs of berlin-image-refresh failed, all with BackoffLimitExceeded.",
            )),
        ),
    ];
    for (sentence, change, want) in rows {
        let mut site = Site::g2();
        change(&mut site);
        let want = want.map(|(code, words)| (code, words.to_owned()));
        assert_eq!(want, frozen(&site), "{sentence}");
    }
}

#[test]
fn being_suspended_is_told_before_what_follows_from_it() {
    let mut site = Site::g2();
    three_failed(&mut site);
    at(&mut site, "2026-06-08T10:00:00Z");
    site.cron_job().run = Run::Suspended;
    assert_eq!(Some(305), frozen(&site).map(|(code, _)| code));
    let assessed = assess(&site.0);
    assert_eq!(None, assessed.refresh.expect("a refresh job").next_run);
    let resume = r#"kubectl patch cronjob -n tracebloc berlin-image-refresh -p '{"spec":{"suspend":false}}'"#;
    assert_eq!(resume, assessed.next[0].command);
}

#[test]
fn whose_run_the_last_success_was_is_told_where_it_is_kept() {
    let origin = |site: &Site| {
        assess(&site.0)
            .refresh
            .expect("a refresh job")
            .last_success_origin
    };
    let mut site = Site::g2();
    assert_eq!(Some(Origin::Schedule), origin(&site));
    site.0.runs.as_mut().expect("runs")[0].origin = Origin::Manual;
    assert_eq!(Some(Origin::Manual), origin(&site));
    site.cron_job().last_success = Some(time("2026-06-05T09:52:41Z"));
    assert_eq!(None, origin(&site), "its run is not kept");
    site.0.runs = Err(blind("jobs is forbidden"));
    assert_eq!(None, origin(&site));
    let refresh = assess(&site.0).refresh.expect("a refresh job");
    assert_eq!(
        None, refresh.failed_since_success,
        "what cannot be read is not zero"
    );
}

#[test]
fn the_next_run_and_the_distance_follow_the_schedule_and_its_zone() {
    let mut site = Site::g2();
    site.cron_job().schedule = Schedule {
        cron: "0 8,20 * * *".to_owned(),
        zone: Some("Europe/Berlin".to_owned()),
    };
    let refresh = assess(&site.0).refresh.expect("a refresh job");
    assert_eq!(Some(time("2026-06-06T18:00:00Z")), refresh.next_run);
    assert_eq!(Some(Duration::from_secs(12 * 3_600)), refresh.interval);
    assert_eq!(
        Some(Duration::from_secs(36 * 3_600)),
        assess(&site.0).streaks[0].alarm_after
    );
    site.cron_job().schedule.zone = Some("Nowhere".to_owned());
    let refresh = assess(&site.0).refresh.expect("a refresh job");
    assert_eq!((None, None), (refresh.next_run, refresh.interval));
}

#[test]
fn without_a_refresher_what_it_would_move_is_named_and_what_is_held_is_not() {
    let mut site = Site::without_refresher();
    assert_eq!(
        "there is no refresh job: nothing here moves jobs-manager and pods-monitor.",
        message(&assess(&site.0), Code::NoCronJob)
    );
    assert_eq!(None, frozen(&site));
    for image in [ManagedImage::JobsManager, ManagedImage::PodsMonitor] {
        site.workload(image).spec = crate::observation::Spec::Pinned {
            repository: tracks(image).name(),
            digest: digest("1db49be156bb"),
        };
    }
    let assessed = assess(&site.0);
    assert!(
        !codes(&assessed).contains(&"TBI-309".to_owned()),
        "{:?}",
        codes(&assessed)
    );
    assert!(
        assessed
            .egress
            .iter()
            .all(|egress| egress.cluster == ClusterEvidence::Nothing("no refresh job".to_owned()))
    );
}
