//! Tells when something of a release has changed, by the watch API.

use futures::stream::{BoxStream, select_all};
use futures::{Stream, StreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PartialObjectMeta;
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use super::connect::Cluster;
use super::discover::{CRON_JOBS, DEPLOYMENTS};
use super::observe::{PODS, TICKS};

/// Seconds after which a watch is renewed: a connection that died silently is noticed then.
const RENEWAL: u32 = 60;

/// An item after each change to a CronJob, Deployment, Job or pod of the namespace, and whenever a watch begins, for
/// what changed before it did; never ends.
///
/// What cannot be listed is silent: the caller looks again now and then anyway.
pub(crate) fn changes(cluster: &Cluster) -> impl Stream<Item = ()> + use<> {
    select_all([
        of::<CronJob>(cluster, CRON_JOBS),
        of::<Deployment>(cluster, DEPLOYMENTS),
        of::<Job>(cluster, ""),
        of::<Pod>(cluster, PODS),
        of::<Pod>(cluster, TICKS),
    ])
}

fn of<K>(cluster: &Cluster, labels: &str) -> BoxStream<'static, ()>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Send
        + 'static,
{
    let api: Api<PartialObjectMeta<K>> =
        Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let config = Config::default().labels(labels).timeout(RENEWAL);
    watcher(api, config)
        .default_backoff()
        .filter_map(async |event| match event {
            Ok(Event::Apply(_) | Event::Delete(_) | Event::InitDone) => Some(()),
            Ok(Event::Init | Event::InitApply(_)) | Err(_) => None,
        })
        .boxed()
}
