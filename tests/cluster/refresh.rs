//! `refresh` on a real Kubernetes: real controllers, a real kubelet that pulls, and a way back that is pasted into kubectl.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::installed::{Installed, eventually};
use crate::lab::Lab;
use crate::release::{Generation, Values};

const IMAGES: [&str; 3] = ["jobs-manager", "pods-monitor", "resource-monitor"];

/// What `refresh` needs (design, section 9): place, verbs, resources.
const RIGHTS: [(&str, &str, &str); 8] = [
    ("release", "get,list", "deployments.apps,cronjobs.batch"),
    ("release", "list", "jobs.batch,pods,replicasets.apps,events"),
    ("release", "create,get,delete", "jobs.batch"),
    ("release", "patch", "deployments.apps"),
    ("agents", "get,list,patch", "daemonsets.apps"),
    ("agents", "list", "pods"),
    ("cluster", "get,list", "nodes"),
    ("cluster", "get", "namespaces"),
];

/// Follows tags that no other test moves.
fn apart(values: &mut Values) {
    values.client_env = "dev".to_owned();
}

fn tag(image: &str) -> String {
    format!("docker.io/tracebloc/{image}:dev")
}

/// Has the tags name what everybody runs.
fn begin(lab: &Lab) {
    for image in IMAGES {
        lab.retag(&tag(image), "prod");
    }
}

/// Moves every tag to new content; gives the digests.
fn publish(lab: &Lab) -> [String; 3] {
    IMAGES.map(|image| lab.publish(&tag(image), "2026-06-01T00:00:00Z"))
}

fn at(image: &str, digest: &str) -> String {
    format!("docker.io/tracebloc/{image}@{digest}")
}

/// What the containers of the three workloads are set to: both of jobs-manager, requests-proxy, resource-monitor.
fn set(berlin: &Installed) -> Vec<String> {
    let agents = format!("{}-agents", berlin.namespace());
    let images = |namespace: &str, object: &str| {
        let path = "jsonpath={.spec.template.spec.containers[*].image}";
        let run = berlin.kubectl(&["get", object, "-n", namespace, "-o", path]);
        let words = run.ok();
        words
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    [
        images(berlin.namespace(), "deploy/berlin-jobs-manager"),
        images(berlin.namespace(), "deploy/berlin-requests-proxy"),
        images(&agents, "ds/berlin-resource-monitor"),
    ]
    .concat()
}

/// The report of a run that ends with this code.
fn report(berlin: &Installed, flags: &[&str], code: i32) -> Value {
    let args = [&["refresh", "--now", "-o", "json"], flags].concat();
    let run = berlin.laptop(&args).exits(code);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

fn undo(lab: &Lab, report: &Value) {
    let undo = report["undo"].as_array().unwrap().iter();
    let commands: Vec<_> = undo.map(|one| one["command"].as_str().unwrap()).collect();
    assert!(!commands.is_empty(), "{report:#}");
    for command in commands {
        lab.paste(command).ok();
    }
}

fn has_no_jobs_of_ours(berlin: &Installed) {
    let ours = [
        "get",
        "jobs,pods",
        "-l",
        "images.tracebloc.io/run",
        "-o",
        "name",
    ];
    eventually("the pull test's Jobs have taken their pods along", || {
        berlin.kubectl(&ours).ok().is_empty().then_some(())
    });
}

fn settle(berlin: &Installed) {
    berlin.settle();
    let agents = format!("{}-agents", berlin.namespace());
    for (namespace, object) in [
        (berlin.namespace(), "deploy/berlin-requests-proxy"),
        (&agents, "ds/berlin-resource-monitor"),
    ] {
        let rollout = [
            "rollout",
            "status",
            object,
            "-n",
            namespace,
            "--timeout=120s",
        ];
        berlin.kubectl(&rollout).ok();
    }
}

/// Rewrites the status of jobs-manager over and over until `stop`, as a busy controller does.
fn rewrite_status(berlin: &Installed, stop: &AtomicBool) {
    let mut count = 1;
    while !stop.load(Ordering::Relaxed) {
        count += 1;
        let patch = json!({ "status": { "unavailableReplicas": count } }).to_string();
        let object = berlin.jobs_manager();
        let patch = [
            "patch",
            &object,
            "--subresource=status",
            "--type=merge",
            "-p",
            &patch,
        ];
        berlin.kubectl(&patch).ok();
    }
}

#[test]
fn three_workloads_move_by_digest_again_and_again_and_leave_no_counter() {
    let lab = Lab::get();
    let _whole = lab.network();
    begin(lab);
    let berlin = lab.install("moves", Generation::G10, apart);
    settle(&berlin);
    let mover = mover(lab, &berlin);
    let mut before = Vec::new();
    let mut last = Value::Null;
    for flags in [&[][..], &["--kubeconfig", &mover], &[]] {
        let [jobs_manager, pods_monitor, resource_monitor] = publish(lab);
        before = set(&berlin);
        let stop = AtomicBool::new(false);
        last = thread::scope(|scope| {
            scope.spawn(|| rewrite_status(&berlin, &stop));
            let report = report(&berlin, flags, 0);
            stop.store(true, Ordering::Relaxed);
            report
        });
        let want = [
            at("jobs-manager", &jobs_manager),
            at("pods-monitor", &pods_monitor),
            at("jobs-manager", &jobs_manager),
            at("resource-monitor", &resource_monitor),
        ];
        assert_eq!(set(&berlin), want);
        let recorded = berlin.mark("last-refreshed-resource-monitor-digest");
        assert_eq!(recorded, json!(resource_monitor));
        for counter in ["refresh-attempt", "refresh-flap-detected"] {
            assert_eq!(berlin.mark(counter), Value::Null, "{counter}");
        }
        assert_eq!(last["done"].as_array().map(Vec::len), Some(3), "{last:#}");
        has_no_jobs_of_ours(&berlin);
    }

    undo(lab, &last);
    settle(&berlin);
    assert_eq!(set(&berlin), before, "the way back leads to what was set");
    let cron_job = [
        "get",
        "cronjob",
        "berlin-image-refresh",
        "-o",
        "jsonpath={.spec.suspend}",
    ];
    assert_eq!(berlin.kubectl(&cron_job).ok(), "true");
    let refused = berlin.laptop(&["refresh", "--now"]).exits(3);
    assert!(refused.stdout.contains("is suspended"), "{refused}");

    let less = ["delete", "role", "release-3", "-n", berlin.namespace()];
    lab.kubectl(&less).ok();
    let flags = ["refresh", "--now", "--force", "--kubeconfig", &mover];
    let run = berlin.laptop(&flags).exits(1);
    assert!(
        run.stdout
            .contains("you may not patch deployments.apps/berlin-jobs-manager -n moves"),
        "{run}"
    );
    assert_eq!(set(&berlin), before);
    has_no_jobs_of_ours(&berlin);
}

/// The kubeconfig of an account with the rights of the design and no more; one Role for each line.
fn mover(lab: &Lab, berlin: &Installed) -> String {
    berlin.kubectl(&["create", "serviceaccount", "mover"]).ok();
    let agents = format!("{}-agents", berlin.namespace());
    let account = format!("--serviceaccount={}:mover", berlin.namespace());
    for (line, (place, verbs, resources)) in RIGHTS.iter().enumerate() {
        let name = format!("{place}-{line}");
        let (verbs, resources) = (format!("--verb={verbs}"), format!("--resource={resources}"));
        let (kind, namespace): (_, &[&str]) = match *place {
            "release" => ("role", &["-n", berlin.namespace()]),
            "agents" => ("role", &["-n", &agents]),
            _ => ("clusterrole", &[]),
        };
        let role = [namespace, &["create", kind, &name, &verbs, &resources]];
        lab.kubectl(&role.concat()).ok();
        let (kind, role) = (format!("{kind}binding"), format!("--{kind}={name}"));
        let binding = [namespace, &["create", &kind, &name, &role, &account]];
        lab.kubectl(&binding.concat()).ok();
    }
    lab.account(berlin.namespace(), "mover")
}

#[test]
fn a_digest_that_the_node_cannot_pull_stops_before_the_patch_or_within_seconds_after_it() {
    let lab = Lab::get();
    let network = lab.network();
    begin(lab);
    let berlin = lab.install("unpulled", Generation::G10, apart);
    settle(&berlin);
    publish(lab);
    let (before, generation) = (set(&berlin), berlin.jobs_manager_object());
    network.fault("node registry-1.docker.io refuse");

    let run = berlin
        .laptop(&["refresh", "jobs-manager", "--now"])
        .exits(3);
    for words in ["TBI-501", "connection refused", "Nothing was changed"] {
        assert!(run.stdout.contains(words), "{words}: {run}");
    }
    let now = berlin.jobs_manager_object();
    assert_eq!(
        (
            &generation["metadata"]["generation"],
            &generation["metadata"]["annotations"]
        ),
        (
            &now["metadata"]["generation"],
            &now["metadata"]["annotations"]
        )
    );
    has_no_jobs_of_ours(&berlin);

    let report = report(&berlin, &["jobs-manager", "--pull-test=skip"], 3);
    let steps = report["steps"].as_array().unwrap().iter();
    let mut failed = steps.filter(|step| step["result"] == "failed");
    let wait = failed.next().unwrap();
    assert_eq!(
        (&wait["kind"], &wait["code"]),
        (&json!("wait"), &json!("TBI-501"))
    );
    assert!(
        wait["details"].to_string().contains("connection refused"),
        "{wait}"
    );
    assert!(
        report["elapsedMs"].as_u64().unwrap() < 40_000,
        "{}",
        report["elapsedMs"]
    );
    assert_eq!(report["recorded"], json!({}));

    // What ran before is on the node still.
    undo(lab, &report);
    settle(&berlin);
    assert_eq!(set(&berlin), before);
}

#[test]
fn a_restart_pulls_the_tag_anew_and_is_undone_by_a_digest() {
    let lab = Lab::get();
    let _whole = lab.network();
    begin(lab);
    let berlin = lab.install("restarts", Generation::G7, apart);
    let running = || {
        let path = "jsonpath={.items[*].status.containerStatuses[*].imageID}";
        let pods = ["get", "pods", "-l", "app=manager", "-o", path];
        berlin.kubectl(&pods).ok()
    };
    let [jobs_manager, pods_monitor, _] = publish(lab);
    let old = running();
    let report = report(&berlin, &[], 0);
    let new = running();
    assert!(
        new.contains(&jobs_manager) && new.contains(&pods_monitor),
        "{new}"
    );
    assert_eq!(
        berlin.mark("last-refreshed-jobs-manager-digest"),
        json!(jobs_manager)
    );
    assert_eq!(berlin.mark("refresh-attempt"), Value::Null);

    for one in report["plan"]["undo"].as_array().unwrap() {
        lab.paste(one["command"].as_str().unwrap()).ok();
    }
    berlin.settle();
    eventually("the pods of the new template are gone", || {
        (running() == old).then_some(())
    });
}
