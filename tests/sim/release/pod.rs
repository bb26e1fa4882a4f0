//! Pods: what their containers run, by which name the runtime calls it, and how they fare.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alive::{born, hex, letters, stamp};

/// How a runtime writes the content of a container into `imageID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageId {
    /// containerd, CRI-O: `docker.io/tracebloc/jobs-manager@sha256:…`, of an index or of a child.
    Repo(String),
    /// cri-dockerd, pulled: `docker-pullable://` in front of the above.
    Pullable(String),
    /// cri-dockerd, not pulled: `docker://sha256:…`, a config.
    Docker(String),
    /// containerd, side-loaded: `sha256:…`, a config.
    Config(String),
    /// Nothing pulled yet.
    Absent,
    /// As it stands.
    Verbatim(String),
}

impl ImageId {
    fn text(&self, image: &str) -> String {
        let repository = repository(image);
        match self {
            Self::Repo(digest) => format!("{repository}@{digest}"),
            Self::Pullable(digest) => format!("docker-pullable://{repository}@{digest}"),
            Self::Docker(config) => format!("docker://{config}"),
            Self::Config(text) | Self::Verbatim(text) => text.clone(),
            Self::Absent => String::new(),
        }
    }
}

/// A reference without its tag and digest, and with its registry, as a runtime completes it.
fn repository(image: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    match name.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) => name.to_owned(),
        _ => format!("docker.io/{name}"),
    }
}

/// How a container fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Ready,
    /// Runs, and its probe fails.
    Unready,
    /// Has never started.
    Waiting {
        reason: String,
        message: String,
    },
    /// Waits in `CrashLoopBackOff`, after that many restarts.
    Crashing {
        exit_code: u8,
        restarts: u32,
    },
    /// Runs, after that many failed runs.
    Restarted {
        exit_code: u8,
        restarts: u32,
    },
    /// Has ended for good.
    Ended {
        exit_code: u8,
    },
}

/// One container of a pod.
#[derive(Clone, Debug)]
pub struct Running {
    pub image_id: ImageId,
    pub fate: Fate,
}

impl Running {
    pub fn ready(digest: &str) -> Self {
        Self {
            image_id: ImageId::Repo(digest.to_owned()),
            fate: Fate::Ready,
        }
    }

    pub fn unready(digest: &str) -> Self {
        Self {
            fate: Fate::Unready,
            ..Self::ready(digest)
        }
    }

    pub fn crashing(digest: &str) -> Self {
        Self {
            fate: Fate::Crashing {
                exit_code: 1,
                restarts: 7,
            },
            ..Self::ready(digest)
        }
    }

    /// Waits for an image that cannot be pulled, with the kubelet's words about it.
    pub fn not_pulled(image: &str, cause: &str) -> Self {
        let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {cause}");
        let reason = "ImagePullBackOff".to_owned();
        Self {
            image_id: ImageId::Absent,
            fate: Fate::Waiting { reason, message },
        }
    }
}

/// Whether a pod is on its way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    #[default]
    Serving,
    Terminating,
}

/// A pod of a workload.
#[derive(Clone, Debug)]
pub struct PodState {
    pub node: String,
    pub created: Timestamp,
    /// In the order of the template's containers.
    pub containers: Vec<Running>,
    pub life: Life,
}

impl PodState {
    pub fn new(node: &str, created: Timestamp, containers: Vec<Running>) -> Self {
        let node = node.to_owned();
        Self {
            node,
            created,
            containers,
            life: Life::Serving,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.containers
            .iter()
            .all(|running| is_ready(&running.fate))
    }
}

fn is_ready(fate: &Fate) -> bool {
    matches!(fate, Fate::Ready | Fate::Restarted { .. })
}

/// The pod that `owner` made of `template`; its name is the owner's and five letters.
pub(super) fn pod(owner: &Value, template: &Value, state: &PodState, index: usize) -> Value {
    let metadata = &owner["metadata"];
    let base = metadata["name"].as_str().unwrap_or_default();
    let name = format!(
        "{base}-{}",
        letters(&format!("{base}/{}/{index}", state.node), 5)
    );
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": format!("{base}-"),
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template["spec"],
        "status": status(template, state),
    });
    if template["metadata"]["annotations"].is_object() {
        pod["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
    }
    if !state.node.is_empty() {
        pod["spec"]["nodeName"] = state.node.as_str().into();
    }
    let mut pod = born(pod, "kube-controller-manager", state.created);
    if state.life == Life::Terminating {
        pod["metadata"]["deletionTimestamp"] = stamp(state.created).into();
        pod["metadata"]["deletionGracePeriodSeconds"] = 30.into();
    }
    pod
}

/// An owner reference to a controller.
pub(super) fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn status(template: &Value, state: &PodState) -> Value {
    let containers = template["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten();
    let statuses: Vec<_> = containers
        .zip(&state.containers)
        .map(|(container, running)| container_status(container, running, state.created))
        .collect();
    let ready = if state.is_ready() { "True" } else { "False" };
    let since = stamp(state.created);
    let condition = |name: &str, status: &str| json!({ "type": name, "status": status, "lastTransitionTime": since });
    let mut status = json!({
        "phase": phase(state),
        "startTime": since,
        "conditions": [
            condition("PodScheduled", if state.node.is_empty() { "False" } else { "True" }),
            condition("Initialized", "True"),
            condition("ContainersReady", ready),
            condition("Ready", ready),
        ],
        "containerStatuses": statuses,
    });
    if let Some(inits) = template["spec"]["initContainers"].as_array() {
        let ended = |container: &Value| {
            let digest = format!("sha256:{}", hex("an init container", 64));
            let fate = Fate::Ended { exit_code: 0 };
            let running = Running {
                image_id: ImageId::Repo(digest),
                fate,
            };
            container_status(container, &running, state.created)
        };
        status["initContainerStatuses"] = inits.iter().map(ended).collect();
    }
    status
}

fn phase(state: &PodState) -> &'static str {
    let fates = || state.containers.iter().map(|running| &running.fate);
    let exit_code = |fate: &Fate| match fate {
        Fate::Ended { exit_code } => Some(*exit_code),
        _ => None,
    };
    if fates().any(|fate| matches!(fate, Fate::Waiting { .. })) || state.node.is_empty() {
        "Pending"
    } else if fates().all(|fate| exit_code(fate) == Some(0)) {
        "Succeeded"
    } else if fates().all(|fate| exit_code(fate).is_some()) {
        "Failed"
    } else {
        "Running"
    }
}

fn container_status(container: &Value, running: &Running, started: Timestamp) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let running_now = json!({ "running": { "startedAt": stamp(started) } });
    let ended = |exit_code: u8| {
        json!({ "terminated": {
            "exitCode": exit_code,
            "reason": if exit_code == 0 { "Completed" } else { "Error" },
            "startedAt": stamp(started),
            "finishedAt": stamp(started),
        } })
    };
    let (state, last, restarts) = match &running.fate {
        Fate::Ready | Fate::Unready => (running_now, json!({}), 0),
        Fate::Waiting { reason, message } => (
            json!({ "waiting": { "reason": reason, "message": message } }),
            json!({}),
            0,
        ),
        Fate::Crashing {
            exit_code,
            restarts,
        } => {
            let message = format!(
                "back-off 5m0s restarting failed container={}",
                container["name"]
            );
            let waiting = json!({ "reason": "CrashLoopBackOff", "message": message });
            (json!({ "waiting": waiting }), ended(*exit_code), *restarts)
        }
        Fate::Restarted {
            exit_code,
            restarts,
        } => (running_now, ended(*exit_code), *restarts),
        Fate::Ended { exit_code } => (ended(*exit_code), json!({}), 0),
    };
    let mut status = json!({
        "name": container["name"],
        "image": image,
        "imageID": running.image_id.text(image),
        "ready": is_ready(&running.fate),
        "started": state["running"].is_object(),
        "restartCount": restarts,
        "state": state,
        "lastState": last,
    });
    if running.image_id != ImageId::Absent {
        let seed = format!("{}/{image}/{started}", container["name"]);
        status["containerID"] = format!("containerd://{}", hex(&seed, 64)).into();
    }
    status
}
