//! What `doctor` shows of each site.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::G10;
use crate::world::sim::release::scenarios::{mirrored_g8, two_in_one_namespace};

#[test]
fn the_incident_is_told_to_its_cause() {
    let site = incident();
    let what = "The incident, from this machine alone";
    screen("incident", what, &page(&site, &[], 3));
    let what = "The incident, with policies and hosts";
    screen("incident_wide", what, &page(&site, &["-o", "wide"], 3));
    let what = "The incident, for a ticket";
    screen("incident_short", what, &page(&site, &["-o", "short"], 3));
}

#[test]
fn a_site_where_all_is_well_takes_a_line_per_group() {
    screen("healthy", "All is well", &page(&healthy_site(G10), &[], 0));
}

#[test]
fn each_way_is_barred_by_something_else() {
    for (name, what, host, fault) in [
        (
            "proxy_login",
            "The proxy wants a login",
            "*",
            Fault::Proxy407,
        ),
        (
            "block_page",
            "A web filter in front of ghcr.io",
            "ghcr.io",
            Fault::BlockPage,
        ),
        (
            "inspection",
            "TLS to ghcr.io is inspected",
            "ghcr.io",
            Fault::Intercept,
        ),
        (
            "layer_host",
            "The host of the layers is blocked",
            "pkg-containers.githubusercontent.com",
            Fault::Proxy403,
        ),
        (
            "token_host",
            "The token host of Docker Hub is blocked",
            "auth.docker.io",
            Fault::Proxy502,
        ),
        (
            "quota",
            "The pulls of Docker Hub are used up",
            "registry-1.docker.io",
            Fault::Quota,
        ),
    ] {
        let site = healthy_site(G10);
        site.internet.fault(host, fault);
        screen(name, what, &page(&site, &[], 3));
    }
}

#[test]
fn what_is_not_allowed_is_unknown_and_says_how_to_get_it() {
    let site = healthy_site(G10);
    for (verb, resource) in [
        ("list", "jobs.batch"),
        ("list", "networkpolicies.networking.k8s.io"),
        ("list", "nodes"),
        ("patch", "deployments.apps"),
        ("create", "localsubjectaccessreviews.authorization.k8s.io"),
        ("create", "subjectaccessreviews.authorization.k8s.io"),
    ] {
        site.cluster.deny(Denial::of(verb, resource));
    }
    screen("forbidden", "Little is allowed", &page(&site, &[], 5));
}

#[test]
fn an_account_that_lacks_a_right_is_a_finding() {
    let site = healthy_site(G10);
    let account = format!("system:serviceaccount:{NS}:berlin-image-refresh");
    site.cluster
        .deny(Denial::of("patch", "daemonsets.apps").to(&account));
    let page = page(&site, &[], 3);
    assert!(page.contains("TBI-104"), "{page}");
    screen("account", "The refresher lacks a right", &page);
}

#[test]
fn images_of_a_mirror_leave_the_registries_out() {
    let site = stocked(|stock| mirrored_g8(stock.latest, stock.now));
    let before = site.internet.log().len();
    let code = doctor(&site, &["-o", "short"]).output().code.unwrap();
    screen("mirrored", "All from a mirror", &page(&site, &[], code));
    assert_eq!(site.internet.log().len(), before, "no registry is asked");
}

#[test]
fn two_releases_are_two_pages_and_one_list() {
    let site = stocked(|stock| two_in_one_namespace(stock.latest, stock.now).1);
    let code = doctor(&site, &["-o", "short"]).output().code.unwrap();
    let page = page(&site, &[], code);
    for name in ["berlin", "munich"] {
        let start = format!("{name}   namespace {NS}");
        assert!(page.lines().any(|line| line.starts_with(&start)), "{page}");
    }
    let list = doctor(&site, &["-o", "json"]).output().stdout;
    let list: Value = serde_json::from_str(&list).unwrap();
    let names: Vec<_> = items(&list["items"])
        .iter()
        .map(|item| text(&item["metadata"]["name"]))
        .collect();
    assert_eq!(names, ["berlin", "munich"]);
    for item in items(&list["items"]) {
        assert!(promise().is_valid(item), "{item:#}");
    }
}

#[test]
fn the_incident_fits_a_terminal() {
    use crate::status::terminals::shown;

    let site = incident();
    for columns in [100, 80, 50] {
        let text = shown(&doctor(&site, &[]), columns);
        assert!(text.contains("\u{1b}["), "colours on a terminal");
        let bare = crate::status::without_colours(&text);
        // What follows is to be typed, and stands as it is.
        let rows = bare.lines().take_while(|line| !line.starts_with("Next"));
        for line in rows {
            let is_whole = line.split(' ').any(|word| word.len() + 10 > columns);
            assert!(
                line.chars().count() <= columns || is_whole,
                "{columns}: {line:?}"
            );
        }
    }
}

#[test]
fn a_release_of_any_generation_is_as_healthy_as_it_is() {
    for generation in Generation::ALL {
        let seen = document(&healthy_site(generation), &[]);
        assert_eq!(troubles(&seen), Vec::<String>::new(), "{generation:?}");
    }
}
