//! Writes to the simulated API server, over a real connection.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use serde_json::json;

use super::*;
use crate::cluster::fixture::with;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::{Cluster as Sim, Transport};

const HERE: Scope<'_> = Scope::Namespace("tracebloc");

fn with_deployment() -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "x", "namespace": "tracebloc", "annotations": {"a": "1", "b": "2"}},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "api", "image": "old"}]}}},
    }));
    sim
}

fn annotated(version: &str) -> Patch {
    Patch::Merge(
        json!({"metadata": {"resourceVersion": version, "annotations": {"a": "3", "b": null}}}),
    )
}

#[test]
fn a_patch_says_who_wrote_and_returns_the_new_version() {
    let sim = with_deployment();
    with(&sim, &[], async |cluster| {
        let seen: Deployment = cluster.get(HERE, "x").await.unwrap();
        let version = seen.resource_version().unwrap();
        let written: Deployment = cluster
            .patch(HERE, "x", &annotated(&version), Effect::Persisted)
            .await
            .unwrap();
        assert_eq!(
            Some("3"),
            written.annotations().get("a").map(String::as_str)
        );
        assert!(!written.annotations().contains_key("b"));
        assert_ne!(Some(version), written.resource_version());
        let managers: Vec<_> = written
            .managed_fields()
            .iter()
            .filter_map(|entry| entry.manager.clone())
            .collect();
        assert!(managers.contains(&FIELD_MANAGER.to_owned()), "{managers:?}");
    });
}

#[test]
fn a_stale_version_is_a_conflict_and_changes_nothing() {
    let sim = with_deployment();
    with(&sim, &[], async |cluster| {
        let refused = cluster
            .patch::<Deployment>(HERE, "x", &annotated("1000000"), Effect::Persisted)
            .await;
        let Err(error @ Error::Conflict { .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(!error.may_have_happened());
        let left: Deployment = cluster.get(HERE, "x").await.unwrap();
        assert_eq!(Some("1"), left.annotations().get("a").map(String::as_str));
    });
}

#[test]
fn a_dry_run_is_answered_and_not_kept() {
    let sim = with_deployment();
    with(&sim, &[], async |cluster| {
        let patch = Patch::Strategic(
            json!({"spec": {"template": {"spec": {"containers": [{"name": "api", "image": "new"}]}}}}),
        );
        let image = |deployment: &Deployment| {
            let pod = deployment.spec.template.spec.clone().unwrap();
            pod.containers[0].image.clone().unwrap()
        };
        let shown: Deployment = cluster
            .patch(HERE, "x", &patch, Effect::DryRun)
            .await
            .unwrap();
        assert_eq!("new", image(&shown));
        let left: Deployment = cluster.get(HERE, "x").await.unwrap();
        assert_eq!("old", image(&left));
    });
}

#[test]
fn a_lost_answer_may_have_happened_and_is_not_sent_again() {
    for act in [Act::ResetBefore, Act::ResetAfter, Act::Truncate] {
        let sim = with_deployment();
        sim.fault(Fault::on("PATCH", "/deployments/").does(act));
        with(&sim, &[], async |cluster| {
            let lost = cluster
                .patch::<Deployment>(HERE, "x", &annotated(""), Effect::Persisted)
                .await;
            let error = lost.unwrap_err();
            assert!(error.may_have_happened(), "{error}");
            assert_eq!(1, sim.count("PATCH", "/deployments/"));
        });
    }
}

#[test]
fn a_busy_server_says_how_long_and_did_nothing() {
    let sim = with_deployment();
    sim.fault(Fault::on("PATCH", "/deployments/").throttles(429, 2));
    with(&sim, &[], async |cluster| {
        let busy = cluster
            .patch::<Deployment>(HERE, "x", &annotated(""), Effect::Persisted)
            .await;
        let Err(error @ Error::Busy { .. }) = busy else {
            panic!("{busy:?}");
        };
        assert!(!error.may_have_happened());
        assert_eq!(1, sim.count("PATCH", "/deployments/"));
    });
}

#[test]
fn what_is_made_twice_exists_and_what_is_gone_is_deleted() {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tracebloc"}}));
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "tracebloc"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}});
    with(&sim, &[], async |cluster| {
        let made: Job = cluster.create(HERE, &job).await.unwrap();
        let again = cluster.create::<Job>(HERE, &job).await;
        assert!(matches!(again, Err(Error::Exists { .. })), "{again:?}");
        let uid = made.uid().unwrap();
        let other = cluster.delete::<Job>(HERE, "j", "another").await;
        assert!(matches!(other, Err(Error::Conflict { .. })), "{other:?}");
        cluster.delete::<Job>(HERE, "j", &uid).await.unwrap();
        cluster.delete::<Job>(HERE, "j", &uid).await.unwrap();
    });
}
