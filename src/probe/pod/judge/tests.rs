//! Looks at a probe's Job, from its making to its end.

use super::*;
use crate::observation::own_job::{OwnContainer, OwnPod};

const PATIENCE: Duration = Duration::from_secs(20);

fn job(state: Option<ContainerState>, words: &[&str]) -> OwnJob {
    let events = words.iter().map(|message| Event {
        weight: Weight::Warning,
        reason: "Failed".to_owned(),
        message: (*message).to_owned(),
        container: None,
    });
    OwnJob {
        name: "probe".to_owned(),
        standing: Standing::Active,
        pods: vec![OwnPod {
            name: "probe-x".to_owned(),
            node: Some("edge-01".to_owned()),
            unschedulable: None,
            containers: state
                .into_iter()
                .map(|state| OwnContainer {
                    name: "refresh".to_owned(),
                    image_id: String::new(),
                    state,
                })
                .collect(),
        }],
        events: Ok(events.collect()),
    }
}

fn waits(reason: &str) -> ContainerState {
    ContainerState::Waiting {
        reason: reason.to_owned(),
        message: "words".to_owned(),
    }
}

fn ended(reason: &str, message: &str) -> ContainerState {
    ContainerState::Ended {
        reason: reason.to_owned(),
        exit_code: 128,
        message: message.to_owned(),
    }
}

/// `501 words`, `...` while it is open, `+` with a result.
fn said(job: &OwnJob, age: u64) -> String {
    match judge(job, "refresh", Duration::from_secs(age), PATIENCE) {
        Verdict::Waiting(_) => "...".to_owned(),
        Verdict::Ended(Ok(_)) => "+".to_owned(),
        Verdict::Ended(Err(Unprobed::Failed { code, message })) => {
            let code = code.map_or_else(|| "-".to_owned(), |code| code.to_string());
            format!("{code} {message}")
        }
        Verdict::Ended(Err(other)) => format!("{other:?}"),
    }
}

#[test]
fn whatever_keeps_a_probe_from_starting_is_told_in_the_words_of_whoever_did() {
    let mut without_pod = job(None, &["exceeded quota: compute"]);
    without_pod.pods.clear();
    let mut homeless = job(None, &[]);
    homeless.pods[0].unschedulable = Some("0/1 nodes are available".to_owned());
    let mut late = job(None, &[]);
    late.standing = Standing::Failed {
        reason: "DeadlineExceeded".to_owned(),
        message: "Job was active longer than specified deadline".to_owned(),
    };
    for (name, job, age, want) in [
        (
            "creating",
            job(Some(waits("ContainerCreating")), &[]),
            60,
            "...",
        ),
        (
            "running",
            job(Some(ContainerState::Running), &[]),
            60,
            "...",
        ),
        (
            "a volume is missing",
            job(
                Some(waits("ContainerCreating")),
                &["MountVolume.SetUp failed"],
            ),
            19,
            "...",
        ),
        (
            "it stays missing",
            job(
                Some(waits("ContainerCreating")),
                &["MountVolume.SetUp failed"],
            ),
            20,
            "- MountVolume.SetUp failed",
        ),
        (
            "no image",
            job(Some(waits("ErrImagePull")), &[]),
            0,
            "TBI-501 ErrImagePull: words",
        ),
        (
            "no image for a while",
            job(Some(waits("ImagePullBackOff")), &[]),
            0,
            "TBI-501 ImagePullBackOff: words",
        ),
        (
            "root",
            job(Some(waits("CreateContainerConfigError")), &[]),
            0,
            "TBI-502 CreateContainerConfigError: words",
        ),
        ("a quota, at first", without_pod.clone(), 19, "..."),
        (
            "a quota",
            without_pod,
            20,
            "TBI-506 exceeded quota: compute",
        ),
        ("no node", homeless, 20, "TBI-503 0/1 nodes are available"),
        (
            "its deadline",
            late,
            0,
            "- DeadlineExceeded: Job was active longer than specified deadline",
        ),
        (
            "no shell",
            job(Some(ended("StartError", "exec: \"sh\": not found")), &[]),
            0,
            "- its image has no shell to run it: exec: \"sh\": not found",
        ),
        (
            "no result",
            job(Some(ended("OOMKilled", "")), &[]),
            0,
            "- it has left no result (exit code 128, OOMKilled)",
        ),
        (
            "a result",
            job(
                Some(ended("Completed", "tracebloc-images-probe 1 done\n")),
                &[],
            ),
            0,
            "+",
        ),
    ] {
        assert_eq!(want, said(&job, age), "{name}");
    }
}

#[test]
fn a_container_that_a_mesh_has_added_is_not_the_probe() {
    let mut job = job(
        Some(ended("Completed", "tracebloc-images-probe 1 done\n")),
        &[],
    );
    job.pods[0].containers.insert(
        0,
        OwnContainer {
            name: "istio-proxy".to_owned(),
            image_id: String::new(),
            state: ContainerState::Running,
        },
    );
    assert_eq!("+", said(&job, 0));
}
