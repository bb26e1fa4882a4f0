//! Many releases seen in one look, of one cluster or of several. Plain data: no client, no clock.
//!
//! What is the same for all releases of a cluster stands beside them once: a release is put together with it only for
//! as long as somebody looks at it, so that a thousand releases do not hold a thousand copies.

use std::collections::HashMap;

use crate::error::Error;
use crate::image::ManagedImage;
use crate::node::Node;
use crate::observation::{Blind, Observation, RegistryAnswers, Seen};

/// Everything seen in one look.
pub(crate) struct Fleet {
    /// In the order in which they were named.
    pub(crate) members: Vec<Member>,
    pub(crate) answers: RegistryAnswers,
}

/// What was seen behind one context.
pub(crate) struct Member {
    pub(crate) context: String,
    /// The context before this one whose releases these are too: they stand there.
    pub(crate) same_as: Option<String>,
    /// `Err` where the API server did not answer, or refused what a look cannot do without.
    pub(crate) seen: Result<Overview, Error>,
}

/// The releases of one cluster, as far as one look went.
pub(crate) struct Overview {
    /// By namespace and name; their nodes and registries' answers stand apart.
    pub(crate) releases: Vec<Observation>,
    pub(crate) nodes: Seen<Vec<Node>>,
    /// Where nobody looked. Empty when every namespace that was asked for was seen.
    pub(crate) unseen: Vec<Unseen>,
}

/// A namespace that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    /// `None` for all others, where their names are not known.
    pub(crate) namespace: Option<String>,
    pub(crate) why: Blind,
}

/// That of the release's CronJob, or of its jobs-manager; empty where neither could be read.
fn uid(seen: &Observation) -> &str {
    if let Some(cron_job) = seen.release.cron_job() {
        return &cron_job.uid;
    }
    let jobs_manager = seen.image(ManagedImage::JobsManager);
    let workload = jobs_manager.and_then(|image| image.workload.as_ref().ok());
    workload.map_or("", |workload| &workload.object.uid)
}

impl Fleet {
    /// Two contexts may lead to one cluster. Its objects have the same uids behind both; a release is kept where it was
    /// seen first.
    pub(crate) fn new(mut members: Vec<Member>) -> Self {
        let mut known = HashMap::<String, String>::new();
        for member in &mut members {
            let Ok(overview) = &mut member.seen else {
                continue;
            };
            let context = &member.context;
            overview.releases.retain(|seen| {
                let uid = uid(seen);
                let first = known
                    .entry(uid.to_owned())
                    .or_insert_with(|| context.clone());
                let is_new = uid.is_empty() || first == context;
                if !is_new {
                    member.same_as = Some(first.clone());
                }
                is_new
            });
        }
        Self {
            members,
            answers: RegistryAnswers::default(),
        }
    }

    /// Shows each release whole: with its nodes, and with what the registries said.
    pub(crate) fn each(&mut self, mut show: impl FnMut(&Observation)) {
        for member in &mut self.members {
            if let Ok(overview) = &mut member.seen {
                overview.each(&mut self.answers, &mut show);
            }
        }
    }
}

impl Overview {
    fn each(&mut self, answers: &mut RegistryAnswers, mut show: impl FnMut(&Observation)) {
        for release in &mut self.releases {
            std::mem::swap(&mut release.nodes, &mut self.nodes);
            std::mem::swap(&mut release.registry, answers);
            show(release);
            std::mem::swap(&mut release.nodes, &mut self.nodes);
            std::mem::swap(&mut release.registry, answers);
        }
    }
}
