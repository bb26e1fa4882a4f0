//! What an observation says of one image, brought into a form in which it can be compared.

use std::collections::BTreeSet;

use crate::content::{Name, Relation, compare};
use crate::image::{Digest, ManagedImage, Platform};
use crate::lookup::Failure;
use crate::node::{Node, eligible};
use crate::observation::{
    Observation, ObservedImage, Pod, PodPhase, Pull, Running, Spec, Workload,
};
use crate::record::Recorded;

/// One image in one observation.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) seen: &'a Observation,
    pub(super) observed: &'a ObservedImage,
}

/// Something that runs, or would.
pub(super) struct Run<'a> {
    /// `None` where no pod runs and the spec stands in.
    pub(super) pod: Option<&'a Pod>,
    pub(super) running: Running,
    /// Of its node; empty when nobody knows.
    pub(super) on: BTreeSet<Platform>,
}

/// Several comparisons as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Folded {
    Same,
    Other,
    Unknown(String),
}

impl<'a> Facts<'a> {
    pub(super) fn image(&self) -> ManagedImage {
        self.observed.image
    }

    pub(super) fn workload(&self) -> Result<&'a Workload, String> {
        self.observed
            .workload
            .as_ref()
            .map_err(|blind| blind.0.clone())
    }

    /// Host of the mirror that this image comes from. `None` for its public registry.
    pub(super) fn mirror(&self) -> Option<&'a str> {
        match self.image() {
            ManagedImage::Ingestor => self.observed.mirror.as_deref(),
            ManagedImage::JobsManager
            | ManagedImage::PodsMonitor
            | ManagedImage::ResourceMonitor
            | ManagedImage::RequestsProxy => self.seen.mirror.as_deref(),
        }
    }

    /// Whether the refresher moves it.
    pub(super) fn is_managed(&self) -> bool {
        let release = &self.seen.release;
        release.cron_job().is_some() && release.capabilities.manages(self.image())
    }

    /// The registry's failure, where it was asked and gave none.
    pub(super) fn failure(&self) -> Option<&'a Failure> {
        self.seen.latest(self.observed).err().flatten()
    }

    /// Why the content of a digest is not known, where the registry was asked for it.
    pub(super) fn content_failure(&self, digest: &Digest) -> Option<&'a Failure> {
        let registry = &self.seen.registry;
        let manifest = || registry.manifests.get(digest)?.as_ref().err();
        let config = || registry.configs.get(digest)?.as_ref().err();
        manifest().or_else(config)
    }

    pub(super) fn latest(&self) -> Result<Digest, String> {
        if let Some(host) = self.mirror() {
            return Err(format!("not asked: it comes from the mirror '{host}'"));
        }
        match self.seen.latest(self.observed) {
            Ok(resolved) => Ok(resolved.digest.clone()),
            Err(Some(failure)) => Err(failure.to_string()),
            Err(None) if self.observed.tracks.is_none() => {
                Err("nothing that can be read names a tag".to_owned())
            }
            Err(None) => Err("not looked up".to_owned()),
        }
    }

    /// What the refresher reads; absent where it has no such record, or where nothing reads it.
    pub(super) fn recorded(&self) -> Result<Recorded, String> {
        if !self.is_managed() {
            return Ok(Recorded::Absent);
        }
        match &self.seen.record {
            Ok(record) => Ok(record.recorded(self.image())),
            Err(blind) => Err(format!("the record is not readable: {}", blind.0)),
        }
    }

    /// The digest that the spec names. `None` for a tag, for nothing, and for what cannot be read.
    pub(super) fn spec(&self) -> Option<&'a Digest> {
        match &self.observed.workload.as_ref().ok()?.spec {
            Spec::Pinned { digest, .. } => Some(digest),
            Spec::Tagged { .. } | Spec::Floats(_) | Spec::Empty | Spec::Unreadable(_) => None,
        }
    }

    /// The nodes that the image has to run on.
    pub(super) fn eligible(&self) -> Result<Vec<&'a Node>, String> {
        let nodes = self.seen.nodes.as_ref().map_err(|blind| blind.0.clone())?;
        let mut nodes = eligible(nodes, &self.workload()?.scheduling);
        if self.image() == ManagedImage::Ingestor {
            // Without an ingestion to copy the demands from: ingestion Jobs are for Linux.
            nodes.retain(|node| node.platform.os == "linux");
        }
        Ok(nodes)
    }

    /// Platforms of the eligible nodes.
    pub(super) fn required(&self) -> Result<BTreeSet<Platform>, String> {
        let nodes = self.eligible()?;
        Ok(nodes.iter().map(|node| node.platform.clone()).collect())
    }

    /// Platforms that two digests are compared on; empty, which stands for all, where the nodes are not known.
    fn compared(&self) -> BTreeSet<Platform> {
        self.required().unwrap_or_default()
    }

    /// Pods that say what runs: not those that go away, nor those whose node is lost.
    pub(super) fn pods(&self) -> Result<Vec<&'a Pod>, String> {
        let pods = self.workload()?.pods.as_ref();
        Ok(pods
            .map_err(|blind| blind.0.clone())?
            .iter()
            .filter(|pod| !matches!(pod.phase, PodPhase::Terminating | PodPhase::NodeLost))
            .collect())
    }

    /// What runs, or what stands for it where nothing is meant to. Not empty.
    pub(super) fn runs(&self) -> Result<Vec<Run<'a>>, String> {
        let workload = self.workload()?;
        if workload.replicas == Some(0) {
            return Ok(vec![Run {
                pod: None,
                running: self.would_run(&workload.spec)?,
                on: self.compared(),
            }]);
        }
        let pods = self.pods()?;
        if pods.is_empty() {
            return Err("no pod runs".to_owned());
        }
        Ok(pods
            .into_iter()
            .map(|pod| Run {
                pod: Some(pod),
                running: pod.running.clone(),
                on: self.platform_of(pod.node.as_deref()),
            })
            .collect())
    }

    fn would_run(&self, spec: &Spec) -> Result<Running, String> {
        match spec {
            Spec::Pinned { digest, .. } => Ok(Running::Manifest(digest.clone())),
            Spec::Tagged { reference, pull } => match pull {
                Pull::Cached => Err("nothing runs, and a node may have an older build".to_owned()),
                Pull::Always if Some(reference) != self.observed.tracks.as_ref() => {
                    Err("nothing runs, and the spec names another tag".to_owned())
                }
                Pull::Always => self.latest().map(Running::Manifest),
            },
            Spec::Floats(_) | Spec::Empty => Ok(Running::Empty),
            Spec::Unreadable(why) => Err(why.clone()),
        }
    }

    fn platform_of(&self, node: Option<&str>) -> BTreeSet<Platform> {
        let nodes = self.seen.nodes.iter().flatten();
        nodes
            .filter(|one| Some(one.name.as_str()) == node)
            .map(|one| one.platform.clone())
            .collect()
    }

    pub(super) fn compare(&self, a: &Name, b: &Digest, on: &BTreeSet<Platform>) -> Relation {
        compare(a, &Name::Manifest(b.clone()), on, &self.seen.registry)
    }

    /// Two digests, on every platform that matters.
    pub(super) fn compare_digests(&self, a: &Digest, b: &Digest) -> Relation {
        self.compare(&Name::Manifest(a.clone()), b, &self.compared())
    }

    /// What runs against a digest.
    pub(super) fn runs_against(&self, digest: &Digest) -> Folded {
        match self.runs() {
            Ok(runs) => fold(runs.iter().map(|run| self.run_against(run, digest))),
            Err(why) => Folded::Unknown(why),
        }
    }

    pub(super) fn run_against(&self, run: &Run<'_>, digest: &Digest) -> Relation {
        let name = match &run.running {
            Running::Manifest(running) => Name::Manifest(running.clone()),
            Running::Config(running) => Name::Config(running.clone()),
            Running::Empty => return Relation::Other,
            Running::Unknown(why) => return Relation::Unknown(of_pod(run.pod, why)),
        };
        let relation = self.compare(&name, digest, &run.on);
        if let Relation::Unknown(why) = relation {
            return Relation::Unknown(of_pod(run.pod, &why));
        }
        relation
    }

    /// What runs against the record. A record that is no digest is that of nothing.
    pub(super) fn runs_against_record(&self, recorded: &Recorded) -> Option<Folded> {
        match recorded {
            Recorded::Absent => None,
            Recorded::At(digest) => Some(self.runs_against(digest)),
            Recorded::Malformed(_) => Some(Folded::Other),
        }
    }
}

pub(super) fn of_pod(pod: Option<&Pod>, why: &str) -> String {
    match pod {
        Some(pod) => format!("pod {}: {why}", pod.name),
        None => why.to_owned(),
    }
}

impl From<Relation> for Folded {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::Same => Self::Same,
            Relation::Other | Relation::WrongPlatform(_) | Relation::Gone(_) => Self::Other,
            Relation::Unknown(why) => Self::Unknown(why),
        }
    }
}

/// Other where one is, the same where all are.
fn fold(relations: impl Iterator<Item = Relation>) -> Folded {
    let mut folded = Folded::Same;
    for relation in relations {
        match Folded::from(relation) {
            Folded::Other => return Folded::Other,
            Folded::Unknown(why) if folded == Folded::Same => folded = Folded::Unknown(why),
            Folded::Unknown(_) | Folded::Same => {}
        }
    }
    folded
}
