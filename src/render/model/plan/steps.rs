//! What is done in which order, with each patch as it is sent.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Fields;
use crate::image::{Digest, ManagedImage};
use crate::observation::Target;
use crate::patch::{self, Edit, Field};
use crate::plan::{self, Change, Means, RefreshPlan, Stage};
use crate::record::Streak;
use crate::rollout::{RESTARTED_AT, Strategy};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) target: Target,
    /// The body, with the version of the object that was seen; later patches of the same object are sent with the
    /// version that the earlier ones made. `None` for a step that writes nothing.
    pub(crate) patch: Option<Value>,
    /// As `kubectl patch --type` takes it.
    pub(crate) patch_type: Option<&'static str>,
    /// What the step changes, as it stands; a field that is absent is null.
    pub(crate) from: Option<Fields>,
    /// What it changes it to, or what it expects; a field that is removed is null.
    pub(crate) to: Option<Fields>,
}

/// The kind of a step. Pull tests and looks stand in a report alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    PullTest,
    /// Looks whether everything is still as it was shown.
    Reread,
    /// Removes counters: `--rearm`.
    Rearm,
    CountAttempt,
    Patch,
    Wait,
    Verify,
    Record,
}

pub(super) fn steps(plan: &RefreshPlan) -> Vec<Step> {
    let mut steps = Vec::new();
    if !plan.rearm.is_empty() {
        let removed = plan.rearm.keys().map(|key| (key.clone(), None)).collect();
        let before = plan.rearm.iter();
        let before = before.map(|(key, value)| (key.clone(), Some(value.clone())));
        steps.push(Step {
            // The plan was made as if they were gone already.
            from: Some(before.collect()),
            ..annotate(plan, Kind::Rearm, removed)
        });
    }
    if let Some(attempt) = &plan.attempt {
        let count = Some(attempt.number.to_string());
        let counted = BTreeMap::from([(Streak::Attempts.key().to_owned(), count)]);
        steps.push(annotate(plan, Kind::CountAttempt, counted));
    }
    steps.extend(plan.changes.iter().flat_map(of_change));
    let recorded = recorded(plan);
    if !recorded.is_empty() {
        let written = plan.finish.written(&recorded);
        steps.push(annotate(plan, Kind::Record, written));
    }
    steps
}

/// What is recorded if everything goes well. Pods that somebody deletes by hand are not waited for, so nothing is
/// known of them.
pub(super) fn recorded(plan: &RefreshPlan) -> BTreeMap<ManagedImage, Digest> {
    let awaited = plan.changes.iter().filter(|change| is_awaited(change));
    let verified = awaited.flat_map(|change| &change.moves);
    let verified = verified.map(|one| (one.image, one.to.clone()));
    plan.finish
        .records
        .clone()
        .into_iter()
        .chain(verified)
        .collect()
}

fn is_awaited(change: &Change) -> bool {
    change.object.strategy != Strategy::OnDelete
}

fn annotate(plan: &RefreshPlan, kind: Kind, keys: Fields) -> Step {
    let finish = &plan.finish;
    let version = finish.object.as_ref().map(|object| object.version.as_str());
    let before = keys
        .keys()
        .map(|key| (key.clone(), finish.annotations.get(key).cloned()));
    Step {
        kind,
        target: finish.target.clone(),
        patch: version.map(|version| patch::annotations(&keys, version)),
        patch_type: Some("merge"),
        from: Some(before.collect()),
        to: Some(keys),
    }
}

fn of_change(change: &Change) -> Vec<Step> {
    let step = |kind| Step {
        kind,
        target: change.target.clone(),
        patch: None,
        patch_type: None,
        from: None,
        to: None,
    };
    let edits = &change.edits;
    let mut steps = Vec::new();
    if change.stage == Stage::Patch {
        steps.push(Step {
            patch: Some(patch::workload(edits, &change.object.version)),
            patch_type: Some("strategic"),
            from: Some(
                edits
                    .iter()
                    .map(|edit| (name(edit), edit.from.clone()))
                    .collect(),
            ),
            to: Some(
                edits
                    .iter()
                    .map(|edit| (name(edit), Some(edit.to.clone())))
                    .collect(),
            ),
            ..step(Kind::Patch)
        });
    }
    if is_awaited(change) {
        steps.push(step(Kind::Wait));
        steps.push(Step {
            to: Some(expected(change)),
            ..step(Kind::Verify)
        });
    }
    steps
}

/// What the pods have to show: what was set, and of a tag the content that it named.
fn expected(change: &Change) -> Fields {
    let set = change
        .edits
        .iter()
        .filter(|edit| edit.field != Field::Restart);
    let set = set.map(|edit| (name(edit), Some(edit.to.clone())));
    let followed = change.moves.iter();
    let followed = followed.filter(|one| matches!(one.means, Means::Tag | Means::None));
    let followed = followed.map(|one: &plan::Move| {
        (
            format!("{} imageID", one.container),
            Some(one.to.to_string()),
        )
    });
    set.chain(followed).collect()
}

fn name(edit: &Edit) -> String {
    match &edit.field {
        Field::Image { container } => format!("{container} image"),
        Field::Env { container, name } => format!("{container} {name}"),
        Field::Restart => RESTARTED_AT.to_owned(),
    }
}
