//! Patches under a lock: an object is changed only while it is the one that was shown.
//!
//! The version seen goes with every patch. A conflict, or an answer that was lost, is settled by reading: what is wanted
//! stands there already, or nothing that matters has changed (controllers rewrite the status all the time), or somebody
//! else was there.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::time::Instant;

use super::connect::Cluster;
use super::ownership::{self, Writer, last_writer};
use super::read::Scope;
use super::workload::{container, env, restarted_at};
use super::write::{Effect, Patch};
use crate::capability::EnvValue;
use crate::error::Error;
use crate::observation::{Target, WorkloadKind};
use crate::patch::{self, Edit, Field};
use crate::record::PREFIX;
use crate::rollout::RESTARTED_AT;

/// How long a patch is tried again that only meets writes which do not matter, or a server that is busy.
const PERSISTENCE: Duration = Duration::from_secs(30);

/// The first pause; each further one is twice as long, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a patch of ours depends on, of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) uid: String,
    pub(crate) version: String,
    pub(crate) generation: i64,
    /// The planned fields; `None`: not set.
    pub(crate) fields: BTreeMap<Field, Option<String>>,
    /// Everything under `tracebloc.io/`.
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Snapshot {
    /// Whether a later look differs in nothing but its version.
    fn is_unchanged(&self, later: &Self) -> bool {
        let of = |one: &Self| Self {
            version: String::new(),
            ..one.clone()
        };
        of(self) == of(later)
    }
}

/// A change of one object: what to send, and what stands there once it is done.
#[derive(Clone, Copy)]
pub(crate) enum Write<'a> {
    /// Fields of the pod template.
    Template(&'a [Edit]),
    /// Annotations of the object itself; `None` removes one.
    Annotations(&'a BTreeMap<String, Option<String>>),
}

impl Write<'_> {
    /// The body for the object of this version.
    pub(crate) fn patch(&self, version: &str) -> Patch {
        match self {
            Self::Template(edits) => Patch::Strategic(patch::workload(edits, version)),
            Self::Annotations(keys) => Patch::Merge(patch::annotations(keys, version)),
        }
    }

    fn is_done(&self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Template(edits) => edits
                .iter()
                .all(|edit| snapshot.fields.get(&edit.field) == Some(&Some(edit.to.clone()))),
            Self::Annotations(keys) => keys
                .iter()
                .all(|(key, value)| snapshot.annotations.get(key) == value.as_ref()),
        }
    }

    /// Who wrote last what this writes.
    fn last_writer(&self, object: &Object) -> Option<Writer> {
        match self {
            Self::Template(edits) => object.last_writer(edits, &[]),
            Self::Annotations(keys) => {
                let keys: Vec<_> = keys.keys().map(String::as_str).collect();
                object.last_writer(&[], &keys)
            }
        }
    }
}

/// How a write ended that was not refused.
#[derive(Debug)]
pub(crate) enum Written {
    Done(Snapshot),
    /// Somebody else changed what was planned: nothing was written over it.
    Changed(Option<Writer>),
}

/// The object as it stands, as far as a write of these fields depends on it.
///
/// # Errors
///
/// As [`Cluster::get`].
pub(crate) async fn snapshot(
    cluster: &Cluster,
    target: &Target,
    edits: &[Edit],
) -> Result<Snapshot, Error> {
    let fields = edits.iter().map(|edit| &edit.field);
    Ok(Object::read(cluster, target).await?.snapshot(fields))
}

/// Who changed the planned fields, or the record, last.
///
/// # Errors
///
/// As [`Cluster::get`].
pub(crate) async fn changed_by(
    cluster: &Cluster,
    target: &Target,
    edits: &[Edit],
    keys: &[&str],
) -> Result<Option<Writer>, Error> {
    let object = Object::read(cluster, target).await?;
    Ok(object.last_writer(edits, keys))
}

/// Writes to the object that `seen` shows with the fields that are written, and to no other.
///
/// # Errors
///
/// As [`Cluster::patch`]. After [`Error::may_have_happened`] it is not known whether it was written.
pub(crate) async fn write(
    cluster: &Cluster,
    target: &Target,
    seen: &Snapshot,
    write: Write<'_>,
) -> Result<Written, Error> {
    let until = Instant::now() + PERSISTENCE;
    let mut version = seen.version.clone();
    let mut pause = PAUSE;
    loop {
        let refused =
            match Object::patch(cluster, target, &write.patch(&version), Effect::Persisted).await {
                Ok(object) => return Ok(Written::Done(object.snapshot(seen.fields.keys()))),
                Err(error) => error,
            };
        let wait = match &refused {
            // Not done, and nothing else has changed that we know of.
            Error::Busy { retry_after, .. } => pause.max(*retry_after),
            Error::Conflict { .. } => Duration::ZERO,
            error if error.may_have_happened() => pause,
            _ => return Err(refused),
        };
        if Instant::now() + wait > until {
            return Err(refused);
        }
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        match Object::read(cluster, target).await {
            Ok(object) => {
                let now = object.snapshot(seen.fields.keys());
                if now.uid == seen.uid && write.is_done(&now) {
                    return Ok(Written::Done(now));
                }
                if !seen.is_unchanged(&now) {
                    return Ok(Written::Changed(write.last_writer(&object)));
                }
                version = now.version;
            }
            Err(error) if error.may_have_happened() || matches!(error, Error::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends a write without its being carried out, with the version first read.
///
/// # Errors
///
/// As [`Cluster::patch`].
pub(crate) async fn rehearse(
    cluster: &Cluster,
    target: &Target,
    write: Write<'_>,
    version: &str,
) -> Result<(), Error> {
    Object::patch(cluster, target, &write.patch(version), Effect::DryRun)
        .await
        .map(drop)
}

/// A Deployment or a DaemonSet, as far as both are alike.
struct Object {
    metadata: ObjectMeta,
    template: PodTemplateSpec,
}

impl From<Deployment> for Object {
    fn from(deployment: Deployment) -> Self {
        Self {
            metadata: deployment.metadata,
            template: deployment.spec.template,
        }
    }
}

impl From<DaemonSet> for Object {
    fn from(set: DaemonSet) -> Self {
        Self {
            metadata: set.metadata,
            template: set.spec.template,
        }
    }
}

impl Object {
    async fn read(cluster: &Cluster, target: &Target) -> Result<Self, Error> {
        let scope = Scope::Namespace(&target.namespace);
        Ok(match target.kind {
            WorkloadKind::Deployment => {
                cluster.get::<Deployment>(scope, &target.name).await?.into()
            }
            WorkloadKind::DaemonSet => cluster.get::<DaemonSet>(scope, &target.name).await?.into(),
        })
    }

    async fn patch(
        cluster: &Cluster,
        target: &Target,
        patch: &Patch,
        effect: Effect,
    ) -> Result<Self, Error> {
        let (scope, name) = (Scope::Namespace(&target.namespace), &target.name);
        Ok(match target.kind {
            WorkloadKind::Deployment => cluster
                .patch::<Deployment>(scope, name, patch, effect)
                .await?
                .into(),
            WorkloadKind::DaemonSet => cluster
                .patch::<DaemonSet>(scope, name, patch, effect)
                .await?
                .into(),
        })
    }

    fn snapshot<'a>(&self, fields: impl Iterator<Item = &'a Field>) -> Snapshot {
        let annotations = self.metadata.annotations.iter().flatten();
        Snapshot {
            uid: self.metadata.uid.clone().unwrap_or_default(),
            version: self.metadata.resource_version.clone().unwrap_or_default(),
            generation: self.metadata.generation.unwrap_or(0),
            fields: fields
                .map(|field| (field.clone(), self.value(field)))
                .collect(),
            annotations: annotations
                .filter(|(key, _)| key.starts_with(PREFIX))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        }
    }

    /// `None` where it is not set, or not by a literal.
    fn value(&self, field: &Field) -> Option<String> {
        let pod = self.template.spec.as_ref();
        match field {
            Field::Image { container: name } => container(pod, name)?.image.clone(),
            Field::Env {
                container: holder,
                name,
            } => match env(container(pod, holder)).get(name)? {
                EnvValue::Literal(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                EnvValue::Elsewhere => None,
            },
            Field::Restart => restarted_at(&self.template).map(str::to_owned),
        }
    }

    fn last_writer(&self, edits: &[Edit], keys: &[&str]) -> Option<Writer> {
        let fields = edits.iter().map(|edit| match &edit.field {
            Field::Image { container } => ownership::Field::Image(container),
            Field::Env { container, name } => ownership::Field::Env { container, name },
            Field::Restart => ownership::Field::OfTemplate(RESTARTED_AT),
        });
        let keys = keys.iter().map(|key| ownership::Field::Annotation(key));
        let fields: Vec<_> = fields.chain(keys).collect();
        last_writer(&self.metadata, &fields)
    }
}

#[cfg(test)]
mod tests;
