//! The lists that others are handed: hosts for a firewall's owner, Roles for a cluster's.

use super::*;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::{G2, G10};

#[test]
fn the_hosts_are_those_that_were_met() {
    let site = healthy_site(G10);
    let text = page(&site, &["--allowlist"], 0);
    screen("allowlist", "Hosts for a firewall's owner", &text);
    let json: Value = serde_json::from_str(&page(&site, &["--allowlist=json"], 0)).unwrap();
    assert_eq!(json["kind"], "AllowList");
    let tunnels: std::collections::BTreeSet<String> = site
        .internet
        .tunnels()
        .into_iter()
        .map(|tunnel| tunnel.target)
        .collect();
    let listed: std::collections::BTreeSet<String> = items(&json["hosts"])
        .iter()
        .map(|host| format!("{}:{}", crate::status::text(&host["host"]), host["port"]))
        .collect();
    assert_eq!(listed, tunnels, "what was gone to is what is asked for");
}

#[test]
fn a_host_behind_a_block_is_listed_as_expected() {
    let site = healthy_site(G10);
    site.internet.fault("ghcr.io", Fault::Proxy403);
    let json: Value = serde_json::from_str(&page(&site, &["--allowlist=json"], 0)).unwrap();
    let layers = items(&json["hosts"])
        .iter()
        .find(|host| host["registry"] == "ghcr.io" && host["purpose"] == "layers")
        .unwrap();
    assert_eq!(layers["observed"], false, "{layers}");
    let text = page(&site, &["--allowlist"], 0);
    assert!(text.contains("expected"), "{text}");
}

#[test]
fn each_command_has_its_roles() {
    let site = healthy_site(G10);
    for command in ["status", "doctor", "refresh", "tick"] {
        let flag = format!("--print-rbac={command}");
        screen(
            &format!("rbac_{command}"),
            &format!("Roles for {command}"),
            &page(&site, &[&flag], 0),
        );
    }
    let default = page(&site, &["--print-rbac"], 0);
    assert_eq!(default, page(&site, &["--print-rbac=doctor"], 0));
    let without_agents = page(&healthy_site(G2), &["--print-rbac=refresh"], 0);
    assert!(!without_agents.contains("node-agents"), "{without_agents}");
}

/// The rules of each Role, as the sim's own authorizer names what it denies.
#[test]
fn what_the_roles_allow_is_what_doctor_uses() {
    let site = healthy_site(G10);
    let seen = document(&site, &[]);
    assert_eq!(seen["summary"]["exitCode"], 0);
    let roles = page(&site, &["--print-rbac"], 0);
    let mut missing = Vec::new();
    for request in site.cluster.log() {
        let path = request.target.split('?').next().unwrap();
        let path = path.trim_end_matches('/');
        if path == "/version" || path.contains("selfsubjectaccessreviews") {
            continue;
        }
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let rest = &parts[if parts[0] == "api" { 2 } else { 3 }..];
        let resource = match rest {
            ["namespaces", _, resource, _, sub, ..] => format!("{resource}/{sub}"),
            ["namespaces", _, resource, ..] => (*resource).to_owned(),
            [resource, _, sub, ..] => format!("{resource}/{sub}"),
            [resource, ..] => (*resource).to_owned(),
            [] => continue,
        };
        if !roles.contains(&format!("resources: [\"{resource}\"]")) {
            missing.push(format!("{} {path}", request.method));
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "{roles}");
}
