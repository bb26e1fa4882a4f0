//! Where what everything hangs on is not there: the API server, a login, a release, authorities.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::release::Generation::G10;

#[test]
fn without_an_api_server_the_registries_are_looked_at() {
    let site = healthy_site(G10);
    site.cluster
        .fault(Fault::on("", "/").does(Act::ResetBefore));
    let page = page(&site, &["--request-timeout", "5s"], 3);
    assert!(page.contains("TBI-101"), "{page}");
    screen("no_server", "No API server", &page);
    let seen = document(&site, &["--request-timeout", "5s"]);
    assert_eq!(causes(&seen), ["TBI-101"]);
    assert_eq!(seen["versions"]["server"], Value::Null);
    let registries: Vec<_> = items(&seen["hosts"])
        .iter()
        .map(|host| text(&host["registry"]))
        .collect();
    assert!(registries.contains(&"docker.io") && registries.contains(&"ghcr.io"));
}

#[test]
fn without_a_release_the_registries_of_the_chart_are_looked_at() {
    let site = healthy_site(G10);
    let page = page(&site, &["-n", "empty"], 3);
    screen("no_release", "No release in the namespace", &page);
    let seen = document(&site, &["-n", "empty"]);
    assert_eq!(causes(&seen), ["TBI-105"]);
}

#[test]
fn a_release_that_may_not_be_read_is_a_missing_right() {
    let site = healthy_site(G10);
    site.cluster.deny(Denial::of("list", "deployments.apps"));
    let seen = document(&site, &[]);
    assert_eq!(seen["summary"]["exitCode"], 3);
    assert_eq!(causes(&seen), ["TBI-103"], "{:#?}", seen["diagnosis"]);
}

#[test]
fn a_login_that_cannot_be_made_is_a_finding_too() {
    let site = healthy_site(G10);
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("config");
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: edge\n\
         contexts: [{{name: edge, context: {{cluster: edge, user: ana}}}}]\n\
         clusters: [{{name: edge, cluster: {{server: '{}'}}}}]\n\
         users: [{{name: ana, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, \
         command: no-such-plugin, interactiveMode: Never}}}}}}]\n",
        site.cluster.url()
    );
    std::fs::write(&path, config).unwrap();
    let kubeconfig = path.display().to_string();
    let run = doctor(&site, &["-o", "json"]).env("KUBECONFIG", kubeconfig);
    let seen = promised(&run);
    assert_eq!(causes(&seen), ["TBI-106"]);
    assert_eq!(seen["summary"]["exitCode"], 3);
}

#[test]
fn a_kubeconfig_that_is_not_there_is_an_error() {
    let site = healthy_site(G10);
    let output = doctor(&site, &[])
        .env("KUBECONFIG", "/nowhere/config")
        .output();
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
}

#[test]
fn where_no_authority_is_trusted_no_step_is_claimed() {
    let site = healthy_site(G10);
    let run = doctor(&site, &["-o", "json"])
        .env("SSL_CERT_FILE", "/nowhere/ca.pem")
        .env("SSL_CERT_DIR", "/nowhere");
    let seen = promised(&run);
    let ways = items(&seen["checks"])
        .iter()
        .filter(|check| check["group"] == "registries");
    let passed: Vec<_> = ways
        .filter(|check| check["result"] == "ok")
        .map(|check| text(&check["id"]))
        .collect();
    assert_eq!(passed, Vec::<&str>::new());
    assert_eq!(seen["summary"]["exitCode"], 5, "{:#?}", troubles(&seen));
}
