//! What was shown must still be so when it is done: every object is read again, and the plan is made anew at most once.

use std::collections::BTreeSet;

use super::Run;
use super::execution::States;
use super::journal::note;
use super::planning::Planned;
use crate::cluster::apply::{self, Snapshot};
use crate::cluster::ownership::Writer;
use crate::cluster::runs::active;
use crate::codes::Code;
use crate::error::Error;
use crate::observation::Target;
use crate::patch::Edit;
use crate::plan::{Change, Finish, Obstacle, RefreshPlan};
use crate::report::{Ending, Step, StepResult};

impl Run<'_> {
    /// Reads every object again: what was shown must still be so.
    pub(super) async fn reread(&self, planned: &mut Planned) -> Result<States, Ending> {
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
                    note(&format!(
                        "waiting for {}, which began meanwhile",
                        jobs.join(", ")
                    ));
                    has_waited = true;
                }
                tokio::time::sleep(self.pace.interval).await;
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
    pub(super) async fn renew(
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
            Obstacle::Paused(_) | Obstacle::Unreadable(_) | Obstacle::NoCronJob(_)
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
