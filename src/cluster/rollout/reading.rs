//! Workloads, pods and events of the API, turned into the words of the rollout.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{
    Container as KubeContainer, ContainerStateTerminated, ContainerStatus, Event as KubeEvent,
    Pod as KubePod, PodSpec, PodTemplateSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::capability::EnvValue;
use crate::cluster::pods::{image_id, is_owned};
use crate::cluster::workload::{container, daemon_set_status, deployment_status, env};
use crate::observation::{Running, Template, WorkloadKind};
use crate::rollout::{Container, Event, Mark, Phase, Pod, RESTARTED_AT, Status, Words};
use crate::text::{QUOTED, printable, without_middle};

/// A Deployment or a DaemonSet.
pub(super) struct Workload {
    pub(super) kind: WorkloadKind,
    pub(super) metadata: ObjectMeta,
    pub(super) selector: LabelSelector,
    pub(super) status: Status,
    template: PodTemplateSpec,
}

impl From<Deployment> for Workload {
    fn from(deployment: Deployment) -> Self {
        Self {
            kind: WorkloadKind::Deployment,
            status: deployment_status(&deployment),
            metadata: deployment.metadata,
            selector: deployment.spec.selector,
            template: deployment.spec.template,
        }
    }
}

impl From<DaemonSet> for Workload {
    fn from(set: DaemonSet) -> Self {
        Self {
            kind: WorkloadKind::DaemonSet,
            status: daemon_set_status(&set),
            metadata: set.metadata,
            selector: set.spec.selector,
            template: set.spec.template,
        }
    }
}

impl Workload {
    pub(super) fn template(&self, marks: &[Mark]) -> Template {
        let metadata = self.template.metadata.as_ref();
        made_from(metadata, self.template.spec.as_ref(), marks)
    }

    /// Everything that this plugin could have set, as the template has it now: by this the pods of somebody else's
    /// rollout are told from older ones.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let spec = self.template.spec.iter();
        let containers = spec.flat_map(|spec| &spec.containers);
        let metadata = self.template.metadata.as_ref();
        let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
        let at = annotations.and_then(|annotations| annotations.get(RESTARTED_AT));
        let restarted = at.map(|at| Mark::Restarted { at: at.clone() });
        containers.flat_map(of_template).chain(restarted).collect()
    }
}

/// The image of a container, and the literals of its environment that it sees.
fn of_template(one: &KubeContainer) -> impl Iterator<Item = Mark> {
    let image = one.image.iter().map(|image| Mark::Image {
        container: one.name.clone(),
        image: image.clone(),
    });
    let env = env(Some(one));
    let last = |name: &String| match env.get(name) {
        Some(EnvValue::Literal(value)) => Some(value.clone()),
        Some(EnvValue::Elsewhere) | None => None,
    };
    let literals: Vec<_> = env
        .0
        .iter()
        .filter_map(|(name, _)| {
            Some(Mark::Env {
                container: one.name.clone(),
                name: name.clone(),
                value: last(name)?,
            })
        })
        .collect();
    image.chain(literals)
}

/// `Newest` where everything that was set is there.
fn made_from(metadata: Option<&ObjectMeta>, spec: Option<&PodSpec>, marks: &[Mark]) -> Template {
    let bears = |mark: &Mark| match mark {
        Mark::Image {
            container: name,
            image,
        } => container(spec, name).and_then(|one| one.image.as_ref()) == Some(image),
        Mark::Env {
            container: of,
            name,
            value,
        } => env(container(spec, of)).get(name) == Some(&EnvValue::Literal(value.clone())),
        Mark::Restarted { at } => {
            let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
            annotations.and_then(|annotations| annotations.get(RESTARTED_AT)) == Some(at)
        }
    };
    if marks.iter().all(bears) {
        Template::Newest
    } else {
        Template::Older
    }
}

/// Whether the pod is the workload's and has not ended. A pod that was evicted stays in the list; its controller has
/// made another.
pub(super) fn is_of(pod: &KubePod, workload: &Workload) -> bool {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    let has_ended = matches!(phase, Some("Succeeded" | "Failed"));
    let is_own = match workload.kind {
        WorkloadKind::DaemonSet => is_owned(&pod.metadata, workload.metadata.uid.as_deref()),
        WorkloadKind::Deployment => {
            let name = workload.metadata.name.as_deref().unwrap_or_default();
            let mut owners = pod.metadata.owner_references.iter().flatten();
            owners.any(|owner| owner.kind == "ReplicaSet" && is_set_of(&owner.name, name))
        }
    };
    is_own && !has_ended
}

/// The controller names a ReplicaSet after its Deployment and a hash without a hyphen: no ReplicaSet has to be read.
fn is_set_of(set: &str, deployment: &str) -> bool {
    let hash = set
        .strip_prefix(deployment)
        .and_then(|rest| rest.strip_prefix('-'));
    hash.is_some_and(|hash| !hash.is_empty() && !hash.contains('-'))
}

pub(super) fn pod(pod: &KubePod, marks: &[Mark]) -> Pod {
    let spec = pod.spec.as_ref();
    let status = pod.status.clone().unwrap_or_default();
    let statuses: Vec<_> = [&status.init_container_statuses, &status.container_statuses]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    let containers = spec.into_iter().flat_map(|spec| {
        spec.init_containers
            .iter()
            .flatten()
            .chain(&spec.containers)
    });
    Pod {
        name: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        node: spec.and_then(node),
        template: made_from(Some(&pod.metadata), spec, marks),
        phase: phase(pod),
        containers: containers
            .map(|one| {
                let own = statuses.iter().find(|status| status.name == one.name);
                let image = one.image.as_deref().unwrap_or_default();
                of_container(&one.name, image, own.copied())
            })
            .collect(),
    }
}

/// The node it runs on. A pod of a DaemonSet is made for one, which stands in its affinity until it is scheduled.
fn node(spec: &PodSpec) -> Option<String> {
    let meant = || {
        let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
        let required = affinity
            .required_during_scheduling_ignored_during_execution
            .as_ref()?;
        let mut fields = required
            .node_selector_terms
            .iter()
            .flat_map(|term| term.match_fields.iter().flatten());
        let name = fields.find(|field| field.key == "metadata.name")?;
        name.values.as_ref()?.first().cloned()
    };
    spec.node_name.clone().or_else(meant)
}

fn phase(pod: &KubePod) -> Phase {
    if pod.metadata.deletion_timestamp.is_some() {
        return Phase::Terminating;
    }
    let mut conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let unschedulable = conditions.clone().find(|condition| {
        condition.type_ == "PodScheduled" && condition.reason.as_deref() == Some("Unschedulable")
    });
    if let Some(condition) = unschedulable {
        let message = condition.message.as_deref().unwrap_or_default();
        return Phase::Unschedulable(without_middle(message, QUOTED));
    }
    // Containers of a lost node stay ready in the status; the condition does not.
    if conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True") {
        Phase::Ready
    } else {
        Phase::NotReady
    }
}

fn of_container(name: &str, image: &str, status: Option<&ContainerStatus>) -> Container {
    let state = status.and_then(|status| status.state.as_ref());
    let waiting = state.and_then(|state| state.waiting.as_ref());
    let now = state.and_then(|state| state.terminated.as_ref());
    let before = status
        .and_then(|status| status.last_state.as_ref())
        .and_then(|state| state.terminated.as_ref());
    let words = |reason: Option<&str>, message: Option<&str>| Words {
        reason: printable(reason.unwrap_or_default(), QUOTED),
        message: without_middle(message.unwrap_or_default(), QUOTED),
    };
    // A container that could not be started never ran: it is as good as one that waits.
    let not_started = now.filter(|ended| {
        matches!(
            ended.reason.as_deref(),
            Some("StartError" | "ContainerCannotRun")
        )
    });
    Container {
        name: name.to_owned(),
        image: printable(image, QUOTED),
        running: status.map_or_else(
            || Running::Unknown("no container status".to_owned()),
            image_id,
        ),
        waits: waiting
            .map(|waiting| words(waiting.reason.as_deref(), waiting.message.as_deref()))
            .or_else(|| {
                not_started.map(|ended| words(ended.reason.as_deref(), ended.message.as_deref()))
            }),
        ended: now.or(before).map(ending),
    }
}

/// `exit code 1, Error: the last line it left`.
fn ending(ended: &ContainerStateTerminated) -> String {
    let mut text = format!("exit code {}", ended.exit_code);
    for (link, part) in [(", ", &ended.reason), (": ", &ended.message)] {
        let part = part.as_deref().unwrap_or_default();
        if !part.is_empty() {
            text += link;
            text += part;
        }
    }
    without_middle(&text, QUOTED)
}

pub(super) fn event(event: &KubeEvent) -> Event {
    let container = event
        .involved_object
        .field_path
        .as_deref()
        .and_then(|path| path.split_once('{'))
        .map(|(_, name)| name.trim_end_matches('}').to_owned());
    Event {
        container,
        reason: event.reason.clone().unwrap_or_default(),
        message: without_middle(event.message.as_deref().unwrap_or_default(), QUOTED),
        first: event
            .first_timestamp
            .as_ref()
            .map(|time| time.0)
            .or_else(|| newer_form(event)),
    }
}

/// When it was said last. `None` where nobody noted it.
pub(super) fn last(event: &KubeEvent) -> Option<Timestamp> {
    let time = event.last_timestamp.as_ref().map(|time| time.0);
    time.or_else(|| newer_form(event))
}

/// Events of the newer form carry one time.
fn newer_form(event: &KubeEvent) -> Option<Timestamp> {
    event.event_time.as_ref().map(|time| time.0)
}

#[cfg(test)]
mod tests;
