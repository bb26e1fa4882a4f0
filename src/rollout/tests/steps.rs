//! How a rollout goes on, and when it is settled: one row for each situation.

use super::*;

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
