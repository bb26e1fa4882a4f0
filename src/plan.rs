//! What a refresh would do, as a value: shown, confirmed, carried out step by step, and reported on.
//!
//! | of an image | is done |
//! |---|---|
//! | mirrored, held, not refreshed by this generation, latest unknown or not for these nodes | refused, with the reason |
//! | what is set is the latest, and Ready pods prove that it runs | nothing, or its record alone (`Candidate::Record`) |
//! | what is set is the latest, and not proven yet | resumed: wait, verify, record (`Candidate::Settling`) |
//! | anything else | moved (`Candidate::Move`) |
//!
//! One change per workload holds all its containers; changes come in the chart's order. What is set depends on the
//! capability: the image (`repo@digest`), the ingestor's environment entry, or a restart that pulls the tag anew. A pod
//! that restarts pulls its other containers' tags anew as well: those that are behind move too, and are shown so.
//!
//! Counted before the first change, recorded after the last: a run that dies in between leaves a count and old records.
#![warn(clippy::wildcard_enum_match_arm)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::codes::Code;
use crate::health::Assessment;
use crate::image::{Digest, ManagedImage, Reference};
use crate::observation::{ObjectState, Observation, Target};
use crate::patch::Edit;

mod candidate;
mod changes;
mod finish;
mod guards;
mod rearm;
mod rights;
mod rows;
mod undo;

pub(crate) use guards::{Guard, Obstacle, Verdict};

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Empty: everything that can move.
    pub(crate) images: BTreeSet<ManagedImage>,
    pub(crate) consent: Consent,
    pub(crate) guarding: Guarding,
    pub(crate) counters: Rearm,
}

/// Whether the counters that keep the refresh job from trying again are removed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rearm {
    No,
    /// `--rearm`.
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Consent {
    /// A person is asked.
    Asked,
    /// `--now`: given beforehand.
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Guarding {
    Heeded,
    /// `--force`.
    Overridden,
}

/// What a refresh would do to one release, or why it does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshPlan {
    pub(crate) release: String,
    pub(crate) namespace: String,
    pub(crate) context: String,
    /// When the release was looked at.
    pub(crate) at: Timestamp,
    /// One for each container whose image is not refused, workload by workload.
    pub(crate) rows: Vec<Row>,
    /// Counters that are removed before anything else, as they stand.
    pub(crate) rearm: BTreeMap<String, String>,
    /// `None` where this generation counts no attempts, or none is begun.
    pub(crate) attempt: Option<Attempt>,
    /// In the chart's order. Empty when no workload is to be changed or waited for.
    pub(crate) changes: Vec<Change>,
    pub(crate) finish: Finish,
    /// What was asked for and is not moved; where nothing was named, what could have been meant.
    pub(crate) refused: Vec<Refused>,
    /// What stands in the way, gravest first.
    pub(crate) guards: Vec<Guard>,
    /// Commands that bring back what ran, as they can be pasted. Empty without a change.
    pub(crate) undo: Vec<Undo>,
}

/// One container whose content a pod's restart may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) fate: Fate,
    pub(crate) target: Target,
    pub(crate) image: ManagedImage,
    pub(crate) container: String,
    /// What a person takes for the image in use; `None` when that is not one digest.
    pub(crate) now: Option<Digest>,
    pub(crate) after: Option<Digest>,
    /// How many pods restart for it.
    pub(crate) pods: usize,
}

/// What becomes of a container's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fate {
    Moves,
    /// Because its pod restarts for another container.
    AlsoMoves,
    /// Set already, not proven yet.
    Settles,
    /// Runs already; only the record follows.
    Recorded,
    Same,
    /// Its tag is pulled anew, and nobody here knows what that names.
    Unresolved,
    /// A node may start an older build that it has cached (TBI-405).
    MayBeOld,
}

/// The attempt that is counted before the first change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The annotation as it stands, verbatim; `None` when there is none.
    pub(crate) before: Option<String>,
    pub(crate) number: u64,
}

/// What is done to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) target: Target,
    pub(crate) object: ObjectState,
    pub(crate) stage: Stage,
    /// What the patch sets, all in one; what is set already where nothing is left to patch.
    pub(crate) edits: Vec<Edit>,
    /// Images whose new content is waited for, verified and recorded.
    pub(crate) moves: Vec<Move>,
    /// `None` for a DaemonSet.
    pub(crate) replicas: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    Patch,
    /// Set by an earlier run: wait, verify, record.
    Resume,
    /// Set by an earlier run, and its pods cannot pull or do not stay up: resumed if the node can pull it now.
    Retest,
}

/// An image on its way to its latest digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) image: ManagedImage,
    pub(crate) container: String,
    /// The tag that was resolved.
    pub(crate) tracks: Reference,
    pub(crate) to: Digest,
    pub(crate) means: Means,
}

/// What makes pods run the new content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Means {
    /// The spec names the digest: a Ready pod made from it proves it.
    Image,
    /// The environment names the digest of what is spawned.
    Env,
    /// The pod follows the tag, wherever that points when it is pulled.
    Tag,
    /// Nothing: it runs already, and is recorded if the new pods run it too.
    None,
}

/// What is recorded once everything runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finish {
    /// The Deployment that carries the record.
    pub(crate) target: Target,
    /// As it was seen; `None` when it was not.
    pub(crate) object: Option<ObjectState>,
    /// Every annotation under `tracebloc.io/`, as seen.
    pub(crate) annotations: BTreeMap<String, String>,
    /// For images that run already; those of the changes join when they are verified.
    pub(crate) records: BTreeMap<ManagedImage, Digest>,
    pub(crate) counters: Counters,
}

/// What becomes of `refresh-attempt` and `refresh-flap-detected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Counters {
    /// This generation has none.
    None,
    Clear,
    /// Another image is still behind its record: as before this run. `None`: there was no attempt.
    Restore(Option<String>),
}

/// An image that is not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) image: ManagedImage,
    /// `None` where nothing is wrong with it.
    pub(crate) code: Option<Code>,
    /// Goes on after the image's name: "is pinned by values (…)". Printable.
    pub(crate) reason: String,
    pub(crate) because: Because,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Because {
    /// Somebody wants it so: held, mirrored, not refreshed by this generation.
    Meant,
    /// Its latest is not known, is not for these nodes, or what runs cannot be seen.
    Unable,
}

/// One command of the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    /// `None` for the refresher.
    pub(crate) target: Option<Target>,
    /// `None`: there is no way back.
    pub(crate) command: Option<String>,
    /// What to know about it; empty when it speaks for itself.
    pub(crate) note: String,
}

/// The plan for one look at a release.
pub(crate) fn decide(seen: &Observation, assessed: &Assessment, request: &Request) -> RefreshPlan {
    let (seen, rearm) = match request.counters {
        Rearm::No => (Cow::Borrowed(seen), BTreeMap::new()),
        Rearm::First => {
            let (seen, removed) = rearm::rearmed(seen);
            (Cow::Owned(seen), removed)
        }
    };
    let seen = seen.as_ref();
    let mut candidates = candidate::candidates(seen, assessed, request);
    let changes = changes::changes(seen, &mut candidates);
    let finish = finish::finish(seen, &candidates, &changes);
    let rows = rows::rows(&candidates, &changes);
    RefreshPlan {
        release: seen.release.name.clone(),
        namespace: seen.release.namespace.clone(),
        context: seen.context.clone(),
        at: seen.at,
        undo: undo::undo(seen, assessed, &changes, &rows),
        rows,
        rearm,
        attempt: finish::attempt(seen, &changes, request),
        guards: guards::guards(seen, &candidates, &changes, &finish, request),
        refused: candidate::refused(&candidates, request),
        finish,
        changes,
    }
}

impl RefreshPlan {
    /// Whether there is anything to write or to wait for.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.finish.records.is_empty() && self.rearm.is_empty()
    }

    /// The images that a person may choose among: those that move by a patch of their own.
    pub(crate) fn choices(&self) -> BTreeSet<ManagedImage> {
        let rows = self.rows.iter();
        rows.filter(|row| row.fate == Fate::Moves)
            .map(|row| row.image)
            .collect()
    }

    /// What the first guard that stops the run says.
    pub(crate) fn stopped_by(&self) -> Option<&Guard> {
        self.guards
            .iter()
            .find(|guard| matches!(guard.verdict, Verdict::Refuse | Verdict::Fail))
    }
}

#[cfg(test)]
mod tests;
