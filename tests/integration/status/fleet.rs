//! `status -A`: a line for each release, what it asks for, and what it does where not everything may be seen.

use super::*;
use crate::world::sim::api::TOKEN;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::kubeconfig::Login;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::registries::rules::{Kind, at};
use crate::world::sim::release::Generation::{G1, G2, G7, G8, G10};
use crate::world::sim::release::scenarios::{fleet, incident_g2};

/// A release of its own name in a namespace of that name.
fn release(generation: Generation, name: &str, change: impl FnOnce(&mut Values)) -> Release {
    Release::with(generation, |values| {
        name.clone_into(&mut values.name);
        format!("tb-{name}").clone_into(&mut values.namespace);
        change(values);
    })
}

/// The other scene's objects too, on the nodes that are there.
fn join(scene: &mut Scene, mut other: Scene) {
    other.objects.retain(|object| {
        let metadata = &object["metadata"];
        let is_shared = object["kind"] == "Namespace"
            && scene
                .find("Namespace", "", text(&metadata["name"]))
                .is_some();
        object["kind"] != "Node" && !is_shared
    });
    scene.objects.append(&mut other.objects);
    scene.logs.append(&mut other.logs);
}

/// One release in every state that a fleet shows.
pub(crate) fn mixed() -> Site {
    stocked(|stock| {
        let now = stock.now;
        let well =
            |generation, name: &str| healthy(&release(generation, name, |_| ()), stock.latest, now);
        let mut scene = incident_g2(stock.latest, stock.old_ingestor, now);
        let mut suspended = well(G10, "lab");
        suspended.object_mut("CronJob", "tb-lab", "lab-image-refresh")["spec"]["suspend"] =
            true.into();
        let lab = release(G10, "lab", |_| ());
        suspended.annotate(&lab, "tracebloc.io/refresh-skip-streak", "5", now);
        let mut failing = well(G7, "paris");
        let status =
            &mut failing.object_mut("CronJob", "tb-paris", "paris-image-refresh")["status"];
        status["lastSuccessfulTime"] = "2026-06-06T09:20:00Z".into();
        let mirrored = release(G8, "mirror", |values| {
            values.mirror = Some("mirror.corp.example".to_owned());
        });
        let silent = release(G1, "quiet", |_| ());
        let old = Digests {
            ingestor: stock.old_ingestor.to_owned(),
            ..stock.before.clone()
        };
        for other in [
            suspended,
            failing,
            healthy(&mirrored, stock.latest, now),
            healthy(&silent, &old, now),
            healthy(&release(G10, "dev", |_| ()), stock.before, now),
            well(G10, "clinic"),
        ] {
            join(&mut scene, other);
        }
        scene
    })
}

fn lines(site: &Site, args: &[&str]) -> Vec<String> {
    page(site, &[&["-A"], args].concat())
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn one_line_for_each_release_worst_first() {
    screen(
        "fleet",
        "Seven releases, `status -A`: each state that a fleet shows.",
        &page(&mixed(), &["-A"]),
    );
}

#[test]
fn the_wide_form_names_the_codes() {
    screen(
        "fleet_wide",
        "The same with `-o wide`: generations, and the codes of what was found.",
        &page(&mixed(), &["-A", "-o", "wide"]),
    );
}

#[test]
fn no_job_and_no_log_is_read_and_each_tag_is_looked_up_once() {
    let asked = |count: usize| {
        let site = stocked(|stock| fleet(count, stock.latest, stock.now).1);
        let lines = lines(&site, &[]);
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with(&format!("{count} releases: "))),
            "{lines:#?}"
        );
        let api: Vec<_> = site
            .cluster
            .log()
            .iter()
            .map(|one| one.target.clone())
            .collect();
        let heads = site.internet.log();
        let heads: Vec<_> = heads
            .iter()
            .map(ToString::to_string)
            .filter(|request| request.starts_with("HEAD"))
            .collect();
        (api, heads)
    };
    let (api, heads) = asked(11);
    assert_eq!(api.len(), 7, "{api:#?}");
    for unwanted in ["/jobs", "/log?", "image-refresh-"] {
        assert!(
            !api.iter().any(|target| target.contains(unwanted)),
            "{api:#?}"
        );
    }
    let mut once = heads.clone();
    once.sort();
    once.dedup();
    assert_eq!(heads.len(), once.len(), "{heads:#?}");
    let (more_api, more_heads) = asked(33);
    assert_eq!((more_api.len(), more_heads.len()), (api.len(), heads.len()));
}

#[test]
fn many_objects_come_in_pages_and_an_expired_page_is_no_loss() {
    let site = altered_site(G10, |scene| bounds::crowd(scene, 260));
    let expired = Refusal::expired("The provided continue parameter is too old".to_owned());
    let second_page = Fault::on("GET", "/api/v1/pods?").starting_at(2).times(1);
    site.cluster.fault(second_page.refuses(&expired));
    let list: Value = serde_json::from_str(&page(&site, &["-A", "-o", "json"])).unwrap();
    let pods = items(&image(&list["items"][0], "jobs-manager")["pods"]).len();
    assert_eq!(pods, 520, "of jobs-manager and requests-proxy");
    assert_eq!(site.cluster.count("GET", "/api/v1/pods?"), 3);
    let nodes = site
        .cluster
        .count("GET", "/namespaces/tracebloc-node-agents/pods?");
    assert_eq!(nodes, 2, "780 pods, 500 in a page");
}

#[test]
fn the_inventory_is_a_list_of_what_each_release_alone_would_say() {
    let site = mixed();
    let list: Value = serde_json::from_str(&page(&site, &["-A", "-o", "json"])).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(
        (&list["summary"]["state"], &list["summary"]["exitCode"]),
        (&json!("stuck"), &json!(3))
    );
    assert_eq!(list["summary"]["releases"]["total"], 7);
    assert_eq!(
        list["contexts"],
        json!([{"name": "edge", "releases": 7, "sameAs": null}])
    );
    for item in items(&list["items"]) {
        assert_promised(item);
        let namespace = text(&item["metadata"]["namespace"]);
        let alone = document(&site, &["-n", namespace]);
        for same in ["chart", "streaks", "annotations"] {
            assert_eq!(item[same], alone[same], "{namespace}: {same}");
        }
        let states = |of: &Value| -> Vec<Value> {
            items(&of["images"])
                .iter()
                .map(|image| image["states"].clone())
                .collect()
        };
        assert_eq!(states(item), states(&alone), "{namespace}");
        let why = &item["refreshJob"]["reasons"]["recent"];
        assert_eq!(why, "not asked for in an overview", "{namespace}");
        assert_eq!(item["incomplete"], json!([]), "{namespace}");
    }
    let yaml = page(&site, &["-A", "-o", "yaml"]);
    assert!(yaml.contains("kind: List"), "{yaml}");
}

#[test]
fn releases_are_chosen_by_state_by_label_and_by_image() {
    let site = mixed();
    let names = |args: &[&str]| -> Vec<String> {
        lines(&site, &[args, &["--no-headers"]].concat())
            .iter()
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_whitespace().nth(2).unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&["--state", "stuck,frozen"]),
        ["berlin", "lab", "paris"]
    );
    assert_eq!(names(&["-l", "app.kubernetes.io/instance=dev"]), ["dev"]);
    assert_eq!(names(&["resource-monitor"]).len(), 4);
    let counted = lines(&site, &["--state", "stuck"]);
    let verdict = counted.iter().find(|line| line.starts_with("7 releases: "));
    assert!(verdict.unwrap().ends_with("; 1 shown"), "{counted:#?}");
}

#[test]
fn short_lines_come_worst_first_and_the_exit_code_is_the_worst() {
    let site = mixed();
    let output = status(&site, &["-A", "-o", "short", "--exit-code"]).output();
    assert_eq!(output.code, Some(3), "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 7);
    assert!(
        lines[0].starts_with("✖ tracebloc/berlin STUCK"),
        "{lines:#?}"
    );
    assert!(
        lines[6].starts_with("✔ tb-clinic/clinic current"),
        "{lines:#?}"
    );
    let silent = status(&site, &["-A", "--quiet"]).output();
    assert_eq!((silent.code, silent.stdout.as_str()), (Some(3), ""));
}

#[test]
fn a_cluster_without_a_release_is_no_failure() {
    let site = stocked(|stock| Scene::new(stock.now));
    status(&site, &["-A"])
        .stdout("No tracebloc release found\n")
        .success();
}

/// `status` with a kubeconfig whose contexts name these namespaces of the site's cluster.
fn naming(site: &Site, namespaces: &[&str], args: &[&str]) -> Output {
    let contexts: Vec<_> = namespaces
        .iter()
        .map(|namespace| {
            let login = Login::Token(TOKEN.to_owned());
            site.cluster
                .context(namespace)
                .namespace(namespace)
                .login(login)
        })
        .collect();
    let plugin = status(site, args);
    let config = site.cluster.write_kubeconfig(&contexts);
    plugin.env("KUBECONFIG", config).output()
}

#[test]
fn where_the_cluster_may_not_be_listed_the_contexts_namespaces_are() {
    let site = mixed();
    for resource in [
        "cronjobs.batch",
        "deployments.apps",
        "daemonsets.apps",
        "namespaces",
    ] {
        site.cluster
            .deny(Denial::of("list", resource).at_cluster_scope());
    }
    let namespaces = ["tracebloc", "tb-dev", "tb-forbidden", "tb-clinic"];
    site.cluster
        .deny(Denial::of("list", "deployments.apps").in_namespace("tb-forbidden"));
    let output = naming(&site, &namespaces, &["-A"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(5), ""));
    screen(
        "fleet_forbidden",
        "Listing across the cluster is refused: the namespaces of the kubeconfig's contexts are looked at, one of \
         them in vain. Ends with 5.",
        &output.stdout,
    );
    let list = naming(&site, &namespaces, &["-A", "-o", "json"]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let places: Vec<_> = items(&list["incomplete"])
        .iter()
        .map(|one| text(&one["what"]))
        .collect();
    assert_eq!(places, ["namespace tb-forbidden", "all other namespaces"]);
}

#[test]
fn namespaces_that_nobody_looked_at_are_named_where_their_names_are_known() {
    let site = mixed();
    for resource in ["cronjobs.batch", "deployments.apps"] {
        site.cluster
            .deny(Denial::of("list", resource).at_cluster_scope());
    }
    let output = status(&site, &["-A", "-o", "json"]).output();
    assert_eq!(output.code, Some(5), "{output:?}");
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(items(&list["items"]).len(), 1);
    let places: Vec<_> = items(&list["incomplete"])
        .iter()
        .map(|one| text(&one["what"]))
        .collect();
    assert!(places.contains(&"namespace tb-clinic"), "{places:?}");
    assert!(!places.contains(&"namespace tracebloc"), "{places:?}");
}

#[test]
fn where_nothing_may_be_listed_the_refusal_is_the_answer() {
    let site = mixed();
    site.cluster.deny(Denial::of("list", "cronjobs.batch"));
    let output = status(&site, &["-A"]).output();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(
        output.stderr.starts_with("error: list cronjobs: "),
        "{}",
        output.stderr
    );
}

#[test]
fn what_one_kind_hides_is_a_question_mark_and_a_note() {
    let site = mixed();
    site.cluster.deny(Denial::of("list", "pods"));
    let output = status(&site, &["-A"]).output();
    assert_eq!(output.code, Some(0), "cells alone are told by --exit-code");
    assert!(output.stdout.contains("?/"), "{}", output.stdout);
    assert!(
        output.stdout.contains("pods: list pods: "),
        "{}",
        output.stdout
    );
    let flagged = status(&site, &["-A", "--exit-code", "--state", "held"]).output();
    assert_eq!(flagged.code, Some(5), "{flagged:?}");
}

#[test]
fn a_registry_that_is_rate_limited_is_one_note_for_all() {
    let site = stocked(|stock| fleet(11, stock.latest, stock.now).1);
    site.internet.fault(
        "ghcr.io",
        crate::world::sim::registries::fault::Fault::Status(429),
    );
    let lines = lines(&site, &[]);
    let notes: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("ghcr.io"))
        .collect();
    assert_eq!(notes.len(), 1, "{lines:#?}");
}

#[test]
fn a_tag_that_names_what_its_registry_does_not_have_names_nothing() {
    let site = healthy_site(G10);
    let docker = at("registry-1.docker.io").only(Kind::Manifest);
    site.internet.fault(docker, "baddigest".parse().unwrap());
    let alone = status(&site, &["--exit-code"]).output();
    let all = status(&site, &["-A", "--exit-code"]).output();
    assert_eq!((alone.code, all.code), (Some(5), Some(5)), "{all:?}");
    assert!(all.stdout.contains("unknown"), "{}", all.stdout);
}

#[test]
fn an_image_that_no_release_has_is_not_a_release_that_is_not_there() {
    let site = healthy_site(G2);
    status(&site, &["-A", "resource-monitor"])
        .stdout("no image matches\n")
        .success();
}

#[test]
fn an_unreachable_cluster_is_an_error_as_ever() {
    let site = mixed();
    site.cluster.cut_after(0);
    let output = status(&site, &["-A"]).output();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.contains("(TBI-101)"), "{}", output.stderr);
}
