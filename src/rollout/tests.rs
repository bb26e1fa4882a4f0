//! Verdicts, words and proofs: one row for each situation, and the whole of a small space.

use super::*;
use crate::image::Digest;

mod enumeration;
mod events;
mod verify;

pub(super) const DIGEST: &str =
    "sha256:1db49be156bbc1a2f3d4b5c6978812d3e4f5a6b7c8d9eaf0b1c2d3e4f5a6b7c8";

pub(super) fn none() -> BTreeSet<String> {
    BTreeSet::new()
}

pub(super) fn nodes(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A pod of one container that has been pulled, on edge-01.
pub(super) fn pod(name: &str, template: Template, phase: Phase) -> Pod {
    let digest: Digest = DIGEST.parse().unwrap();
    Pod {
        name: name.to_owned(),
        uid: format!("uid-of-{name}"),
        node: Some("edge-01".to_owned()),
        template,
        phase,
        containers: vec![Container {
            name: "api".to_owned(),
            image: format!("docker.io/tracebloc/jobs-manager@{DIGEST}"),
            running: Running::Manifest(digest),
            waits: None,
            ended: None,
        }],
    }
}

pub(super) fn new(phase: Phase) -> Pod {
    pod("new", Template::Newest, phase)
}

pub(super) fn old(phase: Phase) -> Pod {
    pod("old", Template::Older, phase)
}

impl Pod {
    pub(super) fn on(self, node: &str) -> Self {
        let node = Some(node.to_owned());
        Self { node, ..self }
    }

    /// Its container waits.
    pub(super) fn waits(mut self, reason: &str, message: &str) -> Self {
        self.phase = Phase::NotReady;
        self.containers[0].running = Running::Unknown("not pulled yet".to_owned());
        self.containers[0].waits = Some(Words {
            reason: reason.to_owned(),
            message: message.to_owned(),
        });
        self
    }
}

/// Of one replica: how many are updated, how many there are, and how many are available.
pub(super) fn deployment([updated, total, available]: [u32; 3], pods: Vec<Pod>) -> Sight {
    Sight {
        kind: WorkloadKind::Deployment,
        uid: "uid-of-the-workload".to_owned(),
        template: Template::Newest,
        status: Status {
            strategy: Strategy::RollingUpdate,
            generation: 2,
            observed: 2,
            wanted: 1,
            total,
            updated,
            available,
            overdue: None,
            refused: None,
        },
        pods,
    }
}

/// Of three nodes: how many are updated, and how many available.
pub(super) fn daemon_set([updated, available]: [u32; 2], pods: Vec<Pod>) -> Sight {
    let mut sight = deployment([updated, updated, available], pods);
    sight.kind = WorkloadKind::DaemonSet;
    sight.status.wanted = 3;
    sight
}

/// In one line.
pub(super) fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Rolling(words) => format!("rolling: {words}"),
        Verdict::Settled(settled) => {
            let pods: Vec<_> = settled.proofs.iter().map(|one| one.pod.as_str()).collect();
            format!("settled: {} by {pods:?}", settled.words())
        }
        Verdict::Failed(failed) => {
            let pod = failed.pod.as_ref().map(|pod| {
                let container = pod.container.as_deref().unwrap_or("-");
                format!("{}/{container}", pod.name)
            });
            format!(
                "{} {}: {}: {}",
                failed.code,
                pod.unwrap_or("controller".to_owned()),
                failed.reason,
                failed.message
            )
        }
        Verdict::OnDelete(words) => format!("on delete: {words}"),
        Verdict::Paused => "paused".to_owned(),
        Verdict::Gone => "gone".to_owned(),
        Verdict::Superseded => "superseded".to_owned(),
    }
}

fn hold(rows: Vec<(&str, Sight, &str)>) {
    for (sentence, sight, want) in rows {
        assert_eq!(want, said(&judge(&sight, &none())), "{sentence}");
    }
}

fn with(mut sight: Sight, change: impl FnOnce(&mut Status)) -> Sight {
    change(&mut sight.status);
    sight
}

#[test]
fn a_rolling_update_goes_step_by_step() {
    let ready = || new(Phase::Ready);
    let creating = || new(Phase::NotReady).waits("ContainerCreating", "");
    hold(vec![
        (
            "the controller has not seen the patch; what it counts is the rollout before",
            with(deployment([1, 1, 1], vec![old(Phase::Ready)]), |status| {
                status.observed = 1;
            }),
            "rolling: waiting for the spec update to be observed",
        ),
        (
            "no new pod yet",
            deployment([0, 1, 1], vec![old(Phase::Ready)]),
            "rolling: 0/1 updated, old pod Ready",
        ),
        (
            "the new pod is being made",
            deployment([1, 2, 1], vec![old(Phase::Ready), creating()]),
            "rolling: 0/1 updated, new pod ContainerCreating",
        ),
        (
            "the scheduler has not looked at it",
            deployment(
                [1, 2, 1],
                vec![Pod {
                    node: None,
                    ..new(Phase::NotReady)
                }],
            ),
            "rolling: 0/1 updated, new pod Pending",
        ),
        (
            "it runs and its probe has not passed",
            deployment([1, 2, 1], vec![old(Phase::Ready), new(Phase::NotReady)]),
            "rolling: 0/1 updated, new pod not Ready",
        ),
        (
            "it is Ready, the old one still counts",
            deployment([1, 2, 2], vec![old(Phase::Terminating), ready()]),
            "rolling: 1/1 updated, old pod Terminating",
        ),
        (
            "the controller does not count it as available yet",
            deployment([1, 1, 0], vec![ready()]),
            "rolling: 1/1 updated, 0/1 available",
        ),
        (
            "the counts are ahead of the pods",
            deployment([1, 1, 1], vec![creating()]),
            "rolling: 0/1 updated, new pod ContainerCreating",
        ),
        (
            "the counts are ahead, and no pod is listed",
            deployment([1, 1, 1], vec![]),
            "rolling: 0/1 updated, no pod yet",
        ),
        (
            "settled; the old one may take its time to go",
            deployment([1, 1, 1], vec![old(Phase::Terminating), ready()]),
            "settled: 1/1 updated, 1/1 available by [\"new\"]",
        ),
    ]);
}

#[test]
fn a_recreate_has_no_pod_for_a_while_and_that_is_no_failure() {
    let recreate = |counts, pods| {
        with(deployment(counts, pods), |status| {
            status.strategy = Strategy::Recreate;
        })
    };
    hold(vec![
        (
            "the old one goes",
            recreate([0, 0, 0], vec![old(Phase::Terminating)]),
            "rolling: 0/1 updated, old pod Terminating",
        ),
        (
            "none is there",
            recreate([0, 0, 0], vec![]),
            "rolling: 0/1 updated, no pod yet",
        ),
        (
            "settled",
            recreate([1, 1, 1], vec![new(Phase::Ready)]),
            "settled: 1/1 updated, 1/1 available by [\"new\"]",
        ),
    ]);
}

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

#[test]
fn what_does_not_roll_is_not_waited_for() {
    let three = |phases: [(Template, Phase); 3]| -> Vec<Pod> {
        let pods = phases.into_iter().zip(["a", "b", "c"]);
        pods.map(|((template, phase), name)| pod(name, template, phase))
            .collect()
    };
    let (newest, older) = (Template::Newest, Template::Older);
    let on_delete = |sight| {
        with(sight, |status| {
            status.strategy = Strategy::OnDelete;
        })
    };
    let mut elsewhere = deployment([1, 1, 1], vec![new(Phase::Ready)]);
    elsewhere.template = Template::Older;
    hold(vec![
        (
            "paused",
            with(deployment([0, 1, 1], vec![]), |status| {
                status.strategy = Strategy::Paused;
            }),
            "paused",
        ),
        (
            "nothing is to run",
            with(deployment([0, 0, 0], vec![]), |status| status.wanted = 0),
            "settled: 0/0 updated, 0/0 available by []",
        ),
        (
            "scaled to nothing meanwhile, the last pod still counts",
            with(deployment([1, 1, 1], vec![new(Phase::Ready)]), |status| {
                status.wanted = 0;
            }),
            "settled: 0/0 updated, 0/0 available by []",
        ),
        (
            "an autoscaler wants one more",
            with(deployment([1, 1, 1], vec![new(Phase::Ready)]), |status| {
                status.wanted = 2;
            }),
            "rolling: 1/2 updated, 1/2 available",
        ),
        (
            "the template says something else by now",
            elsewhere,
            "superseded",
        ),
        (
            "two pods wait to be deleted",
            on_delete(daemon_set(
                [1, 3],
                three([
                    (newest, Phase::Ready),
                    (older, Phase::Ready),
                    (older, Phase::Ready),
                ]),
            )),
            "on delete: 2 of 3 pods wait to be deleted",
        ),
        (
            "all have been deleted",
            on_delete(daemon_set(
                [3, 3],
                three([
                    (newest, Phase::Ready),
                    (newest, Phase::Ready),
                    (newest, Phase::Ready),
                ]),
            )),
            "settled: 3/3 updated, 3/3 available by [\"a\", \"b\", \"c\"]",
        ),
    ]);
}

#[test]
fn nodes_that_are_not_ready_follow() {
    let a = || pod("a", Template::Newest, Phase::Ready);
    let b = || pod("b", Template::Newest, Phase::Ready).on("edge-02");
    let c = |template, phase| pod("c", template, phase).on("edge-03");
    let settled =
        "settled: 2 of 3 nodes; edge-03 is NotReady and follows when it returns by [\"a\", \"b\"]";
    for (sentence, counts, pods, want) in [
        (
            "its old pod is still listed",
            [2, 2],
            vec![a(), b(), c(Template::Older, Phase::NotReady)],
            settled,
        ),
        (
            "its old pod is asked to go, and nobody is there to stop it",
            [2, 2],
            vec![a(), b(), c(Template::Older, Phase::Terminating)],
            settled,
        ),
        (
            "its new pod has not been started",
            [3, 2],
            vec![a(), b(), c(Template::Newest, Phase::NotReady)],
            settled,
        ),
        (
            "it has come back, and runs the new pod",
            [3, 3],
            vec![a(), b(), c(Template::Newest, Phase::Ready)],
            "settled: 3/3 updated, 3/3 available by [\"a\", \"b\", \"c\"]",
        ),
        (
            "another node is behind, whatever the counts include",
            [2, 2],
            vec![
                a(),
                pod("b", Template::Older, Phase::Ready).on("edge-02"),
                c(Template::Newest, Phase::NotReady),
            ],
            "rolling: 1/2 updated, old pod Ready; edge-03 is NotReady and follows when it returns",
        ),
        (
            "the trouble of its pod is the node's",
            [2, 2],
            vec![
                a(),
                b(),
                c(Template::Newest, Phase::NotReady).waits("ErrImagePull", ""),
            ],
            settled,
        ),
    ] {
        let verdict = judge(&daemon_set(counts, pods), &nodes(&["edge-03"]));
        assert_eq!(want, said(&verdict), "{sentence}");
    }
    let two = Settled {
        proofs: Vec::new(),
        wanted: 1,
        later: nodes(&["edge-02", "edge-03"]),
    };
    assert_eq!(
        "1 of 3 nodes; edge-02, edge-03 are NotReady and follow when they return",
        two.words()
    );
}
