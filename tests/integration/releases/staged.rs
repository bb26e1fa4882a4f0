//! Simulated sites on the simulated API server, read with the real client.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, LogParams};

use crate::sim_api::scene::with_client;
use crate::world::sim::api::{Cluster, Transport};
use crate::world::sim::release::scenarios::{incident_g2, no_server};
use crate::world::sim::stage::stage;

use super::*;

#[test]
fn the_incident_is_served_as_it_stands() {
    let now = "2026-06-06T10:00:02Z".parse().unwrap();
    let cluster = Cluster::start(Transport::Plain);
    stage(&cluster, &incident_g2(&digests('b'), "sha256:stuck", now));
    with_client(&cluster, |client| async move {
        let ns = "tracebloc";
        let found = ListParams::default().labels("app.kubernetes.io/component=image-refresh");
        let cron_jobs = Api::<CronJob>::namespaced(client.clone(), ns);
        let [cron_job] = &cron_jobs.list(&found).await.unwrap().items[..] else {
            panic!("one CronJob");
        };
        let owned = |owners: &Option<Vec<_>>| {
            let owners: &Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference> =
                owners.as_ref().unwrap();
            Some(&owners[0].uid) == cron_job.metadata.uid.as_ref()
        };
        let jobs = Api::<Job>::namespaced(client.clone(), ns);
        let jobs = jobs.list(&ListParams::default()).await.unwrap().items;
        assert_eq!(jobs.len(), 4);
        assert!(jobs.iter().all(|job| owned(&job.metadata.owner_references)));

        let name = "berlin-jobs-manager";
        let manager = Api::<Deployment>::namespaced(client.clone(), ns)
            .get(name)
            .await
            .unwrap();
        let annotations = manager.metadata.annotations.unwrap();
        assert_eq!(
            annotations["tracebloc.io/ingestor-refresh-consecutive-failures"],
            "3"
        );

        let pods = Api::<Pod>::namespaced(client, ns);
        let ticks = pods.list(&found).await.unwrap().items;
        let [tick] = &ticks[..] else {
            panic!("{} pods of ticks", ticks.len());
        };
        let name = tick.metadata.name.as_deref().unwrap();
        let log = pods.logs(name, &LogParams::default()).await.unwrap();
        assert!(log.contains("(failure 2/3;"), "{log}");
    });
}

#[test]
fn the_log_of_the_run_before_is_served_too() {
    let now = "2026-06-06T10:00:02Z".parse().unwrap();
    let cluster = Cluster::start(Transport::Plain);
    stage(&cluster, &no_server(&Release::new(G3), &digests('b'), now));
    with_client(&cluster, |client| async move {
        let found = ListParams::default().labels("app.kubernetes.io/component=image-refresh");
        let pods = Api::<Pod>::namespaced(client, "tracebloc");
        let ticks = pods.list(&found).await.unwrap().items;
        let name = ticks[0].metadata.name.as_deref().unwrap();
        let previous = LogParams {
            previous: true,
            ..LogParams::default()
        };
        let log = pods.logs(name, &previous).await.unwrap();
        assert!(log.contains("localhost:8080"), "{log}");
    });
}
