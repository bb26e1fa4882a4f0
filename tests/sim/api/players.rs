//! Controllers for [`super::Cluster::on`] that play a cluster's part after a write: they roll out
//! Deployments and run Jobs.
//!
//! Both are level-triggered, as real ones are: they look at what is stored and move it towards the
//! spec, whenever a workload or one of its pods changes. How containers fare is the test's to say:
//! by the function it gives, for new pods, and later by editing pods.

use serde_json::{Value, json};

use super::store::{At, Change, Happened, Object, Store};
use super::write::{Dependents, suffix};

/// The status of a container that serves, from the content with this digest.
pub(crate) fn serves(image: &str, digest: &str) -> Value {
    let repository = image.split('@').next().unwrap_or(image);
    let repository = match repository.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => repository,
    };
    json!({
        "imageID": format!("{repository}@{digest}"),
        "ready": true,
        "state": {"running": {}},
    })
}

/// The status of a container that has not started.
pub(crate) fn waits(reason: &str, message: &str) -> Value {
    let waiting = json!({"reason": reason, "message": message});
    json!({"imageID": "", "ready": false, "state": {"waiting": waiting}})
}

/// The status of a container that has ended.
pub(crate) fn ended(exit_code: u8) -> Value {
    let terminated = json!({"exitCode": exit_code});
    json!({"imageID": "", "ready": false, "state": {"terminated": terminated}})
}

/// Rolls out Deployments, all pods of a new template at once. `fares` gives the status of a
/// container of a new pod.
pub(crate) fn rollouts(
    fares: impl Fn(&Value) -> Value + Send + 'static,
) -> impl FnMut(&Change, &mut Store) + Send + 'static {
    move |change, store| {
        let deployment = match change.resource.kind {
            "Pod" => owner(store, &change.object, "ReplicaSet")
                .and_then(|set| owner(store, &set, "Deployment")),
            "Deployment" if change.happened != Happened::Deleted => {
                store.find(&At::of(&change.object))
            }
            _ => None,
        };
        if let Some(deployment) = deployment {
            roll_out(store, &deployment, &fares);
        }
    }
}

/// Runs Jobs: makes the pod of a new one, and judges a Job by its pod. `fares` gives the status of
/// a container of a new pod.
pub(crate) fn jobs(
    fares: impl Fn(&Value) -> Value + Send + 'static,
) -> impl FnMut(&Change, &mut Store) + Send + 'static {
    move |change, store| match (change.resource.kind, change.happened) {
        ("Job", Happened::Added) => {
            let job = &change.object;
            put_pod(store, job, &job["spec"]["template"], &fares);
        }
        ("Pod", Happened::Added | Happened::Modified) => {
            if let Some(job) = owner(store, &change.object, "Job") {
                judge(store, &job, &change.object);
            }
        }
        _ => {}
    }
}

/// The object of this kind that owns `object`, if it is still there.
fn owner(store: &Store, object: &Value, kind: &str) -> Option<Object> {
    let references = object["metadata"]["ownerReferences"].as_array()?;
    let reference = references
        .iter()
        .find(|reference| reference["kind"] == kind)?;
    let namespace = object["metadata"]["namespace"].as_str()?;
    store.find(&At::new(kind, namespace, reference["name"].as_str()?))
}

/// The objects of this kind that `object` owns.
fn owned(store: &Store, object: &Value, kind: &str) -> Vec<Object> {
    let namespace = object["metadata"]["namespace"].as_str();
    let mut objects = store.all(At::new(kind, "", "").resource, namespace);
    objects.retain(|other| {
        let references = other["metadata"]["ownerReferences"].as_array();
        let mut references = references.into_iter().flatten();
        references.any(|reference| reference["uid"] == object["metadata"]["uid"])
    });
    objects
}

fn reference(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
    }])
}

fn put_pod(store: &mut Store, owner: &Value, template: &Value, fares: &dyn Fn(&Value) -> Value) {
    let prefix = owner["metadata"]["name"].as_str().unwrap_or_default();
    let name = format!("{prefix}-{}", suffix(&store.next_uid()));
    let containers = template["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten();
    let statuses: Vec<_> = containers
        .map(|container| {
            let mut status = fares(container);
            status["name"] = container["name"].clone();
            status["image"] = container["image"].clone();
            status
        })
        .collect();
    store.put(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": owner["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": reference(owner),
        },
        "spec": template["spec"],
        "status": {"phase": phase(&statuses), "containerStatuses": statuses},
    }));
}

fn phase(statuses: &[Value]) -> &'static str {
    let codes = statuses
        .iter()
        .map(|status| status["state"]["terminated"]["exitCode"].as_u64());
    match codes.collect::<Option<Vec<_>>>() {
        Some(codes) if codes.iter().all(|code| *code == 0) => "Succeeded",
        Some(_) => "Failed",
        None if statuses
            .iter()
            .any(|status| status["state"]["waiting"].is_object()) =>
        {
            "Pending"
        }
        None => "Running",
    }
}

fn statuses(pod: &Value) -> &[Value] {
    pod["status"]["containerStatuses"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

fn is_ready(pod: &Object) -> bool {
    statuses(pod).iter().all(|status| status["ready"] == true)
}

fn roll_out(store: &mut Store, deployment: &Value, fares: &dyn Fn(&Value) -> Value) {
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let template = &deployment["spec"]["template"];
    let sets = owned(store, deployment, "ReplicaSet");
    let newest = sets.iter().find(|set| is_of(set, template));
    let newest = newest
        .cloned()
        .unwrap_or_else(|| put_set(store, deployment, sets.len() + 1));
    let mut pods = owned(store, &newest, "Pod");
    for _ in pods.len() as u64..wanted {
        put_pod(store, &newest, template, fares);
    }
    pods = owned(store, &newest, "Pod");
    let earlier: Vec<_> = sets
        .iter()
        .filter(|set| set["metadata"]["uid"] != newest["metadata"]["uid"])
        .flat_map(|set| owned(store, set, "Pod"))
        .collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let is_done = ready as u64 >= wanted;
    let left = if is_done { &[][..] } else { &earlier[..] };
    let available = ready + left.iter().filter(|pod| is_ready(pod)).count();
    let status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": pods.len() + left.len(),
        "updatedReplicas": pods.len(),
        "readyReplicas": available,
        "availableReplicas": available,
        "conditions": [{
            "type": "Progressing",
            "status": "True",
            "reason": if is_done { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" },
        }],
    });
    if status != deployment["status"] {
        store.edit(&At::of(deployment), |deployment| {
            deployment["status"] = status;
        });
    }
    if is_done {
        for pod in earlier {
            store.remove(&At::of(&pod), Dependents::Deleted);
        }
    }
}

/// Whether a set has this template, apart from the label that the real controller adds to it.
fn is_of(set: &Value, template: &Value) -> bool {
    let mut own = set["spec"]["template"].clone();
    let labels = own.pointer_mut("/metadata/labels");
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    own == *template
}

fn put_set(store: &mut Store, deployment: &Value, revision: usize) -> Object {
    let name = deployment["metadata"]["name"].as_str().unwrap_or_default();
    store.put(json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{name}-{revision}"),
            "namespace": deployment["metadata"]["namespace"],
            "labels": deployment["spec"]["template"]["metadata"]["labels"],
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()},
            "ownerReferences": reference(deployment),
        },
        "spec": {
            "replicas": deployment["spec"]["replicas"],
            "template": deployment["spec"]["template"],
        },
    }))
}

/// A Job is complete or failed when its pod is. The pod of a failed one that would be restarted
/// is gone, and its log with it.
fn judge(store: &mut Store, job: &Value, pod: &Value) {
    let (kind, reason) = match phase(statuses(pod)) {
        "Succeeded" => ("Complete", "CompletionsReached"),
        "Failed" => ("Failed", "BackoffLimitExceeded"),
        _ => ("", ""),
    };
    let status = match kind {
        "" => json!({"active": 1}),
        _ => json!({"conditions": [{"type": kind, "status": "True", "reason": reason}]}),
    };
    if job["status"] != status {
        store.edit(&At::of(job), |job| job["status"] = status);
    }
    if kind == "Failed" && pod["spec"]["restartPolicy"] == "OnFailure" {
        store.remove(&At::of(pod), Dependents::Deleted);
    }
}
