//! The workloads of one tick: jobs-manager read once, every write with the version that was seen, rollouts followed by
//! reading the workload alone, which is all that the chart's Role allows.

mod change;

use std::time::Duration;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use kube::Resource;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::connect::Cluster;
use super::discover::API;
use super::read::Scope;
use super::record::record;
use super::workload::{daemon_set_status, deployment_status, env};
use super::write::Patch;
use crate::capability::EnvValue;
use crate::error::{Call, Error};
use crate::image::{Digest, INGESTOR_DIGEST};
use crate::observation::{Rollout, Target, WorkloadKind};
use crate::record::Record;
use crate::rollout::{RESTARTED_AT, Strategy};
use crate::tick::Step;
use change::{change, changed_mark, underneath};

/// How long something that is under way when a tick begins may take to be over: the script's ten seconds.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// Between two looks at a rollout.
const INTERVAL: Duration = Duration::from_secs(1);

/// The jobs-manager Deployment as last seen, by this tick's own eyes or in the answer to its own write.
pub(crate) struct Workloads<'a> {
    cluster: &'a Cluster,
    target: Target,
    seen: Deployment,
}

/// A workload whose pods can be moved.
trait Workload: Resource<DynamicType = ()> + DeserializeOwned {
    fn template(&self) -> &PodTemplateSpec;
    /// As `kubectl rollout status` judges it.
    fn rollout(&self) -> Rollout;
}

impl Workload for Deployment {
    fn template(&self) -> &PodTemplateSpec {
        &self.spec.template
    }

    fn rollout(&self) -> Rollout {
        let mut status = deployment_status(self);
        if status.strategy == Strategy::Paused {
            // That it is paused is nothing to kubectl: what has rolled out has.
            status.strategy = Strategy::RollingUpdate;
        }
        status.rollout()
    }
}

impl Workload for DaemonSet {
    fn template(&self) -> &PodTemplateSpec {
        &self.spec.template
    }

    fn rollout(&self) -> Rollout {
        let status = daemon_set_status(self);
        if status.strategy == Strategy::OnDelete {
            let why = "rollout status is only available for RollingUpdate strategy type";
            return Rollout::Failed(why.to_owned());
        }
        status.rollout()
    }
}

impl<'a> Workloads<'a> {
    /// # Errors
    ///
    /// As [`Cluster::get`].
    pub(crate) async fn read(cluster: &'a Cluster, target: Target) -> Result<Self, Error> {
        let seen = cluster.get(scope(&target), &target.name).await?;
        Ok(Self {
            cluster,
            target,
            seen,
        })
    }

    pub(crate) fn record(&self) -> Record {
        record(&self.seen.metadata)
    }

    /// `INGESTOR_IMAGE_DIGEST` as `api` sees it; empty when it is absent, or set from elsewhere.
    pub(crate) fn ingestor_in_use(&self) -> String {
        let api = container(&self.seen, API);
        match env(api).get(INGESTOR_DIGEST) {
            Some(EnvValue::Literal(digest)) => digest.clone(),
            Some(EnvValue::Elsewhere) | None => String::new(),
        }
    }

    /// Whether a rollout is over, once it has been given ten seconds to be.
    ///
    /// # Errors
    ///
    /// When the Deployment can no longer be read.
    pub(crate) async fn settles(&mut self) -> Result<Rollout, Error> {
        let began = Instant::now();
        loop {
            let rollout = self.seen.rollout();
            let is_open = matches!(rollout, Rollout::InFlight(_));
            if !is_open || began.elapsed() >= SETTLES_WITHIN {
                return Ok(rollout);
            }
            sleep(INTERVAL).await;
            self.seen = self
                .cluster
                .get(scope(&self.target), &self.target.name)
                .await?;
        }
    }

    /// Carries out one step of a plan, but for what it says.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] where somebody else has changed what the plan rests on: an annotation of the mechanism, or
    /// the pod template that was to be changed. Nothing of theirs is overwritten. Otherwise why the API server refused,
    /// or did not answer.
    pub(crate) async fn carry_out(&mut self, step: &Step) -> Result<(), Error> {
        let changed = match step {
            Step::Say(_) | Step::Wait(_) => return Ok(()),
            Step::Annotate(values) => {
                let values = values.iter().map(|(key, value)| (*key, value.as_deref()));
                self.annotate(values.collect()).await?
            }
            Step::Clear { keys, .. } => {
                self.annotate(keys.iter().map(|key| (*key, None)).collect())
                    .await?
            }
            Step::Restart => self.restart().await?,
            Step::SetIngestor(digest) => self.set_ingestor(digest).await?,
            Step::SetImages(target, images) if *target == self.target => {
                let change = set_images(&self.seen, target, images)?;
                self.change(&change).await?
            }
            Step::SetImages(target, images) => {
                return match target.kind {
                    WorkloadKind::Deployment => self.set_others::<Deployment>(target, images).await,
                    WorkloadKind::DaemonSet => self.set_others::<DaemonSet>(target, images).await,
                };
            }
        };
        self.seen = changed;
        Ok(())
    }

    /// Waits until a workload has rolled out. `say` hears how far it is, whenever that has changed.
    ///
    /// # Errors
    ///
    /// [`Error::NotRolledOut`]; [`Error::Conflict`] where an annotation of the mechanism was changed meanwhile; what
    /// forbids to look.
    pub(crate) async fn wait(
        &mut self,
        target: &Target,
        limit: Duration,
        say: impl FnMut(&str),
    ) -> Result<(), Error> {
        if *target == self.target {
            let now: Deployment = rolled_out(self.cluster, target, limit, say).await?;
            if let Some(why) = changed_mark(&self.seen.metadata, &now.metadata) {
                return Err(underneath(target, why));
            }
            self.seen = now;
            return Ok(());
        }
        match target.kind {
            WorkloadKind::Deployment => {
                rolled_out::<Deployment>(self.cluster, target, limit, say).await?;
            }
            WorkloadKind::DaemonSet => {
                rolled_out::<DaemonSet>(self.cluster, target, limit, say).await?;
            }
        }
        Ok(())
    }

    async fn annotate(&self, values: Vec<(&str, Option<&str>)>) -> Result<Deployment, Error> {
        let annotations: serde_json::Map<_, _> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        self.change(&Patch::Merge(
            json!({"metadata": {"annotations": annotations}}),
        ))
        .await
    }

    async fn restart(&self) -> Result<Deployment, Error> {
        if self.seen.spec.paused == Some(true) {
            // In kubectl's words: it refuses on its own.
            let why = "can't restart paused deployment (run rollout resume first)".to_owned();
            return Err(Error::Rejected {
                call: call("restart", &self.target),
                why,
            });
        }
        let now = self
            .cluster
            .now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let template = json!({"metadata": {"annotations": {RESTARTED_AT: now}}});
        self.change(&Patch::Merge(json!({"spec": {"template": template}})))
            .await
    }

    async fn set_ingestor(&self, digest: &Digest) -> Result<Deployment, Error> {
        let api = container(&self.seen, API).ok_or_else(|| no_container(&self.target, API))?;
        let entries = env(Some(api)).count(INGESTOR_DIGEST);
        // As `kubectl set env` leaves it: one literal entry, whatever stood there.
        let set = json!({"name": INGESTOR_DIGEST, "value": digest, "valueFrom": null});
        let list = if entries > 1 {
            json!([{"name": INGESTOR_DIGEST, "$patch": "delete"}, set])
        } else {
            json!([set])
        };
        self.change(&of_containers(&json!([{"name": API, "env": list}])))
            .await
    }

    /// Changes jobs-manager.
    async fn change(&self, patch: &Patch) -> Result<Deployment, Error> {
        change(self.cluster, &self.target, &self.seen, patch).await
    }

    /// Sets the images of a workload that is not jobs-manager.
    async fn set_others<W: Workload>(
        &self,
        target: &Target,
        images: &[(&'static str, String)],
    ) -> Result<(), Error> {
        let seen: W = self.cluster.get(scope(target), &target.name).await?;
        let patch = set_images(&seen, target, images)?;
        change(self.cluster, target, &seen, &patch).await?;
        Ok(())
    }
}

/// The patch, for containers that are there: a strategic merge would add any other.
fn set_images<W: Workload>(
    seen: &W,
    target: &Target,
    images: &[(&'static str, String)],
) -> Result<Patch, Error> {
    let mut containers = Vec::new();
    for (name, image) in images {
        container(seen, name).ok_or_else(|| no_container(target, name))?;
        containers.push(json!({"name": name, "image": image}));
    }
    Ok(of_containers(&containers.into()))
}

fn of_containers(containers: &Value) -> Patch {
    Patch::Strategic(json!({"spec": {"template": {"spec": {"containers": containers}}}}))
}

fn no_container(target: &Target, name: &str) -> Error {
    Error::Missing {
        call: call("set images of", target),
        why: format!("unable to find container named {name:?}"),
    }
}

fn call(verb: &str, target: &Target) -> Call {
    let (kind, resource) = match target.kind {
        WorkloadKind::Deployment => ("deployment", "deployments.apps"),
        WorkloadKind::DaemonSet => ("daemonset", "daemonsets.apps"),
    };
    Call {
        doing: format!("{verb} {kind} {:?}{}", target.name, scope(target)),
        right: format!("patch {resource} -n {}", target.namespace),
    }
}

fn scope(target: &Target) -> Scope<'_> {
    Scope::Namespace(&target.namespace)
}

fn container<'a, W: Workload>(workload: &'a W, name: &str) -> Option<&'a Container> {
    super::workload::container(workload.template().spec.as_ref(), name)
}

/// The workload, once it has rolled out. An API server that does not answer is asked again until the time is over.
async fn rolled_out<W: Workload>(
    cluster: &Cluster,
    target: &Target,
    limit: Duration,
    mut say: impl FnMut(&str),
) -> Result<W, Error> {
    let began = Instant::now();
    let failed = |why: String| Error::NotRolledOut {
        call: call("wait for", target),
        why,
    };
    let mut last = String::new();
    loop {
        let why = match cluster.get::<W>(scope(target), &target.name).await {
            Ok(workload) => match workload.rollout() {
                Rollout::Settled => return Ok(workload),
                Rollout::Failed(why) => return Err(failed(why)),
                Rollout::Paused => "the Deployment is paused".to_owned(),
                Rollout::InFlight(why) => why,
            },
            Err(error) if error.is_passing() => error.to_string(),
            Err(error) => return Err(error),
        };
        if began.elapsed() >= limit {
            return Err(failed(format!(
                "timed out after {}s: {why}",
                limit.as_secs()
            )));
        }
        if why != last {
            say(&why);
            last = why;
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests;
