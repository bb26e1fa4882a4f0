//! The pod of a probe: the refresher's, without what could do harm.

use super::*;

fn original() -> Original {
    Original {
        template: json!({
            "metadata": {"name": "x", "labels": {"app": "refresh"}, "annotations": {"mesh": "no"}},
            "spec": {
                "serviceAccountName": "refresher",
                "restartPolicy": "OnFailure",
                "initContainers": [{"name": "wait"}],
                "imagePullSecrets": [{"name": "regcred"}],
                "tolerations": [{"key": "edge", "operator": "Exists"}],
                "securityContext": {"runAsUser": 1000},
                "containers": [
                    {"name": "other"},
                    {
                        "name": "refresh",
                        "image": "alpine/k8s:1.30.5",
                        "command": ["/bin/sh", "/scripts/x.sh"],
                        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
                        "resources": {"limits": {"cpu": "200m"}},
                        "livenessProbe": {},
                        "volumeMounts": [
                            {"name": "scripts", "mountPath": "/scripts"},
                            {"name": "ca", "mountPath": "/etc/ca"},
                            {"name": "token", "mountPath": "/token"},
                        ],
                    },
                ],
                "volumes": [
                    {"name": "scripts", "configMap": {"name": "berlin-image-refresh"}},
                    {"name": "ca", "configMap": {"name": "site-ca"}},
                    {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
                ],
            },
        }),
        container: "refresh".to_owned(),
        image: "alpine/k8s:1.30.5".to_owned(),
    }
}

#[test]
fn a_probe_is_the_refreshers_pod_with_another_command_and_no_token() {
    let made = template(
        &original(),
        &["ghcr.io|ghcr.io||||".to_owned()],
        Some("edge-01"),
    );
    assert_eq!(
        json!({"labels": {"app": "refresh"}, "annotations": {"mesh": "no"}}),
        made["metadata"]
    );
    let spec = &made["spec"];
    let own = &spec["containers"][0];
    for (name, seen, want) in [
        (
            "account",
            &spec["automountServiceAccountToken"],
            json!(false),
        ),
        ("links", &spec["enableServiceLinks"], json!(false)),
        ("restart", &spec["restartPolicy"], json!("Never")),
        (
            "secrets",
            &spec["imagePullSecrets"],
            json!([{"name": "regcred"}]),
        ),
        ("init", &spec["initContainers"], Value::Null),
        (
            "containers",
            &json!(spec["containers"].as_array().unwrap().len()),
            json!(1),
        ),
        ("image", &own["image"], json!("alpine/k8s:1.30.5")),
        ("policy", &own["imagePullPolicy"], json!("IfNotPresent")),
        (
            "words",
            &own["args"],
            json!(["probe", "ghcr.io|ghcr.io||||"]),
        ),
        ("proxy", &own["env"][0]["value"], json!("http://proxy:3128")),
        (
            "limits",
            &own["resources"],
            json!({"limits": {"cpu": "200m"}}),
        ),
        ("liveness", &own["livenessProbe"], Value::Null),
        (
            "mounts",
            &own["volumeMounts"],
            json!([{"name": "ca", "mountPath": "/etc/ca"}, {"name": VOLUME, "mountPath": FOLDER}]),
        ),
        (
            "user",
            &spec["securityContext"],
            json!({"runAsUser": 1000, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}),
        ),
        (
            "privileges",
            &own["securityContext"],
            json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true}),
        ),
    ] {
        assert_eq!(&want, seen, "{name}");
    }
    let term = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"][0];
    assert_eq!(json!(["edge-01"]), term["matchFields"][0]["values"]);
}

#[test]
fn a_node_is_demanded_besides_what_the_original_demands() {
    let mut original = original();
    let terms = json!([
        {"matchExpressions": [{"key": "zone", "operator": "Exists"}]},
        {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["x"]}]},
    ]);
    original.template["spec"]["affinity"] = json!({"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms},
    }});
    let made = template(&original, &[], Some("edge-01"));
    let terms = &made["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"];
    assert_eq!(1, terms[0]["matchExpressions"].as_array().unwrap().len());
    assert_eq!(1, terms[0]["matchFields"].as_array().unwrap().len());
    assert_eq!(2, terms[1]["matchFields"].as_array().unwrap().len());
    let free = template(&original, &[], None);
    assert_eq!(
        original.template["spec"]["affinity"],
        free["spec"]["affinity"]
    );
}

#[test]
fn whatever_the_api_server_sends_as_a_template_becomes_a_pod() {
    for odd in [
        json!(null),
        json!({"spec": 3}),
        json!({"spec": {"containers": "x", "volumes": 1}}),
    ] {
        let original = Original {
            template: odd,
            ..original()
        };
        let made = template(&original, &[], Some("edge-01"));
        assert_eq!("refresh", made["spec"]["containers"][0]["name"]);
    }
}
