//! Ready-made sites: each function returns everything that a cluster holds in one situation.
//!
//! `latest` is what the registries' tags name now; `before` what they named earlier. Unless a
//! release is given, it is `berlin` in `tracebloc`. Source: chart contract, sections 5, 12, 13.

use jiff::{SignedDuration, Timestamp};

use super::logs::{Story, curl_timeout, tick_log};
use super::node::Node;
use super::scene::Scene;
use super::tick::{Tick, schedule_points};
use super::{Digests, Generation, Release, Values};

mod blocked;
mod halted;
mod several;

pub use blocked::{docker_blocked, incident_g2, no_server, silent_g1, warned_g2};
pub use halted::{flap_g10, no_pod, not_pulled_g10, overdue, running_tick, skips_g10, suspended};
pub use several::{fleet, fleet_of, two_in_one_namespace};

/// The nodes of [`healthy`]: two of amd64, one of arm64.
pub const NODES: [(&str, &str); 3] = [
    ("edge-01", "amd64"),
    ("edge-02", "amd64"),
    ("edge-03", "arm64"),
];

/// How long ago [`healthy`] releases last moved: longer than any streak counted here.
const SETTLED_FOR: SignedDuration = SignedDuration::from_hours(24 * 9);

/// Everything current; the last tick found nothing new.
pub fn healthy(release: &Release, latest: &Digests, now: Timestamp) -> Scene {
    let mut scene = at_rest(release, latest, now);
    tick(&mut scene, release, latest, &Story::Unchanged);
    scene
}

/// A tag has moved since the last tick; the next one will see it.
pub fn stale(release: &Release, before: &Digests, now: Timestamp) -> Scene {
    healthy(release, before, now)
}

/// The images come from a mirror, so the tick is inert.
pub fn mirrored_g8(running: &Digests, now: Timestamp) -> Scene {
    let mirror = |values: &mut Values| values.mirror = Some("mirror.corp.example".to_owned());
    let release = Release::with(Generation::G8, mirror);
    let mut scene = at_rest(&release, running, now);
    tick(&mut scene, &release, running, &Story::Mirrored);
    scene
}

/// The ingestor is held by the chart's pin, whatever its tag names; the rest is current.
pub fn held_prod_pin_g10(latest: &Digests, now: Timestamp) -> Scene {
    healthy(&Release::new(Generation::G10), latest, now)
}

/// Nothing refreshes: no `CronJob`, every workload as the chart rendered it.
pub fn no_refresher(running: &Digests, now: Timestamp) -> Scene {
    let off = |values: &mut Values| values.refresh.enabled = false;
    at_rest(&Release::with(Generation::G10, off), running, now)
}

/// Three nodes, and a release that has rolled out and recorded these digests.
fn at_rest(release: &Release, digests: &Digests, now: Timestamp) -> Scene {
    let mut scene = Scene::new(now);
    for (name, arch) in NODES {
        scene.add_node(&Node::new(name, arch));
    }
    place(&mut scene, release, digests, &NODES.map(|(name, _)| name));
    scene
}

/// Installs a release, rolls it out and records it, on nodes that are there already.
fn place(scene: &mut Scene, release: &Release, digests: &Digests, nodes: &[&str]) {
    let at = scene.ago(SETTLED_FOR);
    scene.install(release, at - SignedDuration::from_hours(24));
    scene.settle(release, digests, nodes, at);
    scene.record(release, digests, at);
}

/// The newest scheduled run: complete, with the log of that story.
fn tick(scene: &mut Scene, release: &Release, latest: &Digests, story: &Story) {
    for at in schedule_points(scene.now, 1) {
        let log = tick_log(release, latest, story);
        scene.run(release, &Tick::complete(at, NODES[0].0, log));
    }
}
