//! `tick`, the real binary, with the environment of the CronJob's container, at simulated sites.

mod bad_input;
mod counters;
mod differences;
mod generations;
mod place;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Output, Plugin};
use crate::world::sim::api::Cluster;
use crate::world::sim::api::store::{At, Change, Happened, Store};
use crate::world::sim::registries::content::Index;
use crate::world::sim::release::scenarios::healthy;
use crate::world::sim::release::{Generation, Release, Scene, Values};
use crate::world::sim::site::Site;

const NS: &str = "tracebloc";
const AGENTS: &str = "tracebloc-node-agents";
const JOBS_MANAGER: &str = "berlin-jobs-manager";

pub(crate) const FAILURES: &str = "ingestor-refresh-consecutive-failures";
const LAST_ERROR: &str = "ingestor-refresh-last-error";
const ATTEMPT: &str = "refresh-attempt";
const FLAP: &str = "refresh-flap-detected";
const SKIPS: &str = "refresh-skip-streak";

/// A site of the release `berlin` whose controllers roll out at once.
pub(crate) struct Edge {
    pub(crate) site: Site,
    /// What the CronJob gives its container, but for its home.
    env: BTreeMap<String, String>,
}

impl Edge {
    /// Everything current.
    pub(crate) fn healthy(generation: Generation) -> Self {
        Self::with(generation, |_| ())
    }

    /// As [`Edge::healthy`], with some values of the chart changed.
    fn with(generation: Generation, change: impl FnOnce(&mut Values)) -> Self {
        let release = Release::with(generation, change);
        Self::at(Site::new(|latest, _, now| healthy(&release, latest, now)))
    }

    /// As [`Edge::healthy`], with the scene changed before anybody looks.
    fn altered(generation: Generation, alter: impl FnOnce(&mut Scene)) -> Self {
        let release = Release::new(generation);
        Self::at(Site::new(|latest, _, now| {
            let mut scene = healthy(&release, latest, now);
            alter(&mut scene);
            scene
        }))
    }

    fn at(site: Site) -> Self {
        site.cluster.on(rolls_out);
        let cron_job = site
            .cluster
            .get("CronJob", NS, "berlin-image-refresh")
            .unwrap();
        let pod = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        let entries = pod["containers"][0]["env"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let env = entries.map(|entry| (text(&entry["name"]), text(&entry["value"])));
        Self {
            env: env.filter(|(name, _)| name != "HOME").collect(),
            site,
        }
    }

    fn cluster(&self) -> &Cluster {
        &self.site.cluster
    }

    /// The binary in the container's environment, but for these variables.
    fn plugin(&self, changes: &[(&str, &str)]) -> Plugin {
        let kubeconfig = self.cluster().kubeconfig().display().to_string();
        self.plugin_with(&kubeconfig, changes)
    }

    /// As [`Edge::plugin`], with another kubeconfig than the cluster's own.
    fn plugin_with(&self, kubeconfig: &str, changes: &[(&str, &str)]) -> Plugin {
        let mut env = self.env.clone();
        env.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let site = self.site.internet.env().into_iter();
        env.extend(site.map(|(name, value)| (name.to_owned(), value)));
        let plugin = Plugin::new().args(["tick", "--kubeconfig", kubeconfig]);
        env.iter()
            .fold(plugin, |plugin, (name, value)| plugin.env(name, value))
    }

    /// One tick: its exit code and its log. Nothing goes to stdout, and every line bears the prefix.
    pub(crate) fn tick(&self) -> (i32, String) {
        ended(self.plugin(&[]).output())
    }

    /// A new build under the tag: its digest.
    fn publish(&self, reference: &str) -> String {
        let both = Index::of(["linux/amd64", "linux/arm64"]);
        self.site
            .internet
            .push(reference, both.label("build", "the next"))
    }

    /// An annotation of jobs-manager under `tracebloc.io/`; null when absent.
    fn mark(&self, key: &str) -> Value {
        let found = self.cluster().get("Deployment", NS, JOBS_MANAGER).unwrap();
        found["metadata"]["annotations"][format!("tracebloc.io/{key}")].clone()
    }

    pub(crate) fn set_mark(&self, key: &str, value: &str) {
        self.cluster().store(|store| set_mark(store, key, value));
    }

    /// The container of that name in the pod template.
    fn container(&self, kind: &str, namespace: &str, workload: &str, name: &str) -> Value {
        let found = self.cluster().get(kind, namespace, workload).unwrap();
        let containers = found["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap()
            .clone();
        let mut containers = containers.into_iter();
        containers
            .find(|container| container["name"] == name)
            .unwrap()
    }

    fn ingestor_env(&self) -> Value {
        let api = self.container("Deployment", NS, JOBS_MANAGER, "api");
        let entries = api["env"].as_array().unwrap().clone();
        let mut entries = entries.into_iter();
        let entry = entries.find(|entry| entry["name"] == "INGESTOR_IMAGE_DIGEST");
        entry.map_or(Value::Null, |entry| entry["value"].clone())
    }

    fn set_ingestor_env(&self, digest: &str) {
        self.cluster().store(|store| {
            store.edit(&jobs_manager(), |deployment| {
                let containers = &mut deployment["spec"]["template"]["spec"]["containers"];
                let mut containers = containers.as_array_mut().unwrap().iter_mut();
                let api = containers.find(|it| it["name"] == "api").unwrap();
                let mut entries = api["env"].as_array_mut().unwrap().iter_mut();
                let entry = entries.find(|it| it["name"] == "INGESTOR_IMAGE_DIGEST");
                entry.unwrap()["value"] = json!(digest);
            });
        });
    }

    /// Leaves jobs-manager unsettled for good, as the Deployment's own deadline says.
    fn unsettle(&self) {
        self.cluster().store(|store| {
            store.edit(&jobs_manager(), |deployment| {
                deployment["status"]["conditions"] = json!([{
                    "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                    "message": "ReplicaSet \"x\" has timed out progressing.",
                }]);
            });
        });
    }

    /// Its rollout is on the way, and does not end.
    fn unsettle_for_a_while(&self) {
        self.cluster().store(|store| {
            store.edit(&jobs_manager(), |deployment| {
                deployment["status"]["availableReplicas"] = json!(0);
            });
        });
    }

    fn patches(&self) -> usize {
        self.cluster().count("PATCH", "")
    }
}

fn jobs_manager() -> At {
    At::new("Deployment", NS, JOBS_MANAGER)
}

fn set_mark(store: &mut Store, key: &str, value: &str) {
    store.edit(&jobs_manager(), |deployment| {
        deployment["metadata"]["annotations"][format!("tracebloc.io/{key}")] = json!(value);
    });
}

fn unset_mark(store: &mut Store, key: &str) {
    store.edit(&jobs_manager(), |deployment| {
        let annotations = deployment["metadata"]["annotations"].as_object_mut();
        annotations.unwrap().remove(&format!("tracebloc.io/{key}"));
    });
}

/// A controller for which every spec is rolled out as soon as it is seen.
fn rolls_out(change: &Change, store: &mut Store) {
    if !["Deployment", "DaemonSet"].contains(&change.resource.kind)
        || change.happened == Happened::Deleted
    {
        return;
    }
    let generation = &change.object["metadata"]["generation"];
    if change.object["status"]["observedGeneration"] != *generation {
        store.edit(&At::of(&change.object), |workload| {
            workload["status"]["observedGeneration"] = workload["metadata"]["generation"].clone();
        });
    }
}

fn ended(output: Output) -> (i32, String) {
    assert_eq!("", output.stdout);
    let is_ours = |line: &str| line.starts_with("[image-refresh] ");
    assert!(output.stderr.lines().all(is_ours), "{}", output.stderr);
    (output.code.unwrap(), output.stderr)
}

/// Fails unless the words stand in the log in this order, each in a line of its own.
fn assert_says(log: &str, words: &[&str]) {
    let mut lines = log.lines();
    for words in words {
        assert!(
            lines.any(|line| line.contains(words)),
            "{words:?} is not said, or not there:\n{log}"
        );
    }
}
