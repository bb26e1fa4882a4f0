//! The logs of pods.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use serde_json::json;

use super::scene::{Caller, NS, PODS, cluster, pod, refusal, with_client};
use crate::world::sim::api::Cluster;
use crate::world::sim::api::logs::Run;
use crate::world::sim::api::store::At;

/// A pod `a` whose container `main` has written three lines.
fn writer() -> Cluster {
    let cluster = cluster();
    cluster.put(pod("a", &json!({})));
    cluster.append_log((NS, "a"), "main", Run::Current, "one\ntwo\nthree\n");
    cluster
}

#[test]
fn a_log_is_read_whole_or_in_part() {
    let cluster = writer();
    let caller = Caller::of(&cluster);
    for (query, text) in [
        ("", "one\ntwo\nthree\n"),
        ("?container=main", "one\ntwo\nthree\n"),
        ("?tailLines=2", "two\nthree\n"),
        ("?tailLines=0", ""),
        ("?tailLines=9", "one\ntwo\nthree\n"),
        ("?limitBytes=5", "one\nt"),
        ("?tailLines=2&limitBytes=3", "two"),
    ] {
        assert_eq!(
            caller.get(&format!("{PODS}/a/log{query}")).text,
            text,
            "{query}"
        );
    }
    with_client(&cluster, async |client| {
        let pods: Api<Pod> = Api::namespaced(client, NS);
        let params = LogParams {
            tail_lines: Some(1),
            ..LogParams::default()
        };
        assert_eq!(pods.logs("a", &params).await.unwrap(), "three\n");
    });
}

#[test]
fn a_followed_log_ends_with_its_container() {
    let cluster = writer();
    let caller = Caller::of(&cluster);
    let mut log = caller.follow(&format!("{PODS}/a/log?follow=true&tailLines=1"));
    assert_eq!(log.line().as_deref(), Some("three"));
    cluster.append_log((NS, "a"), "main", Run::Current, "four\n");
    assert_eq!(log.line().as_deref(), Some("four"));
    let done = json!({"terminated": {"exitCode": 0}});
    let at = At::new("Pod", NS, "a");
    cluster.append_log((NS, "a"), "main", Run::Current, "five\n");
    cluster.store(|store| {
        store.edit(&at, |pod| {
            pod["status"]["containerStatuses"][0]["state"] = done;
        });
    });
    assert_eq!(log.line().as_deref(), Some("five"), "nothing is lost");
    assert_eq!(log.line(), None);
    assert_eq!(
        caller.get(&format!("{PODS}/a/log")).code,
        200,
        "and can be read afterwards"
    );
}

#[test]
fn a_log_that_is_not_there_is_explained_in_the_servers_words() {
    let cluster = writer();
    let waiting = |name: &str, reason: Option<&str>| {
        let mut object = pod(name, &json!({}));
        let state = reason.map_or(json!({}), |reason| json!({"waiting": {"reason": reason}}));
        object["status"]["containerStatuses"][0]["state"] = state;
        cluster.put(object);
    };
    waiting("pulling", Some("ErrImagePull"));
    waiting("backing-off", Some("ImagePullBackOff"));
    waiting("creating", Some("ContainerCreating"));
    waiting("odd", None);
    let mut unscheduled = pod("unscheduled", &json!({}));
    unscheduled["status"] = json!({"phase": "Pending"});
    cluster.put(unscheduled);
    let mut two = pod("two", &json!({}));
    two["spec"]["containers"] = json!([{"name": "main"}, {"name": "mesh"}]);
    two["spec"]["initContainers"] = json!([{"name": "wait"}]);
    cluster.put(two);
    let caller = Caller::of(&cluster);
    for (path, message) in [
        (
            "pulling",
            "container \"main\" in pod \"pulling\" is waiting to start: image can't be pulled",
        ),
        (
            "backing-off",
            "container \"main\" in pod \"backing-off\" is waiting to start: trying and \
             failing to pull image",
        ),
        (
            "creating",
            "container \"main\" in pod \"creating\" is waiting to start: ContainerCreating",
        ),
        (
            "odd",
            "container \"main\" in pod \"odd\" is waiting to start - no logs yet",
        ),
        (
            "unscheduled",
            "container \"main\" in pod \"unscheduled\" is not available",
        ),
        (
            "two",
            "a container name must be specified for pod two, choose one of: [wait main mesh]",
        ),
    ] {
        let reply = caller.get(&format!("{PODS}/{path}/log"));
        assert_eq!(reply.refusal(), refusal(400, "BadRequest", message));
    }
    for (query, message) in [
        ("container=x", "container x is not valid for pod a"),
        (
            "previous=true",
            "previous terminated container \"main\" in pod \"a\" not found",
        ),
    ] {
        let reply = caller.get(&format!("{PODS}/a/log?{query}"));
        assert_eq!(reply.refusal(), refusal(400, "BadRequest", message));
    }
    let reply = caller.get(&format!("{PODS}/gone/log"));
    assert_eq!(
        reply.refusal(),
        refusal(404, "NotFound", "pods \"gone\" not found")
    );
}

#[test]
fn a_crashed_container_has_a_previous_log() {
    let cluster = writer();
    let at = At::new("Pod", NS, "a");
    cluster.append_log((NS, "a"), "main", Run::Previous, "it broke\n");
    cluster.store(|store| {
        store.edit(&at, |pod| {
            let status = &mut pod["status"]["containerStatuses"][0];
            status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            status["lastState"] = json!({"terminated": {"exitCode": 1}});
        });
    });
    let caller = Caller::of(&cluster);
    let log = |query: &str| caller.get(&format!("{PODS}/a/log{query}")).text;
    assert_eq!(log("?previous=true"), "it broke\n");
    assert_eq!(
        log(""),
        "one\ntwo\nthree\n",
        "the last run's, while it waits"
    );
}
