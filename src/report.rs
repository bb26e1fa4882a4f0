//! What a refresh did, step by step, and how it ended. Plain data: the plan says what was meant, this what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::codes::Code;
use crate::error::Exit;
use crate::image::{Digest, ManagedImage};
use crate::observation::Target;
use crate::plan::{Because, RefreshPlan, Stage};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshReport {
    pub(crate) plan: RefreshPlan,
    /// In the order in which they were taken. The last one may be the one that was cut short.
    pub(crate) steps: Vec<Taken>,
    /// What was written into the record.
    pub(crate) recorded: BTreeMap<ManagedImage, Digest>,
    /// Workloads that were set and not rolled out when the run ended, as far as they were looked at then.
    pub(crate) unready: Vec<Unready>,
    pub(crate) ending: Ending,
    pub(crate) elapsed: Duration,
}

/// A workload whose rollout is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unready {
    pub(crate) target: Target,
    /// Pods that serve, of whatever template; `None` when nobody could look.
    pub(crate) available: Option<u32>,
    /// Replicas, or eligible nodes; `None` when nobody could look.
    pub(crate) wanted: Option<u32>,
}

/// A step of the plan that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) step: Step,
    /// `None` for the pull test and for other people's work.
    pub(crate) target: Option<Target>,
    pub(crate) result: StepResult,
    /// What goes on after the verb: `1/1 updated, 1/1 available`. Printable; digests in full.
    pub(crate) words: String,
    /// Further lines, of whoever refused: the kubelet, the API server. Printable.
    pub(crate) details: Vec<String>,
    pub(crate) took: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    PullTest,
    /// Looks whether everything is still as the plan showed it.
    Reread,
    /// Removes the counters that keep the refresh job from trying again.
    Rearm,
    CountAttempt,
    Patch,
    Wait,
    Verify,
    Record,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum StepResult {
    Done,
    /// Done with a doubt, or not done where that stops nothing.
    Doubtful,
    /// With the code that says why, where there is one.
    Failed(Option<Code>),
    /// The time ran out, or somebody ended the run.
    CutShort,
}

/// How the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything planned is done and recorded.
    Finished,
    NothingToDo,
    /// The answer to the question was No.
    Declined,
    /// A guard, or a named image that cannot move, stopped it before anything was changed.
    Refused(Exit),
    /// A step failed.
    Failed,
    TimedOut(Duration),
    /// By a signal.
    Interrupted(Exit),
}

impl RefreshReport {
    /// Workloads whose change is complete: patched or found set, rolled out, verified.
    pub(crate) fn done(&self) -> Vec<&Target> {
        let verified = |target: &&Target| {
            self.steps.iter().any(|taken| {
                taken.step == Step::Verify
                    && taken.target.as_ref() == Some(target)
                    && matches!(taken.result, StepResult::Done | StepResult::Doubtful)
            })
        };
        let targets = self.plan.changes.iter().map(|change| &change.target);
        targets.filter(verified).collect()
    }

    pub(crate) fn not_done(&self) -> Vec<&Target> {
        let done = self.done();
        let targets = self.plan.changes.iter().map(|change| &change.target);
        targets.filter(|target| !done.contains(target)).collect()
    }

    /// Whether the workload may name its new content by now, by this run or an earlier one.
    pub(crate) fn has_set(&self, target: &Target) -> bool {
        let mut changes = self.plan.changes.iter();
        changes.any(|change| change.target == *target && change.stage != Stage::Patch)
            || self
                .patches()
                .any(|taken| taken.target.as_ref() == Some(target))
    }

    /// Whether a patch was sent that the server may have carried out.
    pub(crate) fn has_patched(&self) -> bool {
        self.patches().next().is_some()
    }

    /// Those that the server carried out, or may have.
    fn patches(&self) -> impl Iterator<Item = &Taken> {
        self.steps.iter().filter(|taken| {
            taken.step == Step::Patch && !matches!(taken.result, StepResult::Failed(_))
        })
    }

    /// Of several outcomes the gravest (design, "Exit codes").
    pub(crate) fn exit(&self) -> Exit {
        let unable = |taken: bool| if taken { Exit::Incomplete } else { Exit::Done };
        let left_out = self
            .plan
            .refused
            .iter()
            .any(|refused| refused.because == Because::Unable);
        match &self.ending {
            Ending::Finished | Ending::NothingToDo => unable(left_out),
            Ending::Declined => Exit::Done,
            Ending::Refused(exit) | Ending::Interrupted(exit) => *exit,
            Ending::Failed => Exit::Found,
            Ending::TimedOut(_) => Exit::TimedOut,
        }
    }
}
