//! What an API server makes of a manifest: identity, times, defaults and field owners.
//!
//! Only the defaults that a reader of workloads meets; they are those that a kube-apiserver 1.34
//! fills in.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// `2026-11-24T02:31:07Z`, as metav1.Time is written.
pub(super) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same seed has the same bytes in every run.
fn bytes(seed: &str) -> impl Iterator<Item = u8> {
    Sha256::digest(seed).to_vec().into_iter()
}

/// Hexadecimal digits, at most 64.
pub(super) fn hex(seed: &str, length: usize) -> String {
    let digits = bytes(seed).flat_map(|byte| [byte >> 4, byte & 15]);
    let digit = |digit: u8| char::from(b"0123456789abcdef"[usize::from(digit)]);
    digits.take(length).map(digit).collect()
}

/// The letters of generated names: no vowels, so no words. Source: apimachinery, util/rand.
pub(super) fn letters(seed: &str, length: usize) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let letter = |byte: u8| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
    bytes(seed).take(length).map(letter).collect()
}

/// The same object has the same uid in every run.
pub(super) fn uid(kind: &str, namespace: &str, name: &str) -> String {
    let hex = hex(&format!("{kind}/{namespace}/{name}"), 32);
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// The object as it is after `manager` created it.
pub(super) fn born(mut object: Value, manager: &str, at: Timestamp) -> Value {
    let fields = owned(&json!({
        "metadata": {
            "labels": object["metadata"]["labels"],
            "annotations": object["metadata"]["annotations"],
        },
        "spec": object["spec"],
    }));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
    let uid = uid(
        &kind,
        &text(&metadata["namespace"]),
        &text(&metadata["name"]),
    );
    let metadata = &mut object["metadata"];
    metadata["uid"] = uid.into();
    metadata["creationTimestamp"] = stamp(at).into();
    if matches!(
        kind.as_str(),
        "Deployment" | "DaemonSet" | "CronJob" | "Job" | "ReplicaSet"
    ) {
        metadata["generation"] = 1.into();
    }
    own(&mut object, &Owner::of_object(manager), fields, at);
    fill(&mut object);
    object
}

/// In whose name fields are owned.
pub(super) struct Owner<'a> {
    manager: &'a str,
    subresource: Option<&'a str>,
}

impl<'a> Owner<'a> {
    pub(super) fn of_object(manager: &'a str) -> Self {
        Self {
            manager,
            subresource: None,
        }
    }

    pub(super) fn of_status(manager: &'a str) -> Self {
        Self {
            manager,
            subresource: Some("status"),
        }
    }
}

/// Adds fields to the owner's entry and moves its time, as every update does; the earlier owners
/// of these fields lose them.
pub(super) fn own(object: &mut Value, owner: &Owner, fields: Map<String, Value>, at: Timestamp) {
    let version = object["apiVersion"].clone();
    let mut entries = match object["metadata"]["managedFields"].take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    };
    let is_ours = |entry: &Value| {
        entry["manager"] == owner.manager && entry["subresource"].as_str() == owner.subresource
    };
    for entry in entries.iter_mut().filter(|entry| !is_ours(entry)) {
        disown(&mut entry["fieldsV1"], &fields);
    }
    let ours = entries.iter().position(is_ours);
    let mut entry = ours.map_or_else(
        || json!({ "manager": owner.manager, "operation": "Update", "fieldsType": "FieldsV1" }),
        |index| entries.remove(index),
    );
    entry["apiVersion"] = version;
    entry["time"] = stamp(at).into();
    join(&mut entry["fieldsV1"], fields);
    if let Some(subresource) = owner.subresource {
        entry["subresource"] = subresource.into();
    }
    entries.push(entry);
    object["metadata"]["managedFields"] = entries.into();
}

/// The fields of a value in the form of `fieldsV1`; lists whose items have names item by item.
pub(super) fn owned(value: &Value) -> Map<String, Value> {
    let leaf = |value: &Value| Value::from(owned(value));
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (format!("f:{name}"), leaf(value)))
            .collect(),
        Value::Array(items) if items.iter().all(|item| item["name"].is_string()) => items
            .iter()
            .map(|item| (format!("k:{}", json!({ "name": item["name"] })), leaf(item)))
            .collect(),
        _ => Map::new(),
    }
}

fn disown(fields: &mut Value, taken: &Map<String, Value>) {
    let Some(fields) = fields.as_object_mut() else {
        return;
    };
    fields.retain(|name, value| {
        let Some(Value::Object(taken)) = taken.get(name) else {
            return true;
        };
        disown(value, taken);
        value.as_object().is_some_and(|left| !left.is_empty())
    });
}

fn join(into: &mut Value, fields: Map<String, Value>) {
    if into.is_null() {
        *into = json!({});
    }
    for (name, value) in fields {
        if let Value::Object(value) = value {
            join(&mut into[&name], value);
        }
    }
}

/// Fills in what the manifest left out.
fn fill(object: &mut Value) {
    match object["kind"].as_str() {
        Some("Deployment") => {
            let spec = &mut object["spec"];
            default(spec, "progressDeadlineSeconds", 600);
            default(spec, "revisionHistoryLimit", 10);
            let rolling = json!({ "maxSurge": "25%", "maxUnavailable": "25%" });
            default(
                spec,
                "strategy",
                json!({ "type": "RollingUpdate", "rollingUpdate": rolling }),
            );
            fill_pod(&mut spec["template"]["spec"]);
        }
        Some("DaemonSet") => {
            let spec = &mut object["spec"];
            default(spec, "revisionHistoryLimit", 10);
            let rolling = json!({ "maxSurge": 0, "maxUnavailable": 1 });
            let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": rolling });
            default(spec, "updateStrategy", strategy);
            default(&mut spec["updateStrategy"]["rollingUpdate"], "maxSurge", 0);
            fill_pod(&mut spec["template"]["spec"]);
        }
        Some("CronJob") => fill_pod(&mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"]),
        Some("Job") => fill_pod(&mut object["spec"]["template"]["spec"]),
        _ => {}
    }
}

fn default(object: &mut Value, field: &str, value: impl Into<Value>) {
    if object[field].is_null() {
        object[field] = value.into();
    }
}

fn fill_pod(spec: &mut Value) {
    default(spec, "restartPolicy", "Always");
    default(spec, "dnsPolicy", "ClusterFirst");
    default(spec, "schedulerName", "default-scheduler");
    default(spec, "terminationGracePeriodSeconds", 30);
    default(spec, "securityContext", json!({}));
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            default(container, "imagePullPolicy", "IfNotPresent");
            default(container, "resources", json!({}));
            default(container, "terminationMessagePath", "/dev/termination-log");
            default(container, "terminationMessagePolicy", "File");
            if container["readinessProbe"].is_object() {
                let probe = &mut container["readinessProbe"];
                default(probe, "timeoutSeconds", 1);
                default(probe, "periodSeconds", 10);
                default(probe, "successThreshold", 1);
                default(probe, "failureThreshold", 3);
            }
            // An empty value is dropped: readers see an entry that has a name only.
            for entry in container["env"].as_array_mut().into_iter().flatten() {
                if entry["value"] == "" {
                    entry.as_object_mut().map(|entry| entry.remove("value"));
                }
            }
        }
        if spec[list].is_null() {
            spec.as_object_mut().map(|spec| spec.remove(list));
        }
    }
}
