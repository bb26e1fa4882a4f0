//! What nodes themselves reach: what their kubelets said of pulls, and with `--pull-test` a pull of their own.

use std::time::Duration;

use crate::age::age;
use crate::cluster::connect::Cluster;
use crate::cluster::job::{Leftover, OwnJobs};
use crate::cluster::pulls;
use crate::codes::Code;
use crate::image::Reference;
use crate::observation::Observation;
use crate::probe::kubelet::{Heard, hear};
use crate::probe::node::choice::needed;
use crate::probe::node::{Before, Outcome, Pull};
use crate::probe::pull::{Patience, pull_test};
use crate::reading::{Broken, NodePull, Unprobed};
use crate::text::{QUOTED, printable};

/// What nodes have pulled or could not, and why nothing more is known of it.
#[derive(Default)]
pub(super) struct Nodes {
    pub(super) pulls: Vec<NodePull>,
    pub(super) unpulled: Vec<Unprobed>,
}

/// A dropped connection takes a kubelet half a minute.
const PATIENCE: Patience = Patience {
    start: Duration::from_secs(20),
    limit: Duration::from_secs(90),
};

/// What kubelets said in the last hour of images that the release uses. Who may not read events misses a hint.
pub(super) async fn heard(cluster: &Cluster, seen: &Observation) -> Nodes {
    let mut nodes = Nodes::default();
    let names: Vec<String> = seen
        .images
        .iter()
        .filter_map(|image| Some(image.tracks.as_ref()?.name()))
        .collect();
    let failed = pulls::failed(cluster, &seen.release.namespace).await;
    for pull in failed.unwrap_or_default() {
        if names.contains(&pull.image.name()) {
            let ago = seen.at.as_second() - pull.at.as_second();
            let by = format!("event {} ago", age(ago));
            nodes.take(
                pull.node,
                pull.image.clone(),
                &hear(&pull.message, &pull.image),
                by,
            );
        }
    }
    nodes
}

/// Has a node of each platform pull the latest of one image of each registry.
pub(super) async fn pulled(jobs: &OwnJobs<'_>, seen: &Observation) -> (Nodes, Vec<Leftover>) {
    let mut chosen: Vec<(&Reference, Pull<'_>)> = Vec::new();
    let names: Vec<String> = seen
        .images
        .iter()
        .filter_map(|image| Some(image.tracks.as_ref()?.name()))
        .collect();
    let mut repositories = names.iter();
    for image in seen.images.iter().filter(|image| image.tracks.is_some()) {
        let (Some(tracks), Some(repository)) = (&image.tracks, repositories.next()) else {
            continue;
        };
        let is_known = chosen
            .iter()
            .any(|(known, _)| known.registry == tracks.registry);
        if let Ok(latest) = seen.latest(image)
            && !is_known
        {
            let pull = Pull {
                image: image.image,
                repository,
                digest: &latest.digest,
            };
            chosen.push((tracks, pull));
        }
    }
    let pulls: Vec<_> = chosen.iter().map(|(_, pull)| *pull).collect();
    let tests = needed(&pulls, seen);
    let resources = seen
        .release
        .cron_job()
        .map(|cron_job| cron_job.resources.clone());
    let report = pull_test(jobs, &tests, &resources.unwrap_or_default(), PATIENCE).await;
    let mut nodes = Nodes::default();
    if tests.is_empty() {
        let why = "no pull was tested: what the tags name is not known";
        nodes.unpulled.push(Unprobed::Unable(why.to_owned()));
    }
    for (test, (outcome, _)) in tests.iter().zip(report.outcomes) {
        let node = test
            .place
            .as_ref()
            .map_or_else(|_| String::new(), |place| place.node.clone());
        let Ok(image) = test.image().parse::<Reference>() else {
            continue;
        };
        match outcome {
            Outcome::Pulled { before, .. } => nodes.pulls.push(NodePull {
                node,
                image,
                result: Ok(()),
                by: match before {
                    Before::Held => "pull test, of the manifest alone: it has the content",
                    Before::NotListed => "pull test",
                }
                .to_owned(),
            }),
            Outcome::Failed(heard) => nodes.take(node, image, &heard, "pull test".to_owned()),
            Outcome::Unfinished => {
                let why = format!("node {node} was still pulling {image} when the time was up");
                nodes.unpulled.push(Unprobed::Unable(why));
            }
            Outcome::CouldNotStart { code, why } => {
                nodes.unpulled.push(Unprobed::Failed { code, message: why });
            }
            Outcome::NotAllowed(error) => {
                let why = printable(&error.to_string(), QUOTED);
                nodes.unpulled.push(Unprobed::Unable(why));
            }
        }
    }
    (nodes, report.leftovers)
}

impl Nodes {
    /// A pull that failed: a barred way where the kubelet's words name one.
    fn take(&mut self, node: String, image: Reference, heard: &Heard, by: String) {
        let is_egress = |code: Code| (Code::Dropped..=Code::LayerRequestAltered).contains(&code);
        let [first, others @ ..] = &heard.causes[..] else {
            let message = format!("node {node} cannot pull {image} ({by}): {}", heard.words);
            let code = Some(Code::CannotPull);
            self.unpulled.push(Unprobed::Failed { code, message });
            return;
        };
        if !is_egress(first.code) {
            let message = format!("node {node} cannot pull {image} ({by}): {}", heard.words);
            let code = Some(first.code);
            self.unpulled.push(Unprobed::Failed { code, message });
            return;
        }
        let alike: Vec<String> = others.iter().map(|other| other.code.to_string()).collect();
        let alike = match alike.join(", ") {
            alike if alike.is_empty() => alike,
            alike => format!(" (or {alike}: they look alike here)"),
        };
        self.pulls.push(NodePull {
            node,
            result: Err(Broken {
                code: first.code,
                cause: first.class,
                host: heard.host.clone().unwrap_or_else(|| image.registry.clone()),
                message: format!("{}{alike}", heard.words),
            }),
            image,
            by,
        });
    }
}
