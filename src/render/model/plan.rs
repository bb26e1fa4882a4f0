//! What a refresh would do, as the document behind its screen: kind `RefreshPlan`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::image::images;
use super::release::{counts, leftover};
use super::{API_VERSION, Counts, Lookup, Metadata, Reasons, Time, known};
use crate::capability::Capability;
use crate::codes::Code;
use crate::health::Assessment;
use crate::image::ManagedImage;
use crate::observation::{Observation, Seen, Target};
use crate::patch::Field;
use crate::plan::{self, Request, Stage, Undo, Verdict};
use crate::record::Streak;
use crate::release::Run;
use crate::rollout::Strategy;

mod guards;
mod pulls;
mod rows;
mod steps;
mod words;

pub(crate) use guards::{FORBIDDEN, Guard, LOCKED_OUT, PAUSED, RUNNING, STREAK_STAYS, SUSPENDED};
pub(crate) use pulls::{Covered, Mode, Place, PlannedPull, Pull, PullTest, PullTests, There};
pub(crate) use rows::Row;
pub(crate) use steps::{Kind, Step};

/// A plan, and what it was made from.
#[derive(Clone, Debug)]
pub(crate) struct PlanView<'a> {
    pub(crate) plan: &'a plan::RefreshPlan,
    pub(crate) seen: &'a Observation,
    pub(crate) assessed: &'a Assessment,
    pub(crate) request: &'a Request,
    pub(crate) pulls: PullTests,
    /// Rights that are missing, as `kubectl auth can-i` spells them; `None` when nobody asked.
    pub(crate) rights: Option<Seen<Vec<String>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) metadata: Metadata,
    pub(crate) summary: Summary,
    /// The images that were asked for; empty for all.
    pub(crate) requested: Vec<ManagedImage>,
    pub(crate) lookup: Lookup,
    pub(crate) rows: Vec<Row>,
    /// Which nodes can run what is moved, one per digest.
    pub(crate) coverage: Vec<Covered>,
    /// `None` where nobody asked.
    pub(crate) missing_rights: Option<Vec<String>>,
    /// Gravest first.
    pub(crate) guards: Vec<Guard>,
    pub(crate) changes: Vec<Change>,
    /// `None` without a `CronJob`.
    pub(crate) refresher: Option<Refresher>,
    /// Lookups of the ingestor that failed in a row; `None` where none did, or this generation does not count them.
    pub(crate) lookups_failed: Option<LookupsFailed>,
    pub(crate) ingestions: Option<usize>,
    pub(crate) pull_test: PullTest,
    /// In the order in which they are taken. The pull test comes before them.
    pub(crate) steps: Vec<Step>,
    pub(crate) refused: Vec<Refused>,
    /// Annotations that another generation left behind; nothing touches them.
    pub(crate) leftover_annotations: Vec<String>,
    pub(crate) undo: Vec<Undo>,
    /// What else a person should know.
    pub(crate) notes: Vec<String>,
    pub(crate) reasons: Reasons,
}

/// What the plan comes to, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// Environment entries that are set.
    pub(crate) settings: usize,
    /// Images that are set.
    pub(crate) images: usize,
    /// Workloads that are restarted, their images as they are.
    pub(crate) restarts: usize,
    /// Pods that are replaced.
    pub(crate) pods: usize,
    /// Digests that are written into the record.
    pub(crate) records: usize,
    /// Annotations that are removed first.
    pub(crate) removed: usize,
    /// Images of the release, or those that were asked for, each under its first state.
    pub(crate) states: Counts,
}

/// One workload that is changed or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) target: Target,
    pub(crate) stage: Stage,
    pub(crate) strategy: Strategy,
    /// `None` for a DaemonSet.
    pub(crate) replicas: Option<u32>,
    /// Pods that are replaced.
    pub(crate) pods: usize,
    /// Images whose new content is waited for.
    pub(crate) images: Vec<ManagedImage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refresher {
    pub(crate) name: String,
    pub(crate) suspended: bool,
    /// Names of the Jobs that run.
    pub(crate) active: Option<Vec<String>>,
    pub(crate) next_run: Option<Time>,
    /// Whether a tick does nothing while a rollout is on the way.
    pub(crate) waits_for_rollout: bool,
    /// Rollouts begun and not finished; `None` where this generation does not count them.
    pub(crate) attempts: Option<Counted>,
    /// Ticks skipped; `None` where this generation does not count them.
    pub(crate) skips: Option<Counted>,
    pub(crate) reasons: Reasons,
}

/// Pods that cannot look the ingestor up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LookupsFailed {
    /// The host that they ask.
    pub(crate) registry: String,
    pub(crate) count: u64,
    /// `None` where what is set is no number.
    pub(crate) limit: Option<u64>,
}

/// A counter against its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Counted {
    pub(crate) count: u64,
    /// `None` where what is set is no number.
    pub(crate) limit: Option<u64>,
}

/// An image that is not moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    pub(crate) image: ManagedImage,
    pub(crate) code: Option<Code>,
    pub(crate) reason: String,
}

/// Who sets digests besides.
const UPGRADE: &str = "the next chart upgrade (auto-upgrade runs hourly) sets its own digest again";

impl Plan {
    pub(crate) fn new(view: &PlanView<'_>) -> Self {
        let (plan, seen) = (view.plan, view.seen);
        let mut reasons = Reasons::new();
        let changes: Vec<_> = plan.changes.iter().map(|one| change(plan, one)).collect();
        Self {
            api_version: API_VERSION,
            kind: "RefreshPlan",
            metadata: Metadata {
                name: plan.release.clone(),
                namespace: plan.namespace.clone(),
                context: plan.context.clone(),
                observed_at: Time(plan.at),
            },
            summary: summary(view, &changes),
            requested: view.request.images.iter().copied().collect(),
            lookup: Lookup {
                from: seen.registry.from,
                took_ms: super::egress::millis(seen.registry.took),
            },
            rows: plan.rows.iter().map(|row| Row::new(view, row)).collect(),
            coverage: pulls::coverage(view),
            missing_rights: match &view.rights {
                None => None,
                Some(rights) => known(&mut reasons, "missingRights", rights.clone()),
            },
            guards: plan
                .guards
                .iter()
                .map(|one| Guard::new(view, one))
                .collect(),
            refresher: refresher(view),
            lookups_failed: lookups_failed(view),
            ingestions: known(&mut reasons, "ingestions", seen.ingestions.clone()),
            pull_test: PullTest::new(view),
            steps: steps::steps(plan),
            refused: plan.refused.iter().map(Refused::new).collect(),
            leftover_annotations: seen.record.as_ref().map_or_else(
                |_| Vec::new(),
                |record| leftover(&seen.release.capabilities, &record.annotations),
            ),
            undo: plan.undo.clone(),
            notes: notes(view),
            changes,
            reasons,
        }
    }

    /// Whether there is nothing to write and nothing to wait for.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Plan {
    /// What ends the run before anything is done.
    pub(crate) fn stopped_by(&self) -> Option<&Guard> {
        let mut guards = self.guards.iter();
        guards.find(|guard| matches!(guard.verdict, Verdict::Refuse | Verdict::Fail))
    }

    /// The number of the attempt that is counted, where one is.
    pub(crate) fn attempt(&self) -> Option<&str> {
        let mut steps = self.steps.iter();
        let step = steps.find(|step| step.kind == Kind::CountAttempt)?;
        step.to
            .as_ref()?
            .values()
            .flatten()
            .next()
            .map(String::as_str)
    }

    /// `jobs-manager` for `deploy/berlin-jobs-manager`: what is left of a name without that of the release.
    pub(crate) fn short_name<'a>(&self, target: &'a Target) -> &'a str {
        let short = target.name.strip_prefix(&self.metadata.name);
        let short = short.and_then(|rest| rest.strip_prefix('-'));
        short.unwrap_or(&target.name)
    }
}

impl Refused {
    fn new(refused: &plan::Refused) -> Self {
        Self {
            image: refused.image,
            code: refused.code,
            reason: refused.reason.clone(),
        }
    }
}

fn change(plan: &plan::RefreshPlan, change: &plan::Change) -> Change {
    let own = plan.rows.iter().filter(|row| row.target == change.target);
    let is_left = change.stage != Stage::Patch || change.object.strategy == Strategy::OnDelete;
    // Rows of one workload are containers of the same pods.
    let pods = own.map(|row| row.pods).max().unwrap_or(0);
    Change {
        target: change.target.clone(),
        stage: change.stage,
        strategy: change.object.strategy,
        replicas: change.replicas,
        pods: if is_left { 0 } else { pods },
        images: change.moves.iter().map(|one| one.image).collect(),
    }
}

fn notes(view: &PlanView<'_>) -> Vec<String> {
    let sets_digest = view.plan.changes.iter().any(|change| {
        let mut edits = change.edits.iter();
        change.stage == Stage::Patch && edits.any(|edit| edit.field != Field::Restart)
    });
    let is_silenced = view.plan.rearm.contains_key(Streak::Failures.key());
    let mut streaks = view.assessed.streaks.iter();
    let failures = streaks.find(|streak| streak.streak == Streak::Failures);
    let silenced = failures.and_then(|streak| streak.limit.number()).map(|limit| {
        let ticks = limit.saturating_sub(1);
        format!(
            "without the count of failed lookups, the alarm is silent for {ticks} more failed ticks"
        )
    });
    let upgrade = sets_digest.then(|| UPGRADE.to_owned());
    upgrade
        .into_iter()
        .chain(silenced.filter(|_| is_silenced))
        .collect()
}

fn summary(view: &PlanView<'_>, changes: &[Change]) -> Summary {
    let plan = view.plan;
    let edits = || {
        let patched = plan
            .changes
            .iter()
            .filter(|change| change.stage == Stage::Patch);
        patched.flat_map(|change| &change.edits)
    };
    let asked = &view.request.images;
    let mut images = images(view.seen, view.assessed);
    images.retain(|image| asked.is_empty() || image.names().any(|name| asked.contains(&name)));
    Summary {
        settings: edits()
            .filter(|edit| matches!(edit.field, Field::Env { .. }))
            .count(),
        images: edits()
            .filter(|edit| matches!(edit.field, Field::Image { .. }))
            .count(),
        restarts: edits().filter(|edit| edit.field == Field::Restart).count(),
        pods: changes.iter().map(|change| change.pods).sum(),
        records: steps::recorded(plan)
            .keys()
            .filter(|image| image.record_key().is_some())
            .count(),
        removed: plan.rearm.len(),
        states: counts(&images),
    }
}

fn refresher(view: &PlanView<'_>) -> Option<Refresher> {
    let seen = view.seen;
    let cron_job = seen.release.cron_job()?;
    let mut reasons = Reasons::new();
    let active = seen.runs.as_ref().map_err(Clone::clone).map(|runs| {
        let is_active = |run: &&crate::observation::RefreshRun| {
            matches!(run.outcome, crate::observation::RunOutcome::Active { .. })
        };
        runs.iter()
            .filter(is_active)
            .map(|run| run.job.clone())
            .collect()
    });
    let suspended = cron_job.run == Run::Suspended;
    let next_run = view
        .assessed
        .refresh
        .as_ref()
        .and_then(|refresh| refresh.next_run);
    let unreadable = || crate::observation::Blind("schedule not understood".to_owned());
    Some(Refresher {
        name: cron_job.name.clone(),
        suspended,
        active: known(&mut reasons, "active", active),
        next_run: if suspended {
            None
        } else {
            known(
                &mut reasons,
                "nextRun",
                next_run.map(Time).ok_or_else(unreadable),
            )
        },
        waits_for_rollout: seen.release.capabilities.has(Capability::SettledGuard),
        attempts: counted(view, Streak::Attempts),
        skips: counted(view, Streak::Skips),
        reasons,
    })
}

/// `None` where it is not counted; what cannot be read is a guard of its own.
fn counted(view: &PlanView<'_>, streak: Streak) -> Option<Counted> {
    let mut streaks = view.assessed.streaks.iter();
    let streak = streaks.find(|one| one.streak == streak)?;
    Some(Counted {
        count: *streak.count.as_ref().ok()?,
        limit: streak.limit.number(),
    })
}

fn lookups_failed(view: &PlanView<'_>) -> Option<LookupsFailed> {
    let counted = counted(view, Streak::Failures).filter(|counted| counted.count > 0)?;
    let tracks = view.seen.image(ManagedImage::Ingestor)?.tracks.as_ref()?;
    Some(LookupsFailed {
        registry: tracks.registry.clone(),
        count: counted.count,
        limit: counted.limit,
    })
}

/// The fields of a patch, by name.
pub(crate) type Fields = BTreeMap<String, Option<String>>;
