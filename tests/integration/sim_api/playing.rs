//! The built-in players: rollouts and Jobs.

use serde_json::{Value, json};

use super::scene::{Caller, JOBS, NS, PODS, WEB, cluster, deployment, names};
use crate::world::sim::api::Cluster;
use crate::world::sim::api::players::{ended, jobs, rollouts, serves, waits};
use crate::world::sim::api::store::At;

fn set_image(caller: &Caller, image: &str) {
    let containers = json!([{"name": "api", "image": image}]);
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    caller.patch("strategic-merge", WEB, &patch);
}

/// Observed generation, pods, new pods, available pods, and why, as `web` has them.
fn progress(cluster: &Cluster) -> Value {
    let status = &cluster.get("Deployment", NS, "web").unwrap()["status"];
    json!([
        status["observedGeneration"],
        status["replicas"],
        status["updatedReplicas"],
        status["availableReplicas"],
        status["conditions"][0]["reason"],
    ])
}

fn image_ids(caller: &Caller) -> Vec<String> {
    let pods = caller.get(PODS).json();
    let pods = pods["items"].as_array().unwrap().iter();
    let ids = pods.map(|pod| pod["status"]["containerStatuses"][0]["imageID"].clone());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_rollout_replaces_the_pods_as_soon_as_the_new_ones_are_ready() {
    let cluster = cluster();
    cluster.on(rollouts(|container| {
        let image = container["image"].as_str().unwrap();
        if image.ends_with(":broken") {
            waits("ImagePullBackOff", "not found")
        } else {
            serves(image, "sha256:1")
        }
    }));
    let caller = Caller::of(&cluster);
    set_image(&caller, "ghcr.io/a/b:good");
    assert_eq!(
        progress(&cluster),
        json!([2, 1, 1, 1, "NewReplicaSetAvailable"])
    );
    assert_eq!(image_ids(&caller), ["ghcr.io/a/b@sha256:1"]);

    set_image(&caller, "localhost:5000/c:broken");
    assert_eq!(
        progress(&cluster),
        json!([3, 2, 1, 1, "ReplicaSetUpdated"]),
        "it sticks"
    );
    assert_eq!(image_ids(&caller), ["ghcr.io/a/b@sha256:1", ""]);

    let pods = caller.get(PODS).json();
    let stuck = At::new("Pod", NS, names(&pods)[1]);
    cluster.store(|store| {
        let served = serves("localhost:5000/c", "sha256:2");
        store.edit(&stuck, |pod| {
            pod["status"]["containerStatuses"] = json!([served]);
        });
    });
    assert_eq!(
        progress(&cluster),
        json!([3, 1, 1, 1, "NewReplicaSetAvailable"])
    );
    assert_eq!(image_ids(&caller), ["localhost:5000/c@sha256:2"]);

    caller.delete(WEB, &json!({}));
    assert_eq!(image_ids(&caller), [""; 0], "the sets and pods go with it");
}

#[test]
fn a_change_that_is_not_of_the_template_rolls_nothing_out() {
    let cluster = cluster();
    let web = cluster.get("Deployment", NS, "web").unwrap();
    let mut template = web["spec"]["template"].clone();
    template["metadata"] = json!({"labels": {"pod-template-hash": "5d"}});
    let mut set = deployment("web-5d");
    set["kind"] = "ReplicaSet".into();
    set["spec"]["template"] = template;
    let owner = json!({"kind": "Deployment", "name": "web", "uid": web["metadata"]["uid"]});
    set["metadata"]["ownerReferences"] = json!([owner]);
    cluster.put(set);
    cluster.store(|store| {
        let web = At::new("Deployment", NS, "web");
        let labels = json!({"labels": {}});
        store.edit(&web, |web| web["spec"]["template"]["metadata"] = labels);
    });
    cluster.on(rollouts(|_| waits("ContainerCreating", "")));
    let caller = Caller::of(&cluster);
    caller.patch(
        "merge",
        WEB,
        &json!({"metadata": {"annotations": {"k": "v"}}}),
    );
    let sets = caller.get("/apis/apps/v1/replicasets").json();
    assert_eq!(names(&sets), ["web-5d"]);
}

#[test]
fn a_job_ends_as_its_pod_does() {
    let job = |policy: &str, image: &str| {
        let containers = json!([{"name": "main", "image": image}]);
        let spec = json!({"restartPolicy": policy, "containers": containers});
        json!({"metadata": {"name": "run"}, "spec": {"template": {"spec": spec}}})
    };
    for (policy, image, condition, left) in [
        ("Never", "good", json!("Complete"), 1),
        ("Never", "bad", json!("Failed"), 1),
        ("OnFailure", "bad", json!("Failed"), 0),
        ("Never", "slow", Value::Null, 1),
    ] {
        let cluster = cluster();
        cluster.on(jobs(|container| match container["image"].as_str() {
            Some("good") => ended(0),
            Some("bad") => ended(1),
            _ => waits("ContainerCreating", ""),
        }));
        let caller = Caller::of(&cluster);
        caller.post(JOBS, &job(policy, image));
        let status = cluster.get("Job", NS, "run").unwrap()["status"].clone();
        assert_eq!(
            status["conditions"][0]["type"], condition,
            "{policy} {image}"
        );
        assert_eq!(
            status["active"].is_u64(),
            condition.is_null(),
            "{policy} {image}"
        );
        let pods = caller
            .get(&format!("{PODS}?labelSelector=job-name=run"))
            .json();
        assert_eq!(names(&pods).len(), left, "{policy} {image}");
    }
}
