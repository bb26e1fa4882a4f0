//! What goes wrong while a tick is at work.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};

#[test]
fn an_annotation_that_somebody_changes_is_read_again_once_and_not_overwritten() {
    let edge = Edge::healthy(Generation::G2);
    edge.site
        .internet
        .fault("ghcr.io", "refuse".parse().unwrap());
    edge.set_mark(FAILURES, "1");
    // A person resets the streak between the tick's look and its write.
    let reset = |store: &mut Store| set_mark(store, FAILURES, "0");
    edge.cluster().fault(
        Fault::on("GET", "/deployments/berlin-jobs-manager")
            .times(1)
            .then(reset),
    );
    let (code, log) = edge.tick();
    assert_eq!((1, json!("0")), (code, edge.mark(FAILURES)), "{log}");
    assert_says(
        &log,
        &[
            "annotation tracebloc.io/ingestor-refresh-consecutive-failures was \"1\", and is \"0\" now",
        ],
    );
    assert!(log.trim_end().ends_with("[TBI-508]"), "{log}");
    assert_eq!(
        (1, 2),
        (edge.patches(), edge.cluster().count("GET", "/deployments/"))
    );
}

#[test]
fn an_annotation_that_somebody_removes_is_not_written_again() {
    let edge = Edge::healthy(Generation::G2);
    edge.site
        .internet
        .fault("ghcr.io", "refuse".parse().unwrap());
    edge.set_mark(FAILURES, "2");
    let remove = |store: &mut Store| unset_mark(store, FAILURES);
    let look = Fault::on("GET", "/deployments/berlin-jobs-manager").times(1);
    edge.cluster().fault(look.then(remove));
    let (code, log) = edge.tick();
    assert_eq!((1, Value::Null), (code, edge.mark(FAILURES)), "{log}");
    assert!(log.trim_end().ends_with("[TBI-508]"), "{log}");
}

/// Between the look and the removal, somebody sets it back, or removes it too.
#[test]
fn a_counter_that_moves_while_it_is_cleared_costs_nothing() {
    for moved in [Some("1"), None] {
        let edge = Edge::healthy(Generation::G10);
        edge.set_mark(SKIPS, "2");
        let look = Fault::on("GET", "/deployments/").times(1);
        edge.cluster().fault(look.then(move |store| match moved {
            Some(value) => set_mark(store, SKIPS, value),
            None => unset_mark(store, SKIPS),
        }));
        let (code, log) = edge.tick();
        let mark = moved.map_or(Value::Null, |value| json!(value));
        assert_eq!((0, mark), (code, edge.mark(SKIPS)), "{log}");
        assert_says(
            &log,
            &[
                "is settled again after 2",
                "WARNING: could not clear the skip streak",
                "tick complete",
            ],
        );
    }
}

#[test]
fn a_deployment_that_goes_while_it_is_waited_for_is_named() {
    let edge = Edge::healthy(Generation::G3);
    edge.publish("docker.io/tracebloc/jobs-manager:prod");
    let waiting = Fault::on("GET", "/deployments/").starting_at(2).times(1);
    edge.cluster().fault(waiting.then(|store| {
        let all = crate::world::sim::api::write::Dependents::Deleted;
        store.remove(&jobs_manager(), all);
    }));
    let (code, log) = edge.tick();
    assert_eq!(1, code, "{log}");
    assert_says(&log, &["rolling restart of deployment/", "ERROR: "]);
    assert!(log.contains("not found"), "{log}");
}

/// The newest generation writes to two namespaces.
#[test]
fn a_workload_that_may_not_be_patched_stops_the_tick_and_keeps_the_attempt() {
    for (denied, reference, attempt) in [
        (
            "deployments.apps",
            "docker.io/tracebloc/jobs-manager:prod",
            Value::Null,
        ),
        (
            "daemonsets.apps",
            "docker.io/tracebloc/resource-monitor:prod",
            json!("1"),
        ),
    ] {
        let edge = Edge::healthy(Generation::G10);
        edge.cluster().deny(Denial::of("patch", denied));
        edge.publish(reference);
        let (code, log) = edge.tick();
        assert_eq!((1, attempt), (code, edge.mark(ATTEMPT)), "{log}");
        assert!(log.contains("cannot patch resource"), "{log}");
        assert!(log.trim_end().ends_with("[TBI-104]"), "{log}");
    }
}

#[test]
fn a_deployment_that_is_gone_is_named() {
    for generation in [Generation::G2, Generation::G10] {
        let edge = Edge::healthy(generation);
        edge.cluster().store(|store| {
            store.remove(
                &jobs_manager(),
                crate::world::sim::api::write::Dependents::Deleted,
            );
        });
        let (code, log) = edge.tick();
        assert_eq!(1, code, "{log}");
        assert_says(
            &log,
            &[
                "ERROR: cannot read deployment/berlin-jobs-manager (NotFound, RBAC denial, or API error): ",
            ],
        );
        assert!(log.contains("not found -- not a benign skip"), "{log}");
    }
}

#[test]
fn a_right_that_is_missing_is_the_accounts() {
    let edge = Edge::healthy(Generation::G2);
    edge.cluster().deny(Denial::of("patch", "deployments.apps"));
    edge.publish("docker.io/tracebloc/jobs-manager:prod");
    let recorded = edge.mark("last-refreshed-jobs-manager-digest");
    let (code, log) = edge.tick();
    assert_eq!(
        (1, recorded),
        (code, edge.mark("last-refreshed-jobs-manager-digest")),
        "{log}"
    );
    assert_says(&log, &["rolling restart of deployment/", "ERROR: "]);
    assert!(
        log.contains("cannot patch resource") && log.trim_end().ends_with("[TBI-104]"),
        "{log}"
    );

    let edge = Edge::healthy(Generation::G10);
    edge.cluster().deny(Denial::of("get", "deployments.apps"));
    let (code, log) = edge.tick();
    assert_eq!(1, code);
    assert!(
        log.contains("RBAC denial") && log.trim_end().ends_with("[TBI-104]"),
        "{log}"
    );
}

#[test]
fn a_token_without_a_token_is_counted() {
    let edge = Edge::healthy(Generation::G2);
    edge.site
        .internet
        .fault("ghcr.io", "token-missing".parse().unwrap());
    let (code, log) = edge.tick();
    assert_eq!((0, json!("1")), (code, edge.mark(FAILURES)), "{log}");
    assert_says(
        &log,
        &[
            "WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor [TBI-245 ",
            "(failure 1/3;",
        ],
    );
}

#[test]
fn what_a_registry_says_cannot_steer_a_terminal() {
    let edge = Edge::healthy(Generation::G2);
    edge.site
        .internet
        .fault("ghcr.io", "escapes".parse().unwrap());
    let (_, log) = edge.tick();
    assert!(
        !log.contains(|c: char| c != '\n' && c.is_control()),
        "{log:?}"
    );
}

#[test]
fn a_write_whose_answer_is_lost_fails_the_tick() {
    let edge = Edge::healthy(Generation::G10);
    edge.publish("docker.io/tracebloc/jobs-manager:prod");
    edge.cluster().fault(
        Fault::on("PATCH", "/deployments/")
            .starting_at(2)
            .does(Act::ResetAfter),
    );
    let (code, log) = edge.tick();
    assert_eq!((1, json!("1")), (code, edge.mark(ATTEMPT)), "{log}");
    assert_eq!(2, edge.patches(), "nothing is sent twice");
    assert_says(
        &log,
        &[
            "set image deployment/berlin-jobs-manager",
            "ERROR: reach the API server",
        ],
    );
}

#[test]
fn containers_that_are_not_there_are_not_added() {
    let edge = Edge::altered(Generation::G10, |scene| {
        let deployment = scene.object_mut("Deployment", NS, "berlin-requests-proxy");
        deployment["spec"]["template"]["spec"]["containers"][0]["name"] = json!("renamed");
    });
    edge.publish("docker.io/tracebloc/jobs-manager:prod");
    let (code, log) = edge.tick();
    assert_eq!((1, json!("1")), (code, edge.mark(ATTEMPT)), "{log}");
    assert_says(
        &log,
        &[
            "set image deployment/berlin-requests-proxy",
            "unable to find container named \"proxy\"",
        ],
    );
}
