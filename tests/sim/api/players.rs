//! Controllers for [`super::Cluster::on`] that play a cluster's part after a write: they roll out
//! Deployments and DaemonSets, and run Jobs.
//!
//! All are level-triggered, as real ones are: they look at what is stored and move it towards the
//! spec, whenever a workload, one of its pods or a node changes. How containers fare is the test's
//! to say: by the function it gives, for new pods, and later by editing pods.

mod rollouts;

use serde_json::{Value, json};

use super::store::{At, Change, Happened, Object, Store};
use super::write::{Dependents, suffix};

pub(crate) use rollouts::rollouts;

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

/// Instead of a status: no node can take the pod, in the scheduler's words.
pub(crate) fn unschedulable(message: &str) -> Value {
    json!({"unschedulable": message})
}

/// Instead of a status: the API server does not let the pod be created, and why.
pub(crate) fn refused(message: &str) -> Value {
    json!({"refused": message})
}

/// Runs Jobs: makes the pod of a new one, and judges a Job by its pod. `fares` gives the status of
/// a container of a new pod.
pub(crate) fn jobs(
    fares: impl Fn(&Value) -> Value + Send + 'static,
) -> impl FnMut(&Change, &mut Store) + Send + 'static {
    move |change, store| match (change.resource.kind, change.happened) {
        ("Job", Happened::Added) => {
            let job = &change.object;
            // A Job whose pod is refused stays active without one.
            let _ = put_pod(store, job, &job["spec"]["template"], None, &fares);
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

/// Makes a pod, for this node if one is given; or says why it may not be created.
fn put_pod(
    store: &mut Store,
    owner: &Value,
    template: &Value,
    node: Option<&str>,
    fares: &dyn Fn(&Value) -> Value,
) -> Result<(), String> {
    let prefix = owner["metadata"]["name"].as_str().unwrap_or_default();
    let name = format!("{prefix}-{}", suffix(&store.next_uid()));
    let containers = template["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten();
    let mut statuses: Vec<_> = containers
        .map(|container| {
            let mut status = fares(container);
            status["name"] = container["name"].clone();
            status["image"] = container["image"].clone();
            status
        })
        .collect();
    let said = |word: &str| statuses.iter().find_map(|status| status[word].as_str());
    if let Some(message) = said("refused") {
        return Err(message.to_owned());
    }
    let scheduled = match said("unschedulable") {
        None => json!({"type": "PodScheduled", "status": "True"}),
        Some(message) => json!({
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        }),
    };
    let mut spec = template["spec"].clone();
    if scheduled["status"] == "False" {
        statuses.clear();
    } else if let Some(node) = node {
        spec["nodeName"] = node.into();
    }
    let is_ready = !statuses.is_empty() && statuses.iter().all(|status| status["ready"] == true);
    let phase = if statuses.is_empty() {
        "Pending"
    } else {
        phase(&statuses)
    };
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
        "spec": spec,
        "status": {
            "phase": phase,
            "conditions": [scheduled, {"type": "Ready", "status": word(is_ready)}],
            "containerStatuses": statuses,
        },
    }));
    Ok(())
}

/// A truth, as conditions spell it.
fn word(is_so: bool) -> &'static str {
    if is_so { "True" } else { "False" }
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
