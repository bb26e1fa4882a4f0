//! What events add, and when they are asked for.

use super::*;

/// Said about the pod as a whole, or about its container; in the order of time.
fn event(container: Option<&str>, reason: &str, message: &str, second: i64) -> Event {
    Event {
        container: container.map(str::to_owned),
        reason: reason.to_owned(),
        message: message.to_owned(),
        first: Some(jiff::Timestamp::from_second(second).unwrap()),
    }
}

fn explained(sight: &Sight, events: &[Event]) -> String {
    let verdict = judge(sight, &none());
    said(&with_events(verdict, sight, &none(), events))
}

#[test]
fn the_kubelets_first_words_explain_a_failure() {
    let sight = deployment(
        [1, 2, 1],
        vec![new(Phase::NotReady).waits("ImagePullBackOff", "Back-off pulling image \"x\"")],
    );
    let events = [
        event(Some("api"), "Failed", "Error: ImagePullBackOff", 14),
        event(Some("api"), "BackOff", "Back-off pulling image \"x\"", 13),
        event(
            Some("api"),
            "Failed",
            "Failed to pull image \"x\": refused",
            30,
        ),
        event(
            Some("api"),
            "Failed",
            "Failed to pull image \"x\": i/o timeout",
            12,
        ),
        event(Some("api"), "Failed", "Error: ErrImagePull", 11),
        event(
            Some("sidecar"),
            "Failed",
            "Failed to pull image \"y\": EOF",
            10,
        ),
        event(None, "FailedMount", "secret \"s\" not found", 9),
    ];
    assert_eq!(
        "TBI-501 new/api: ImagePullBackOff: Failed to pull image \"x\": i/o timeout",
        explained(&sight, &events)
    );
    let bare = "TBI-501 new/api: ImagePullBackOff: Back-off pulling image \"x\"";
    assert_eq!(bare, explained(&sight, &[]), "events could not be listed");
    assert_eq!(bare, explained(&sight, &events[..2]), "nothing but echoes");
    let sentence = "Error: failed to create containerd task: no such file";
    let failed = event(Some("api"), "Failed", sentence, 1);
    assert!(explained(&sight, &[failed]).ends_with(sentence));
}

#[test]
fn a_pod_that_is_not_begun_is_explained_by_its_events() {
    let creating = new(Phase::NotReady).waits("ContainerCreating", "");
    let multi_attach =
        "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) old";
    let attach = event(None, "FailedAttachVolume", multi_attach, 1);
    let deadlock = format!("TBI-505 new/-: FailedAttachVolume: {multi_attach}");
    let waits = format!("rolling: 0/1 updated, new pod ContainerCreating: {multi_attach}");
    let mount = event(None, "FailedMount", "secret \"s\" not found", 1);
    for (sentence, pods, events, want) in [
        (
            "the volume is held by a pod that stays",
            vec![old(Phase::Ready), creating.clone()],
            vec![attach.clone()],
            deadlock.as_str(),
        ),
        (
            "the volume is held by a pod that goes",
            vec![old(Phase::Terminating), creating.clone()],
            vec![attach.clone()],
            &waits,
        ),
        (
            "the pod that held it is gone, the volume follows",
            vec![creating.clone()],
            vec![attach],
            &waits,
        ),
        (
            "something is missing that may still come",
            vec![creating],
            vec![mount.clone()],
            "rolling: 0/1 updated, new pod ContainerCreating: secret \"s\" not found",
        ),
        (
            "an old pod's words",
            vec![old(Phase::Ready), new(Phase::Ready)],
            vec![],
            "rolling: 1/1 updated, old pod Ready",
        ),
    ] {
        let sight = deployment([1, 2, 1], pods);
        assert_eq!(want, explained(&sight, &events), "{sentence}");
    }
}

#[test]
fn a_daemon_set_tells_of_a_refusal_in_events_alone() {
    let pods = || vec![pod("a", Template::Newest, Phase::Ready)];
    let refusal = event(None, "FailedCreate", "Error creating: exceeded quota", 1);
    let sight = daemon_set([1, 1], pods());
    assert_eq!(
        "TBI-506 controller: FailedCreate: Error creating: exceeded quota",
        explained(&sight, std::slice::from_ref(&refusal))
    );
    let all = ["edge-01", "edge-02", "edge-03"]
        .map(|node| pod(node, Template::Newest, Phase::NotReady).on(node));
    let sight = daemon_set([3, 0], all.to_vec());
    let verdict = explained(&sight, &[refusal]);
    assert!(verdict.starts_with("rolling"), "{verdict}");
}

#[test]
fn events_are_asked_for_where_objects_are_silent() {
    let creating = || new(Phase::NotReady).waits("ContainerCreating", "");
    let silent = || {
        let mut pod = new(Phase::NotReady).waits("", "");
        pod.containers[0].waits = None;
        pod
    };
    let of_new = Some(Puzzle::Pod("uid-of-new".to_owned()));
    let mut crashing = new(Phase::NotReady).waits("CrashLoopBackOff", "");
    crashing.containers[0].ended = Some("exit code 1".to_owned());
    for (sentence, sight, want) in [
        (
            "a pod is being made",
            deployment([1, 2, 1], vec![old(Phase::Ready), creating()]),
            of_new.clone(),
        ),
        (
            "the kubelet has not said anything",
            deployment([1, 2, 1], vec![silent()]),
            of_new.clone(),
        ),
        (
            "an init container runs",
            deployment(
                [1, 2, 1],
                vec![new(Phase::NotReady).waits("PodInitializing", "")],
            ),
            of_new.clone(),
        ),
        (
            "it runs, and its probe has not passed",
            deployment([1, 2, 1], vec![new(Phase::NotReady)]),
            None,
        ),
        (
            "cannot be pulled",
            deployment(
                [1, 2, 1],
                vec![new(Phase::NotReady).waits("ImagePullBackOff", "")],
            ),
            of_new,
        ),
        (
            "crashes, and the pod says how",
            deployment([1, 2, 1], vec![crashing]),
            None,
        ),
        (
            "an old pod is being made",
            deployment(
                [0, 1, 0],
                vec![old(Phase::NotReady).waits("ContainerCreating", "")],
            ),
            None,
        ),
        (
            "no pod of a Deployment",
            deployment([0, 0, 0], vec![]),
            None,
        ),
        (
            "no pod of a DaemonSet",
            daemon_set([0, 0], vec![]),
            Some(Puzzle::DaemonSet),
        ),
        (
            "one of a DaemonSet is just going",
            daemon_set([0, 0], vec![old(Phase::Terminating)]),
            None,
        ),
        (
            "settled",
            deployment([1, 1, 1], vec![new(Phase::Ready)]),
            None,
        ),
    ] {
        let verdict = judge(&sight, &none());
        assert_eq!(want, puzzle(&verdict, &sight, &none()), "{sentence}");
    }
}
