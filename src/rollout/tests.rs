//! What the tests of rollouts are made of: pods, looks, and a verdict in one line.

use super::*;
use crate::image::Digest;

mod enumeration;
mod events;
mod steps;
mod troubles;
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

pub(super) fn hold(rows: Vec<(&str, Sight, &str)>) {
    for (sentence, sight, want) in rows {
        assert_eq!(want, said(&judge(&sight, &none())), "{sentence}");
    }
}

pub(super) fn with(mut sight: Sight, change: impl FnOnce(&mut Status)) -> Sight {
    change(&mut sight.status);
    sight
}
