//! The pull test, as far as it is decided: which node pulls what, and what became of it.
//!
//! A Job's pod has the kubelet pull the exact digest, with the workload's own credentials; its command exists nowhere,
//! so that nothing of the image ever runs. The outcome is read from the pod's state and from events.

use std::time::Duration;

use crate::codes::Code;
use crate::error::Error;
use crate::image::{Digest, ManagedImage, Platform};
use crate::node::Toleration;
use crate::observation::{PullCredentials, Seen};
use crate::probe::kubelet::Heard;

pub(crate) mod choice;
pub(crate) mod judge;
pub(crate) mod template;

/// Content that pods are going to pull.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull<'a> {
    pub(crate) image: ManagedImage,
    /// Where the pods pull from: `docker.io/tracebloc/jobs-manager`.
    pub(crate) repository: &'a str,
    pub(crate) digest: &'a Digest,
}

/// One node that is to pull one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PullTest {
    pub(crate) repository: String,
    pub(crate) digest: Digest,
    /// `Err` where no node is known that could be asked.
    pub(crate) place: Seen<Place>,
    pub(crate) tolerations: Vec<Toleration>,
    pub(crate) credentials: PullCredentials,
}

impl PullTest {
    /// `repository@digest`.
    pub(crate) fn image(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: String,
    /// `None` where nodes may not be listed.
    pub(crate) platform: Option<Platform>,
    pub(crate) before: Before,
}

/// What is known of a node before the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// It has the content, or runs it: only the manifest request is tested.
    Held,
    /// Nothing shows that it has the content. A kubelet does not list all it has.
    NotListed,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The node has the image now.
    Pulled {
        before: Before,
        /// As the kubelet measured it. `None` where its event could not be read.
        took: Option<Duration>,
        /// Of the image, in bytes, as the kubelet says; not of what was transferred. `None` before Kubernetes 1.30, too.
        size: Option<u64>,
    },
    /// The node cannot pull it.
    Failed(Heard),
    /// The node was still pulling when the time was up: no failure that anybody has named, and no success.
    Unfinished,
    /// Nothing was learnt about the pull. `why` is one printable line in the words of whoever was in the way.
    CouldNotStart { code: Option<Code>, why: String },
    /// The operator lacks a right.
    NotAllowed(Error),
}
