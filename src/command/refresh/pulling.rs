//! The pull test of a refresh, and what its outcomes mean for the steps after it.

use std::time::Duration;

use super::Run;
use super::planning::Planned;
use crate::codes::Code;
use crate::command::left_over;
use crate::health::ClusterEvidence;
use crate::probe::node::{Before, Outcome, PullTest};
use crate::probe::pull::{Patience, pull_test};
use crate::render::size::size;
use crate::report::{Ending, Step, StepResult, Taken};
use crate::rollout::Strategy;
use crate::terminal;

impl Run<'_> {
    /// Has nodes pull what is about to be set.
    ///
    /// # Errors
    ///
    /// The ending of the run: a node cannot pull it; or nobody could test that, and the old pod would be gone first.
    pub(super) async fn pull(&self, planned: &Planned) -> Result<(), Ending> {
        if planned.tests.is_empty() {
            return Ok(());
        }
        let resources = planned
            .seen
            .release
            .cron_job()
            .map(|cron_job| cron_job.resources.clone())
            .unwrap_or_default();
        self.journal.begin(Step::PullTest, None);
        let tested = pull_test(
            self.jobs,
            &planned.tests,
            &resources,
            Patience::within(self.left()),
        );
        let line = || "pulling what is to run".to_owned();
        let report = terminal::live(self.screen, line, Box::pin(tested)).await;
        self.journal.close_step();
        let mut is_stopped = false;
        for (test, (outcome, took)) in planned.tests.iter().zip(report.outcomes) {
            let taken = self.told(planned, test, &outcome, took);
            is_stopped |= matches!(taken.result, StepResult::Failed(_) | StepResult::CutShort);
            self.journal.take(taken);
        }
        left_over(&report.leftovers);
        if is_stopped {
            return Err(Ending::Failed);
        }
        Ok(())
    }

    fn told(&self, planned: &Planned, test: &PullTest, outcome: &Outcome, took: Duration) -> Taken {
        let mut details = Vec::new();
        let place = match &test.place {
            Ok(place) => match &place.platform {
                Some(platform) => format!("on {} ({platform}", place.node),
                None => format!("on {} (", place.node),
            },
            Err(_) => "(no node known".to_owned(),
        };
        let (result, note) = match outcome {
            Outcome::Pulled {
                before,
                size: bytes,
                ..
            } => {
                let bytes = bytes.map_or_else(String::new, |bytes| format!(", {}", size(bytes)));
                let note = match before {
                    Before::Held => {
                        ": already there, so that only the manifest request was tested".to_owned()
                    }
                    Before::NotListed => blocked_for_pods(planned, test)
                        .map_or_else(String::new, |registry| {
                            format!(": the node reaches {registry}, the pods do not")
                        }),
                };
                (StepResult::Done, format!("{bytes}){note}"))
            }
            Outcome::Failed(heard) => {
                details.push(format!("kubelet: {}", heard.words));
                (
                    StepResult::Failed(Some(Code::CannotPull)),
                    "): cannot be pulled".to_owned(),
                )
            }
            Outcome::Unfinished => (
                StepResult::CutShort,
                "): still pulling when the time for it was up".to_owned(),
            ),
            Outcome::CouldNotStart { code, why } => {
                details.push(why.clone());
                (
                    self.untested(planned, *code),
                    "): could not be tested".to_owned(),
                )
            }
            Outcome::NotAllowed(error) => {
                details.push(error.to_string());
                details.extend(error.hint().map(|hint| format!("hint: {hint}")));
                let result = self.untested(planned, error.code());
                (result, "): could not be tested".to_owned())
            }
        };
        Taken {
            step: Step::PullTest,
            target: None,
            result,
            words: format!("{} {place}{note}", test.digest),
            details,
            took,
        }
    }

    /// An image that nobody could test stops the run where the old pod is gone before the new one pulls it.
    fn untested(&self, planned: &Planned, code: Option<Code>) -> StepResult {
        let mut changes = planned.plan.changes.iter();
        let is_risky = changes.any(|change| change.object.strategy == Strategy::Recreate);
        if is_risky || self.args.pull_test == crate::cli::PullTest::Only {
            StepResult::Failed(code)
        } else {
            StepResult::Doubtful
        }
    }
}

/// The registry of this image, where pods fail to look it up.
fn blocked_for_pods<'a>(planned: &'a Planned, test: &PullTest) -> Option<&'a str> {
    let mut ways = planned.assessed.egress.iter();
    let way = ways.find(|way| {
        test.repository.starts_with(&format!("{}/", way.registry))
            && matches!(way.cluster, ClusterEvidence::Fails { .. })
    });
    way.map(|way| way.registry.as_str())
}
