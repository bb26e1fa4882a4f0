//! What a look costs the site: its requests by kind, and the connections it opens.

use std::collections::BTreeSet;

use crate::world::sim::api::journal::Logged;
use crate::world::sim::registries::traffic::Seen;
use crate::world::sim::site::Site;

/// What arrived at a site during one run of a contender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Requests to the API server, watches included.
    pub(crate) api: usize,
    pub(crate) api_connections: usize,
    pub(crate) tokens: usize,
    /// `GET /v2/`.
    pub(crate) pings: usize,
    pub(crate) heads: usize,
    /// Manifests and blobs that were fetched.
    pub(crate) gets: usize,
    /// Fetched more than once, of `gets`.
    pub(crate) repeated: usize,
    /// To registries and their token hosts.
    pub(crate) connections: usize,
}

/// How much had arrived at a site at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    api: usize,
    requests: usize,
    /// Every way to a registry is a tunnel through the site's proxy.
    tunnels: usize,
}

impl Mark {
    pub(crate) fn now(site: &Site) -> Self {
        Self {
            api: site.cluster.log().len(),
            requests: site.internet.log().len(),
            tunnels: site.internet.tunnels().len(),
        }
    }

    /// What has arrived since.
    pub(crate) fn cost(self, site: &Site) -> Cost {
        let now = Self::now(site);
        let api = site.cluster.log();
        let used = |requests: &[Logged]| -> BTreeSet<usize> {
            requests.iter().map(|request| request.connection).collect()
        };
        let mut cost = Cost {
            api: now.api - self.api,
            api_connections: used(&api[self.api..now.api])
                .difference(&used(&api[..self.api]))
                .count(),
            connections: now.tunnels - self.tunnels,
            ..Cost::default()
        };
        let mut fetched = BTreeSet::new();
        for request in &site.internet.log()[self.requests..now.requests] {
            *cost.counter(request) += 1;
            if request.method == "GET" && request.path.contains("sha256:") {
                cost.repeated += usize::from(!fetched.insert(request.to_string()));
            }
        }
        cost
    }
}

impl Cost {
    fn counter(&mut self, request: &Seen) -> &mut usize {
        match (request.method.as_str(), request.path.as_str()) {
            (_, "/token") => &mut self.tokens,
            (_, "/v2/") => &mut self.pings,
            ("HEAD", _) => &mut self.heads,
            _ => &mut self.gets,
        }
    }
}
