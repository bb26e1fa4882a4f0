//! What goes wrong on purpose, and the clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

use super::scene::{Caller, DEPLOYMENTS, NS, PODS, WEB, cluster, pod, refusal};
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::journal::rounds;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::store::At;
use crate::world::sim::api::write::Dependents;

const PATCH: &str = r#"{"spec": {"replicas": 7}}"#;

/// Sends a patch of `web` that may not be answered.
fn patch(caller: &Caller) -> reqwest::Result<u16> {
    let attempt = caller.attempt(Method::PATCH, WEB, |request| {
        let request = request.header("content-type", "application/merge-patch+json");
        request.timeout(Duration::from_secs(2)).body(PATCH)
    });
    attempt.map(|reply| reply.code)
}

#[test]
fn a_lost_request_and_a_lost_answer_look_alike_and_are_not() {
    for (name, act, replicas) in [
        ("reset before the server acted", Act::ResetBefore, 1),
        ("reset after it acted", Act::ResetAfter, 7),
        ("half of the answer arrives", Act::Truncate, 7),
        ("no answer", Act::Hang, 1),
    ] {
        let cluster = cluster();
        cluster.fault(Fault::on("PATCH", "/deployments/").does(act));
        assert!(patch(&Caller::of(&cluster)).is_err(), "{name}");
        let web = cluster.get("Deployment", NS, "web").unwrap();
        assert_eq!(web["spec"]["replicas"], replicas, "{name}");
    }
}

#[test]
fn a_truncated_answer_ends_in_the_middle() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let whole = caller.get(WEB).text;
    cluster.fault(Fault::on("GET", WEB).does(Act::Truncate));
    let (part, end) = caller.follow(WEB).all();
    assert!(end.is_err());
    assert_eq!(part, whole[..whole.len() / 2]);
}

#[test]
fn a_reset_is_a_reset_and_a_hang_is_silence() {
    let cluster = cluster();
    cluster.fault(Fault::on("GET", WEB).times(1).does(Act::ResetBefore));
    cluster.fault(Fault::on("GET", WEB).does(Act::Hang));
    let caller = Caller::of(&cluster);
    let get = || {
        caller.attempt(Method::GET, WEB, |request| {
            request.timeout(Duration::from_secs(1))
        })
    };
    let error = get().unwrap_err();
    let words = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
    let words: Vec<_> = words.map(ToString::to_string).collect();
    assert!(
        words.iter().any(|word| word.contains("reset by peer")),
        "{words:?}"
    );
    assert!(get().unwrap_err().is_timeout());
    assert_eq!(cluster.log().last().unwrap().status, None);
}

#[test]
fn made_up_answers_reach_the_client_and_change_nothing() {
    let denied = Refusal::forbidden("apps", "deployments", "web", "exceeded quota: compute");
    for (fault, code, text) in [
        (
            Fault::on("", "").refuses(&denied),
            403,
            "deployments.apps \\\"web\\\" is forbidden: exceeded quota",
        ),
        (Fault::on("", "").throttles(429, 9), 429, "TooManyRequests"),
        (
            Fault::on("", "").throttles(503, 9),
            503,
            "ServiceUnavailable",
        ),
        (
            Fault::on("", "").sends(200, "text/html", "<html>log in"),
            200,
            "<html>log in",
        ),
    ] {
        let cluster = cluster();
        cluster.fault(fault);
        let caller = Caller::of(&cluster);
        let reply = caller.patch("merge", WEB, &json!({"spec": {"replicas": 7}}));
        assert_eq!(reply.code, code);
        assert!(reply.text.contains(text), "{}", reply.text);
        let waits = matches!(code, 429 | 503).then(|| "9".to_owned());
        assert_eq!(reply.retry_after, waits);
        let web = cluster.get("Deployment", NS, "web").unwrap();
        assert_eq!(web["spec"]["replicas"], 1);
    }
}

#[test]
fn an_endless_body_is_as_long_as_it_is_told() {
    let cluster = cluster();
    cluster.fault(Fault::on("GET", "/deployments").does(Act::Flood(1024 * 1024)));
    let reply = Caller::of(&cluster).get(DEPLOYMENTS);
    assert!(reply.text.len() > 1024 * 1024, "{}", reply.text.len());
    assert!(reply.json()["padding"].is_string());
}

#[test]
fn rules_act_in_order_on_the_requests_they_count() {
    let cluster = cluster();
    let fault = |code: u16| Fault::on("GET", "/deployments/").throttles(code, 1);
    cluster.fault(fault(503).starting_at(2).times(2));
    cluster.fault(fault(429).starting_at(3));
    let caller = Caller::of(&cluster);
    let codes: Vec<_> = (0..5).map(|_| caller.get(WEB).code).collect();
    assert_eq!(codes, [200, 503, 503, 429, 429]);
    assert_eq!(
        caller.get(DEPLOYMENTS).code,
        200,
        "the list is another path"
    );
    cluster.heal();
    assert_eq!(caller.get(WEB).code, 200);
}

#[test]
fn the_world_can_change_between_two_calls() {
    let cluster = cluster();
    let web = At::new("Deployment", NS, "web");
    cluster.fault(
        Fault::on("GET", "/deployments/")
            .starting_at(2)
            .times(1)
            .then(move |store| {
                store.remove(&web, Dependents::Deleted);
            }),
    );
    let caller = Caller::of(&cluster);
    let codes: Vec<_> = (0..3).map(|_| caller.get(WEB).code).collect();
    assert_eq!(codes, [200, 200, 404], "the second answer is from before");
}

#[test]
fn after_a_cut_nothing_is_served() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    cluster.cut_after(2);
    assert_eq!(caller.get(WEB).code, 200);
    assert_eq!(patch(&caller).unwrap(), 200);
    assert!(patch(&caller).is_err());
    let get = caller.attempt(Method::GET, "/version", |request| request);
    assert!(get.is_err());
    cluster.heal();
    assert_eq!(caller.get(WEB).code, 200);
}

#[test]
fn the_date_is_the_servers_and_so_are_its_times() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    cluster.stop_clock("2026-11-24T10:00:05Z".parse().unwrap());
    assert_eq!(caller.get(WEB).date, "Tue, 24 Nov 2026 10:00:05 GMT");
    let created = caller.post(PODS, &pod("a", &json!({}))).json();
    assert_eq!(
        created["metadata"]["creationTimestamp"],
        "2026-11-24T10:00:05Z"
    );

    cluster.skew(SignedDuration::from_hours(-2));
    let date = caller.get(WEB).date;
    let ahead = Timestamp::now().duration_since(parse(&date));
    let expected = SignedDuration::from_mins(120 - 1)..SignedDuration::from_mins(120 + 1);
    assert!(expected.contains(&ahead), "{ahead}");
}

fn parse(date: &str) -> Timestamp {
    let time = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", date).unwrap();
    time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
}

#[test]
fn rounds_are_the_requests_that_had_to_wait_for_one_another() {
    let cluster = cluster();
    cluster.fault(Fault::on("GET", "").does(Act::Delay(Duration::from_millis(200))));
    super::scene::with_client(&cluster, async |client| {
        use k8s_openapi::api::apps::v1::Deployment;
        let api: kube::Api<Deployment> = kube::Api::namespaced(client, NS);
        let get = || api.get("web");
        let (a, b, c) = futures::join!(get(), get(), get());
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        get().await.unwrap();
    });
    let log = cluster.log();
    assert_eq!((log.len(), rounds(&log)), (4, 2));
    assert_eq!(rounds(&[]), 0);
    let reply = Caller::of(&cluster).get(&format!("{DEPLOYMENTS}/x"));
    assert_eq!(
        reply.refusal(),
        refusal(404, "NotFound", "deployments.apps \"x\" not found")
    );
}
