//! Whether what runs is what was set.

use std::collections::BTreeSet;

use super::{Proof, Settled};
use crate::content::{Name, Relation, compare};
use crate::image::{Digest, Platform};
use crate::node::Node;
use crate::observation::{RegistryAnswers, Running, Template};

/// What a container has to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected<'a> {
    /// What its pod's spec says: an image by digest, or a value of the environment.
    AsSet,
    /// This content, under whatever digest: a restart follows a tag, and its pod's spec names no digest.
    Content(&'a Digest),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    Proven,
    /// TBI-507.
    Contradicted {
        pod: String,
        /// What it runs instead, printable: a digest, or an image as the spec names it.
        running: String,
    },
    /// Nothing is to run.
    NothingRuns,
    /// Why nothing is proven, in one printable line.
    Unproven(String),
}

/// Judges one container of every proof. A contradiction outweighs what is not proven.
pub(crate) fn verify(
    settled: &Settled,
    container: &str,
    expected: Expected<'_>,
    nodes: &[Node],
    answers: &RegistryAnswers,
) -> Verified {
    if settled.proofs.is_empty() {
        return Verified::NothingRuns;
    }
    let mut verified = Verified::Proven;
    for proof in &settled.proofs {
        match of_pod(proof, container, expected, nodes, answers) {
            Verified::Proven | Verified::NothingRuns => {}
            found @ Verified::Contradicted { .. } => return found,
            Verified::Unproven(why) => {
                verified = Verified::Unproven(format!("pod {}: {why}", proof.pod));
            }
        }
    }
    verified
}

fn of_pod(
    proof: &Proof,
    container: &str,
    expected: Expected<'_>,
    nodes: &[Node],
    answers: &RegistryAnswers,
) -> Verified {
    let contradicted = |running: &str| Verified::Contradicted {
        pod: proof.pod.clone(),
        running: running.to_owned(),
    };
    let own = proof.containers.iter().find(|one| one.name == container);
    let Some(own) = own else {
        return Verified::Unproven(format!("it has no container {container}"));
    };
    let digest = match (proof.template, expected) {
        (Template::Older, _) => return contradicted(&own.image),
        (Template::Newest, Expected::AsSet) => return Verified::Proven,
        (Template::Newest, Expected::Content(digest)) => digest,
    };
    let running = match &own.running {
        Running::Manifest(running) => Name::Manifest(running.clone()),
        Running::Config(running) => Name::Config(running.clone()),
        Running::Empty => return contradicted("nothing"),
        Running::Unknown(why) => return Verified::Unproven(why.clone()),
    };
    let on: BTreeSet<Platform> = nodes
        .iter()
        .filter(|node| Some(&node.name) == proof.node.as_ref())
        .map(|node| node.platform.clone())
        .collect();
    match compare(&running, &Name::Manifest(digest.clone()), &on, answers) {
        Relation::Same => Verified::Proven,
        Relation::Unknown(why) => Verified::Unproven(why),
        Relation::Other | Relation::WrongPlatform(_) | Relation::Gone(_) => match &running {
            Name::Manifest(other) | Name::Config(other) => contradicted(other.as_str()),
        },
    }
}
