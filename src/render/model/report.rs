//! What a refresh did, as the document behind its last lines: kind `RefreshReport`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::egress::millis;
use super::plan::{Fields, Kind, Plan, Step as Planned};
use super::{API_VERSION, Metadata, Next};
use crate::codes::Code;
use crate::image::Digest;
use crate::observation::Target;
use crate::plan::Undo;
use crate::report::{Ending, RefreshReport, Step, StepResult, Taken};

mod next;
mod outcome;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) metadata: Metadata,
    pub(crate) summary: Summary,
    pub(crate) plan: Plan,
    /// Those that were begun, in that order, then those that were not.
    pub(crate) steps: Vec<TakenStep>,
    /// What was written into the record, by image.
    pub(crate) recorded: BTreeMap<&'static str, Digest>,
    /// Workloads whose change is complete.
    pub(crate) done: Vec<Target>,
    pub(crate) not_done: Vec<Target>,
    pub(crate) unready: Vec<Unready>,
    pub(crate) elapsed_ms: u64,
    /// What came of it, and what running this again would do, paragraph by paragraph.
    pub(crate) messages: Vec<String>,
    /// What the refresh did not change, though somebody might think so.
    pub(crate) not_fixed: Vec<String>,
    /// Empty where nothing is set that was not set before.
    pub(crate) undo: Vec<Undo>,
    pub(crate) next: Vec<Next>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) ending: End,
    pub(crate) exit_code: u8,
    /// Images that run their latest because of this run.
    pub(crate) refreshed: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum End {
    Finished,
    NothingToDo,
    Declined,
    Refused,
    Failed,
    TimedOut,
    Interrupted,
}

/// A step of the plan, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TakenStep {
    pub(crate) kind: Kind,
    pub(crate) target: Option<Target>,
    pub(crate) patch: Option<Value>,
    pub(crate) patch_type: Option<&'static str>,
    pub(crate) from: Option<Fields>,
    pub(crate) to: Option<Fields>,
    /// `done`, `doubtful`, `failed`, `cutShort` or `notBegun`.
    pub(crate) result: &'static str,
    pub(crate) code: Option<Code>,
    pub(crate) message: Option<String>,
    pub(crate) details: Vec<String>,
    pub(crate) elapsed_ms: Option<u64>,
}

/// A workload that was set and has not rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unready {
    pub(crate) target: Target,
    /// Pods that serve, of whatever template; `None` when nobody could look.
    pub(crate) available: Option<u32>,
    pub(crate) wanted: Option<u32>,
}

impl Report {
    pub(crate) fn new(report: &RefreshReport, plan: Plan) -> Self {
        let owned = |targets: Vec<&Target>| targets.into_iter().cloned().collect();
        Self {
            api_version: API_VERSION,
            kind: "RefreshReport",
            metadata: plan.metadata.clone(),
            summary: Summary {
                ending: End::of(&report.ending),
                exit_code: report.exit().code(),
                refreshed: outcome::refreshed(report),
            },
            steps: steps(report, &plan),
            recorded: report
                .recorded
                .iter()
                .map(|(image, digest)| (image.name(), digest.clone()))
                .collect(),
            done: owned(report.done()),
            not_done: owned(report.not_done()),
            unready: outcome::unready(report),
            elapsed_ms: millis(report.elapsed),
            messages: outcome::messages(report, &plan),
            not_fixed: outcome::not_fixed(report, &plan),
            undo: undo(report),
            next: next::next(report, &plan),
            plan,
        }
    }
}

impl End {
    const fn of(ending: &Ending) -> Self {
        match ending {
            Ending::Finished => Self::Finished,
            Ending::NothingToDo => Self::NothingToDo,
            Ending::Declined => Self::Declined,
            Ending::Refused(_) => Self::Refused,
            Ending::Failed => Self::Failed,
            Ending::TimedOut(_) => Self::TimedOut,
            Ending::Interrupted(_) => Self::Interrupted,
        }
    }
}

/// The way back of what is set by now, be it by an earlier run.
fn undo(report: &RefreshReport) -> Vec<Undo> {
    let is_set = |undo: &&Undo| match &undo.target {
        Some(target) => report.has_set(target),
        None => report
            .plan
            .changes
            .iter()
            .any(|one| report.has_set(&one.target)),
    };
    report.plan.undo.iter().filter(is_set).cloned().collect()
}

const fn kind(step: Step) -> Kind {
    match step {
        Step::PullTest => Kind::PullTest,
        Step::Reread => Kind::Reread,
        Step::Rearm => Kind::Rearm,
        Step::CountAttempt => Kind::CountAttempt,
        Step::Patch => Kind::Patch,
        Step::Wait => Kind::Wait,
        Step::Verify => Kind::Verify,
        Step::Record => Kind::Record,
    }
}

fn steps(report: &RefreshReport, plan: &Plan) -> Vec<TakenStep> {
    let is_of = |planned: &Planned, taken: &Taken| {
        let target = taken.target.as_ref();
        planned.kind == kind(taken.step) && target.is_none_or(|target| *target == planned.target)
    };
    let taken = report.steps.iter().map(|taken| {
        let planned = plan.steps.iter().find(|planned| is_of(planned, taken));
        taken_step(taken, planned)
    });
    let is_begun = |planned: &&Planned| report.steps.iter().any(|taken| is_of(planned, taken));
    let left = plan.steps.iter().filter(|planned| !is_begun(planned));
    taken.chain(left.map(not_begun)).collect()
}

fn taken_step(taken: &Taken, planned: Option<&Planned>) -> TakenStep {
    let (result, code) = match taken.result {
        StepResult::Done => ("done", None),
        StepResult::Doubtful => ("doubtful", None),
        StepResult::Failed(code) => ("failed", code),
        StepResult::CutShort => ("cutShort", None),
    };
    TakenStep {
        kind: kind(taken.step),
        target: taken.target.clone(),
        patch: planned.and_then(|planned| planned.patch.clone()),
        patch_type: planned.and_then(|planned| planned.patch_type),
        from: planned.and_then(|planned| planned.from.clone()),
        to: planned.and_then(|planned| planned.to.clone()),
        result,
        code,
        message: Some(taken.words.clone()).filter(|words| !words.is_empty()),
        details: taken.details.clone(),
        elapsed_ms: Some(millis(taken.took)),
    }
}

fn not_begun(planned: &Planned) -> TakenStep {
    TakenStep {
        kind: planned.kind,
        target: Some(planned.target.clone()),
        patch: planned.patch.clone(),
        patch_type: planned.patch_type,
        from: planned.from.clone(),
        to: planned.to.clone(),
        result: "notBegun",
        code: None,
        message: None,
        details: Vec::new(),
        elapsed_ms: None,
    }
}

/// Of a step: `18.4s`, `2m3s`.
pub(crate) fn took(duration: Duration) -> String {
    if duration < Duration::from_secs(120) {
        return format!("{}.{}s", duration.as_secs(), duration.subsec_millis() / 100);
    }
    altogether(duration)
}

/// Of a run: `3.2s`, `29s`, `2m3s`.
fn altogether(duration: Duration) -> String {
    if duration < Duration::from_secs(10) {
        return took(duration);
    }
    let rounded = duration
        .saturating_add(Duration::from_millis(500))
        .as_secs();
    crate::age::age(i64::try_from(rounded).unwrap_or(i64::MAX))
}
