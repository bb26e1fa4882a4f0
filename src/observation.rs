//! Everything seen in one look at a release, with the time of the look. Plain data: no client, no clock.
//!
//! What could not be seen is [`Blind`] and says why; it is never an empty list, a zero or a default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::image::{Digest, ManagedImage, Platform, Reference};
use crate::lookup::{Config, Failure, Manifest, Resolved, Vantage};
use crate::node::{Node, Scheduling};
use crate::record::Record;
use crate::release::Release;
pub(crate) use crate::rollout::Strategy;

pub(crate) mod own_job;

/// Why something was not seen: one printable line, in the words of whoever refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blind(pub(crate) String);

/// Something that was looked for.
pub(crate) type Seen<T> = Result<T, Blind>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// The API server's clock.
    pub(crate) at: Timestamp,
    pub(crate) depth: Depth,
    pub(crate) context: String,
    pub(crate) release: Release,
    pub(crate) record: Seen<Record>,
    pub(crate) nodes: Seen<Vec<Node>>,
    /// In the order of `ManagedImage::ALL`; only those that the release has.
    pub(crate) images: Vec<ObservedImage>,
    /// Jobs of the CronJob that are still kept, newest first.
    pub(crate) runs: Seen<Vec<RefreshRun>>,
    /// What registries said in this look, by digest or tag. One namespace of content for all images.
    pub(crate) registry: RegistryAnswers,
    /// Host of the private mirror that the pods pull docker.io images from, where they do.
    pub(crate) mirror: Option<String>,
    /// Workloads of the release that this mechanism does not refresh, by `kind/name`.
    pub(crate) unmanaged: Seen<Vec<String>>,
    /// Ingestion Jobs that run now; `refresh` shows it, the state does not depend on it.
    pub(crate) ingestions: Seen<usize>,
    /// Whether `HTTP(S)_PROXY` stands on the api container but not on the CronJob (TBI-601).
    pub(crate) proxy: ProxySettings,
}

/// How closely a release was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Depth {
    Whole,
    /// As one of many: Jobs and logs were not asked for, and that is no gap.
    Overview,
}

/// Where a proxy is set. Values are never kept: they hold passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ProxySettings {
    None,
    /// On the CronJob (and the api container).
    CronJob,
    ApiOnly,
}

/// One managed image as the release uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObservedImage {
    pub(crate) image: ManagedImage,
    /// What the refresher polls; without a refresher, what the spec itself names.
    /// `None` when nothing names a tag.
    pub(crate) tracks: Option<Reference>,
    /// `Err` when the workload is absent or could not be read.
    pub(crate) workload: Seen<Workload>,
    /// Host of the mirror that the ingestor comes from (G3 on); for the ingestor this alone decides. The other images
    /// go by the observation's `mirror`.
    pub(crate) mirror: Option<String>,
}

/// A Deployment or DaemonSet, as far as one image is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) kind: WorkloadKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) container: String,
    pub(crate) object: ObjectState,
    pub(crate) spec: Spec,
    /// The image, or the value of the environment entry, as written there; empty where there is none.
    pub(crate) written: String,
    /// Further environment entries of the ingestor digest's name. The last entry wins, and no patch by name can
    /// tell them apart.
    pub(crate) duplicate_entries: usize,
    /// Where the workload's pods may land; for the ingestor, where an ingestion Job's may.
    pub(crate) scheduling: Scheduling,
    /// Those of the pods that pull the image; for the ingestor, an ingestion Job's.
    pub(crate) credentials: PullCredentials,
    /// Desired replicas; `None` for a DaemonSet.
    pub(crate) replicas: Option<u32>,
    pub(crate) rollout: Rollout,
    /// The pods that use the image. For the ingestor before 1.6.0, the api pods: their environment is what runs.
    pub(crate) pods: Seen<Vec<Pod>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum WorkloadKind {
    Deployment,
    DaemonSet,
}

/// What a pod shows to registries: secrets of its own namespace, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PullCredentials {
    /// A pod without secrets of its own gets those of its account. `None` for the namespace's default account.
    pub(crate) service_account: Option<String>,
    pub(crate) secrets: Vec<String>,
}

/// A Deployment or DaemonSet by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    pub(crate) kind: WorkloadKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// `deploy/NAME` or `ds/NAME`, as kubectl takes it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            WorkloadKind::Deployment => "deploy",
            WorkloadKind::DaemonSet => "ds",
        };
        write!(f, "{kind}/{}", self.name)
    }
}

/// What whoever changes an object must know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectState {
    pub(crate) uid: String,
    /// `metadata.resourceVersion`.
    pub(crate) version: String,
    pub(crate) generation: i64,
    pub(crate) strategy: Strategy,
    /// The `kubectl.kubernetes.io/restartedAt` of the pod template, where this plugin was the last to write it.
    pub(crate) restarted: Option<String>,
}

#[cfg(test)]
impl ObjectState {
    pub(crate) fn fixture() -> Self {
        Self {
            uid: "u1".to_owned(),
            version: "100".to_owned(),
            generation: 3,
            strategy: Strategy::RollingUpdate,
            restarted: None,
        }
    }
}

impl Workload {
    /// Whether the spec takes the ingestor's digest from somewhere that no patch of this object sets.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        matches!(self.spec, Spec::Unreadable(_)) && self.written.is_empty()
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            kind: self.kind,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// What the workload says should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    /// `repo@digest`, or a digest in the environment.
    Pinned {
        repository: String,
        digest: Digest,
    },
    Tagged {
        reference: Reference,
        pull: Pull,
    },
    /// Spawn-by-tag ingestor without a digest: resolved anew at every ingestion.
    Floats(Reference),
    /// The ingestor's environment variable is absent or empty (G0 to G2).
    Empty,
    /// `valueFrom`, or no image reference at all; the text says which, printable.
    Unreadable(String),
}

/// `imagePullPolicy`, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Pull {
    Always,
    /// `IfNotPresent` or `Never`: a node may start an older build that it has cached.
    Cached,
}

/// As `kubectl rollout status` judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rollout {
    Settled,
    /// In flight, with kubectl's words for what it waits for.
    InFlight(String),
    /// Past its progress deadline.
    Failed(String),
    Paused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) name: String,
    /// `None` until it is scheduled.
    pub(crate) node: Option<String>,
    pub(crate) template: Template,
    pub(crate) phase: PodPhase,
    pub(crate) running: Running,
}

/// Whether the pod was made from the workload's newest template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Template {
    Newest,
    Older,
}

/// The state of a pod's one container that uses the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PodPhase {
    Ready,
    NotReady,
    /// Does not run, and why, in the words of whoever knows: the kubelet's waiting reason (`ImagePullBackOff`,
    /// `CrashLoopBackOff`, …), the reason of a container that has ended (`Error`, `OOMKilled`, `Completed`), or the
    /// scheduler's (`Unschedulable`). Both printable.
    Waiting {
        reason: String,
        message: String,
    },
    /// Being deleted: contradicts nothing.
    Terminating,
    /// On a node that is not ready: contradicts nothing.
    NodeLost,
}

/// What a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// `repo@digest` in the imageID (index or child), or the digest in the environment.
    Manifest(Digest),
    /// A bare image ID: the digest of the config, as side-loaded images and cri-dockerd show.
    Config(Digest),
    /// The environment variable is empty.
    Empty,
    /// Nothing pulled yet, or a form that says nothing.
    Unknown(String),
}

/// One Job of the CronJob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefreshRun {
    pub(crate) job: String,
    /// The schedule point, from the annotation or the name's suffix; `None` for a manual run.
    pub(crate) scheduled: Option<Timestamp>,
    pub(crate) origin: Origin,
    pub(crate) started: Option<Timestamp>,
    pub(crate) outcome: RunOutcome,
    pub(crate) log: RunLog,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    Schedule,
    /// `cronjob.kubernetes.io/instantiate: manual`.
    Manual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunOutcome {
    /// `pods`: how many pods the Job's status counts as active; 0 for long means that none can start.
    Active {
        pods: u32,
    },
    Complete {
        finished: Option<Timestamp>,
    },
    /// With the reason of the condition, `BackoffLimitExceeded` or `DeadlineExceeded`.
    Failed {
        finished: Option<Timestamp>,
        reason: String,
    },
}

/// The log of a run, as far as it was looked for: the newest completed run's and running ones'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunLog {
    Read(String),
    /// A failed Job's pod is deleted when the backoff limit is reached, and its log with it.
    PodDeleted,
    NotReadable(Blind),
    /// An older run's: never asked for.
    NotAsked,
}

/// All answers of the registries in this look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegistryAnswers {
    pub(crate) from: Vantage,
    /// By the reference with its tag. A reference is missing when it was not to be asked (mirrored).
    pub(crate) latest: BTreeMap<Reference, Result<Resolved, Failure>>,
    pub(crate) manifests: BTreeMap<Digest, Result<Manifest, Failure>>,
    /// By the digest of the *manifest* whose config it is.
    pub(crate) configs: BTreeMap<Digest, Result<Config, Failure>>,
    /// How long all lookups together took.
    pub(crate) took: Duration,
}

impl Observation {
    pub(crate) fn image(&self, image: ManagedImage) -> Option<&ObservedImage> {
        self.images.iter().find(|seen| seen.image == image)
    }

    /// What the image's tag names, or why it is not known.
    pub(crate) fn latest(&self, image: &ObservedImage) -> Result<&Resolved, Option<&Failure>> {
        match image
            .tracks
            .as_ref()
            .and_then(|tracks| self.registry.latest.get(tracks))
        {
            Some(Ok(resolved)) => Ok(resolved),
            Some(Err(failure)) => Err(Some(failure)),
            None => Err(None),
        }
    }
}

impl RegistryAnswers {
    /// The platforms of a manifest: an index's children, or the one of its config.
    ///
    /// # Errors
    ///
    /// Why they are not known, in one printable line.
    pub(crate) fn platforms(&self, digest: &Digest) -> Result<BTreeSet<Platform>, String> {
        use crate::lookup::Content;

        match self.manifests.get(digest) {
            None => Err("not looked up".to_owned()),
            Some(Err(failure)) => Err(failure.to_string()),
            Some(Ok(manifest)) => match &manifest.content {
                Content::Index(children) => Ok(children
                    .iter()
                    .map(|child| child.platform.clone())
                    .collect()),
                Content::Image { .. } => match self.configs.get(digest) {
                    Some(Ok(config)) => Ok(BTreeSet::from([config.platform.clone()])),
                    Some(Err(failure)) => Err(failure.to_string()),
                    None => Err("not looked up".to_owned()),
                },
            },
        }
    }
}
