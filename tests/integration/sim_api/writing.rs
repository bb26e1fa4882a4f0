//! Creating and changing: locks, generations, status, dry runs.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, Patch, PatchParams};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{
    Caller, DEPLOYMENTS, JOBS, NS, PODS, WEB, cluster, deployment, names, pod, refusal, with_client,
};

#[test]
fn a_created_object_gets_what_only_the_server_gives() {
    let cluster = cluster();
    cluster.stop_clock("2026-11-24T10:00:00Z".parse().unwrap());
    let mut object = deployment("worker");
    object["spec"]["replicas"].take();
    object["metadata"]["generation"] = 7.into();
    let reply = Caller::of(&cluster).post(DEPLOYMENTS, &object);
    assert_eq!(reply.code, 201);
    let made = reply.json();
    assert_eq!(
        made["metadata"]["creationTimestamp"],
        "2026-11-24T10:00:00Z"
    );
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["spec"]["replicas"], 1);
    assert_eq!(made["status"], json!({}), "a client cannot create a status");
    assert_eq!(cluster.get("Deployment", NS, "worker"), Some(made));
}

#[test]
fn a_job_finds_its_pods_by_the_labels_the_server_adds() {
    let cluster = cluster();
    let job = json!({
        "metadata": {"generateName": "pull-"},
        "spec": {"template": {"spec": {"containers": []}}},
    });
    let caller = Caller::of(&cluster);
    let first = caller.post(JOBS, &job).json();
    let second = caller.post(JOBS, &job).json();
    let name = first["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("pull-") && name.len() == 10, "{name}");
    assert_ne!(first["metadata"]["name"], second["metadata"]["name"]);
    let labels = &first["spec"]["template"]["metadata"]["labels"];
    assert_eq!(labels["batch.kubernetes.io/job-name"], name);
    let selector = &first["spec"]["selector"]["matchLabels"];
    let key = "batch.kubernetes.io/controller-uid";
    assert_eq!(selector[key], first["metadata"]["uid"]);
    assert_eq!(
        (&first["kind"], &first["apiVersion"]),
        (&json!("Job"), &json!("batch/v1"))
    );
}

#[test]
fn what_cannot_be_created_is_refused_in_the_servers_words() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let without_name = json!({"kind": "Deployment", "metadata": {}});
    let elsewhere = "/apis/apps/v1/namespaces/elsewhere/deployments";
    let mismatch =
        "the namespace of the provided object does not match the namespace sent on the request";
    for (path, object, code, reason, message) in [
        (
            DEPLOYMENTS,
            deployment("web"),
            409,
            "AlreadyExists",
            "deployments.apps \"web\" already exists",
        ),
        (
            elsewhere,
            json!({"metadata": {"name": "x"}}),
            404,
            "NotFound",
            "namespaces \"elsewhere\" not found",
        ),
        (elsewhere, deployment("x"), 400, "BadRequest", mismatch),
        (
            DEPLOYMENTS,
            without_name,
            422,
            "Invalid",
            "Deployment.apps \"\" is invalid: metadata.name: Required value: name or \
             generateName is required",
        ),
    ] {
        let reply = caller.post(path, &object);
        assert_eq!(reply.refusal(), refusal(code, reason, message));
    }
    let post = |kind: &str, body: &str| {
        let (kind, body) = (kind.to_owned(), body.to_owned());
        let with =
            |request: reqwest::RequestBuilder| request.header("content-type", kind).body(body);
        caller.send(Method::POST, DEPLOYMENTS, with).code
    };
    let mut copied = deployment("x");
    copied["metadata"]["resourceVersion"] = "7".into();
    let words = "resourceVersion should not be set on objects to be created";
    let reply = caller.post(DEPLOYMENTS, &copied);
    assert_eq!(reply.refusal(), refusal(500, "", words));
    assert_eq!(post("application/json", "{"), 400);
    assert_eq!(
        post("application/vnd.kubernetes.protobuf", "{}"),
        415,
        "what kubectl may send"
    );
    assert_eq!(
        caller.post(WEB, &json!({})).code,
        405,
        "an object is not a collection"
    );
    let unknown = caller.post(&format!("{DEPLOYMENTS}?dryRun=Some"), &deployment("x"));
    assert_eq!(unknown.code, 422);
}

#[test]
fn a_stale_version_is_a_conflict_and_none_is_not() {
    let cluster = cluster();
    with_client(&cluster, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        let read = api.get("web").await.unwrap();
        let change = |version: Option<&str>, value: &str| {
            let mut patch = json!({"metadata": {"annotations": {"k": value}}});
            if let Some(version) = version {
                patch["metadata"]["resourceVersion"] = version.into();
            }
            Patch::Merge(patch)
        };
        let (version, params) = (read.metadata.resource_version, PatchParams::default());
        let version = version.as_deref();
        api.patch("web", &params, &change(version, "1"))
            .await
            .unwrap();
        let error = api
            .patch("web", &params, &change(version, "2"))
            .await
            .unwrap_err();
        let kube::Error::Api(status) = error else {
            panic!("{error}");
        };
        assert!(status.is_conflict());
        assert_eq!(
            status.message,
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been \
             modified; please apply your changes to the latest version and try again"
        );
        let patched = api.patch("web", &params, &change(None, "3")).await.unwrap();
        assert_eq!(patched.metadata.annotations.unwrap()["k"], "3");
    });
}

#[test]
fn what_belongs_to_the_server_stays_as_it_is() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let before = cluster.get("Deployment", NS, "web").unwrap();
    let patch = json!({"metadata": {
        "annotations": {"gone": null}, "generation": 9, "creationTimestamp": "2001-01-01T00:00:00Z",
    }});
    assert_eq!(
        caller.patch("merge", WEB, &patch).json(),
        before,
        "nothing changes"
    );
    assert_eq!(
        cluster.get("Deployment", NS, "web").unwrap(),
        before,
        "not even the version"
    );

    let stranger = "00000000-0000-4000-8000-ffffffffffff";
    let reply = caller.patch("merge", WEB, &json!({"metadata": {"uid": stranger}}));
    let words = "Deployment.apps \"web\" is invalid: metadata.uid: Invalid value: \
                 \"00000000-0000-4000-8000-ffffffffffff\": field is immutable";
    assert_eq!(reply.refusal(), refusal(422, "Invalid", words));
    let reply = caller.patch("merge", WEB, &json!({"metadata": {"name": "x"}}));
    let words = "the name of the object (x) does not match the name on the URL (web)";
    assert_eq!(reply.refusal(), refusal(400, "BadRequest", words));
    let reply = caller.patch("merge", WEB, &json!({"metadata": {"namespace": "x"}}));
    assert_eq!(reply.code, 400);
    assert_eq!(
        caller
            .patch("merge", &format!("{DEPLOYMENTS}/x"), &json!({}))
            .code,
        404
    );
}

#[test]
fn the_generation_counts_changes_of_what_controllers_act_on() {
    let cluster = cluster();
    cluster.put(json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": NS}, "spec": {"minReadySeconds": 0},
    }));
    let agent = "/apis/apps/v1/namespaces/tracebloc/daemonsets/agent";
    let (web_status, agent_status) = (format!("{WEB}/status"), format!("{agent}/status"));
    let annotate = json!({"metadata": {"annotations": {"k": "v"}}});
    let label = json!({"metadata": {"labels": {"k": "v"}}});
    let caller = Caller::of(&cluster);
    for (name, path, patch, generation) in [
        (
            "a change of the spec counts",
            WEB,
            json!({"spec": {"replicas": 2}}),
            2,
        ),
        (
            "an annotation of a Deployment counts",
            WEB,
            annotate.clone(),
            3,
        ),
        ("the same again does not", WEB, annotate.clone(), 3),
        ("a label does not", WEB, label, 3),
        (
            "a status does not",
            &web_status,
            json!({"status": {"replicas": 2}}),
            3,
        ),
        (
            "nor does an annotation set with a status",
            &web_status,
            json!({"metadata": {"annotations": {"k": "by the status"}}}),
            3,
        ),
        ("an annotation of a DaemonSet does not", agent, annotate, 1),
        (
            "its spec counts",
            agent,
            json!({"spec": {"minReadySeconds": 5}}),
            2,
        ),
        (
            "its status does not",
            &agent_status,
            json!({"status": {"numberReady": 1}}),
            2,
        ),
    ] {
        let reply = caller.patch("merge", path, &patch);
        assert_eq!(reply.json()["metadata"]["generation"], generation, "{name}");
    }
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": NS}});
    assert_eq!(
        cluster.put(secret)["metadata"].get("generation"),
        None,
        "data has none"
    );
}

#[test]
fn the_object_and_its_status_are_written_apart() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let both = json!({
        "metadata": {"labels": {"new": "1"}}, "spec": {"replicas": 5}, "status": {"replicas": 5},
    });
    let main = caller.patch("merge", WEB, &both).json();
    assert_eq!(main["spec"]["replicas"], 5);
    assert_eq!(main["status"].get("replicas"), None);
    let mut both = both;
    both["spec"]["replicas"] = 6.into();
    both["metadata"]["labels"]["new"] = "2".into();
    let status = caller
        .patch("merge", &format!("{WEB}/status"), &both)
        .json();
    assert_eq!(status["spec"]["replicas"], 5);
    assert_eq!(status["metadata"]["labels"]["new"], "1");
    assert_eq!(status["status"]["replicas"], 5);
    assert_eq!(caller.get(&format!("{WEB}/status")).json(), status);
}

#[test]
fn a_dry_run_answers_and_stores_nothing() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let before = cluster.get("Deployment", NS, "web").unwrap();
    let patch = json!({"spec": {"replicas": 3}});
    let answer = caller
        .patch("merge", &format!("{WEB}?dryRun=All"), &patch)
        .json();
    assert_eq!(answer["spec"]["replicas"], 3);
    assert_eq!(answer["metadata"]["generation"], 2);
    assert_eq!(
        answer["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    assert_eq!(cluster.get("Deployment", NS, "web").unwrap(), before);
    let mut stale = patch;
    stale["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(
        caller
            .patch("merge", &format!("{WEB}?dryRun=All"), &stale)
            .code,
        409
    );

    let answer = caller.post(&format!("{DEPLOYMENTS}?dryRun=All"), &deployment("worker"));
    assert_eq!(
        (answer.code, answer.json()["metadata"]["generation"].clone()),
        (201, 1.into())
    );
    assert_eq!(names(&caller.get(DEPLOYMENTS).json()), ["web"]);
}

#[test]
fn a_put_replaces_under_the_same_rules() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let put = |object: &Value| {
        let body = object.to_string();
        caller.send(Method::PUT, WEB, |request| request.body(body))
    };
    let mut object = cluster.get("Deployment", NS, "web").unwrap();
    object["spec"]["replicas"] = 4.into();
    assert_eq!(put(&object).json()["metadata"]["generation"], 2);
    assert_eq!(put(&object).code, 409, "its version is old by now");
}

#[test]
fn controllers_react_before_the_writer_has_its_answer() {
    let cluster = cluster();
    cluster.on(|change, store| {
        let generation = change.object["metadata"]["generation"].clone();
        let is_seen = change.object["status"]["observedGeneration"] == generation;
        if change.resource.kind == "Deployment" && !is_seen {
            let at = crate::world::sim::api::store::At::of(&change.object);
            store.edit(&at, |object| {
                object["status"]["observedGeneration"] = generation;
            });
        }
    });
    let caller = Caller::of(&cluster);
    caller.patch("merge", WEB, &json!({"spec": {"replicas": 2}}));
    let web = caller.get(WEB).json();
    assert_eq!(web["status"]["observedGeneration"], 2);
    assert_eq!(web["metadata"]["generation"], 2);
    caller.post(PODS, &pod("a", &json!({})));
    assert_eq!(
        cluster.get("Pod", NS, "a").unwrap()["status"]["phase"],
        "Pending"
    );
}
