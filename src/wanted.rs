//! Which manifests and configs must still be fetched before a release can be judged.
//!
//! Asked again after every answer, until nothing is wanted. What is known before any tag has been resolved (spec,
//! record, pods) is wanted at once, so that it is fetched beside the tags; configs only where a judgement hangs on
//! them: the platform of a single image, an imageID that names a config, the age of a latest that nobody followed.

use std::collections::{BTreeMap, BTreeSet};

use crate::capability::Capability;
use crate::image::{Digest, ManagedImage, Platform, Reference};
use crate::lookup::{Child, Content};
use crate::observation::{Observation, ObservedImage, RunLog, RunOutcome, Running, Spec};
use crate::record::Recorded;

/// Content to fetch by digest, and where to ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) manifests: BTreeMap<Digest, Reference>,
    /// By the digest of the manifest: the repository, and the config's own digest.
    pub(crate) configs: BTreeMap<Digest, (Reference, Digest)>,
}

impl Wanted {
    pub(crate) fn extend(&mut self, more: Self) {
        self.manifests.extend(more.manifests);
        self.configs.extend(more.configs);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.manifests.is_empty() && self.configs.is_empty()
    }
}

/// The tags to resolve: one for each distinct reference, none that a mirror makes meaningless.
pub(crate) fn tags(seen: &Observation) -> BTreeSet<Reference> {
    seen.images
        .iter()
        .filter(|image| !is_mirrored(seen, image))
        .filter_map(|image| image.tracks.clone())
        .collect()
}

/// What is wanted and has not been answered yet, be it with a failure.
pub(crate) fn wanted(seen: &Observation) -> Wanted {
    let mut wanted = Wanted::default();
    for image in seen.images.iter().filter(|image| !is_mirrored(seen, image)) {
        if let Some(repository) = repository(image) {
            of_image(seen, image, &repository, &mut wanted);
        }
    }
    wanted
        .manifests
        .retain(|digest, _| !seen.registry.manifests.contains_key(digest));
    wanted
        .configs
        .retain(|digest, _| !seen.registry.configs.contains_key(digest));
    wanted
}

fn is_mirrored(seen: &Observation, image: &ObservedImage) -> bool {
    match image.image {
        ManagedImage::Ingestor => image.mirror.is_some(),
        _ => seen.mirror.is_some(),
    }
}

fn repository(image: &ObservedImage) -> Option<Reference> {
    if let Some(tracks) = &image.tracks {
        return Some(tracks.clone());
    }
    match &image.workload.as_ref().ok()?.spec {
        Spec::Pinned { repository, .. } => repository.parse().ok(),
        Spec::Tagged { reference, .. } | Spec::Floats(reference) => Some(reference.clone()),
        Spec::Empty | Spec::Unreadable(_) => None,
    }
}

fn of_image(
    seen: &Observation,
    image: &ObservedImage,
    repository: &Reference,
    wanted: &mut Wanted,
) {
    let latest = seen
        .latest(image)
        .ok()
        .map(|resolved| resolved.digest.clone());
    let in_use = in_use(image);
    let recorded = match seen
        .record
        .as_ref()
        .map(|record| record.recorded(image.image))
    {
        Ok(Recorded::At(digest)) => Some(digest),
        _ => None,
    };
    let named: BTreeSet<&Digest> = latest.iter().chain(&in_use).chain(&recorded).collect();
    for digest in &named {
        wanted
            .manifests
            .insert((*digest).clone(), repository.clone());
        // The platform of a single image stands in its config.
        if let Some(Content::Image { config, .. }) = content(seen, digest) {
            wanted
                .configs
                .insert((*digest).clone(), (repository.clone(), config.clone()));
        }
    }
    for child in compared_children(seen, image, &named) {
        wanted.manifests.insert(child, repository.clone());
    }
    if let Some(latest) = latest
        && may_be_silent(seen, image, &latest, &in_use)
        && let Some(dated) = dated(seen, &latest)
    {
        wanted.manifests.insert(dated.clone(), repository.clone());
        if let Some(Content::Image { config, .. }) = content(seen, &dated) {
            wanted
                .configs
                .insert(dated, (repository.clone(), config.clone()));
        }
    }
}

fn content<'a>(seen: &'a Observation, digest: &Digest) -> Option<&'a Content> {
    seen.registry
        .manifests
        .get(digest)?
        .as_ref()
        .ok()
        .map(|manifest| &manifest.content)
}

/// Digests of manifests that the spec names or pods run.
fn in_use(image: &ObservedImage) -> BTreeSet<Digest> {
    let Ok(workload) = &image.workload else {
        return BTreeSet::new();
    };
    let spec = match &workload.spec {
        Spec::Pinned { digest, .. } => Some(digest),
        Spec::Tagged { .. } | Spec::Floats(_) | Spec::Empty | Spec::Unreadable(_) => None,
    };
    let pods = workload
        .pods
        .iter()
        .flatten()
        .filter_map(|pod| match &pod.running {
            Running::Manifest(digest) => Some(digest),
            Running::Config(_) | Running::Empty | Running::Unknown(_) => None,
        });
    spec.into_iter().chain(pods).cloned().collect()
}

/// An index and a single image, or an index and a config, are compared by the configs that the index's children
/// name. Their manifests say which; nothing more is needed of them.
fn compared_children(
    seen: &Observation,
    image: &ObservedImage,
    named: &BTreeSet<&Digest>,
) -> BTreeSet<Digest> {
    let is_single = |digest: &&Digest| matches!(content(seen, digest), Some(Content::Image { .. }));
    let is_child =
        |children: &[Child], digest: &Digest| children.iter().any(|child| child.digest == *digest);
    let indexes = || {
        named
            .iter()
            .filter_map(|digest| match content(seen, digest) {
                Some(Content::Index(children)) => Some(children),
                Some(Content::Image { .. }) | None => None,
            })
    };
    let is_foreign = |digest: &&Digest| indexes().any(|children| !is_child(children, digest));
    let runs_config = image
        .workload
        .iter()
        .flat_map(|workload| workload.pods.iter().flatten())
        .any(|pod| matches!(pod.running, Running::Config(_)));
    if !runs_config
        && !named
            .iter()
            .filter(|digest| is_single(digest))
            .any(is_foreign)
    {
        return BTreeSet::new();
    }
    let platforms = platforms(seen);
    let runs_here = |child: &&Child| {
        platforms.is_empty() || platforms.iter().any(|node| child.platform.runs_on(node))
    };
    indexes()
        .flatten()
        .filter(runs_here)
        .map(|child| child.digest.clone())
        .collect()
}

fn platforms(seen: &Observation) -> BTreeSet<Platform> {
    seen.nodes
        .iter()
        .flatten()
        .map(|node| node.platform.clone())
        .collect()
}

/// Whether the age of the latest decides (TBI-310): the image's failed lookups are not counted, something else than
/// the latest runs, and no log tells.
fn may_be_silent(
    seen: &Observation,
    image: &ObservedImage,
    latest: &Digest,
    in_use: &BTreeSet<Digest>,
) -> bool {
    let capabilities = &seen.release.capabilities;
    let is_uncounted = match image.image {
        ManagedImage::Ingestor => {
            capabilities.has(Capability::IngestorPass)
                && !capabilities.has(Capability::FailureStreak)
        }
        other => capabilities.manages(other),
    };
    let is_read = |log: &RunLog| matches!(log, RunLog::Read(_));
    let completed =
        |run: &&crate::observation::RefreshRun| matches!(run.outcome, RunOutcome::Complete { .. });
    let newest = seen
        .runs
        .as_ref()
        .ok()
        .and_then(|runs| runs.iter().find(completed));
    let log_tells = newest.is_some_and(|run| is_read(&run.log));
    is_uncounted && !log_tells && in_use.iter().any(|digest| digest != latest)
}

/// The manifest whose config dates the latest: its own, or that of the child for the first node that has one.
/// `None` while it is not known.
pub(crate) fn dated(seen: &Observation, latest: &Digest) -> Option<Digest> {
    match content(seen, latest)? {
        Content::Image { .. } => Some(latest.clone()),
        Content::Index(children) => {
            let platforms = platforms(seen);
            let here = |child: &&Child| platforms.iter().any(|node| child.platform.runs_on(node));
            children
                .iter()
                .find(here)
                .or(children.first())
                .map(|child| child.digest.clone())
        }
    }
}
