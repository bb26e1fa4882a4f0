//! Every status of up to two replicas, with every pair of pods.

use super::*;

/// Every way in which a pod can stand, on a node that is ready and on one that is not.
fn ways() -> Vec<Pod> {
    let mut ways = Vec::new();
    for template in [Template::Newest, Template::Older] {
        let one = |phase| pod("a", template, phase);
        let here = [
            one(Phase::Ready),
            one(Phase::NotReady),
            one(Phase::Unschedulable(String::new())),
            one(Phase::Terminating),
            one(Phase::NotReady).waits("ErrImagePull", ""),
            one(Phase::NotReady).waits("ContainerCreating", ""),
        ];
        let there = [
            one(Phase::Ready),
            one(Phase::NotReady).waits("CrashLoopBackOff", ""),
            one(Phase::Terminating),
        ];
        ways.extend(here);
        ways.extend(there.map(|pod| pod.on("edge-03")));
    }
    ways
}

/// No pod, one, and every pair.
fn crowds() -> Vec<Vec<Pod>> {
    let ways = ways();
    let mut crowds = vec![Vec::new()];
    for (index, first) in ways.iter().enumerate() {
        crowds.push(vec![first.clone()]);
        for second in &ways[index..] {
            let second = Pod {
                name: "b".to_owned(),
                ..second.clone()
            };
            crowds.push(vec![first.clone(), second]);
        }
    }
    crowds
}

fn statuses(strategy: Strategy) -> Vec<Status> {
    let words = |is_said: bool| is_said.then(|| "words".to_owned());
    let mut statuses = Vec::new();
    for (observed, said) in [(1, 0), (2, 0), (2, 1), (2, 2)] {
        for (wanted, updated) in [0, 1, 2].map(|n| [(n, 0), (n, 1), (n, 2)]).concat() {
            for (old, available) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)] {
                statuses.push(Status {
                    strategy,
                    generation: 2,
                    observed,
                    wanted,
                    total: updated + old,
                    updated,
                    available,
                    overdue: words(said == 1),
                    refused: words(said == 2),
                });
            }
        }
    }
    statuses
}

/// Calls `check` with every look there can be; says how many.
fn every(mut check: impl FnMut(&Sight, &Verdict)) -> usize {
    let lost = nodes(&["edge-03"]);
    let mut looks = 0;
    for (kind, strategy) in [
        (WorkloadKind::Deployment, Strategy::RollingUpdate),
        (WorkloadKind::Deployment, Strategy::Recreate),
        (WorkloadKind::Deployment, Strategy::Paused),
        (WorkloadKind::DaemonSet, Strategy::RollingUpdate),
        (WorkloadKind::DaemonSet, Strategy::OnDelete),
    ] {
        let statuses = statuses(strategy);
        for pods in crowds() {
            let mut sight = deployment([0, 0, 0], pods);
            sight.kind = kind;
            for status in &statuses {
                sight.status.clone_from(status);
                check(&sight, &judge(&sight, &lost));
                looks += 1;
            }
        }
    }
    looks
}

fn counts(pod: &Pod) -> bool {
    let is_back = pod.template == Template::Newest && pod.phase == Phase::Ready;
    pod.phase != Phase::Terminating && (is_back || pod.node.as_deref() != Some("edge-03"))
}

fn find<'a>(sight: &'a Sight, name: &str) -> &'a Pod {
    let mut pods = sight.pods.iter();
    pods.find(|pod| pod.name == name).unwrap()
}

#[test]
fn whatever_is_seen_the_verdict_is_safe() {
    let mut settled_looks = 0;
    let looks = every(|sight, verdict| {
        let status = &sight.status;
        match verdict {
            Verdict::Settled(settled) => {
                settled_looks += 1;
                assert_eq!(status.generation, status.observed, "{sight:?}");
                assert_eq!(None, status.overdue, "{sight:?}");
                assert!(settled.proofs.len() >= settled.wanted as usize, "{sight:?}");
                for proof in &settled.proofs {
                    let pod = find(sight, &proof.pod);
                    assert!(counts(pod) && pod.phase == Phase::Ready, "{sight:?}");
                }
                // No pod that counts has been left out.
                let counted = sight.pods.iter().filter(|pod| counts(pod)).count();
                assert!(
                    settled.wanted == 0 || counted == settled.proofs.len(),
                    "{sight:?}"
                );
                let later = u32::try_from(settled.later.len()).unwrap();
                assert_eq!(status.wanted.saturating_sub(later), settled.wanted);
                assert!(
                    later == 0 || sight.kind == WorkloadKind::DaemonSet,
                    "{sight:?}"
                );
            }
            Verdict::Failed(failed) => {
                assert_eq!(status.generation, status.observed, "{sight:?}");
                match (&failed.pod, failed.code) {
                    (None, Code::ProgressDeadline) => assert!(status.overdue.is_some()),
                    (None, Code::AdmissionRefused) => {
                        assert!(status.refused.is_some() && status.updated < status.wanted);
                    }
                    (Some(culprit), Code::Deadlock) => {
                        let pod = find(sight, &culprit.name);
                        assert_eq!(Template::Older, pod.template, "{sight:?}");
                        assert_eq!(Strategy::Recreate, status.strategy, "{sight:?}");
                        assert!(status.overdue.is_some(), "{sight:?}");
                    }
                    (Some(culprit), Code::CannotPull | Code::Crashes | Code::Unschedulable) => {
                        let pod = find(sight, &culprit.name);
                        assert!(counts(pod), "{sight:?}");
                        assert_eq!(Template::Newest, pod.template, "{sight:?}");
                    }
                    _ => panic!("{failed:?} of {sight:?}"),
                }
            }
            Verdict::Rolling(words) => assert!(!words.is_empty(), "{sight:?}"),
            Verdict::Paused => assert_eq!(Strategy::Paused, status.strategy),
            Verdict::OnDelete(_) => assert_eq!(Strategy::OnDelete, status.strategy),
            Verdict::Gone | Verdict::Superseded => panic!("{verdict:?} of {sight:?}"),
        }
    });
    assert!(looks > 100_000, "only {looks} looks");
    assert!(settled_looks > 500, "only {settled_looks} settled");
}

#[test]
fn old_pods_and_lost_pods_and_leaving_pods_change_no_verdict_for_the_worse() {
    let lost = nodes(&["edge-03"]);
    let is_old = |pod: &&Pod| pod.template == Template::Older && pod.containers[0].waits.is_some();
    every(|sight, verdict| {
        if sight.pods.iter().any(|pod| is_old(&pod)) {
            // The troubles of old pods are theirs.
            let mut quiet = sight.clone();
            for pod in &mut quiet.pods {
                if is_old(&&*pod) {
                    pod.containers[0].waits = None;
                }
            }
            let kind = std::mem::discriminant(verdict);
            let same = std::mem::discriminant(&judge(&quiet, &lost));
            assert_eq!(kind, same, "{sight:?}");
        }
        if !sight.pods.iter().all(counts) {
            // What does not count contradicts nothing.
            let mut rest = sight.clone();
            rest.pods.retain(counts);
            if matches!(judge(&rest, &lost), Verdict::Settled(_)) {
                assert!(matches!(verdict, Verdict::Settled(_)), "{sight:?}");
            }
        }
    });
}

#[test]
fn a_template_that_says_something_else_settles_nothing() {
    every(|sight, _| {
        if sight.pods.len() == 1 {
            let template = Template::Older;
            let elsewhere = Sight {
                template,
                ..sight.clone()
            };
            assert_eq!(Verdict::Superseded, judge(&elsewhere, &none()));
        }
    });
}
