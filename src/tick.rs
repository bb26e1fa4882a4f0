//! What one run of the refresher does: a native statement of the chart's `image-refresh.sh`.
//!
//! Functions of what was seen, in the order in which it is seen; what is to be done comes back as data. A plan holds
//! as long as its steps succeed: the first that fails ends the tick with exit 1 (the script's `set -e`), except a
//! [`Step::Clear`], whose failure costs nothing.
//!
//! | seen | function | ends the tick when |
//! |---|---|---|
//! | the environment | [`begin`] | the images come from a mirror (G8 on) |
//! | the jobs-manager Deployment | [`guard`] | it is not settled (G7 on) |
//! | what the tags name | [`refresh`] | always |
//!
//! What applies is told by the environment alone: `INGESTOR_TAG` the ingestor pass, `INGESTOR_RESOLVE_FAIL_THRESHOLD`
//! its streak, `MAX_REFRESH_ATTEMPTS` flap guard and settled guard, `MAX_SKIP_TICKS` the skip streak, `IMAGE_REGISTRY`
//! digests set on all three workloads, and the mirror gate. Source: chart contract, sections 3, 5, 7, 8, 12.

mod client_images;
mod guard;
mod ingestor;
mod policy;
pub(crate) mod words;

use std::collections::BTreeMap;

use crate::error::Exit;
use crate::image::{Digest, ManagedImage};
use crate::lookup::Failure;
use crate::observation::Target;
use crate::record::{Record, Recorded};
pub(crate) use guard::guard;
pub(crate) use policy::{TickPolicy, Unusable};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write a line to the log; [`crate::log::PREFIX`] goes before it.
    Say(String),
    /// Write annotations of the jobs-manager Deployment, all in one request. `None` removes the key.
    Annotate(Vec<(&'static str, Option<String>)>),
    /// Remove annotations whose reason is gone. Failing to is said, and the tick goes on.
    Clear {
        keys: &'static [&'static str],
        /// `failure streak`: what could not be cleared.
        what: &'static str,
    },
    /// Restart the pods of the jobs-manager Deployment.
    Restart,
    /// Set the images of some containers of a workload: container and reference by digest.
    SetImages(Target, Vec<(&'static str, String)>),
    /// Set `INGESTOR_IMAGE_DIGEST` on the container `api` of the jobs-manager Deployment.
    SetIngestor(Digest),
    /// Wait until the workload has rolled out.
    Wait(Target),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// After all steps.
    pub(crate) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// There is more to be seen.
    Look,
    End(Exit),
}

/// What the tag of each image names, for those that [`TickPolicy::lookups`] names.
pub(crate) type Latest = BTreeMap<ManagedImage, Result<Digest, Failure>>;

/// What the last function needs to know of the jobs-manager Deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen<'a> {
    pub(crate) record: &'a Record,
    /// `INGESTOR_IMAGE_DIGEST` on `api`; empty when absent.
    pub(crate) in_use: &'a str,
}

impl Seen<'_> {
    /// Whether this digest is neither to be set nor to be recorded.
    pub(crate) fn is_in_sync(&self, image: ManagedImage, digest: &Digest) -> bool {
        let is_in_use = image != ManagedImage::Ingestor || self.in_use == digest.as_str();
        is_in_use && self.record.recorded(image) == Recorded::At(digest.clone())
    }
}

impl Plan {
    fn go_on(steps: Vec<Step>) -> Self {
        let then = Then::Look;
        Self { steps, then }
    }

    fn end(steps: Vec<Step>, exit: Exit) -> Self {
        let then = Then::End(exit);
        Self { steps, then }
    }

    /// This plan and, unless it ends the tick, the next.
    fn and_then(mut self, next: impl FnOnce() -> Self) -> Self {
        if self.then == Then::Look {
            let next = next();
            self.steps.extend(next.steps);
            self.then = next.then;
        }
        self
    }
}

/// The banner, and the end of a tick whose images are not docker.io's.
pub(crate) fn begin(policy: &TickPolicy) -> Plan {
    let mut steps = policy.banner();
    let Some(host) = policy.mirror() else {
        return Plan::go_on(steps);
    };
    steps.extend(words::mirrored(host).map(Step::Say));
    steps.push(complete());
    Plan::end(steps, Exit::Done)
}

/// Both passes, once everything has been looked at.
pub(crate) fn refresh(policy: &TickPolicy, seen: Seen<'_>, latest: &Latest) -> Plan {
    let ingestor = || match &policy.ingestor {
        Some(pass) => ingestor::pass(policy, pass, seen, latest),
        None => Plan::go_on(Vec::new()),
    };
    client_images::pass(policy, seen.record, latest)
        .and_then(ingestor)
        .and_then(|| Plan::end(vec![complete()], Exit::Done))
}

/// The line of a normal end. A skipped tick and a failed one do not say it.
fn complete() -> Step {
    Step::Say("tick complete".to_owned())
}

fn say(line: impl Into<String>) -> Step {
    Step::Say(line.into())
}

/// A line below the one that it is about.
fn detail(line: impl std::fmt::Display) -> Step {
    Step::Say(format!("  {line}"))
}

#[cfg(test)]
mod tests;
