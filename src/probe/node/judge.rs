//! What became of a pull test, from one look at its Job.
//!
//! | seen of our container | means |
//! |---|---|
//! | event `Pulled`, an imageID, or an end or a wait that comes after the pull | pulled |
//! | event `Failed to pull image`, or a wait for the image | failed, in the kubelet's first words |
//! | event `Pulling`, and no more | still pulling |
//! | no pod, no node for it, or trouble there, when the patience is over | could not start, in the words of whoever refused |

use std::time::Duration;

use jiff::SignedDuration;

use crate::codes::Code;
use crate::error::Error;
use crate::image::Reference;
use crate::observation::own_job::{ContainerState, Event, OwnJob, OwnPod, Standing, Weight};
use crate::probe::kubelet::hear;
use crate::probe::node::template::CONTAINER;
use crate::probe::node::{Before, Outcome};
use crate::text::{QUOTED, printable, without_middle};

/// What the kubelet calls a wait for an image that it cannot get.
const REFUSED: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
    "ImageInspectError",
    "SignatureValidationFailed",
];
/// What it calls a wait or an end that comes after the pull: our command cannot be started.
const PULLED: [&str; 5] = [
    "CreateContainerError",
    "CreateContainerConfigError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
];

/// What one look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet. Should the time be up now, this is the outcome.
    Waiting(Outcome),
    /// The Job's own deadline has passed, and its pod is gone with what it showed.
    TimeUp,
    Ended(Outcome),
}

/// The test of `image` that runs as `job`, `age` after it was made. What is in the way of a pull may be so for
/// `patience`.
pub(crate) fn judge(
    job: &OwnJob,
    image: &Reference,
    before: Before,
    age: Duration,
    patience: Duration,
) -> Verdict {
    let events = job.events.as_deref().unwrap_or_default();
    if let Some(outcome) = told(job, events, image, before) {
        return Verdict::Ended(outcome);
    }
    let outcome = match (&job.standing, job.pods.first()) {
        (Standing::Failed { reason, .. }, _) if reason == "DeadlineExceeded" => {
            return Verdict::TimeUp;
        }
        (Standing::Failed { reason, message }, _) => {
            let last = last_warning(events).unwrap_or(message);
            return Verdict::Ended(stopped(None, &format!("{reason}: {last}")));
        }
        (Standing::Active | Standing::Complete, None) => {
            let why = last_warning(events).unwrap_or("the Job has no pod");
            stopped(Some(Code::AdmissionRefused), why)
        }
        (Standing::Active | Standing::Complete, Some(pod)) => match &pod.unschedulable {
            Some(why) => stopped(Some(Code::Unschedulable), why),
            None => match on_node(job, pod, events) {
                // Something is in the way, and the kubelet has said what.
                Err(why) => stopped(None, why),
                Ok(so_far) => return Verdict::Waiting(so_far),
            },
        },
    };
    if age < patience {
        Verdict::Waiting(outcome)
    } else {
        Verdict::Ended(outcome)
    }
}

/// What is known of the pull itself.
fn told(job: &OwnJob, events: &[Event], image: &Reference, before: Before) -> Option<Outcome> {
    let states = || {
        let own = job.pods.iter().filter_map(|pod| pod.container(CONTAINER));
        own.map(|container| (container, reason(&container.state)))
    };
    let pulled = ours(events).find(|event| event.reason == "Pulled");
    let is_pulled = pulled.is_some()
        || states().any(|(own, reason)| !own.image_id.is_empty() || PULLED.contains(&reason));
    if is_pulled {
        let message = pulled.map_or("", |event| event.message.as_str());
        return Some(Outcome::Pulled {
            before,
            took: took(message),
            size: size(message),
        });
    }
    let first = ours(events).find(|event| {
        event.message.starts_with("Failed to pull image") || event.reason == "InspectFailed"
    });
    let waiting = states().find_map(|(own, reason)| match &own.state {
        ContainerState::Waiting { message, .. } if REFUSED.contains(&reason) => Some(message),
        _ => None,
    });
    let words = first.map(|event| &event.message).or(waiting)?;
    Some(Outcome::Failed(hear(words, image)))
}

fn ours(events: &[Event]) -> impl Iterator<Item = &Event> {
    events
        .iter()
        .filter(|event| event.container.as_deref() == Some(CONTAINER))
}

fn reason(state: &ContainerState) -> &str {
    match state {
        ContainerState::Waiting { reason, .. } | ContainerState::Ended { reason, .. } => reason,
        ContainerState::Running => "",
    }
}

/// A pod that has a node, and neither an image nor a refusal: it pulls, or it has not got as far. `Err` with the
/// kubelet's words where it says why not.
fn on_node<'a>(job: &OwnJob, pod: &OwnPod, events: &'a [Event]) -> Result<Outcome, &'a str> {
    if ours(events).any(|event| event.reason == "Pulling") || job.events.is_err() {
        return Ok(Outcome::Unfinished);
    }
    let node = pod.node.as_deref().unwrap_or_default();
    let silent = stopped(None, &format!("node {node} has not begun to pull"));
    last_warning(events).map_or(Ok(silent), Err)
}

fn last_warning(events: &[Event]) -> Option<&str> {
    events
        .iter()
        .rfind(|event| event.weight == Weight::Warning)
        .map(|event| event.message.as_str())
}

/// A test that says nothing about the pull.
pub(crate) fn stopped(code: Option<Code>, why: &str) -> Outcome {
    Outcome::CouldNotStart {
        code,
        why: without_middle(why, QUOTED),
    }
}

/// A Job that was not made, or could not be looked at.
pub(crate) fn refused(error: Error) -> Outcome {
    match error {
        Error::Forbidden { why, .. } if is_admissions(&why) => {
            stopped(Some(Code::AdmissionRefused), &why)
        }
        Error::Forbidden { .. } => Outcome::NotAllowed(error),
        error => Outcome::CouldNotStart {
            code: error.code(),
            why: printable(&error.to_string(), QUOTED),
        },
    }
}

/// Whether a 403 comes from behind the check of rights: a quota, a limit range, Pod Security, a webhook, a policy.
/// Sources: k8s.io/apiserver, pkg/admission; k8s.io/pod-security-admission.
fn is_admissions(why: &str) -> bool {
    const NAMING: [&str; 8] = [
        "exceeded quota",
        "failed quota",
        "admission webhook",
        "ValidatingAdmissionPolicy",
        "violates PodSecurity",
        "usage per ",
        "unable to validate against any security context constraint",
        "denied the request",
    ];
    // A user's own name may hold any of these words.
    let is_of_rights =
        !why.starts_with("admission webhook") && why.contains("cannot create resource");
    !is_of_rights && NAMING.iter().any(|words| why.contains(words))
}

/// From `Successfully pulled image "x" in 159ms (160ms including waiting). Image size: 1148077 bytes.`
fn took(message: &str) -> Option<Duration> {
    let (_, behind) = message.split_once("\" in ")?;
    let word = behind.split(' ').next()?;
    let took: SignedDuration = word.parse().ok()?;
    took.try_into().ok()
}

fn size(message: &str) -> Option<u64> {
    let (_, behind) = message.split_once("Image size: ")?;
    behind.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests;
