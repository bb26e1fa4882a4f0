//! What a node has to pull, and whether nodes can run it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::PlanView;
use crate::image::{Digest, ManagedImage, Platform};
use crate::lookup::Content;
use crate::observation::{Blind, Observation, Seen};
use crate::render::model::{Reasons, known};

/// What is pulled by a node before the first patch, and what comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PullTests {
    Before(Vec<Pull>),
    /// `--pull-test`: nothing comes after.
    Only(Vec<Pull>),
    /// `--pull-test=skip`
    Skipped,
}

/// Content that a node is to pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pull {
    pub(crate) repository: String,
    pub(crate) digest: Digest,
    /// `Err` where no node is known.
    pub(crate) place: Seen<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: String,
    pub(crate) platform: Option<Platform>,
    pub(crate) there: There,
}

/// Whether the node has the content already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum There {
    Held,
    NotSeen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PullTest {
    pub(crate) mode: Mode,
    pub(crate) pulls: Vec<PlannedPull>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Mode {
    Before,
    Only,
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlannedPull {
    pub(crate) repository: String,
    pub(crate) digest: Digest,
    pub(crate) node: Option<String>,
    /// `None`: that of any node.
    pub(crate) platform: Option<String>,
    /// Compressed, of the node's platform.
    pub(crate) size_bytes: Option<u64>,
    /// The node has it: only the manifest request is tested.
    pub(crate) already_there: bool,
    pub(crate) reasons: Reasons,
}

/// A digest that is moved to, and the nodes that are to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Covered {
    pub(crate) digest: Digest,
    pub(crate) images: Vec<ManagedImage>,
    /// Platforms that it is built for.
    pub(crate) platforms: Option<Vec<String>>,
    /// Platforms of the nodes that may have to run it.
    pub(crate) required: Option<Vec<String>>,
    pub(crate) reasons: Reasons,
}

impl PullTest {
    pub(super) fn new(view: &PlanView<'_>) -> Self {
        let (mode, pulls) = match &view.pulls {
            PullTests::Before(pulls) => (Mode::Before, pulls.as_slice()),
            PullTests::Only(pulls) => (Mode::Only, pulls.as_slice()),
            PullTests::Skipped => (Mode::Skipped, [].as_slice()),
        };
        Self {
            mode,
            pulls: pulls
                .iter()
                .map(|pull| PlannedPull::new(view.seen, pull))
                .collect(),
        }
    }
}

impl PlannedPull {
    fn new(seen: &Observation, pull: &Pull) -> Self {
        let mut reasons = Reasons::new();
        let place = known(
            &mut reasons,
            "node",
            pull.place.as_ref().map_err(Clone::clone),
        );
        let size = size(
            seen,
            &pull.digest,
            place.and_then(|place| place.platform.as_ref()),
        );
        Self {
            repository: pull.repository.clone(),
            digest: pull.digest.clone(),
            node: place.map(|place| place.node.clone()),
            platform: place
                .and_then(|place| place.platform.as_ref())
                .map(ToString::to_string),
            size_bytes: known(&mut reasons, "sizeBytes", size),
            already_there: place.is_some_and(|place| place.there == There::Held),
            reasons,
        }
    }
}

/// What a node of this platform downloads.
fn size(seen: &Observation, digest: &Digest, platform: Option<&Platform>) -> Seen<u64> {
    let content = |digest| match seen.registry.manifests.get(digest) {
        Some(Ok(manifest)) => Ok(&manifest.content),
        Some(Err(failure)) => Err(Blind(failure.to_string())),
        None => Err(Blind("not looked up".to_owned())),
    };
    match content(digest)? {
        Content::Image { size, .. } => Ok(*size),
        Content::Index(children) => {
            let runs = |child: &&crate::lookup::Child| {
                platform.is_some_and(|node| child.platform.runs_on(node))
            };
            let child = children.iter().find(runs);
            let child = child.ok_or_else(|| Blind("platform of the node not known".to_owned()))?;
            match content(&child.digest)? {
                Content::Image { size, .. } => Ok(*size),
                Content::Index(_) => Err(Blind("an index within an index".to_owned())),
            }
        }
    }
}

/// One per digest that pods are to run anew, in the order of the changes.
pub(super) fn coverage(view: &PlanView<'_>) -> Vec<Covered> {
    let mut all: Vec<Covered> = Vec::new();
    for one in view.plan.changes.iter().flat_map(|change| &change.moves) {
        match all.iter_mut().find(|covered| covered.digest == one.to) {
            Some(covered) => covered.images.push(one.image),
            None => all.push(covered(view, &one.to, one.image)),
        }
    }
    all
}

fn covered(view: &PlanView<'_>, digest: &Digest, image: ManagedImage) -> Covered {
    let mut reasons = Reasons::new();
    let mut images = view.assessed.images.iter();
    let coverage = images
        .find(|one| one.image == image)
        .map(|one| &one.coverage);
    let names = |seen: Option<&Seen<BTreeSet<Platform>>>| match seen {
        None => Err(Blind("not looked at".to_owned())),
        Some(Err(blind)) => Err(blind.clone()),
        Some(Ok(platforms)) => Ok(platforms.iter().map(ToString::to_string).collect()),
    };
    Covered {
        digest: digest.clone(),
        images: vec![image],
        platforms: known(
            &mut reasons,
            "platforms",
            names(coverage.map(|one| &one.latest)),
        ),
        required: known(
            &mut reasons,
            "required",
            names(coverage.map(|one| &one.required)),
        ),
        reasons,
    }
}
