//! Which node pulls what.

use crate::image::ManagedImage;
use crate::node::{Node, eligible};
use crate::observation::{Blind, Observation, PodPhase, PullCredentials, Running, Seen, Workload};
use crate::probe::node::{Before, Place, Pull, PullTest};

/// One test for each image and each platform among the nodes that its pods may be put on, in the order of `pulls`: on
/// the node that runs the pod now, where that is one of them, else on the first.
///
/// A platform that the image lacks is not tested, for a node pulls a bare manifest of another without a word; of content
/// that is not known, every platform is. Two workloads with one image are one test.
pub(crate) fn needed(pulls: &[Pull<'_>], seen: &Observation) -> Vec<PullTest> {
    let mut tests: Vec<PullTest> = Vec::new();
    for pull in pulls {
        for test in of_pull(pull, seen) {
            if !tests.iter().any(|other| is_same(other, &test)) {
                tests.push(test);
            }
        }
    }
    tests
}

fn of_pull(pull: &Pull<'_>, seen: &Observation) -> Vec<PullTest> {
    let none = Blind(format!("no workload of {} is known", pull.image));
    let workload = seen
        .image(pull.image)
        .map_or(Err(&none), |image| image.workload.as_ref());
    let (tolerations, credentials, places) = match workload {
        Ok(workload) => (
            workload.scheduling.tolerations.clone(),
            credentials(workload, seen),
            places(pull, workload, seen),
        ),
        Err(blind) => (
            Vec::new(),
            PullCredentials::default(),
            vec![Err(blind.clone())],
        ),
    };
    places
        .into_iter()
        .map(|place| PullTest {
            repository: pull.repository.to_owned(),
            digest: pull.digest.clone(),
            place,
            tolerations: tolerations.clone(),
            credentials: credentials.clone(),
        })
        .collect()
}

fn places(pull: &Pull<'_>, workload: &Workload, seen: &Observation) -> Vec<Seen<Place>> {
    let running = running(workload);
    let nodes = match &seen.nodes {
        Ok(nodes) => nodes,
        // A node that runs the pod is known all the same.
        Err(blind) => {
            let node = running.first().ok_or_else(|| blind.clone());
            return vec![node.map(|node| Place {
                node: (*node).to_owned(),
                platform: None,
                before: before(pull, workload, node),
            })];
        }
    };
    let mut able = eligible(nodes, &workload.scheduling);
    able.sort_by_key(|node| !running.contains(&node.name.as_str()));
    if able.is_empty() {
        let why = "no node is Ready, schedulable and right for its pods";
        return vec![Err(Blind(why.to_owned()))];
    }
    let platforms = seen.registry.platforms(pull.digest).ok();
    let mut chosen: Vec<&Node> = Vec::new();
    for node in able {
        let is_new = chosen.iter().all(|other| other.platform != node.platform);
        let runs_there = platforms
            .as_ref()
            .is_none_or(|all| all.iter().any(|platform| platform.runs_on(&node.platform)));
        if is_new && runs_there {
            chosen.push(node);
        }
    }
    chosen
        .into_iter()
        .map(|node| {
            Ok(Place {
                node: node.name.clone(),
                platform: Some(node.platform.clone()),
                before: if lists(node, pull) {
                    Before::Held
                } else {
                    before(pull, workload, &node.name)
                },
            })
        })
        .collect()
}

/// The nodes that the workload's pods are on, without those that are lost.
fn running(workload: &Workload) -> Vec<&str> {
    workload
        .pods
        .iter()
        .flatten()
        .filter(|pod| !matches!(pod.phase, PodPhase::NodeLost | PodPhase::Terminating))
        .filter_map(|pod| pod.node.as_deref())
        .collect()
}

/// What the pods tell of a node. The ingestor's are those that have its digest in their environment: they have not
/// pulled it.
fn before(pull: &Pull<'_>, workload: &Workload, node: &str) -> Before {
    let own = workload
        .pods
        .iter()
        .flatten()
        .filter(|pod| pod.node.as_deref() == Some(node));
    let mut runs = own.map(|pod| &pod.running);
    let has_it = pull.image != ManagedImage::Ingestor
        && runs.any(|running| *running == Running::Manifest(pull.digest.clone()));
    if has_it {
        Before::Held
    } else {
        Before::NotListed
    }
}

/// Whether the kubelet lists it. The content may have come under another name: the digest alone decides.
fn lists(node: &Node, pull: &Pull<'_>) -> bool {
    node.images
        .iter()
        .filter_map(|name| name.rsplit_once('@'))
        .any(|(_, digest)| digest == pull.digest.as_str())
}

/// Secrets and accounts are a namespace's own, and the tests run in the release's. The chart has its secret in the
/// other one too, under the same name; a pod with the account of the other one would not be let in.
fn credentials(workload: &Workload, seen: &Observation) -> PullCredentials {
    let is_here = workload.namespace == seen.release.namespace;
    let mut credentials = workload.credentials.clone();
    credentials.service_account = credentials.service_account.filter(|_| is_here);
    credentials
}

fn is_same(a: &PullTest, b: &PullTest) -> bool {
    let platform = |test: &PullTest| test.place.as_ref().ok().map(|place| place.platform.clone());
    a.image() == b.image() && platform(a) == platform(b)
}

#[cfg(test)]
mod tests;
