//! The built-in players: rollouts and Jobs.

use serde_json::{Value, json};

use super::scene::{Caller, JOBS, NS, PODS, WEB, cluster, deployment, names};
use crate::world::sim::api::players::{
    ended, jobs, refused, rollouts, serves, unschedulable, waits,
};
use crate::world::sim::api::store::At;
use crate::world::sim::api::{Cluster, Transport};

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

/// Image, node, and whether it is on its way out, of each pod.
fn pods(cluster: &Cluster) -> Vec<Value> {
    cluster.store(|store| {
        let pods = store.all(At::new("Pod", "", "").resource, Some(NS));
        let shown = pods.iter().map(|pod| {
            let image = &pod["spec"]["containers"][0]["image"];
            let leaves = pod["metadata"]["deletionTimestamp"].is_string();
            json!([image, pod["spec"]["nodeName"], leaves])
        });
        shown.collect()
    })
}

fn node(cluster: &Cluster, name: &str, ready: &str) {
    cluster.put(
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {"conditions": [{"type": "Ready", "status": ready}]}}),
    );
}

#[test]
fn a_recreate_stops_the_old_pod_first_and_a_lost_node_stops_nothing() {
    let cluster = Cluster::start(Transport::Plain);
    node(&cluster, "edge-01", "True");
    cluster.on(rollouts(|container| {
        serves(container["image"].as_str().unwrap(), "sha256:1")
    }));
    let mut web = deployment("web");
    web["spec"]["strategy"] = json!({"type": "Recreate"});
    cluster.put(web);
    let caller = Caller::of(&cluster);
    set_image(&caller, "a:1");
    assert_eq!(pods(&cluster), [json!(["a:1", "edge-01", false])]);

    node(&cluster, "edge-01", "False");
    set_image(&caller, "a:2");
    assert_eq!(pods(&cluster), [json!(["a:1", "edge-01", true])]);
    assert_eq!(
        progress(&cluster),
        json!([3, 0, 0, 0, "ReplicaSetUpdated"]),
        "no new pod"
    );
    node(&cluster, "edge-01", "True");
    assert_eq!(pods(&cluster), [json!(["a:2", "edge-01", false])]);
}

#[test]
fn pods_that_may_not_be_and_pods_without_a_node_are_told_in_conditions() {
    let cluster = cluster();
    cluster.on(rollouts(|container| match container["image"].as_str() {
        Some("a:1") => refused("exceeded quota"),
        _ => unschedulable("0/1 nodes are available"),
    }));
    let caller = Caller::of(&cluster);
    set_image(&caller, "a:1");
    let status = &cluster.get("Deployment", NS, "web").unwrap()["status"];
    let refusal = &status["conditions"][1];
    assert_eq!(
        (&refusal["reason"], &refusal["message"]),
        (&json!("FailedCreate"), &json!("exceeded quota"))
    );
    assert_eq!(pods(&cluster), [] as [Value; 0]);
    set_image(&caller, "a:2");
    assert_eq!(pods(&cluster), [json!(["a:2", Value::Null, false])]);
}

#[test]
fn a_daemon_set_replaces_its_pods_node_by_node() {
    const SET: &str = "/apis/apps/v1/namespaces/tracebloc/daemonsets/agent";
    let cluster = Cluster::start(Transport::Plain);
    node(&cluster, "edge-01", "True");
    node(&cluster, "edge-02", "True");
    cluster.on(rollouts(|container| match container["image"].as_str() {
        Some("a:broken") => waits("ErrImagePull", "EOF"),
        image => serves(image.unwrap_or_default(), "sha256:1"),
    }));
    let mut agent = deployment("agent");
    agent["kind"] = "DaemonSet".into();
    cluster.put(agent);
    let caller = Caller::of(&cluster);
    let set = |spec: &Value, image: &str| {
        let containers = json!([{"name": "api", "image": image}]);
        let mut patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        patch["spec"]["updateStrategy"] = spec.clone();
        caller.patch("strategic-merge", SET, &patch);
    };
    let updated = || {
        let status = &cluster.get("DaemonSet", NS, "agent").unwrap()["status"];
        let number = &status["updatedNumberScheduled"];
        json!([
            status["desiredNumberScheduled"],
            number,
            status["numberAvailable"]
        ])
    };
    set(&json!({"type": "RollingUpdate"}), "a:1");
    assert_eq!(updated(), json!([2, 2, 2]));
    set(&json!({"type": "RollingUpdate"}), "a:broken");
    assert_eq!(updated(), json!([2, 1, 1]), "one at a time");

    set(&json!({"type": "OnDelete"}), "a:2");
    assert_eq!(updated(), json!([2, 0, 1]));
    let old = pods(&cluster);
    for name in names(&caller.get(PODS).json()) {
        caller.delete(&format!("{PODS}/{name}"), &json!({}));
    }
    assert_ne!(pods(&cluster), old);
    assert_eq!(updated(), json!([2, 2, 2]), "somebody deleted them");
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
