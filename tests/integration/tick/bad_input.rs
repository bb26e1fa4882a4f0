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
fn a_counter_that_is_removed_while_it_is_cleared_costs_nothing() {
    let edge = Edge::healthy(Generation::G10);
    edge.set_mark(SKIPS, "2");
    edge.cluster()
        .fault(Fault::on("PATCH", "/deployments/").times(1).refuses(
            &crate::world::sim::api::refusal::Refusal::new(
                409,
                "Conflict",
                "the object has been modified",
            ),
        ));
    edge.cluster().fault(
        Fault::on("GET", "/deployments/")
            .times(1)
            .then(|store| set_mark(store, SKIPS, "1")),
    );
    let (code, log) = edge.tick();
    assert_eq!((0, json!("1")), (code, edge.mark(SKIPS)), "{log}");
    assert_says(
        &log,
        &[
            "is settled again after 2",
            "WARNING: could not clear the skip streak",
            "tick complete",
        ],
    );
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
