//! Deleting: dependents, preconditions, dry runs.

use k8s_openapi::api::batch::v1::Job;
use kube::api::{Api, DeleteParams};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{Caller, JOBS, NS, PODS, cluster, names, pod, refusal, with_client};
use crate::world::sim::api::Cluster;

/// A Job `pull` that owns the pod `pull-x`; the pod `other` is nobody's.
fn owner() -> Cluster {
    let cluster = cluster();
    let job = cluster.put(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "pull", "namespace": NS},
        "spec": {},
    }));
    let mut owned = pod("pull-x", &json!({}));
    owned["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "batch/v1", "kind": "Job", "name": "pull", "uid": job["metadata"]["uid"]},
    ]);
    cluster.put(owned);
    cluster.put(pod("other", &json!({})));
    cluster
}

#[test]
fn the_propagation_policy_decides_about_the_pods_of_a_job() {
    let (pull, orphan) = (
        format!("{JOBS}/pull"),
        format!("{JOBS}/pull?propagationPolicy=Orphan"),
    );
    for (name, path, options, left) in [
        (
            "batch/v1 orphans unless told otherwise",
            &pull,
            json!({}),
            &["other", "pull-x"][..],
        ),
        (
            "Background",
            &pull,
            json!({"propagationPolicy": "Background"}),
            &["other"],
        ),
        (
            "Foreground",
            &pull,
            json!({"propagationPolicy": "Foreground"}),
            &["other"],
        ),
        (
            "Orphan, in the query",
            &orphan,
            json!({}),
            &["other", "pull-x"],
        ),
    ] {
        let cluster = owner();
        let caller = Caller::of(&cluster);
        let gone = caller.delete(path, &options).json();
        assert_eq!(gone["status"], "Success", "{name}");
        assert_eq!(gone["details"]["kind"], "jobs", "{name}");
        let pods = caller.get(PODS).json();
        assert_eq!(names(&pods), left, "{name}");
        for pod in pods["items"].as_array().unwrap() {
            let owners = pod["metadata"]["ownerReferences"]
                .as_array()
                .map_or(0, Vec::len);
            assert_eq!(owners, 0, "{name}: an orphan has no owner");
        }
        assert_eq!(caller.delete(path, &options).code, 404, "{name}");
    }
}

#[test]
fn the_real_client_deletes_a_job_with_its_pods() {
    let cluster = owner();
    with_client(&cluster, async |client| {
        let jobs: Api<Job> = Api::namespaced(client, NS);
        jobs.delete("pull", &DeleteParams::background())
            .await
            .unwrap();
    });
    assert_eq!(cluster.get("Pod", NS, "pull-x"), None);
}

#[test]
fn a_precondition_that_fails_deletes_nothing() {
    let cluster = owner();
    let caller = Caller::of(&cluster);
    let job = cluster.get("Job", NS, "pull").unwrap();
    let delete = |preconditions: Value| {
        caller.delete(
            &format!("{JOBS}/pull"),
            &json!({"preconditions": preconditions}),
        )
    };
    let (code, reason, message) = delete(json!({"uid": "x"})).refusal();
    assert_eq!((code, &*reason), (409, "Conflict"));
    let uid = job["metadata"]["uid"].as_str().unwrap();
    assert_eq!(
        message,
        format!(
            "Operation cannot be fulfilled on Job.batch \"pull\": the UID in the precondition (x) \
             does not match the UID in record ({uid}). The object might have been deleted and then \
             recreated"
        )
    );
    assert_eq!(delete(json!({"resourceVersion": "1"})).code, 409);
    assert!(cluster.get("Job", NS, "pull").is_some());
    let version = &job["metadata"]["resourceVersion"];
    assert_eq!(
        delete(json!({"uid": uid, "resourceVersion": version})).code,
        200
    );
}

#[test]
fn an_unknown_policy_deletes_nothing() {
    let cluster = owner();
    let bogus = json!({"propagationPolicy": "Bogus"});
    let reply = Caller::of(&cluster).delete(&format!("{JOBS}/pull"), &bogus);
    let words = "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \
                 \"Bogus\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"";
    assert_eq!(reply.refusal(), refusal(422, "Invalid", words));
    assert!(cluster.get("Job", NS, "pull").is_some());
}

#[test]
fn a_dry_run_deletes_nothing() {
    let cluster = owner();
    let caller = Caller::of(&cluster);
    assert_eq!(
        caller
            .delete(&format!("{JOBS}/pull?dryRun=All"), &json!({}))
            .code,
        200
    );
    assert_eq!(
        caller
            .delete(&format!("{JOBS}/pull"), &json!({"dryRun": ["All"]}))
            .code,
        200
    );
    assert!(cluster.get("Job", NS, "pull").is_some());
}

#[test]
fn a_deleted_pod_is_returned_and_a_collection_is_not_deletable() {
    let cluster = owner();
    let caller = Caller::of(&cluster);
    let other = caller.send(Method::DELETE, &format!("{PODS}/other"), |request| request);
    assert_eq!(other.json()["kind"], "Pod");
    assert_eq!(caller.delete(PODS, &json!({})).code, 405);
}
