//! What these tests share: a client for a cluster, and objects of a small release.

use std::future::Future;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::world::sim::api::{Cluster, Transport};

pub(crate) const NS: &str = "tracebloc";

/// A cluster with the Deployment `web` in [`NS`].
pub(crate) fn cluster() -> Cluster {
    let cluster = Cluster::start(Transport::Plain);
    cluster.put(deployment("web"));
    cluster
}

/// Runs a test body that talks to a cluster through the real client.
pub(crate) fn with_client<F: Future>(cluster: &Cluster, test: impl FnOnce(Client) -> F) {
    // Whoever is first installs it for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options)
            .await
            .unwrap();
        test(Client::try_from(config).unwrap()).await;
    });
}

pub(crate) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NS, "labels": {"app": name}},
        "spec": {
            "replicas": 1,
            "template": {"spec": {"containers": [
                {"name": "api", "image": "docker.io/tracebloc/web:prod", "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "value": "2"},
                ]},
                {"name": "proxy", "image": "docker.io/tracebloc/proxy:prod"},
            ]}},
        },
        "status": {"observedGeneration": 1, "availableReplicas": 1},
    })
}
