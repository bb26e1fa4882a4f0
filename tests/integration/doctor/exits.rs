//! What `doctor` ends with, and what flags change about that.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault as ApiFault;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::{Proxy, Values};

/// On the api container, and not on the refresher: a warning (601).
fn with_half_a_proxy(values: &mut Values) {
    values.proxy = Some(Proxy {
        host: "proxy.acme.example".to_owned(),
        port: Some(3128),
        login: None,
        no_proxy: None,
    });
}

fn warned() -> Site {
    site_with(G2, with_half_a_proxy)
}

#[test]
fn each_verdict_has_its_exit_code() {
    let blocked = healthy_site(G10);
    blocked.internet.fault("ghcr.io", Fault::Proxy403);
    let blind = healthy_site(G10);
    blind.cluster.deny(Denial::of("list", "nodes"));
    let both = healthy_site(G10);
    both.internet.fault("ghcr.io", Fault::Proxy403);
    both.cluster.deny(Denial::of("list", "nodes"));
    for (what, site, verdict, lenient, strict) in [
        ("all is well", healthy_site(G10), "ok", 0, 0),
        ("a warning", warned(), "warn", 0, 4),
        ("a registry is barred", blocked, "fail", 3, 3),
        ("something is not known", blind, "unknown", 5, 5),
        ("what fails outweighs what is not known", both, "fail", 3, 3),
        ("the incident", incident(), "fail", 3, 3),
    ] {
        for (args, code) in [(&[][..], lenient), (&["--strict"], strict)] {
            let seen = document(&site, args);
            let summary = &seen["summary"];
            assert_eq!(
                (text(&summary["verdict"]), summary["exitCode"].as_i64()),
                (verdict, Some(code)),
                "{what} {args:?}: {:#?}",
                troubles(&seen)
            );
            for form in ["table", "wide", "short", "yaml"] {
                let output = doctor(&site, args).args(["-o", form]).output();
                let code = i32::try_from(code).unwrap();
                assert_eq!(output.code, Some(code), "{what} {args:?} {form}");
            }
        }
    }
}

#[test]
fn waiting_ends_as_soon_as_nothing_is_wrong() {
    let site = healthy_site(G10);
    let refusal = Refusal::new(403, "Forbidden", "not yet");
    site.cluster
        .fault(ApiFault::on("GET", "/nodes").refuses(&refusal).times(1));
    let seen = document(&site, &["--wait", "5s"]);
    assert_eq!(seen["summary"]["exitCode"], 0);
    assert_eq!(site.cluster.count("GET", "/nodes"), 2, "a second look");
}

#[test]
fn waiting_ends_with_what_is_left_when_the_time_is_over() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "nodes"));
    let seen = document(&site, &["--wait", "5s"]);
    assert_eq!(seen["summary"]["exitCode"], 5);
    let once = healthy_site(G10);
    document(&once, &["--wait", "1m"]);
    assert_eq!(
        once.cluster.count("GET", "/nodes"),
        1,
        "nothing to wait for"
    );
}

#[test]
fn a_selector_chooses_releases() {
    let site = healthy_site(G10);
    let chosen = "app.kubernetes.io/instance=berlin";
    assert_eq!(
        document(&site, &["-l", chosen])["metadata"]["name"],
        "berlin"
    );
    let none = document(&site, &["-l", "app.kubernetes.io/instance=munich"]);
    assert_eq!(none["metadata"]["name"], Value::Null);
    assert_eq!(none["summary"]["exitCode"], 3);
}

#[test]
fn what_does_not_go_together_is_wrong_usage() {
    for args in [
        &["--allowlist", "-o", "json"][..],
        &["--allowlist", "--wait", "1m"],
        &["--allowlist", "--print-rbac"],
        &["--print-rbac=everything"],
        &["--allowlist=xml"],
        &["-o", "text"],
        &["--wait", "soon"],
    ] {
        let output = Plugin::new().args(["doctor"]).args(args).output();
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (Some(2), ""),
            "{args:?}"
        );
    }
}
