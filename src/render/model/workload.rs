//! The workloads that run an image, and their pods.

use serde::Serialize;

use super::Reasons;
use crate::image::{Digest, ManagedImage};
use crate::observation::{
    self, ObservedImage, PodPhase, Running, Seen, Spec, Template, WorkloadKind,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workload {
    pub(crate) kind: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) container: String,
    /// `image`, or `env:` and the name of the variable that holds the digest or tag.
    pub(crate) via: &'static str,
    /// `None` for a DaemonSet.
    pub(crate) replicas: Option<u32>,
    pub(crate) rollout: Rollout,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rollout {
    /// `settled`, `inFlight`, `failed` or `paused`.
    pub(crate) state: &'static str,
    /// What it waits for, in kubectl's words.
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) workload: String,
    /// `None` until it is scheduled.
    pub(crate) node: Option<String>,
    /// `newest` or `older`.
    pub(crate) template: &'static str,
    /// `ready`, `notReady`, `waiting`, `terminating` or `nodeLost`.
    pub(crate) phase: &'static str,
    /// The kubelet's reason for a container that waits.
    pub(crate) waiting_reason: Option<String>,
    pub(crate) waiting_message: Option<String>,
    pub(crate) digest: Option<Digest>,
    pub(crate) digest_of: Option<DigestOf>,
    pub(crate) reasons: Reasons,
}

/// What a pod's digest is that of. A config's never equals a manifest's, whatever the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DigestOf {
    Manifest,
    Config,
}

/// Of all these images; `Err` as soon as one cannot be read.
pub(super) fn workloads(observed: &[&ObservedImage]) -> Seen<Vec<Workload>> {
    observed
        .iter()
        .map(|seen| {
            let workload = seen.workload.as_ref().map_err(Clone::clone)?;
            let (state, message) = match &workload.rollout {
                observation::Rollout::Settled => ("settled", None),
                observation::Rollout::InFlight(what) => ("inFlight", Some(what.clone())),
                observation::Rollout::Failed(what) => ("failed", Some(what.clone())),
                observation::Rollout::Paused => ("paused", None),
            };
            Ok(Workload {
                kind: match workload.kind {
                    WorkloadKind::Deployment => "Deployment",
                    WorkloadKind::DaemonSet => "DaemonSet",
                },
                namespace: workload.namespace.clone(),
                name: workload.name.clone(),
                container: workload.container.clone(),
                via: match (seen.image, &workload.spec) {
                    (ManagedImage::Ingestor, Spec::Floats(_)) => "env:INGESTOR_IMAGE_TAG",
                    (ManagedImage::Ingestor, _) => "env:INGESTOR_IMAGE_DIGEST",
                    _ => "image",
                },
                replicas: workload.replicas,
                rollout: Rollout { state, message },
            })
        })
        .collect()
}

pub(super) fn pods(observed: &[&ObservedImage]) -> Seen<Vec<Pod>> {
    let mut all = Vec::new();
    for seen in observed {
        let workload = seen.workload.as_ref().map_err(Clone::clone)?;
        let pods = workload.pods.as_ref().map_err(Clone::clone)?;
        all.extend(pods.iter().map(|pod| Pod::new(&workload.name, pod)));
    }
    Ok(all)
}

impl Pod {
    fn new(workload: &str, pod: &observation::Pod) -> Self {
        let mut reasons = Reasons::new();
        let (digest, digest_of) = match &pod.running {
            Running::Manifest(digest) => (Some(digest.clone()), Some(DigestOf::Manifest)),
            Running::Config(digest) => (Some(digest.clone()), Some(DigestOf::Config)),
            Running::Empty => (None, None),
            Running::Unknown(why) => {
                reasons.insert("digest".to_owned(), why.clone());
                (None, None)
            }
        };
        let (phase, waiting) = match &pod.phase {
            PodPhase::Ready => ("ready", None),
            PodPhase::NotReady => ("notReady", None),
            PodPhase::Waiting { reason, message } => ("waiting", Some((reason, message))),
            PodPhase::Terminating => ("terminating", None),
            PodPhase::NodeLost => ("nodeLost", None),
        };
        Self {
            name: pod.name.clone(),
            workload: workload.to_owned(),
            node: pod.node.clone(),
            template: match pod.template {
                Template::Newest => "newest",
                Template::Older => "older",
            },
            phase,
            waiting_reason: waiting.map(|(reason, _)| reason.clone()),
            waiting_message: waiting.map(|(_, message)| message.clone()),
            digest,
            digest_of,
            reasons,
        }
    }
}
