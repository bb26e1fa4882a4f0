//! Watches: the changes since a version, as they happen, through the watcher's selector.
//! Source: k8s.io/apiserver, `pkg/storage/cacher/cache_watcher.go`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::Site;
use super::http::{Answer, Call};
use super::listing::View;
use super::refusal::Refusal;
use super::resources::Resource;
use super::routes;
use super::selectors::Selector;
use super::store::{Change, Happened};
use super::target::Target;

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Which changes a watcher wants, and in which form.
struct Wanted {
    resource: &'static Resource,
    namespace: Option<String>,
    selector: Selector,
    view: View,
    /// Whether it allows bookmarks.
    bookmarks: Bookmarks,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bookmarks {
    Allowed,
    Unwanted,
}

pub(crate) fn answer(
    site: &Arc<Site>,
    call: &Call,
    target: &Target,
    view: View,
) -> Result<Answer, Refusal> {
    let wanted = Wanted {
        resource: target.resource,
        namespace: target.namespace.clone(),
        selector: routes::selector(call, target)?,
        view,
        bookmarks: if call.has("allowWatchBookmarks") {
            Bookmarks::Allowed
        } else {
            Bookmarks::Unwanted
        },
    };
    let timeout = call
        .number("timeoutSeconds")
        .map_or(NEVER, Duration::from_secs);
    let from = call
        .number("resourceVersion")
        .filter(|version| *version > 0);
    let watch = Watch::start(site, wanted, from, Instant::now() + timeout);
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Answer::stream("application/json", events.boxed()))
}

/// One watch under way.
struct Watch {
    site: Arc<Site>,
    wanted: Wanted,
    pulse: Receiver<u64>,
    /// The version up to which everything is in the queue.
    position: u64,
    queue: VecDeque<Bytes>,
    is_over: bool,
    deadline: Instant,
}

impl Watch {
    /// From nowhere, a watch begins with what there is.
    fn start(site: &Arc<Site>, wanted: Wanted, from: Option<u64>, deadline: Instant) -> Self {
        let (pulse, version, objects) = site.act(|state| {
            let store = &state.store;
            let objects = match from {
                Some(_) => Vec::new(),
                None => store.all(wanted.resource, wanted.namespace.as_deref()),
            };
            (store.pulse(), store.version(), objects)
        });
        let objects = objects
            .iter()
            .filter(|object| wanted.selector.matches(object));
        let queue = objects
            .map(|object| line("ADDED", &wanted.view.show(object)))
            .collect();
        Self {
            site: Arc::clone(site),
            wanted,
            pulse,
            position: from.unwrap_or(version),
            queue,
            is_over: false,
            deadline,
        }
    }

    /// The next event; `None` when the watch has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            self.pulse.mark_unchanged();
            self.look();
            if !self.queue.is_empty() {
                continue;
            }
            tokio::select! {
                _ = self.pulse.changed() => {}
                () = tokio::time::sleep_until(self.deadline) => {
                    if self.wanted.bookmarks == Bookmarks::Allowed {
                        self.queue.push_back(self.wanted.bookmark(self.position));
                    }
                    self.is_over = true;
                }
            }
        }
    }

    fn look(&mut self) {
        let site = Arc::clone(&self.site);
        site.act(|state| {
            let Some(changes) = state.store.since(self.position) else {
                let (wanted, current) = (self.position, state.store.version());
                let message = format!("too old resource version: {wanted} ({current})");
                let status = Refusal::expired(message).status();
                self.queue.push_back(line("ERROR", &status));
                self.is_over = true;
                return;
            };
            let events = changes
                .iter()
                .filter_map(|change| self.wanted.event(change));
            self.queue.extend(events);
            self.position = changes
                .last()
                .map_or(self.position, |change| change.version);
        });
    }
}

impl Wanted {
    /// The event of a change for this watcher: an object that begins to match is new to it, one
    /// that no longer matches is gone. `None` when the change does not concern it.
    fn event(&self, change: &Change) -> Option<Bytes> {
        let namespace = change.object["metadata"]["namespace"].as_str();
        if change.resource.kind != self.resource.kind
            || self.namespace.is_some() && self.namespace.as_deref() != namespace
        {
            return None;
        }
        let before = change
            .before
            .as_deref()
            .filter(|b| self.selector.matches(b));
        let is_wanted = self.selector.matches(&change.object);
        let is_there = change.happened != Happened::Deleted && is_wanted;
        let (event, object) = match (before, is_there) {
            (None, true) => ("ADDED", self.view.show(&change.object)),
            (Some(_), true) => ("MODIFIED", self.view.show(&change.object)),
            (Some(before), false) => {
                let mut last = self.view.show(before);
                last["metadata"]["resourceVersion"] = change.version.to_string().into();
                ("DELETED", last)
            }
            (None, false) => return None,
        };
        Some(line(event, &object))
    }

    fn bookmark(&self, version: u64) -> Bytes {
        let object = json!({
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": version.to_string()},
        });
        line("BOOKMARK", &object)
    }
}

fn line(event: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{}\n", json!({"type": event, "object": object})))
}
