//! Where and how often a fault acts, and which faults act at this moment.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::fault::{Fault, Layer};

/// What a request is about, as its host and path say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Ping,
    Token,
    Manifest,
    Tags,
    /// At the registry, before the redirect.
    Blob,
    /// At the host that stores the layers.
    Layer,
    Other,
}

/// Where and how often a fault acts: a host, `host/repository`, or `*` for every host.
#[derive(Clone, Debug)]
pub(crate) struct At {
    host: String,
    repository: Option<String>,
    method: Option<&'static str>,
    kind: Option<Kind>,
    often: Often,
}

#[derive(Clone, Copy, Debug)]
enum Often {
    Always,
    /// The first so many times, then never again.
    First(u64),
    /// Only that time, counted from 1.
    Nth(u64),
}

/// A place for a fault; for a request also narrowed by the methods of `At`.
pub(crate) fn at(place: &str) -> At {
    let (host, repository) = match place.split_once('/') {
        Some((host, repository)) => (host, Some(repository.to_owned())),
        None => (place, None),
    };
    At {
        host: host.to_owned(),
        repository,
        method: None,
        kind: None,
        often: Often::Always,
    }
}

impl At {
    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    pub(crate) fn only(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Acts on the first `times` that match; then all is well.
    pub(crate) fn first(mut self, times: u64) -> Self {
        self.often = Often::First(times);
        self
    }

    /// Acts on one match only, counted from 1.
    pub(crate) fn nth(mut self, which: u64) -> Self {
        self.often = Often::Nth(which);
        self
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn covers(&self, host: &str) -> bool {
        self.host == host || self.host == "*" && host != super::PROXY
    }
}

impl From<&str> for At {
    fn from(place: &str) -> Self {
        at(place)
    }
}

/// What a rule is matched against, when it is a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) host: &'a str,
    pub(super) method: &'a str,
    pub(super) kind: Kind,
    /// Every repository that the request names: one, or a token's scopes.
    pub(super) repositories: &'a [String],
}

#[derive(Clone, Debug)]
struct Rule {
    id: u64,
    at: At,
    fault: Fault,
    met: u64,
}

impl Rule {
    /// Counts a match, and says whether the fault acts on it.
    fn acts(&mut self) -> bool {
        self.met += 1;
        match self.at.often {
            Often::Always => true,
            Often::First(times) => self.met <= times,
            Often::Nth(which) => self.met == which,
        }
    }

    fn matches(&self, asked: &Asked) -> bool {
        let kind = |wanted: &Option<Kind>| wanted.is_none_or(|kind| kind == asked.kind);
        let repository = |wanted: &String| asked.repositories.contains(wanted);
        self.fault.layer() == Layer::Http
            && self.at.covers(asked.host)
            && self.at.method.is_none_or(|method| method == asked.method)
            && self.at.repository.as_ref().is_none_or(repository)
            && kind(&self.at.kind)
            && kind(&self.fault.concerns())
    }
}

/// A fault that acts, with the number of its rule.
#[derive(Clone, Debug)]
pub(super) struct Acting {
    pub(super) rule: u64,
    pub(super) fault: Fault,
}

pub(super) struct Rules {
    list: Mutex<Vec<Rule>>,
    last: watch::Sender<u64>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list().fmt(f)
    }
}

impl Rules {
    pub(super) fn new() -> Self {
        Self {
            list: Mutex::default(),
            last: watch::Sender::new(0),
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, at: At, fault: Fault) {
        let mut id = 0;
        self.last.send_modify(|last| {
            *last += 1;
            id = *last;
        });
        let met = 0;
        self.list().push(Rule { id, at, fault, met });
        self.last.send_modify(|_| ());
    }

    /// Removes the rules of a host, or all of them for `*`; returns the layers they were in.
    pub(super) fn remove(&self, host: &str) -> Vec<Layer> {
        let is_removed = |rule: &mut Rule| host == "*" || rule.at.host == host;
        let removed: Vec<Rule> = self.list().extract_if(.., is_removed).collect();
        self.last.send_modify(|_| ());
        removed.iter().map(|rule| rule.fault.layer()).collect()
    }

    /// The first fault of a layer that covers the host, without counting it as met.
    pub(super) fn standing(&self, layer: Layer, host: &str) -> Option<Fault> {
        let list = self.list();
        let rule = list
            .iter()
            .find(|rule| rule.fault.layer() == layer && rule.at.covers(host));
        rule.map(|rule| rule.fault.clone())
    }

    /// The first rule of a layer below HTTP that covers the host and acts this time.
    pub(super) fn first(&self, layer: Layer, host: &str) -> Option<Acting> {
        let mut list = self.list();
        let covering = |rule: &&mut Rule| rule.fault.layer() == layer && rule.at.covers(host);
        let rule = list
            .iter_mut()
            .filter(covering)
            .find_map(|rule| rule.acts().then_some(&*rule))?;
        Some(Acting {
            rule: rule.id,
            fault: rule.fault.clone(),
        })
    }

    /// All faults that act on a request, in the order in which they were added.
    pub(super) fn acting(&self, asked: &Asked) -> Vec<Acting> {
        let mut list = self.list();
        let matching = list.iter_mut().filter(|rule| rule.matches(asked));
        matching
            .filter_map(|rule| {
                rule.acts().then(|| Acting {
                    rule: rule.id,
                    fault: rule.fault.clone(),
                })
            })
            .collect()
    }

    /// Returns when the rule is gone.
    pub(super) async fn healed(&self, rule: u64) {
        let mut last = self.last.subscribe();
        let is_gone = || self.list().iter().all(|held| held.id != rule);
        while !is_gone() {
            if last.changed().await.is_err() {
                return;
            }
        }
    }
}
