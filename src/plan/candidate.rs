//! What each image of the release asks for, and why one is not moved.

use std::collections::BTreeSet;

use super::{Because, Refused, Request};
use crate::capability::Capability;
use crate::codes::Code;
use crate::health::{AssessedImage, Assessment, Folded, State};
use crate::image::{Digest, ManagedImage};
use crate::observation::{
    Observation, ObservedImage, PodPhase, Pull, Rollout, Spec, Template, Workload, WorkloadKind,
};

/// One image, and what is to be done about it.
pub(super) struct Candidate<'a> {
    pub(super) observed: &'a ObservedImage,
    pub(super) assessed: &'a AssessedImage,
    pub(super) wish: Wish,
    pub(super) choice: Choice,
}

/// What an image needs, whether somebody asked for it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Move(Digest),
    /// What is set is the latest, and no Ready pod proves yet that it runs.
    Settle(Digest),
    Record(Digest),
    /// As `Record`, but not every pod is Ready: only with a rollout that is waited for.
    RecordLater(Digest),
    Nothing,
    Refused {
        code: Option<Code>,
        reason: String,
        because: Because,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Choice {
    Chosen,
    Left,
}

impl Candidate<'_> {
    pub(super) fn image(&self) -> ManagedImage {
        self.observed.image
    }

    pub(super) fn workload(&self) -> Option<&Workload> {
        self.observed.workload.as_ref().ok()
    }

    /// The digest that its workload is to run, where it is this image that asks for it.
    pub(super) fn wanted(&self) -> Option<&Digest> {
        match &self.wish {
            Wish::Move(digest) | Wish::Settle(digest) if self.choice == Choice::Chosen => {
                Some(digest)
            }
            Wish::Move(_)
            | Wish::Settle(_)
            | Wish::Record(_)
            | Wish::RecordLater(_)
            | Wish::Nothing
            | Wish::Refused { .. } => None,
        }
    }

    /// The digest that it runs, and that its record is to follow.
    pub(super) fn unrecorded(&self) -> Option<&Digest> {
        match &self.wish {
            Wish::Record(digest) | Wish::RecordLater(digest) if self.choice == Choice::Chosen => {
                Some(digest)
            }
            Wish::Record(_)
            | Wish::RecordLater(_)
            | Wish::Move(_)
            | Wish::Settle(_)
            | Wish::Nothing
            | Wish::Refused { .. } => None,
        }
    }
}

pub(super) fn candidates<'a>(
    seen: &'a Observation,
    assessed: &'a Assessment,
    request: &Request,
) -> Vec<Candidate<'a>> {
    let chosen = chosen(seen, request);
    let mut candidates: Vec<_> = seen
        .images
        .iter()
        .filter_map(|observed| {
            let assessed = assessed
                .images
                .iter()
                .find(|assessed| assessed.image == observed.image)?;
            Some(Candidate {
                wish: wish(seen, observed, assessed),
                choice: if chosen.contains(&observed.image) {
                    Choice::Chosen
                } else {
                    Choice::Left
                },
                observed,
                assessed,
            })
        })
        .collect();
    take_along(&mut candidates);
    candidates
}

/// What a restart for a chosen image has pulled anew beside it is recorded with it, also by a run that resumes.
fn take_along(candidates: &mut [Candidate<'_>]) {
    let restarted: BTreeSet<_> = candidates
        .iter()
        .filter(|candidate| {
            let is_busy = !matches!(candidate.wish, Wish::Nothing | Wish::Refused { .. });
            candidate.choice == Choice::Chosen && is_busy
        })
        .filter_map(|candidate| Some(candidate.workload()?.target()))
        .collect();
    for candidate in candidates {
        let is_beside = candidate.workload().is_some_and(|workload| {
            is_pulled_anew(workload) && restarted.contains(&workload.target())
        });
        if is_beside && matches!(candidate.wish, Wish::Record(_) | Wish::RecordLater(_)) {
            candidate.choice = Choice::Chosen;
        }
    }
}

/// Whether a new pod asks the registry what the tag names.
pub(super) fn is_pulled_anew(workload: &Workload) -> bool {
    matches!(
        workload.spec,
        Spec::Tagged {
            pull: Pull::Always,
            ..
        }
    )
}

/// One restart serves both images of jobs-manager, and requests-proxy runs the image of jobs-manager: they are one
/// choice where the chart makes them one.
fn chosen(seen: &Observation, request: &Request) -> BTreeSet<ManagedImage> {
    use ManagedImage::{JobsManager, PodsMonitor, RequestsProxy};

    if request.images.is_empty() {
        return ManagedImage::ALL.into_iter().collect();
    }
    let mut chosen = request.images.clone();
    if seen.release.capabilities.has(Capability::SetImage) {
        if chosen.contains(&JobsManager) {
            chosen.insert(RequestsProxy);
        }
    } else if chosen.contains(&JobsManager) || chosen.contains(&PodsMonitor) {
        chosen.extend([JobsManager, PodsMonitor]);
    }
    chosen
}

fn wish(seen: &Observation, observed: &ObservedImage, assessed: &AssessedImage) -> Wish {
    let refused = |because, code, reason| Wish::Refused {
        code,
        reason,
        because,
    };
    if assessed.states.contains(&State::Mirrored) {
        let why = "comes from a private mirror; it moves with the mirror".to_owned();
        return refused(Because::Meant, Some(Code::Mirrored), why);
    }
    if let Some(held) = &assessed.held {
        return refused(Because::Meant, Some(Code::Held), format!("is {held}"));
    }
    let capabilities = &seen.release.capabilities;
    if !capabilities.manages(observed.image) {
        let why = if capabilities.has(Capability::SpawnByTag) {
            "is spawned by its tag at every ingestion; there is nothing to move"
        } else {
            "is not refreshed by this generation of the chart; it moves with the chart"
        };
        return refused(Because::Meant, None, why.to_owned());
    }
    let unable = |code, why| refused(Because::Unable, code, why);
    let workload = match &observed.workload {
        Ok(workload) => workload,
        Err(blind) => return unable(None, format!("cannot be seen: {}", blind.0)),
    };
    let latest = match &assessed.latest {
        Ok(latest) => latest.clone(),
        Err(blind) => {
            let failure = seen.latest(observed).err().flatten();
            let code = failure.and_then(|failure| failure.code);
            return unable(code, format!("cannot be looked up: {}", blind.0));
        }
    };
    if let Some(why) = unfit(assessed, &latest) {
        return unable(Some(Code::LatestLacksPlatform), why);
    }
    if let Err(blind) = &workload.pods {
        let why = format!(
            "cannot be verified, because its pods are not seen: {}",
            blind.0
        );
        return unable(None, why);
    }
    of_relations(observed.image, workload, assessed, latest)
}

/// Why the nodes cannot run the latest; `None` where they can, or nobody knows.
fn unfit(assessed: &AssessedImage, latest: &Digest) -> Option<String> {
    let missing: Vec<_> = assessed
        .coverage
        .latest_missing
        .iter()
        .map(ToString::to_string)
        .collect();
    let missing = (!missing.is_empty()).then(|| missing.join(", "))?;
    Some(format!("cannot move: {latest} is not built for {missing}"))
}

fn of_relations(
    image: ManagedImage,
    workload: &Workload,
    assessed: &AssessedImage,
    latest: Digest,
) -> Wish {
    let relation = &assessed.to_latest;
    let is_set = relation.spec == Some(Folded::Same) || is_restarted_by_us(workload);
    let is_proven = is_proven(workload);
    // A record that is not proven to be the latest's counts as another: the refresher compares text.
    let is_recorded = image.record_key().is_none() || relation.recorded == Some(Folded::Same);
    match (&relation.running, &relation.spec) {
        (Folded::Same, None | Some(Folded::Same)) if is_proven && is_recorded => Wish::Nothing,
        (Folded::Same, None | Some(Folded::Same)) if is_proven => Wish::Record(latest),
        (_, None | Some(Folded::Same)) if is_set => Wish::Settle(latest),
        (Folded::Same, None | Some(Folded::Same)) if is_recorded => Wish::Nothing,
        (Folded::Same, None | Some(Folded::Same)) => Wish::RecordLater(latest),
        (Folded::Same | Folded::Other | Folded::Unknown(_), _) => Wish::Move(latest),
    }
}

/// Its pods restart already, because an earlier run of ours said so.
fn is_restarted_by_us(workload: &Workload) -> bool {
    workload.object.restarted.is_some() && matches!(workload.rollout, Rollout::InFlight(_))
}

/// Every pod that says what runs is Ready and made from the newest template. Nothing has to be where nothing is wanted.
pub(super) fn is_proven(workload: &Workload) -> bool {
    let mut pods = workload
        .pods
        .iter()
        .flatten()
        .filter(|pod| !matches!(pod.phase, PodPhase::Terminating | PodPhase::NodeLost));
    // A DaemonSet with a node that is not ready never settles; its other pods prove what they run.
    let is_settled =
        workload.rollout == Rollout::Settled || workload.kind == WorkloadKind::DaemonSet;
    workload.replicas == Some(0)
        || (is_settled
            && pods.all(|pod| pod.phase == PodPhase::Ready && pod.template == Template::Newest))
}

/// Those that somebody asked for; where nothing was named, all but requests-proxy, which goes with jobs-manager.
pub(super) fn refused(candidates: &[Candidate<'_>], request: &Request) -> Vec<Refused> {
    let is_asked_for = |image: ManagedImage| {
        if request.images.is_empty() {
            image != ManagedImage::RequestsProxy
        } else {
            request.images.contains(&image)
        }
    };
    let refused = candidates
        .iter()
        .filter(|candidate| is_asked_for(candidate.image()))
        .filter_map(|candidate| match &candidate.wish {
            Wish::Refused {
                code,
                reason,
                because,
            } => Some(Refused {
                image: candidate.image(),
                code: *code,
                reason: reason.clone(),
                because: *because,
            }),
            Wish::Move(_)
            | Wish::Settle(_)
            | Wish::Record(_)
            | Wish::RecordLater(_)
            | Wish::Nothing => None,
        });
    let is_known = |image: &ManagedImage| candidates.iter().any(|known| known.image() == *image);
    let absent = request.images.iter().filter(|image| !is_known(image));
    let absent = absent.map(|image| Refused {
        image: *image,
        code: None,
        reason: "is not part of this release".to_owned(),
        because: Because::Unable,
    });
    refused.chain(absent).collect()
}
