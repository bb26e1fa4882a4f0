//! A release of the tracebloc client chart, of any generation, as Kubernetes objects.
//!
//! [`Release::objects`] is what `helm template` would print, less what no image refresh has to do
//! with: a real API server takes it as it is. Source: chart contract, sections 2, 3, 4, 6, 9, 13.
//!
//! Images are the chart's. Containers run a stand-in command that opens the probed port, because
//! the images of a test cluster hold a shell and nothing of tracebloc's.

use serde_json::{Value, json};

mod alive;
mod edits;
mod generation;
mod ingestion;
mod logs;
mod neighbours;
mod node;
mod pod;
mod refresher;
mod rollout;
pub mod scenarios;
mod scene;
mod settle;
mod tick;
mod values;
mod workloads;

pub use edits::{set_env, set_env_from, take_containers};
pub use generation::{Generation, IngestorMode};
pub use ingestion::Ingestion;
pub use logs::{Story, curl_timeout, tick_log};
pub use neighbours::Neighbour;
pub use node::{Health, Node};
pub use pod::{Fate, ImageId, Life, PodState, Running};
pub use rollout::Revision;
pub use scene::{Event, PodLog, Run, Scene};
pub use tick::{Outcome, Tick, Trigger, schedule_points};
pub use values::{Credentials, Images, Ingestor, Proxy, Refresh, Values};

/// One release: a generation of the chart and the values it is installed with.
#[derive(Clone, Debug)]
pub struct Release {
    pub generation: Generation,
    pub values: Values,
}

/// What the tags of a release name on the registries, each in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    pub jobs_manager: String,
    pub pods_monitor: String,
    pub resource_monitor: String,
    pub ingestor: String,
}

impl Release {
    /// The release `berlin` in `tracebloc`, with the chart's own values.
    pub fn new(generation: Generation) -> Self {
        Self {
            generation,
            values: Values::default(),
        }
    }

    /// The release `berlin` with some values changed.
    pub fn with(generation: Generation, change: impl FnOnce(&mut Values)) -> Self {
        let mut release = Self::new(generation);
        change(&mut release.values);
        release
    }

    /// Every object in the order in which they can be created; the namespaces must exist.
    pub fn objects(&self) -> Vec<Value> {
        let mut objects = self.credentials();
        objects.extend(self.workloads());
        objects.extend(self.refresher());
        let neighbours = &self.values.neighbours;
        objects.extend(
            neighbours
                .iter()
                .map(|&neighbour| self.neighbour(neighbour)),
        );
        objects
    }

    /// The release's namespace, and the node agents' as the chart makes it.
    pub fn namespaces(&self) -> Vec<Value> {
        let own = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": self.values.namespace },
        });
        if self.values.node_agents_namespace == self.values.namespace {
            return vec![own];
        }
        let mut agents = self.object("v1", "Namespace", &self.values.node_agents_namespace);
        agents["metadata"]
            .as_object_mut()
            .map(|metadata| metadata.remove("namespace"));
        agents["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "privileged".into();
        vec![own, agents]
    }

    /// `CronJob`, `ConfigMap`, `ServiceAccount`, Role and `RoleBinding` share this name.
    pub fn refresher_name(&self) -> String {
        format!("{}-image-refresh", self.values.name)
    }

    pub fn jobs_manager_name(&self) -> String {
        format!("{}-jobs-manager", self.values.name)
    }

    pub fn requests_proxy_name(&self) -> String {
        format!("{}-requests-proxy", self.values.name)
    }

    pub fn resource_monitor_name(&self) -> String {
        format!("{}-resource-monitor", self.values.name)
    }

    /// Whether the chart renders the refresher: enabled, and with at least one image to move.
    pub fn has_refresher(&self) -> bool {
        let images = &self.values.images;
        let both_pinned =
            is_pinned(images.jobs_manager.as_ref()) && is_pinned(images.pods_monitor.as_ref());
        let rest_pinned = if self.generation.has_ingestor_pass() {
            !images.ingestor.auto_refresh
        } else if self.generation.sets_images() {
            !self.monitor_is_refreshed()
        } else {
            true
        };
        self.values.refresh.enabled && !(both_pinned && rest_pinned)
    }

    /// The `DaemonSet` exists and no digest pins it.
    fn monitor_is_refreshed(&self) -> bool {
        self.values.resource_monitor && !is_pinned(self.values.images.resource_monitor.as_ref())
    }

    /// requests-proxy does not follow jobs-manager.
    fn has_pinned_proxy(&self) -> bool {
        self.generation.sets_images() && is_pinned(self.values.images.requests_proxy.as_ref())
    }

    /// The tag of the docker.io images.
    fn image_tag(&self) -> &str {
        if self.generation.resolves_client_env() {
            self.resolved_client_env()
        } else {
            &self.values.client_env
        }
    }

    /// `CLIENT_ENV` with its aliases resolved.
    fn resolved_client_env(&self) -> &str {
        match self.values.client_env.as_str() {
            "development" => "dev",
            "staging" => "stg",
            "production" => "prod",
            other => other,
        }
    }

    /// The mirror's host; `None` when there is none or the chart does not know of mirrors.
    fn mirror(&self) -> Option<&str> {
        let mirror = self
            .values
            .mirror
            .as_deref()
            .filter(|host| !host.is_empty());
        mirror.filter(|_| self.generation.knows_mirror())
    }

    /// A reference as the chart writes it: under the mirror if there is one.
    fn reference(&self, path: &str, registry: &str) -> String {
        match self.mirror().unwrap_or(registry) {
            "" => path.to_owned(),
            host => format!("{host}/{path}"),
        }
    }

    fn pull_secret(&self) -> Option<String> {
        match &self.values.credentials {
            Credentials::None => None,
            Credentials::Existing(name) if self.generation >= Generation::G10 => Some(name.clone()),
            Credentials::Create { .. } | Credentials::Existing(_) => {
                Some(format!("{}-regcred", self.values.name))
            }
        }
    }

    fn chart_version(&self) -> &str {
        match &self.values.chart_version {
            Some(version) => version,
            None => self.generation.chart_version(),
        }
    }

    /// An object of the chart: its labels and Helm's annotations, no spec.
    fn object(&self, api_version: &str, kind: &str, name: &str) -> Value {
        let version = self.chart_version();
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": self.values.namespace,
                "labels": {
                    "app.kubernetes.io/name": "client",
                    "app.kubernetes.io/instance": self.values.name,
                    "app.kubernetes.io/version": version,
                    "app.kubernetes.io/managed-by": "Helm",
                    "helm.sh/chart": format!("client-{version}"),
                },
                "annotations": {
                    "meta.helm.sh/release-name": self.values.name,
                    "meta.helm.sh/release-namespace": self.values.namespace,
                },
            },
        })
    }

    /// The pull secret in both namespaces; empty unless the chart makes it.
    fn credentials(&self) -> Vec<Value> {
        let Credentials::Create { server } = &self.values.credentials else {
            return Vec::new();
        };
        let login = json!({ "auths": { server: { "username": "edge", "password": "edge" } } });
        let mut secret = self.object("v1", "Secret", &format!("{}-regcred", self.values.name));
        secret["type"] = "kubernetes.io/dockerconfigjson".into();
        secret["stringData"] = json!({ ".dockerconfigjson": login.to_string() });
        let mut secrets = vec![secret.clone()];
        if self.values.node_agents_namespace != self.values.namespace {
            secret["metadata"]["namespace"] = self.values.node_agents_namespace.as_str().into();
            secrets.push(secret);
        }
        secrets
    }
}

/// A digest in the values; the chart takes an empty one for none.
fn is_pinned(digest: Option<&String>) -> bool {
    digest.is_some_and(|digest| !digest.is_empty())
}

/// An environment entry with a literal value.
fn env(name: &str, value: impl Into<String>) -> Value {
    json!({ "name": name, "value": value.into() })
}
