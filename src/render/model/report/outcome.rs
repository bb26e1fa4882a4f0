//! What came of a refresh, in sentences: what was done, what was not, and what running it again would do.

use std::collections::BTreeSet;

use super::{Unready, altogether};
use crate::age::age;
use crate::codes::Code;
use crate::image::ManagedImage;
use crate::observation::Target;
use crate::plan::{Change, Means};
use crate::render::model::plan::{Mode, Plan, STREAK_STAYS};
use crate::report::{Ending, RefreshReport, Step, StepResult, Taken};
use crate::rollout::Strategy;

mod finished;

/// Images that run their latest now, requests-proxy counted as the one that it runs.
pub(super) fn refreshed(report: &RefreshReport) -> usize {
    let done = report.done();
    let changes = report.plan.changes.iter();
    let changes = changes.filter(|change| done.contains(&&change.target));
    let moved = changes.flat_map(|change| &change.moves);
    let moved = moved.filter(|one| one.means != Means::None);
    let images: BTreeSet<_> = moved
        .map(|one| match one.image {
            ManagedImage::RequestsProxy => ManagedImage::JobsManager,
            image => image,
        })
        .collect();
    images.len()
}

/// Set, and not rolled out. Of a workload that nobody looked at when the run ended, the numbers are not known.
pub(super) fn unready(report: &RefreshReport) -> Vec<Unready> {
    let looked_at = |target: &Target| report.unready.iter().find(|one| one.target == *target);
    let is_cut = |target: &Target| {
        let mut waits = report.steps.iter();
        waits.any(|taken| {
            taken.step == Step::Wait
                && taken.target.as_ref() == Some(target)
                && matches!(taken.result, StepResult::Failed(_) | StepResult::CutShort)
        })
    };
    let changes = report.plan.changes.iter().map(|change| &change.target);
    changes
        .filter_map(|target| match looked_at(target) {
            Some(one) => Some((target, one.available, one.wanted)),
            None => is_cut(target).then_some((target, None, None)),
        })
        .map(|(target, available, wanted)| Unready {
            target: target.clone(),
            available,
            wanted,
        })
        .collect()
}

/// All sentences, in the order in which they are read: how it stands, what was done, what comes next.
pub(super) fn messages(report: &RefreshReport, plan: &Plan) -> Vec<String> {
    let story = Story { report, plan };
    let unfinished = |head: String| {
        let standing = std::iter::once(head).chain(story.standing());
        vec![
            standing.collect(),
            vec![story.progress()],
            vec![story.again()],
        ]
    };
    let paragraphs: Vec<Vec<String>> = match &report.ending {
        Ending::NothingToDo => Vec::new(),
        Ending::Declined => vec![vec![story.changed()]],
        Ending::Refused(_) => vec![vec![story.refused(), story.changed()]],
        Ending::Finished => vec![story.finished()],
        Ending::Failed => unfinished(String::new()),
        Ending::TimedOut(limit) => {
            let limit = age(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
            let more = if report.has_patched() {
                "; the rollout may still finish, and nothing was undone"
            } else {
                ""
            };
            unfinished(format!("Timed out after {limit}{more}."))
        }
        Ending::Interrupted(_) => {
            unfinished(format!("Interrupted after {}.", altogether(report.elapsed)))
        }
    };
    let said = |sentences: Vec<String>| {
        let sentences: Vec<_> = sentences
            .into_iter()
            .filter(|one| !one.is_empty())
            .collect();
        sentences.join(" ")
    };
    let paragraphs = paragraphs.into_iter().map(said);
    paragraphs.filter(|one| !one.is_empty()).collect()
}

/// What is still wrong although an image moved.
pub(super) fn not_fixed(report: &RefreshReport, plan: &Plan) -> Vec<String> {
    if report.ending != Ending::Finished || plan.pull_test.mode == Mode::Only {
        return Vec::new();
    }
    let stays = plan
        .guards
        .iter()
        .find(|guard| guard.obstacle == STREAK_STAYS);
    let streak = stays.and(plan.lookups_failed.as_ref());
    streak
        .map(|streak| {
            let count = &streak.count;
            let limit = streak.limit.map_or_else(String::new, |limit| format!("/{limit}"));
            format!(
                "pods still cannot reach {} (streak stays {count}{limit}), so the next ingestor release will stick again.",
                streak.registry
            )
        })
        .into_iter()
        .collect()
}

struct Story<'a> {
    report: &'a RefreshReport,
    plan: &'a Plan,
}

impl Story<'_> {
    fn refused(&self) -> String {
        let report = self.report;
        let doubts =
            |taken: &&Taken| matches!(taken.result, StepResult::Doubtful | StepResult::Failed(_));
        let by_step = report.steps.iter().rev().find(doubts);
        let why = if let Some(taken) = by_step {
            let details = taken.details.first().map(String::as_str);
            details.unwrap_or(&taken.words).to_owned()
        } else if let Some(guard) = self.plan.stopped_by() {
            guard.message.clone()
        } else {
            let refused = self.plan.refused.iter();
            let refused = refused.map(|one| format!("{} {}", one.image, one.reason));
            refused.collect::<Vec<_>>().join("; ")
        };
        format!("Not refreshed: {why}.")
    }

    /// How things stand after a run that did not finish.
    fn standing(&self) -> Vec<String> {
        let mut sentences = self.serving();
        sentences.push(self.changed());
        sentences.push(self.skips());
        if self.report.has_patched() && self.is_counted() {
            sentences.push(format!("The attempt stays counted{}.", self.attempt()));
        }
        sentences
    }

    /// Who serves, and who does not.
    fn serving(&self) -> Vec<String> {
        let sentence = |one: &Unready| {
            let change = self.change(&one.target)?;
            let name = self.plan.short_name(&one.target);
            let is_recreated = change.object.strategy == Strategy::Recreate;
            let how = if is_recreated { ", Recreate" } else { "" };
            let wanted = one.wanted.map_or_else(|| "?".to_owned(), |n| n.to_string());
            Some(match one.available {
                Some(0) => format!("{name} is DOWN (0/{wanted}{how})."),
                Some(serving) => format!("{name} still serves ({serving}/{wanted})."),
                None if is_recreated => format!("{name} may be DOWN (Recreate)."),
                None => format!("Whether {name} serves was not seen."),
            })
        };
        unready(self.report).iter().filter_map(sentence).collect()
    }

    /// What is different now.
    fn changed(&self) -> String {
        let report = self.report;
        if !report.recorded.is_empty() {
            let images: Vec<_> = report.recorded.keys().map(|image| image.name()).collect();
            return format!("Recorded: {}.", images.join(", "));
        }
        let in_doubt = self.in_doubt();
        if !in_doubt.is_empty() {
            let targets = targets(&in_doubt);
            return format!("Whether {targets} was patched is not known; nothing was recorded.");
        }
        if report.has_patched() {
            return "Nothing was recorded.".to_owned();
        }
        match self
            .steps(Step::CountAttempt)
            .next()
            .map(|taken| taken.result)
        {
            Some(StepResult::Done | StepResult::Doubtful) => {
                format!(
                    "Nothing was changed but the count of attempts{}.",
                    self.attempt()
                )
            }
            Some(StepResult::CutShort) => {
                format!(
                    "Nothing was changed, but the attempt may be counted{}.",
                    self.attempt()
                )
            }
            Some(StepResult::Failed(_)) | None if self.has_rearmed() => {
                "Nothing was changed but the counters, which are removed.".to_owned()
            }
            Some(StepResult::Failed(_)) | None => "Nothing was changed.".to_owned(),
        }
    }

    fn skips(&self) -> String {
        let refresher = self.plan.refresher.as_ref();
        let record = &self.report.plan.finish.target;
        let is_unready = |one: &Unready| {
            one.target == *record && one.available.is_none_or(|serving| serving == 0)
        };
        let waits = unready(self.report).iter().any(is_unready);
        let refresher = refresher.filter(|refresher| refresher.waits_for_rollout && waits);
        let Some(refresher) = refresher else {
            return String::new();
        };
        let skips = refresher.skips.as_ref().map_or_else(String::new, |skips| {
            let limit = skips
                .limit
                .map_or_else(|| "?".to_owned(), |limit| limit.to_string());
            format!(" (skips {}/{limit})", skips.count)
        });
        format!("The in-cluster refresher skips while it is not Ready{skips}.")
    }

    fn progress(&self) -> String {
        if self.report.plan.changes.len() < 2 {
            return String::new();
        }
        let (done, not_done) = (self.report.done(), self.report.not_done());
        let part = |label: &str, all: &[&Target]| {
            if all.is_empty() {
                return String::new();
            }
            format!("{label}: {}.", targets(all))
        };
        [part("Done", &done), part("Not done", &not_done)]
            .join(" ")
            .trim()
            .to_owned()
    }

    fn again(&self) -> String {
        let report = self.report;
        if self.failed_with(Code::ChangedUnderneath) {
            return "Running this again looks and plans anew.".to_owned();
        }
        let not_done = report.not_done();
        let (set, open): (Vec<_>, Vec<_>) = not_done
            .into_iter()
            .partition(|target| report.has_set(target));
        let done = report.done();
        if set.is_empty() && done.is_empty() {
            return "Running this again begins anew.".to_owned();
        }
        let mut acts = Vec::new();
        if !done.is_empty() {
            acts.push(format!("finds {} done", targets(&done)));
        }
        let in_doubt = self.in_doubt();
        let (in_doubt, set): (Vec<_>, Vec<_>) = set
            .into_iter()
            .partition(|target| in_doubt.contains(target));
        if !in_doubt.is_empty() {
            acts.push(format!("sees whether {} is patched", targets(&in_doubt)));
        }
        if !set.is_empty() {
            let does_not_run =
                self.failed_with(Code::CannotPull) || self.failed_with(Code::Crashes);
            acts.push(if does_not_run {
                format!("has a node pull for {} once more", targets(&set))
            } else {
                format!("waits for {} without another patch", targets(&set))
            });
        }
        if !open.is_empty() {
            acts.push(format!("moves {}", targets(&open)));
        }
        acts.push("records what runs".to_owned());
        format!("Running this again {}.", acts.join(", then "))
    }

    fn steps(&self, step: Step) -> impl Iterator<Item = &Taken> {
        self.report
            .steps
            .iter()
            .filter(move |taken| taken.step == step)
    }

    fn change(&self, target: &Target) -> Option<&Change> {
        self.report
            .plan
            .changes
            .iter()
            .find(|change| change.target == *target)
    }

    /// Workloads whose patch was cut short.
    fn in_doubt(&self) -> Vec<&Target> {
        let cut = self
            .steps(Step::Patch)
            .filter(|taken| taken.result == StepResult::CutShort);
        cut.filter_map(|taken| taken.target.as_ref()).collect()
    }

    fn has_rearmed(&self) -> bool {
        self.steps(Step::Rearm)
            .any(|taken| taken.result == StepResult::Done)
    }

    fn is_counted(&self) -> bool {
        self.steps(Step::CountAttempt)
            .any(|taken| taken.result == StepResult::Done)
    }

    /// ` (1/3)`
    fn attempt(&self) -> String {
        let Some(number) = self.plan.attempt() else {
            return String::new();
        };
        let refresher = self.plan.refresher.as_ref();
        let limit = refresher.and_then(|refresher| refresher.attempts?.limit);
        limit.map_or_else(
            || format!(" ({number})"),
            |limit| format!(" ({number}/{limit})"),
        )
    }

    fn failed_with(&self, code: Code) -> bool {
        let mut steps = self.report.steps.iter();
        steps.any(|taken| taken.result == StepResult::Failed(Some(code)))
    }
}

fn targets(targets: &[&Target]) -> String {
    let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
    names.join(", ")
}
