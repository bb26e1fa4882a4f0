//! Rollouts as kubectl judges them, and what specs say.

use serde_json::{Value, json};

use super::*;
use crate::image::Digest;
use crate::observation::Rollout;

const DIGEST: &str = "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

fn deployment(spec: &Value, status: &Value) -> Deployment {
    let mut whole = json!({"replicas": 2, "selector": {}, "template": {}});
    for (key, value) in spec.as_object().expect("spec") {
        whole[key] = value.clone();
    }
    serde_json::from_value(json!({"metadata": {"generation": 7}, "spec": whole, "status": status}))
        .expect("deployment")
}

#[test]
fn a_rollout_is_judged_as_kubectl_judges_it() {
    let flight = |words: &str| Rollout::InFlight(words.to_owned());
    for (name, spec, status, want) in [
        (
            "everything updated and available",
            json!({}),
            json!({"observedGeneration": 7, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
            Rollout::Settled,
        ),
        (
            "a status older than the spec says nothing, however complete it looks",
            json!({}),
            json!({"observedGeneration": 6, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
            flight("waiting for the spec update to be observed"),
        ),
        (
            "no status at all",
            json!({}),
            json!({}),
            flight("waiting for the spec update to be observed"),
        ),
        (
            "not all updated",
            json!({}),
            json!({"observedGeneration": 7, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}),
            flight("1 of 2 updated"),
        ),
        (
            "an old pod is still there",
            json!({}),
            json!({"observedGeneration": 7, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2}),
            flight("1 old pending termination"),
        ),
        (
            "not all available",
            json!({}),
            json!({"observedGeneration": 7, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}),
            flight("1 of 2 updated are available"),
        ),
        (
            "nothing wanted",
            json!({"replicas": 0}),
            json!({"observedGeneration": 7}),
            Rollout::Settled,
        ),
        (
            "paused",
            json!({"paused": true}),
            json!({"observedGeneration": 7}),
            Rollout::Paused,
        ),
        (
            "past its deadline, in the controller's words",
            json!({}),
            json!({"observedGeneration": 7, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"x\" has timed out progressing."}]}),
            Rollout::Failed("ReplicaSet \"x\" has timed out progressing.".to_owned()),
        ),
    ] {
        assert_eq!(
            want,
            deployment_status(&deployment(&spec, &status)).rollout(),
            "{name}"
        );
    }
}

#[test]
fn a_daemon_set_is_settled_when_every_node_has_the_new_pod() {
    for (name, status, want) in [
        ("settled", [3, 3, 3, 4], Rollout::Settled),
        (
            "one node behind",
            [3, 2, 3, 4],
            Rollout::InFlight("2 of 3 updated".to_owned()),
        ),
        (
            "one not available",
            [3, 3, 2, 4],
            Rollout::InFlight("2 of 3 updated are available".to_owned()),
        ),
        (
            "stale status",
            [3, 3, 3, 3],
            Rollout::InFlight("waiting for the spec update to be observed".to_owned()),
        ),
        ("no node", [0, 0, 0, 4], Rollout::Settled),
    ] {
        let set: DaemonSet = serde_json::from_value(json!({
            "metadata": {"generation": 4}, "spec": {"selector": {}, "template": {}},
            "status": {"desiredNumberScheduled": status[0], "updatedNumberScheduled": status[1],
                "numberAvailable": status[2], "observedGeneration": status[3],
                "currentNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0}}))
        .expect("set");
        assert_eq!(want, daemon_set_status(&set).rollout(), "{name}");
    }
}

#[test]
fn a_spec_is_a_digest_a_tag_or_unreadable() {
    let read = |image: &str, policy: Option<&str>| {
        let mut container = json!({"name": "api", "image": image});
        if let Some(policy) = policy {
            container["imagePullPolicy"] = json!(policy);
        }
        spec(&serde_json::from_value(container).expect("container"))
    };
    let digest: Digest = DIGEST.parse().expect("digest");
    let repository = "docker.io/tracebloc/jobs-manager".to_owned();
    assert_eq!(
        Spec::Pinned { repository, digest },
        read(&format!("tracebloc/jobs-manager@{DIGEST}"), None)
    );
    let tagged = |pull| Spec::Tagged {
        reference: "tracebloc/x:prod".parse().expect("reference"),
        pull,
    };
    assert_eq!(
        tagged(Pull::Always),
        read("tracebloc/x:prod", Some("Always"))
    );
    assert_eq!(
        tagged(Pull::Cached),
        read("tracebloc/x:prod", Some("IfNotPresent"))
    );
    let Spec::Unreadable(why) = read("ghcr.io/UPPER/x:v1\u{1b}[31m", None) else {
        panic!("accepted")
    };
    assert!(
        !why.contains('\u{1b}') && why.contains("container api"),
        "{why}"
    );
}

#[test]
fn an_entry_without_value_is_empty_and_one_from_elsewhere_is_not_read() {
    let container: Container = serde_json::from_value(json!({"name": "api", "env": [
        {"name": "EMPTY"}, {"name": "SET", "value": "1"},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}))
    .expect("container");
    let env = env(Some(&container));
    assert_eq!(Some(&EnvValue::Literal(String::new())), env.get("EMPTY"));
    assert_eq!(
        (Some("1"), Some(&EnvValue::Elsewhere)),
        (env.literal("SET"), env.get("SECRET"))
    );
}

#[test]
fn credentials_are_names_and_may_be_none() {
    let read =
        |spec: &Value| credentials(Some(&serde_json::from_value(spec.clone()).expect("a spec")));
    assert_eq!(PullCredentials::default(), read(&json!({"containers": []})));
    assert_eq!(PullCredentials::default(), credentials(None));
    let own = json!({
        "containers": [],
        "serviceAccountName": "berlin-jobs-manager",
        "imagePullSecrets": [{"name": "berlin-regcred"}, {"name": "site"}],
    });
    let want = PullCredentials {
        service_account: Some("berlin-jobs-manager".to_owned()),
        secrets: vec!["berlin-regcred".to_owned(), "site".to_owned()],
    };
    assert_eq!(want, read(&own));
}
