//! How far a rollout is, in one look at a workload and its pods.
//!
//! A verdict of our own: what the controller counts is believed only once it has seen the newest generation, and only
//! together with what the pods themselves show. A pod belongs to what was set when it bears every [`Mark`] of it;
//! ReplicaSets and revisions need no right to read them.
//!
//! | seen, the first that holds | verdict |
//! |---|---|
//! | the template does not bear the marks | superseded |
//! | paused | paused |
//! | the generation has not been observed | rolling |
//! | a new pod that cannot start: 501, 502; no node for it, and none of its kind that still leaves: 503 | failed |
//! | fewer new pods than wanted, and the controller may not create one: 506 | failed |
//! | past the progress deadline: 504, or 505 where an old pod does not go that has to go first | failed |
//! | everything that counts is Ready, and the controller agrees | settled |
//! | `OnDelete` | waits for a person |
//!
//! Pods on nodes that were not ready, and pods on their way out, contradict nothing and prove nothing. The troubles
//! of old pods are not those of the new ones.
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::observation::{Rollout, Running, Template, WorkloadKind};

pub(crate) use events::{Event, Puzzle, puzzle, with_events};
pub(crate) use judge::judge;

mod events;
mod judge;
pub(crate) mod trouble;
pub(crate) mod verify;
mod view;

/// The annotation of `kubectl rollout restart`, on a pod template.
pub(crate) const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Something that a pod bears when it was made from the template as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The image of a container, verbatim.
    Image { container: String, image: String },
    /// What a container sees under this name, a literal.
    Env {
        container: String,
        name: String,
        value: String,
    },
    /// The value of [`RESTARTED_AT`].
    Restarted { at: String },
}

/// One look at a workload and its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) kind: WorkloadKind,
    pub(crate) uid: String,
    /// `Newest` where the workload's own template bears every mark.
    pub(crate) template: Template,
    pub(crate) status: Status,
    /// Those that have not ended, in the server's order.
    pub(crate) pods: Vec<Pod>,
}

/// What a workload wants and its controller counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) strategy: Strategy,
    pub(crate) generation: i64,
    /// The generation that the rest of the status speaks of.
    pub(crate) observed: i64,
    /// Replicas, or nodes.
    pub(crate) wanted: u32,
    /// Pods of whatever template that are not on their way out; of a DaemonSet, those that are updated.
    pub(crate) total: u32,
    pub(crate) updated: u32,
    /// Of whatever template.
    pub(crate) available: u32,
    /// The controller's words, printable, where the progress deadline is over.
    pub(crate) overdue: Option<String>,
    /// The API server's words, printable, where it refuses to create a pod.
    pub(crate) refused: Option<String>,
}

/// How the controller replaces pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Strategy {
    RollingUpdate,
    /// No new pod before the last old one is gone.
    Recreate,
    /// When a person deletes the old ones.
    OnDelete,
    /// Not at all.
    Paused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// Where it runs, or for which node it was made. `None` until the scheduler has chosen.
    pub(crate) node: Option<String>,
    /// `Newest` where it bears every mark.
    pub(crate) template: Template,
    pub(crate) phase: Phase,
    /// Init containers first.
    pub(crate) containers: Vec<Container>,
}

/// As the pod's own conditions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Ready,
    NotReady,
    /// In the scheduler's words, printable.
    Unschedulable(String),
    Terminating,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) name: String,
    /// As the pod's spec names it.
    pub(crate) image: String,
    pub(crate) running: Running,
    /// What the kubelet says of one that does not run. `None` where it runs, or nothing has been said.
    pub(crate) waits: Option<Words>,
    /// How its last run ended, printable: `exit code 1, Error`. `None` where none has.
    pub(crate) ended: Option<String>,
}

/// Why something does not go on. Both printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// One word, as the API has it: `ImagePullBackOff`.
    pub(crate) reason: String,
    pub(crate) message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With the words of the live line: `0/1 updated, new pod ContainerCreating`.
    Rolling(String),
    Settled(Settled),
    Failed(Failed),
    Paused,
    /// `2 of 3 pods wait to be deleted`.
    OnDelete(String),
    /// Another object bears the workload's name now.
    Gone,
    /// The template no longer says what was set (TBI-508).
    Superseded,
}

/// Everything that counts runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// One for each pod that counts. Empty where nothing is to run.
    pub(crate) proofs: Vec<Proof>,
    /// Replicas, or nodes that are ready.
    pub(crate) wanted: u32,
    /// Nodes that are not ready, whose pods follow when they return. Empty for a Deployment.
    pub(crate) later: BTreeSet<String>,
}

/// A Ready pod, and what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) pod: String,
    pub(crate) node: Option<String>,
    /// `Newest` where it bears every mark.
    pub(crate) template: Template,
    pub(crate) containers: Vec<Container>,
}

/// Why it will not go on by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// 501 to 506.
    pub(crate) code: Code,
    /// `None` where the workload's controller says so.
    pub(crate) pod: Option<Culprit>,
    /// `ImagePullBackOff`.
    pub(crate) reason: String,
    /// In the words of whoever refused, printable.
    pub(crate) message: String,
}

/// The pod that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Culprit {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) node: Option<String>,
    /// `None` where it is the pod as a whole.
    pub(crate) container: Option<String>,
}

impl Status {
    /// As `kubectl rollout status` judges it, by the counts alone: a status older than the spec says nothing yet.
    pub(crate) fn rollout(&self) -> Rollout {
        let Self {
            wanted,
            total,
            updated,
            available,
            ..
        } = *self;
        if self.strategy == Strategy::Paused {
            Rollout::Paused
        } else if self.observed < self.generation {
            Rollout::InFlight("waiting for the spec update to be observed".to_owned())
        } else if let Some(words) = &self.overdue {
            Rollout::Failed(words.clone())
        } else if updated < wanted {
            Rollout::InFlight(format!("{updated} of {wanted} updated"))
        } else if total > updated {
            let old = total - updated;
            Rollout::InFlight(format!("{old} old pending termination"))
        } else if available < updated {
            Rollout::InFlight(format!("{available} of {updated} updated are available"))
        } else {
            Rollout::Settled
        }
    }
}

impl Settled {
    /// `1/1 updated, 1/1 available`; of a DaemonSet that has nodes which are not ready, who follows.
    pub(crate) fn words(&self) -> String {
        let wanted = self.wanted;
        if self.later.is_empty() {
            return format!("{wanted}/{wanted} updated, {wanted}/{wanted} available");
        }
        let all = wanted as usize + self.later.len();
        format!("{wanted} of {all} nodes; {}", follow(&self.later))
    }
}

/// `edge-03 is NotReady and follows when it returns`.
fn follow(later: &BTreeSet<String>) -> String {
    let names: Vec<_> = later.iter().map(String::as_str).collect();
    match names[..] {
        [name] => format!("{name} is NotReady and follows when it returns"),
        _ => format!(
            "{} are NotReady and follow when they return",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests;
