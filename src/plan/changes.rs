//! One change per workload: what its patch sets, and what moves with it because the pod restarts.

use super::candidate::{Candidate, Choice, Wish, is_pulled_anew};
use super::{Because, Change, Means, Move, Stage};
use crate::capability::Capability;
use crate::codes::Code;
use crate::health::Folded;
use crate::image::{Digest, INGESTOR_DIGEST, ManagedImage};
use crate::observation::{Observation, Rollout, Target, Workload};
use crate::patch::{Edit, Field};

/// In the chart's order: jobs-manager, requests-proxy, resource-monitor.
const ORDER: [ManagedImage; 3] = [
    ManagedImage::JobsManager,
    ManagedImage::RequestsProxy,
    ManagedImage::ResourceMonitor,
];

/// The workloads that are changed or waited for. A workload on which a restart would bring an image that the nodes
/// cannot run is left alone, and what was to move on it is refused.
pub(super) fn changes(seen: &Observation, candidates: &mut [Candidate<'_>]) -> Vec<Change> {
    let mut changes = Vec::new();
    for first in ORDER {
        let Some(target) = target_of(candidates, first) else {
            continue;
        };
        if let Some(why) = unfit_sibling(candidates, &target) {
            refuse(candidates, &target, &why);
        }
        changes.extend(change(seen, candidates, &target));
    }
    changes
}

fn target_of(candidates: &[Candidate<'_>], image: ManagedImage) -> Option<Target> {
    let candidate = candidates.iter().find(|one| one.image() == image)?;
    Some(candidate.workload()?.target())
}

fn on<'a, 'b>(
    candidates: &'a [Candidate<'b>],
    target: &Target,
) -> impl Iterator<Item = (&'a Candidate<'b>, &'a Workload)> {
    candidates
        .iter()
        .filter_map(|candidate| Some((candidate, candidate.workload()?)))
        .filter(move |(_, workload)| workload.target() == *target)
}

fn change(seen: &Observation, candidates: &[Candidate<'_>], target: &Target) -> Option<Change> {
    let own: Vec<_> = on(candidates, target).collect();
    let (_, workload) = own
        .iter()
        .find(|(candidate, _)| candidate.wanted().is_some())?;
    let edits: Vec<_> = own
        .iter()
        .filter_map(|(candidate, workload)| edit(seen, candidate, workload))
        .collect();
    let is_left = |(candidate, _): &&(&Candidate<'_>, &Workload)| {
        candidate.choice == Choice::Chosen && matches!(candidate.wish, Wish::Move(_))
    };
    let stage = if own.iter().any(|one| is_left(&one)) {
        Stage::Patch
    } else if own.iter().any(|(candidate, _)| does_not_run(candidate)) {
        Stage::Retest
    } else {
        Stage::Resume
    };
    let mut edits: Vec<Edit> = edits
        .into_iter()
        .filter(|edit| stage != Stage::Patch || edit.from.as_deref() != Some(&edit.to))
        .collect();
    // The environment's change makes new pods by itself.
    let has_env = edits
        .iter()
        .any(|edit| matches!(edit.field, Field::Env { .. }));
    if has_env {
        edits.retain(|edit| edit.field != Field::Restart);
    }
    edits.dedup();
    let moves = own
        .iter()
        .filter_map(|(candidate, workload)| moved(seen, candidate, workload))
        .collect();
    Some(Change {
        target: target.clone(),
        object: workload.object.clone(),
        replicas: workload.replicas,
        stage,
        edits,
        moves,
    })
}

/// Whether its pods wait in vain for this image.
pub(super) fn does_not_run(candidate: &Candidate<'_>) -> bool {
    let troubles = &candidate.assessed.troubles;
    [Code::CannotPull, Code::Crashes]
        .iter()
        .any(|code| troubles.contains(code))
}

/// What sets the image; `None` where nobody asked for it.
fn edit(seen: &Observation, candidate: &Candidate<'_>, workload: &Workload) -> Option<Edit> {
    let wanted = candidate.wanted()?;
    let written = Some(workload.written.clone()).filter(|text| !text.is_empty());
    let container = workload.container.clone();
    // What an earlier run has set stays as it is written: its pods carry just that.
    let is_set = matches!(candidate.wish, Wish::Settle(_));
    let to = |text: String| match &written {
        Some(written) if is_set => written.clone(),
        _ => text,
    };
    Some(match means(seen, candidate.image()) {
        Means::Env => Edit {
            field: Field::Env {
                container,
                name: INGESTOR_DIGEST.to_owned(),
            },
            to: to(wanted.to_string()),
            from: written,
        },
        Means::Image => Edit {
            field: Field::Image { container },
            to: to(candidate.observed.tracks.as_ref()?.at(wanted).to_string()),
            from: written,
        },
        Means::Tag | Means::None => {
            let restarted = workload.object.restarted.clone();
            let now = || seen.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            Edit {
                field: Field::Restart,
                to: restarted.clone().filter(|_| is_set).unwrap_or_else(now),
                from: restarted,
            }
        }
    })
}

pub(super) fn means(seen: &Observation, image: ManagedImage) -> Means {
    match image {
        ManagedImage::Ingestor => Means::Env,
        ManagedImage::JobsManager
        | ManagedImage::PodsMonitor
        | ManagedImage::ResourceMonitor
        | ManagedImage::RequestsProxy => {
            if seen.release.capabilities.has(Capability::SetImage) {
                Means::Image
            } else {
                Means::Tag
            }
        }
    }
}

fn moved(seen: &Observation, candidate: &Candidate<'_>, workload: &Workload) -> Option<Move> {
    let wanted = candidate
        .wanted()
        .map(|to| (to, means(seen, candidate.image())));
    let also = || Some((also_moves(candidate, workload)?, Means::Tag));
    let runs = || Some((candidate.unrecorded()?, Means::None));
    let (to, means) = wanted.or_else(also).or_else(runs)?;
    Some(Move {
        image: candidate.image(),
        container: workload.container.clone(),
        tracks: candidate.observed.tracks.clone()?,
        to: to.clone(),
        means,
    })
}

/// The digest that a restart of the pod brings although nobody asked: its tag is pulled anew, and has moved on.
pub(super) fn also_moves<'a>(
    candidate: &'a Candidate<'_>,
    workload: &Workload,
) -> Option<&'a Digest> {
    match (&candidate.wish, is_pulled_anew(workload)) {
        (Wish::Move(digest) | Wish::Settle(digest), true) => Some(digest),
        _ => None,
    }
}

/// What a restart would bring that the nodes cannot run, in the words of its refusal.
fn unfit_sibling(candidates: &[Candidate<'_>], target: &Target) -> Option<String> {
    let own: Vec<_> = on(candidates, target).collect();
    let restarts = own.iter().any(|(candidate, _)| {
        candidate.choice == Choice::Chosen && matches!(candidate.wish, Wish::Move(_))
    });
    own.iter()
        .filter(|(candidate, workload)| {
            is_pulled_anew(workload) && candidate.assessed.to_latest.running != Folded::Same
        })
        .find_map(|(candidate, _)| match &candidate.wish {
            Wish::Refused {
                code: Some(Code::LatestLacksPlatform),
                reason,
                ..
            } if restarts => Some(format!(
                "would restart {} with it, which {reason}",
                candidate.image()
            )),
            Wish::Move(_)
            | Wish::Settle(_)
            | Wish::Record(_)
            | Wish::RecordLater(_)
            | Wish::Nothing
            | Wish::Refused { .. } => None,
        })
}

fn refuse(candidates: &mut [Candidate<'_>], target: &Target, why: &str) {
    for candidate in candidates.iter_mut() {
        let is_here = candidate
            .workload()
            .is_some_and(|workload| workload.target() == *target);
        if is_here && matches!(candidate.wish, Wish::Move(_)) {
            candidate.wish = Wish::Refused {
                code: Some(Code::LatestLacksPlatform),
                reason: why.to_owned(),
                because: Because::Unable,
            };
        }
    }
}

/// Whether somebody else's rollout is on the way.
pub(super) fn in_flight(workload: &Workload) -> Option<&str> {
    match &workload.rollout {
        Rollout::InFlight(words) => Some(words),
        Rollout::Settled | Rollout::Failed(_) | Rollout::Paused => None,
    }
}
