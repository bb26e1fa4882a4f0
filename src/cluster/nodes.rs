//! Nodes, as far as an image's platform is concerned.

use k8s_openapi::api::core::v1::Node as KubeNode;

use crate::image::Platform;
use crate::node::{Node, Standing, Taint};

pub(super) fn node(node: &KubeNode) -> Node {
    let labels = node.metadata.labels.clone().unwrap_or_default();
    let info = node
        .status
        .as_ref()
        .and_then(|status| status.node_info.as_ref());
    // A kubelet that has not reported yet has its labels at least.
    let word = |reported: Option<&str>, label: &str| {
        reported
            .filter(|word| !word.is_empty())
            .or(labels.get(label).map(String::as_str))
            .unwrap_or("unknown")
            .to_owned()
    };
    let os = word(
        info.map(|info| info.operating_system.as_str()),
        "kubernetes.io/os",
    );
    let arch = word(
        info.map(|info| info.architecture.as_str()),
        "kubernetes.io/arch",
    );
    let ready = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let spec = node.spec.as_ref();
    let standing = match (ready, spec.and_then(|spec| spec.unschedulable)) {
        (false, _) => Standing::NotReady,
        (true, Some(true)) => Standing::Unschedulable,
        (true, _) => Standing::Ready,
    };
    let taints = spec
        .and_then(|spec| spec.taints.as_deref())
        .unwrap_or_default();
    Node {
        name: node.metadata.name.clone().unwrap_or_default(),
        platform: Platform::new(&os, &arch, None),
        labels,
        taints: taints
            .iter()
            .map(|taint| Taint {
                key: taint.key.clone(),
                value: taint.value.clone().unwrap_or_default(),
                effect: taint.effect.clone(),
            })
            .collect(),
        standing,
        images: node
            .status
            .iter()
            .flat_map(|status| status.images.iter().flatten())
            .flat_map(|image| image.names.iter().flatten().cloned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_tells_its_platform_its_standing_and_its_images() {
        let read =
            |object: serde_json::Value| node(&serde_json::from_value(object).expect("a node"));
        let info = json!({
            "architecture": "arm64", "operatingSystem": "linux", "bootID": "", "containerRuntimeVersion": "",
            "kernelVersion": "", "kubeProxyVersion": "", "kubeletVersion": "", "machineID": "", "osImage": "", "systemUUID": "",
        });
        let whole = read(json!({
            "metadata": {"name": "edge-01"},
            "status": {
                "nodeInfo": info,
                "conditions": [{"type": "Ready", "status": "True"}],
                "images": [{"names": ["x@sha256:1", "x:prod"], "sizeBytes": 1}, {"sizeBytes": 2}, {"names": ["y:1"]}],
            },
        }));
        assert_eq!("linux/arm64", whole.platform.to_string());
        assert_eq!(Standing::Ready, whole.standing);
        let images: Vec<_> = whole.images.iter().map(String::as_str).collect();
        assert_eq!(["x:prod", "x@sha256:1", "y:1"], images[..]);
        let silent = read(
            json!({"metadata": {"name": "edge-02", "labels": {"kubernetes.io/arch": "amd64"}}}),
        );
        assert_eq!("unknown/amd64", silent.platform.to_string());
        assert_eq!(Standing::NotReady, silent.standing);
        assert!(silent.images.is_empty());
    }
}
