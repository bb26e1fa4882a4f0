//! What bars the way to registries, as one thing however many places and registries meet it.

use std::collections::BTreeSet;

use super::table::Words;
use super::{Allowed, Confidence};
use crate::codes::Code;
use crate::reading::{Broken, Known, LayerHost, Readings, Step, Taken, Way};

/// A kind of place that is looked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Pods,
    Nodes,
    Here,
}

/// How the way to one registry looks from one kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Open,
    Barred,
    Untested,
}

/// One failure, as one place met it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) place: Place,
    pub(super) registry: &'a str,
    pub(super) broken: &'a Broken,
    /// `None` for what a node's runtime said.
    pub(super) way: Option<&'a Way>,
    pub(super) taken: Option<(Step, &'a Taken)>,
}

/// The same failure at every registry and place that meets it.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) code: Code,
    /// Not empty; pods first, then nodes.
    pub(super) sights: Vec<Sight<'a>>,
    /// Registries that are reached from every place that is barred.
    pub(super) fine: Vec<&'a str>,
}

/// The ways to each registry from one kind of place.
pub(super) fn ways(readings: &Readings, place: Place) -> Vec<&Way> {
    match place {
        Place::Here => readings.here.iter().collect(),
        Place::Pods => {
            let looks = readings.pods.iter();
            looks.flat_map(|pod| pod.ways.iter().flatten()).collect()
        }
        Place::Nodes => Vec::new(),
    }
}

/// How the way to a registry looks from one kind of place; barred where one of its kind is.
pub(super) fn view(readings: &Readings, place: Place, registry: &str) -> View {
    let of_pulls = readings
        .pulls
        .iter()
        .filter(|pull| place == Place::Nodes && pull.image.registry == registry)
        .map(|pull| pull.result.is_ok());
    let of_ways = ways(readings, place)
        .into_iter()
        .filter(|way| way.registry == registry)
        .filter(|way| way.is_open() || way.broken().is_some())
        .map(Way::is_open);
    let views: Vec<bool> = of_pulls.chain(of_ways).collect();
    match (views.is_empty(), views.iter().all(|open| *open)) {
        (true, _) => View::Untested,
        (false, true) => View::Open,
        (false, false) => View::Barred,
    }
}

/// Everything that bars a way, pods first.
pub(super) fn blocks(readings: &Readings) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for sight in sights(readings) {
        let is_same = |block: &&mut Block<'_>| {
            block.code == sight.broken.code && block.sights.iter().any(|one| one.is_like(&sight))
        };
        match blocks.iter_mut().find(is_same) {
            Some(block) => block.sights.push(sight),
            None => blocks.push(Block {
                code: sight.broken.code,
                sights: vec![sight],
                fine: Vec::new(),
            }),
        }
    }
    merge(&mut blocks);
    let registries: BTreeSet<&str> = readings
        .here
        .iter()
        .map(|way| way.registry.as_str())
        .collect();
    for block in &mut blocks {
        let is_open = |registry: &&str| {
            let places = block.places();
            places
                .iter()
                .all(|place| view(readings, *place, registry) == View::Open)
        };
        block.fine = registries.iter().copied().filter(is_open).collect();
    }
    blocks
}

/// The first failure of each way, then what nodes said.
fn sights(readings: &Readings) -> Vec<Sight<'_>> {
    let of_ways = |place| {
        ways(readings, place).into_iter().filter_map(move |way| {
            let (step, taken, broken) = way.broken()?;
            Some(Sight {
                place,
                registry: &way.registry,
                broken,
                way: Some(way),
                taken: Some((step, taken)),
            })
        })
    };
    let of_pulls = readings.pulls.iter().filter_map(|pull| {
        Some(Sight {
            place: Place::Nodes,
            registry: &pull.image.registry,
            broken: pull.result.as_ref().err()?,
            way: None,
            taken: None,
        })
    });
    of_ways(Place::Pods)
        .chain(of_pulls)
        .chain(of_ways(Place::Here))
        .collect()
}

impl Sight<'_> {
    /// Whether it is the same failure of the same registry, met from elsewhere.
    fn is_like(&self, other: &Self) -> bool {
        self.registry == other.registry && self.broken.cause == other.broken.cause
    }
}

/// What bars several registries in the same places is one thing.
fn merge(blocks: &mut Vec<Block<'_>>) {
    let mut merged: Vec<Block<'_>> = Vec::new();
    for block in blocks.drain(..) {
        let is_same = |one: &&mut Block<'_>| {
            one.code == block.code
                && one.places() == block.places()
                && one.sights[0].broken.cause == block.sights[0].broken.cause
        };
        match merged.iter_mut().find(is_same) {
            Some(one) => one.sights.extend(block.sights),
            None => merged.push(block),
        }
    }
    *blocks = merged;
}

impl Block<'_> {
    pub(super) fn places(&self) -> BTreeSet<Place> {
        self.sights.iter().map(|sight| sight.place).collect()
    }

    pub(super) fn is_from(&self, place: Place) -> bool {
        self.sights.iter().any(|sight| sight.place == place)
    }

    pub(super) fn registries(&self) -> BTreeSet<&str> {
        self.sights.iter().map(|sight| sight.registry).collect()
    }

    /// Whether it keeps digests from being looked up, and not only layers from being pulled.
    pub(super) fn bars_lookups(&self) -> bool {
        let is_beyond =
            |sight: &Sight<'_>| matches!(sight.taken, Some((Step::Layers | Step::Budget, _)));
        !self.sights.iter().all(is_beyond)
    }

    pub(super) fn who(&self) -> &'static str {
        use Place::{Here, Nodes, Pods};

        let has = |place| self.is_from(place);
        match (has(Pods), has(Nodes), has(Here)) {
            (true, false, false) => "the pods",
            (false, true, false) => "the nodes",
            (true, true, false) => "pods and nodes",
            (true, false, true) => "the pods and this machine",
            (false, true, true) => "the nodes and this machine",
            (true, true, true) => "pods, nodes and this machine",
            (false, false, _) => "this machine",
        }
    }

    pub(super) fn words(&self) -> Words {
        let first = &self.sights[0];
        let issuer = first.taken.and_then(|(_, taken)| taken.issuer.clone());
        Words {
            who: self.who().to_owned(),
            hosts: join(self.registries()),
            host: first.broken.host.clone(),
            said: first.broken.message.clone(),
            issuer: issuer.map_or_else(
                || "an authority that is not named".to_owned(),
                |issuer| format!("\"{issuer}\""),
            ),
            fine: join(self.fine.iter().copied()),
        }
    }

    pub(super) fn confidence(&self, readings: &Readings) -> Confidence {
        let all = [Place::Pods, Place::Nodes, Place::Here];
        let is_tested = |place: &Place| {
            let mut views = self
                .registries()
                .into_iter()
                .map(|one| view(readings, *place, one));
            views.all(|view| view != View::Untested)
        };
        match all.iter().filter(|place| is_tested(place)).count() {
            0 | 1 => Confidence::Medium,
            _ => Confidence::High,
        }
    }

    /// The hosts that are barred from where it was met, and those behind them that nobody could test there.
    pub(super) fn allow(&self, readings: &Readings) -> Vec<Allowed> {
        let mut allowed: Vec<Allowed> = Vec::new();
        let mut add = |host: &str, known| {
            let (host, port) = match host.rsplit_once(':') {
                Some((name, port)) => (name, port.parse().unwrap_or(443)),
                None => (host, 443),
            };
            if !allowed.iter().any(|one| one.host == host) {
                allowed.push(Allowed {
                    host: host.to_owned(),
                    port,
                    known,
                });
            }
        };
        for sight in &self.sights {
            add(&sight.broken.host, Known::Observed);
            let Some(way) = sight.way else {
                continue;
            };
            let steps = [Step::Connect, Step::Token];
            for (host, step) in way.hosts.iter().zip(steps) {
                if !way.has_passed(step) {
                    add(host, Known::Observed);
                }
            }
            if !way.has_passed(Step::Layers) {
                for LayerHost { host, known } in layer_hosts(readings, way) {
                    add(&host, known);
                }
            }
        }
        allowed
    }
}

/// Where the layers of a registry are, as somebody observed it, else as they are expected.
fn layer_hosts(readings: &Readings, way: &Way) -> Vec<LayerHost> {
    let observed = |way: &&Way| way.layers.iter().any(|host| host.known == Known::Observed);
    let elsewhere = readings
        .here
        .iter()
        .filter(|one| one.registry == way.registry);
    let best = [way].into_iter().chain(elsewhere).find(observed);
    best.unwrap_or(way).layers.clone()
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
