//! How spec, record, what runs and the latest stand to each other (403 to 408).

use super::{Context, on, quoted};
use crate::capability::Capability;
use crate::codes::Code;
use crate::content::is_gone;
use crate::health::image::Judged;
use crate::health::state::{Agreement, Row};
use crate::health::{Finding, InUse, Outcome, State};
use crate::image::{Digest, ManagedImage};
use crate::observation::{Pull, Spec};

pub(super) fn findings(context: &Context<'_>, judged: &Judged<'_>) -> Vec<Finding> {
    [
        stale(context, judged),
        drifted(judged),
        cached(judged),
        gone(judged),
        held(judged),
        mirrored(judged),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Only where nothing louder is said of the image.
fn stale(context: &Context<'_>, judged: &Judged<'_>) -> Option<Finding> {
    if judged.assessed.states.first() != Some(&State::Stale) {
        return None;
    }
    let latest = judged.assessed.latest.as_ref().ok()?;
    let tracks = judged.facts.observed.tracks.as_ref()?;
    let in_use = in_use(judged);
    let is_ingestor = judged.image() == ManagedImage::Ingestor;
    let is_recorded = judged.row != Some(Row::StaleUnrecorded);
    let then = if context.seen.release.cron_job().is_none() {
        " There is no refresh job that moves it."
    } else if context.frozen.is_some() {
        " The refresh job that would move it does not run."
    } else if is_recorded {
        " The next tick that resolves it moves it."
    } else if is_ingestor {
        " Nothing is recorded: the next tick adopts what is set, and moves it the tick after."
    } else {
        " Nothing is recorded: the next tick records it WITHOUT moving it."
    };
    let message = format!(
        "{in_use} is in use, and {} is {latest}.{then}",
        quoted(&tracks.to_string())
    );
    Some(on(judged.image(), Outcome::Warn, Code::Stale, message))
}

fn drifted(judged: &Judged<'_>) -> Option<Finding> {
    let latest = judged.assessed.latest.as_ref();
    let named =
        |digest: Result<&Digest, _>| digest.map_or_else(|_: &_| "?".to_owned(), Digest::to_string);
    let restarts = !judged
        .facts
        .seen
        .release
        .capabilities
        .has(Capability::SetImage);
    let is_ingestor = judged.image() == ManagedImage::Ingestor;
    let message = match judged.row? {
        Row::SpecElsewhere => format!(
            "the spec names {} while the latest runs: a rollout to something else has begun or is stuck.",
            named(judged.assessed.spec.as_ref())
        ),
        Row::RecordOld if is_ingestor => {
            "the record is old: the latest is set already, and the next tick that resolves it records it."
                .to_owned()
        }
        Row::RecordOld if restarts => {
            "the record is old: a pod restart pulled the latest, and the next tick restarts once more."
                .to_owned()
        }
        Row::RecordOld => {
            "the record is old: the latest runs already, and the next tick sets it once more.".to_owned()
        }
        Row::RecordAhead if is_ingestor => format!(
            "{} is recorded and {} is set: the next successful lookup re-applies what is recorded.",
            named(latest),
            in_use(judged)
        ),
        Row::RecordAhead => format!(
            "the refresher believes it is done: {} is recorded, and {} runs.",
            named(latest),
            in_use(judged)
        ),
        Row::Stale(Agreement::Disagree) => {
            "what is recorded is neither what runs nor the latest.".to_owned()
        }
        Row::LatestUnknown(Agreement::Disagree) => {
            "recorded, spec and running disagree.".to_owned()
        }
        Row::Floats(_)
        | Row::LatestUnknown(Agreement::Agree)
        | Row::RunningUnknown
        | Row::Unproven
        | Row::Current
        | Row::Unrecorded
        | Row::StaleUnrecorded
        | Row::Stale(Agreement::Agree) => return None,
    };
    Some(on(judged.image(), Outcome::Warn, Code::Disagree, message))
}

/// A tag with `IfNotPresent`, where the refresher sets digests: a chart upgrade put it back.
fn cached(judged: &Judged<'_>) -> Option<Finding> {
    let workload = judged.facts.workload().ok()?;
    let Spec::Tagged {
        pull: Pull::Cached,
        reference,
    } = &workload.spec
    else {
        return None;
    };
    let outcome = match judged.row? {
        Row::RecordAhead => Outcome::Warn,
        Row::Current | Row::Unrecorded => Outcome::Note,
        Row::Floats(_)
        | Row::LatestUnknown(_)
        | Row::RunningUnknown
        | Row::RecordOld
        | Row::SpecElsewhere
        | Row::Unproven
        | Row::StaleUnrecorded
        | Row::Stale(_) => return None,
    };
    let message = format!(
        "the spec names the tag {} with IfNotPresent: a node that has an older build starts that one.",
        quoted(&reference.to_string())
    );
    Some(on(judged.image(), outcome, Code::OldBuildPossible, message))
}

fn gone(judged: &Judged<'_>) -> Option<Finding> {
    let InUse::Digest(digest) = &judged.assessed.in_use else {
        return None;
    };
    let answer = judged.facts.seen.registry.manifests.get(digest)?;
    if !answer.as_ref().is_err_and(is_gone) {
        return None;
    }
    let message = format!(
        "{digest} is in use and gone from its registry: a node that has not got it cannot pull it."
    );
    Some(on(judged.image(), Outcome::Warn, Code::DigestGone, message))
}

fn held(judged: &Judged<'_>) -> Option<Finding> {
    let held = judged.assessed.held.as_ref()?;
    let message = format!("{} is {held}.", judged.image());
    Some(on(judged.image(), Outcome::Note, Code::Held, message))
}

fn mirrored(judged: &Judged<'_>) -> Option<Finding> {
    let host = judged.facts.mirror()?;
    let message = format!(
        "{} comes from the mirror '{}': comparing it with its public tag means nothing.",
        judged.image(),
        quoted(host)
    );
    Some(on(judged.image(), Outcome::Note, Code::Mirrored, message))
}

/// What is in use, as the beginning of a clause.
fn in_use(judged: &Judged<'_>) -> String {
    match &judged.assessed.in_use {
        InUse::Digest(digest) => digest.to_string(),
        InUse::Several(digests) => format!("one of {} digests", digests.len()),
        InUse::Tag(tag) => format!("the tag {}", quoted(tag)),
        InUse::Floats => "the tag".to_owned(),
        InUse::None => "nothing".to_owned(),
        InUse::Unknown(_) => "something else".to_owned(),
    }
}
