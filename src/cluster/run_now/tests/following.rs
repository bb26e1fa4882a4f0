//! Runs followed on the simulated API server.

use std::cell::RefCell;

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::logs::{Run, Source};
use crate::world::sim::api::store::Store;
use crate::world::sim::api::write::Dependents;

const POD: &str = "run-1";

fn job() -> Followed {
    Followed {
        namespace: NS.to_owned(),
        name: "run".to_owned(),
        uid: "j1".to_owned(),
    }
}

fn put_job(sim: &Sim, status: &Value) {
    sim.put(json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "run", "namespace": NS, "uid": "j1"},
        "spec": {}, "status": status,
    }));
}

fn put_pod(sim: &Sim, restarts: u32, state: &Value, last: &Value) {
    sim.put(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": POD, "namespace": NS, "labels": {"job-name": "run"}},
        "spec": {"nodeName": "edge-01", "containers": [{"name": "refresh"}, {"name": "mesh"}]},
        "status": {"containerStatuses": [
            {"name": "mesh", "restartCount": 9, "state": {"running": {}}},
            {"name": "refresh", "restartCount": restarts, "state": state, "lastState": last},
        ]},
    }));
}

fn over(exit_code: i32) -> Value {
    json!({"terminated": {"exitCode": exit_code}})
}

fn ended_as(kind: &str, reason: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": "True", "reason": reason}]})
}

/// A run that ended well.
fn finished() -> Sim {
    let sim = site();
    put_job(&sim, &ended_as("Complete", "CompletionsReached"));
    put_pod(&sim, 0, &over(0), &json!({}));
    sim
}

/// What is told, a line each, and the end.
fn follow(sim: &Sim, limit: Duration) -> (Vec<String>, Result<End, Error>) {
    let told = RefCell::new(Vec::new());
    let end = with(sim, &[], async |cluster| {
        let tell = |happening| {
            told.borrow_mut().push(match happening {
                Happening::Waiting(why) => format!("waits: {why}"),
                Happening::Started { run, pod, node } => {
                    format!("run {run} in {pod} on {}", node.unwrap_or_default())
                }
                Happening::Line(line) => line,
                Happening::Unread(why) => format!("unread: {why}"),
                Happening::Ended { exit_code } => format!("ended: {exit_code:?}"),
            });
        };
        cluster.follow(&job(), limit, tell).await
    });
    (told.into_inner(), end)
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_run_that_is_over_is_told_from_its_beginning() {
    let sim = site();
    put_job(&sim, &ended_as("Complete", "CompletionsReached"));
    put_pod(&sim, 1, &over(0), &over(1));
    sim.append_log((NS, POD), "refresh", Run::Previous, "one\nand a half");
    sim.append_log(
        (NS, POD),
        "refresh",
        Run::Current,
        "two\r\n\nthree\u{fffd}\n",
    );
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(
        vec![
            "run 1 in run-1 on edge-01",
            "one",
            "and a half",
            "ended: Some(1)",
            "run 2 in run-1 on edge-01",
            "two",
            "",
            "three\u{fffd}",
            "ended: Some(0)",
        ],
        told
    );
    assert_eq!(End::Complete, end.unwrap());
}

#[test]
fn runs_whose_log_was_replaced_are_said_to_be_missing() {
    let sim = site();
    put_job(&sim, &ended_as("Failed", "BackoffLimitExceeded"));
    put_pod(
        &sim,
        3,
        &json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        &over(1),
    );
    sim.append_log((NS, POD), "refresh", Run::Previous, "third\n");
    sim.append_log((NS, POD), "refresh", Run::Current, "fourth\n");
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(
        vec![
            "unread: 2 runs of the container left no log behind",
            "run 3 in run-1 on edge-01",
            "third",
            "ended: None",
            "run 4 in run-1 on edge-01",
            "fourth",
            "ended: Some(1)",
        ],
        told
    );
    assert_eq!(End::Failed("BackoffLimitExceeded".to_owned()), end.unwrap());
}

fn pod() -> At {
    At::new("Pod", NS, POD)
}

fn log(store: &mut Store, run: Run, text: &str) {
    let container = "refresh".to_owned();
    store.logs.append(
        &Source {
            at: pod(),
            container,
            run,
        },
        text,
    );
}

fn turn(store: &mut Store, restarts: u32, state: &Value, last: &Value) {
    store.edit(&pod(), |pod| {
        let container = &mut pod["status"]["containerStatuses"][1];
        container["restartCount"] = json!(restarts);
        (container["state"], container["lastState"]) = (state.clone(), last.clone());
    });
}

/// A container that speaks, ends, is started anew and ends again, while it is followed.
#[test]
fn a_run_is_followed_while_it_goes_on() {
    let sim = site();
    put_job(&sim, &json!({"active": 1}));
    put_pod(&sim, 0, &json!({"running": {}}), &json!({}));
    sim.append_log((NS, POD), "refresh", Run::Current, "first\n");
    // The log goes on while it is read, and then the container ends.
    sim.fault(Fault::on("GET", "/log").times(1).then(|store| {
        log(store, Run::Current, "second\n");
        turn(store, 0, &over(1), &json!({}));
    }));
    // Once that has been seen, it is started anew, and ends well.
    sim.fault(
        Fault::on("GET", "/pods?")
            .starting_at(4)
            .times(1)
            .then(|store| {
                turn(store, 1, &over(0), &over(1));
                let complete = ended_as("Complete", "CompletionsReached");
                store.edit(&At::new("Job", NS, "run"), |job| job["status"] = complete);
            }),
    );
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(End::Complete, end.unwrap());
    assert_eq!(
        vec![
            "run 1 in run-1 on edge-01",
            "first",
            "second",
            "ended: Some(1)"
        ],
        told[..4],
        "{told:?}"
    );
    assert_eq!("run 2 in run-1 on edge-01", told[4]);
    assert_eq!(Some(&"ended: Some(0)".to_owned()), told.last());
    assert_eq!(
        0,
        sim.count("GET", "previous=true"),
        "what has been told is not read again"
    );
}

/// The first restart comes at once: between the look at the pod and the look at its log.
#[test]
fn a_log_is_told_as_that_of_its_own_run() {
    for state in [json!({"running": {}}), over(1)] {
        let sim = site();
        put_job(&sim, &json!({"active": 1}));
        put_pod(&sim, 0, &state, &json!({}));
        sim.fault(Fault::on("GET", "/pods?").times(1).then(|store| {
            log(store, Run::Previous, "first\n");
            log(store, Run::Current, "second\n");
            turn(store, 1, &over(0), &over(1));
            let complete = ended_as("Complete", "CompletionsReached");
            store.edit(&At::new("Job", NS, "run"), |job| job["status"] = complete);
        }));
        let (told, end) = follow(&sim, MINUTE);
        assert_eq!(
            vec![
                "run 1 in run-1 on edge-01",
                "first",
                "ended: Some(1)",
                "run 2 in run-1 on edge-01",
                "second",
                "ended: Some(0)",
            ],
            told,
            "{state}"
        );
        assert_eq!(End::Complete, end.unwrap());
    }
}

#[test]
fn a_job_that_is_deleted_or_replaced_ends_the_following() {
    let sim = site();
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(
        (Vec::<String>::new(), End::Deleted),
        (told, end.unwrap()),
        "gone before the first look"
    );

    let sim = site();
    put_job(&sim, &json!({"active": 1}));
    put_pod(&sim, 0, &json!({"running": {}}), &json!({}));
    sim.append_log((NS, POD), "refresh", Run::Current, "at work\n");
    sim.fault(Fault::on("GET", "/log").then(|store| {
        store.remove(&At::new("Job", NS, "run"), Dependents::Orphaned);
        store.remove(&At::new("Pod", NS, POD), Dependents::Orphaned);
    }));
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(End::Deleted, end.unwrap());
    assert_eq!(vec!["run 1 in run-1 on edge-01", "at work"], told);
}

#[test]
fn what_keeps_a_run_from_starting_is_told_once_and_at_the_end() {
    let sim = site();
    put_job(&sim, &json!({"active": 1}));
    let (told, end) = follow(&sim, Duration::ZERO);
    assert!(
        told.len() == 1 && told[0].starts_with("waits: no pod of it yet"),
        "{told:?}"
    );
    assert!(matches!(end.unwrap(), End::TimedOut(why) if why.starts_with("no pod of it yet")));

    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"x\u{1b}[2J\""}});
    put_pod(&sim, 0, &waiting, &json!({}));
    let (told, end) = follow(&sim, Duration::ZERO);
    assert_eq!(
        vec!["waits: ImagePullBackOff: Back-off pulling image \"x [2J\""],
        told
    );
    assert!(matches!(end.unwrap(), End::TimedOut(_)));
}

#[test]
fn a_log_that_may_not_be_read_is_told_and_the_jobs_end_is_seen_all_the_same() {
    let sim = finished();
    sim.deny(Denial::of("get", "pods/log"));
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(End::Complete, end.unwrap());
    assert!(
        told[1].starts_with("unread: read the log of pod \"run-1\"")
            && told[1].contains("forbidden"),
        "{told:?}"
    );
}

#[test]
fn looking_that_is_forbidden_is_an_error_and_a_server_that_is_away_is_asked_again() {
    let sim = site();
    put_job(&sim, &ended_as("Complete", "CompletionsReached"));
    sim.fault(Fault::on("GET", "/jobs/run").times(1).throttles(503, 60));
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(End::Complete, end.unwrap());
    assert!(
        told.len() == 1 && told[0].starts_with("waits: read job \"run\""),
        "{told:?}"
    );
    sim.deny(Denial::of("list", "pods"));
    let (_, end) = follow(&sim, MINUTE);
    assert!(matches!(end, Err(Error::Forbidden { .. })), "{end:?}");
}

#[test]
fn ten_thousand_lines_come_through_in_order() {
    let sim = finished();
    let log: Vec<_> = (0..10_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    let log = log.concat();
    sim.append_log((NS, POD), "refresh", Run::Current, &log);
    let (told, _) = follow(&sim, MINUTE);
    let lines: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("line "))
        .collect();
    assert_eq!(10_000, lines.len());
    assert_eq!("line 9999", lines[9_999]);
}

/// It is read once, however long its container goes on, and what follows is said to be missing.
#[test]
fn a_log_without_end_is_read_to_its_bound() {
    let sim = site();
    put_job(&sim, &json!({}));
    put_pod(&sim, 0, &json!({"running": {}}), &json!({}));
    let line = format!("{}\n", "x".repeat(1024 * 1024));
    sim.append_log((NS, POD), "refresh", Run::Current, &line.repeat(9));
    let looks = Fault::on("GET", "/jobs/run").starting_at(3).times(1);
    sim.fault(looks.then(|store| {
        turn(store, 0, &over(0), &json!({}));
        store.edit(&At::new("Job", NS, "run"), |job| {
            job["status"] = ended_as("Complete", "CompletionsReached");
        });
    }));
    let (told, end) = follow(&sim, MINUTE);
    assert_eq!(Ok(End::Complete), end);
    let said = |start: &str| told.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (8, 1),
        (said("x"), said("unread: the log is longer than 8 MiB"))
    );
    assert_eq!(Some(&"ended: Some(0)".to_owned()), told.last());
    assert_eq!(1, sim.count("GET", "/log?"));
}

#[test]
fn a_sidecar_is_not_the_refresher() {
    let sim = finished();
    sim.append_log((NS, POD), "mesh", Run::Current, "mesh\n");
    let (told, _) = follow(&sim, MINUTE);
    assert!(!told.contains(&"mesh".to_owned()), "{told:?}");
    assert_eq!(Some(&"ended: Some(0)".to_owned()), told.last());
}
