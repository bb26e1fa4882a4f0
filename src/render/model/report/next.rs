//! What to type after a refresh: commands that work as they stand.

use crate::codes::Code;
use crate::observation::Target;
use crate::render::model::Next;
use crate::render::model::plan::{LOCKED_OUT, Mode, PAUSED, Plan, STREAK_STAYS, SUSPENDED};
use crate::report::{Ending, RefreshReport, Step, StepResult};
use crate::shell::word;

pub(super) fn next(report: &RefreshReport, plan: &Plan) -> Vec<Next> {
    let advice = Advice { report, plan };
    match &report.ending {
        Ending::NothingToDo | Ending::Declined => Vec::new(),
        Ending::Finished => advice.after_success(),
        Ending::Refused(_) => advice.after_refusal(),
        Ending::Failed => advice.after_failure(),
        Ending::TimedOut(_) | Ending::Interrupted(_) if report.has_patched() => {
            vec![advice.again("go on")]
        }
        Ending::TimedOut(_) | Ending::Interrupted(_) => vec![advice.again("begin anew")],
    }
}

struct Advice<'a> {
    report: &'a RefreshReport,
    plan: &'a Plan,
}

fn step(command: String, why: &str) -> Next {
    Next {
        command,
        why: why.to_owned(),
    }
}

impl Advice<'_> {
    fn namespace(&self) -> String {
        word(&self.plan.metadata.namespace)
    }

    fn ours(&self, words: &str, why: &str) -> Next {
        let (command, flags) = words.split_once(' ').unwrap_or((words, ""));
        let command = format!(
            "kubectl tracebloc-images {command} -n {} {flags}",
            self.namespace()
        );
        step(command.trim_end().to_owned(), why)
    }

    /// The same refresh once more.
    fn again(&self, why: &str) -> Next {
        let requested = self.plan.requested.iter();
        let words: Vec<_> = std::iter::once("kubectl tracebloc-images refresh")
            .chain(requested.map(|image| image.name()))
            .collect();
        let namespace = self.namespace();
        step(format!("{} -n {namespace}", words.join(" ")), why)
    }

    fn after_success(&self) -> Vec<Next> {
        if self.plan.pull_test.mode == Mode::Only {
            return vec![self.again("move what a node can pull")];
        }
        let guards = &self.plan.guards;
        if guards.iter().any(|guard| guard.obstacle == STREAK_STAYS) {
            let registry = self.plan.lookups_failed.as_ref();
            let registry = registry.map_or("the registry", |failed| &failed.registry);
            return vec![self.ours("doctor", &format!("find where {registry} is blocked"))];
        }
        Vec::new()
    }

    fn after_refusal(&self) -> Vec<Next> {
        let pulls = self.report.steps.iter();
        if pulls.into_iter().any(|taken| taken.step == Step::PullTest) {
            return vec![self.ours("doctor --pull-test", "find why no node can be asked")];
        }
        let Some(guard) = self.plan.stopped_by() else {
            return Vec::new();
        };
        let refresher = self.plan.refresher.as_ref();
        match (guard.obstacle, refresher, &guard.target) {
            (SUSPENDED, Some(refresher), _) => vec![step(
                format!(
                    "kubectl patch cronjob -n {} {} -p '{{\"spec\":{{\"suspend\":false}}}}'",
                    self.namespace(),
                    word(&refresher.name)
                ),
                "let it run again",
            )],
            (LOCKED_OUT, _, _) => {
                vec![self.ours("refresh --rearm", "remove the count and try again")]
            }
            (PAUSED, _, Some(target)) => vec![step(
                format!("kubectl rollout resume {}", named(target)),
                "let it roll out",
            )],
            _ => Vec::new(),
        }
    }

    fn after_failure(&self) -> Vec<Next> {
        let failed = self.report.steps.iter().rev();
        let failed = failed.filter_map(|taken| match taken.result {
            StepResult::Failed(code) => Some((taken.step, code, taken.target.as_ref())),
            StepResult::Done | StepResult::Doubtful | StepResult::CutShort => None,
        });
        let Some((what, code, target)) = failed.into_iter().next() else {
            return Vec::new();
        };
        match (what, code, target) {
            (_, Some(Code::CannotPull), _) => {
                vec![self.ours("doctor --pull-test", "find where the pull is blocked")]
            }
            (Step::PullTest, _, _) => vec![self.ours("doctor", "find where the pull is blocked")],
            (_, Some(Code::Crashes), Some(target)) => {
                vec![step(
                    format!("kubectl logs {} --all-containers --previous", named(target)),
                    "its last words",
                )]
            }
            (_, Some(Code::NotRunningWhatWasSet), _) => {
                vec![self.ours("status -o wide", "what runs instead")]
            }
            (_, Some(Code::ChangedUnderneath), _) => {
                vec![self.ours("refresh --dry-run", "what is to be done now")]
            }
            (Step::Wait, _, _) => {
                let command = format!(
                    "kubectl get events -n {} --sort-by=.lastTimestamp",
                    self.namespace()
                );
                vec![step(command, "what the cluster says")]
            }
            _ => Vec::new(),
        }
    }
}

/// `-n tracebloc deploy/berlin-jobs-manager`
fn named(target: &Target) -> String {
    format!(
        "-n {} {}",
        word(&target.namespace),
        word(&target.to_string())
    )
}
