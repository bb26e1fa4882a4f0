//! The steps of a plan, one after the other. The first that fails is the last; what was done and what was not is in
//! the journal.

use std::collections::BTreeMap;

use super::Run;
use super::planning::Planned;
use crate::cli::PullTest as When;
use crate::cluster::apply::{self, Snapshot, Write, Written};
use crate::cluster::ownership::Writer;
use crate::codes::Code;
use crate::error::Error;
use crate::image::{Digest, ManagedImage};
use crate::observation::Target;
use crate::plan::{Attempt, Finish, Stage};
use crate::record::Streak;
use crate::report::{Ending, Step, StepResult};

/// What each object was when it was last read or written here.
pub(super) type States = BTreeMap<Target, Snapshot>;

impl Run<'_> {
    /// Carries a plan out that somebody agreed to.
    ///
    /// # Errors
    ///
    /// None that is not an ending; the type is that of the phases before.
    pub(super) async fn execute(&self, planned: Planned) -> Result<Ending, Error> {
        Ok(match Box::pin(self.steps(planned)).await {
            Ok(()) => Ending::Finished,
            Err(ending) => ending,
        })
    }

    async fn steps(&self, mut planned: Planned) -> Result<(), Ending> {
        if self.args.pull_test != When::Skip {
            self.pull(&planned).await?;
        }
        if self.args.pull_test == When::Only {
            return Ok(());
        }
        // Before the attempt is counted: an attempt that nothing follows would bring the lock-out nearer.
        self.in_time()?;
        let mut states = self.reread(&mut planned).await?;
        self.rearm(&planned, &mut states).await?;
        self.count(&mut planned, &mut states).await?;
        let mut verified = BTreeMap::new();
        for place in 0..planned.plan.changes.len() {
            self.patch(&mut planned, place, &mut states).await?;
            let change = planned.plan.changes[place].clone();
            if let Some(settled) = self.settled(&planned, &change, &mut states).await? {
                verified.extend(self.verify(&planned, &change, &settled).await?);
            }
        }
        self.finish(&planned, &mut states, &verified).await
    }

    fn in_time(&self) -> Result<(), Ending> {
        if self.left().is_zero() {
            return Err(Ending::TimedOut(self.args.timeout.0));
        }
        Ok(())
    }

    async fn rearm(&self, planned: &Planned, states: &mut States) -> Result<(), Ending> {
        let keys: BTreeMap<_, _> = planned
            .plan
            .rearm
            .keys()
            .map(|key| (key.clone(), None))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let target = &planned.plan.finish.target;
        self.journal.begin(Step::Rearm, Some(target));
        let words = planned
            .plan
            .rearm
            .keys()
            .map(|key| short(key))
            .collect::<Vec<_>>()
            .join(", ");
        match self
            .write(target, states, Write::Annotations(&keys))
            .await?
        {
            None => {
                self.journal.end(StepResult::Done, words, Vec::new());
                Ok(())
            }
            Some(writer) => Err(self.changed(writer)),
        }
    }

    async fn count(&self, planned: &mut Planned, states: &mut States) -> Result<(), Ending> {
        loop {
            let Some(Attempt { number, .. }) = planned.plan.attempt.clone() else {
                return Ok(());
            };
            let target = planned.plan.finish.target.clone();
            let keys =
                BTreeMap::from([(Streak::Attempts.key().to_owned(), Some(number.to_string()))]);
            self.journal.begin(Step::CountAttempt, Some(&target));
            match self
                .write(&target, states, Write::Annotations(&keys))
                .await?
            {
                None => {
                    let cron_job = planned.seen.release.cron_job();
                    let limit = cron_job.and_then(|cron_job| cron_job.limits.attempts.number());
                    let of = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
                    self.journal.end(
                        StepResult::Done,
                        format!("attempt {number}{of}"),
                        Vec::new(),
                    );
                    return Ok(());
                }
                Some(writer) => {
                    self.renew(planned, 0, &target, writer).await?;
                    *states = self.reread(planned).await?;
                }
            }
        }
    }

    async fn patch(
        &self,
        planned: &mut Planned,
        place: usize,
        states: &mut States,
    ) -> Result<(), Ending> {
        loop {
            let change = planned.plan.changes[place].clone();
            if change.stage != Stage::Patch {
                return Ok(());
            }
            self.in_time()?;
            self.journal.begin(Step::Patch, Some(&change.target));
            match self
                .write(&change.target, states, Write::Template(&change.edits))
                .await?
            {
                None => {
                    self.journal
                        .end(StepResult::Done, String::new(), Vec::new());
                    return Ok(());
                }
                Some(writer) => {
                    self.renew(planned, place, &change.target, writer).await?;
                    let edits = &planned.plan.changes[place].edits;
                    let now = apply::snapshot(self.cluster, &change.target, edits).await;
                    states.insert(change.target.clone(), self.done(now)?);
                }
            }
        }
    }

    /// Writes under the lock; `Some` where somebody else was there first.
    async fn write(
        &self,
        target: &Target,
        states: &mut States,
        write: Write<'_>,
    ) -> Result<Option<Option<Writer>>, Ending> {
        let Some(seen) = states.get(target) else {
            return Ok(Some(None));
        };
        match apply::write(self.cluster, target, seen, write).await {
            Ok(Written::Done(now)) => {
                states.insert(target.clone(), now);
                Ok(None)
            }
            Ok(Written::Changed(writer)) => Ok(Some(writer)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Records everything at the end, in one patch.
    async fn finish(
        &self,
        planned: &Planned,
        states: &mut States,
        verified: &BTreeMap<ManagedImage, Digest>,
    ) -> Result<(), Ending> {
        let finish: &Finish = &planned.plan.finish;
        let keys = finish.written(verified);
        if keys.is_empty() || (finish.records.is_empty() && verified.is_empty()) {
            return Ok(());
        }
        let target = &finish.target;
        loop {
            self.journal.begin(Step::Record, Some(target));
            let Some(writer) = self
                .write(target, states, Write::Annotations(&keys))
                .await?
            else {
                break;
            };
            // Replicas that somebody changed meanwhile are no reason to stop, if what was set still runs.
            let now = self.done(apply::snapshot(self.cluster, target, &[]).await)?;
            let is_record_same = states
                .get(target)
                .is_some_and(|seen| seen.uid == now.uid && seen.annotations == now.annotations);
            if self.renewed.replace(true) || !is_record_same {
                return Err(self.changed(writer));
            }
            states.insert(target.clone(), now);
            let mut changes = planned.plan.changes.iter();
            if let Some(change) = changes.find(|change| change.target == *target) {
                self.settled(planned, change, states).await?;
            }
        }
        let recorded: BTreeMap<_, _> = finish
            .records
            .iter()
            .chain(verified)
            .filter(|(image, _)| image.record_key().is_some())
            .map(|(image, digest)| (*image, digest.clone()))
            .collect();
        let names: Vec<_> = recorded
            .keys()
            .filter_map(|image| image.record_key())
            .map(short)
            .collect();
        self.journal
            .end(StepResult::Done, names.join(", "), Vec::new());
        self.journal.record(recorded);
        Ok(())
    }

    /// A question that failed ends the run.
    pub(super) fn done<T>(&self, answer: Result<T, Error>) -> Result<T, Ending> {
        answer.map_err(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &Error) -> Ending {
        let details = error.hint().map(|hint| format!("hint: {hint}"));
        self.journal.fail(
            error.code(),
            error.to_string(),
            details.into_iter().collect(),
        );
        Ending::Failed
    }

    pub(super) fn changed(&self, writer: Option<Writer>) -> Ending {
        let details = writer.map(|writer| format!("changed by {writer}"));
        self.journal.fail(
            Some(Code::ChangedUnderneath),
            "somebody else changed it".to_owned(),
            details.into_iter().collect(),
        );
        Ending::Failed
    }
}

/// An annotation without what all of them begin with.
fn short(key: &str) -> &str {
    key.strip_prefix(crate::record::PREFIX).unwrap_or(key)
}
