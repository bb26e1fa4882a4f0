//! Which nodes a probe looks from.

use crate::node::{Node, Scheduling, eligible};
use crate::observation::Seen;

/// How many nodes are looked from at most.
const MOST: usize = 100;

/// From where pods are to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One node, where the refresher's pods stand.
    One,
    /// Each on which they may.
    All,
}

/// What is known of where a probe may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// Nodes of the refresher's pods, the newest first, then of jobs-manager's.
    pub(crate) used: Vec<String>,
    pub(crate) nodes: Seen<Vec<Node>>,
    pub(crate) scheduling: Scheduling,
}

/// The nodes to look from, and those that are beyond the bound. `None` leaves the choice to the scheduler.
pub(crate) fn places(site: &Site, image: &str, reach: Reach) -> (Vec<Option<String>>, Vec<String>) {
    let able = site
        .nodes
        .as_ref()
        .map(|nodes| eligible(nodes, &site.scheduling));
    match (able, reach) {
        (Ok(able), Reach::All) if !able.is_empty() => {
            let mut names: Vec<String> = able.iter().map(|node| node.name.clone()).collect();
            names.sort_unstable();
            let rest = names.split_off(names.len().min(MOST));
            (names.into_iter().map(Some).collect(), rest)
        }
        (Ok(able), _) => {
            let is_able = |name: &&String| able.iter().any(|node| node.name == **name);
            let used = site.used.iter().find(is_able).cloned();
            let holding = || {
                let mut able = able.iter();
                let node = able.find(|node| node.images.iter().any(|held| is_same(held, image)));
                node.map(|node| node.name.clone())
            };
            (vec![used.or_else(holding)], Vec::new())
        }
        (Err(_), _) => (vec![site.used.first().cloned()], Vec::new()),
    }
}

/// A kubelet names images in full.
fn is_same(held: &str, image: &str) -> bool {
    held == image
        || held
            .strip_suffix(image)
            .is_some_and(|before| before == "docker.io/" || before == "docker.io/library/")
}

#[cfg(test)]
mod tests;
