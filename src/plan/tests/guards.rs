//! What stands in the way, row by row of the table in `plan/guards.rs`.

use super::*;
use crate::observation::Blind;
use crate::release::{Absence, Refresher, Run};

const NONE: [Vec<(Obstacle, Verdict)>; 3] = [vec![], vec![], vec![]];

/// G7 with jobs-manager behind.
fn behind() -> Site {
    let mut site = Site::g7();
    site.publish(JobsManager, NEW, BOTH);
    site
}

fn verdicts(site: &Site) -> [Vec<(Obstacle, Verdict)>; 3] {
    let under = |consent, guarding| {
        let request = Request {
            consent,
            guarding,
            ..request(&[])
        };
        let plan = decide(&site.0, &assess(&site.0), &request);
        let guards = plan.guards.into_iter();
        guards
            .map(|guard| (guard.obstacle, guard.verdict))
            .collect()
    };
    [
        under(Consent::Asked, Guarding::Heeded),
        under(Consent::Given, Guarding::Heeded),
        under(Consent::Given, Guarding::Overridden),
    ]
}

/// What is wrong, how it comes about, and the verdicts of [`every_row_of_the_table`]'s three ways to ask.
type Row<'a> = (&'a str, Box<dyn Fn(&mut Site)>, Obstacle, [Verdict; 3]);

#[test]
fn every_row_of_the_table() {
    use Verdict::{Ask, Fail, Follow, Go, Refuse, Wait};

    let target = || behind().workload(JobsManager).target();
    let rolling = |site: &mut Site, rollout| {
        for image in [JobsManager, PodsMonitor] {
            site.workload(image).rollout = Rollout::clone(&rollout);
        }
    };
    let rows: [Row<'_>; 9] = [
        (
            "no CronJob",
            Box::new(|site| site.0.release.refresher = Refresher::Absent(Absence::Disabled)),
            Obstacle::NoCronJob(Absence::Disabled),
            [Refuse, Refuse, Refuse],
        ),
        (
            "unreadable counters",
            Box::new(|site| site.0.record = Err(Blind("gone".to_owned()))),
            Obstacle::Unreadable("gone".to_owned()),
            [Fail, Fail, Fail],
        ),
        (
            "paused",
            Box::new(move |site| rolling(site, Rollout::Paused)),
            Obstacle::Paused(target()),
            [Refuse, Refuse, Refuse],
        ),
        (
            "attempts at their limit",
            Box::new(|site| site.annotate(Streak::Attempts.key(), "3")),
            Obstacle::LockedOut { count: 3, limit: 3 },
            [Refuse, Refuse, Go],
        ),
        (
            "past its progress deadline",
            Box::new(move |site| rolling(site, Rollout::Failed("late".to_owned()))),
            Obstacle::Unsettled(target(), Code::ProgressDeadline, "late".to_owned()),
            [Refuse, Refuse, Go],
        ),
        (
            "no node",
            Box::new(|site| {
                let pods = site.workload(JobsManager).pods.as_mut().expect("pods");
                pods[0].phase = waiting("Unschedulable", "0/1 nodes are available");
            }),
            Obstacle::Unsettled(
                target(),
                Code::Unschedulable,
                "pod berlin-jobs-manager-x2k8p: 0/1 nodes are available".to_owned(),
            ),
            [Refuse, Refuse, Go],
        ),
        (
            "somebody else's rollout",
            Box::new(move |site| rolling(site, Rollout::InFlight("0 of 1 updated".to_owned()))),
            Obstacle::RollingOut(target(), "0 of 1 updated".to_owned()),
            [Wait, Wait, Go],
        ),
        (
            "suspended",
            Box::new(|site| site.cron_job().run = Run::Suspended),
            Obstacle::Suspended,
            [Ask, Refuse, Go],
        ),
        (
            "a run is active",
            Box::new(|site| site.0.runs = Ok(vec![active("2026-06-06T09:52:00Z", 1)])),
            Obstacle::Running(vec!["berlin-image-refresh-29678992".to_owned()]),
            [Follow, Follow, Go],
        ),
    ];
    for (name, happens, obstacle, want) in rows {
        let mut site = behind();
        happens(&mut site);
        let want = want.map(|verdict| vec![(obstacle.clone(), verdict)]);
        assert_eq!(want, verdicts(&site), "{name}");
    }
    assert_eq!(NONE, verdicts(&behind()));
}

#[test]
fn the_streak_of_the_pods_stays_and_stops_nothing() {
    let mut site = Site::g2().stuck_ingestor();
    site.annotate(Streak::Failures.key(), "3");
    let stays = Obstacle::StreakStays { count: 3, limit: 3 };
    let want = || vec![(stays.clone(), Verdict::Go)];
    assert_eq!([want(), want(), want()], verdicts(&site));
}

#[test]
fn a_rollout_that_waits_for_the_image_to_be_replaced_is_no_obstacle() {
    for reason in ["ImagePullBackOff", "CrashLoopBackOff"] {
        let mut site = behind();
        for image in [JobsManager, PodsMonitor] {
            let workload = site.workload(image);
            workload.rollout = Rollout::Failed("late".to_owned());
            workload.pods.as_mut().expect("pods")[0].phase = waiting(reason, "no");
        }
        assert_eq!(NONE, verdicts(&site), "{reason}");
    }
}

#[test]
fn past_the_limit_by_force_is_not_counted() {
    let mut site = behind();
    site.annotate(Streak::Attempts.key(), "3");
    let forced = Request {
        guarding: Guarding::Overridden,
        ..request(&[])
    };
    let forced = decide(&site.0, &assess(&site.0), &forced);
    assert_eq!((None, 1), (forced.attempt, forced.changes.len()));
}

#[test]
fn a_record_that_nobody_can_compare_may_be_behind() {
    let mut site = behind();
    site.annotate(Streak::Attempts.key(), "3");
    let key = JobsManager.record_key().expect("a key");
    site.annotate(key, digest("0123456789ab").as_str());
    let locked = Obstacle::LockedOut { count: 3, limit: 3 };
    let [asked, ..] = verdicts(&site);
    assert!(asked.contains(&(locked, Verdict::Refuse)), "{asked:?}");
}

#[test]
fn a_limit_that_only_another_image_is_behind_stops_nothing() {
    let mut site = Site::g10();
    site.annotate(Streak::Attempts.key(), "3");
    // Runs something else than its record says, which is the latest: the refresher believes it is done.
    site.know("0123", BOTH);
    site.runs(ResourceMonitor, "0123");
    site.workload(ResourceMonitor).spec = Spec::Tagged {
        reference: tracks(ResourceMonitor),
        pull: Pull::Cached,
    };
    let plan = plan(&site, &[]);
    assert_eq!((None, 1), (plan.stopped_by(), plan.changes.len()));
}

#[test]
fn the_gravest_stands_first() {
    let mut site = behind();
    site.annotate(Streak::Attempts.key(), "3");
    site.cron_job().run = Run::Suspended;
    site.0.runs = Ok(vec![active("2026-06-06T09:52:00Z", 1)]);
    let [asked, ..] = verdicts(&site);
    let verdicts: Vec<_> = asked.into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(
        vec![Verdict::Refuse, Verdict::Follow, Verdict::Ask],
        verdicts
    );
}
