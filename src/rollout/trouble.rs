//! Which words of the kubelet and the scheduler mean that a pod will not run.

use crate::codes::Code;

/// Reasons that the kubelet gives for an image that it cannot bring to the node.
const NOT_PULLED: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "ImageInspectError",
    "SignatureValidationFailed",
];

/// Reasons that the kubelet gives for a container that does not start, or not for long.
const NOT_STARTED: [&str; 6] = [
    "CrashLoopBackOff",
    "CreateContainerError",
    "CreateContainerConfigError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
];

/// Reasons of a container that has just ended; the kubelet starts it once more before it calls it a crash loop.
const ENDED: [&str; 3] = ["Error", "OOMKilled", "Completed"];

/// Of a container that waits, or could not be started at all. `None` for a reason that passes by itself.
pub(crate) fn of_waiting(reason: &str) -> Option<Code> {
    if NOT_PULLED.contains(&reason) {
        Some(Code::CannotPull)
    } else if NOT_STARTED.contains(&reason) {
        Some(Code::Crashes)
    } else {
        None
    }
}

/// Of a pod that does not run, and of one that has just stopped.
pub(crate) fn of_reason(reason: &str) -> Option<Code> {
    match reason {
        "Unschedulable" => Some(Code::Unschedulable),
        reason if ENDED.contains(&reason) => Some(Code::Crashes),
        reason => of_waiting(reason),
    }
}
