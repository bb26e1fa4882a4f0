//! Pods by owner, the newest template, and every form of imageID.

use serde_json::{Value, json};

use super::*;

const A: &str = "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

fn pod(name: &str, owner: &str, status: &Value) -> KubePod {
    serde_json::from_value(json!({
        "metadata": {"name": name, "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": owner}]},
        "spec": {"nodeName": "edge-01", "containers": [{"name": "api", "env": [{"name": "INGESTOR_IMAGE_DIGEST", "value": A}]}]},
        "status": {"containerStatuses": [status]},
    }))
    .expect("pod")
}

fn ready(image_id: &str) -> Value {
    json!({"name": "api", "image": "x", "imageID": image_id, "ready": true, "restartCount": 0, "state": {"running": {}}})
}

fn replica_set(uid: &str, owner: &str, revision: &str) -> PartialObjectMeta<ReplicaSet> {
    serde_json::from_value(json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {
        "name": uid, "uid": uid, "annotations": {REVISION: revision},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": owner}]}}))
    .expect("replica set")
}

#[test]
fn pods_are_found_through_their_owners_and_the_highest_revision_is_the_newest() {
    let deployment: Deployment = serde_json::from_value(
        json!({"metadata": {"name": "d", "uid": "d1"}, "spec": {"selector": {}, "template": {}}}),
    )
    .expect("deployment");
    // Revision 10 is above 9: numbers, not text.
    let sets = [
        replica_set("old", "d1", "9"),
        replica_set("new", "d1", "10"),
        replica_set("theirs", "d2", "11"),
    ];
    let mut evicted = pod("d", "new", &ready(""));
    evicted.status.as_mut().expect("status").phase = Some("Failed".to_owned());
    let pods = [
        pod("a", "old", &ready("")),
        pod("b", "new", &ready("")),
        pod("c", "theirs", &ready("")),
        evicted,
    ];
    let found = of_deployment(
        &deployment,
        &sets,
        &pods,
        &BTreeSet::new(),
        Source::Image("api"),
    );
    let found: Vec<_> = found
        .iter()
        .map(|pod| (pod.name.as_str(), pod.template))
        .collect();
    assert_eq!(vec![("a", Template::Older), ("b", Template::Newest)], found);
}

#[test]
fn every_runtime_says_in_its_own_way_what_runs() {
    let digest: Digest = A.parse().expect("digest");
    let hex = digest.hex();
    for (name, id, want) in [
        (
            "containerd",
            format!("docker.io/tracebloc/api@{A}"),
            Running::Manifest(digest.clone()),
        ),
        (
            "cri-dockerd, pulled",
            format!("docker-pullable://tracebloc/api@{A}"),
            Running::Manifest(digest.clone()),
        ),
        (
            "cri-dockerd, loaded",
            format!("docker://{A}"),
            Running::Config(digest.clone()),
        ),
        (
            "containerd, side-loaded",
            A.to_owned(),
            Running::Config(digest.clone()),
        ),
        (
            "CRI-O, a bare id",
            hex.to_owned(),
            Running::Config(digest.clone()),
        ),
        (
            "not pulled yet",
            String::new(),
            Running::Unknown("not pulled yet".to_owned()),
        ),
        (
            "something else",
            "what\u{7}ever".to_owned(),
            Running::Unknown("imageID what ever".to_owned()),
        ),
    ] {
        let status: ContainerStatus = serde_json::from_value(ready(&id)).expect("status");
        assert_eq!(want, image_id(&status), "{name}");
    }
}

#[test]
fn the_environment_of_a_running_pod_is_what_its_ingestor_runs() {
    let source = Source::Env {
        container: "api",
        name: "INGESTOR_IMAGE_DIGEST",
    };
    let seen = observed(
        &pod("a", "x", &ready("")),
        Template::Newest,
        &BTreeSet::new(),
        source,
    );
    assert_eq!(Running::Manifest(A.parse().expect("digest")), seen.running);
    let source = Source::Env {
        container: "api",
        name: "ABSENT",
    };
    let seen = observed(
        &pod("a", "x", &ready("")),
        Template::Newest,
        &BTreeSet::new(),
        source,
    );
    assert_eq!(Running::Empty, seen.running);
}

#[test]
fn a_pod_that_does_not_run_says_so_in_the_words_of_whoever_knows() {
    let waiting = json!({"name": "api", "image": "x", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off\npulling image"}}});
    let plain = pod("a", "x", &waiting);
    let phase_of = |pod: &KubePod, lost: &[&str]| {
        let lost = lost.iter().map(|node| (*node).to_owned()).collect();
        observed(pod, Template::Newest, &lost, Source::Image("api")).phase
    };
    let waits = |reason: &str, message: &str| PodPhase::Waiting {
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    assert_eq!(
        waits("ImagePullBackOff", "Back-off pulling image"),
        phase_of(&plain, &[])
    );
    for (ended, want) in [
        (
            json!({"exitCode": 137, "reason": "OOMKilled"}),
            waits("OOMKilled", "exit code 137"),
        ),
        (
            json!({"exitCode": 128, "reason": "StartError", "message": "exec:\nno such file"}),
            waits("StartError", "exec: no such file"),
        ),
        (json!({"exitCode": 2}), waits("Error", "exit code 2")),
    ] {
        let mut status = ready("");
        status["state"] = json!({"terminated": ended});
        assert_eq!(want, phase_of(&pod("a", "x", &status), &[]));
    }
    let mut homeless = plain.clone();
    homeless.status = serde_json::from_value(
        json!({"conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient memory."}]}),
    )
    .expect("status");
    assert_eq!(
        waits(
            "Unschedulable",
            "0/1 nodes are available: 1 Insufficient memory."
        ),
        phase_of(&homeless, &[])
    );
    assert_eq!(PodPhase::NodeLost, phase_of(&plain, &["edge-01"]));
    let mut leaving = plain;
    leaving.metadata.deletion_timestamp = Some(
        k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(jiff::Timestamp::UNIX_EPOCH),
    );
    assert_eq!(PodPhase::Terminating, phase_of(&leaving, &["edge-01"]));
    assert_eq!(PodPhase::Ready, phase_of(&pod("a", "x", &ready("")), &[]));
}
