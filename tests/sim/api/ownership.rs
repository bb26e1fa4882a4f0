//! `metadata.managedFields`: who set which field last, with which operation and when.
//!
//! A writer owns the leaves it added or changed; whoever owned a changed or removed leaf before
//! loses it. Lists with a merge key are owned item by item, other lists as a whole. Source:
//! sigs.k8s.io/structured-merge-diff, Updater.Update.

use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::patch::merge_key;

/// Fields that belong to nobody.
const SERVERS_OWN: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "uid",
];

/// In whose name a write is recorded.
pub(crate) struct Writer<'a> {
    pub(crate) manager: &'a str,
    /// `None` for the object itself.
    pub(crate) subresource: Option<&'a str>,
}

/// A set of fields in the form of `fieldsV1`: `{"f:spec": {"f:replicas": {}}}`.
type Fields = Map<String, Value>;

/// Brings `after.metadata.managedFields` up to date with what changed since `before`.
pub(crate) fn record(writer: &Writer, clock: Clock, before: Option<&Value>, after: &mut Value) {
    let nothing = json!({});
    let before = before.unwrap_or(&nothing);
    let (old, new) = (own(writer, before), own(writer, after));
    let (set, removed) = (changed(&old, &new), changed(&new, &old));
    if set.is_empty() && removed.is_empty() {
        return;
    }

    let mut entries = match &before["metadata"]["managedFields"] {
        Value::Array(entries) => entries.clone(),
        _ => Vec::new(),
    };
    let is_ours = |entry: &Value| {
        entry["manager"] == writer.manager
            && entry["operation"] == "Update"
            && entry["subresource"].as_str() == writer.subresource
    };
    let mut ours = Fields::new();
    for entry in &mut entries {
        let owned = entry["fieldsV1"].as_object().cloned().unwrap_or_default();
        let kept = difference(&difference(&owned, &set), &removed);
        if is_ours(entry) {
            ours = kept;
        } else {
            entry["fieldsV1"] = kept.into();
        }
    }
    entries.retain(|entry| !is_ours(entry) && entry["fieldsV1"] != json!({}));
    let mut entry = json!({
        "manager": writer.manager,
        "operation": "Update",
        "apiVersion": after["apiVersion"],
        "time": clock.stamp(),
        "fieldsType": "FieldsV1",
        "fieldsV1": union(ours, set),
    });
    if let Some(subresource) = writer.subresource {
        entry["subresource"] = subresource.into();
    }
    entries.push(entry);
    after["metadata"]["managedFields"] = entries.into();
}

/// The part of an object that a writer can own.
fn own(writer: &Writer, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(whole) = object.as_object_mut() {
        let status = writer.subresource.is_none().then_some("status");
        whole.retain(|field, _| {
            field != "apiVersion" && field != "kind" && Some(field.as_str()) != status
        });
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, _| !SERVERS_OWN.contains(&field.as_str()));
    }
    object
}

/// The leaves of `after` that `before` does not have, or has with another value. Called the
/// other way round, it yields what was removed (and, harmlessly, what was changed).
fn changed(before: &Value, after: &Value) -> Fields {
    let fields = after.as_object().into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| {
        let changed = changed_value(&before[name], value, name)?;
        Some((format!("f:{name}"), changed.into()))
    });
    fields.collect()
}

/// What changed in one field; a leaf is an empty set. `None` when nothing did.
fn changed_value(old: &Value, new: &Value, field: &str) -> Option<Fields> {
    if old == new {
        return None;
    }
    let mut fields = match (new, merge_key(field)) {
        (Value::Object(_), _) if !ATOMIC.contains(&field) => changed(old, new),
        (Value::Array(items), Some(key)) if items.iter().all(|item| item[key].is_string()) => items
            .iter()
            .filter_map(|item| {
                let was = old.as_array().into_iter().flatten();
                let was = was.into_iter().find(|was| was[key] == item[key]);
                let changed = changed_value(was.unwrap_or(&Value::Null), item, ITEM)?;
                Some((format!("k:{}", json!({key: item[key]})), changed.into()))
            })
            .collect(),
        _ => return Some(Fields::new()),
    };
    let is_new = old.is_null();
    let has_keys = [ITEM, "annotations", "labels"].contains(&field) || merge_key(field).is_some();
    if is_new && has_keys && field != "containers" {
        fields.insert(".".to_owned(), json!({}));
    }
    (is_new || !fields.is_empty()).then_some(fields)
}

/// Stands for the field name of an item of a list.
const ITEM: &str = "";

/// Objects that are owned as a whole.
const ATOMIC: [&str; 2] = ["nodeSelector", "selector"];

fn union(mut left: Fields, right: Fields) -> Fields {
    for (name, value) in right {
        let Value::Object(value) = value else {
            continue;
        };
        let was = match left.remove(&name) {
            Some(Value::Object(was)) => was,
            _ => Fields::new(),
        };
        left.insert(name, union(was, value).into());
    }
    left
}

/// `left` without the leaves of `right`, and without branches that lost their last leaf.
fn difference(left: &Fields, right: &Fields) -> Fields {
    left.iter()
        .filter_map(|(name, value)| {
            let (Some(value), Some(taken)) = (value.as_object(), right.get(name)) else {
                return Some((name.clone(), value.clone()));
            };
            let taken = taken.as_object().cloned().unwrap_or_default();
            if value.is_empty() || taken.is_empty() {
                return None;
            }
            let kept = difference(value, &taken);
            (!kept.is_empty()).then(|| (name.clone(), kept.into()))
        })
        .collect()
}
