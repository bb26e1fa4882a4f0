//! The pull test of a refresh: what its outcomes mean for the steps after it.

use crate::codes::Code;
use crate::probe::node::{Outcome, PullTest, Tested};
use crate::probe::pull::{Patience, pull_test};
use crate::report::{Ending, Step, StepResult, Taken};
use crate::rollout::Strategy;

use super::Run;
use super::planning::Planned;

impl Run<'_> {
    /// Has a node pull what is about to be set.
    ///
    /// # Errors
    ///
    /// The ending of the run: a node cannot pull it, or nobody could test that and the old pod would be gone first.
    pub(super) async fn pull(&self, planned: &Planned) -> Result<(), Ending> {
        if planned.tests.is_empty() {
            return Ok(());
        }
        self.journal.begin(Step::PullTest, None);
        todo!()
    }
}
