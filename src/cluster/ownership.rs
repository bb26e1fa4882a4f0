//! Who set a field last, and when, from `metadata.managedFields`.

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::json;

use super::write::FIELD_MANAGER;
use crate::rollout::{Mark, RESTARTED_AT};
use crate::text::{QUOTED, printable};

/// A field manager: `helm`, `kubectl-set`, `kubectl-edit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    /// Printable.
    pub(crate) manager: String,
    /// By the API server's clock, in whole seconds. `None` where the entry does not say.
    pub(crate) at: Option<Timestamp>,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {at}", self.manager),
            None => f.write_str(&self.manager),
        }
    }
}

/// A field of a workload that this plugin sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// The image of this container.
    Image(&'a str),
    Env {
        container: &'a str,
        name: &'a str,
    },
    /// An annotation of the pod template.
    OfTemplate(&'a str),
    /// An annotation of the workload.
    Annotation(&'a str),
}

impl<'a> From<&'a Mark> for Field<'a> {
    fn from(mark: &'a Mark) -> Self {
        match mark {
            Mark::Image { container, .. } => Self::Image(container),
            Mark::Env {
                container, name, ..
            } => Self::Env { container, name },
            Mark::Restarted { .. } => Self::OfTemplate(RESTARTED_AT),
        }
    }
}

impl Field<'_> {
    /// As `fieldsV1` spells the way to it. Of an environment entry all of it: a value can give way to a `valueFrom`.
    fn path(self) -> Vec<String> {
        let own = |name: &str| format!("f:{name}");
        let item = |name: &str| format!("k:{}", json!({ "name": name }));
        let below = |names: &[&str]| names.iter().copied().map(own).collect::<Vec<_>>();
        let container = |name: &str| {
            let mut path = below(&["spec", "template", "spec", "containers"]);
            path.push(item(name));
            path
        };
        match self {
            Self::Image(name) => [container(name), below(&["image"])].concat(),
            Self::Env {
                container: of,
                name,
            } => [container(of), below(&["env"]), vec![item(name)]].concat(),
            Self::OfTemplate(key) => below(&["spec", "template", "metadata", "annotations", key]),
            Self::Annotation(key) => below(&["metadata", "annotations", key]),
        }
    }
}

/// Who wrote one of the fields last. Writers of a status are not asked: a controller that rewrites it changes nothing.
///
/// `None` where nobody owns any of them: what was removed has no owner.
pub(crate) fn last_writer(metadata: &ObjectMeta, fields: &[Field<'_>]) -> Option<Writer> {
    let entries = metadata.managed_fields.iter().flatten();
    let last = entries
        .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty())
        .filter(|entry| fields.iter().any(|field| owns(entry, *field)))
        // Times have whole seconds: of two writers of one second, the other one is asked for.
        .max_by_key(|entry| (time(entry), entry.manager.as_deref() != Some(FIELD_MANAGER)))?;
    Some(Writer {
        manager: printable(last.manager.as_deref().unwrap_or("unknown"), QUOTED),
        at: time(last),
    })
}

/// Whether the entry owns the field, or something below it.
pub(super) fn owns(entry: &ManagedFieldsEntry, field: Field<'_>) -> bool {
    let Some(fields) = &entry.fields_v1 else {
        return false;
    };
    let path = field.path();
    let mut steps = path.iter();
    steps.try_fold(&fields.0, |at, step| at.get(step)).is_some()
}

pub(super) fn time(entry: &ManagedFieldsEntry) -> Option<Timestamp> {
    entry.time.as_ref().map(|time| time.0)
}

#[cfg(test)]
mod tests;
