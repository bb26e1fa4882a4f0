//! What of an object nothing here reads, removed: a thousand releases are held in memory at once.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Container, Node, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use kube::core::PartialObjectMeta;
use serde_json::{Value, json};

use super::pods::REVISION;
use crate::record::PREFIX;

/// Only who wrote the record's annotations is left of the managers.
pub(super) fn deployment(deployment: &mut Deployment) {
    let managers = deployment.metadata.managed_fields.take();
    let managers: Vec<_> = managers
        .into_iter()
        .flatten()
        .filter_map(of_record)
        .collect();
    deployment.metadata.managed_fields = (!managers.is_empty()).then_some(managers);
    if let Some(annotations) = &mut deployment.metadata.annotations {
        annotations.retain(|key, _| key.starts_with(PREFIX));
    }
    if let Some(spec) = &mut deployment.spec.template.spec {
        template(spec);
    }
}

pub(super) fn daemon_set(set: &mut DaemonSet) {
    set.metadata.managed_fields = None;
    if let Some(spec) = &mut set.spec.template.spec {
        template(spec);
    }
}

pub(super) fn replica_set(set: &mut PartialObjectMeta<ReplicaSet>) {
    let metadata = &mut set.metadata;
    (metadata.managed_fields, metadata.labels) = (None, None);
    if let Some(annotations) = &mut metadata.annotations {
        annotations.retain(|key, _| key == REVISION);
    }
}

pub(super) fn pod(pod: &mut Pod) {
    pod.metadata.managed_fields = None;
    pod.metadata.annotations = None;
    if let Some(spec) = &mut pod.spec {
        template(spec);
        (spec.tolerations, spec.affinity, spec.node_selector) = (None, None, None);
    }
}

pub(super) fn node(node: &mut Node) {
    metadata(&mut node.metadata);
    if let Some(status) = &mut node.status {
        (status.images, status.volumes_attached) = (None, None);
    }
}

pub(super) fn metadata(metadata: &mut ObjectMeta) {
    (metadata.managed_fields, metadata.annotations) = (None, None);
}

/// The entry with nothing but the record's annotations in it. `None` where it owns none.
fn of_record(entry: ManagedFieldsEntry) -> Option<ManagedFieldsEntry> {
    let mut entry = entry;
    let fields = &mut entry.fields_v1.as_mut()?.0;
    let mut annotations = fields
        .get_mut("f:metadata")?
        .get_mut("f:annotations")?
        .take();
    let Value::Object(keys) = &mut annotations else {
        return None;
    };
    keys.retain(|key, _| key.starts_with(&format!("f:{PREFIX}")));
    if keys.is_empty() {
        return None;
    }
    *fields = json!({ "f:metadata": { "f:annotations": annotations } });
    Some(entry)
}

/// Images, environments, and what chooses nodes.
fn template(spec: &mut PodSpec) {
    (spec.volumes, spec.init_containers) = (None, None);
    for container in &mut spec.containers {
        *container = Container {
            name: std::mem::take(&mut container.name),
            image: container.image.take(),
            image_pull_policy: container.image_pull_policy.take(),
            env: container.env.take(),
            ..Container::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::batch::v1::CronJob;

    use super::*;
    use crate::cluster::record::record;

    #[test]
    fn a_lean_deployment_dates_its_record_all_the_same() {
        let mut full: Deployment = serde_json::from_value(json!({
            "metadata": {
                "annotations": {"tracebloc.io/refresh-attempt": "2", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
                "managedFields": [
                    {"manager": "helm", "operation": "Update", "time": "2026-06-01T00:00:00Z", "fieldsType": "FieldsV1",
                     "fieldsV1": {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:replicas": {}}}},
                    {"manager": "kubectl-annotate", "operation": "Update", "time": "2026-06-05T00:00:00Z", "fieldsType": "FieldsV1",
                     "fieldsV1": {"f:metadata": {"f:annotations": {"f:tracebloc.io/refresh-attempt": {}, "f:other": {}}}, "f:spec": {}}},
                ],
            },
            "spec": {"selector": {}, "template": {"spec": {"containers": [
                {"name": "api", "image": "a:b", "env": [{"name": "X", "value": "1"}], "resources": {"limits": {"cpu": "1"}}}]}}},
        }))
        .unwrap();
        let before = record(&full.metadata);
        deployment(&mut full);
        assert_eq!(record(&full.metadata), before);
        let left = serde_json::to_value(&full).unwrap();
        let managers = left["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(managers.len(), 1);
        assert_eq!(
            managers[0]["fieldsV1"],
            json!({"f:metadata": {"f:annotations": {"f:tracebloc.io/refresh-attempt": {}}}})
        );
        assert_eq!(
            left["spec"]["template"]["spec"]["containers"],
            json!([{"name": "api", "image": "a:b", "env": [{"name": "X", "value": "1"}]}])
        );
    }

    #[test]
    fn metadata_keeps_its_labels() {
        let mut cron_job: CronJob = serde_json::from_value(json!({
            "metadata": {"labels": {"helm.sh/chart": "client-1.5.1"}, "annotations": {"a": "b"}, "managedFields": [{}]},
            "spec": {"schedule": "", "jobTemplate": {}},
        }))
        .unwrap();
        metadata(&mut cron_job.metadata);
        let left = serde_json::to_value(&cron_job.metadata).unwrap();
        assert_eq!(left, json!({"labels": {"helm.sh/chart": "client-1.5.1"}}));
    }
}
