//! One run of the release's own refresher, started by hand: whether to start it, and what came of it.
//!
//! | seen | without `--force` | with `--force` |
//! |---|---|---|
//! | no CronJob | refused | refused |
//! | its Jobs, or the counters, cannot be read | fails | fails |
//! | a run is active | that one is followed | the same |
//! | the CronJob is suspended | refused | started |
//! | locked out: attempts at their limit, and an image that would have to move | refused | started |
//! | ingestor lookups failed up to their threshold: pods cannot resolve it | refused | started |
//!
//! A run started by hand counts like any other: it moves every counter that a scheduled one would.

mod outcome;
mod telling;

use crate::capability::{Capability, Limit};
use crate::codes::Code;
use crate::error::Exit;
use crate::image::ManagedImage;
use crate::observation::{Observation, RunOutcome};
use crate::plan::Guarding;
use crate::record::{FLAP_DETECTED, Record, Recorded, Streak};
use crate::release::{Absence, CronJob, Refresher, Run};
pub(crate) use outcome::{Account, Change, End, Heard, Outcome, conclude};
pub(crate) use telling::{Teller, Told, Tone};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Start a run, past these hurdles.
    Start(Vec<Hurdle>),
    /// Follow the Job of this name, which is active.
    Follow(String),
    Refuse(Vec<Hurdle>),
}

/// What stands in the way of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hurdle {
    NoCronJob(Absence),
    /// With the reason.
    Unreadable(String),
    Suspended,
    LockedOut {
        count: u64,
        limit: u64,
    },
    Unresolvable {
        count: u64,
        limit: u64,
    },
}

impl Hurdle {
    pub(crate) const fn code(&self) -> Option<Code> {
        match self {
            Self::NoCronJob(_) => Some(Code::NoCronJob),
            Self::Unreadable(_) => None,
            Self::Suspended => Some(Code::Suspended),
            Self::LockedOut { .. } => Some(Code::FlapLockout),
            Self::Unresolvable { .. } => Some(Code::StreakAtThreshold),
        }
    }

    /// Of a run that it keeps from starting.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Unreadable(_) => Exit::Failed,
            Self::NoCronJob(_)
            | Self::Suspended
            | Self::LockedOut { .. }
            | Self::Unresolvable { .. } => Exit::Found,
        }
    }

    /// Whether `--force` goes past it.
    pub(crate) const fn gives_way(&self) -> bool {
        !matches!(self, Self::NoCronJob(_) | Self::Unreadable(_))
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Self::NoCronJob(absence) => match absence {
                Absence::AllPinned => {
                    "there is no refresh job to run: every managed image is pinned".to_owned()
                }
                Absence::Disabled => {
                    "there is no refresh job to run: imageRefresh is not enabled in the values"
                        .to_owned()
                }
                Absence::BeforeRefresh => {
                    "there is no refresh job to run: this chart has none".to_owned()
                }
                Absence::NoContainer => "the refresh job has no container to run".to_owned(),
            },
            Self::Unreadable(why) => {
                format!("what runs now, and what is counted, cannot be read: {why}")
            }
            Self::Suspended => {
                "the refresh job is suspended: somebody does not want it to run".to_owned()
            }
            Self::LockedOut { count, limit } => format!(
                "the refresher has locked itself out: {count} of {limit} rollouts in a row did not end well, and a run would move nothing"
            ),
            Self::Unresolvable { count, limit } => format!(
                "pods could not resolve the ingestor {count} times in a row (limit {limit}): another run would fail again"
            ),
        }
    }
}

/// Whether to start a run of this release.
pub(crate) fn decide(seen: &Observation, guarding: Guarding) -> Decision {
    let cron_job = match &seen.release.refresher {
        Refresher::CronJob(cron_job) => cron_job,
        Refresher::Absent(why) => return Decision::Refuse(vec![Hurdle::NoCronJob(*why)]),
    };
    let (runs, record) = match (&seen.runs, &seen.record) {
        (Ok(runs), Ok(record)) => (runs, record),
        (Err(blind), _) | (_, Err(blind)) => {
            return Decision::Refuse(vec![Hurdle::Unreadable(blind.0.clone())]);
        }
    };
    let mut active = runs
        .iter()
        .filter(|run| matches!(run.outcome, RunOutcome::Active { .. }));
    if let Some(run) = active.next() {
        return Decision::Follow(run.job.clone());
    }
    let suspended = (cron_job.run == Run::Suspended).then_some(Hurdle::Suspended);
    let hurdles: Vec<_> = [
        suspended,
        locked_out(seen, cron_job, record),
        unresolvable(seen, cron_job, record),
    ]
    .into_iter()
    .flatten()
    .collect();
    let is_stopped = |hurdle: &Hurdle| guarding == Guarding::Heeded || !hurdle.gives_way();
    if hurdles.iter().any(is_stopped) {
        Decision::Refuse(hurdles)
    } else {
        Decision::Start(hurdles)
    }
}

/// The attempts are at their limit, and something would have to move: then a run only says so.
fn locked_out(seen: &Observation, cron_job: &CronJob, record: &Record) -> Option<Hurdle> {
    let count = record.counter(Streak::Attempts).value();
    let limit = reached(&cron_job.limits.attempts, count)
        .filter(|_| seen.release.capabilities.has(Capability::FlapGuard))?;
    let would_move = seen
        .images
        .iter()
        .filter(|image| is_in_first_pass(image.image) && !cron_job.pinned.contains(&image.image))
        .any(
            |image| match (seen.latest(image), record.recorded(image.image)) {
                (_, Recorded::Absent) => false,
                (Ok(latest), Recorded::At(recorded)) => recorded != latest.digest,
                (Ok(_), Recorded::Malformed(_)) => true,
                // The last drifted run marked it.
                (Err(_), _) => record.has(FLAP_DETECTED),
            },
        );
    would_move.then_some(Hurdle::LockedOut { count, limit })
}

/// requests-proxy has no record of its own: it follows jobs-manager.
const fn is_in_first_pass(image: ManagedImage) -> bool {
    matches!(
        image,
        ManagedImage::JobsManager | ManagedImage::PodsMonitor | ManagedImage::ResourceMonitor
    )
}

fn unresolvable(seen: &Observation, cron_job: &CronJob, record: &Record) -> Option<Hurdle> {
    let count = record.counter(Streak::Failures).value();
    let is_tried = seen.release.capabilities.has(Capability::FailureStreak)
        && !cron_job.pinned.contains(&ManagedImage::Ingestor);
    let limit = reached(&cron_job.limits.failures, count).filter(|_| is_tried)?;
    Some(Hurdle::Unresolvable { count, limit })
}

/// The limit, once the count has come to it. An unusable one never fires.
fn reached(limit: &Limit, count: u64) -> Option<u64> {
    limit.number().filter(|limit| count >= *limit)
}

#[cfg(test)]
mod tests;
