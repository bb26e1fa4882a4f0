//! The refresh job itself: whether it runs, when it last did, and why it does not.

use std::time::Duration;

use jiff::Timestamp;

use super::image::counted_by;
use super::{AssessedRefresh, JobState};
use crate::capability::Capability;
use crate::codes::Code;
use crate::observation::{Observation, Origin, RefreshRun, RunOutcome};
use crate::record::Streak;
use crate::release::{CronJob, Run};
use crate::schedule::{Back, Timetable};

/// How long a Job may be without any pod before something must be refusing them.
const POD_EXPECTED: Duration = Duration::from_secs(120);

/// How long past its deadline a Job may still be seen: the controller acts on it in seconds.
const DEADLINE_SLACK: Duration = Duration::from_secs(60);

/// Failed runs kept by default (`failedJobsHistoryLimit`): fewer are no pattern.
const PATTERN: usize = 3;

pub(super) fn refresh(
    seen: &Observation,
    timetable: Option<&Timetable>,
    frozen: Option<&Frozen<'_>>,
) -> Option<AssessedRefresh> {
    let cron_job = seen.release.cron_job()?;
    Some(AssessedRefresh {
        state: state(seen, cron_job, timetable, frozen),
        next_run: timetable
            .filter(|_| cron_job.run == Run::Scheduled)
            .and_then(|timetable| timetable.after(seen.at)),
        interval: timetable.and_then(|timetable| timetable.interval(seen.at)),
        last_success_origin: last_success_origin(seen),
        failed_since_success: seen
            .runs
            .is_ok()
            .then(|| failed_since_success(seen, cron_job).count()),
    })
}

fn state(
    seen: &Observation,
    cron_job: &CronJob,
    timetable: Option<&Timetable>,
    frozen: Option<&Frozen<'_>>,
) -> JobState {
    let is_inert = seen.mirror.is_some() && seen.release.capabilities.has(Capability::SetImage);
    let is_failing = match (&seen.runs, timetable) {
        (Ok(_), _) => Some(failed_since_success(seen, cron_job).next().is_some()),
        (Err(_), Some(timetable)) => Some(without_success(cron_job, timetable, 2).is_some()),
        (Err(_), None) => None,
    };
    match (frozen, is_failing) {
        (Some(Frozen::Suspended), _) => JobState::Suspended,
        (Some(Frozen::Overdue(_)), _) => JobState::Overdue,
        (Some(Frozen::Stuck(..)), _) => JobState::Stuck,
        (None, _) if is_inert => JobState::Inert,
        (Some(Frozen::Failing(_) | Frozen::Unsuccessful(_)), _) | (None, Some(true)) => {
            JobState::Failing
        }
        (None, None) => JobState::Unknown,
        (None, Some(false)) if cron_job.last_success.is_none() => JobState::New,
        (None, Some(false)) => JobState::Ok,
    }
}

/// Since when none of at least so many runs has ended well, by the times that the CronJob itself keeps. `None` while
/// one is active.
fn without_success(cron_job: &CronJob, timetable: &Timetable, runs: u64) -> Option<Timestamp> {
    if !cron_job.active.is_empty() {
        return None;
    }
    let (Back::At(first) | Back::BeforeThat(first)) =
        timetable.back(cron_job.last_schedule?, runs.saturating_sub(1))?;
    let success = cron_job.last_success.or(cron_job.created)?;
    (success < first).then_some(success)
}

/// `None` when no run that is kept ended at that time.
pub(super) fn last_success_origin(seen: &Observation) -> Option<Origin> {
    let success = seen.release.cron_job()?.last_success?;
    let is_it = |run: &&RefreshRun| {
        run.outcome
            == RunOutcome::Complete {
                finished: Some(success),
            }
    };
    let mut runs = seen.runs.as_ref().ok()?.iter();
    runs.find(is_it).map(|run| run.origin)
}

/// Runs that failed and are kept, newest first.
pub(super) fn failed(seen: &Observation) -> impl Iterator<Item = &RefreshRun> {
    let runs = seen.runs.iter().flatten();
    runs.filter(|run| matches!(run.outcome, RunOutcome::Failed { .. }))
}

fn failed_since_success<'a>(
    seen: &'a Observation,
    cron_job: &CronJob,
) -> impl Iterator<Item = &'a RefreshRun> {
    let success = cron_job.last_success;
    failed(seen).filter(move |run| match (ended(run), success) {
        (Some(ended), Some(success)) => ended > success,
        (_, None) => true,
        (None, Some(_)) => false,
    })
}

/// When a run ended, or as near to it as is known. `None` while it is active.
pub(super) fn ended(run: &RefreshRun) -> Option<Timestamp> {
    match &run.outcome {
        RunOutcome::Active { .. } => None,
        RunOutcome::Complete { finished } | RunOutcome::Failed { finished, .. } => {
            finished.or(run.started).or(run.scheduled)
        }
    }
}

/// Why the refresher does not run, where it does not; the first of these that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frozen<'a> {
    Suspended,
    /// Nothing was started since this time, though two points have passed.
    Overdue(Timestamp),
    Stuck(&'a RefreshRun, Why),
    /// All failed runs that are kept, so many, failed since the last success.
    Failing(usize),
    /// Its runs are not known, and since this time several were started and none ended well.
    Unsuccessful(Timestamp),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    PastDeadline(Duration),
    NoPod,
}

impl Frozen<'_> {
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::Suspended => Code::Suspended,
            Self::Overdue(_) => Code::Overdue,
            Self::Stuck(..) => Code::RunStuck,
            Self::Failing(_) | Self::Unsuccessful(_) => Code::RunsFailed,
        }
    }
}

pub(super) fn frozen<'a>(
    seen: &'a Observation,
    timetable: Option<&Timetable>,
) -> Option<Frozen<'a>> {
    let cron_job = seen.release.cron_job()?;
    if cron_job.run == Run::Suspended {
        return Some(Frozen::Suspended);
    }
    if let Some(frozen) = stuck(seen, cron_job) {
        return Some(frozen);
    }
    if let Some(since) = overdue(seen, cron_job, timetable) {
        return Some(Frozen::Overdue(since));
    }
    if is_explained(seen, cron_job) {
        return None;
    }
    if seen.runs.is_err() {
        return without_success(cron_job, timetable?, PATTERN as u64).map(Frozen::Unsuccessful);
    }
    let (all, since_success) = (
        failed(seen).count(),
        failed_since_success(seen, cron_job).count(),
    );
    (since_success == all && all >= PATTERN).then_some(Frozen::Failing(all))
}

/// The ingestor's streak is at its limit: every run fails, and says why.
pub(super) fn is_explained(seen: &Observation, cron_job: &CronJob) -> bool {
    let is_counted = seen.release.capabilities.has(counted_by(Streak::Failures));
    let count = seen
        .record
        .as_ref()
        .map_or(0, |record| record.counter(Streak::Failures).value());
    is_counted && count > 0 && cron_job.limits.failures.reached_by(count)
}

fn stuck<'a>(seen: &'a Observation, cron_job: &CronJob) -> Option<Frozen<'a>> {
    let deadline = cron_job.active_deadline.unwrap_or_else(|| {
        // Without a deadline (G0 to G3): three runs of the container, each with two waits.
        rollout_timeout(cron_job).saturating_mul(6)
    });
    seen.runs.iter().flatten().find_map(|run| {
        let RunOutcome::Active { pods } = run.outcome else {
            return None;
        };
        let begun = run.started.or(run.scheduled)?;
        let age = Duration::try_from(seen.at.duration_since(begun)).ok()?;
        if age > deadline.saturating_add(DEADLINE_SLACK) {
            Some(Frozen::Stuck(run, Why::PastDeadline(deadline)))
        } else if pods == 0 && age > POD_EXPECTED {
            Some(Frozen::Stuck(run, Why::NoPod))
        } else {
            None
        }
    })
}

/// Since when nothing was started, where that is too long. A run that is still active keeps the next from starting.
fn overdue(
    seen: &Observation,
    cron_job: &CronJob,
    timetable: Option<&Timetable>,
) -> Option<Timestamp> {
    let runs = || seen.runs.iter().flatten();
    let is_active = |run: &RefreshRun| matches!(run.outcome, RunOutcome::Active { .. });
    if !cron_job.active.is_empty() || runs().any(is_active) {
        return None;
    }
    let started = runs().filter_map(|run| run.started.or(run.scheduled)).max();
    let since = cron_job.last_schedule.max(started).or(cron_job.created)?;
    let second = timetable?.ahead(since, 2)?;
    let grace = cron_job.starting_deadline.unwrap_or_default();
    let elapsed = Duration::try_from(seen.at.duration_since(second)).ok()?;
    (elapsed > grace).then_some(since)
}

/// `ROLLOUT_TIMEOUT`: digits and one of s, m, h. The chart's default where it is none of that.
pub(super) fn rollout_timeout(cron_job: &CronJob) -> Duration {
    const DEFAULT: Duration = Duration::from_secs(10 * 60);

    let text = cron_job.env.literal("ROLLOUT_TIMEOUT").unwrap_or_default();
    let parsed = || {
        let number = text.strip_suffix(['s', 'm', 'h'])?.parse::<u64>().ok()?;
        let unit = match text.as_bytes().last()? {
            b's' => 1,
            b'm' => 60,
            _ => 3_600,
        };
        number.checked_mul(unit).map(Duration::from_secs)
    };
    parsed().unwrap_or(DEFAULT)
}
