//! The CronJob and the runs of it that are still kept.

use serde::Serialize;

use super::{Reasons, Time, known};
use crate::health::{AssessedRefresh, JobState};
use crate::observation::{Blind, Origin, RefreshRun, RunLog, RunOutcome, Seen};
use crate::release::{self, Absence};
use crate::text::{QUOTED, printable};

/// Reasons that a script may compare with; others are the words of whoever refused.
pub(crate) const LOG_GONE: &str = "podDeleted";
pub(crate) const LOG_NOT_ASKED: &str = "notAsked";

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshJob {
    pub(crate) name: String,
    /// In one word.
    pub(crate) state: JobState,
    pub(crate) schedule: String,
    /// Not known, with the reason, where it is the controller's own: most often UTC, which is assumed.
    pub(crate) time_zone: Option<String>,
    pub(crate) interval_seconds: Option<u64>,
    pub(crate) suspended: bool,
    pub(crate) last_schedule: Option<Time>,
    pub(crate) last_success: Option<Time>,
    pub(crate) last_success_was_manual: Option<bool>,
    pub(crate) next_run: Option<Time>,
    pub(crate) failed_since_success: Option<usize>,
    pub(crate) active: Vec<String>,
    /// The Jobs still kept, newest first.
    pub(crate) recent: Option<Vec<Run>>,
    pub(crate) reasons: Reasons,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) job: String,
    /// `None` for a manual run.
    pub(crate) scheduled_at: Option<Time>,
    pub(crate) manual: bool,
    pub(crate) started_at: Option<Time>,
    pub(crate) finished_at: Option<Time>,
    pub(crate) result: RunResult,
    /// The reason of the Job's condition, where it failed.
    pub(crate) condition: Option<String>,
    pub(crate) active_pods: u32,
    pub(crate) exit_code: Option<i32>,
    pub(crate) last_log_line: Option<String>,
    pub(crate) reasons: Reasons,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunResult {
    Active,
    Complete,
    Failed,
}

impl RefreshJob {
    pub(super) fn new(
        cron_job: &release::CronJob,
        judged: Option<&AssessedRefresh>,
        runs: &Seen<Vec<RefreshRun>>,
    ) -> Self {
        let mut reasons = Reasons::new();
        let suspended = cron_job.run == release::Run::Suspended;
        let unreadable = || Blind("schedule not understood".to_owned());
        let assumed = || Blind("not set: the controller's own, assumed to be UTC".to_owned());
        let next_run = judged.and_then(|judged| judged.next_run);
        let manual = match judged.and_then(|judged| judged.last_success_origin) {
            Some(origin) => Ok(Some(origin == Origin::Manual)),
            None if cron_job.last_success.is_none() => Ok(None),
            None => {
                let gone = || Blind("its Job is no longer kept".to_owned());
                Err(runs.as_ref().err().cloned().unwrap_or_else(gone))
            }
        };
        Self {
            name: cron_job.name.clone(),
            state: judged.map_or(JobState::Unknown, |judged| judged.state),
            schedule: cron_job.schedule.cron.clone(),
            time_zone: known(
                &mut reasons,
                "timeZone",
                cron_job.schedule.zone.clone().ok_or_else(assumed),
            ),
            interval_seconds: known(
                &mut reasons,
                "intervalSeconds",
                judged
                    .and_then(|judged| judged.interval)
                    .map(|interval| interval.as_secs())
                    .ok_or_else(unreadable),
            ),
            suspended,
            last_schedule: cron_job.last_schedule.map(Time),
            last_success: cron_job.last_success.map(Time),
            last_success_was_manual: known(&mut reasons, "lastSuccessWasManual", manual).flatten(),
            next_run: if suspended {
                None
            } else {
                known(
                    &mut reasons,
                    "nextRun",
                    next_run.map(Time).ok_or_else(unreadable),
                )
            },
            failed_since_success: known(
                &mut reasons,
                "failedSinceSuccess",
                runs.as_ref()
                    .map(|_| judged.and_then(|judged| judged.failed_since_success))
                    .map_err(Clone::clone),
            )
            .flatten(),
            active: cron_job.active.clone(),
            recent: known(
                &mut reasons,
                "recent",
                runs.as_ref()
                    .map(|runs| runs.iter().map(Run::new).collect())
                    .map_err(Clone::clone),
            ),
            reasons,
        }
    }
}

impl Run {
    fn new(run: &RefreshRun) -> Self {
        let mut reasons = Reasons::new();
        let mut blind = |key: &str, why: &str| {
            reasons.insert(key.to_owned(), why.to_owned());
        };
        let (result, finished, condition, active_pods, exit_code) = match &run.outcome {
            RunOutcome::Active { pods } => (RunResult::Active, None, None, *pods, None),
            RunOutcome::Complete { finished } => (RunResult::Complete, *finished, None, 0, Some(0)),
            RunOutcome::Failed { finished, reason } => {
                blind("exitCode", LOG_GONE);
                (RunResult::Failed, *finished, Some(reason.clone()), 0, None)
            }
        };
        let last_log_line = match &run.log {
            RunLog::Read(text) => text
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .map(|line| printable(line, QUOTED)),
            RunLog::PodDeleted => {
                blind("lastLogLine", LOG_GONE);
                None
            }
            RunLog::NotReadable(why) => {
                blind("lastLogLine", &why.0);
                None
            }
            RunLog::NotAsked => {
                blind("lastLogLine", LOG_NOT_ASKED);
                None
            }
        };
        Self {
            job: run.job.clone(),
            scheduled_at: run.scheduled.map(Time),
            manual: run.origin == Origin::Manual,
            started_at: run.started.map(Time),
            finished_at: finished.map(Time),
            result,
            condition,
            active_pods,
            exit_code,
            last_log_line,
            reasons,
        }
    }
}

/// Why there is no refresh job, as a person is told.
pub(crate) const fn absence(why: Absence) -> &'static str {
    match why {
        Absence::AllPinned => "every image is pinned by digest",
        Absence::Disabled => "imageRefresh.enabled is false, or the values are older than it",
        Absence::BeforeRefresh => "charts before 1.4.0 have none",
        Absence::NoContainer => "the CronJob has no container to read",
    }
}
