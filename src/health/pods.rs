//! Pods that do not run: what the kubelet and the scheduler say of them.

use super::facts::Facts;
use crate::codes::Code;
use crate::image::ManagedImage;
use crate::observation::{Pod, PodPhase};
use crate::rollout::trouble::of_reason;

/// A pod that waits in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble<'a> {
    pub(super) code: Code,
    pub(super) pod: &'a Pod,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

impl Trouble<'_> {
    /// Whether it is the image that does not run, and not the node that is missing.
    pub(super) fn is_fatal(&self) -> bool {
        self.code != Code::Unschedulable
    }
}

pub(super) fn troubles<'a>(facts: &Facts<'a>) -> Vec<Trouble<'a>> {
    // The ingestor has no container that waits: the pods are those that carry its digest.
    if facts.image() == ManagedImage::Ingestor {
        return Vec::new();
    }
    let pods = facts.pods().unwrap_or_default();
    pods.into_iter().filter_map(trouble).collect()
}

fn trouble(pod: &Pod) -> Option<Trouble<'_>> {
    let PodPhase::Waiting { reason, message } = &pod.phase else {
        return None;
    };
    let code = of_reason(reason)?;
    Some(Trouble {
        code,
        pod,
        reason,
        message,
    })
}
