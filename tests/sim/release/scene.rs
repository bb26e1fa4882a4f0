//! A cluster at one moment, as objects and logs: what a simulated server is given to serve.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Release;
use super::alive::{Owner, born, hex, own, owned, stamp};
use super::node::Node;

/// What stands in the cluster, and what its containers wrote.
#[derive(Clone, Debug)]
pub struct Scene {
    pub now: Timestamp,
    /// Every object has a uid, times and field owners; none has a resource version.
    pub objects: Vec<Value>,
    pub logs: Vec<PodLog>,
}

/// What one run of a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodLog {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    pub run: Run,
    pub text: String,
}

/// Which run of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    Current,
    Previous,
}

/// What a component says about an object.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// `Normal` or `Warning`.
    pub level: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    /// `kubelet`, `job-controller`.
    pub component: &'a str,
}

impl Scene {
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            objects: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// A time before now.
    pub fn ago(&self, duration: SignedDuration) -> Timestamp {
        self.now - duration
    }

    pub fn add_node(&mut self, node: &Node) {
        let created = self.ago(SignedDuration::from_hours(24 * 90));
        self.objects.push(node.object(created));
    }

    /// What `helm install` leaves behind, before any controller has seen it.
    pub fn install(&mut self, release: &Release, at: Timestamp) {
        for object in release.namespaces() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if self.find("Namespace", "", name).is_none() {
                self.objects.push(born(object, "helm", at));
            }
        }
        let objects = release.objects().into_iter();
        self.objects
            .extend(objects.map(|object| born(object, "helm", at)));
    }

    /// The first object of that name; cluster-wide kinds have an empty namespace.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects
            .iter()
            .find(|object| is(object, kind, namespace, name))
    }

    /// # Panics
    ///
    /// When there is none: the scene is wrong.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> &Value {
        match self.find(kind, namespace, name) {
            Some(object) => object,
            None => panic!("no {kind} {namespace}/{name}"),
        }
    }

    /// # Panics
    ///
    /// When there is none: the scene is wrong.
    pub fn object_mut(&mut self, kind: &str, namespace: &str, name: &str) -> &mut Value {
        let mut objects = self.objects.iter_mut();
        match objects.find(|object| is(object, kind, namespace, name)) {
            Some(object) => object,
            None => panic!("no {kind} {namespace}/{name}"),
        }
    }

    /// Objects of a kind in the order in which they came.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter(move |object| object["kind"] == kind)
    }

    /// Annotates the jobs-manager Deployment as the tick does with kubectl; the `ReplicaSet` of
    /// the newest revision gets its copy.
    pub fn annotate(&mut self, release: &Release, key: &str, value: &str, at: Timestamp) {
        let namespace = &release.values.namespace;
        let deployment = self.object_mut("Deployment", namespace, &release.jobs_manager_name());
        let metadata = &mut deployment["metadata"];
        metadata["annotations"][key] = value.into();
        metadata["generation"] = (metadata["generation"].as_u64().unwrap_or(1) + 1).into();
        let generation = metadata["generation"].clone();
        if deployment["status"].is_object() {
            deployment["status"]["observedGeneration"] = generation;
        }
        let fields = owned(&json!({ "metadata": { "annotations": { key: value } } }));
        own(
            deployment,
            &Owner::of_object("kubectl-annotate"),
            fields,
            at,
        );

        let revision = "deployment.kubernetes.io/revision";
        let uid = deployment["metadata"]["uid"].clone();
        let number = deployment["metadata"]["annotations"][revision].clone();
        for set in self
            .objects
            .iter_mut()
            .filter(|object| object["kind"] == "ReplicaSet")
        {
            let metadata = &mut set["metadata"];
            if metadata["ownerReferences"][0]["uid"] == uid
                && metadata["annotations"][revision] == number
            {
                metadata["annotations"][key] = value.into();
            }
        }
    }

    /// An event about an object of this scene.
    pub fn report(&mut self, about: &Value, said: &Event, at: Timestamp) {
        let metadata = &about["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let seed = format!("{name}/{}/{}/{at}", said.reason, said.message);
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": format!("{name}.{}", hex(&seed, 16)),
                "namespace": metadata["namespace"],
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "namespace": metadata["namespace"],
                "name": name,
                "uid": metadata["uid"],
            },
            "type": said.level,
            "reason": said.reason,
            "message": said.message,
            "count": 1,
            "firstTimestamp": stamp(at),
            "lastTimestamp": stamp(at),
            "eventTime": null,
            "reportingComponent": said.component,
            "reportingInstance": "",
            "source": { "component": said.component },
        });
        self.objects.push(born(event, said.component, at));
    }
}

fn is(object: &Value, kind: &str, namespace: &str, name: &str) -> bool {
    let metadata = &object["metadata"];
    object["kind"] == kind
        && metadata["name"] == name
        && metadata["namespace"].as_str().unwrap_or_default() == namespace
}
