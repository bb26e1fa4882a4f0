//! The refresher: `CronJob`, script, account and rights.

use serde_json::{Value, json};

use super::{Generation, Neighbour, Release, env, is_pinned};

/// The list that follows the operator's own `NO_PROXY`.
const NO_PROXY: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.svc,.svc.cluster.local,\
                        .cluster.local,host.k3d.internal";

impl Release {
    /// Empty when the refresher is disabled or every image is pinned.
    pub(super) fn refresher(&self) -> Vec<Value> {
        if !self.has_refresher() {
            return Vec::new();
        }
        let mut objects = vec![self.account(), self.script()];
        objects.extend(self.rights());
        objects.push(self.cron_job());
        objects
    }

    fn refresher_object(&self, api_version: &str, kind: &str, name: &str) -> Value {
        let mut object = self.object(api_version, kind, name);
        object["metadata"]["labels"]["app.kubernetes.io/component"] = "image-refresh".into();
        object
    }

    fn account(&self) -> Value {
        self.refresher_object("v1", "ServiceAccount", &self.refresher_name())
    }

    fn script(&self) -> Value {
        let mut config = self.refresher_object("v1", "ConfigMap", &self.refresher_name());
        let script = self.values.refresh.script.clone();
        config["data"] =
            json!({ "image-refresh.sh": script.unwrap_or_else(|| stand_in(self.generation)) });
        config
    }

    fn rights(&self) -> Vec<Value> {
        let name = self.refresher_name();
        let deployments = json!([{
            "apiGroups": ["apps"],
            "resources": ["deployments"],
            "verbs": ["get", "list", "patch", "watch"],
        }]);
        let mut rights = self.role(&name, &self.values.namespace, deployments);
        // From 1.9.58 on the telemetry collector is reason enough for the second Role.
        let telemetry = self.values.neighbours.contains(&Neighbour::Telemetry);
        if self.generation.sets_images() && (self.values.resource_monitor || telemetry) {
            let daemon_sets = json!([
                {
                    "apiGroups": ["apps"],
                    "resources": ["daemonsets"],
                    "resourceNames": [self.resource_monitor_name()],
                    "verbs": ["get", "patch"],
                },
                {
                    "apiGroups": ["apps"],
                    "resources": ["daemonsets"],
                    "verbs": ["list", "watch"],
                },
            ]);
            let agents = &self.values.node_agents_namespace;
            rights.extend(self.role(&format!("{name}-node-agents"), agents, daemon_sets));
        }
        rights
    }

    fn role(&self, name: &str, namespace: &str, rules: Value) -> Vec<Value> {
        const GROUP: &str = "rbac.authorization.k8s.io";
        let version = format!("{GROUP}/v1");
        let mut role = self.refresher_object(&version, "Role", name);
        role["metadata"]["namespace"] = namespace.into();
        role["rules"] = rules;
        let mut binding = self.refresher_object(&version, "RoleBinding", name);
        binding["metadata"]["namespace"] = namespace.into();
        binding["roleRef"] = json!({ "apiGroup": GROUP, "kind": "Role", "name": name });
        binding["subjects"] = json!([{
            "kind": "ServiceAccount",
            "name": self.refresher_name(),
            "namespace": self.values.namespace,
        }]);
        vec![role, binding]
    }

    fn cron_job(&self) -> Value {
        let refresh = &self.values.refresh;
        let mut job = json!({ "backoffLimit": 2, "template": self.tick_pod() });
        let deadline = match refresh.active_deadline_seconds {
            Some(seconds) if self.generation.sets_images() => Some(seconds),
            _ => self.generation.deadline_seconds(),
        };
        if let Some(seconds) = deadline {
            job["activeDeadlineSeconds"] = seconds.into();
        }
        let mut cron_job = self.refresher_object("batch/v1", "CronJob", &self.refresher_name());
        cron_job["spec"] = json!({
            "schedule": refresh.schedule,
            "suspend": refresh.suspend,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": refresh.successful_jobs_history_limit,
            "failedJobsHistoryLimit": refresh.failed_jobs_history_limit,
            "startingDeadlineSeconds": refresh.starting_deadline_seconds,
            "jobTemplate": { "spec": job },
        });
        if let Some(zone) = &refresh.time_zone {
            cron_job["spec"]["timeZone"] = zone.as_str().into();
        }
        cron_job
    }

    fn tick_pod(&self) -> Value {
        let mut spec = json!({
            "restartPolicy": "OnFailure",
            "serviceAccountName": self.refresher_name(),
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": 1000,
                "runAsGroup": 1000,
                "fsGroup": 1000,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "refresh",
                "image": self.reference(&self.values.refresh.image, ""),
                "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "/scripts/image-refresh.sh"],
                "env": self.tick_env(),
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
                "resources": {
                    "requests": { "cpu": "20m", "memory": "64Mi" },
                    "limits": { "cpu": "200m", "memory": "128Mi" },
                },
                "volumeMounts": [
                    { "name": "scripts", "mountPath": "/scripts", "readOnly": true },
                    { "name": "tmp", "mountPath": "/tmp" },
                    { "name": "home", "mountPath": "/home/kubectl" },
                ],
            }],
            "volumes": [
                {
                    "name": "scripts",
                    "configMap": { "name": self.refresher_name(), "defaultMode": 0o555 },
                },
                { "name": "tmp", "emptyDir": {} },
                { "name": "home", "emptyDir": {} },
            ],
        });
        if let Some(secret) = self.pull_secret() {
            spec["imagePullSecrets"] = json!([{ "name": secret }]);
        }
        json!({
            "metadata": { "labels": {
                "app.kubernetes.io/name": "client",
                "app.kubernetes.io/instance": self.values.name,
                "app.kubernetes.io/component": "image-refresh",
            } },
            "spec": spec,
        })
    }

    /// The environment of the tick: chart contract, section 3, row by row.
    fn tick_env(&self) -> Vec<Value> {
        let (generation, values) = (self.generation, &self.values);
        let (refresh, images) = (&values.refresh, &values.images);
        let flag = |pinned: bool| if pinned { "1" } else { "0" };
        let pin = |digest: &Option<String>| flag(is_pinned(digest.as_ref()));
        let mut entries = self.proxy_env();
        entries.extend([
            env("HOME", "/home/kubectl"),
            env("RELEASE_NAME", &values.name),
            env("RELEASE_NAMESPACE", &values.namespace),
            env("DEPLOYMENT_NAME", self.jobs_manager_name()),
            env("IMAGE_TAG", self.image_tag()),
            env("ROLLOUT_TIMEOUT", &refresh.rollout_timeout),
            env("JOBS_MANAGER_PINNED", pin(&images.jobs_manager)),
            env("PODS_MONITOR_PINNED", pin(&images.pods_monitor)),
        ]);
        if generation.has_ingestor_pass() {
            entries.push(env("INGESTOR_PINNED", flag(!images.ingestor.auto_refresh)));
            entries.push(env("INGESTOR_TAG", self.ingestor_tag()));
        }
        if generation.has_failure_streak() {
            let threshold = &refresh.ingestor_resolve_failure_threshold;
            entries.push(env("INGESTOR_RESOLVE_FAIL_THRESHOLD", threshold));
        }
        if generation.has_flap_guard() {
            entries.push(env("MAX_REFRESH_ATTEMPTS", &refresh.max_refresh_attempts));
        }
        if generation.sets_images() {
            entries.extend([
                env("REQUESTS_PROXY_DEPLOYMENT", self.requests_proxy_name()),
                env("RESOURCE_MONITOR_DAEMONSET", self.resource_monitor_name()),
                env("NODE_AGENTS_NAMESPACE", &values.node_agents_namespace),
                env("IMAGE_REGISTRY", self.mirror().unwrap_or("docker.io")),
                env(
                    "RESOURCE_MONITOR_PINNED",
                    flag(!self.monitor_is_refreshed()),
                ),
                env("REQUESTS_PROXY_PINNED", pin(&images.requests_proxy)),
            ]);
        }
        if generation.has_skip_streak() {
            entries.push(env("MAX_SKIP_TICKS", &refresh.max_skip_ticks));
        }
        entries
    }

    /// The tag that the ingestor pass polls.
    pub(super) fn ingestor_tag(&self) -> &str {
        self.values.images.ingestor.tag.as_deref().unwrap_or("0.3")
    }

    /// The six proxy variables; empty without a proxy or before the chart passed them on.
    pub(super) fn proxy_env(&self) -> Vec<Value> {
        let Some(proxy) = self.values.proxy.as_ref() else {
            return Vec::new();
        };
        if !self.generation.has_proxy_env() {
            return Vec::new();
        }
        let login = proxy.login.as_ref();
        let login = login.map_or_else(String::new, |(user, password)| {
            format!("{user}:{password}@")
        });
        let port = proxy
            .port
            .map_or_else(String::new, |port| format!(":{port}"));
        let url = format!("http://{login}{}{port}", proxy.host);
        let own = proxy.no_proxy.as_ref();
        let own = own.map_or_else(String::new, |list| format!("{list},"));
        // The metadata address joined the list at 1.9.4.
        let metadata = if self.generation >= Generation::G4 {
            "169.254.169.254,"
        } else {
            ""
        };
        let direct = format!("{own}localhost,127.0.0.1,0.0.0.0,{metadata}{NO_PROXY}");
        let urls = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
        let mut entries: Vec<_> = urls.iter().map(|name| env(name, &url)).collect();
        entries.extend(["NO_PROXY", "no_proxy"].map(|name| env(name, &direct)));
        entries
    }
}

/// Ends like a tick, and holds the words by which the scripts of two generations are told apart.
fn stand_in(generation: Generation) -> String {
    let mark = match generation {
        Generation::G9 => "# kubeconfig\n",
        Generation::G10 => "# kubeconfig\n# could not clear\n",
        newer if newer >= Generation::G6 => "# kubeconfig\n",
        _ => "",
    };
    format!("#!/bin/sh\n{mark}echo '[image-refresh] tick complete' >&2\n")
}
