//! The steps of a plan, one after the other. The first that fails is the last; what was done and what was not is in
//! the journal.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::planning::Planned;
use super::verification::Outcome;
use super::{POLL, Run};
use crate::cli::PullTest as When;
use crate::cluster::apply::{self, Snapshot, Write, Written};
use crate::cluster::ownership::Writer;
use crate::cluster::rollout::{Awaited, Look, Pace, wait};
use crate::cluster::runs::active;
use crate::codes::Code;
use crate::error::Error;
use crate::image::{Digest, ManagedImage};
use crate::observation::Target;
use crate::plan::{Attempt, Change, Edit, Field, Finish, RefreshPlan, Stage};
use crate::record::Streak;
use crate::render::report::live;
use crate::report::{Ending, Step, StepResult, Unready};
use crate::rollout::{Failed, Mark, Settled, Verdict};
use crate::terminal;

/// What each object was when it was last read or written here.
type States = BTreeMap<Target, Snapshot>;

impl Run<'_> {
    /// Carries a plan out that somebody agreed to.
    ///
    /// # Errors
    ///
    /// None that is not an ending; the type is that of the phases before.
    pub(super) async fn execute(&self, planned: Planned) -> Result<Ending, Error> {
        Ok(match self.steps(planned).await {
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

    /// Reads every object again: what was shown must still be so.
    async fn reread(&self, planned: &mut Planned) -> Result<States, Ending> {
        loop {
            self.wait_for_runs(planned).await?;
            let mut states = States::new();
            let mut changed = None;
            for (target, edits) in objects(&planned.plan) {
                let now = self.done(apply::snapshot(self.cluster, &target, &edits).await)?;
                if changed.is_none() && !is_as_planned(&planned.plan, &target, &now) {
                    changed = Some((target.clone(), edits));
                }
                states.insert(target, now);
            }
            let Some((target, edits)) = changed else {
                return Ok(states);
            };
            let keys: Vec<_> = planned
                .plan
                .finish
                .annotations
                .keys()
                .map(String::as_str)
                .collect();
            let writer = apply::changed_by(self.cluster, &target, &edits, &keys).await;
            self.renew(planned, 0, &target, writer.ok().flatten())
                .await?;
        }
    }

    /// A run of the refresh job that began meanwhile ends first.
    async fn wait_for_runs(&self, planned: &mut Planned) -> Result<(), Ending> {
        let Some(cron_job) = planned.seen.release.cron_job() else {
            return Ok(());
        };
        if self.args.force {
            return Ok(());
        }
        let (uid, namespace) = (cron_job.uid.clone(), planned.plan.namespace.clone());
        let mut has_waited = false;
        let waited = async {
            loop {
                let jobs = active(self.cluster, &namespace, &uid).await?;
                if jobs.is_empty() || self.left().is_zero() {
                    return Ok::<_, Error>(jobs);
                }
                if !has_waited {
                    self.journal.note(&format!(
                        "waiting for {}, which began meanwhile",
                        jobs.join(", ")
                    ));
                    has_waited = true;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match waited.await {
            Ok(jobs) if jobs.is_empty() => Ok(()),
            Ok(_) => Err(Ending::TimedOut(self.args.timeout.0)),
            // Whoever may not list Jobs was told so by the plan.
            Err(Error::Forbidden { .. }) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Plans anew, once: what was agreed to is done only if it is still the same.
    async fn renew(
        &self,
        planned: &mut Planned,
        from: usize,
        target: &Target,
        writer: Option<Writer>,
    ) -> Result<(), Ending> {
        if !self.renewed.replace(true)
            && let Ok(anew) = self.plan(&planned.request).await
            && is_same(&planned.plan, &anew.plan, from)
        {
            let plan = continued(&planned.plan, anew.plan.clone(), from);
            *planned = anew;
            planned.plan = plan;
            self.journal.adopt(planned);
            return Ok(());
        }
        let who = writer.map_or_else(|| "somebody".to_owned(), |writer| writer.to_string());
        self.journal.begin(Step::Patch, Some(target));
        self.journal.end(
            StepResult::Failed(Some(Code::ChangedUnderneath)),
            "is no longer what the plan showed".to_owned(),
            vec![format!("changed by {who}")],
        );
        Err(Ending::Failed)
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
                    let limit = planned
                        .seen
                        .release
                        .cron_job()
                        .map(|cron_job| &cron_job.limits.attempts);
                    let of = match limit {
                        Some(crate::capability::Limit::At(limit)) => format!(" of {limit}"),
                        _ => String::new(),
                    };
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
            if self.left().is_zero() {
                return Err(Ending::TimedOut(self.args.timeout.0));
            }
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

    /// Waits for the new pods. `None` where nobody waits: `OnDelete`.
    async fn settled(
        &self,
        planned: &Planned,
        change: &Change,
        states: &mut States,
    ) -> Result<Option<Settled>, Ending> {
        self.journal.begin(Step::Wait, Some(&change.target));
        let look = self.done(self.wait(planned, change).await)?;
        if let Some(state) = states.get_mut(&change.target) {
            state.version = look.resource_version;
        }
        let since = |verb: &str| format!("{verb} after {}", seconds(self.journal.open_for()));
        match look.verdict {
            Verdict::Settled(settled) => {
                self.journal
                    .end(StepResult::Done, settled.words(), Vec::new());
                Ok(Some(settled))
            }
            Verdict::OnDelete(words) => {
                self.journal.end(StepResult::Doubtful, words, Vec::new());
                Ok(None)
            }
            Verdict::Rolling(words) => {
                self.journal.unready(vec![self.unready(change)]);
                self.journal.end(StepResult::CutShort, words, Vec::new());
                Err(Ending::TimedOut(self.args.timeout.0))
            }
            Verdict::Failed(failed) => {
                self.journal.unready(vec![self.unready(change)]);
                let details = lines(&failed);
                let result = StepResult::Failed(Some(failed.code));
                self.journal.end(result, since("stopped"), details);
                Err(Ending::Failed)
            }
            Verdict::Superseded | Verdict::Gone => Err(self.changed(look.changed_by)),
            Verdict::Paused => {
                let words = "paused meanwhile: nothing will roll out".to_owned();
                let result = StepResult::Failed(Some(Code::ChangedUnderneath));
                self.journal.end(result, words, Vec::new());
                Err(Ending::Failed)
            }
        }
    }

    async fn wait(&self, planned: &Planned, change: &Change) -> Result<Look, Error> {
        let marks: Vec<_> = change.edits.iter().map(mark).collect();
        let nodes = planned.seen.nodes.iter().flatten();
        let lost: BTreeSet<_> = nodes
            .filter(|node| node.standing == crate::node::Standing::NotReady)
            .map(|node| node.name.clone())
            .collect();
        let awaited = Awaited {
            target: &change.target,
            uid: Some(&change.object.uid),
            marks: &marks,
            lost: &lost,
        };
        let words = RefCell::new(String::new());
        let (began, limit) = (self.started.elapsed(), self.left());
        let pace = self.pace();
        let waited = wait(self.cluster, &awaited, limit, &pace, |said: &str| {
            said.clone_into(&mut words.borrow_mut());
        });
        let line = || {
            let elapsed = self.started.elapsed().saturating_sub(began);
            live(
                Step::Wait,
                Some(&change.target),
                &words.borrow(),
                elapsed,
                limit,
                None,
            )
        };
        terminal::live(self.screen, line, waited).await
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

    fn unready(&self, change: &Change) -> Unready {
        Unready {
            target: change.target.clone(),
            available: None,
            wanted: change.replicas,
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            interval: POLL,
            ..Pace::default()
        }
    }

    /// Sends every patch with the version first read, and has none carried out.
    ///
    /// # Errors
    ///
    /// As [`apply::rehearse`].
    pub(super) async fn send_dry(&self, plan: &RefreshPlan) -> Result<(), Error> {
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

    /// A question that failed ends the run.
    fn done<T>(&self, answer: Result<T, Error>) -> Result<T, Ending> {
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

    fn changed(&self, writer: Option<Writer>) -> Ending {
        let details = writer.map(|writer| format!("changed by {writer}"));
        self.journal.fail(
            Some(Code::ChangedUnderneath),
            "somebody else changed it".to_owned(),
            details.into_iter().collect(),
        );
        Ending::Failed
    }

    /// Puts together what verification found.
    pub(super) fn outcome(
        &self,
        outcome: Outcome,
    ) -> Result<BTreeMap<ManagedImage, Digest>, Ending> {
        let Outcome {
            result,
            words,
            details,
            digests,
        } = outcome;
        let is_failed = matches!(result, StepResult::Failed(_));
        self.journal.end(result, words, details);
        if is_failed {
            return Err(Ending::Failed);
        }
        Ok(digests)
    }
}

/// Every object that is written, and the fields of it that are.
fn objects(plan: &RefreshPlan) -> Vec<(Target, Vec<Edit>)> {
    let mut objects: Vec<_> = plan
        .changes
        .iter()
        .map(|change| (change.target.clone(), change.edits.clone()))
        .collect();
    if !objects
        .iter()
        .any(|(target, _)| *target == plan.finish.target)
    {
        objects.push((plan.finish.target.clone(), Vec::new()));
    }
    objects
}

/// Whether an object is still the one that the plan was made from. Controllers may have rewritten its status.
fn is_as_planned(plan: &RefreshPlan, target: &Target, now: &Snapshot) -> bool {
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.target == *target);
    let record = plan
        .finish
        .object
        .iter()
        .filter(|_| *target == plan.finish.target);
    let mut seen = changes.map(|change| &change.object).chain(record);
    let is_record_same = *target != plan.finish.target || {
        let mut annotations = plan.finish.annotations.clone();
        annotations.extend(plan.rearm.clone());
        annotations == now.annotations
    };
    is_record_same
        && seen.all(|object| (&object.uid, object.generation) == (&now.uid, now.generation))
}

/// Whether both plans bring the same content to the same workloads, from this change on.
fn is_same(old: &RefreshPlan, new: &RefreshPlan, from: usize) -> bool {
    let effect = |changes: &[Change]| -> Vec<_> {
        let changes = changes.iter();
        changes
            .map(|change| (change.target.clone(), change.moves.clone()))
            .collect()
    };
    let targets: BTreeSet<_> = old.changes[from..]
        .iter()
        .map(|change| &change.target)
        .collect();
    let left: Vec<_> = new
        .changes
        .iter()
        .filter(|change| targets.contains(&change.target))
        .cloned()
        .collect();
    let is_free = new.guards.iter().all(|guard| {
        // Our own attempt and our own rollout are no obstacles.
        !matches!(
            guard.obstacle,
            crate::plan::Obstacle::Paused(_)
                | crate::plan::Obstacle::Unreadable(_)
                | crate::plan::Obstacle::NoCronJob(_)
        )
    });
    let counted = old
        .attempt
        .as_ref()
        .map(|attempt| attempt.number.to_string());
    let before = |plan: &RefreshPlan| {
        plan.attempt
            .as_ref()
            .and_then(|attempt| attempt.before.clone())
    };
    let is_count_same = before(new) == before(old) || before(new) == counted;
    is_free
        && is_count_same
        && effect(&old.changes[from..]) == effect(&left)
        && (from > 0 || old.finish.records == new.finish.records)
}

/// The plan goes on with the objects as they are now: what is done stays done, what was counted stays counted.
fn continued(old: &RefreshPlan, new: RefreshPlan, from: usize) -> RefreshPlan {
    let mut changes = old.changes[..from].to_vec();
    let left = new.changes.into_iter();
    changes.extend(left.filter(|change| {
        old.changes[from..]
            .iter()
            .any(|one| one.target == change.target)
    }));
    RefreshPlan {
        changes,
        attempt: old.attempt.clone(),
        undo: old.undo.clone(),
        finish: Finish {
            counters: old.finish.counters.clone(),
            records: old.finish.records.clone(),
            ..new.finish
        },
        ..new
    }
}

fn mark(edit: &Edit) -> Mark {
    match &edit.field {
        Field::Image { container } => Mark::Image {
            container: container.clone(),
            image: edit.to.clone(),
        },
        Field::Env { container, name } => Mark::Env {
            container: container.clone(),
            name: name.clone(),
            value: edit.to.clone(),
        },
        Field::Restart => Mark::Restarted {
            at: edit.to.clone(),
        },
    }
}

/// Who cannot run, and why, a line each.
fn lines(failed: &Failed) -> Vec<String> {
    let who = failed.pod.as_ref().map(|pod| {
        let node = pod
            .node
            .as_ref()
            .map_or_else(String::new, |node| format!(" on {node}"));
        let container = pod.container.as_ref();
        let container = container.map_or_else(String::new, |name| format!(", container {name}"));
        format!("pod {}{node}{container}: {}", pod.name, failed.reason)
    });
    let speaker = match failed.code {
        Code::CannotPull | Code::Crashes => "kubelet: ",
        Code::Unschedulable => "scheduler: ",
        _ => "",
    };
    let why = (!failed.message.is_empty()).then(|| format!("{speaker}{}", failed.message));
    who.or_else(|| failed.pod.is_none().then(|| failed.reason.clone()))
        .into_iter()
        .chain(why)
        .collect()
}

/// An annotation without what all of them begin with.
fn short(key: &str) -> &str {
    key.strip_prefix(crate::record::PREFIX).unwrap_or(key)
}

fn seconds(duration: std::time::Duration) -> String {
    format!("{}s", duration.as_secs())
}
