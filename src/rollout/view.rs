//! A sight, without what contradicts nothing: pods on their way out, and pods on nodes that are not ready.

use std::collections::BTreeSet;

use super::{Phase, Pod, Sight};
use crate::observation::{Template, WorkloadKind};

#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) sight: &'a Sight,
    /// Nodes that were not ready when the plan was made.
    pub(super) lost: &'a BTreeSet<String>,
}

impl<'a> View<'a> {
    pub(super) fn pods(self) -> impl Iterator<Item = &'a Pod> {
        self.sight.pods.iter()
    }

    /// Whether its node is not ready. A new pod that is Ready says that the node is back.
    pub(super) fn is_lost(self, pod: &Pod) -> bool {
        let is_back = pod.template == Template::Newest && pod.phase == Phase::Ready;
        !is_back
            && pod
                .node
                .as_ref()
                .is_some_and(|node| self.lost.contains(node))
    }

    /// Pods that count.
    pub(super) fn alive(self) -> impl Iterator<Item = &'a Pod> {
        self.pods()
            .filter(move |pod| pod.phase != Phase::Terminating && !self.is_lost(pod))
    }

    /// Pods that count and bear the marks.
    pub(super) fn fresh(self) -> impl Iterator<Item = &'a Pod> {
        self.alive().filter(|pod| pod.template == Template::Newest)
    }

    /// How many of them are Ready.
    pub(super) fn ready(self) -> usize {
        self.fresh().filter(|pod| pod.phase == Phase::Ready).count()
    }

    /// Old pods that will not go by themselves: nobody has asked them to, or nobody is there to stop them.
    pub(super) fn staying(self) -> impl Iterator<Item = &'a Pod> {
        self.pods()
            .filter(|pod| pod.template == Template::Older)
            .filter(move |pod| pod.phase != Phase::Terminating || self.is_lost(pod))
    }

    /// Nodes of a DaemonSet that are not ready: their pods follow.
    pub(super) fn later(self) -> BTreeSet<String> {
        if self.sight.kind == WorkloadKind::Deployment {
            return BTreeSet::new();
        }
        let nodes = |pods: &mut dyn Iterator<Item = &'a Pod>| -> BTreeSet<String> {
            pods.filter_map(|pod| pod.node.clone()).collect()
        };
        let gone = nodes(&mut self.pods().filter(|pod| self.is_lost(pod)));
        let back = nodes(&mut self.fresh());
        gone.difference(&back).cloned().collect()
    }

    /// How many pods there have to be now.
    pub(super) fn needed(self) -> u32 {
        let later = u32::try_from(self.later().len()).unwrap_or(u32::MAX);
        self.sight.status.wanted.saturating_sub(later)
    }
}
