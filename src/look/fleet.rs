//! One look at many releases: all clusters at once, then all registries, each tag once however many releases follow it.

use std::collections::BTreeSet;
use std::time::Instant;

use futures::{StreamExt as _, stream};

use super::{disprove, fetch, merge, resolve};
use crate::cluster::connect::{Cluster, Contexts};
use crate::cluster::observe::{Reach, overview};
use crate::error::Error;
use crate::fleet::{Fleet, Member, Overview};
use crate::lookup::Failure;
use crate::registry::Session;
use crate::wanted::{Wanted, tags, wanted};

/// API servers that are asked at a time.
const AT_ONCE: usize = 64;

/// A context, and the connection to its cluster once there is one.
pub(crate) struct Link<'a> {
    context: String,
    way: Way<'a>,
}

enum Way<'a> {
    Open(Box<Cluster>),
    /// Connected to at the first look, and again at each that follows one where that failed.
    Closed(&'a Contexts<'a>),
}

impl<'a> Link<'a> {
    pub(crate) fn to(contexts: &'a Contexts<'a>, context: &str) -> Self {
        Self {
            context: context.to_owned(),
            way: Way::Closed(contexts),
        }
    }

    /// `None` until its cluster has been connected to.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        match &self.way {
            Way::Open(cluster) => Some(cluster),
            Way::Closed(_) => None,
        }
    }

    async fn look(&mut self, selector: Option<&str>, reach: Reach) -> Member {
        Member {
            seen: self.overview(selector, reach).await,
            context: self.context.clone(),
            same_as: None,
        }
    }

    async fn overview(&mut self, selector: Option<&str>, reach: Reach) -> Result<Overview, Error> {
        // Boxed: these futures are large, and many are held at once.
        let contexts = match &self.way {
            Way::Open(cluster) => return Box::pin(overview(cluster, selector, reach)).await,
            Way::Closed(contexts) => contexts,
        };
        let cluster = contexts.connect(&self.context).await?;
        let seen = Box::pin(overview(&cluster, selector, reach)).await;
        self.way = Way::Open(Box::new(cluster));
        seen
    }
}

impl From<Cluster> for Link<'_> {
    fn from(cluster: Cluster) -> Self {
        Self {
            context: cluster.context.clone(),
            way: Way::Open(Box::new(cluster)),
        }
    }
}

/// Looks once. A cluster that does not answer is part of the fleet, and so is a registry.
pub(crate) async fn survey(
    links: &mut [Link<'_>],
    session: Result<&Session, &Failure>,
    selector: Option<&str>,
    reach: Reach,
) -> Fleet {
    let members = stream::iter(links)
        .map(|link| link.look(selector, reach))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut fleet = Fleet::new(members);
    ask(&mut fleet, session).await;
    fleet
}

/// Asks the registries again about what was seen, and tells the time anew.
pub(crate) async fn ask_again(
    fleet: &mut Fleet,
    links: &[Link<'_>],
    session: Result<&Session, &Failure>,
) {
    for (member, link) in fleet.members.iter_mut().zip(links) {
        if let (Ok(overview), Some(cluster)) = (&mut member.seen, link.cluster()) {
            let now = cluster.now();
            overview.releases.iter_mut().for_each(|seen| seen.at = now);
        }
    }
    // What failed is asked for again.
    fleet.answers.manifests.retain(|_, found| found.is_ok());
    fleet.answers.configs.retain(|_, found| found.is_ok());
    ask(fleet, session).await;
}

async fn ask(fleet: &mut Fleet, session: Result<&Session, &Failure>) {
    let started = Instant::now();
    let mut references = BTreeSet::new();
    fleet.each(|seen| references.extend(tags(seen)));
    fleet.answers.latest = resolve(session, &references).await;
    loop {
        disprove(&mut fleet.answers);
        fleet.answers.took = started.elapsed();
        let mut missing = Wanted::default();
        fleet.each(|seen| missing.extend(wanted(seen)));
        if missing.is_empty() {
            return;
        }
        let more = fetch(session, &missing).await;
        merge(&mut fleet.answers, more);
    }
}
