//! Why a rollout fails, and in whose words.

use super::*;

#[test]
fn a_new_pod_that_will_not_run_fails_the_rollout_in_its_own_words() {
    let waits =
        |reason, message| deployment([1, 2, 1], vec![new(Phase::NotReady).waits(reason, message)]);
    let mut crashing = new(Phase::NotReady).waits("CrashLoopBackOff", "back-off 10s restarting");
    crashing.containers[0].ended = Some("exit code 1, Error".to_owned());
    let no_node = || Pod {
        node: None,
        ..new(Phase::Unschedulable("0/1 nodes are available".to_owned()))
    };
    hold(vec![
        (
            "cannot be pulled",
            waits("ErrImagePull", "i/o timeout"),
            "TBI-501 new/api: ErrImagePull: i/o timeout",
        ),
        (
            "still cannot",
            waits("ImagePullBackOff", "Back-off pulling image \"x\""),
            "TBI-501 new/api: ImagePullBackOff: Back-off pulling image \"x\"",
        ),
        (
            "no image of that name can exist",
            waits("InvalidImageName", "must be lowercase"),
            "TBI-501 new/api: InvalidImageName: must be lowercase",
        ),
        (
            "the container cannot be made",
            waits("CreateContainerError", "no command specified"),
            "TBI-502 new/api: CreateContainerError: no command specified",
        ),
        (
            "the image runs as root and may not",
            waits("CreateContainerConfigError", "image will run as root"),
            "TBI-502 new/api: CreateContainerConfigError: image will run as root",
        ),
        (
            "crashes; the back-off says nothing of the crash",
            deployment([1, 2, 1], vec![crashing]),
            "TBI-502 new/api: CrashLoopBackOff: exit code 1, Error",
        ),
        (
            "no node takes it",
            deployment([1, 2, 1], vec![no_node()]),
            "TBI-503 new/-: Unschedulable: 0/1 nodes are available",
        ),
        (
            "no node takes it while the old one has not gone",
            deployment([1, 1, 0], vec![old(Phase::Terminating), no_node()]),
            "rolling: 0/1 updated, new pod Unschedulable",
        ),
        (
            "an old pod's trouble is not the new one's",
            deployment(
                [1, 2, 0],
                vec![
                    old(Phase::NotReady).waits("ImagePullBackOff", ""),
                    new(Phase::NotReady).waits("ContainerCreating", ""),
                ],
            ),
            "rolling: 0/1 updated, new pod ContainerCreating",
        ),
        (
            "a crash that the kubelet tries once more",
            deployment(
                [1, 2, 1],
                vec![Pod {
                    containers: vec![Container {
                        ended: Some("exit code 1, Error".to_owned()),
                        ..new(Phase::NotReady).containers[0].clone()
                    }],
                    ..new(Phase::NotReady)
                }],
            ),
            "rolling: 0/1 updated, new pod not Ready",
        ),
    ]);
}

#[test]
fn the_controller_says_what_no_pod_can() {
    let overdue = |sight| {
        with(sight, |status| {
            status.overdue = Some("ReplicaSet \"x\" has timed out progressing.".to_owned());
        })
    };
    let refused = |sight| {
        with(sight, |status| {
            status.refused = Some("exceeded quota: compute".to_owned());
        })
    };
    let recreate = |pods| {
        overdue(with(deployment([0, 0, 0], pods), |status| {
            status.strategy = Strategy::Recreate;
        }))
    };
    hold(vec![
        (
            "past the deadline",
            overdue(deployment([1, 2, 1], vec![new(Phase::NotReady)])),
            "TBI-504 controller: ProgressDeadlineExceeded: ReplicaSet \"x\" has timed out progressing.",
        ),
        (
            "past the deadline, and a pod says why",
            overdue(deployment(
                [1, 2, 1],
                vec![new(Phase::NotReady).waits("ErrImagePull", "EOF")],
            )),
            "TBI-501 new/api: ErrImagePull: EOF",
        ),
        (
            "the old pod of a Recreate stays",
            recreate(vec![old(Phase::Ready)]),
            "TBI-505 old/-: Recreate: no new pod before the old one is gone: Ready",
        ),
        (
            "the quota is used up",
            refused(deployment([0, 1, 1], vec![old(Phase::Ready)])),
            "TBI-506 controller: FailedCreate: exceeded quota: compute",
        ),
        (
            "a refusal of another set's pods, while the new ones are all there",
            refused(deployment([1, 1, 1], vec![new(Phase::Ready)])),
            "settled: 1/1 updated, 1/1 available by [\"new\"]",
        ),
    ]);
    let lost = nodes(&["edge-03"]);
    let stuck = recreate(vec![old(Phase::Terminating).on("edge-03")]);
    assert_eq!(
        "TBI-505 old/-: Recreate: no new pod before the old one is gone: Terminating on edge-03, which is NotReady",
        said(&judge(&stuck, &lost))
    );
}
