//! The site that everybody looks at: a healthy release, four images on two registries, each of them current.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::sim::registries::Internet;
use crate::world::sim::release::scenarios::healthy;
use crate::world::sim::release::{Digests, Generation, Release, Scene};
use crate::world::sim::site::Site;

pub(crate) const NAMESPACE: &str = "tracebloc";
/// Where the resource-monitor runs.
pub(crate) const AGENTS: &str = "tracebloc-node-agents";
pub(crate) const REFRESHER: &str = "berlin-image-refresh";

/// What the release's tags are, in full.
pub(crate) const IMAGES: [&str; 4] = [
    "docker.io/tracebloc/jobs-manager:prod",
    "docker.io/tracebloc/pods-monitor:prod",
    "docker.io/tracebloc/resource-monitor:prod",
    "ghcr.io/tracebloc/ingestor:0.8",
];

pub(crate) const REGISTRIES: usize = 2;

/// The site, with its registries a round trip of `rtt` away and its API server next door.
pub(crate) fn site(rtt: Duration) -> Site {
    Site::through(Internet::with_rtt(rtt), |latest, _, now| {
        release(latest, now)
    })
}

/// The same release, with so many pods behind each of its workloads.
pub(crate) fn crowded(pods: usize) -> Site {
    Site::new(|latest, _, now| {
        let mut scene = release(latest, now);
        let workloads: Vec<Value> = scene
            .all("Pod")
            .filter(|pod| pod["metadata"]["labels"]["app"].is_string())
            .cloned()
            .collect();
        for pod in workloads {
            scene
                .objects
                .extend((1..pods).map(|number| another(&pod, number)));
        }
        scene
    })
}

fn release(latest: &Digests, now: Timestamp) -> Scene {
    // The chart pins the ingestor of prod; unpinned, its tag is one more to look up.
    let release = Release::with(Generation::G10, |values| {
        values.images.ingestor.prod_pin = false;
    });
    healthy(&release, latest, now)
}

fn another(pod: &Value, number: usize) -> Value {
    let mut pod = pod.clone();
    for field in ["name", "uid"] {
        let first = pod["metadata"][field].as_str().unwrap_or_default();
        pod["metadata"][field] = json!(format!("{first}-{number}"));
    }
    pod
}
