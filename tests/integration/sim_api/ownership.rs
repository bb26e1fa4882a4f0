//! Field managers: who set what.

use serde_json::{Value, json};

use super::scene::{Caller, NS, WEB, cluster};
use crate::world::sim::api::Cluster;
use crate::world::sim::api::store::At;

/// The fields of `web` owned by a manager, and through which subresource (empty: the object).
fn owned(cluster: &Cluster, manager: &str, subresource: &str) -> Option<Value> {
    let web = cluster.get("Deployment", NS, "web").unwrap();
    let entries = web["metadata"]["managedFields"].as_array().cloned();
    let entry = entries.unwrap_or_default().into_iter().find(|entry| {
        entry["manager"] == manager
            && entry["subresource"].as_str().unwrap_or_default() == subresource
    })?;
    assert_eq!(entry["operation"], "Update");
    assert_eq!(entry["apiVersion"], "apps/v1");
    assert_eq!(entry["fieldsType"], "FieldsV1");
    Some(entry["fieldsV1"].clone())
}

fn image_of_api(image: &str) -> Value {
    let containers = json!([{"name": "api", "image": image}]);
    json!({"spec": {"template": {"spec": {"containers": containers}}}})
}

#[test]
fn a_writer_owns_the_leaves_it_changed_until_somebody_else_does() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let annotate = |value: Value| json!({"metadata": {"annotations": {"tracebloc.io/x": value}}});
    let path = |manager: &str| format!("{WEB}?fieldManager={manager}");
    let annotation = json!({"f:metadata": {"f:annotations": {".": {}, "f:tracebloc.io/x": {}}}});

    cluster.stop_clock("2026-11-24T10:00:00Z".parse().unwrap());
    caller.patch("merge", &path("ours"), &annotate("1".into()));
    assert_eq!(owned(&cluster, "ours", ""), Some(annotation));

    caller.patch("strategic-merge", &path("kubectl-set"), &image_of_api("x"));
    let image = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
        "k:{\"name\":\"api\"}": {"f:image": {}},
    }}}}});
    assert_eq!(owned(&cluster, "kubectl-set", ""), Some(image.clone()));

    cluster.stop_clock("2026-11-24T11:00:00Z".parse().unwrap());
    caller.patch("strategic-merge", &path("ours"), &image_of_api("y"));
    assert_eq!(
        owned(&cluster, "kubectl-set", ""),
        None,
        "it lost its only field"
    );
    assert_eq!(
        owned(&cluster, "ours", "").unwrap()["f:spec"],
        image["f:spec"]
    );
    let web = cluster.get("Deployment", NS, "web").unwrap();
    assert_eq!(
        web["metadata"]["managedFields"][0]["time"],
        "2026-11-24T11:00:00Z"
    );

    caller.patch("merge", &path("ours"), &annotate(Value::Null));
    let left = owned(&cluster, "ours", "");
    assert_eq!(left, Some(image), "what is removed is nobody's");
}

#[test]
fn a_creator_owns_what_it_set() {
    let cluster = cluster();
    let job = json!({
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"spec": {
                "containers": [{"name": "api", "resources": {}, "env": [{"name": "A"}]}],
                "tolerations": [{"operator": "Exists"}],
            }},
        },
    });
    let path = "/apis/apps/v1/namespaces/elsewhere/deployments?fieldManager=helm";
    cluster
        .put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}}));
    let made = Caller::of(&cluster).post(path, &job).json();
    let wanted = json!({
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {"f:spec": {
                "f:containers": {"k:{\"name\":\"api\"}": {
                    ".": {},
                    "f:env": {".": {}, "k:{\"name\":\"A\"}": {".": {}, "f:name": {}}},
                    "f:name": {},
                    "f:resources": {},
                }},
                "f:tolerations": {},
            }},
        },
    });
    assert_eq!(made["metadata"]["managedFields"][0]["fieldsV1"], wanted);
}

#[test]
fn a_status_is_owned_through_its_subresource() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let status = format!("{WEB}/status?fieldManager=kubelet");
    caller.patch("merge", &status, &json!({"status": {"replicas": 1}}));
    let replicas = json!({"f:status": {"f:replicas": {}}});
    assert_eq!(owned(&cluster, "kubelet", "status"), Some(replicas));
    assert_eq!(owned(&cluster, "kubelet", ""), None);
}

#[test]
fn without_a_stated_manager_the_program_is_the_manager() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    for (agent, manager) in [
        ("kubectl/v1.34.4 (linux/amd64)", "kubectl"),
        ("", "unknown"),
    ] {
        let body = json!({"metadata": {"labels": {"by": manager}}}).to_string();
        caller.send(reqwest::Method::PATCH, WEB, |request| {
            let request = request.header("user-agent", agent).body(body);
            request.header("content-type", "application/merge-patch+json")
        });
        assert!(owned(&cluster, manager, "").is_some(), "{manager}");
        assert_eq!(cluster.log().last().unwrap().user_agent, agent);
    }
}

#[test]
fn a_test_writes_in_the_name_of_a_colleague_or_a_controller() {
    let cluster = cluster();
    let web = At::new("Deployment", NS, "web");
    cluster.store(|store| {
        store.edit_as("helm", &web, |object| object["spec"]["replicas"] = 2.into());
        store.edit(&web, |object| object["status"]["replicas"] = 2.into());
    });
    let replicas = json!({"f:spec": {"f:replicas": {}}});
    assert_eq!(owned(&cluster, "helm", ""), Some(replicas));
    let seen = json!({"f:status": {"f:replicas": {}}});
    assert_eq!(
        owned(&cluster, "kube-controller-manager", "status"),
        Some(seen)
    );
    let web = cluster.get("Deployment", NS, "web").unwrap();
    assert_eq!(web["metadata"]["generation"], 2);
}
