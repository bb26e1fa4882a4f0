//! Questions to the simulated API server, over a real connection.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::*;
use crate::cluster::fixture::with;
use crate::codes::Code;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::logs::Run;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::{Cluster as Sim, Transport};

const HERE: Scope<'_> = Scope::Namespace("tracebloc");

fn object(version: &str, kind: &str, name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": "tracebloc", "labels": {"name": name}});
    json!({"apiVersion": version, "kind": kind, "metadata": metadata})
}

/// A cluster with so many config maps.
fn with_config_maps(count: usize) -> Sim {
    let sim = Sim::start(Transport::Plain);
    for number in 0..count {
        sim.put(object("v1", "ConfigMap", &format!("map-{number:04}")));
    }
    sim
}

fn numbers(maps: &[ConfigMap]) -> Vec<usize> {
    let number = |map: &ConfigMap| {
        map.name_any()
            .strip_prefix("map-")
            .unwrap()
            .parse()
            .unwrap()
    };
    maps.iter().map(number).collect()
}

#[test]
fn a_long_list_is_read_page_by_page() {
    let sim = with_config_maps(1_001);
    let maps = with(&sim, &[], async |cluster| {
        cluster
            .list::<ConfigMap>(HERE, &ListParams::default())
            .await
            .unwrap()
    });
    assert_eq!((0..1_001).collect::<Vec<_>>(), numbers(&maps));
    assert_eq!(3, sim.count("GET", "/configmaps?"));
    assert_eq!(3, sim.count("GET", "limit=500"));
}

#[test]
fn a_list_that_expires_between_pages_is_read_again_in_one_piece() {
    let sim = with_config_maps(1_001);
    let gone = Refusal::expired("The provided continue parameter is too old");
    sim.fault(Fault::on("GET", "continue=").starting_at(2).refuses(&gone));
    let maps = with(&sim, &[], async |cluster| {
        cluster
            .list::<ConfigMap>(HERE, &ListParams::default())
            .await
            .unwrap()
    });
    assert_eq!((0..1_001).collect::<Vec<_>>(), numbers(&maps));
    assert_eq!(4, sim.count("GET", "/configmaps?"));
}

#[test]
fn selectors_go_to_the_server() {
    let sim = with_config_maps(3);
    let maps = with(&sim, &[], async |cluster| {
        let params = ListParams::default().labels("name=map-0001");
        cluster.list::<ConfigMap>(HERE, &params).await.unwrap()
    });
    assert_eq!(vec![1], numbers(&maps));
}

#[test]
fn metadata_comes_without_the_rest() {
    let sim = Sim::start(Transport::Plain);
    let mut web = object("apps/v1", "Deployment", "web");
    web["spec"] = json!({"replicas": 3});
    sim.put(web);
    let web = with(&sim, &[], async |cluster| {
        let params = ListParams::default();
        cluster
            .list_metadata::<Deployment>(Scope::Everywhere, &params, |_| ())
            .await
            .unwrap()
    });
    assert_eq!(1, web.len());
    assert_eq!(Some("web"), web[0].metadata.name.as_deref());
    assert!(sim.count("GET", "/apis/apps/v1/deployments?") == 1);
}

#[test]
fn a_refusal_names_the_object_and_the_right_in_the_servers_sentence() {
    let sim = Sim::start(Transport::Plain);
    for (verb, resource) in [
        ("list", "deployments.apps"),
        ("get", "deployments.apps"),
        ("list", "nodes"),
        ("get", "pods/log"),
    ] {
        sim.deny(Denial::of(verb, resource));
    }
    let user = "User \"ana\" cannot";
    let messages = with(&sim, &[], async |cluster| {
        let params = ListParams::default();
        [
            cluster.list::<Deployment>(HERE, &params).await.err(),
            cluster.get::<Deployment>(HERE, "web").await.err(),
            cluster.list::<Node>(Scope::Everywhere, &params).await.err(),
            cluster
                .logs("tracebloc", "web-1", &LogParams::default())
                .await
                .err(),
        ]
        .map(|error| error.unwrap().message())
    });
    let group =
        |group: &str| format!("in API group \"{group}\" in the namespace \"tracebloc\" (TBI-103)");
    let hint = "hint: ask for the right; check with: kubectl auth can-i";
    let want = [
        format!(
            "error: list deployments in namespace \"tracebloc\": deployments.apps is forbidden: {user} list resource \"deployments\" {}\n{hint} list deployments.apps -n tracebloc\n",
            group("apps")
        ),
        format!(
            "error: read deployment \"web\" in namespace \"tracebloc\": deployments.apps \"web\" is forbidden: {user} get resource \"deployments\" {}\n{hint} get deployments.apps -n tracebloc\n",
            group("apps")
        ),
        format!(
            "error: list nodes: nodes is forbidden: {user} list resource \"nodes\" in API group \"\" at the cluster scope (TBI-103)\n{hint} list nodes -A\n"
        ),
        format!(
            "error: read the log of pod \"web-1\" in namespace \"tracebloc\": pods \"web-1\" is forbidden: {user} get resource \"pods/log\" {}\n{hint} get pods --subresource=log -n tracebloc\n",
            group("")
        ),
    ];
    assert_eq!(want, messages);
}

#[test]
fn what_is_not_there_is_missing_in_the_servers_words() {
    let sim = with_config_maps(1);
    let error = with(&sim, &[], async |cluster| {
        cluster.get::<ConfigMap>(HERE, "nope").await.unwrap_err()
    });
    let want = "read configmap \"nope\" in namespace \"tracebloc\": configmaps \"nope\" not found";
    assert_eq!(want, error.to_string());
    assert!(matches!(error, Error::Missing { .. }));
}

#[test]
fn names_that_would_change_the_path_are_not_asked_for() {
    let sim = with_config_maps(1);
    with(&sim, &[], async |cluster| {
        for name in ["", "..", "a/b", "a?b", "a%2fb", "a b", "a#b"] {
            let params = ListParams::default();
            let got = cluster.get::<ConfigMap>(HERE, name).await.unwrap_err();
            assert!(matches!(got, Error::Answer { .. }), "{name:?}: {got}");
            let scope = Scope::Namespace(name);
            let listed = cluster.list::<ConfigMap>(scope, &params).await.unwrap_err();
            assert!(matches!(listed, Error::Answer { .. }), "{name:?}: {listed}");
            let log = cluster.logs(name, "pod", &LogParams::default()).await;
            assert!(log.is_err(), "{name:?}");
        }
    });
    assert_eq!(0, sim.log().len());
}

#[test]
fn a_log_ends_where_nobody_would_read_on() {
    let sim = Sim::start(Transport::Plain);
    let mut pod = object("v1", "Pod", "web-1");
    pod["spec"] = json!({"containers": [{"name": "api", "image": "web"}]});
    let running = json!({"name": "api", "state": {"running": {}}});
    pod["status"] = json!({"phase": "Running", "containerStatuses": [running]});
    sim.put(pod);
    sim.append_log(
        ("tracebloc", "web-1"),
        "api",
        Run::Current,
        &"a line\n".repeat(100_000),
    );
    let log = with(&sim, &[], async |cluster| {
        cluster
            .logs("tracebloc", "web-1", &LogParams::default())
            .await
            .unwrap()
    });
    assert_eq!(256 * 1024, log.len());
    assert!(log.starts_with("a line\n"));
}

#[test]
fn every_question_is_bounded_by_the_request_timeout() {
    let sim = with_config_maps(1);
    sim.fault(Fault::on("GET", ""));
    with(&sim, &["--request-timeout", "50ms"], async |cluster| {
        let params = ListParams::default();
        for error in [
            cluster.list::<ConfigMap>(HERE, &params).await.err(),
            cluster
                .list_metadata::<Pod>(HERE, &params, |_| ())
                .await
                .err(),
            cluster.get::<ConfigMap>(HERE, "map-0000").await.err(),
            cluster
                .logs("tracebloc", "web-1", &LogParams::default())
                .await
                .err(),
        ] {
            let error = error.unwrap();
            assert!(matches!(error, Error::TimedOut { .. }), "{error}");
            assert_eq!(Some(Code::ApiUnreachable), error.code());
        }
    });
}

#[test]
fn ages_count_from_the_servers_clock() {
    let sim = with_config_maps(1);
    let there: jiff::Timestamp = "2031-06-06T10:00:00Z".parse().unwrap();
    sim.stop_clock(there);
    with(&sim, &[], async |cluster| {
        cluster.get::<ConfigMap>(HERE, "map-0000").await.unwrap();
        let apart = cluster.now().duration_since(there).abs();
        assert!(apart < jiff::SignedDuration::from_secs(60), "{apart}");
    });
}

#[test]
fn the_namespace_is_the_flags_else_the_contexts() {
    let sim = Sim::start(Transport::Plain);
    let namespace = |flags: &[&str]| with(&sim, flags, async |cluster| cluster.namespace.clone());
    assert_eq!("tracebloc", namespace(&[]));
    assert_eq!("other", namespace(&["-n", "other"]));
    assert_eq!(
        "edge",
        with(&sim, &[], async |cluster| cluster.context.clone())
    );
}
