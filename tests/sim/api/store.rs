//! The objects, their one version counter and the history that watches are served from.
//!
//! Objects are whole JSON values, so a field that no Rust type knows survives, as it does in a
//! real cluster. The methods here are what fixtures and controllers use: they may set anything,
//! status included. What a client may do stands in `write.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::clock::Clock;
use super::listing::Snapshots;
use super::logs::Logs;
use super::ownership;
use super::resources::{Resource, Scope};
use super::write::Commit;

/// An object as it was at one version.
pub(crate) type Object = Arc<Value>;

/// What a write did to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Added,
    Modified,
    Deleted,
}

/// One write, as watches and controllers see it.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) happened: Happened,
    pub(crate) resource: &'static Resource,
    /// The object after the write; of a deletion, its last state.
    pub(crate) object: Object,
    /// `None` when the object is new.
    pub(crate) before: Option<Object>,
}

/// Which object: its kind, namespace (empty for cluster-wide kinds) and name.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) resource: &'static Resource,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl At {
    pub(crate) fn new(kind: &str, namespace: &str, name: &str) -> Self {
        let resource = Resource::of_kind(kind);
        let namespace = match resource.scope {
            Scope::Cluster => String::new(),
            Scope::Namespaced => namespace.to_owned(),
        };
        Self {
            resource,
            namespace,
            name: name.to_owned(),
        }
    }

    pub(crate) fn of(object: &Value) -> Self {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        Self::new(Resource::of(object).kind, text("namespace"), text("name"))
    }

    fn key(&self) -> Key {
        (
            self.resource.kind,
            self.namespace.clone(),
            self.name.clone(),
        )
    }
}

type Key = (&'static str, String, String);

pub(crate) struct Store {
    pub(crate) clock: Clock,
    pub(crate) logs: Logs,
    pub(crate) snapshots: Snapshots,
    objects: BTreeMap<Key, Object>,
    version: u64,
    uids: u64,
    history: Vec<Change>,
    /// Versions up to this one are no longer in the history.
    compacted: u64,
    /// Changes the controllers have not seen yet.
    pub(crate) unseen: VecDeque<Change>,
    /// Moves with every change, so that watches and followed logs look again.
    pulse: watch::Sender<u64>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            clock: Clock::Running(SignedDuration::ZERO),
            logs: Logs::default(),
            snapshots: Snapshots::default(),
            objects: BTreeMap::new(),
            version: 1,
            uids: 0,
            history: Vec::new(),
            compacted: 0,
            unseen: VecDeque::new(),
            pulse: watch::Sender::new(0),
        }
    }

    /// Stores a fixture as it stands, status included, in place of what was there. Fills in what
    /// every stored object has: uid, creation time, generation, version, and its namespace.
    pub(crate) fn put(&mut self, mut object: Value) -> Object {
        let at = At::of(&object);
        if at.resource.scope == Scope::Namespaced {
            assert!(
                !at.namespace.is_empty(),
                "a {} needs a namespace",
                at.resource.kind
            );
            self.ensure_namespace(&at.namespace);
        }
        let before = self.find(&at);
        let known = before.as_ref().map_or(json!({}), |b| b["metadata"].clone());
        let birth = json!({"uid": self.next_uid(), "creationTimestamp": self.clock.stamp()});
        for field in ["uid", "creationTimestamp", "generation", "managedFields"] {
            let meta = &mut object["metadata"];
            if meta[field].is_null() {
                let value = [&known[field], &birth[field]]
                    .into_iter()
                    .find(|v| !v.is_null());
                match value {
                    Some(value) => meta[field] = value.clone(),
                    None => drop(meta.as_object_mut().and_then(|meta| meta.remove(field))),
                }
            }
        }
        drop_empty(&mut object);
        count(&at, before.as_deref(), &mut object);
        self.commit(&at, before, object, Commit::Stored)
    }

    /// Changes an object the way a controller does, status included.
    ///
    /// # Panics
    ///
    /// When there is no such object: the scene of the test is wrong.
    pub(crate) fn edit(&mut self, at: &At, change: impl FnOnce(&mut Value)) -> Object {
        self.edit_as("kube-controller-manager", at, change)
    }

    /// As [`Store::edit`], in the name of another field manager: a colleague, Helm.
    pub(crate) fn edit_as(
        &mut self,
        manager: &str,
        at: &At,
        change: impl FnOnce(&mut Value),
    ) -> Object {
        let before = self
            .find(at)
            .unwrap_or_else(|| panic!("no {} {}/{}", at.resource.kind, at.namespace, at.name));
        let mut after = (*before).clone();
        change(&mut after);
        let only_status = before["spec"] == after["spec"] && before["status"] != after["status"];
        let writer = ownership::Writer {
            manager,
            subresource: only_status.then_some("status"),
        };
        drop_empty(&mut after);
        count(at, Some(&before), &mut after);
        ownership::record(&writer, self.clock, Some(&before), &mut after);
        self.commit(at, Some(before), after, Commit::Stored)
    }

    pub(crate) fn find(&self, at: &At) -> Option<Object> {
        self.objects.get(&at.key()).cloned()
    }

    /// In the order of namespace and name. `None` as the namespace means all of them.
    pub(crate) fn all(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Object> {
        let from = namespace.unwrap_or_default().to_owned();
        self.objects
            .range((resource.kind, from, String::new())..)
            .take_while(|((kind, at, _), _)| {
                *kind == resource.kind && namespace.is_none_or(|wanted| wanted == at)
            })
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    /// Every object of every kind, for owner references.
    pub(crate) fn everything(&self) -> Vec<Object> {
        self.objects.values().cloned().collect()
    }

    /// Unless this is a dry run, stores `after` under the next version and tells everybody.
    pub(super) fn commit(
        &mut self,
        at: &At,
        before: Option<Object>,
        mut after: Value,
        commit: Commit,
    ) -> Object {
        if commit == Commit::DryRun {
            return Arc::new(after);
        }
        self.version += 1;
        after["metadata"]["resourceVersion"] = self.version.to_string().into();
        let object = Arc::new(after);
        self.objects.insert(at.key(), Arc::clone(&object));
        let happened = match before {
            Some(_) => Happened::Modified,
            None => Happened::Added,
        };
        self.tell(at.resource, happened, Arc::clone(&object), before);
        object
    }

    /// Removes one object and nothing that depends on it.
    pub(super) fn forget(&mut self, at: &At) -> Option<Object> {
        let before = self.objects.remove(&at.key())?;
        self.version += 1;
        let mut last = (*before).clone();
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        let last = Arc::new(last);
        let told = Arc::clone(&last);
        self.tell(at.resource, Happened::Deleted, told, Some(before));
        Some(last)
    }

    fn tell(
        &mut self,
        resource: &'static Resource,
        happened: Happened,
        object: Object,
        before: Option<Object>,
    ) {
        let change = Change {
            version: self.version,
            happened,
            resource,
            object,
            before,
        };
        self.history.push(change.clone());
        self.unseen.push_back(change);
        self.wake();
    }

    fn ensure_namespace(&mut self, name: &str) {
        let at = At::new("Namespace", "", name);
        if self.find(&at).is_none() {
            self.put(json!({
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            }));
        }
    }

    /// Unique, and the same in every run.
    pub(super) fn next_uid(&mut self) -> String {
        self.uids += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.uids)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The changes after `version`; `None` when the history no longer goes back that far.
    pub(crate) fn since(&self, version: u64) -> Option<&[Change]> {
        if version < self.compacted {
            return None;
        }
        let start = self
            .history
            .partition_point(|change| change.version <= version);
        Some(&self.history[start..])
    }

    /// Forgets the history and the open lists, as etcd does every five minutes: watches from
    /// earlier versions and earlier continue tokens are answered with 410.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.compacted = self.version;
        self.snapshots = Snapshots::default();
        self.wake();
    }

    pub(crate) fn wake(&self) {
        self.pulse.send_modify(|beat| *beat += 1);
    }

    pub(crate) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }
}

/// Removes what the real server, for which empty is absent, would not print.
pub(super) fn drop_empty(object: &mut Value) {
    let Some(metadata) = object["metadata"].as_object_mut() else {
        return;
    };
    for field in ["annotations", "finalizers", "labels", "ownerReferences"] {
        let is_empty = match metadata.get(field) {
            Some(Value::Object(map)) => map.is_empty(),
            Some(Value::Array(list)) => list.is_empty(),
            _ => false,
        };
        if is_empty {
            metadata.remove(field);
        }
    }
}

/// Counts a change of the spec in `metadata.generation`. A Deployment's annotations count too,
/// because they are copied to its replica sets. A generation that a fixture states is taken.
/// Source: k8s.io/kubernetes, pkg/registry/apps/deployment/strategy.go.
pub(super) fn count(at: &At, before: Option<&Value>, after: &mut Value) {
    if !at.resource.has_generation() {
        return;
    }
    let stated = after["metadata"]["generation"].as_u64();
    let generation = match before {
        None => stated.unwrap_or(1),
        Some(before) => {
            let was = before["metadata"]["generation"].as_u64().unwrap_or(1);
            let annotations = |object: &Value| object["metadata"]["annotations"].clone();
            let moved = before["spec"] != after["spec"]
                || at.resource.kind == "Deployment" && annotations(before) != annotations(after);
            match stated {
                Some(stated) if stated != was => stated,
                _ => was + u64::from(moved),
            }
        }
    };
    after["metadata"]["generation"] = generation.into();
}
