//! Watches.

use futures::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::runtime::watcher::{Config, Event, watcher};
use serde_json::{Value, json};

use super::scene::{
    Caller, DEPLOYMENTS, NS, PODS, WEB, cluster, deployment, pod, refusal, with_client,
};

use crate::world::sim::api::store::Store;

fn told(event: &str, name: &str) -> (String, String) {
    (event.to_owned(), name.to_owned())
}

/// The version of a list of pods, from which a watch goes on.
fn version(caller: &Caller) -> String {
    let list = caller.get(PODS).json();
    list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_watch_goes_on_where_a_list_ended() {
    let cluster = cluster();
    cluster.put(pod("a", &json!({})));
    let caller = Caller::of(&cluster);
    let from = version(&caller);
    let made = cluster.put(pod("b", &json!({})));
    let mut watch = caller.follow(&format!("{PODS}?watch=1&resourceVersion={from}"));
    assert_eq!(watch.told(), told("ADDED", "b"), "what came between");
    cluster.put(deployment("worker"));
    let mut elsewhere = pod("c", &json!({}));
    elsewhere["metadata"]["namespace"] = "elsewhere".into();
    cluster.put(elsewhere);
    caller.patch(
        "merge",
        &format!("{PODS}/a"),
        &json!({"metadata": {"labels": {"x": "1"}}}),
    );
    assert_eq!(
        watch.told(),
        told("MODIFIED", "a"),
        "other kinds and namespaces are not told"
    );
    caller.delete(&format!("{PODS}/b"), &json!({}));
    let (event, last) = watch.event();
    assert_eq!((&*event, &last["kind"]), ("DELETED", &json!("Pod")));
    let number = |object: &Value| -> u64 {
        object["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!(
        number(&last) > number(&made),
        "a deletion has a version of its own"
    );
}

#[test]
fn a_watch_from_nowhere_begins_with_what_there_is() {
    let cluster = cluster();
    cluster.put(pod("a", &json!({})));
    let caller = Caller::of(&cluster);
    for query in ["?watch=true", "?watch=true&resourceVersion=0"] {
        let mut watch = caller.follow(&format!("{PODS}{query}"));
        assert_eq!(watch.told(), told("ADDED", "a"), "{query}");
    }
}

#[test]
fn a_selector_sees_objects_come_and_go() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let from = version(&caller);
    let query = format!("?watch=1&resourceVersion={from}&labelSelector=app=x");
    let mut watch = caller.follow(&format!("{PODS}{query}"));
    let label = |value: &str| {
        let patch = json!({"metadata": {"labels": {"app": value}}});
        caller.patch("merge", &format!("{PODS}/a"), &patch);
    };
    cluster.put(pod("a", &json!({})));
    label("x");
    assert_eq!(watch.told(), told("ADDED", "a"));
    cluster.put(pod("b", &json!({"app": "x"})));
    assert_eq!(watch.told(), told("ADDED", "b"));
    label("y");
    let (event, last) = watch.event();
    assert_eq!(event, "DELETED");
    assert_eq!(
        last["metadata"]["labels"]["app"], "x",
        "as it was when it still matched"
    );
    caller.delete(&format!("{PODS}/a"), &json!({}));
    caller.delete(&format!("{PODS}/b"), &json!({}));
    assert_eq!(watch.told(), told("DELETED", "b"));
}

#[test]
fn a_watch_from_a_forgotten_version_ends_with_an_error() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    cluster.put(pod("a", &json!({})));
    cluster.store(Store::compact);
    let current = version(&caller);
    let mut watch = caller.follow(&format!("{PODS}?watch=1&resourceVersion=1"));
    let (event, status) = watch.event();
    assert_eq!(event, "ERROR");
    let text = |field: &str| status[field].as_str().unwrap().to_owned();
    let wanted = refusal(
        410,
        "Expired",
        &format!("too old resource version: 1 ({current})"),
    );
    assert_eq!((410, text("reason"), text("message")), wanted);
    assert_eq!(status["code"], 410);
    assert_eq!(watch.line(), None);
}

#[test]
fn a_watch_ends_in_time_with_a_bookmark() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let from = version(&caller);
    let query = format!("?watch=1&resourceVersion={from}&timeoutSeconds=1");
    let mut watch = caller.follow(&format!("{PODS}{query}&allowWatchBookmarks=true"));
    let mut plain = caller.follow(&format!("{PODS}{query}"));
    cluster.put(deployment("worker"));
    let (event, object) = watch.event();
    assert_eq!((&*event, &object["kind"]), ("BOOKMARK", &json!("Pod")));
    let now = version(&caller);
    assert_eq!(
        object["metadata"]["resourceVersion"],
        now.as_str(),
        "so far nothing of interest"
    );
    assert_eq!((watch.line(), plain.line()), (None, None));
}

#[test]
fn the_real_watcher_lists_watches_and_starts_again_after_410() {
    let cluster = cluster();
    let patch = |value: &str| json!({"metadata": {"annotations": {"k": value}}});
    let caller = Caller::of(&cluster);
    with_client(&cluster, async |client| {
        let api: Api<Deployment> = Api::namespaced(client, NS);
        let mut events = Box::pin(watcher(api.clone(), Config::default()));
        let mut next = async || match events.try_next().await {
            Ok(Some(Event::Init)) => "init".to_owned(),
            Ok(Some(Event::InitApply(d))) => format!("first {}", d.metadata.name.unwrap()),
            Ok(Some(Event::InitDone)) => "done".to_owned(),
            Ok(Some(Event::Apply(d))) => format!("set {}", d.metadata.name.unwrap()),
            Ok(Some(Event::Delete(d))) => format!("gone {}", d.metadata.name.unwrap()),
            Ok(None) => "end".to_owned(),
            Err(error) => error.to_string(),
        };
        for wanted in ["init", "first web", "done"] {
            assert_eq!(next().await, wanted);
        }
        let change = kube::api::Patch::Merge(patch("1"));
        api.patch("web", &kube::api::PatchParams::default(), &change)
            .await
            .unwrap();
        assert_eq!(next().await, "set web");
        api.delete("web", &kube::api::DeleteParams::default())
            .await
            .unwrap();
        assert_eq!(next().await, "gone web");
    });
    assert_eq!(caller.get(WEB).code, 404);
    assert_eq!(
        caller.get(DEPLOYMENTS).json()["items"],
        Value::Array(Vec::new())
    );
}
