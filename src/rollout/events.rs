//! What events tell that the objects do not: why a pod is not begun, and what the kubelet said first.
//!
//! The waiting state of a container keeps the kubelet's last words only, and older kubelets leave the cause out of
//! them (`Back-off pulling image "x"`).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::view::View;
use super::{Container, Culprit, Failed, Phase, Pod, Sight, Verdict};
use crate::codes::Code;
use crate::observation::{Running, WorkloadKind};

/// A warning about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// `None` where it is about the object as a whole.
    pub(crate) container: Option<String>,
    pub(crate) reason: String,
    /// Printable.
    pub(crate) message: String,
    /// When it was said first. `None` where nobody noted it.
    pub(crate) first: Option<Timestamp>,
}

/// An object whose events may say more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Puzzle {
    /// The uid of a new pod that is not begun, or of the pod that failed.
    Pod(String),
    /// A DaemonSet keeps no condition that says why it creates no pod.
    DaemonSet,
}

/// Which object's events would explain the verdict. `None` where there is nothing to explain, or the objects say it
/// all.
pub(crate) fn puzzle(verdict: &Verdict, sight: &Sight, lost: &BTreeSet<String>) -> Option<Puzzle> {
    let view = View { sight, lost };
    match verdict {
        Verdict::Failed(failed) => {
            // A crash is told by how the container ended, and the scheduler repeats itself.
            let is_told = failed.code != Code::CannotPull
                && (failed.code != Code::Crashes || failed.reason == "CrashLoopBackOff");
            let pod = failed.pod.as_ref().filter(|_| !is_told)?;
            Some(Puzzle::Pod(pod.uid.clone()))
        }
        Verdict::Rolling(_) => match view.fresh().find(|pod| is_being_made(pod)) {
            Some(pod) => Some(Puzzle::Pod(pod.uid.clone())),
            None => lacks_pods(view).then_some(Puzzle::DaemonSet),
        },
        Verdict::Settled(_)
        | Verdict::Paused
        | Verdict::OnDelete(_)
        | Verdict::Gone
        | Verdict::Superseded => None,
    }
}

/// Nothing has been said of it but that it is under way.
fn is_being_made(pod: &Pod) -> bool {
    let passes = |container: &Container| {
        let waits = container.waits.as_ref();
        waits.is_some_and(|words| {
            matches!(
                words.reason.as_str(),
                "ContainerCreating" | "PodInitializing"
            )
        })
    };
    let is_silent = |container: &Container| {
        container.waits.is_none() && matches!(container.running, Running::Unknown(_))
    };
    pod.phase == Phase::NotReady
        && (pod.containers.iter().any(passes) || pod.containers.iter().all(is_silent))
}

fn lacks_pods(view: View<'_>) -> bool {
    let is_leaving = |pod: &Pod| pod.phase == Phase::Terminating && !view.is_lost(pod);
    view.sight.kind == WorkloadKind::DaemonSet
        && view.alive().count() < view.needed() as usize
        && !view.pods().any(is_leaving)
}

/// The verdict, with what the events of the puzzle tell.
pub(crate) fn with_events(
    verdict: Verdict,
    sight: &Sight,
    lost: &BTreeSet<String>,
    events: &[Event],
) -> Verdict {
    let view = View { sight, lost };
    match verdict {
        Verdict::Failed(failed) => Verdict::Failed(Failed {
            message: first_words(&failed, events).unwrap_or(failed.message.clone()),
            ..failed
        }),
        Verdict::Rolling(words) => {
            let failed = deadlock(view, events).or_else(|| not_created(view, events));
            match (failed, first(events.iter())) {
                (Some(failed), _) => Verdict::Failed(failed),
                (None, Some(event)) => Verdict::Rolling(format!("{words}: {}", event.message)),
                (None, None) => Verdict::Rolling(words),
            }
        }
        other @ (Verdict::Settled(_)
        | Verdict::Paused
        | Verdict::OnDelete(_)
        | Verdict::Gone
        | Verdict::Superseded) => other,
    }
}

/// The kubelet's first words of the container that failed. Its `Error: ErrImagePull` and `Back-off …` repeat the
/// reason without the cause.
fn first_words(failed: &Failed, events: &[Event]) -> Option<String> {
    let container = failed.pod.as_ref()?.container.as_ref();
    let says = |event: &&Event| {
        let bare = event.message.strip_prefix("Error: ");
        event.container.as_ref() == container
            && event.reason != "BackOff"
            && bare.is_none_or(|rest| rest.contains(' '))
    };
    first(events.iter().filter(says)).map(|event| event.message.clone())
}

/// A volume that an old pod holds, which goes only when the new one is Ready.
fn deadlock(view: View<'_>, events: &[Event]) -> Option<Failed> {
    let is_held = |event: &&Event| {
        event.reason == "FailedAttachVolume" && event.message.contains("Multi-Attach")
    };
    let event = first(events.iter().filter(is_held))?;
    view.staying().next()?;
    let pod = view.fresh().find(|pod| is_being_made(pod))?;
    Some(Failed {
        code: Code::Deadlock,
        pod: Some(Culprit {
            name: pod.name.clone(),
            uid: pod.uid.clone(),
            node: pod.node.clone(),
            container: None,
        }),
        reason: event.reason.clone(),
        message: event.message.clone(),
    })
}

fn not_created(view: View<'_>, events: &[Event]) -> Option<Failed> {
    let event = first(events.iter().filter(|event| event.reason == "FailedCreate"))?;
    lacks_pods(view).then(|| Failed {
        code: Code::AdmissionRefused,
        pod: None,
        reason: event.reason.clone(),
        message: event.message.clone(),
    })
}

/// The event that was said first.
fn first<'a>(events: impl Iterator<Item = &'a Event>) -> Option<&'a Event> {
    events.min_by_key(|event| (event.first.is_none(), event.first))
}
