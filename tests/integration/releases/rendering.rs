//! What a generation renders from the chart's own values: names, labels, rights, deadlines,
//! strategies, policies.

use serde_json::json;

use super::*;

fn kinds_and_names(objects: &[Value]) -> Vec<(&str, &str, &str)> {
    let mut found: Vec<_> = objects
        .iter()
        .map(|object| {
            let metadata = &object["metadata"];
            (
                object["kind"].as_str().unwrap(),
                metadata["namespace"].as_str().unwrap(),
                metadata["name"].as_str().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn every_generation_has_the_objects_of_its_names() {
    let (own, agents) = ("tracebloc", "tracebloc-node-agents");
    for generation in Generation::ALL {
        let mut wanted = vec![
            ("ConfigMap", own, "berlin-image-refresh"),
            ("CronJob", own, "berlin-image-refresh"),
            ("DaemonSet", agents, "berlin-resource-monitor"),
            ("Deployment", own, "berlin-jobs-manager"),
            ("Deployment", own, "berlin-requests-proxy"),
            ("Role", own, "berlin-image-refresh"),
            ("RoleBinding", own, "berlin-image-refresh"),
            ("ServiceAccount", own, "berlin-image-refresh"),
        ];
        if matches!(generation, G8 | G9 | G10) {
            wanted.push(("Role", agents, "berlin-image-refresh-node-agents"));
            wanted.push(("RoleBinding", agents, "berlin-image-refresh-node-agents"));
        }
        wanted.sort_unstable();
        let objects = Release::new(generation).objects();
        assert_eq!(kinds_and_names(&objects), wanted, "{generation:?}");
    }
}

#[test]
fn every_object_carries_helms_labels_and_only_the_refreshers_a_component() {
    let version = [
        (G0, "1.4.0"),
        (G1, "1.4.3"),
        (G2, "1.4.5"),
        (G2p, "1.5.1"),
        (G3, "1.6.1"),
        (G4, "1.9.12"),
        (G5, "1.9.15"),
        (G6, "1.9.24"),
        (G7, "1.9.28"),
        (G7b, "1.9.34"),
        (G8, "1.9.40"),
        (G9, "1.9.43"),
        (G10, "1.9.51"),
    ];
    for (generation, version) in version {
        for object in Release::new(generation).objects() {
            let metadata = &object["metadata"];
            let mut wanted = json!({
                "app.kubernetes.io/name": "client",
                "app.kubernetes.io/instance": "berlin",
                "app.kubernetes.io/version": version,
                "app.kubernetes.io/managed-by": "Helm",
                "helm.sh/chart": format!("client-{version}"),
            });
            if metadata["name"]
                .as_str()
                .unwrap()
                .starts_with("berlin-image-refresh")
            {
                wanted["app.kubernetes.io/component"] = "image-refresh".into();
            }
            if object["kind"] == "DaemonSet" {
                wanted["app"] = "berlin-resource-monitor".into();
            }
            assert_eq!(
                metadata["labels"], wanted,
                "{generation:?} {}",
                metadata["name"]
            );
            let helm = json!({
                "meta.helm.sh/release-name": "berlin",
                "meta.helm.sh/release-namespace": "tracebloc",
            });
            assert_eq!(metadata["annotations"], helm, "{generation:?}");
        }
    }
}

#[test]
fn pods_carry_less_than_their_workloads() {
    for generation in Generation::ALL {
        let objects = Release::new(generation).objects();
        let template = |kind, name| &get(&objects, kind, name)["spec"]["template"]["metadata"];
        for (kind, name, app) in [
            ("Deployment", "berlin-jobs-manager", "manager"),
            ("Deployment", "berlin-requests-proxy", "requests-proxy"),
            (
                "DaemonSet",
                "berlin-resource-monitor",
                "berlin-resource-monitor",
            ),
        ] {
            let wanted = json!({ "labels": { "app": app } });
            assert_eq!(*template(kind, name), wanted, "{generation:?}");
            let selector = &get(&objects, kind, name)["spec"]["selector"];
            assert_eq!(*selector, json!({ "matchLabels": { "app": app } }));
        }
        let job = &cron_job(&objects)["spec"]["jobTemplate"];
        assert_eq!(job["metadata"], Value::Null);
        let labels = json!({
            "app.kubernetes.io/name": "client",
            "app.kubernetes.io/instance": "berlin",
            "app.kubernetes.io/component": "image-refresh",
        });
        assert_eq!(
            job["spec"]["template"]["metadata"],
            json!({ "labels": labels })
        );
    }
}

#[test]
fn the_account_may_patch_deployments_and_later_one_daemon_set() {
    for generation in Generation::ALL {
        let objects = Release::new(generation).objects();
        let rules = &get(&objects, "Role", "berlin-image-refresh")["rules"];
        let wanted = json!([{
            "apiGroups": ["apps"],
            "resources": ["deployments"],
            "verbs": ["get", "list", "patch", "watch"],
        }]);
        assert_eq!(*rules, wanted, "{generation:?}");
        let Some(second) = find(&objects, "Role", "berlin-image-refresh-node-agents") else {
            continue;
        };
        let monitor = json!(["berlin-resource-monitor"]);
        let wanted = json!([
            { "apiGroups": ["apps"], "resources": ["daemonsets"], "resourceNames": monitor, "verbs": ["get", "patch"] },
            { "apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["list", "watch"] },
        ]);
        assert_eq!(second["rules"], wanted, "{generation:?}");
        let binding = get(&objects, "RoleBinding", "berlin-image-refresh-node-agents");
        let account = json!([{
            "kind": "ServiceAccount", "name": "berlin-image-refresh", "namespace": "tracebloc",
        }]);
        assert_eq!(binding["subjects"], account, "{generation:?}");
    }
}

#[test]
fn the_cron_job_is_that_of_its_generation() {
    for generation in Generation::ALL {
        let objects = Release::new(generation).objects();
        let mut spec = cron_job(&objects)["spec"].clone();
        let job = spec.as_object_mut().unwrap().remove("jobTemplate").unwrap();
        let wanted = json!({
            "schedule": "7,22,37,52 * * * *",
            "suspend": false,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "startingDeadlineSeconds": 300,
        });
        assert_eq!(spec, wanted, "{generation:?}");
        let deadline = match generation {
            G0 | G1 | G2 | G2p | G3 => Value::Null,
            G4 | G5 | G6 | G7 | G7b => 1800.into(),
            G8 | G9 | G10 => 3600.into(),
        };
        assert_eq!(
            job["spec"]["activeDeadlineSeconds"], deadline,
            "{generation:?}"
        );
        assert_eq!(job["spec"]["backoffLimit"], 2);
        let pod = &job["spec"]["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "OnFailure");
        assert_eq!(pod["serviceAccountName"], "berlin-image-refresh");
        assert_eq!(pod["imagePullSecrets"], Value::Null);
        assert_eq!(pod["containers"][0]["image"], "alpine/k8s:1.30.5");
        assert_eq!(pod["volumes"][0]["configMap"]["defaultMode"], 0o555);
    }
}

#[test]
fn strategies_probes_and_policies_are_those_of_the_generation() {
    for generation in Generation::ALL {
        let objects = Release::new(generation).objects();
        let manager = get(&objects, "Deployment", "berlin-jobs-manager");
        let recreate = !matches!(generation, G0 | G1 | G2 | G2p | G3);
        let strategy = if recreate {
            json!({ "type": "Recreate" })
        } else {
            json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } })
        };
        assert_eq!(manager["spec"]["strategy"], strategy, "{generation:?}");
        let since_g8 = matches!(generation, G8 | G9 | G10);
        let probe = api(&objects).pointer("/readinessProbe/tcpSocket/port");
        assert_eq!(probe, since_g8.then_some(&json!(8080)), "{generation:?}");
        let proxy = container(
            get(&objects, "Deployment", "berlin-requests-proxy"),
            "proxy",
        );
        let probe = proxy.pointer("/readinessProbe/tcpSocket/port");
        let since_g7 = since_g8 || matches!(generation, G7 | G7b);
        assert_eq!(probe, since_g7.then_some(&json!(8888)), "{generation:?}");
        let monitor = get(&objects, "DaemonSet", "berlin-resource-monitor");
        let budget = monitor.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
        assert_eq!(budget, since_g8.then_some(&json!("10%")), "{generation:?}");
        let tolerations = &monitor["spec"]["template"]["spec"]["tolerations"];
        assert_eq!(*tolerations, json!([{ "operator": "Exists" }]));
        for container in [
            api(&objects),
            container(manager, "pods-monitor-container"),
            proxy,
            container(monitor, "tracebloc-resource-monitor"),
        ] {
            let policy = if since_g8 { "IfNotPresent" } else { "Always" };
            assert_eq!(container["imagePullPolicy"], policy, "{generation:?}");
        }
        let init = manager.pointer("/spec/template/spec/initContainers/0/name");
        let since_g6 = since_g7 || generation == G6;
        assert_eq!(
            init,
            since_g6.then_some(&json!("init-writable-data")),
            "{generation:?}"
        );
    }
}
