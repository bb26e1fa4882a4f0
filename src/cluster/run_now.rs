//! A run of the refresher by hand: its Job made as `kubectl create job --from` makes it, and followed to its end.

mod following;
mod reading;

use std::time::Duration;

use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::ResourceExt as _;
use kube::api::GetParams;
use kube::core::Request;
use serde_json::{Value, json};

use super::connect::Cluster;
use super::read::{Scope, path, ready, right};
use crate::error::{Call, Error};
use crate::run_now::End;
use following::Following;

const INSTANTIATE: &str = "cronjob.kubernetes.io/instantiate";

/// The longest name of a Job whose pods can bear it as a label.
const NAME_LENGTH: usize = 63;

/// What happens while a run is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Nothing runs yet, and why, printable.
    Waiting(String),
    /// The container was started for the nth time, from 1, in this pod on this node.
    Started {
        run: u32,
        pod: String,
        node: Option<String>,
    },
    /// A line of its log, as it stands.
    Line(String),
    /// A part of the log that is not told, and why, printable.
    Unread(String),
    /// This run ended, with this exit code if that is known.
    Ended { exit_code: Option<i32> },
}

/// A Job to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// The Job that `kubectl create job NAME --from=cronjob/…` makes of a CronJob: nothing of the template is lost, known
/// here or not. Source: k8s.io/kubectl, `pkg/cmd/create/create_job.go`.
fn job_from(cron_job: &Value, name: &str) -> Value {
    let template = &cron_job["spec"]["jobTemplate"];
    let mut annotations = serde_json::Map::from_iter([(INSTANTIATE.to_owned(), json!("manual"))]);
    let own = template["metadata"]["annotations"].as_object().cloned();
    annotations.extend(own.unwrap_or_default());
    let mut metadata = json!({
        "name": name,
        "annotations": annotations,
        // Without blockOwnerDeletion, which would take a right on the CronJob's finalizers.
        "ownerReferences": [{
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "name": cron_job["metadata"]["name"],
            "uid": cron_job["metadata"]["uid"],
            "controller": true,
        }],
    });
    if template["metadata"]["labels"].is_object() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": template["spec"],
    })
}

/// `berlin-image-refresh-manual-1780740067`: cut in the middle where that is too long.
fn name_of(cron_job: &str, seconds: i64) -> String {
    let suffix = format!("-manual-{seconds}");
    let room = NAME_LENGTH - suffix.len();
    let stem = cron_job.get(..room).unwrap_or(cron_job);
    format!("{}{suffix}", stem.trim_end_matches(['-', '.']))
}

impl Cluster {
    /// Starts a run of the CronJob now.
    ///
    /// # Errors
    ///
    /// As [`Cluster::create`]. Where the answer was lost, the Job is looked for under its name before anything is sent
    /// again.
    pub(crate) async fn run_now(&self, namespace: &str, cron_job: &str) -> Result<Followed, Error> {
        let scope = Scope::Namespace(namespace);
        let call = Call {
            doing: format!("read cronjob {cron_job:?}{scope}"),
            right: right::<CronJob>("get", scope),
        };
        let request = Request::new(path::<CronJob>(scope)).get(cron_job, &GetParams::default());
        let request = ready(&call, scope.names(cron_job), request)?;
        let template: Value = self.answer(&call, request).await?;
        let name = name_of(cron_job, self.now().as_second());
        let job = job_from(&template, &name);
        let made = match self.create::<Job>(scope, &job).await {
            Err(error) if error.may_have_happened() => match self.get::<Job>(scope, &name).await {
                Err(Error::Missing { .. }) => self.create(scope, &job).await?,
                found => found?,
            },
            made => made?,
        };
        Ok(followed(namespace, &made))
    }

    /// The Job of that name, to be followed.
    ///
    /// # Errors
    ///
    /// As [`Cluster::get`].
    pub(crate) async fn running(&self, namespace: &str, job: &str) -> Result<Followed, Error> {
        let found: Job = self.get(Scope::Namespace(namespace), job).await?;
        Ok(followed(namespace, &found))
    }

    /// Follows a Job to its end, or for as long as `limit`. `tell` hears what happens, in order.
    ///
    /// # Errors
    ///
    /// What forbids to look at the Job or its pods. That a log cannot be read is told; an API server that does not
    /// answer is asked again.
    pub(crate) async fn follow(
        &self,
        job: &Followed,
        limit: Duration,
        mut tell: impl FnMut(Happening),
    ) -> Result<End, Error> {
        Following::new(self, job, limit).follow(&mut tell).await
    }
}

fn followed(namespace: &str, job: &Job) -> Followed {
    Followed {
        namespace: namespace.to_owned(),
        name: job.name_any(),
        uid: job.uid().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
