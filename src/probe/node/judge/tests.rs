//! What one look at a Job says, case by case.

use super::*;
use crate::observation::own_job::OwnContainer;
use crate::probe::kubelet::Heard;

mod stopped;

const IMAGE: &str = "ghcr.io/tracebloc/ingestor@sha256:d361fa778554a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b68163";
const PATIENCE: Duration = Duration::from_secs(20);
const EARLY: Duration = Duration::from_secs(19);
const REFUSAL: &str = "failed to pull and unpack image \"x\": failed to resolve reference \"x\": failed to do request: Head \"https://ghcr.io/v2/x\": dial tcp 203.0.113.20:443: i/o timeout";

fn waiting(reason: &str, message: &str) -> ContainerState {
    ContainerState::Waiting {
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

fn ended(reason: &str) -> ContainerState {
    ContainerState::Ended {
        reason: reason.to_owned(),
        exit_code: 128,
        message: "no such file".to_owned(),
    }
}

fn event(weight: Weight, reason: &str, message: &str, container: Option<&str>) -> Event {
    Event {
        weight,
        reason: reason.to_owned(),
        message: message.to_owned(),
        container: container.map(str::to_owned),
    }
}

fn of_ours(weight: Weight, reason: &str, message: &str) -> Event {
    event(weight, reason, message, Some(CONTAINER))
}

fn pod(containers: &[(&str, ContainerState, &str)]) -> OwnPod {
    OwnPod {
        name: "pull-x".to_owned(),
        node: Some("edge-01".to_owned()),
        unschedulable: None,
        containers: containers
            .iter()
            .map(|(name, state, image_id)| OwnContainer {
                name: (*name).to_owned(),
                image_id: (*image_id).to_owned(),
                state: state.clone(),
            })
            .collect(),
    }
}

fn job(pods: Vec<OwnPod>, events: &[Event]) -> OwnJob {
    OwnJob {
        name: "pull".to_owned(),
        standing: Standing::Active,
        pods,
        events: Ok(events.to_vec()),
    }
}

/// A Job whose pod has our container in this state.
fn in_state(state: ContainerState, events: &[Event]) -> OwnJob {
    job(vec![pod(&[(CONTAINER, state, "")])], events)
}

fn judged(job: &OwnJob, age: Duration) -> Verdict {
    judge(
        job,
        &IMAGE.parse().unwrap(),
        Before::NotListed,
        age,
        PATIENCE,
    )
}

fn verdict(job: &OwnJob) -> String {
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Pulled { took, size, .. } => format!("pulled {took:?} {size:?}"),
        Outcome::Failed(Heard { words, .. }) => format!("failed: {words}"),
        Outcome::Unfinished => "unfinished".to_owned(),
        Outcome::CouldNotStart { code, why } => {
            let code = code.map_or("-".to_owned(), |code| code.to_string());
            format!("could not start {code}: {why}")
        }
        Outcome::NotAllowed(error) => format!("not allowed: {error}"),
    };
    match judged(job, PATIENCE) {
        Verdict::Waiting(so_far) => format!("waiting, {}", outcome(so_far)),
        Verdict::TimeUp => "time up".to_owned(),
        Verdict::Ended(end) => outcome(end),
    }
}

#[test]
fn a_pull_is_proven_by_whatever_comes_after_it() {
    use Weight::{Normal, Warning};

    let creating = || waiting("ContainerCreating", "");
    let of_event = |message: &str| in_state(creating(), &[of_ours(Normal, "Pulled", message)]);
    let with_id =
        |state: ContainerState| job(vec![pod(&[(CONTAINER, state, "ghcr.io/x@sha256:0")])], &[]);
    let other = || {
        vec![pod(&[
            ("istio-proxy", ContainerState::Running, "istio@sha256:0"),
            (CONTAINER, creating(), ""),
        ])]
    };
    for (name, job, want) in [
        (
            "the event, with time and size",
            of_event(
                "Successfully pulled image \"x\" in 1.5s (2.1s including waiting). Image size: 212000000 bytes.",
            ),
            "pulled Some(1.5s) Some(212000000)",
        ),
        (
            "an older kubelet names no size",
            of_event("Successfully pulled image \"x\" in 159.5ms (160ms including waiting)"),
            "pulled Some(159.5ms) None",
        ),
        (
            "a longer pull",
            of_event(
                "Successfully pulled image \"x\" in 1m2.5s (1m3s including waiting). Image size: 7 bytes.",
            ),
            "pulled Some(62.5s) Some(7)",
        ),
        (
            "words that are new",
            of_event("Pulled. In a jiffy."),
            "pulled None None",
        ),
        ("an imageID", with_id(creating()), "pulled None None"),
        (
            "an imageID, however it waits",
            with_id(waiting("ImagePullBackOff", "")),
            "pulled None None",
        ),
        (
            "it cannot be created",
            in_state(waiting("CreateContainerError", ""), &[]),
            "pulled None None",
        ),
        (
            "its settings cannot be",
            in_state(waiting("CreateContainerConfigError", ""), &[]),
            "pulled None None",
        ),
        (
            "it cannot be run",
            in_state(waiting("RunContainerError", ""), &[]),
            "pulled None None",
        ),
        (
            "the runtime cannot start it",
            in_state(ended("StartError"), &[]),
            "pulled None None",
        ),
        (
            "docker cannot start it",
            in_state(ended("ContainerCannotRun"), &[]),
            "pulled None None",
        ),
        (
            "the event alone, before the kubelet has told the state",
            job(vec![pod(&[])], &[of_ours(Normal, "Pulled", "")]),
            "pulled None None",
        ),
        (
            "an end that proves nothing",
            in_state(
                ended("ContainerStatusUnknown"),
                &[of_ours(Normal, "Pulling", "")],
            ),
            "waiting, unfinished",
        ),
        (
            "a sidecar's image is not ours",
            job(
                other(),
                &[
                    event(
                        Normal,
                        "Pulled",
                        "Successfully pulled image \"istio\" in 1s",
                        Some("istio-proxy"),
                    ),
                    of_ours(Normal, "Pulling", ""),
                ],
            ),
            "waiting, unfinished",
        ),
        (
            "pulled, whatever went wrong before",
            in_state(
                waiting("RunContainerError", ""),
                &[
                    of_ours(Warning, "Failed", "Failed to pull image \"x\": y"),
                    of_ours(Normal, "Pulled", ""),
                ],
            ),
            "pulled None None",
        ),
    ] {
        assert_eq!(want, verdict(&job), "{name}");
    }
}

#[test]
fn a_failure_is_told_in_the_kubelets_first_words() {
    use Weight::{Normal, Warning};

    let first = "failed to do request: Head \"https://ghcr.io/v2/x\": dial tcp 203.0.113.20:443: i/o timeout";
    let said = format!("Failed to pull image \"x\": {REFUSAL}");
    let later = format!(
        "Failed to pull image \"x\": {}",
        REFUSAL.replace("i/o timeout", "connect: connection refused")
    );
    let back_off = "Back-off pulling image \"x\"";
    for (name, job, want) in [
        (
            "the wait's own words",
            in_state(waiting("ErrImagePull", REFUSAL), &[]),
            format!("failed: {first}"),
        ),
        (
            "the first event, not the later wait",
            in_state(
                waiting("ImagePullBackOff", back_off),
                &[
                    of_ours(Normal, "Pulling", "Pulling image \"x\""),
                    of_ours(Warning, "Failed", &said),
                    of_ours(Warning, "Failed", "Error: ErrImagePull"),
                    of_ours(Normal, "BackOff", back_off),
                    of_ours(Warning, "Failed", &later),
                ],
            ),
            format!("failed: {first}"),
        ),
        (
            "the event, before the state",
            in_state(
                waiting("ContainerCreating", ""),
                &[of_ours(Warning, "Failed", &said)],
            ),
            format!("failed: {first}"),
        ),
        (
            "without events, what the wait still says",
            in_state(
                waiting(
                    "ImagePullBackOff",
                    &format!("{back_off}: ErrImagePull: {REFUSAL}"),
                ),
                &[],
            ),
            format!("failed: {first}"),
        ),
        (
            "a name that is none",
            in_state(
                waiting("InvalidImageName", "couldn't parse image name"),
                &[],
            ),
            "failed: couldn't parse image name".to_owned(),
        ),
        (
            "the image service is gone",
            in_state(waiting("RegistryUnavailable", "gone"), &[]),
            "failed: gone".to_owned(),
        ),
        (
            "the image cannot be looked at",
            in_state(waiting("ImageInspectError", "odd"), &[]),
            "failed: odd".to_owned(),
        ),
        (
            "a policy of the node",
            in_state(waiting("SignatureValidationFailed", "unsigned"), &[]),
            "failed: unsigned".to_owned(),
        ),
    ] {
        assert_eq!(want, verdict(&job), "{name}");
    }
}
