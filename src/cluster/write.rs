//! Requests that change something: patch, create, delete.
//!
//! Each is sent once. Whether a request whose answer was lost has been carried out, the caller finds out by reading:
//! [`Error::may_have_happened`].

use kube::Resource;
use kube::api::{DeleteParams, Patch as KubePatch, PatchParams, PostParams, Preconditions};
use kube::core::Request;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::Cluster;
use super::read::{Scope, path, ready, right};
use crate::error::{Call, Error};

/// Who owns the fields that this plugin writes.
pub(crate) const FIELD_MANAGER: &str = "kubectl-tracebloc-images";

/// A change of one object, as a body of the API. What stands at `metadata.resourceVersion` in it must be the object's
/// version, or the server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Patch {
    /// RFC 7386: a null removes a key.
    Merge(Value),
    /// Lists of named items (containers, environments) merge by their names.
    Strategic(Value),
}

/// Whether a request does what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Persisted,
    /// Everything but the writing: admission and validation included (`dryRun=All`).
    DryRun,
}

impl Cluster {
    /// The object as it stands after the change.
    ///
    /// # Errors
    ///
    /// As [`Cluster::get`], and [`Error::Conflict`], [`Error::Busy`] and [`Error::Rejected`].
    pub(crate) async fn patch<K>(
        &self,
        scope: Scope<'_>,
        name: &str,
        patch: &Patch,
        effect: Effect,
    ) -> Result<K, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let call = call::<K>("patch", scope, name);
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            dry_run: effect == Effect::DryRun,
            ..PatchParams::default()
        };
        let patch = match patch {
            Patch::Merge(value) => KubePatch::Merge(value),
            Patch::Strategic(value) => KubePatch::Strategic(value),
        };
        let request = Request::new(path::<K>(scope)).patch(name, &params, &patch);
        self.answer(&call, ready(&call, scope.names(name), request)?)
            .await
    }

    /// The object as the server made it.
    ///
    /// # Errors
    ///
    /// As [`Cluster::patch`]; [`Error::Exists`] when there is one of that name.
    pub(crate) async fn create<K>(&self, scope: Scope<'_>, object: &Value) -> Result<K, Error>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let call = call::<K>("create", scope, name);
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let request =
            Request::new(path::<K>(scope)).create(&params, object.to_string().into_bytes());
        self.answer(&call, ready(&call, scope.names(name), request)?)
            .await
    }

    /// Deletes the object of this name and uid, and in the background whatever it owns. One that is gone is no error.
    ///
    /// # Errors
    ///
    /// As [`Cluster::patch`]; [`Error::Conflict`] when the name is another object's by now.
    pub(crate) async fn delete<K>(
        &self,
        scope: Scope<'_>,
        name: &str,
        uid: &str,
    ) -> Result<(), Error>
    where
        K: Resource<DynamicType = ()>,
    {
        let call = call::<K>("delete", scope, name);
        let params = DeleteParams::background().preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        let request = Request::new(path::<K>(scope)).delete(name, &params);
        let deleted = self
            .answer::<Value>(&call, ready(&call, scope.names(name), request)?)
            .await;
        match deleted {
            Ok(_) | Err(Error::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn call<K: Resource<DynamicType = ()>>(verb: &str, scope: Scope<'_>, name: &str) -> Call {
    Call {
        doing: format!("{verb} {} {name:?}{scope}", K::kind(&()).to_lowercase()),
        right: right::<K>(verb, scope),
    }
}

#[cfg(test)]
mod tests;
