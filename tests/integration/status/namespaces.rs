//! Which releases are found: none, several, of the same name, by label.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::scenarios::{fleet, two_in_one_namespace};

/// `munich` in a namespace of its own, beside `berlin`.
fn two_namespaces(name: &str) -> Site {
    let release = Release::with(G2, |values| {
        name.clone_into(&mut values.name);
        "other".clone_into(&mut values.namespace);
    });
    stocked(|stock| {
        let mut scene = healthy(&Release::new(G10), stock.latest, stock.now);
        let mut other = healthy(&release, stock.latest, stock.now);
        let is_shared = |object: &Value| object["kind"] == "Node" || object["kind"] == "Namespace";
        other.objects.retain(|object| !is_shared(object));
        scene.objects.append(&mut other.objects);
        scene.logs.append(&mut other.logs);
        scene
    })
}

#[test]
fn two_releases_of_one_name_stay_apart_by_namespace() {
    let site = two_namespaces("berlin");
    let here = document(&site, &[]);
    let there = document(&site, &["-n", "other"]);
    for (seen, namespace, generation) in [(&here, NS, "G9-G10"), (&there, "other", "G2")] {
        assert_eq!(seen["metadata"]["name"], "berlin");
        assert_eq!(seen["metadata"]["namespace"], namespace);
        assert_eq!(seen["chart"]["generation"], generation);
        assert_eq!(seen["summary"]["state"], "current");
    }
}

#[test]
fn a_namespace_without_a_release_names_those_with_one() {
    let site = two_namespaces("munich");
    status(&site, &["-n", "empty"])
        .stderr(
            "error: no tracebloc release in namespace \"empty\" (TBI-105)\n\
             hint: name its namespace with -n: other, tracebloc\n",
        )
        .status(1);
}

#[test]
fn where_other_namespaces_may_not_be_listed_helm_is_named() {
    let site = healthy_site(G10);
    site.cluster
        .deny(Denial::of("list", "deployments.apps").at_cluster_scope());
    status(&site, &["-n", "empty", "-o", "json"])
        .stderr(
            "error: no tracebloc release in namespace \"empty\" (TBI-105)\n\
             hint: name its namespace with -n, or list releases with: helm list -A\n",
        )
        .status(1);
}

#[test]
fn a_selector_chooses_among_releases() {
    let site = stocked(|stock| two_in_one_namespace(stock.latest, stock.now).1);
    let seen = document(&site, &["-l", "app.kubernetes.io/instance=munich"]);
    assert_eq!(seen["metadata"]["name"], "munich");
    status(&site, &["-l", "app.kubernetes.io/instance=paris"])
        .stderr(
            "error: no tracebloc release in namespace \"tracebloc\" (TBI-105)\n\
             hint: name its namespace with -n: tracebloc\n",
        )
        .status(1);
}

#[test]
fn the_worst_release_gives_the_exit_code() {
    let site = stocked(|stock| {
        let (releases, mut scene) = two_in_one_namespace(stock.latest, stock.now);
        let cron_job = scene.object_mut("CronJob", NS, &releases[1].refresher_name());
        cron_job["spec"]["suspend"] = true.into();
        scene
    });
    let output = status(&site, &["-o", "short", "--exit-code"]).output();
    assert_eq!(output.code, Some(4), "{output:?}");
    let marks: Vec<_> = output
        .stdout
        .lines()
        .map(|line| line.split(" (").next().unwrap())
        .collect();
    assert_eq!(
        marks,
        [
            "✔ tracebloc/berlin current",
            "! tracebloc/munich frozen TBI-305"
        ]
    );
}

#[test]
fn one_namespace_of_a_fleet_is_looked_at_alone() {
    let site = stocked(|stock| fleet(5, stock.latest, stock.now).1);
    let seen = document(&site, &["-n", "edge-0003"]);
    assert_eq!(seen["metadata"]["name"], "edge-0003");
    let foreign = site
        .cluster
        .log()
        .iter()
        .filter(|request| {
            request.target.contains("edge-000") && !request.target.contains("edge-0003")
        })
        .count();
    assert_eq!(foreign, 0);
}
