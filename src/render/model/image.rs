//! One image: what it tracks, who runs it, its four digests, its platforms and its pods.

use std::collections::BTreeSet;

use serde::Serialize;

use super::streak::{self, Streak};
use super::workload::{self, Pod, Workload};
use super::{Reasons, known};
use crate::codes::Code;
use crate::health::{self, AssessedImage, Assessment, State};
use crate::image::{Digest, ManagedImage, Platform};
use crate::lookup::{Content, Vantage};
use crate::observation::{Blind, Observation, ObservedImage, Seen, Spec};

/// One image, and every workload that runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    pub(crate) name: ManagedImage,
    /// Images that run the same content and agree with this one in everything.
    pub(crate) covers: Vec<ManagedImage>,
    /// `None` when nothing names a tag.
    pub(crate) tracks: Option<Tracks>,
    /// Host of the mirror that this image alone comes from.
    pub(crate) mirror: Option<String>,
    pub(crate) workloads: Option<Vec<Workload>>,
    pub(crate) digests: Digests,
    pub(crate) in_use: InUse,
    /// `None` where nothing was resolved.
    pub(crate) latest_resolved_from: Option<Vantage>,
    pub(crate) platforms: Platforms,
    /// The images of single platforms in the indexes.
    pub(crate) children: Children,
    /// At least one, worst first.
    pub(crate) states: Vec<State>,
    /// Why the state is not known, where it is not.
    pub(crate) unknown: Option<String>,
    /// Who pinned it, and where.
    pub(crate) held: Option<String>,
    /// Failed lookups in a row, where they are counted for this image.
    pub(crate) refresh_streak: Option<Streak>,
    pub(crate) pods: Option<Vec<Pod>>,
    pub(crate) findings: Vec<Code>,
    pub(crate) reasons: Reasons,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tracks {
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) tag: Option<String>,
}

/// The four that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Digests {
    pub(crate) spec: Option<Digest>,
    pub(crate) recorded: Option<Digest>,
    /// Not known, with the reason, where pods show several: `pods` has each.
    pub(crate) running: Option<Digest>,
    pub(crate) latest: Option<Digest>,
}

/// What a person should take for the image in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InUse {
    pub(crate) form: Form,
    pub(crate) digests: Option<Vec<Digest>>,
    pub(crate) tag: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Form {
    Digest,
    /// Pods that should agree run different ones.
    Several,
    /// Resolved anew at every ingestion.
    Floats,
    /// Nothing is set.
    None,
    /// Nothing runs, and the spec names a tag.
    Tag,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Platforms {
    pub(crate) in_use: Option<Vec<String>>,
    pub(crate) latest: Option<Vec<String>>,
    /// Of the eligible nodes.
    pub(crate) required: Option<Vec<String>>,
    /// Required, and not in the image in use. Not known where either is not.
    pub(crate) missing: Option<Vec<String>>,
    /// Required, and not in the latest. Not known where either is not.
    pub(crate) latest_missing: Option<Vec<String>>,
    /// Eligible nodes that cannot run the image in use.
    pub(crate) missing_on: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Children {
    /// Empty for the image of a single platform, which has none.
    pub(crate) in_use: Option<Vec<Child>>,
    pub(crate) latest: Option<Vec<Child>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Child {
    pub(crate) platform: String,
    pub(crate) digest: Digest,
}

/// The images that a person is shown, worst first.
pub(super) fn images(seen: &Observation, judged: &Assessment) -> Vec<Image> {
    let follower = follower(judged);
    judged
        .images
        .iter()
        .filter(|image| Some(image.image) != follower)
        .map(|image| {
            let covers = follower
                .filter(|_| image.image == ManagedImage::JobsManager)
                .into_iter()
                .collect();
            Image::new(seen, judged, image, covers)
        })
        .collect()
}

/// requests-proxy runs jobs-manager's image, and is an entry of its own only where the two disagree.
fn follower(judged: &Assessment) -> Option<ManagedImage> {
    let find = |name| judged.images.iter().find(|image| image.image == name);
    let (leader, follower) = (
        find(ManagedImage::JobsManager)?,
        find(ManagedImage::RequestsProxy)?,
    );
    let alike = leader.states == follower.states
        && leader.in_use == follower.in_use
        && leader.spec == follower.spec
        && leader.latest == follower.latest
        && leader.coverage == follower.coverage
        && leader.held.is_some() == follower.held.is_some();
    // Its own pods and rollout are told apart; what else is found on it is found on the image.
    let of_leader = codes(judged, leader.image);
    let says_no_more = codes(judged, follower.image)
        .iter()
        .all(|code| *code < Code::CannotPull && of_leader.contains(code));
    (alike && says_no_more).then_some(follower.image)
}

fn codes(judged: &Assessment, image: ManagedImage) -> Vec<Code> {
    let mut codes = Vec::new();
    for finding in &judged.findings {
        if finding.image == Some(image) && !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    codes
}

impl Image {
    fn new(
        seen: &Observation,
        judged: &Assessment,
        image: &AssessedImage,
        covers: Vec<ManagedImage>,
    ) -> Self {
        let observed: Vec<_> = std::iter::once(image.image)
            .chain(covers.iter().copied())
            .filter_map(|name| seen.image(name))
            .collect();
        let mut reasons = Reasons::new();
        let digests = digests(&mut reasons, observed.first().copied(), image);
        let in_use = in_use(&mut reasons, &image.in_use);
        let children = Children {
            in_use: children(
                &mut reasons,
                "children.inUse",
                "inUse.digests",
                seen,
                only(&in_use),
            ),
            latest: children(
                &mut reasons,
                "children.latest",
                "digests.latest",
                seen,
                digests.latest.as_ref(),
            ),
        };
        Self {
            name: image.image,
            tracks: observed.first().and_then(|seen| {
                seen.tracks.as_ref().map(|tracks| Tracks {
                    registry: tracks.registry.clone(),
                    repository: tracks.repository.clone(),
                    tag: tracks.tag.clone(),
                })
            }),
            mirror: observed.first().and_then(|seen| seen.mirror.clone()),
            workloads: known(&mut reasons, "workloads", workload::workloads(&observed)),
            latest_resolved_from: digests.latest.is_some().then_some(seen.registry.from),
            platforms: platforms(&mut reasons, &image.coverage),
            states: image.states.clone(),
            unknown: image.unknown.clone(),
            held: image.held.clone(),
            refresh_streak: (image.image == ManagedImage::Ingestor)
                .then(|| streak::ingestor(judged))
                .flatten(),
            pods: known(&mut reasons, "pods", workload::pods(&observed)),
            findings: codes(judged, image.image),
            digests,
            in_use,
            children,
            covers,
            reasons,
        }
    }

    /// Its own name, then those that it covers.
    pub(crate) fn names(&self) -> impl Iterator<Item = ManagedImage> {
        std::iter::once(self.name).chain(self.covers.iter().copied())
    }

    /// All that stand anywhere in it.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &Digest> {
        let Digests {
            spec,
            recorded,
            running,
            latest,
        } = &self.digests;
        let children = [&self.children.in_use, &self.children.latest];
        [spec, recorded, running, latest]
            .into_iter()
            .flatten()
            .chain(self.in_use.digests.iter().flatten())
            .chain(
                children
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|child| &child.digest),
            )
            .chain(
                self.pods
                    .iter()
                    .flatten()
                    .filter_map(|pod| pod.digest.as_ref()),
            )
    }

    pub(crate) fn is(&self, state: State) -> bool {
        self.states.contains(&state)
    }
}

fn digests(reasons: &mut Reasons, seen: Option<&ObservedImage>, image: &AssessedImage) -> Digests {
    let names_none = seen
        .and_then(|seen| seen.workload.as_ref().ok())
        .is_some_and(|workload| {
            matches!(
                workload.spec,
                Spec::Tagged { .. } | Spec::Floats(_) | Spec::Empty
            )
        });
    let running = match &image.running {
        Ok(all) if all.len() > 1 => Err(Blind(format!("pods show {} digests", all.len()))),
        Ok(all) => Ok(all.first().cloned()),
        Err(why) => Err(why.clone()),
    };
    Digests {
        spec: if names_none {
            image.spec.clone().ok()
        } else {
            known(reasons, "digests.spec", image.spec.clone())
        },
        recorded: known(reasons, "digests.recorded", image.recorded.clone()).flatten(),
        running: known(reasons, "digests.running", running).flatten(),
        latest: known(reasons, "digests.latest", image.latest.clone()),
    }
}

pub(super) fn in_use(reasons: &mut Reasons, in_use: &health::InUse) -> InUse {
    let (form, digests, tag) = match in_use {
        health::InUse::Digest(digest) => (Form::Digest, Some(vec![digest.clone()]), None),
        health::InUse::Several(all) => (Form::Several, Some(all.iter().cloned().collect()), None),
        health::InUse::Floats => (Form::Floats, None, None),
        health::InUse::None => (Form::None, None, None),
        health::InUse::Tag(tag) => (Form::Tag, None, Some(tag.clone())),
        health::InUse::Unknown(why) => {
            reasons.insert("inUse.digests".to_owned(), why.clone());
            (Form::Unknown, None, None)
        }
    };
    InUse { form, digests, tag }
}

fn only(in_use: &InUse) -> Option<&Digest> {
    match in_use.digests.as_deref() {
        Some([digest]) => Some(digest),
        _ => None,
    }
}

fn platforms(reasons: &mut Reasons, coverage: &health::Coverage) -> Platforms {
    let names = |all: &BTreeSet<Platform>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let seen = |set: &Seen<BTreeSet<Platform>>| set.as_ref().map(names).map_err(Clone::clone);
    let lacks = |set: &Seen<BTreeSet<Platform>>, missing| match (set, &coverage.required) {
        (Ok(_), Ok(_)) => Ok(names(missing)),
        (Err(why), _) | (_, Err(why)) => Err(why.clone()),
    };
    Platforms {
        in_use: known(reasons, "platforms.inUse", seen(&coverage.in_use)),
        latest: known(reasons, "platforms.latest", seen(&coverage.latest)),
        required: known(reasons, "platforms.required", seen(&coverage.required)),
        missing: known(
            reasons,
            "platforms.missing",
            lacks(&coverage.in_use, &coverage.missing),
        ),
        latest_missing: known(
            reasons,
            "platforms.latestMissing",
            lacks(&coverage.latest, &coverage.latest_missing),
        ),
        missing_on: coverage.nodes_missing.clone(),
    }
}

/// What the index at `digest` holds. Where there is no digest, whatever is the reason for that (under `of`).
fn children(
    reasons: &mut Reasons,
    key: &str,
    of: &str,
    seen: &Observation,
    digest: Option<&Digest>,
) -> Option<Vec<Child>> {
    let Some(digest) = digest else {
        if let Some(why) = reasons.get(of).cloned() {
            reasons.insert(key.to_owned(), why);
        }
        return None;
    };
    let children = match seen.registry.manifests.get(digest) {
        None => Err(Blind("not looked up".to_owned())),
        Some(Err(failure)) => Err(Blind(failure.to_string())),
        Some(Ok(manifest)) => Ok(match &manifest.content {
            Content::Index(children) => children
                .iter()
                .map(|child| Child {
                    platform: child.platform.to_string(),
                    digest: child.digest.clone(),
                })
                .collect(),
            Content::Image { .. } => Vec::new(),
        }),
    };
    known(reasons, key, children)
}
