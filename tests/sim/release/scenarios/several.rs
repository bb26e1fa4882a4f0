//! More than one release in a cluster.

use jiff::Timestamp;

use super::super::{Digests, Generation, Node, Release, Scene, Values};
use super::{NODES, Story, at_rest, place, tick};

/// So many healthy releases, `edge-0000` and on, each in a namespace of its own name, with one
/// namespace for all node agents, over all generations in turn. Their nodes are three.
pub fn fleet(count: usize, latest: &Digests, now: Timestamp) -> (Vec<Release>, Scene) {
    fleet_of(count, latest, now, |_, _| ())
}

/// As [`fleet`], with the values of each changed by its place.
pub fn fleet_of(
    count: usize,
    latest: &Digests,
    now: Timestamp,
    change: impl Fn(usize, &mut Values),
) -> (Vec<Release>, Scene) {
    let mut scene = Scene::new(now);
    for (name, arch) in NODES {
        scene.add_node(&Node::new(name, arch));
    }
    let generations = Generation::ALL.into_iter().cycle();
    let releases = generations
        .take(count)
        .enumerate()
        .map(|(index, generation)| {
            let name = format!("edge-{index:04}");
            Release::with(generation, |values| {
                values.namespace.clone_from(&name);
                values.name = name;
                change(index, values);
            })
        });
    let releases: Vec<_> = releases.collect();
    for release in &releases {
        // Built apart, because a scene is searched from its beginning.
        let mut site = Scene::new(now);
        place(&mut site, release, latest, &NODES.map(|(name, _)| name));
        tick(&mut site, release, latest, &Story::Unchanged);
        let agents = &release.values.node_agents_namespace;
        if scene.find("Namespace", "", agents).is_some() {
            site.objects
                .retain(|object| object["metadata"]["name"] != agents.as_str());
        }
        scene.objects.append(&mut site.objects);
        scene.logs.append(&mut site.logs);
    }
    (releases, scene)
}

/// Two releases whose rendered manifests were applied to the same namespace: their pods carry the
/// same labels.
pub fn two_in_one_namespace(latest: &Digests, now: Timestamp) -> ([Release; 2], Scene) {
    let releases = ["berlin", "munich"]
        .map(|name| Release::with(Generation::G10, |values| name.clone_into(&mut values.name)));
    let mut scene = at_rest(&releases[0], latest, now);
    place(
        &mut scene,
        &releases[1],
        latest,
        &NODES.map(|(name, _)| name),
    );
    for release in &releases {
        tick(&mut scene, release, latest, &Story::Unchanged);
    }
    (releases, scene)
}
