//! Which chart each release of a namespace is of. Reads metadata alone.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;

use super::connect::Cluster;
use super::discover::{DEPLOYMENTS, chart_version, name};
use super::read::Scope;
use crate::error::Error;

/// A release, and its chart's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) release: String,
    pub(crate) namespace: String,
    /// `None` where its label does not tell.
    pub(crate) version: Option<String>,
}

/// Of the connection's namespace, by release; empty where there is none.
///
/// # Errors
///
/// When Deployments cannot be listed.
pub(crate) async fn charts(cluster: &Cluster) -> Result<Vec<Chart>, Error> {
    let scope = Scope::Namespace(&cluster.namespace);
    let labelled = ListParams::default().labels(DEPLOYMENTS);
    let found = cluster
        .list_metadata::<Deployment>(scope, &labelled, |_| ())
        .await?;
    let mut charts: Vec<_> = found
        .iter()
        .filter_map(|deployment| {
            let metadata = &deployment.metadata;
            let release = name(metadata).strip_suffix("-jobs-manager")?;
            Some(Chart {
                release: release.to_owned(),
                namespace: cluster.namespace.clone(),
                version: chart_version(metadata),
            })
        })
        .collect();
    charts.sort_by(|a, b| a.release.cmp(&b.release));
    Ok(charts)
}
