//! What a client may write: creating, changing and deleting, with the rules of the API server's
//! registry. Source: k8s.io/apiserver, pkg/registry/generic/registry/store.go.

use serde_json::{Value, json};

use super::ownership;
use super::refusal::Refusal;
use super::resources::Scope;
use super::store::{At, Object, Store, count, drop_empty};

/// Whether a write is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    Stored,
    /// `dryRun=All`: everything is judged and answered, nothing is stored.
    DryRun,
}

/// What becomes of the objects that name the deleted one as their owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependents {
    Deleted,
    Orphaned,
}

const OTHER_NAMESPACE: &str =
    "the namespace of the provided object does not match the namespace sent on the request";

/// Fields a client cannot change.
const FIXED: [&str; 8] = [
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "uid",
];

impl Store {
    /// Creates the object of a POST in `namespace`, which is empty for cluster-wide kinds.
    pub(crate) fn create(
        &mut self,
        at: &At,
        mut object: Value,
        manager: &str,
        commit: Commit,
    ) -> Result<Object, Refusal> {
        let mut at = at.clone();
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let metadata = &mut object["metadata"];
        if let Some(stated) = metadata["namespace"].as_str()
            && stated != at.namespace
        {
            return Err(Refusal::bad_request(OTHER_NAMESPACE));
        }
        if metadata["resourceVersion"]
            .as_str()
            .is_some_and(|v| !v.is_empty())
        {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Refusal::new(500, "", message));
        }
        let uid = self.next_uid();
        let named = metadata["name"].as_str().filter(|name| !name.is_empty());
        let prefix = metadata["generateName"]
            .as_str()
            .filter(|prefix| !prefix.is_empty());
        at.name = match (named, prefix) {
            (Some(name), _) => name.to_owned(),
            (None, Some(prefix)) => format!("{prefix}{}", suffix(&uid)),
            (None, None) => {
                let kind = (at.resource.kind, at.resource.group, "");
                let why = "Required value: name or generateName is required";
                return Err(Refusal::invalid(kind, "metadata.name", why));
            }
        };
        if at.resource.scope == Scope::Namespaced
            && self
                .find(&At::new("Namespace", "", &at.namespace))
                .is_none()
        {
            let namespaces = At::new("Namespace", "", "").resource;
            return Err(Refusal::not_found(namespaces, &at.namespace));
        }
        if self.find(&at).is_some() {
            return Err(Refusal::already_exists(at.resource, &at.name));
        }
        metadata["name"] = at.name.as_str().into();
        if at.resource.scope == Scope::Namespaced {
            metadata["namespace"] = at.namespace.as_str().into();
        }
        metadata["uid"] = uid.as_str().into();
        metadata["creationTimestamp"] = self.clock.stamp().into();
        for given in ["resourceVersion", "generation", "managedFields"] {
            metadata
                .as_object_mut()
                .map(|metadata| metadata.remove(given));
        }
        prepare(&at, &mut object, &uid);
        drop_empty(&mut object);
        count(&at, None, &mut object);
        let writer = ownership::Writer {
            manager,
            subresource: None,
        };
        ownership::record(&writer, self.clock, None, &mut object);
        Ok(self.commit(&at, None, object, commit))
    }

    /// Applies `change` to the stored object, in the name of `writer`. A resourceVersion that the
    /// change leaves in the object is a lock; a write that changes nothing stores nothing.
    pub(crate) fn update(
        &mut self,
        at: &At,
        writer: &ownership::Writer,
        commit: Commit,
        change: impl FnOnce(&Value) -> Result<Value, Refusal>,
    ) -> Result<Object, Refusal> {
        let before = self
            .find(at)
            .ok_or_else(|| Refusal::not_found(at.resource, &at.name))?;
        let mut after = change(&before)?;
        judge(at, &before, &after)?;

        keep(&before["metadata"], &mut after["metadata"], &FIXED);
        match writer.subresource {
            Some(_) => {
                keep(&before, &mut after, &["spec"]);
                keep(&before["metadata"], &mut after["metadata"], &["labels"]);
            }
            None if at.resource.has("status") => keep(&before, &mut after, &["status"]),
            None => {}
        }
        drop_empty(&mut after);
        if after == *before {
            return Ok(before);
        }
        if writer.subresource.is_none() {
            count(at, Some(&before), &mut after);
        }
        ownership::record(writer, self.clock, Some(&before), &mut after);
        Ok(self.commit(at, Some(before), after, commit))
    }

    /// Deletes the object of a DELETE; `preconditions` is that of its `DeleteOptions`.
    pub(crate) fn delete(
        &mut self,
        at: &At,
        preconditions: &Value,
        dependents: Dependents,
        commit: Commit,
    ) -> Result<Object, Refusal> {
        let last = self
            .find(at)
            .ok_or_else(|| Refusal::not_found(at.resource, &at.name))?;
        for (word, field, what) in [
            ("UID", "uid", "deleted and then recreated"),
            ("ResourceVersion", "resourceVersion", "modified"),
        ] {
            let (wanted, found) = (&preconditions[field], &last["metadata"][field]);
            if !wanted.is_null() && wanted != found {
                let (wanted, found) = (wanted.as_str(), found.as_str());
                let why = format!(
                    "the {word} in the precondition ({}) does not match the {word} in record \
                     ({}). The object might have been {what}",
                    wanted.unwrap_or_default(),
                    found.unwrap_or_default()
                );
                return Err(Refusal::precondition(at.resource, &at.name, &why));
            }
        }
        if commit == Commit::DryRun {
            return Ok(last);
        }
        Ok(self.remove(at, dependents).unwrap_or(last))
    }

    /// Deletes an object, if it is there, and does with its dependents what it is told. A real
    /// cluster's garbage collector takes a moment; this one is done at once.
    pub(crate) fn remove(&mut self, at: &At, dependents: Dependents) -> Option<Object> {
        let last = self.forget(at)?;
        let owner = last["metadata"]["uid"].clone();
        let is_owner = |reference: &Value| reference["uid"] == owner;
        for object in self.everything() {
            let references = object["metadata"]["ownerReferences"].as_array();
            if !references.is_some_and(|references| references.iter().any(is_owner)) {
                continue;
            }
            let dependent = At::of(&object);
            match dependents {
                Dependents::Deleted => drop(self.remove(&dependent, dependents)),
                Dependents::Orphaned => drop(self.edit(&dependent, |object| {
                    let references = &mut object["metadata"]["ownerReferences"];
                    if let Some(references) = references.as_array_mut() {
                        references.retain(|reference| !is_owner(reference));
                    }
                })),
            }
        }
        Some(last)
    }
}

/// Whether a changed object may take the place of the stored one.
fn judge(at: &At, before: &Value, after: &Value) -> Result<(), Refusal> {
    let stated = |field: &str| {
        after["metadata"][field]
            .as_str()
            .filter(|text| !text.is_empty())
    };
    let stored = |field: &str| before["metadata"][field].as_str();
    if stated("name") != stored("name") {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            stated("name").unwrap_or_default(),
            at.name
        )));
    }
    if stated("namespace").is_some() && stated("namespace") != stored("namespace") {
        return Err(Refusal::bad_request(OTHER_NAMESPACE));
    }
    if stated("resourceVersion").is_some() && stated("resourceVersion") != stored("resourceVersion")
    {
        return Err(Refusal::modified(at.resource, &at.name));
    }
    if let Some(uid) = stated("uid").filter(|uid| stored("uid") != Some(*uid)) {
        let kind = (at.resource.kind, at.resource.group, at.name.as_str());
        let why = format!("Invalid value: {uid:?}: field is immutable");
        return Err(Refusal::invalid(kind, "metadata.uid", &why));
    }
    Ok(())
}

/// Puts `fields` of `after` back to what they are in `before`.
fn keep(before: &Value, after: &mut Value, fields: &[&str]) {
    for field in fields {
        match before.get(field) {
            Some(value) => after[field] = value.clone(),
            None => drop(after.as_object_mut().map(|after| after.remove(*field))),
        }
    }
}

/// Five characters, as generated names end, from the digits of a uid.
pub(super) fn suffix(uid: &str) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrst";
    uid.chars()
        .skip(uid.len() - 5)
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| char::from(ALPHABET[digit as usize]))
        .collect()
}

/// What the registry adds to a new object of some kinds: an empty status, and to a Job the labels
/// by which its pods are found.
fn prepare(at: &At, object: &mut Value, uid: &str) {
    if at.resource.has("status") {
        object["status"] = match at.resource.kind {
            "Pod" => json!({"phase": "Pending"}),
            _ => json!({}),
        };
    }
    match at.resource.kind {
        "Deployment" => default(&mut object["spec"], &json!({"replicas": 1})),
        "Job" => {
            let spec = &mut object["spec"];
            default(
                spec,
                &json!({"backoffLimit": 6, "completions": 1, "parallelism": 1}),
            );
            default(
                &mut spec["template"]["metadata"]["labels"],
                &json!({
                    "batch.kubernetes.io/controller-uid": uid,
                    "batch.kubernetes.io/job-name": at.name,
                    "controller-uid": uid,
                    "job-name": at.name,
                }),
            );
            let labels = spec["template"]["metadata"]["labels"].clone();
            default(
                &mut spec["selector"]["matchLabels"],
                &json!({"batch.kubernetes.io/controller-uid": uid}),
            );
            default(&mut object["metadata"], &json!({"labels": labels}));
        }
        _ => {}
    }
}

fn default(target: &mut Value, values: &Value) {
    for (field, value) in values.as_object().into_iter().flatten() {
        if target[field].is_null() {
            target[field] = value.clone();
        }
    }
}
