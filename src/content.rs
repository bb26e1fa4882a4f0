//! Whether two digests name the same content.
//!
//! What a pod shows may be the index that was pulled, its child for the node's platform, an older index with the
//! same child, or the digest of the config alone (side-loaded images, cri-dockerd, CRI-O after a restart). Text
//! that differs proves nothing; text that is equal does. Where the registry did not answer, the answer is unknown.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::image::{Digest, Platform};
use crate::lookup::{Child, Content, Failure};
use crate::observation::RegistryAnswers;

/// A digest, and what it is the digest of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Name {
    /// An index or the manifest of one image.
    Manifest(Digest),
    /// The config of one image.
    Config(Digest),
}

/// How two names stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Same,
    Other,
    /// One is the other's child, but that of a platform which is not asked for here.
    WrongPlatform(Platform),
    /// The registry no longer has this one, so it is not the other.
    Gone(Digest),
    /// Why nothing is proven, in one printable line.
    Unknown(String),
}

/// Whether the registry says that it has no such digest. A repository that is refused says nothing.
pub(crate) fn is_gone(failure: &Failure) -> bool {
    matches!(failure.code, Some(Code::DigestGone))
}

/// Compares on the platforms `on`; on all that either has, where that is empty.
pub(crate) fn compare(
    a: &Name,
    b: &Name,
    on: &BTreeSet<Platform>,
    answers: &RegistryAnswers,
) -> Relation {
    match (a, b) {
        _ if a == b => Relation::Same,
        (Name::Config(_), Name::Config(_)) => Relation::Other,
        (Name::Config(config), Name::Manifest(digest))
        | (Name::Manifest(digest), Name::Config(config)) => match known(digest, answers) {
            Ok(content) => has_config(content, config, on, answers),
            Err(relation) => relation,
        },
        (Name::Manifest(a), Name::Manifest(b)) => manifests(a, b, on, answers),
    }
}

fn manifests(
    a: &Digest,
    b: &Digest,
    on: &BTreeSet<Platform>,
    answers: &RegistryAnswers,
) -> Relation {
    // An index names its children: nothing needs to be known of them.
    for (index, child) in [(a, b), (b, a)] {
        if let Ok(Content::Index(children)) = known(index, answers)
            && let Some(relation) = as_child(children, child, on)
        {
            return relation;
        }
    }
    let (a, b) = match (known(a, answers), known(b, answers)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(gone @ Relation::Gone(_)), _) | (_, Err(gone @ Relation::Gone(_))) => return gone,
        (Err(relation), _) | (_, Err(relation)) => return relation,
    };
    match (a, b) {
        (Content::Index(a), Content::Index(b)) => indexes(a, b, on),
        (Content::Image { config, .. }, other) | (other, Content::Image { config, .. }) => {
            has_config(other, config, on, answers)
        }
    }
}

/// `None` when the digest is none of the children.
fn as_child(children: &[Child], digest: &Digest, on: &BTreeSet<Platform>) -> Option<Relation> {
    let own: Vec<_> = children
        .iter()
        .filter(|child| child.digest == *digest)
        .collect();
    let first = own.first()?;
    let runs = |platform: &&Platform| own.iter().any(|child| child.platform.runs_on(platform));
    Some(match on.iter().filter(runs).count() {
        count if count == on.len() => Relation::Same,
        0 => Relation::WrongPlatform(first.platform.clone()),
        _ => Relation::Other,
    })
}

/// An index that was published anew (an attestation added, a platform added) is the same where it is needed.
fn indexes(a: &[Child], b: &[Child], on: &BTreeSet<Platform>) -> Relation {
    let on_any: BTreeSet<_> = on
        .iter()
        .filter(|platform| !(leaves(a, platform).is_empty() && leaves(b, platform).is_empty()))
        .cloned()
        .collect();
    let compared = if on_any.is_empty() {
        a.iter()
            .chain(b)
            .map(|child| child.platform.clone())
            .collect()
    } else {
        on_any
    };
    let is_same = compared
        .iter()
        .all(|platform| leaves(a, platform) == leaves(b, platform));
    if is_same {
        Relation::Same
    } else {
        Relation::Other
    }
}

/// Whether the content is, on each of the platforms, the image of this config.
fn has_config(
    content: &Content,
    wanted: &Digest,
    on: &BTreeSet<Platform>,
    answers: &RegistryAnswers,
) -> Relation {
    let children = match content {
        Content::Image { config, .. } if config == wanted => return Relation::Same,
        Content::Image { .. } => return Relation::Other,
        Content::Index(children) => children,
    };
    if on.is_empty() {
        let all = children.iter().map(|child| &child.digest).collect();
        return any_has_config(&all, wanted, answers);
    }
    on.iter()
        .map(|platform| any_has_config(&leaves(children, platform), wanted, answers))
        .find(|relation| *relation != Relation::Same)
        .unwrap_or(Relation::Same)
}

fn any_has_config(
    images: &BTreeSet<&Digest>,
    wanted: &Digest,
    answers: &RegistryAnswers,
) -> Relation {
    let mut relation = Relation::Other;
    for digest in images {
        match known(digest, answers) {
            Ok(Content::Image { config, .. }) if config == wanted => return Relation::Same,
            Ok(_) | Err(Relation::Gone(_)) => {}
            Err(unknown) => relation = unknown,
        }
    }
    relation
}

/// The children of an index that run on a platform. Several where variants of one architecture do.
pub(crate) fn leaves<'a>(children: &'a [Child], platform: &Platform) -> BTreeSet<&'a Digest> {
    children
        .iter()
        .filter(|child| child.platform.runs_on(platform))
        .map(|child| &child.digest)
        .collect()
}

fn known<'a>(digest: &Digest, answers: &'a RegistryAnswers) -> Result<&'a Content, Relation> {
    match answers.manifests.get(digest) {
        Some(Ok(manifest)) => Ok(&manifest.content),
        Some(Err(failure)) if is_gone(failure) => Err(Relation::Gone(digest.clone())),
        Some(Err(failure)) => Err(Relation::Unknown(failure.to_string())),
        None => Err(Relation::Unknown("not looked up".to_owned())),
    }
}

#[cfg(test)]
mod tests;
