//! Jobs, pods and events of this plugin, turned into the words of the observation.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{self, ContainerStatus, Pod};

use super::super::pods::is_owned;
use crate::observation::Seen;
use crate::observation::own_job::{
    ContainerState, Event, OwnContainer, OwnJob, OwnPod, Standing, Weight,
};
use crate::text::printable;

/// What of a kubelet's message is read, in characters: the cause stands at its end, behind two names of an image.
const READ: usize = 4_000;

/// The Job with its own among `pods`.
pub(super) fn own_job(job: &Job, pods: &[Pod], events: Seen<Vec<Event>>) -> OwnJob {
    OwnJob {
        name: job.metadata.name.clone().unwrap_or_default(),
        standing: standing(job),
        pods: pods_of(job, pods).map(own_pod).collect(),
        events,
    }
}

pub(super) fn pods_of<'a>(job: &Job, pods: &'a [Pod]) -> impl Iterator<Item = &'a Pod> {
    let uid = job.metadata.uid.clone();
    pods.iter()
        .filter(move |pod| is_owned(&pod.metadata, uid.as_deref()))
}

fn standing(job: &Job) -> Standing {
    let conditions = job
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    for condition in conditions.filter(|condition| condition.status == "True") {
        match condition.type_.as_str() {
            "Complete" => return Standing::Complete,
            "Failed" => {
                return Standing::Failed {
                    reason: words(condition.reason.as_deref()),
                    message: words(condition.message.as_deref()),
                };
            }
            _ => {}
        }
    }
    Standing::Active
}

/// When the Job ended, and when it has to: `None` where its status does not tell.
pub(super) fn ended(job: &Job) -> Option<Timestamp> {
    let status = job.status.as_ref()?;
    let last = status
        .conditions
        .iter()
        .flatten()
        .filter(|condition| {
            matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == "True"
        })
        .find_map(|condition| condition.last_transition_time.as_ref());
    status.completion_time.as_ref().or(last).map(|time| time.0)
}

fn own_pod(pod: &Pod) -> OwnPod {
    let status = pod.status.clone().unwrap_or_default();
    let unschedulable = status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False")
        .map(|condition| words(condition.message.as_deref().or(condition.reason.as_deref())));
    OwnPod {
        name: pod.metadata.name.clone().unwrap_or_default(),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        unschedulable,
        containers: status
            .container_statuses
            .iter()
            .flatten()
            .map(own_container)
            .collect(),
    }
}

fn own_container(status: &ContainerStatus) -> OwnContainer {
    let state = status.state.clone().unwrap_or_default();
    let state = if let Some(ended) = state.terminated {
        ContainerState::Ended {
            reason: words(ended.reason.as_deref()),
            exit_code: ended.exit_code,
            message: ended.message.unwrap_or_default(),
        }
    } else if state.running.is_some() {
        ContainerState::Running
    } else {
        let waiting = state.waiting.unwrap_or_default();
        ContainerState::Waiting {
            reason: words(waiting.reason.as_deref()),
            message: words(waiting.message.as_deref()),
        }
    };
    OwnContainer {
        name: status.name.clone(),
        image_id: printable(&status.image_id, READ),
        state,
    }
}

/// Oldest first. Several fall into one second; the names that clients give to events ascend.
pub(super) fn in_order(mut events: Vec<v1::Event>) -> Vec<Event> {
    let time = |event: &v1::Event| {
        let first = event.first_timestamp.as_ref().map(|time| time.0);
        let exact = event.event_time.as_ref().map(|time| time.0);
        first.or(exact).or(event
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0))
    };
    events.sort_by(|a, b| (time(a), &a.metadata.name).cmp(&(time(b), &b.metadata.name)));
    events.iter().map(event).collect()
}

fn event(event: &v1::Event) -> Event {
    let field = event.involved_object.field_path.as_deref();
    let container = field
        .and_then(|field| field.strip_prefix("spec.containers{"))
        .and_then(|field| field.strip_suffix('}'));
    Event {
        weight: match event.type_.as_deref() {
            Some("Warning") => Weight::Warning,
            _ => Weight::Normal,
        },
        reason: words(event.reason.as_deref()),
        message: words(event.message.as_deref()),
        container: container.map(str::to_owned),
    }
}

fn words(text: Option<&str>) -> String {
    printable(text.unwrap_or_default(), READ)
}
