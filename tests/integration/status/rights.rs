//! The rights of `status`, taken away one by one: what the screen says without each.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::release::Generation::G10;

/// Those without which something is not seen.
const USED: [(&str, &str, &str); 7] = [
    ("list", "jobs.batch", NS),
    ("list", "pods", NS),
    ("get", "pods/log", NS),
    ("list", "replicasets.apps", NS),
    ("get", "daemonsets.apps", AGENTS),
    ("list", "pods", AGENTS),
    ("list", "nodes", ""),
];

/// Those that a Role for `status` may hold, and that a release in sight does not need.
const SPARE: [(&str, &str); 5] = [
    ("list", "events"),
    ("list", "daemonsets.apps"),
    ("list", "namespaces"),
    ("get", "deployments.apps"),
    ("watch", "*"),
];

const AGENTS: &str = "tracebloc-node-agents";

/// The lines of the screen that are not those of one who may see everything, and the exit code.
fn without(whole: &[String], denial: Denial) -> (Vec<String>, Option<i32>) {
    let site = healthy_site(G10);
    site.cluster.deny(denial);
    let output = status(&site, &["--exit-code"]).output();
    assert_eq!(output.stderr, "");
    let mut lines = timeless(&output.stdout);
    lines.retain(|line| !whole.contains(line));
    (lines, output.code)
}

#[test]
fn a_missing_right_costs_what_it_would_have_shown() {
    let whole = timeless(&page(&healthy_site(G10), &[]));
    let told = USED.map(|(verb, resource, namespace)| {
        let denial = Denial::of(verb, resource).in_namespace(namespace);
        let (lines, code) = without(&whole, denial);
        assert_eq!(code, Some(5), "{verb} {resource}");
        let place = if namespace.is_empty() { "" } else { " in " };
        let lines = lines.join("\n");
        format!("without {verb} {resource}{place}{namespace}\n{lines}\n")
    });
    screen(
        "rights",
        "What the screen of a healthy release says instead, without each right",
        &told.join("\n"),
    );
}

#[test]
fn what_is_current_as_far_as_one_sees_is_not_ticked_off() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "nodes"));
    status(&site, &["-o", "short", "--exit-code"])
        .stdout("? tracebloc/berlin current as far as could be seen (chart 1.9.51)\n")
        .status(5);
}

#[test]
fn a_right_that_nothing_needs_is_not_missed() {
    let whole = timeless(&page(&healthy_site(G10), &[]));
    for (verb, resource) in SPARE {
        let seen = without(&whole, Denial::of(verb, resource));
        assert_eq!(seen, (Vec::new(), Some(0)), "{verb} {resource}");
    }
}

#[test]
fn without_a_required_right_there_is_no_answer_but_the_right_to_ask_for() {
    for (resource, plural, group) in [
        ("deployments.apps", "deployments", "apps"),
        ("cronjobs.batch", "cronjobs", "batch"),
    ] {
        let site = healthy_site(G10);
        site.cluster.deny(Denial::of("list", resource));
        let stderr = format!(
            "error: list {plural} in namespace \"tracebloc\": {resource} is forbidden: User \"ana\" cannot list \
             resource \"{plural}\" in API group \"{group}\" in the namespace \"tracebloc\" (TBI-103)\n\
             hint: ask for the right; check with: kubectl auth can-i list {resource} -n tracebloc\n"
        );
        for args in [&[][..], &["-o", "json"], &["-o", "short", "--exit-code"]] {
            status(&site, args).stderr(stderr.clone()).status(1);
        }
    }
}

#[test]
fn a_refusal_is_told_at_once_whatever_else_hangs() {
    use crate::world::sim::api::faults::{Act, Fault};
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "cronjobs.batch"));
    site.cluster
        .fault(Fault::on("GET", "/nodes?").does(Act::Hang));
    // The harness ends what waits for as long as a request may take.
    let output = status(&site, &["--request-timeout", "0"]).output();
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("TBI-103"), "{output:?}");
}
