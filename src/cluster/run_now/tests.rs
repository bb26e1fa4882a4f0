//! The Job as kubectl makes it.

mod following;
mod lines;

use super::*;
use crate::cluster::fixture::with;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::store::At;
use crate::world::sim::api::{Cluster as Sim, Transport};

const NS: &str = "tracebloc";

fn cron_job() -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "berlin-image-refresh", "namespace": NS, "uid": "u1"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {
            "metadata": {"labels": {"team": "edge"}, "annotations": {"site": "berlin"}},
            "spec": {"backoffLimit": 2, "futureField": {"a": [1]}, "template": {"spec": {
                "restartPolicy": "OnFailure", "futureContainers": [],
                "containers": [{"name": "refresh", "image": "alpine/k8s:1.30.5"}],
            }}},
        }},
    })
}

fn site() -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(cron_job());
    sim
}

#[test]
fn the_job_is_the_one_that_kubectl_makes() {
    let job = job_from(&cron_job(), "now");
    assert_eq!(
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "now",
                "annotations": {"cronjob.kubernetes.io/instantiate": "manual", "site": "berlin"},
                "labels": {"team": "edge"},
                "ownerReferences": [{
                    "apiVersion": "batch/v1", "kind": "CronJob", "name": "berlin-image-refresh", "uid": "u1", "controller": true,
                }],
            },
            "spec": cron_job()["spec"]["jobTemplate"]["spec"],
        }),
        job
    );
    let mut bare = cron_job();
    bare["spec"]["jobTemplate"]
        .as_object_mut()
        .unwrap()
        .remove("metadata");
    let job = job_from(&bare, "now");
    assert_eq!(
        json!({INSTANTIATE: "manual"}),
        job["metadata"]["annotations"]
    );
    assert_eq!(Value::Null, job["metadata"]["labels"]);
}

#[test]
fn a_name_fits_into_a_label() {
    assert_eq!(
        "berlin-image-refresh-manual-1780740067",
        name_of("berlin-image-refresh", 1_780_740_067)
    );
    for length in 1..=70 {
        for filler in ["a", "a-", "a."] {
            let cron_job: String = filler.chars().cycle().take(length).collect();
            let name = name_of(&cron_job, 1_780_740_067);
            assert!(
                name.len() <= NAME_LENGTH && !name.contains("--") && !name.contains(".-"),
                "{name}"
            );
        }
    }
}

#[test]
fn fields_that_this_plugin_does_not_know_survive() {
    let sim = site();
    let job = with(&sim, &[], async |cluster| {
        cluster.run_now(NS, "berlin-image-refresh").await.unwrap()
    });
    let made = sim.get("Job", NS, &job.name).unwrap();
    assert_eq!(json!({"a": [1]}), made["spec"]["futureField"]);
    assert_eq!(
        json!([]),
        made["spec"]["template"]["spec"]["futureContainers"]
    );
    assert_eq!(made["metadata"]["uid"], json!(job.uid));
}

#[test]
fn a_lost_answer_makes_no_second_job() {
    for act in [Act::ResetAfter, Act::ResetBefore] {
        let sim = site();
        sim.fault(Fault::on("POST", "/jobs").times(1).does(act));
        let job = with(&sim, &[], async |cluster| {
            cluster.run_now(NS, "berlin-image-refresh").await.unwrap()
        });
        let jobs = sim.store(|store| store.all(At::new("Job", "", "").resource, Some(NS)).len());
        assert_eq!(1, jobs);
        assert!(sim.get("Job", NS, &job.name).is_some());
    }
}
