//! `--dry-run`: the plan alone. Nothing is created, nothing is changed.

use std::collections::BTreeMap;

use super::Run;
use super::planning::Planned;
use crate::cli::DryRun;
use crate::cluster::apply::{self, Write};
use crate::error::Error;
use crate::observation::Target;
use crate::plan::{RefreshPlan, Stage};
use crate::record::Streak;
use crate::report::Ending;

impl Run<'_> {
    /// # Errors
    ///
    /// As [`apply::rehearse`].
    pub(super) async fn rehearse(
        &self,
        planned: &Planned,
        dry_run: DryRun,
    ) -> Result<Ending, Error> {
        if dry_run == DryRun::Server {
            self.send_dry(&planned.plan).await?;
        }
        self.journal.rehearsed(planned, dry_run)?;
        Ok(self.refusal(planned).unwrap_or(Ending::NothingToDo))
    }

    /// Sends every patch with the version first read, and has none carried out.
    ///
    /// # Errors
    ///
    /// As [`apply::rehearse`].
    async fn send_dry(&self, plan: &RefreshPlan) -> Result<(), Error> {
        let version = |target: &Target| {
            let changes = plan
                .changes
                .iter()
                .filter(|change| change.target == *target);
            let mut objects = changes
                .map(|change| &change.object)
                .chain(&plan.finish.object);
            objects
                .next()
                .map_or_else(String::new, |object| object.version.clone())
        };
        let record = &plan.finish.target;
        let attempt = plan.attempt.as_ref().map(|attempt| {
            BTreeMap::from([(
                Streak::Attempts.key().to_owned(),
                Some(attempt.number.to_string()),
            )])
        });
        let moves = plan.changes.iter().flat_map(|change| &change.moves);
        let verified = moves.map(|one| (one.image, one.to.clone())).collect();
        let finish = plan.finish.written(&verified);
        let annotations = [attempt, (!plan.is_empty()).then_some(finish)];
        for keys in annotations.into_iter().flatten() {
            let write = Write::Annotations(&keys);
            apply::rehearse(self.cluster, record, write, &version(record)).await?;
        }
        for change in plan
            .changes
            .iter()
            .filter(|change| change.stage == Stage::Patch)
        {
            let write = Write::Template(&change.edits);
            apply::rehearse(self.cluster, &change.target, write, &change.object.version).await?;
        }
        Ok(())
    }
}
