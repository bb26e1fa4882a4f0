//! Where a tick may run, with what environment, and how it is ended.

use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::{TOKEN, USER};

#[test]
fn a_kubeconfig_that_lies_around_is_not_the_pods() {
    let edge = Edge::healthy(Generation::G2);
    let kubeconfig = edge.cluster().kubeconfig();
    let place = |args: &[&str]| {
        let plugin = Plugin::new()
            .args(["tick"])
            .args(args)
            .env("KUBECONFIG", &kubeconfig);
        let plugin = edge
            .env
            .iter()
            .fold(plugin, |plugin, (name, value)| plugin.env(name, value));
        plugin.env("KUBERNETES_SERVICE_HOST", "127.0.0.1").output()
    };
    for args in [
        &[][..],
        &["--context", "edge"],
        &["--server", "http://127.0.0.1:1"],
    ] {
        let output = place(args);
        assert_eq!(
            (Some(2), ""),
            (output.code, output.stdout.as_str()),
            "{args:?}"
        );
        let mut lines = output.stderr.lines();
        assert_eq!(
            Some(
                "error: run a tick: this is not a pod of the cluster, and no --kubeconfig is given"
            ),
            lines.next()
        );
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("hint: ") && line.contains("--kubeconfig")),
            "{}",
            output.stderr
        );
    }
    assert_eq!(0, edge.cluster().log().len());

    let laptop = Plugin::new().args(["tick"]).output();
    assert_eq!(Some(2), laptop.code, "{}", laptop.stderr);
}

#[test]
fn an_environment_that_cannot_be_used_is_named_before_anything_is_asked() {
    let edge = Edge::healthy(Generation::G10);
    for (name, value, want) in [
        (
            "MAX_SKIP_TICKS",
            "1e+06",
            "ERROR: MAX_SKIP_TICKS is \"1e+06\", which is not a whole number",
        ),
        (
            "ROLLOUT_TIMEOUT",
            "soon",
            "ERROR: ROLLOUT_TIMEOUT is \"soon\", which is not a number of seconds, minutes or hours",
        ),
        ("DEPLOYMENT_NAME", "", "ERROR: DEPLOYMENT_NAME is not set"),
    ] {
        let (code, log) = ended(edge.plugin(&[(name, value)]).output());
        assert_eq!(1, code);
        assert!(log.starts_with(&format!("[image-refresh] {want}")), "{log}");
    }
    let (code, log) = ended(edge.plugin(&[("DEPLOYMENT_NAME", "../secrets/x")]).output());
    assert_eq!(1, code);
    assert!(log.contains("cannot be a name in Kubernetes"), "{log}");
    assert_eq!(
        (0, 0),
        (edge.cluster().log().len(), edge.site.internet.log().len())
    );
}

/// Starts a tick, waits until its plan has come to this request, and ends it.
fn end_at(edge: &Edge, method: &str, part: &str, signal: &str) -> Output {
    let running = edge.plugin(&[]).start();
    let patience = std::time::Instant::now();
    while edge.cluster().count(method, part) == 0 {
        assert!(patience.elapsed().as_secs() < 60, "no {method} {part}");
        std::thread::yield_now();
    }
    running.signal(signal);
    running.output()
}

#[test]
fn a_tick_that_is_ended_writes_nothing_more() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let edge = Edge::healthy(Generation::G10);
        edge.publish("docker.io/tracebloc/jobs-manager:prod");
        // The rollout of jobs-manager is never seen to end.
        edge.cluster()
            .fault(Fault::on("GET", "/deployments/").starting_at(2));
        let output = end_at(&edge, "PATCH", "/deployments/", signal);
        assert_eq!(Some(code), output.code, "{}", output.stderr);
        assert_eq!(json!("1"), edge.mark(ATTEMPT), "the attempt stays counted");
        assert!(
            !output.stderr.contains("tick complete"),
            "{}",
            output.stderr
        );
        assert!(edge.patches() <= 2);
    }
}

#[test]
fn a_write_under_way_is_finished_before_the_end() {
    let edge = Edge::healthy(Generation::G2);
    edge.site
        .internet
        .fault("ghcr.io", "refuse".parse().unwrap());
    edge.set_mark(FAILURES, "2");
    let slow = Duration::from_millis(700);
    edge.cluster().fault(
        Fault::on("PATCH", "/deployments/").does(crate::world::sim::api::faults::Act::Delay(slow)),
    );
    let output = end_at(&edge, "PATCH", "/deployments/", "TERM");
    assert_eq!(Some(143), output.code, "{}", output.stderr);
    assert_eq!(
        (json!("3"), Value::Null),
        (edge.mark(FAILURES), edge.mark(LAST_ERROR))
    );
    assert_eq!(1, edge.patches());
}

/// The kubelet writes a pod's token anew; the old one may be refused from then on.
#[test]
fn a_token_that_is_replaced_while_the_tick_waits_is_read_again() {
    let edge = Edge::healthy(Generation::G10);
    edge.publish("docker.io/tracebloc/resource-monitor:prod");
    let set = At::new("DaemonSet", AGENTS, "berlin-resource-monitor");
    let available = |count: u32| {
        edge.cluster().store(|store| {
            store.edit(&set, |set| set["status"]["numberAvailable"] = json!(count));
        });
    };
    available(0);
    let folder = tempfile::TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let config = fs::read_to_string(edge.cluster().kubeconfig()).unwrap();
    let file = format!("tokenFile: {}", token.display());
    let config = config.replace(&format!("token: {TOKEN}"), &file);
    let kubeconfig = folder.path().join("config");
    fs::write(&kubeconfig, config).unwrap();

    let (set_now, heard) = mpsc::channel();
    let patched = Fault::on("PATCH", "/daemonsets/").times(1);
    edge.cluster().fault(patched.then(move |_| {
        let _ = set_now.send(());
    }));
    let kubeconfig = kubeconfig.display().to_string();
    let running = edge.plugin_with(&kubeconfig, &[]).start();
    heard.recv_timeout(Duration::from_secs(60)).unwrap();
    fs::write(&token, "rotated\n").unwrap();
    edge.cluster().revoke_tokens();
    edge.cluster().admit("rotated", USER);
    available(3);
    let (code, log) = ended(running.output());
    assert_eq!(0, code, "{log}");
    assert_says(&log, &["re-image complete", "tick complete"]);
}
