//! What one look shows of a Job that this plugin made, of its pods, and of what was said about them. Plain data.

use super::Seen;

/// Texts in it are printable, except where it says raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnJob {
    pub(crate) name: String,
    pub(crate) standing: Standing,
    pub(crate) pods: Vec<OwnPod>,
    /// About its pods, or about the Job itself while it has none; oldest first. Empty when they were not wanted.
    pub(crate) events: Seen<Vec<Event>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Complete,
    /// With the condition's words: `BackoffLimitExceeded`, `DeadlineExceeded`.
    Failed {
        reason: String,
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnPod {
    pub(crate) name: String,
    /// `None` until it is scheduled.
    pub(crate) node: Option<String>,
    /// The scheduler's words, where it found no node.
    pub(crate) unschedulable: Option<String>,
    /// Our own and those that others have added; none before the kubelet has seen the pod.
    pub(crate) containers: Vec<OwnContainer>,
}

impl OwnPod {
    pub(crate) fn container(&self, name: &str) -> Option<&OwnContainer> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnContainer {
    pub(crate) name: String,
    /// Empty until the image is there.
    pub(crate) image_id: String,
    pub(crate) state: ContainerState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContainerState {
    /// The kubelet's reason, and its words.
    Waiting {
        reason: String,
        message: String,
    },
    Running,
    Ended {
        reason: String,
        exit_code: i32,
        /// Raw: what the container has left in its termination message, or the runtime's words.
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) weight: Weight,
    /// `Pulling`, `Pulled`, `Failed`, `FailedCreate`, …
    pub(crate) reason: String,
    pub(crate) message: String,
    /// The container it is about; `None` where it is about the whole pod, or the Job.
    pub(crate) container: Option<String>,
}

/// An event's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Normal,
    Warning,
}
