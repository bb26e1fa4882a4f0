//! Workloads of the chart beside the managed ones: the tick never touches them, and a reader must
//! not take them for its own. Their images are stand-ins that a test cluster has.

use serde_json::{Value, json};

use super::Release;
use super::workloads::listen;

/// A workload of the chart that is not refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// Deployment `mysql-client`: the name is fixed, so one per namespace.
    MysqlClient,
    /// Deployment `<release>-egress-proxy`, from 1.7.0.
    EgressProxy,
    /// `CronJob` `<release>-auto-upgrade`, hourly.
    AutoUpgrade,
    /// Helm-test Job, from 1.8.0.
    EgressReachabilityCheck,
    /// Helm-test Job that runs the tick's own image, from 1.9.6.
    StorageAssertionsCheck,
    /// `DaemonSet` `<release>-telemetry-collector`, from 1.9.58, off by default.
    Telemetry,
}

impl Neighbour {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::MysqlClient,
        Self::EgressProxy,
        Self::AutoUpgrade,
        Self::EgressReachabilityCheck,
        Self::StorageAssertionsCheck,
        Self::Telemetry,
    ];
}

impl Release {
    pub(super) fn neighbour(&self, neighbour: Neighbour) -> Value {
        let name = |suffix: &str| format!("{}-{suffix}", self.values.name);
        match neighbour {
            Neighbour::MysqlClient => self.bystander("mysql-client", "mysql-client", 3306),
            Neighbour::EgressProxy => self.bystander(&name("egress-proxy"), "squid", 3128),
            Neighbour::AutoUpgrade => self.auto_upgrade(),
            Neighbour::EgressReachabilityCheck => self.helm_test("egress-reachability-check"),
            Neighbour::StorageAssertionsCheck => self.helm_test("storage-assertions-check"),
            Neighbour::Telemetry => self.telemetry(),
        }
    }

    fn bystander(&self, name: &str, container: &str, port: u16) -> Value {
        let container = json!({
            "name": container,
            "image": self.reference("library/busybox:1.36", "docker.io"),
            "command": listen(port),
        });
        let mut deployment = self.object("apps/v1", "Deployment", name);
        deployment["spec"] = json!({
            "replicas": 1,
            "selector": { "matchLabels": { "app": name } },
            "template": self.pod(&json!({ "app": name }), &[container]),
        });
        deployment
    }

    fn auto_upgrade(&self) -> Value {
        let name = format!("{}-auto-upgrade", self.values.name);
        let mut cron_job = self.object("batch/v1", "CronJob", &name);
        cron_job["metadata"]["labels"]["app.kubernetes.io/component"] = "auto-upgrade".into();
        cron_job["spec"] = json!({
            "schedule": "23 * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": { "spec": { "template": self.run_once("auto-upgrade") } },
        });
        cron_job
    }

    fn helm_test(&self, component: &str) -> Value {
        let name = format!("{}-{component}", self.values.name);
        let mut job = self.object("batch/v1", "Job", &name);
        job["metadata"]["annotations"]["helm.sh/hook"] = "test".into();
        job["spec"] = json!({ "template": self.run_once(component) });
        job
    }

    /// Pods that share the tick's name and instance labels; only the component differs.
    fn run_once(&self, component: &str) -> Value {
        let container = json!({
            "name": component,
            "image": self.reference("alpine/k8s:1.30.5", ""),
            "imagePullPolicy": "IfNotPresent",
            "command": ["true"],
            "env": self.proxy_env(),
        });
        let labels = json!({
            "app.kubernetes.io/name": "client",
            "app.kubernetes.io/instance": self.values.name,
            "app.kubernetes.io/component": component,
        });
        let mut pod = self.pod(&labels, &[container]);
        pod["spec"]["restartPolicy"] = "Never".into();
        pod
    }

    fn telemetry(&self) -> Value {
        let name = format!("{}-telemetry-collector", self.values.name);
        let mut daemon_set = self.bystander(&name, "telemetry-collector", 4317);
        daemon_set["kind"] = "DaemonSet".into();
        daemon_set["metadata"]["namespace"] = self.values.node_agents_namespace.as_str().into();
        daemon_set["spec"]
            .as_object_mut()
            .map(|spec| spec.remove("replicas"));
        daemon_set
    }
}
