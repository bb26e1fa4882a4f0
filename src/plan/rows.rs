//! One row for each container whose content a restart may change, for the screen.

use super::candidate::{Candidate, Choice, Wish, is_pulled_anew};
use super::changes::also_moves;
use super::{Change, Fate, Row, Stage};
use crate::health::InUse;
use crate::observation::{PodPhase, Pull, Spec, Workload};

pub(super) fn rows(candidates: &[Candidate<'_>], changes: &[Change]) -> Vec<Row> {
    candidates
        .iter()
        .filter_map(|candidate| row(candidate, candidate.workload()?, changes))
        .collect()
}

fn row(candidate: &Candidate<'_>, workload: &Workload, changes: &[Change]) -> Option<Row> {
    let change = changes
        .iter()
        .find(|change| change.target == workload.target());
    let fate = fate(candidate, workload, change)?;
    let now = match &candidate.assessed.in_use {
        InUse::Digest(digest) => Some(digest.clone()),
        InUse::Several(_) | InUse::Floats | InUse::None | InUse::Tag(_) | InUse::Unknown(_) => None,
    };
    let after = match fate {
        Fate::Same => now.clone(),
        Fate::Unresolved | Fate::MayBeOld => None,
        Fate::Moves | Fate::AlsoMoves | Fate::Settles | Fate::Recorded => {
            candidate.assessed.latest.as_ref().ok().cloned()
        }
    };
    Some(Row {
        fate,
        target: workload.target(),
        image: candidate.image(),
        container: workload.container.clone(),
        now,
        after,
        pods: match fate {
            Fate::Moves | Fate::AlsoMoves => pods(workload),
            Fate::Settles | Fate::Recorded | Fate::Same | Fate::Unresolved | Fate::MayBeOld => 0,
        },
    })
}

/// `None` for an image that is not moved and whose container nothing touches.
fn fate(candidate: &Candidate<'_>, workload: &Workload, change: Option<&Change>) -> Option<Fate> {
    let restarts = change.is_some_and(|change| change.stage == Stage::Patch);
    let is_chosen = candidate.choice == Choice::Chosen;
    let is_cached_tag = matches!(
        workload.spec,
        Spec::Tagged {
            pull: Pull::Cached,
            ..
        }
    );
    Some(match &candidate.wish {
        Wish::Move(_) if is_chosen => Fate::Moves,
        Wish::Settle(_) if is_chosen => Fate::Settles,
        Wish::Record(_) if is_chosen => Fate::Recorded,
        Wish::RecordLater(_) if is_chosen && change.is_some() => Fate::Recorded,
        Wish::Refused { .. } if restarts && is_pulled_anew(workload) => Fate::Unresolved,
        Wish::Refused { .. } if !(restarts && is_cached_tag) => return None,
        Wish::Move(_)
        | Wish::Settle(_)
        | Wish::Record(_)
        | Wish::RecordLater(_)
        | Wish::Nothing
        | Wish::Refused { .. } => {
            if restarts && is_cached_tag {
                Fate::MayBeOld
            } else if restarts && also_moves(candidate, workload).is_some() {
                Fate::AlsoMoves
            } else {
                Fate::Same
            }
        }
    })
}

fn pods(workload: &Workload) -> usize {
    let pods = workload.pods.iter().flatten();
    pods.filter(|pod| pod.phase != PodPhase::Terminating)
        .count()
}
