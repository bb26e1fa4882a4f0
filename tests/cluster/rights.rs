//! What `status` needs, granted by a real RBAC authorizer: with the least it says what it could not see
//! and claims nothing that it did not; with all of it, it sees what an administrator sees.

use serde_json::{Value, json};

use crate::installed::Installed;
use crate::lab::Lab;
use crate::release::Generation;

/// Without these there is no answer.
const LEAST: &[&str] = &["deployments.apps", "cronjobs.batch"];
const MORE: &[&str] = &[
    "jobs.batch",
    "pods",
    "pods/log",
    "replicasets.apps",
    "events",
];
const AGENTS: &[&str] = &["daemonsets.apps", "pods"];
const CLUSTER: &[&str] = &["nodes", "namespaces"];

#[test]
fn status_claims_no_more_than_its_rights_let_it_see() {
    let lab = Lab::get();
    let _whole = lab.network();
    let ingestor = lab.retag("ghcr.io/tracebloc/ingestor:rights", "0.3");
    let berlin = lab.install("rights", Generation::G10, |values| {
        values.images.ingestor.tag = Some("rights".to_owned());
        values.images.ingestor.digest = Some(ingestor);
    });
    assert_eq!(berlin.tick().outcome, "Complete");
    let reader = reader(lab, &berlin);

    let seen = berlin
        .laptop(&["status", "-o", "json", "--kubeconfig", &reader])
        .json();
    let of_images = seen["images"].as_array().unwrap().iter();
    let states: Vec<&Value> = of_images.map(|image| &image["states"]).collect();
    assert_eq!(
        states,
        [
            &json!(["unknown"]),
            &json!(["unknown"]),
            &json!(["unknown"]),
            &json!(["held"])
        ]
    );
    let reasons: Vec<&str> = texts(&seen["incomplete"], "reason");
    for resource in ["nodes", "replicasets.apps", "daemonsets.apps", "jobs.batch"] {
        let is_named = |reason: &&str| reason.contains(resource) && reason.contains("is forbidden");
        assert!(reasons.iter().any(is_named), "{resource}: {reasons:#?}");
    }
    let run = berlin
        .laptop(&["status", "--exit-code", "--kubeconfig", &reader])
        .exits(5);
    assert!(!run.stdout.contains("current"), "{run}");

    let agents = format!("{}-agents", berlin.namespace());
    grant(lab, &["-n", berlin.namespace()], "role", "more", MORE);
    grant(lab, &["-n", &agents], "role", "agents", AGENTS);
    grant(lab, &[], "clusterrole", "cluster", CLUSTER);
    let seen = berlin
        .laptop(&["status", "-o", "json", "--kubeconfig", &reader])
        .json();
    let by_admin = berlin.laptop(&["status", "-o", "json"]).json();
    for part in [
        "summary",
        "nodes",
        "images",
        "streaks",
        "refreshJob",
        "annotations",
        "findings",
        "incomplete",
    ] {
        assert_eq!(seen[part], by_admin[part], "{part}");
    }
    assert_eq!(seen["incomplete"], json!([]));
}

/// The kubeconfig of an account with the least rights.
fn reader(lab: &Lab, berlin: &Installed) -> String {
    berlin.kubectl(&["create", "serviceaccount", "reader"]).ok();
    grant(lab, &["-n", berlin.namespace()], "role", "least", LEAST);
    lab.account(berlin.namespace(), "reader")
}

/// Lets the account get and list these resources, by a Role or `ClusterRole` of that name.
fn grant(lab: &Lab, place: &[&str], kind: &str, name: &str, resources: &[&str]) {
    let rights = [
        "--verb=get,list",
        &format!("--resource={}", resources.join(",")),
    ];
    let create = [place, &["create", kind, name], &rights].concat();
    lab.kubectl(&create).ok();
    let role = format!("--{kind}={name}");
    let bind = [
        place,
        &["create", &format!("{kind}binding"), name, &role],
        &["--serviceaccount=rights:reader"],
    ];
    lab.kubectl(&bind.concat()).ok();
}

/// That field of every object of an array.
fn texts<'a>(objects: &'a Value, field: &str) -> Vec<&'a str> {
    let objects = objects.as_array().unwrap().iter();
    objects
        .map(|object| object[field].as_str().unwrap())
        .collect()
}
