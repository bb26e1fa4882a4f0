//! The workloads that the tick moves: jobs-manager, requests-proxy, resource-monitor.

use serde_json::{Value, json};

use super::{Credentials, Generation, IngestorMode, Release, env};

const INGESTOR_REPOSITORY: &str = "tracebloc/ingestor";

impl Release {
    pub(super) fn workloads(&self) -> Vec<Value> {
        let mut workloads = vec![self.jobs_manager(), self.requests_proxy()];
        if self.values.resource_monitor {
            workloads.push(self.resource_monitor());
        }
        if !self.values.host_path {
            workloads.push(self.disruption_budget());
        }
        workloads
    }

    fn jobs_manager(&self) -> Value {
        let images = &self.values.images;
        let mut api = self.container("api", "jobs-manager", images.jobs_manager.as_ref(), 8080);
        api["env"] = self.api_env().into();
        let has_http = !self
            .values
            .env
            .iter()
            .any(|(name, _)| name == "INGESTION_HTTP_DISABLED");
        if self.generation.probes_api() && has_http {
            api["readinessProbe"] = json!({
                "tcpSocket": { "port": 8080 },
                "initialDelaySeconds": 10,
                "periodSeconds": 10,
                "failureThreshold": 3,
            });
        }
        let pin = images.pods_monitor.as_ref();
        let mut monitor = self.container("pods-monitor-container", "pods-monitor", pin, 8081);
        let mut entries = vec![env("CLIENT_ENV", self.image_tag())];
        entries.extend(self.passed_env());
        monitor["env"] = entries.into();

        let strategy = if self.generation.recreates_jobs_manager() {
            json!({ "type": "Recreate" })
        } else {
            json!({
                "type": "RollingUpdate",
                "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 },
            })
        };
        let mut pod = self.pod(&json!({ "app": "manager" }), &[api, monitor]);
        // The init container came with 1.9.20.
        if self.values.host_path && self.generation >= Generation::G6 {
            pod["spec"]["initContainers"] = json!([{
                "name": "init-writable-data",
                "image": self.reference("library/busybox:1.36", "docker.io"),
                "command": ["/bin/sh", "-c", "chmod 0777 /data"],
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            }]);
            pod["spec"]["volumes"] = json!([{ "name": "data", "emptyDir": {} }]);
        }
        let mut deployment = self.object("apps/v1", "Deployment", &self.jobs_manager_name());
        deployment["spec"] = json!({
            "replicas": 1,
            "selector": { "matchLabels": { "app": "manager" } },
            "strategy": strategy,
            "template": pod,
        });
        deployment
    }

    fn requests_proxy(&self) -> Value {
        let mut proxy = self.container("proxy", "jobs-manager", self.proxy_pin(), 8888);
        proxy["env"] = self.proxy_env().into();
        if self.generation < Generation::G5 {
            proxy["imagePullPolicy"] = "Always".into();
        }
        if self.generation.probes_requests_proxy() {
            proxy["readinessProbe"] = json!({ "tcpSocket": { "port": 8888 } });
        }
        let mut deployment = self.object("apps/v1", "Deployment", &self.requests_proxy_name());
        deployment["spec"] = json!({
            "replicas": 1,
            "selector": { "matchLabels": { "app": "requests-proxy" } },
            "template": self.pod(&json!({ "app": "requests-proxy" }), &[proxy]),
        });
        deployment
    }

    /// Its own digest was read from 1.9.13 on; jobs-manager's stands in for it from 1.9.39 on.
    pub(super) fn proxy_pin(&self) -> Option<&String> {
        let images = &self.values.images;
        let own = images.requests_proxy.as_ref();
        let own = own.filter(|_| self.generation >= Generation::G5);
        let fallback = images.jobs_manager.as_ref();
        own.or(fallback.filter(|_| self.generation.sets_images()))
    }

    fn resource_monitor(&self) -> Value {
        let name = self.resource_monitor_name();
        let pin = self.values.images.resource_monitor.as_ref();
        let monitor = self.container("tracebloc-resource-monitor", "resource-monitor", pin, 9100);
        let mut pod = self.pod(&json!({ "app": name }), &[monitor]);
        pod["spec"]["tolerations"] = json!([{ "operator": "Exists" }]);
        let mut daemon_set = self.object("apps/v1", "DaemonSet", &name);
        daemon_set["metadata"]["namespace"] = self.values.node_agents_namespace.as_str().into();
        daemon_set["metadata"]["labels"]["app"] = name.as_str().into();
        daemon_set["spec"] = json!({
            "selector": { "matchLabels": { "app": name } },
            "template": pod,
        });
        if self.generation.sets_images() {
            daemon_set["spec"]["updateStrategy"] = json!({
                "type": "RollingUpdate",
                "rollingUpdate": { "maxUnavailable": "10%" },
            });
        }
        daemon_set
    }

    fn disruption_budget(&self) -> Value {
        let name = self.jobs_manager_name();
        let mut budget = self.object("policy/v1", "PodDisruptionBudget", &name);
        budget["spec"] = json!({
            "maxUnavailable": 1,
            "selector": { "matchLabels": { "app": "manager" } },
        });
        budget
    }

    /// A container of a tracebloc image, pinned or by the channel's tag.
    fn container(&self, name: &str, image: &str, pin: Option<&String>, port: u16) -> Value {
        let repository = self.reference(&format!("tracebloc/{image}"), "docker.io");
        let pin = pin.filter(|digest| !digest.is_empty());
        let refreshed = self.generation.sets_images()
            && self.has_refresher()
            && self.mirror().unwrap_or("docker.io") == "docker.io";
        let reference = match pin {
            Some(digest) => format!("{repository}@{digest}"),
            None => format!("{repository}:{}", self.image_tag()),
        };
        let policy = match pin {
            None if !refreshed => "Always",
            _ => "IfNotPresent",
        };
        json!({
            "name": name,
            "image": reference,
            "imagePullPolicy": policy,
            "command": listen(port),
        })
    }

    /// A pod template; the chart gives its pods no label but these.
    pub(super) fn pod(&self, labels: &Value, containers: &[Value]) -> Value {
        let mut pod = json!({
            "metadata": { "labels": labels },
            "spec": { "containers": containers },
        });
        if let Some(secret) = self.pull_secret() {
            pod["spec"]["imagePullSecrets"] = json!([{ "name": secret }]);
        }
        pod
    }

    fn api_env(&self) -> Vec<Value> {
        let (generation, values) = (self.generation, &self.values);
        let mut entries = vec![env("CLIENT_ENV", self.image_tag())];
        entries.extend(self.ingestor_env());
        if generation.knows_mirror() {
            let host = self.mirror().unwrap_or("docker.io");
            entries.push(env("JOB_IMAGE_HOST", format!("{host}/")));
        }
        if generation >= Generation::G10 {
            let agents = Some(&values.node_agents_namespace).filter(|_| values.resource_monitor);
            entries.push(env(
                "NODE_AGENTS_NAMESPACE",
                agents.cloned().unwrap_or_default(),
            ));
            if values.credentials != Credentials::None {
                let secret = self.pull_secret().unwrap_or_default();
                entries.push(env("IMAGE_PULL_SECRET_NAME", secret));
            }
        }
        entries.extend(self.passed_env());
        entries
    }

    fn ingestor_env(&self) -> Vec<Value> {
        let ingestor = &self.values.images.ingestor;
        let (tag, prod_digest) = match self.generation.ingestor_mode() {
            IngestorMode::EnvDigest { .. } => {
                return vec![env("INGESTOR_IMAGE_DIGEST", self.ingestor_baseline())];
            }
            IngestorMode::SpawnByTag { tag, prod_digest } => (tag, prod_digest),
        };
        let channel = self.resolved_client_env();
        // Channels came with 1.9.9; before, one tag served all of them.
        let tag = match (&ingestor.tag, channel) {
            (Some(tag), _) => tag.as_str(),
            (None, "dev" | "stg") if self.generation >= Generation::G4 => channel,
            (None, _) => tag,
        };
        let pin = ingestor
            .digest
            .as_deref()
            .filter(|digest| !digest.is_empty());
        let prod_digest = prod_digest.filter(|_| ingestor.prod_pin && channel == "prod");
        let repository = match &ingestor.repository {
            Some(repository) => repository.clone(),
            None => self.ingestor_repository(),
        };
        vec![
            env("INGESTOR_IMAGE_REPOSITORY", repository),
            env("INGESTOR_IMAGE_TAG", tag),
            env(
                "INGESTOR_IMAGE_DIGEST",
                pin.or(prod_digest).unwrap_or_default(),
            ),
        ]
    }

    /// What the chart sets before any tick; empty for a chart that spawns by tag.
    pub(super) fn ingestor_baseline(&self) -> String {
        let chosen = self.values.images.ingestor.digest.clone();
        match self.generation.ingestor_mode() {
            IngestorMode::EnvDigest { baseline } => chosen.unwrap_or_else(|| baseline.to_owned()),
            IngestorMode::SpawnByTag { .. } => String::new(),
        }
    }

    fn ingestor_repository(&self) -> String {
        self.reference(INGESTOR_REPOSITORY, "ghcr.io")
    }

    /// What both containers of jobs-manager get: the proxy, then `env` of the values.
    fn passed_env(&self) -> Vec<Value> {
        let mut entries = self.proxy_env();
        if let Some(proxy) = &self.values.proxy
            && !self.generation.has_proxy_env()
        {
            entries.push(env("HTTP_PROXY_HOST", &proxy.host));
            entries.extend(
                proxy
                    .port
                    .map(|port| env("HTTP_PROXY_PORT", port.to_string())),
            );
            if let Some((user, password)) = &proxy.login {
                entries.push(env("HTTP_PROXY_USERNAME", user));
                entries.push(env("HTTP_PROXY_PASSWORD", password));
            }
            entries.extend(proxy.no_proxy.as_ref().map(|list| env("NO_PROXY", list)));
        }
        entries.extend(self.values.env.iter().map(|(name, value)| env(name, value)));
        entries
    }
}

/// Opens the port that the chart probes and ends at once when told to.
pub(super) fn listen(port: u16) -> Value {
    let script = format!("httpd -p {port}; trap 'exit 0' TERM; while :; do sleep 1; done");
    json!(["/bin/sh", "-c", script])
}
