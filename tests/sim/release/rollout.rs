//! What the controllers make of a Deployment and a `DaemonSet`: revisions, pods, status.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Scene;
use super::alive::{Owner, born, letters, own, owned, stamp};
use super::pod::{Life, PodState, owner_reference, pod};

/// One revision of a workload, and the pods it has left.
#[derive(Clone, Debug)]
pub struct Revision {
    /// `None` for the workload's own template, which the newest revision has.
    pub template: Option<Value>,
    /// What a `ReplicaSet` kept of the Deployment's annotations; the newest has them all.
    pub annotations: Vec<(String, String)>,
    pub created: Timestamp,
    pub pods: Vec<PodState>,
}

impl Revision {
    /// The newest one.
    pub fn newest(created: Timestamp, pods: Vec<PodState>) -> Self {
        Self {
            template: None,
            annotations: Vec::new(),
            created,
            pods,
        }
    }

    /// One that was replaced, and has the pods that are still there.
    pub fn earlier(template: Value, created: Timestamp, pods: Vec<PodState>) -> Self {
        Self {
            template: Some(template),
            annotations: Vec::new(),
            created,
            pods,
        }
    }
}

impl Scene {
    /// Gives a Deployment its revisions, oldest first, the newest last.
    pub fn roll_out(&mut self, namespace: &str, name: &str, revisions: &[Revision]) {
        let mut made = Vec::new();
        let deployment = self.object("Deployment", namespace, name).clone();
        for (index, revision) in revisions.iter().enumerate() {
            let set = replica_set(&deployment, revision, index + 1);
            let template = set["spec"]["template"].clone();
            let pods = revision.pods.iter().enumerate();
            made.extend(pods.map(|(index, state)| pod(&set, &template, state, index)));
            made.push(set);
        }
        self.objects.extend(made);

        let now = self.now;
        let deployment = self.object_mut("Deployment", namespace, name);
        let number = revisions.len().to_string();
        deployment["metadata"]["annotations"][REVISION] = number.into();
        deployment["metadata"]["generation"] = revisions.len().into();
        deployment["status"] = deployment_status(deployment, revisions, now);
        own_status(deployment, revisions);
    }

    /// Gives a `DaemonSet` its revisions, oldest first, the newest last.
    pub fn spread(&mut self, namespace: &str, name: &str, revisions: &[Revision]) {
        let mut made = Vec::new();
        let daemon_set = self.object("DaemonSet", namespace, name).clone();
        for (index, revision) in revisions.iter().enumerate() {
            let record = controller_revision(&daemon_set, revision, index + 1);
            let mut template = template(&daemon_set, revision);
            let labels = &mut template["metadata"]["labels"];
            labels[REVISION_HASH] = record["metadata"]["labels"][REVISION_HASH].clone();
            labels["pod-template-generation"] = (index + 1).to_string().into();
            let pods = revision.pods.iter().enumerate();
            made.extend(pods.map(|(index, state)| pod(&daemon_set, &template, state, index)));
            made.push(record);
        }
        self.objects.extend(made);

        let daemon_set = self.object_mut("DaemonSet", namespace, name);
        let metadata = &mut daemon_set["metadata"];
        let generation = "deprecated.daemonset.template.generation";
        metadata["annotations"][generation] = revisions.len().to_string().into();
        metadata["generation"] = revisions.len().into();
        daemon_set["status"] = daemon_set_status(daemon_set, revisions);
        own_status(daemon_set, revisions);
    }
}

const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HASH: &str = "controller-revision-hash";
const CONTROLLER: &str = "kube-controller-manager";

fn template(workload: &Value, revision: &Revision) -> Value {
    let own = || workload["spec"]["template"].clone();
    revision.template.clone().unwrap_or_else(own)
}

fn replica_set(deployment: &Value, revision: &Revision, number: usize) -> Value {
    let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
    let mut template = template(deployment, revision);
    let hash = letters(&format!("{name}/{number}/{template}"), 10);
    template["metadata"]["labels"]["pod-template-hash"] = hash.as_str().into();
    let mut annotations = match &revision.template {
        None => deployment["metadata"]["annotations"].clone(),
        Some(_) => json!({}),
    };
    for (key, value) in &revision.annotations {
        annotations[key] = value.as_str().into();
    }
    let surge = deployment["spec"]["strategy"]["type"] == "RollingUpdate";
    annotations[REVISION] = number.to_string().into();
    annotations["deployment.kubernetes.io/desired-replicas"] = "1".into();
    annotations["deployment.kubernetes.io/max-replicas"] = (if surge { "2" } else { "1" }).into();
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = hash.as_str().into();
    let (alive, ready) = count(&revision.pods);
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{name}-{hash}"),
            "namespace": deployment["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": annotations,
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": { "replicas": alive, "selector": selector, "template": template },
        "status": {
            "replicas": alive,
            "fullyLabeledReplicas": alive,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": 1,
        },
    });
    born(set, CONTROLLER, revision.created)
}

fn controller_revision(daemon_set: &Value, revision: &Revision, number: usize) -> Value {
    let name = daemon_set["metadata"]["name"].as_str().unwrap_or_default();
    let template = template(daemon_set, revision);
    let hash = letters(&format!("{name}/{number}/{template}"), 10);
    let mut labels = template["metadata"]["labels"].clone();
    labels[REVISION_HASH] = hash.as_str().into();
    let record = json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{name}-{hash}"),
            "namespace": daemon_set["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(daemon_set)],
        },
        "data": { "spec": { "template": template } },
        "revision": number,
    });
    born(record, CONTROLLER, revision.created)
}

/// How many pods are not on their way out, and how many of those are Ready.
fn count(pods: &[PodState]) -> (usize, usize) {
    let alive = || pods.iter().filter(|pod| pod.life == Life::Serving);
    (
        alive().count(),
        alive().filter(|pod| pod.is_ready()).count(),
    )
}

fn deployment_status(deployment: &Value, revisions: &[Revision], now: Timestamp) -> Value {
    let (mut replicas, mut available) = (0, 0);
    for revision in revisions {
        let (alive, ready) = count(&revision.pods);
        replicas += alive;
        available += ready;
    }
    let newest = revisions.last();
    let (updated, ready) = newest.map_or((0, 0), |newest| count(&newest.pods));
    let since = newest.map_or(now, |newest| newest.created);
    let wanted = usize::try_from(deployment["spec"]["replicas"].as_u64().unwrap_or(1)).unwrap_or(1);
    let (progressing, reason) = if ready >= wanted && replicas == updated {
        ("True", "NewReplicaSetAvailable")
    } else if now.duration_since(since) > SignedDuration::from_mins(10) {
        ("False", "ProgressDeadlineExceeded")
    } else {
        ("True", "ReplicaSetUpdated")
    };
    let (is_available, why) = if available >= wanted {
        ("True", "MinimumReplicasAvailable")
    } else {
        ("False", "MinimumReplicasUnavailable")
    };
    let condition = |name: &str, status: &str, reason: &str| {
        json!({
            "type": name,
            "status": status,
            "reason": reason,
            "lastUpdateTime": stamp(since),
            "lastTransitionTime": stamp(since),
        })
    };
    let mut progress = condition("Progressing", progressing, reason);
    if reason == "ProgressDeadlineExceeded" {
        progress["message"] = "ReplicaSet has timed out progressing.".into();
    }
    json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": available,
        "availableReplicas": available,
        "unavailableReplicas": wanted.max(replicas) - available,
        "conditions": [
            condition("Available", is_available, why),
            progress,
        ],
    })
}

fn daemon_set_status(daemon_set: &Value, revisions: &[Revision]) -> Value {
    let pods: Vec<_> = revisions
        .iter()
        .flat_map(|revision| revision.pods.clone())
        .collect();
    let (scheduled, ready) = count(&pods);
    let updated = revisions.last().map_or(0, |newest| count(&newest.pods).0);
    json!({
        "observedGeneration": daemon_set["metadata"]["generation"],
        "desiredNumberScheduled": scheduled,
        "currentNumberScheduled": scheduled,
        "updatedNumberScheduled": updated,
        "numberReady": ready,
        "numberAvailable": ready,
        "numberUnavailable": scheduled - ready,
        "numberMisscheduled": 0,
    })
}

fn own_status(workload: &mut Value, revisions: &[Revision]) {
    let Some(newest) = revisions.last() else {
        return;
    };
    let status = owned(&json!({ "status": workload["status"] }));
    own(
        workload,
        &Owner::of_status(CONTROLLER),
        status,
        newest.created,
    );
}
