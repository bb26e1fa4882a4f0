//! Objects, lists, selectors, pages, and what kubectl discovers.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{
    Caller, DEPLOYMENTS, NS, PODS, WEB, cluster, deployment, names, pod, refusal, with_client,
};
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::store::Store;

#[test]
fn the_real_client_reads_what_a_fixture_stored() {
    let cluster = cluster();
    with_client(&cluster, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        let web = api.get("web").await.unwrap();
        assert_eq!(web.metadata.generation, Some(1));
        assert_eq!(web.status.unwrap().available_replicas, Some(1));
        assert_eq!(api.get_opt("x").await.unwrap(), None);
    });
    assert_eq!(
        cluster.get("Namespace", "", NS).unwrap()["status"]["phase"],
        "Active"
    );
}

#[test]
fn what_is_not_there_is_not_found_in_the_servers_words() {
    let (cluster, wanted) = (cluster(), "deployments.apps \"x\" not found");
    let caller = Caller::of(&cluster);
    let reply = caller.get(&format!("{DEPLOYMENTS}/x"));
    assert_eq!(reply.refusal(), refusal(404, "NotFound", wanted));
    let details = json!({"name": "x", "group": "apps", "kind": "deployments"});
    assert_eq!(reply.json()["details"], details);

    let words = "the server could not find the requested resource";
    for path in [
        "/apis/apps/v2/deployments",
        "/api/v1/things",
        "/api/v1/pods/x",
        "/api/v1/namespaces/tracebloc/nodes",
        "/api/v1/nodes/edge-01/log",
    ] {
        let reply = caller.get(path);
        assert_eq!(reply.refusal(), refusal(404, "NotFound", words), "{path}");
    }
    let reply = caller.get("/nowhere");
    assert_eq!((reply.code, &*reply.text), (404, "404 page not found\n"));
}

#[test]
fn a_list_is_of_one_namespace_or_of_all() {
    let cluster = cluster();
    let mut other = deployment("other");
    other["metadata"]["namespace"] = "elsewhere".into();
    cluster.put(other);
    let caller = Caller::of(&cluster);
    let here = caller.get(DEPLOYMENTS).json();
    assert_eq!(here["kind"], "DeploymentList");
    assert_eq!(here["apiVersion"], "apps/v1");
    assert_eq!(names(&here), ["web"]);
    assert_eq!(
        here["items"][0].get("kind"),
        None,
        "typed lists leave the kind out"
    );
    assert_eq!(here["items"][0].get("apiVersion"), None);
    let everywhere = caller.get("/apis/apps/v1/deployments").json();
    assert_eq!(names(&everywhere), ["other", "web"]);
    assert_eq!(
        names(&caller.get("/api/v1/namespaces").json()),
        ["elsewhere", NS]
    );
}

#[test]
fn metadata_alone_comes_when_it_is_asked_for() {
    let cluster = cluster();
    with_client(&cluster, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        let list = api.list_metadata(&ListParams::default()).await.unwrap();
        assert_eq!(
            list.items[0].metadata.labels.as_ref().unwrap()["app"],
            "web"
        );
    });
    let caller = Caller::of(&cluster);
    let meta = |kind: &str| format!("application/json;as={kind};g=meta.k8s.io;v=v1");
    let (object, list) = ("PartialObjectMetadata", "PartialObjectMetadataList");
    let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    for (name, path, accept, kind) in [
        ("anything is JSON", WEB, "*/*".to_owned(), "Deployment"),
        (
            "a Table there is not, JSON beside it there is",
            WEB,
            format!("{table}, application/json"),
            "Deployment",
        ),
        ("a Table alone is refused", WEB, table.to_owned(), "Status"),
        (
            "protobuf alone is refused",
            WEB,
            "application/vnd.kubernetes.protobuf".to_owned(),
            "Status",
        ),
        ("metadata of an object", WEB, meta(object), object),
        ("metadata of a list", DEPLOYMENTS, meta(list), list),
        (
            "a list is not an object",
            DEPLOYMENTS,
            meta(object),
            "Status",
        ),
        ("an object is not a list", WEB, meta(list), "Status"),
    ] {
        let reply = caller.send(Method::GET, path, |request| {
            request.header("accept", accept)
        });
        let body = reply.json();
        assert_eq!(body["kind"], kind, "{name}");
        match kind {
            "Status" => assert_eq!(reply.code, 406, "{name}"),
            "Deployment" => assert!(body["spec"].is_object(), "{name}"),
            _ => {
                let item = body["items"].get(0).unwrap_or(&body);
                assert_eq!(item["kind"], object, "{name}");
                assert_eq!(item["metadata"]["name"], "web", "{name}");
                assert_eq!(item.get("spec"), None, "{name}");
            }
        }
    }
}

#[test]
fn label_selectors_choose_as_the_real_ones_do() {
    let cluster = cluster();
    cluster.put(pod("a", &json!({"app": "manager", "tier": "back"})));
    cluster.put(pod("b", &json!({"app": "proxy"})));
    cluster.put(pod("c", &json!({"tier": "front"})));
    let caller = Caller::of(&cluster);
    for (name, selector, wanted) in [
        ("=", "app=manager", &["a"][..]),
        ("==", "app==manager", &["a"]),
        (
            "!= also takes what has no such label",
            "app!=manager",
            &["b", "c"],
        ),
        ("in", "app in (manager, proxy)", &["a", "b"]),
        (
            "notin also takes what has no such label",
            "app notin (manager)",
            &["b", "c"],
        ),
        ("exists", "app", &["a", "b"]),
        ("does not exist", "!app", &["c"]),
        ("all terms hold", "app in (manager,proxy),tier", &["a"]),
        ("nothing", "app=none", &[]),
        ("no selector", "", &["a", "b", "c"]),
    ] {
        let list = list_by(&caller, "labelSelector", selector);
        assert_eq!(names(&list), wanted, "{name}");
    }
    for broken in ["a b c", "app in manager", "=x", "app=a=b", "a,,b", "!"] {
        assert_eq!(
            list_by(&caller, "labelSelector", broken)["code"],
            400,
            "{broken}"
        );
    }
}

#[test]
fn field_selectors_choose_by_the_fields_of_their_kind() {
    let cluster = cluster();
    cluster.put(pod("a", &json!({})));
    let mut other = pod("b", &json!({}));
    other["spec"]["nodeName"] = "edge-02".into();
    other["status"]["phase"] = "Pending".into();
    cluster.put(other);
    let caller = Caller::of(&cluster);
    for (selector, wanted) in [
        ("metadata.name=a", &["a"][..]),
        ("metadata.namespace=tracebloc", &["a", "b"]),
        ("status.phase!=Running", &["b"]),
        ("spec.nodeName==edge-01,status.phase=Running", &["a"]),
        ("spec.nodeName=", &[]),
    ] {
        let list = list_by(&caller, "fieldSelector", selector);
        assert_eq!(names(&list), wanted, "{selector}");
    }

    let event = |name: &str, kind: &str, reason: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": NS},
            "involvedObject": {"kind": kind, "name": "a", "namespace": NS}, "reason": reason,
            "type": "Warning",
        })
    };
    cluster.put(event("pulled", "Pod", "Failed"));
    cluster.put(event("created", "Job", "FailedCreate"));
    let path = "/api/v1/namespaces/tracebloc/events?fieldSelector=";
    let list = caller.get(&format!(
        "{path}involvedObject.kind=Pod,reason=Failed,type=Warning"
    ));
    assert_eq!(names(&list.json()), ["pulled"]);

    for (path, message) in [
        (PODS, "field label not supported: spec.replicas"),
        (
            DEPLOYMENTS,
            "\"spec.replicas\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\"",
        ),
        (
            "/apis/batch/v1/jobs",
            "field label \"spec.replicas\" not supported for Job",
        ),
        ("/api/v1/nodes", "field label not supported: spec.replicas"),
    ] {
        let reply = caller.get(&format!("{path}?fieldSelector=spec.replicas=1"));
        assert_eq!(reply.refusal(), refusal(400, "BadRequest", message));
    }
    for (selector, message) in [
        ("name", "invalid selector: 'name'; can't understand 'name'"),
        (
            "metadata.name=a=b",
            "invalid field selector: unescaped character in value: 61",
        ),
    ] {
        let refused = list_by(&caller, "fieldSelector", selector);
        assert_eq!(refused["message"], message);
    }
    let nodes = caller.get("/api/v1/nodes?fieldSelector=metadata.namespace=x");
    assert_eq!(nodes.code, 400, "nodes have no namespace");
}

fn list_by(caller: &Caller, parameter: &str, selector: &str) -> Value {
    let query = [(parameter, selector)];
    caller
        .send(Method::GET, PODS, |request| request.query(&query))
        .json()
}

#[test]
fn all_pages_of_a_list_are_of_one_moment() {
    let cluster = cluster();
    for name in ["a", "b", "c", "d", "e"] {
        cluster.put(pod(name, &json!({})));
    }
    cluster.fault(Fault::on("GET", "/pods?").times(1).then(|store| {
        store.put(pod("bb", &json!({})));
    }));
    with_client(&cluster, async |client| {
        let api: Api<Pod> = Api::namespaced(client, NS);
        let mut params = ListParams::default().limit(2);
        let mut pages = Vec::new();
        loop {
            let page = api.list(&params).await.unwrap();
            let names = page
                .items
                .iter()
                .map(|pod| pod.metadata.name.clone().unwrap());
            pages.push((
                names.collect::<Vec<_>>().join(" "),
                page.metadata.remaining_item_count,
            ));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => break,
            }
        }
        let wanted = [("a b", Some(3)), ("c d", Some(1)), ("e", None)];
        assert_eq!(pages, wanted.map(|(names, left)| (names.to_owned(), left)));
    });
}

#[test]
fn a_continue_token_expires() {
    let cluster = cluster();
    cluster.put(deployment("worker"));
    let caller = Caller::of(&cluster);
    let page = caller.get(&format!("{DEPLOYMENTS}?limit=1")).json();
    let token = page["metadata"]["continue"].as_str().unwrap();
    let next = format!("{DEPLOYMENTS}?limit=1&continue={token}");
    assert_eq!(names(&caller.get(&next).json()), ["worker"]);

    cluster.store(Store::compact);
    let message = "The provided continue parameter is too old to display a consistent list result. \
                   You can start a new list without the continue parameter.";
    assert_eq!(
        caller.get(&next).refusal(),
        refusal(410, "Expired", message)
    );
    let reply = caller.get(&format!("{DEPLOYMENTS}?continue=garbage"));
    assert_eq!(reply.code, 400);
    let selected = caller
        .get(&format!("{DEPLOYMENTS}?limit=1&labelSelector=app"))
        .json();
    assert_eq!(selected["metadata"].get("remainingItemCount"), None);
    assert_eq!(names(&selected), ["web"]);
}

#[test]
fn an_old_server_says_so_and_serves_the_same() {
    let cluster = cluster();
    cluster.set_version("1.24.17");
    with_client(&cluster, async |client| {
        let version = client.apiserver_version().await.unwrap();
        assert_eq!((&*version.minor, &*version.git_version), ("24", "v1.24.17"));
    });
}

#[test]
fn discovery_names_every_kind_and_an_aggregate_that_hangs() {
    let cluster = cluster();
    cluster.hang_aggregate("metrics.k8s.io");
    let caller = Caller::of(&cluster);
    assert_eq!(caller.get("/readyz").text, "ok");
    assert_eq!(caller.get("/api").json()["versions"], json!(["v1"]));
    let groups = caller.get("/apis").json();
    let names = groups["groups"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|group| group["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"batch") && names.contains(&"metrics.k8s.io"),
        "{names:?}"
    );
    let core = caller.get("/api/v1").json();
    let names = core["resources"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|row| row["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"pods/log"), "{names:?}");
    assert_eq!(
        caller.get("/apis/apps/v1").json()["groupVersion"],
        "apps/v1"
    );

    let path = "/apis/metrics.k8s.io/v1beta1";
    let hung = caller.attempt(Method::GET, path, |request| {
        request.timeout(std::time::Duration::from_millis(100))
    });
    assert!(hung.unwrap_err().is_timeout());
}
