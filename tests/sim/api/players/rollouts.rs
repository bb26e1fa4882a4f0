//! The controllers of Deployments and DaemonSets, and as much of the kubelet as their pods need.
//!
//! A node that is not ready stops nothing: a pod that is to go from there stays, on its way out.

use serde_json::{Value, json};

use super::super::store::{At, Change, Happened, Object, Store};
use super::super::write::Dependents;
use super::{owned, owner, put_pod, reference, statuses, suffix, word};

/// Rolls out Deployments, all pods of a new template at once, and DaemonSets, node by node.
/// `fares` gives the status of a container of a new pod.
pub(crate) fn rollouts(
    fares: impl Fn(&Value) -> Value + Send + 'static,
) -> impl FnMut(&Change, &mut Store) + Send + 'static {
    move |change, store| match change.resource.kind {
        "Pod" => {
            let of_set = owner(store, &change.object, "ReplicaSet");
            let deployment = of_set.and_then(|set| owner(store, &set, "Deployment"));
            let daemon_set = owner(store, &change.object, "DaemonSet");
            if deployment.is_some() || daemon_set.is_some() {
                report(store, &At::of(&change.object));
            }
            if let Some(deployment) = deployment {
                roll_out(store, &deployment, &fares);
            }
            if let Some(set) = daemon_set {
                spread(store, &set, &fares);
            }
        }
        "Node" => {
            for pod in store.all(At::new("Pod", "", "").resource, None) {
                if pod["spec"]["nodeName"] == change.object["metadata"]["name"] {
                    report(store, &At::of(&pod));
                }
            }
            for set in store.all(At::new("DaemonSet", "", "").resource, None) {
                spread(store, &set, &fares);
            }
        }
        "Deployment" | "DaemonSet" if change.happened != Happened::Deleted => {
            match store.find(&At::of(&change.object)) {
                Some(deployment) if deployment["kind"] == "Deployment" => {
                    roll_out(store, &deployment, &fares);
                }
                Some(set) => spread(store, &set, &fares),
                None => {}
            }
        }
        _ => {}
    }
}

/// Brings the pod's condition up to date: the kubelet's by its containers, the node controller's by
/// its node. A pod on its way out is gone once its node has stopped it.
fn report(store: &mut Store, at: &At) {
    let Some(pod) = store.find(at) else {
        return;
    };
    let has_node = is_up(store, &pod["spec"]["nodeName"]);
    if has_node && is_leaving(&pod) {
        store.remove(at, Dependents::Deleted);
        return;
    }
    let all_run = |statuses: &[Value]| {
        !statuses.is_empty() && statuses.iter().all(|status| status["ready"] == true)
    };
    let ready = word(has_node && all_run(statuses(&pod)));
    if condition(&pod) != Some(ready) {
        let ready = json!({"type": "Ready", "status": ready});
        store.edit(at, |pod| {
            let conditions = &mut pod["status"]["conditions"];
            let mut others = conditions.as_array().cloned().unwrap_or_default();
            others.retain(|condition| condition["type"] != "Ready");
            others.push(ready);
            *conditions = others.into();
        });
    }
}

/// What a pod's or a node's condition `Ready` says.
fn condition(object: &Value) -> Option<&str> {
    let mut conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let ready = conditions.find(|condition| condition["type"] == "Ready")?;
    ready["status"].as_str()
}

/// Whether pods are stopped and started on a node. One that nobody has put there is up.
fn is_up(store: &Store, node: &Value) -> bool {
    let node = store.find(&At::new("Node", "", node.as_str().unwrap_or_default()));
    node.is_none_or(|node| condition(&node) == Some("True"))
}

fn nodes(store: &Store) -> Vec<String> {
    let nodes = store.all(At::new("Node", "", "").resource, None);
    let names = nodes.iter().map(|node| node["metadata"]["name"].as_str());
    names
        .map(|name| name.unwrap_or_default().to_owned())
        .collect()
}

fn is_ready(pod: &Object) -> bool {
    condition(pod) == Some("True")
}

fn is_leaving(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

/// Asks a pod to go; on a node that is up it does at once.
fn stop(store: &mut Store, pod: &Value) {
    if is_up(store, &pod["spec"]["nodeName"]) {
        store.remove(&At::of(pod), Dependents::Deleted);
    } else if !is_leaving(pod) {
        let now = store.clock.stamp();
        store.edit(&At::of(pod), |pod| {
            pod["metadata"]["deletionTimestamp"] = now.into();
        });
    }
}

fn roll_out(store: &mut Store, deployment: &Value, fares: &dyn Fn(&Value) -> Value) {
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let wanted = usize::try_from(wanted).unwrap_or_default();
    let template = &deployment["spec"]["template"];
    let sets = owned(store, deployment, "ReplicaSet");
    let newest = sets.iter().find(|set| is_of(set, template)).cloned();
    let is_newest = |set: &&Object| {
        let newest = newest.as_ref();
        newest.is_none_or(|newest| newest["metadata"]["uid"] != set["metadata"]["uid"])
    };
    let earlier: Vec<_> = sets
        .iter()
        .filter(is_newest)
        .flat_map(|set| owned(store, set, "Pod"))
        .collect();
    if deployment["spec"]["paused"] == true {
        return tell(store, deployment, newest.as_ref(), &earlier, None);
    }
    if deployment["spec"]["strategy"]["type"] == "Recreate" && !earlier.is_empty() {
        for pod in &earlier {
            stop(store, pod);
        }
        // The change that removes the last of them goes on from here.
        return tell(store, deployment, newest.as_ref(), &earlier, None);
    }
    let newest = newest.unwrap_or_else(|| put_set(store, deployment, sets.len() + 1));
    let pods = owned(store, &newest, "Pod");
    let node = nodes(store)
        .into_iter()
        .find(|node| is_up(store, &node.as_str().into()));
    let mut why_not = None;
    for _ in pods.len()..wanted {
        let put = put_pod(store, &newest, template, node.as_deref(), fares);
        why_not = put.err().or(why_not);
    }
    for pod in pods.iter().skip(wanted) {
        stop(store, pod);
    }
    let pods = owned(store, &newest, "Pod");
    let is_done = pods.iter().filter(|pod| is_ready(pod)).count() >= wanted;
    let left = if is_done { &[][..] } else { &earlier[..] };
    tell(store, deployment, Some(&newest), left, why_not);
    if is_done {
        for pod in earlier {
            stop(store, &pod);
        }
    }
}

/// Writes the Deployment's status, if it says something new.
fn tell(
    store: &mut Store,
    deployment: &Value,
    newest: Option<&Object>,
    earlier: &[Object],
    why_not: Option<String>,
) {
    let mut pods = newest.map_or(Vec::new(), |set| owned(store, set, "Pod"));
    pods.retain(|pod| !is_leaving(pod));
    let left = earlier.iter().filter(|pod| !is_leaving(pod));
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let is_done = ready as u64 >= wanted;
    let available = ready + left.clone().filter(|pod| is_ready(pod)).count();
    let mut conditions = vec![json!({
        "type": "Progressing",
        "status": "True",
        "reason": if is_done { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" },
    })];
    conditions.extend(why_not.map(|message| {
        json!({
            "type": "ReplicaFailure",
            "status": "True",
            "reason": "FailedCreate",
            "message": message,
        })
    }));
    let status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": pods.len() + left.count(),
        "updatedReplicas": pods.len(),
        "readyReplicas": available,
        "availableReplicas": available,
        "conditions": conditions,
    });
    put_status(store, deployment, status);
}

fn put_status(store: &mut Store, workload: &Value, status: Value) {
    if status != workload["status"] {
        store.edit(&At::of(workload), |workload| workload["status"] = status);
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

const GENERATION: &str = "pod-template-generation";
const SET_GENERATION: &str = "deprecated.daemonset.template.generation";

/// One pod for each node, one replaced at a time; with `OnDelete`, when somebody deletes it.
fn spread(store: &mut Store, set: &Value, fares: &dyn Fn(&Value) -> Value) {
    let template = &set["spec"]["template"];
    let pods = owned(store, set, "Pod");
    let generation = generation(set, &pods);
    let number = generation.to_string();
    if set["metadata"]["annotations"][SET_GENERATION] != number.as_str() {
        store.edit(&At::of(set), |set| {
            set["metadata"]["annotations"][SET_GENERATION] = number.as_str().into();
        });
        // The change comes back.
        return;
    }
    let mut labelled = template.clone();
    labelled["metadata"]["labels"][GENERATION] = number.as_str().into();
    let mut waits = pods.iter().any(|pod| {
        is_up(store, &pod["spec"]["nodeName"]) && !is_ready(pod) && is_new(pod, template)
    });
    for node in nodes(store) {
        let mut own = pods
            .iter()
            .filter(|pod| pod["spec"]["nodeName"] == node.as_str());
        match own.next() {
            None => {
                if let Err(message) = put_pod(store, set, &labelled, Some(&node), fares) {
                    put_event(store, set, &message);
                }
                waits = true;
            }
            Some(pod) if is_new(pod, template) => {}
            Some(_) if set["spec"]["updateStrategy"]["type"] == "OnDelete" => {}
            Some(pod) if is_up(store, &node.as_str().into()) => {
                if !waits {
                    return stop(store, pod);
                }
            }
            Some(pod) => stop(store, pod),
        }
    }
    let pods = owned(store, set, "Pod");
    let count = |is: &dyn Fn(&Object) -> bool| pods.iter().filter(|pod| is(pod)).count();
    let is_updated = |pod: &Object| !is_leaving(pod) && is_new(pod, template);
    let status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "desiredNumberScheduled": nodes(store).len(),
        "currentNumberScheduled": pods.len(),
        "updatedNumberScheduled": count(&is_updated),
        "numberReady": count(&is_ready),
        "numberAvailable": count(&is_ready),
        "numberMisscheduled": 0,
    });
    put_status(store, set, status);
}

/// Whether the pod was made from this template, as far as it shows.
fn is_new(pod: &Value, template: &Value) -> bool {
    let mut spec = pod["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("nodeName");
    }
    let annotations = |object: &Value| object["metadata"]["annotations"].clone();
    spec == template["spec"] && annotations(pod) == annotations(template)
}

/// The number of the set's template: that of the pods made from it, else one more than theirs.
fn generation(set: &Value, pods: &[Object]) -> u64 {
    let template = &set["spec"]["template"];
    let number = |pod: &Object| {
        let label = pod["metadata"]["labels"][GENERATION].as_str();
        label.and_then(|label| label.parse().ok()).unwrap_or(1)
    };
    let (new, old): (Vec<_>, Vec<_>) = pods.iter().partition(|pod| is_new(pod, template));
    let newest = old.into_iter().map(number).max();
    new.into_iter()
        .map(number)
        .max()
        .unwrap_or_else(|| newest.map_or(1, |newest| newest + 1))
}

fn put_event(store: &mut Store, set: &Value, message: &str) {
    let name = set["metadata"]["name"].as_str().unwrap_or_default();
    let now = store.clock.stamp();
    let name = format!("{name}.{}", suffix(&store.next_uid()));
    store.put(json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": set["metadata"]["namespace"]},
        "type": "Warning",
        "reason": "FailedCreate",
        "message": format!("Error creating: {message}"),
        "involvedObject": {
            "kind": "DaemonSet",
            "namespace": set["metadata"]["namespace"],
            "name": set["metadata"]["name"],
            "uid": set["metadata"]["uid"],
        },
        "firstTimestamp": now,
        "lastTimestamp": now,
    }));
}
