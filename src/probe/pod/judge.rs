//! What became of a probe, from one look at its Job.

use std::time::Duration;

use crate::codes::Code;
use crate::error::Error;
use crate::observation::own_job::{ContainerState, Event, OwnJob, Standing, Weight};
use crate::probe::node::Outcome;
use crate::probe::node::judge::refused;
use crate::reading::Unprobed;
use crate::text::{QUOTED, printable, without_middle};

use super::result::{Told, read};

/// What one look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Should the time be up now, this is what kept it.
    Waiting(Unprobed),
    Ended(Result<Told, Unprobed>),
}

/// Waits of a container that do not end by themselves within a probe's time, with what they are called.
const HOPELESS: [(&str, Code); 8] = [
    ("ErrImagePull", Code::CannotPull),
    ("ImagePullBackOff", Code::CannotPull),
    ("InvalidImageName", Code::CannotPull),
    ("ErrImageNeverPull", Code::CannotPull),
    ("CreateContainerError", Code::Crashes),
    ("CreateContainerConfigError", Code::Crashes),
    ("RunContainerError", Code::Crashes),
    ("CrashLoopBackOff", Code::Crashes),
];

/// The probe in this container of the Job, `age` after that was made. What keeps it from starting may do so for
/// `patience`.
pub(crate) fn judge(job: &OwnJob, container: &str, age: Duration, patience: Duration) -> Verdict {
    let pod = job.pods.first();
    let state = pod
        .and_then(|pod| pod.container(container))
        .map(|own| &own.state);
    match state {
        Some(ContainerState::Ended {
            reason,
            exit_code,
            message,
        }) => {
            return Verdict::Ended(read(message).map_err(|why| {
                let message = match reason.as_str() {
                    "StartError" | "ContainerCannotRun" => {
                        format!(
                            "its image has no shell to run it: {}",
                            without_middle(message, QUOTED)
                        )
                    }
                    _ => format!("{why} (exit code {exit_code}, {reason})"),
                };
                failed(None, &message)
            }));
        }
        Some(ContainerState::Waiting { reason, message }) => {
            let mut hopeless = HOPELESS.iter();
            if let Some((_, code)) = hopeless.find(|(known, _)| known == reason) {
                return Verdict::Ended(Err(failed(Some(*code), &format!("{reason}: {message}"))));
            }
        }
        Some(ContainerState::Running) => {
            return match &job.standing {
                Standing::Failed { reason, .. } => Verdict::Ended(Err(failed(None, reason))),
                _ => Verdict::Waiting(failed(None, "it has not ended in time")),
            };
        }
        None => {}
    }
    let events = job.events.as_deref().unwrap_or_default();
    let last = warning(events);
    if let Standing::Failed { reason, message } = &job.standing {
        let why = format!("{reason}: {}", last.unwrap_or(message));
        return Verdict::Ended(Err(failed(None, &why)));
    }
    let unable = match pod {
        None => failed(
            Some(Code::AdmissionRefused),
            last.unwrap_or("the Job has no pod"),
        ),
        Some(pod) => match (&pod.unschedulable, last) {
            (Some(why), _) => failed(Some(Code::Unschedulable), why),
            (None, Some(why)) => failed(None, why),
            // The node is at it: its image may be large.
            (None, None) => {
                return Verdict::Waiting(failed(None, "its container has not started in time"));
            }
        },
    };
    if age < patience {
        Verdict::Waiting(unable)
    } else {
        Verdict::Ended(Err(unable))
    }
}

fn warning(events: &[Event]) -> Option<&str> {
    let mut warnings = events.iter();
    let last = warnings.rfind(|event| event.weight == Weight::Warning);
    last.map(|event| event.message.as_str())
}

pub(crate) fn failed(code: Option<Code>, why: &str) -> Unprobed {
    Unprobed::Failed {
        code,
        message: without_middle(why, QUOTED),
    }
}

/// A Job that was not made, or could not be looked at.
pub(crate) fn unmade(error: Error) -> Unprobed {
    match refused(error) {
        Outcome::NotAllowed(error) => Unprobed::Unable(printable(&error.to_string(), QUOTED)),
        Outcome::CouldNotStart { code, why } => Unprobed::Failed { code, message: why },
        Outcome::Pulled { .. } | Outcome::Failed(_) | Outcome::Unfinished => {
            failed(None, "the Job was not made")
        }
    }
}

#[cfg(test)]
mod tests;
