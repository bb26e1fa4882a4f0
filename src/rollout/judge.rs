//! The verdict, and the words of the live line.

use std::collections::BTreeSet;

use super::trouble::of_waiting;
use super::view::View;
use super::{Culprit, Failed, Phase, Pod, Proof, Settled, Sight, Strategy, Verdict, Words, follow};
use crate::codes::Code;
use crate::observation::{Rollout, Template, WorkloadKind};

/// Judges a look. `lost` names the nodes that were not ready when the plan was made.
pub(crate) fn judge(sight: &Sight, lost: &BTreeSet<String>) -> Verdict {
    let view = View { sight, lost };
    let status = &sight.status;
    if sight.template != Template::Newest {
        return Verdict::Superseded;
    }
    if status.strategy == Strategy::Paused {
        return Verdict::Paused;
    }
    if status.observed < status.generation {
        return Verdict::Rolling("waiting for the spec update to be observed".to_owned());
    }
    if let Some(failed) = view.trouble().or_else(|| view.refusal()) {
        return Verdict::Failed(failed);
    }
    if let Some(settled) = view.settled() {
        return Verdict::Settled(settled);
    }
    if status.strategy == Strategy::OnDelete {
        return Verdict::OnDelete(view.waiting_to_be_deleted());
    }
    Verdict::Rolling(view.words())
}

impl View<'_> {
    /// A new pod that will not run, in its own words.
    fn trouble(self) -> Option<Failed> {
        let stuck = self.fresh().find_map(|pod| {
            pod.containers.iter().find_map(|container| {
                let waits = container.waits.as_ref()?;
                let code = of_waiting(&waits.reason)?;
                // The back-off says nothing of the crash.
                let message = match &container.ended {
                    Some(ended) if waits.reason == "CrashLoopBackOff" => ended,
                    _ => &waits.message,
                };
                Some(Failed {
                    code,
                    pod: Some(culprit(pod, Some(&container.name))),
                    reason: waits.reason.clone(),
                    message: message.clone(),
                })
            })
        });
        stuck.or_else(|| self.unschedulable())
    }

    /// A pod that is still leaving may make room.
    fn unschedulable(self) -> Option<Failed> {
        let makes_room = |pod: &Pod| pod.phase == Phase::Terminating && !self.is_lost(pod);
        if self.pods().any(makes_room) {
            return None;
        }
        self.fresh().find_map(|pod| match &pod.phase {
            Phase::Unschedulable(message) => Some(Failed {
                code: Code::Unschedulable,
                pod: Some(culprit(pod, None)),
                reason: "Unschedulable".to_owned(),
                message: message.clone(),
            }),
            Phase::Ready | Phase::NotReady | Phase::Terminating => None,
        })
    }

    /// What the controller says of the workload.
    fn refusal(self) -> Option<Failed> {
        let status = &self.sight.status;
        if let Some(words) = &status.refused
            && status.updated < status.wanted
        {
            return Some(Failed {
                code: Code::AdmissionRefused,
                pod: None,
                reason: "FailedCreate".to_owned(),
                message: words.clone(),
            });
        }
        let words = status.overdue.as_ref()?;
        let first = self.staying().next();
        if let (Strategy::Recreate, None, Some(old)) = (status.strategy, self.fresh().next(), first)
        {
            return Some(Failed {
                code: Code::Deadlock,
                pod: Some(culprit(old, None)),
                reason: "Recreate".to_owned(),
                message: format!("no new pod before the old one is gone: {}", self.old(old)),
            });
        }
        Some(Failed {
            code: Code::ProgressDeadline,
            pod: None,
            reason: "ProgressDeadlineExceeded".to_owned(),
            message: words.clone(),
        })
    }

    /// Only where counts and pods agree. Pods without the marks may be among them, where somebody rewrites pods: that
    /// is for the proofs to show.
    fn settled(self) -> Option<Settled> {
        let (status, needed) = (&self.sight.status, self.needed());
        let is_complete = match self.sight.kind {
            WorkloadKind::Deployment => status.rollout() == Rollout::Settled,
            // The counts include nodes that are not ready.
            WorkloadKind::DaemonSet => {
                status.updated >= needed
                    && status.available >= needed
                    && (status.updated >= status.wanted
                        || self.alive().all(|pod| pod.template == Template::Newest))
            }
        };
        let pods: Vec<_> = self.alive().filter(|_| needed > 0).collect();
        let all_run = pods.iter().all(|pod| pod.phase == Phase::Ready);
        if !is_complete || !all_run || pods.len() < needed as usize {
            return None;
        }
        let proof = |pod: &Pod| Proof {
            pod: pod.name.clone(),
            node: pod.node.clone(),
            template: pod.template,
            containers: pod.containers.clone(),
        };
        Some(Settled {
            proofs: pods.into_iter().map(proof).collect(),
            wanted: needed,
            later: self.later(),
        })
    }

    fn waiting_to_be_deleted(self) -> String {
        let old = self
            .alive()
            .filter(|pod| pod.template == Template::Older)
            .count();
        let all = self.alive().count();
        format!("{old} of {all} pods wait to be deleted")
    }

    /// `0/1 updated, new pod ContainerCreating`.
    fn words(self) -> String {
        let (needed, ready) = (self.needed(), self.ready());
        let status = &self.sight.status;
        let ready = ready.min(needed as usize);
        let unready = self.fresh().find(|pod| pod.phase != Phase::Ready);
        let old = self.pods().find(|pod| pod.template == Template::Older);
        let why = if let Some(pod) = unready {
            format!(", new pod {}", state(pod))
        } else if let Some(old) = old {
            format!(", old pod {}", self.old(old))
        } else if self.pods().next().is_none() {
            ", no pod yet".to_owned()
        } else if status.available < needed {
            format!(", {}/{needed} available", status.available)
        } else {
            String::new()
        };
        let later = match self.later() {
            later if later.is_empty() => String::new(),
            later => format!("; {}", follow(&later)),
        };
        format!("{ready}/{needed} updated{why}{later}")
    }

    /// Of an old pod: `Terminating on edge-03, which is NotReady`.
    fn old(self, pod: &Pod) -> String {
        let state = state(pod);
        match &pod.node {
            Some(node) if self.is_lost(pod) => format!("{state} on {node}, which is NotReady"),
            Some(_) | None => state,
        }
    }
}

fn culprit(pod: &Pod, container: Option<&str>) -> Culprit {
    Culprit {
        name: pod.name.clone(),
        uid: pod.uid.clone(),
        node: pod.node.clone(),
        container: container.map(str::to_owned),
    }
}

/// One word for a pod.
fn state(pod: &Pod) -> String {
    let waits = |pod: &Pod| {
        let mut words = pod
            .containers
            .iter()
            .filter_map(|container| container.waits.as_ref());
        words.next().map(|Words { reason, .. }| reason.clone())
    };
    match &pod.phase {
        Phase::Ready => "Ready".to_owned(),
        Phase::Terminating => "Terminating".to_owned(),
        Phase::Unschedulable(_) => "Unschedulable".to_owned(),
        Phase::NotReady => waits(pod).unwrap_or_else(|| match pod.node {
            Some(_) => "not Ready".to_owned(),
            None => "Pending".to_owned(),
        }),
    }
}
