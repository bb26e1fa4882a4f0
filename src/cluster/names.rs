//! Names alone, for a tab key.

use std::collections::BTreeSet;

use futures::future::try_join;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;

use super::connect::Cluster;
use super::discover::{CRON_JOBS, DEPLOYMENTS};
use super::read::Scope;
use crate::error::Error;

impl Cluster {
    /// The namespaces, in the server's order.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`].
    pub(crate) async fn namespaces(&self) -> Result<Vec<String>, Error> {
        let all = self
            .list_metadata::<Namespace>(Scope::Everywhere, &ListParams::default(), |_| ())
            .await?;
        Ok(all
            .into_iter()
            .filter_map(|one| one.metadata.name)
            .collect())
    }

    /// What the objects of the releases of the namespace are labelled with, sorted.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`].
    pub(crate) async fn release_names(&self) -> Result<Vec<String>, Error> {
        let scope = Scope::Namespace(&self.namespace);
        let labelled = |labels| ListParams::default().labels(labels);
        let (cron_jobs, deployments) = (labelled(CRON_JOBS), labelled(DEPLOYMENTS));
        let (cron_jobs, deployments) = try_join(
            self.list_metadata::<CronJob>(scope, &cron_jobs, |_| ()),
            self.list_metadata::<Deployment>(scope, &deployments, |_| ()),
        )
        .await?;
        let cron_jobs = cron_jobs.into_iter().map(|one| one.metadata);
        let deployments = deployments.into_iter().map(|one| one.metadata);
        let names: BTreeSet<_> = cron_jobs.chain(deployments).filter_map(instance).collect();
        Ok(names.into_iter().collect())
    }
}

fn instance(metadata: ObjectMeta) -> Option<String> {
    metadata.labels?.remove("app.kubernetes.io/instance")
}
