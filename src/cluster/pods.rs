//! Pods of a workload, found through owner references, and what their containers run.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod as KubePod, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::PartialObjectMeta;

use super::workload::{container, env};
use crate::capability::EnvValue;
use crate::image::Digest;
use crate::observation::{Pod, PodPhase, Running, Template};
use crate::text::{QUOTED, printable, without_middle};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const TEMPLATE_GENERATION: &str = "pod-template-generation";
const SET_TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// What of a pod an image is read from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// The imageID of this container.
    Image(&'a str),
    /// This variable of this container: the ingestor before chart 1.6.0.
    Env { container: &'a str, name: &'a str },
}

impl<'a> Source<'a> {
    const fn container(self) -> &'a str {
        match self {
            Self::Image(container) | Self::Env { container, .. } => container,
        }
    }
}

/// The pods of a Deployment, by way of its ReplicaSets; the newest template is that of the highest revision.
pub(super) fn of_deployment(
    deployment: &Deployment,
    replica_sets: &[PartialObjectMeta<ReplicaSet>],
    pods: &[KubePod],
    lost: &BTreeSet<String>,
    source: Source<'_>,
) -> Vec<Pod> {
    let own: Vec<_> = replica_sets
        .iter()
        .filter(|set| is_owned(&set.metadata, deployment.metadata.uid.as_deref()))
        .collect();
    let newest = own
        .iter()
        .max_by_key(|set| revision(&set.metadata))
        .and_then(|set| set.metadata.uid.as_deref());
    pods.iter()
        .filter(|pod| !is_over(pod))
        .filter(|pod| {
            own.iter()
                .any(|set| is_owned(&pod.metadata, set.metadata.uid.as_deref()))
        })
        .map(|pod| {
            let template = if is_owned(&pod.metadata, newest) {
                Template::Newest
            } else {
                Template::Older
            };
            observed(pod, template, lost, source)
        })
        .collect()
}

/// The pods of a DaemonSet. Its template's generation is the only trace of a template on its pods that needs no
/// right to read ControllerRevisions.
pub(super) fn of_daemon_set(
    set: &DaemonSet,
    pods: &[KubePod],
    lost: &BTreeSet<String>,
    source: Source<'_>,
) -> Vec<Pod> {
    let newest = set
        .metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(SET_TEMPLATE_GENERATION));
    pods.iter()
        .filter(|pod| !is_over(pod) && is_owned(&pod.metadata, set.metadata.uid.as_deref()))
        .map(|pod| {
            let own = pod
                .metadata
                .labels
                .as_ref()
                .and_then(|labels| labels.get(TEMPLATE_GENERATION));
            let template = match (own, newest) {
                (Some(own), Some(newest)) if own != newest => Template::Older,
                _ => Template::Newest,
            };
            observed(pod, template, lost, source)
        })
        .collect()
}

/// Whether the object of this uid owns it. Nobody owns what has no uid.
pub(super) fn is_owned(metadata: &ObjectMeta, uid: Option<&str>) -> bool {
    uid.is_some_and(|uid| {
        metadata
            .owner_references
            .iter()
            .flatten()
            .any(|owner| owner.uid == uid)
    })
}

/// A pod that was evicted stays until somebody deletes it, and its controller has long made another (Kubernetes,
/// `FilterActivePods`).
fn is_over(pod: &KubePod) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Failed" | "Succeeded"))
}

fn revision(metadata: &ObjectMeta) -> u64 {
    let text = metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(REVISION));
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn observed(pod: &KubePod, template: Template, lost: &BTreeSet<String>, source: Source<'_>) -> Pod {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let status = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_deref())
        .and_then(|statuses| {
            statuses
                .iter()
                .find(|status| status.name == source.container())
        });
    let running = match source {
        Source::Image(_) => status.map_or_else(
            || Running::Unknown("no container status".to_owned()),
            image_id,
        ),
        Source::Env {
            container: name,
            name: variable,
        } => match env(container(pod.spec.as_ref(), name)).get(variable) {
            None => Running::Empty,
            Some(EnvValue::Elsewhere) => {
                Running::Unknown(format!("{variable} is set by valueFrom"))
            }
            Some(EnvValue::Literal(text)) if text.is_empty() => Running::Empty,
            Some(EnvValue::Literal(text)) => text.parse().map_or_else(
                |_| {
                    Running::Unknown(format!(
                        "{variable} is no digest: {}",
                        printable(text, QUOTED)
                    ))
                },
                Running::Manifest,
            ),
        },
    };
    Pod {
        name: pod.metadata.name.clone().unwrap_or_default(),
        phase: phase(
            pod,
            status,
            node.as_ref().is_some_and(|node| lost.contains(node)),
        ),
        node,
        template,
        running,
    }
}

fn phase(pod: &KubePod, status: Option<&ContainerStatus>, node_lost: bool) -> PodPhase {
    if pod.metadata.deletion_timestamp.is_some() {
        return PodPhase::Terminating;
    }
    if node_lost {
        return PodPhase::NodeLost;
    }
    let state = status.and_then(|status| status.state.as_ref());
    if let Some(waiting) = state.and_then(|state| state.waiting.as_ref()) {
        return waits(waiting.reason.as_deref(), waiting.message.as_deref());
    }
    if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
        let exit_code = format!("exit code {}", ended.exit_code);
        return waits(
            ended.reason.as_deref().or(Some("Error")),
            ended.message.as_deref().or(Some(&exit_code)),
        );
    }
    if let Some(refused) = unscheduled(pod) {
        return waits(refused.reason.as_deref(), refused.message.as_deref());
    }
    match status {
        Some(status) if status.ready => PodPhase::Ready,
        _ => PodPhase::NotReady,
    }
}

fn waits(reason: Option<&str>, message: Option<&str>) -> PodPhase {
    PodPhase::Waiting {
        reason: printable(reason.unwrap_or_default(), QUOTED),
        message: without_middle(message.unwrap_or_default(), QUOTED),
    }
}

/// What the scheduler says of a pod that it found no node for.
fn unscheduled(pod: &KubePod) -> Option<&PodCondition> {
    let conditions = pod.status.as_ref()?.conditions.as_deref()?;
    conditions
        .iter()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")
}

/// What an imageID says, in each of the forms that container runtimes use.
pub(super) fn image_id(status: &ContainerStatus) -> Running {
    let id = status.image_id.as_str();
    let bare = |text: &str| -> Option<Digest> {
        if text.starts_with("sha256:") {
            text.parse().ok()
        } else {
            format!("sha256:{text}").parse().ok()
        }
    };
    let digest = match (
        id.strip_prefix("docker-pullable://"),
        id.strip_prefix("docker://"),
    ) {
        (Some(name), _) => manifest(name),
        (None, Some(config)) => bare(config).map(Running::Config),
        (None, None) => manifest(id).or_else(|| bare(id).map(Running::Config)),
    };
    match digest {
        Some(running) => running,
        None if id.is_empty() => Running::Unknown("not pulled yet".to_owned()),
        None => Running::Unknown(format!("imageID {}", printable(id, QUOTED))),
    }
}

fn manifest(name: &str) -> Option<Running> {
    let (_, digest) = name.rsplit_once('@')?;
    digest.parse().ok().map(Running::Manifest)
}

#[cfg(test)]
mod tests;
