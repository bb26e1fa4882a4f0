//! Who may do what: logins, denials, impersonation, reviews.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::{Api, PostParams};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{
    Caller, DEPLOYMENTS, NS, PODS, WEB, cluster, pod, refusal, runtime, with_client,
};
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::{TOKEN, USER};

const CRONJOBS: &str = "/apis/batch/v1/namespaces/tracebloc/cronjobs";

#[test]
fn what_is_denied_is_forbidden_in_the_servers_words() {
    let cluster = cluster();
    cluster.put(pod("a", &json!({})));
    for denial in [
        Denial::of("list", "cronjobs.batch").in_namespace(NS),
        Denial::of("get", "pods/log"),
        Denial::of("list", "pods").at_cluster_scope(),
        Denial::of("patch", "deployments.apps/status"),
        Denial::of("*", "nodes"),
        Denial::of("get", "namespaces").in_namespace(NS),
        Denial::of("get", "deployments.apps").to("somebody else"),
    ] {
        cluster.deny(denial);
    }
    let cannot = |verb: &str, what: &str, group: &str, scope: &str| {
        format!("User \"ana\" cannot {verb} resource {what:?} in API group {group:?} {scope}")
    };
    let here = "in the namespace \"tracebloc\"";
    let anywhere = "at the cluster scope";
    let caller = Caller::of(&cluster);
    let (log, status) = (format!("{PODS}/a/log"), format!("{WEB}/status"));
    let (node, nodes) = ("/api/v1/nodes/edge-01", "/api/v1/nodes?watch=1");
    for (method, path, subject, why) in [
        (
            "GET",
            CRONJOBS,
            "cronjobs.batch",
            cannot("list", "cronjobs", "batch", here),
        ),
        (
            "GET",
            &log,
            "pods \"a\"",
            cannot("get", "pods/log", "", here),
        ),
        (
            "GET",
            "/api/v1/pods",
            "pods",
            cannot("list", "pods", "", anywhere),
        ),
        (
            "PATCH",
            &status,
            "deployments.apps \"web\"",
            cannot("patch", "deployments/status", "apps", here),
        ),
        (
            "GET",
            node,
            "nodes \"edge-01\"",
            cannot("get", "nodes", "", anywhere),
        ),
        (
            "GET",
            nodes,
            "nodes",
            cannot("watch", "nodes", "", anywhere),
        ),
        (
            "GET",
            "/api/v1/namespaces/tracebloc",
            "namespaces \"tracebloc\"",
            cannot("get", "namespaces", "", here),
        ),
    ] {
        let reply = caller.send(method.parse().unwrap(), path, |request| request);
        let wanted = format!("{subject} is forbidden: {why}");
        assert_eq!(reply.refusal(), refusal(403, "Forbidden", &wanted));
    }
    let details = caller.get(CRONJOBS).json()["details"].clone();
    assert_eq!(details, json!({"group": "batch", "kind": "cronjobs"}));
    for allowed in ["/apis/batch/v1/cronjobs", PODS, WEB] {
        assert_eq!(caller.get(allowed).code, 200, "{allowed}");
    }
}

#[test]
fn an_unknown_token_is_unauthorized_and_none_is_anonymous() {
    let cluster = cluster();
    cluster.admit("another", "bob");
    let caller = Caller::of(&cluster);
    let with = |header: Option<&str>| {
        caller.send(Method::GET, WEB, |request| match header {
            // Replaces the caller's own.
            Some(header) => request.headers(
                [("authorization".parse().unwrap(), header.parse().unwrap())]
                    .into_iter()
                    .collect(),
            ),
            None => request,
        })
    };
    assert_eq!(with(None).code, 200);
    assert_eq!(with(Some("Bearer another")).code, 200);
    let unauthorized = refusal(401, "Unauthorized", "Unauthorized");
    assert_eq!(with(Some("Bearer wrong")).refusal(), unauthorized);
    cluster.revoke_tokens();
    assert_eq!(with(None).refusal(), unauthorized);

    let stranger = without_login(&cluster.url(), WEB);
    assert_eq!(stranger["code"], 403);
    let words = "deployments.apps \"web\" is forbidden: User \"system:anonymous\" cannot \
                 get resource \"deployments\" in API group \"apps\" in the namespace \"tracebloc\"";
    assert_eq!(stranger["message"], words);
    assert_eq!(without_login(&cluster.url(), "/version")["major"], "1");
}

/// What somebody who shows no credentials is answered.
fn without_login(url: &str, path: &str) -> Value {
    runtime().block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("{url}{path}")).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    })
}

#[test]
fn an_impersonated_user_is_judged_and_logged() {
    let cluster = cluster();
    cluster.deny(Denial::of("get", "deployments.apps").to("bob"));
    let caller = Caller::of(&cluster);
    let as_bob = || {
        caller.send(Method::GET, WEB, |request| {
            request.header("impersonate-user", "bob")
        })
    };
    let (_, _, message) = as_bob().refusal();
    assert!(message.contains("User \"bob\" cannot get"), "{message}");
    assert_eq!(cluster.log()[0].impersonated.as_deref(), Some("bob"));

    cluster.deny(Denial::of("impersonate", "users").to(USER));
    let words = "users \"bob\" is forbidden: User \"ana\" cannot impersonate resource \
                 \"users\" in API group \"\" at the cluster scope";
    assert_eq!(as_bob().refusal(), refusal(403, "Forbidden", words));
}

#[test]
fn reviews_answer_by_the_same_rules_as_requests() {
    let cluster = cluster();
    let account = "system:serviceaccount:tracebloc:refresher";
    cluster.deny(Denial::of("patch", "deployments.apps").to(account));
    cluster.deny(Denial::of("list", "nodes").to(USER));
    with_client(&cluster, async |client| {
        for (verb, group, resource, allowed) in [
            ("list", "", "nodes", false),
            ("patch", "apps", "deployments", true),
        ] {
            let review = SelfSubjectAccessReview {
                spec: SelfSubjectAccessReviewSpec {
                    resource_attributes: Some(ResourceAttributes {
                        verb: Some(verb.to_owned()),
                        group: Some(group.to_owned()),
                        resource: Some(resource.to_owned()),
                        ..ResourceAttributes::default()
                    }),
                    ..SelfSubjectAccessReviewSpec::default()
                },
                ..SelfSubjectAccessReview::default()
            };
            let api = Api::<SelfSubjectAccessReview>::all(client.clone());
            let answer = api.create(&PostParams::default(), &review).await.unwrap();
            assert_eq!(
                answer.status.map(|status| status.allowed),
                Some(allowed),
                "{resource}"
            );
        }
    });

    let caller = Caller::of(&cluster);
    let reviews = "/apis/authorization.k8s.io/v1";
    let local = format!("{reviews}/namespaces/{NS}/localsubjectaccessreviews");
    let asked = |user: &str, namespace: &str| {
        let attributes = json!({
            "verb": "patch", "group": "apps", "resource": "deployments", "namespace": namespace,
        });
        json!({"spec": {"user": user, "resourceAttributes": attributes}})
    };
    for (path, user, allowed) in [
        (&local, account, false),
        (&local, "system:serviceaccount:tracebloc:other", true),
        (&format!("{reviews}/subjectaccessreviews"), account, false),
    ] {
        let reply = caller.post(path, &asked(user, NS));
        assert_eq!(
            (reply.code, &reply.json()["status"]["allowed"]),
            (201, &json!(allowed))
        );
    }
    for unclear in [asked(account, "elsewhere"), asked("", NS)] {
        assert_eq!(caller.post(&local, &unclear).code, 422, "{unclear}");
    }
    cluster.deny(Denial::of(
        "create",
        "localsubjectaccessreviews.authorization.k8s.io",
    ));
    assert_eq!(
        caller.post(&local, &asked(account, NS)).code,
        403,
        "asking is a right too"
    );
}

#[test]
fn the_log_keeps_what_was_asked_and_no_login() {
    let cluster = cluster();
    let caller = Caller::of(&cluster);
    let patch = json!({"spec": {"replicas": 2}});
    caller.patch("merge", &format!("{WEB}?fieldManager=x"), &patch);
    caller.get(DEPLOYMENTS);
    let log = cluster.log();
    assert_eq!(log[0].method, "PATCH");
    assert_eq!(log[0].target, format!("{WEB}?fieldManager=x"));
    assert_eq!(log[0].json(), patch);
    assert_eq!(log[0].status, Some(200));
    assert_eq!(
        log[1].target,
        format!("{DEPLOYMENTS}?"),
        "the list, with its question mark"
    );
    assert_eq!(
        (log[0].connection, log[1].connection),
        (0, 0),
        "one connection, kept"
    );
    assert!(!format!("{log:?}").contains(TOKEN));
    assert_eq!(
        (cluster.count("GET", "/deployments?"), cluster.count("", "")),
        (1, 2)
    );
}

#[test]
fn whoever_may_do_nothing_may_still_ask_what() {
    let cluster = cluster();
    cluster.deny(Denial::of("*", "*").to(USER));
    let caller = Caller::of(&cluster);
    assert_eq!(caller.get(WEB).code, 403);
    assert_eq!(
        caller.get("/apis").code,
        200,
        "discovery is for everybody who is logged in"
    );
    let words = "things is forbidden: User \"ana\" cannot list resource \"things\" in API \
                 group \"\" at the cluster scope";
    let reply = caller.get("/api/v1/things");
    assert_eq!(
        reply.refusal(),
        refusal(403, "Forbidden", words),
        "before it says what there is"
    );
    let review = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}});
    let reply = caller.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        &review,
    );
    assert_eq!(
        (reply.code, &reply.json()["status"]["allowed"]),
        (201, &json!(false))
    );
    let stranger = without_login(&cluster.url(), "/api");
    assert_eq!(
        stranger["message"],
        "forbidden: User \"system:anonymous\" cannot get path \"/api\""
    );
}
