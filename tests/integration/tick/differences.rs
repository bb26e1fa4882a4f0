//! What is meant to differ from the script, as far as it takes a cluster and registries to be seen.

use super::*;
use crate::world::sim::api::faults::Fault;

/// The script takes what it cannot read for absent: a drift is recorded without acting, a streak restarts at 1.
#[test]
fn an_unreadable_annotation_fails_the_tick() {
    for (generation, key, value) in [
        (Generation::G2, FAILURES, "2"),
        (Generation::G7, ATTEMPT, "1"),
        (Generation::G10, SKIPS, "3"),
    ] {
        let edge = Edge::healthy(generation);
        edge.set_mark(key, value);
        edge.publish("docker.io/tracebloc/jobs-manager:prod");
        edge.site
            .internet
            .fault("ghcr.io", "refuse".parse().unwrap());
        edge.cluster()
            .fault(Fault::on("GET", "/deployments/").throttles(503, 60));
        let (code, log) = edge.tick();
        assert_eq!((1, 0), (code, edge.patches()), "{generation:?}: {log}");
        assert_says(
            &log,
            &[
                "ERROR: cannot read deployment/berlin-jobs-manager (NotFound, RBAC denial, or API error): ",
            ],
        );
        assert_eq!(json!(value), edge.mark(key));
        assert_eq!(0, edge.site.internet.log().len(), "{generation:?}");
    }
}

/// The script believes any digest header, and sets it.
#[test]
fn a_digest_is_proven_or_unresolved() {
    for fault in [
        "baddigest",
        "garbage-digest",
        "blockpage",
        "gone",
        "other-content",
    ] {
        let edge = Edge::healthy(Generation::G10);
        edge.publish("docker.io/tracebloc/jobs-manager:prod");
        let before = edge.container("Deployment", NS, JOBS_MANAGER, "api");
        edge.site
            .internet
            .fault("registry-1.docker.io", fault.parse().unwrap());
        let (code, log) = edge.tick();
        assert_eq!((0, 0), (code, edge.patches()), "{fault}: {log}");
        assert_says(
            &log,
            &["WARN: could not resolve latest digest", "tick complete"],
        );
        assert_eq!(
            before,
            edge.container("Deployment", NS, JOBS_MANAGER, "api"),
            "{fault}"
        );
    }
}

/// Where only the environment has drifted, the recorded digest is set again: it is proven like any other.
#[test]
fn a_digest_that_is_set_again_is_proven_too() {
    for (fault, says) in [
        (Some("other-content"), "(failure 1/3;"),
        (None, "ingestor env re-applied"),
    ] {
        let edge = Edge::healthy(Generation::G2);
        let other = format!("sha256:{}", "a".repeat(64));
        let latest = edge.ingestor_env();
        edge.set_ingestor_env(&other);
        if let Some(fault) = fault {
            let fault = fault.parse().unwrap();
            edge.site.internet.fault("ghcr.io", fault);
        }
        let (code, log) = edge.tick();
        let want = fault.map_or(latest, |_| json!(other));
        assert_eq!((0, want), (code, edge.ingestor_env()), "{log}");
        assert_says(&log, &[says]);
    }
}

/// A registry that names no digest is believed by the manifest itself; the script takes it for unresolved.
#[test]
fn a_digest_that_no_header_names_is_read_off_the_manifest() {
    let edge = Edge::healthy(Generation::G2);
    let new = edge.publish("ghcr.io/tracebloc/ingestor:0.3");
    edge.site
        .internet
        .fault("ghcr.io", "nodigest".parse().unwrap());
    let (code, log) = edge.tick();
    assert_eq!((0, json!(new)), (code, edge.ingestor_env()), "{log}");
}

/// The script looks for `"token":"` without a blank.
#[test]
fn tokens_are_read_as_json() {
    for fault in ["token-access", "token-blank"] {
        let edge = Edge::healthy(Generation::G2);
        edge.site.internet.fault("ghcr.io", fault.parse().unwrap());
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{fault}: {log}");
        assert!(!log.contains("WARN"), "{fault}: {log}");
    }
}

/// curl's reason stood in a line of its own, or nowhere.
#[test]
fn the_reason_stands_in_the_line() {
    for (host, fault, token, end) in [
        ("ghcr.io", "proxy403", true, "[TBI-222 ghcr.io: proxy: "),
        ("ghcr.io", "intercept", true, "[TBI-213 ghcr.io: tls: "),
        ("ghcr.io", "tokenpath", true, "[TBI-242 ghcr.io: token: "),
        ("ghcr.io", "token403", true, "[TBI-243 ghcr.io: token: "),
        ("ghcr.io", "quota", false, "[TBI-253 ghcr.io: manifest: "),
    ] {
        let edge = Edge::healthy(Generation::G2);
        edge.site.internet.fault(host, fault.parse().unwrap());
        let (code, log) = edge.tick();
        assert_eq!(0, code, "{fault}: {log}");
        let warns = |words: &str| {
            log.lines()
                .any(|line| line.contains(words) && line.contains(end))
        };
        assert!(
            warns("WARN: could not resolve latest ingestor digest (failure 1/3;"),
            "{fault}: {log}"
        );
        assert_eq!(
            token,
            warns("WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor"),
            "{fault}: {log}"
        );
    }
}

/// The script of 1.4.5 says nothing, the one of 1.9.43 fails, the newest warns.
#[test]
fn a_counter_that_cannot_be_cleared_is_said_and_goes_on() {
    for (generation, key, value, what) in [
        (Generation::G2, FAILURES, "2", "failure streak"),
        (Generation::G9, SKIPS, "2", "skip streak"),
        (Generation::G10, SKIPS, "2", "skip streak"),
    ] {
        let edge = Edge::healthy(generation);
        edge.set_mark(key, value);
        let patch = Fault::on("PATCH", "/deployments/").throttles(503, 60);
        edge.cluster().fault(patch);
        let (code, log) = edge.tick();
        assert_eq!(
            (0, json!(value)),
            (code, edge.mark(key)),
            "{generation:?}: {log}"
        );
        let warning = format!("WARNING: could not clear the {what}");
        assert_says(&log, &[&warning, "tick complete"]);
    }
}

/// In the environment, 1.4.0 is 1.6.0.
#[test]
fn the_first_chart_is_told_as_a_later_one() {
    let edge = Edge::healthy(Generation::G0);
    let (code, log) = edge.tick();
    assert_eq!((0, 0), (code, edge.patches()), "{log}");
    assert_says(&log, &["tick complete"]);
    assert!(!log.contains("nothing to record or restart"), "{log}");
}
