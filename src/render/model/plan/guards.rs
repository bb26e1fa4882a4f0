//! What stands in the way, in sentences that say what the run does about it.

use serde::Serialize;

use super::PlanView;
use crate::codes::Code;
use crate::observation::Target;
use crate::plan::{self, Consent, Obstacle, Verdict};
use crate::render::model::absence;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Guard {
    /// Which obstacle, in one word.
    pub(crate) obstacle: &'static str,
    pub(crate) code: Option<Code>,
    /// `None` where it is not about one workload.
    pub(crate) target: Option<Target>,
    pub(crate) verdict: Verdict,
    /// What was seen.
    pub(crate) message: String,
    /// What the run does about it; empty where it need not do anything.
    pub(crate) response: &'static str,
}

pub(crate) const FORBIDDEN: &str = "forbidden";
pub(crate) const SUSPENDED: &str = "suspended";
pub(crate) const RUNNING: &str = "running";
pub(crate) const STREAK_STAYS: &str = "streakStays";
pub(crate) const LOCKED_OUT: &str = "lockedOut";
pub(crate) const PAUSED: &str = "paused";

impl Guard {
    pub(super) fn new(view: &PlanView<'_>, guard: &plan::Guard) -> Self {
        let obstacle = &guard.obstacle;
        let (name, code, target) = match obstacle {
            Obstacle::Forbidden(_) => (FORBIDDEN, Some(Code::RightMissing), None),
            Obstacle::NoCronJob(_) => ("noCronJob", Some(Code::NoCronJob), None),
            Obstacle::Unreadable(_) => ("unreadable", Some(Code::CounterMalformed), None),
            Obstacle::Paused(target) => (PAUSED, None, Some(target)),
            Obstacle::LockedOut { .. } => (LOCKED_OUT, Some(Code::FlapLockout), None),
            Obstacle::Unsettled(target, code, _) => ("unsettled", Some(*code), Some(target)),
            Obstacle::RollingOut(target, _) => ("rollingOut", None, Some(target)),
            Obstacle::Suspended => (SUSPENDED, Some(Code::Suspended), None),
            Obstacle::Running(_) => (RUNNING, None, None),
            Obstacle::StreakStays { count, limit } if count >= limit => {
                (STREAK_STAYS, Some(Code::StreakAtThreshold), None)
            }
            Obstacle::StreakStays { .. } => (STREAK_STAYS, Some(Code::StreakBelowThreshold), None),
        };
        Self {
            obstacle: name,
            code,
            target: target.cloned(),
            verdict: guard.verdict,
            message: message(view, obstacle),
            response: response(obstacle, guard.verdict, view.request.consent),
        }
    }

    /// The one sentence that a person reads.
    pub(crate) fn sentence(&self) -> String {
        if self.response.is_empty() {
            return self.message.clone();
        }
        format!("{}: {}", self.message, self.response)
    }
}

fn message(view: &PlanView<'_>, obstacle: &Obstacle) -> String {
    let cron_job = || {
        let cron_job = view.seen.release.cron_job();
        cron_job.map_or("the refresh job", |cron_job| &cron_job.name)
    };
    match obstacle {
        Obstacle::Forbidden(denied) => format!("you may not {}", denied.join(", ")),
        Obstacle::NoCronJob(why) => format!(
            "this release has no refresh job ({}), and nothing says which tags it is to follow",
            absence(*why)
        ),
        Obstacle::Unreadable(why) => {
            format!("the record is not readable, and what is not seen is not zero ({why})")
        }
        Obstacle::Paused(target) => format!("{target} is paused, and nothing would roll out"),
        Obstacle::LockedOut { count, limit } => {
            format!("{count} rollouts in a row did not finish, and the limit is {limit}")
        }
        Obstacle::Unsettled(target, _, words) if words.is_empty() => {
            format!("{target} does not settle, and not because of an image that is replaced")
        }
        Obstacle::Unsettled(target, _, words) => format!(
            "{target} does not settle, and not because of an image that is replaced ({words})"
        ),
        Obstacle::RollingOut(target, words) => {
            format!("{target} is rolling out, and not by this plugin ({words})")
        }
        Obstacle::Suspended => format!("{} is suspended", cron_job()),
        Obstacle::Running(jobs) => format!("the refresh job is running ({})", jobs.join(", ")),
        Obstacle::StreakStays { count, limit } => format!(
            "pods could not look up {} {count}/{limit} times in a row; moving the ingestor from here does not change that, \
             and the streak stays {count}/{limit}",
            super::lookups_failed(view)
                .map_or_else(|| "the ingestor".to_owned(), |failed| failed.registry)
        ),
    }
}

fn response(obstacle: &Obstacle, verdict: Verdict, consent: Consent) -> &'static str {
    match (verdict, obstacle, consent) {
        (Verdict::Fail, _, _) => "stops here (exit 1)",
        (Verdict::Refuse, Obstacle::LockedOut { .. }, _) => {
            "stops here (exit 3); refresh --rearm removes the count, --force goes on without counting"
        }
        (
            Verdict::Refuse,
            Obstacle::Suspended
            | Obstacle::Unsettled(..)
            | Obstacle::RollingOut(..)
            | Obstacle::Running(_),
            _,
        ) => "stops here (exit 3); --force goes on",
        (Verdict::Refuse, _, _) => "stops here (exit 3)",
        (Verdict::Wait | Verdict::Follow, _, Consent::Asked) => {
            "offers to wait for it, then looks and plans anew"
        }
        (Verdict::Wait | Verdict::Follow, _, Consent::Given) => {
            "waits for it, then looks and plans anew"
        }
        (Verdict::Ask, _, _) => "goes on if you say so",
        (Verdict::Go, Obstacle::StreakStays { .. }, _) => "",
        (Verdict::Go, Obstacle::LockedOut { .. }, _) => "goes on without counting (--force)",
        (Verdict::Go, _, _) => "goes on (--force)",
    }
}
