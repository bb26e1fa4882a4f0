//! Time: what is waited for, for how long, what is asked again, and how waiting ends.

use std::sync::{Mutex, mpsc};

use super::{plain, plugin_alone, version, versions};
use crate::world::sim::api::Cluster;
use crate::world::sim::api::faults::{Act, Fault};

fn hanging() -> Cluster {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").does(Act::Hang));
    cluster
}

#[test]
fn a_server_that_does_not_answer_costs_the_request_timeout() {
    let cluster = hanging();
    version(cluster.kubeconfig())
        .args(["--request-timeout", "100ms"])
        .stdout(plugin_alone())
        .stderr(format!(
            "error: read the version of the API server: no answer from {} within 0.1s (TBI-101)\n\
             hint: give it longer with --request-timeout\n",
            cluster.url()
        ))
        .status(1);
}

#[test]
fn a_get_is_asked_again_when_the_server_asks_for_it() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").times(3).throttles(429, 0));
    version(cluster.kubeconfig()).stdout(versions()).success();
    assert_eq!(4, cluster.count("GET", "/version"));
}

#[test]
fn a_server_that_stays_busy_is_believed_after_three_more_times() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").throttles(503, 0));
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(
            "error: read the version of the API server: the server is currently unable to handle the request\n",
        )
        .status(1);
    assert_eq!(4, cluster.count("GET", "/version"));
}

#[test]
fn a_server_that_asks_for_a_long_pause_is_believed_at_once() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").throttles(503, 6));
    let output = version(cluster.kubeconfig()).output();
    assert_eq!(Some(1), output.code);
    assert_eq!(1, cluster.count("GET", "/version"));
}

#[test]
fn asking_again_does_not_outlast_the_request_timeout() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").throttles(429, 5));
    let output = version(cluster.kubeconfig())
        .args(["--request-timeout", "100ms"])
        .output();
    assert!(
        output.stderr.contains("within 0.1s (TBI-101)"),
        "{output:?}"
    );
    assert_eq!(1, cluster.count("GET", "/version"));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_with_its_code() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let cluster = plain();
        let (arrived, wait) = mpsc::channel();
        let (_kept, never) = mpsc::channel::<()>();
        let never = Mutex::new(never);
        cluster.fault(Fault::on("GET", "/version").then(move |_| {
            arrived.send(()).unwrap();
            // Until the test is over.
            let _ = never.lock().unwrap().recv();
        }));
        let running = version(cluster.kubeconfig()).start();
        wait.recv().unwrap();
        running.signal(signal);
        let output = running.output();
        let seen = (output.code, output.stdout.as_str(), output.stderr.as_str());
        assert_eq!((Some(code), "", ""), seen, "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_a_wait_says_for_what_and_leaves_no_trace() {
    let cluster = plain();
    let delay = Act::Delay(std::time::Duration::from_millis(900));
    cluster.fault(Fault::on("GET", "/version").does(delay));
    let plugin = version(cluster.kubeconfig())
        .env("TERM", "xterm")
        .env("LANG", "C");
    let mut terminal = rexpect::session::spawn_command(plugin.command(), Some(60_000)).unwrap();
    let waiting = terminal.exp_string("asking the API server").unwrap();
    assert!(waiting.ends_with("| \u{1b}[2m"), "{waiting:?}");
    let after = terminal.exp_string("Plugin Version").unwrap();
    assert!(after.ends_with("\r\u{1b}[2K"), "{after:?}");
}
