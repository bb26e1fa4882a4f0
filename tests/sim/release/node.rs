//! Nodes, as a reader of platforms and conditions meets them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alive::{born, stamp};

/// A node of the simulated cluster.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// In Go's words: `amd64`, `arm64`, `arm`.
    pub arch: String,
    pub os: String,
    /// With its version: `containerd://1.7.27`.
    pub runtime: String,
    pub health: Health,
    /// `spec.unschedulable`.
    pub cordoned: bool,
    /// Key and effect: `("dedicated", "NoSchedule")`.
    pub taints: Vec<(String, String)>,
    /// Beside the ones every node has.
    pub labels: Vec<(String, String)>,
    /// References that the node has pulled.
    pub images: Vec<String>,
}

/// What the condition `Ready` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Ready,
    NotReady,
    /// The kubelet has stopped reporting.
    Silent,
}

impl Node {
    /// A Ready, schedulable Linux node that has pulled the runner.
    pub fn new(name: &str, arch: &str) -> Self {
        Self {
            name: name.to_owned(),
            arch: arch.to_owned(),
            os: "linux".to_owned(),
            runtime: "containerd://1.7.27".to_owned(),
            health: Health::Ready,
            cordoned: false,
            taints: Vec::new(),
            labels: Vec::new(),
            images: vec!["docker.io/alpine/k8s:1.30.5".to_owned()],
        }
    }

    pub(super) fn object(&self, created: Timestamp) -> Value {
        let mut labels = json!({
            "beta.kubernetes.io/arch": self.arch,
            "beta.kubernetes.io/os": self.os,
            "kubernetes.io/arch": self.arch,
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": self.os,
        });
        for (key, value) in &self.labels {
            labels[key] = value.as_str().into();
        }
        let mut node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": { "name": self.name, "labels": labels },
            "spec": {},
            "status": self.status(created),
        });
        if self.cordoned {
            node["spec"]["unschedulable"] = true.into();
        }
        let taints = self.taints();
        if !taints.is_empty() {
            node["spec"]["taints"] = taints.into();
        }
        born(node, "k3s", created)
    }

    /// The operator's, and those that the node controller keeps for what it sees.
    fn taints(&self) -> Vec<Value> {
        let mut taints: Vec<_> = self
            .taints
            .iter()
            .map(|(key, effect)| taint(key, effect))
            .collect();
        if self.cordoned {
            taints.push(taint("node.kubernetes.io/unschedulable", "NoSchedule"));
        }
        let key = match self.health {
            Health::Ready => return taints,
            Health::NotReady => "node.kubernetes.io/not-ready",
            Health::Silent => "node.kubernetes.io/unreachable",
        };
        taints.extend(["NoSchedule", "NoExecute"].map(|effect| taint(key, effect)));
        taints
    }

    fn status(&self, since: Timestamp) -> Value {
        let (status, reason) = match self.health {
            Health::Ready => ("True", "KubeletReady"),
            Health::NotReady => ("False", "KubeletNotReady"),
            Health::Silent => ("Unknown", "NodeStatusUnknown"),
        };
        let images: Vec<_> = self
            .images
            .iter()
            .map(|name| json!({ "names": [name] }))
            .collect();
        let room = json!({ "cpu": "4", "memory": "8Gi", "pods": "110" });
        json!({
            "addresses": [{ "type": "Hostname", "address": self.name }],
            "capacity": room,
            "allocatable": room,
            "conditions": [{
                "type": "Ready",
                "status": status,
                "reason": reason,
                "lastTransitionTime": stamp(since),
            }],
            "images": images,
            "nodeInfo": {
                "architecture": self.arch,
                "operatingSystem": self.os,
                "containerRuntimeVersion": self.runtime,
                "kubeletVersion": "v1.34.4",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "kernelVersion": "6.1.0",
                "kubeProxyVersion": "",
                "bootID": "", "machineID": "", "systemUUID": "",
            },
        })
    }
}

fn taint(key: &str, effect: &str) -> Value {
    json!({ "key": key, "effect": effect })
}
