//! What the images of a release need of the network, reached or not: the evidence for a firewall's owner.

use serde::Serialize;

use crate::reading::{Known, Readings};
use crate::render::model::API_VERSION;

/// A host that images need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Host {
    #[serde(rename = "host")]
    pub(crate) name: String,
    pub(crate) port: u16,
    /// `registry`, `token` or `layers`.
    pub(crate) purpose: &'static str,
    /// Of the registry, as references spell it.
    pub(crate) registry: String,
    /// Whether the registry sent us there in this look, or it is known from before.
    pub(crate) observed: bool,
}

/// What `doctor --allowlist=json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllowList {
    api_version: &'static str,
    kind: &'static str,
    /// Each host once, registry by registry.
    pub(crate) hosts: Vec<Host>,
}

impl AllowList {
    /// Of all releases together.
    pub(crate) fn new(looked: &[Readings]) -> Self {
        let mut all: Vec<Host> = Vec::new();
        for host in looked.iter().flat_map(hosts) {
            if !all.contains(&host) {
                all.push(host);
            }
        }
        Self {
            api_version: API_VERSION,
            kind: "AllowList",
            hosts: all,
        }
    }
}

/// The hosts of each registry, in the order of the steps.
pub(super) fn hosts(readings: &Readings) -> Vec<Host> {
    let mut hosts = Vec::new();
    for way in &readings.here {
        let own = way.hosts.iter().zip(["registry", "token"]);
        let own = own.map(|(host, purpose)| (host, purpose, true));
        let layers = way.layers.iter();
        let layers = layers.map(|layer| (&layer.host, "layers", layer.known == Known::Observed));
        for (host, purpose, observed) in own.chain(layers) {
            let (name, port) = match host.rsplit_once(':') {
                Some((name, port)) => (name, port.parse().unwrap_or(443)),
                None => (host.as_str(), 443),
            };
            hosts.push(Host {
                name: name.to_owned(),
                port,
                purpose,
                registry: way.registry.clone(),
                observed,
            });
        }
    }
    hosts
}
