//! The refresh job and its runs.

use super::*;
use crate::observation::{Pull, RunLog, RunOutcome, Spec};
use crate::release::{Refresher, Run};

fn runs(change: impl FnOnce(&mut Observation)) -> Vec<String> {
    let mut observed = seen("stuck");
    change(&mut observed);
    let readings = of(observed);
    let checks = judged(&readings);
    let of_job = checks
        .iter()
        .filter(|check| check.group == Group::RefreshJob);
    of_job
        .map(|check| format!("{}: {}", check.id, words(check)))
        .collect()
}

fn cron_job(seen: &mut Observation) -> &mut crate::release::CronJob {
    match &mut seen.release.refresher {
        Refresher::CronJob(cron_job) => cron_job,
        Refresher::Absent(_) => panic!("no CronJob"),
    }
}

#[test]
fn failed_runs_are_told_even_where_the_streak_explains_them() {
    let failed = |count: usize| {
        runs(move |seen| {
            let runs = seen.runs.as_mut().unwrap();
            let is_failed = |run: &crate::observation::RefreshRun| {
                matches!(run.outcome, RunOutcome::Failed { .. })
            };
            let mut kept = 0;
            runs.retain(|run| {
                kept += usize::from(is_failed(run));
                !is_failed(run) || kept <= count
            });
        })
        .into_iter()
        .find(|line| line.starts_with("refresh.runs:"))
        .unwrap()
    };
    for (count, want) in [
        (
            0,
            "refresh.runs: ok last ok 2d4h ago, next in 6m58s, no failures in the runs kept",
        ),
        (
            1,
            "refresh.runs: warn TBI-307 berlin-image-refresh: the last run failed; last ok 2d4h ago",
        ),
        (
            2,
            "refresh.runs: warn TBI-307 berlin-image-refresh: the last 2 runs failed, all alike; last ok 2d4h ago",
        ),
        (
            3,
            "refresh.runs: fail TBI-307 berlin-image-refresh: the last 3 runs failed, all alike; last ok 2d4h ago",
        ),
    ] {
        assert_eq!(want, failed(count), "{count}");
    }
}

#[test]
fn the_refresh_job_is_judged_by_its_rules() {
    let line = |lines: &[String], id: &str| {
        lines
            .iter()
            .find(|line| line.starts_with(id))
            .cloned()
            .unwrap_or_default()
    };
    let suspended = runs(|seen| cron_job(seen).run = Run::Suspended);
    assert_eq!(
        "refresh.job: warn TBI-305 berlin-image-refresh is suspended: nothing moves until a person resumes it.",
        line(&suspended, "refresh.job")
    );
    let unread = runs(|seen| seen.runs = Err(Blind("jobs is forbidden".to_owned())));
    assert_eq!(
        "refresh.job: unknown (jobs is forbidden) runs",
        line(&unread, "refresh.job")
    );
    assert_eq!(
        "refresh.runs: unknown (jobs is forbidden) how runs ended",
        line(&unread, "refresh.runs")
    );
    let no_record = runs(|seen| seen.record = Err(Blind("gone".to_owned())));
    assert_eq!(
        "refresh.streaks: unknown (gone) counters",
        line(&no_record, "refresh.streaks")
    );
    let no_log = runs(|seen| {
        for run in seen.runs.as_mut().unwrap() {
            run.log = RunLog::NotReadable(Blind("pods/log is forbidden".to_owned()));
            run.outcome = RunOutcome::Complete {
                finished: run.started,
            };
        }
    });
    assert_eq!(
        "refresh.silent: unknown (pods/log is forbidden) whether lookups fail uncounted",
        line(&no_log, "refresh.silent")
    );
}

#[test]
fn a_release_without_a_refresher_is_told_or_left_alone() {
    let mut observed = seen("without_cron_job");
    assert_eq!(
        "skip (every image is pinned or mirrored) no refresh job",
        words(&check(&of(observed.clone()), "refresh.job"))
    );
    let image = &mut observed.images[0];
    let free = Spec::Tagged {
        reference: "docker.io/tracebloc/jobs-manager:prod".parse().unwrap(),
        pull: Pull::Always,
    };
    image.workload.as_mut().unwrap().spec = free;
    let told = check(&of(observed), "refresh.job");
    assert_eq!(
        (Outcome::Warn, Some(Code::NoCronJob)),
        (told.outcome, told.code)
    );
}
