//! The pod, clause by clause.

use super::*;
use crate::observation::PullCredentials;
use crate::probe::node::Before;

fn test() -> (PullTest, Place) {
    let digest = "sha256:d361fa778554a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b68163";
    let place = Place {
        node: "edge-01".to_owned(),
        platform: None,
        before: Before::NotListed,
    };
    let toleration =
        |key: Option<&str>, operator: &str, value: &str, effect: Option<&str>| Toleration {
            key: key.map(str::to_owned),
            operator: operator.to_owned(),
            value: value.to_owned(),
            effect: effect.map(str::to_owned),
        };
    let test = PullTest {
        repository: "ghcr.io/tracebloc/ingestor".to_owned(),
        digest: digest.parse().unwrap(),
        place: Ok(place.clone()),
        tolerations: vec![
            toleration(None, "Exists", "", None),
            toleration(Some("gpu"), "Equal", "yes", Some("NoSchedule")),
        ],
        credentials: PullCredentials {
            service_account: Some("berlin-jobs-manager".to_owned()),
            secrets: vec!["berlin-regcred".to_owned()],
        },
    };
    (test, place)
}

fn resources() -> Resources {
    let quantities = |cpu: &str| [("cpu".to_owned(), cpu.to_owned())].into();
    Resources {
        requests: quantities("20m"),
        limits: quantities("200m"),
    }
}

#[test]
fn the_pod_pulls_one_digest_on_one_node_and_runs_nothing() {
    let (test, place) = test();
    let template = template(&test, &place, &resources());
    let want = json!({"spec": {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "serviceAccountName": "berlin-jobs-manager",
        "imagePullSecrets": [{"name": "berlin-regcred"}],
        "tolerations": [
            {"operator": "Exists"},
            {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
        ],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["edge-01"]}]},
        ]}}},
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{
            "name": "pull",
            "image": "ghcr.io/tracebloc/ingestor@sha256:d361fa778554a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b68163",
            "imagePullPolicy": "Always",
            "command": ["/images.tracebloc.io/only-pulled-never-run"],
            "resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "200m"}},
            "securityContext": {
                "allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
        }],
    }});
    assert_eq!(want, template);
}

#[test]
fn without_an_account_the_namespaces_own_is_used() {
    let (mut test, place) = test();
    test.credentials = PullCredentials::default();
    let template = template(&test, &place, &Resources::default());
    assert!(template["spec"].get("serviceAccountName").is_none());
    assert_eq!(json!([]), template["spec"]["imagePullSecrets"]);
    assert_eq!(
        json!({"requests": {}, "limits": {}}),
        template["spec"]["containers"][0]["resources"]
    );
}
