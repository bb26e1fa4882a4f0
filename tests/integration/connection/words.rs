//! The words when the server does not answer, or somebody else does.

use super::{plain, plugin_alone, version, versions};
use crate::harness::Plugin;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::{Cluster, Transport};
use crate::world::sim::release::scenarios::healthy;
use crate::world::sim::release::{Generation, Release};
use crate::world::sim::site::Site;

const CHECK: &str = "hint: check the network and the proxy, then: kubectl cluster-info\n";

#[test]
fn a_server_that_is_not_there_is_told_in_the_systems_words() {
    Plugin::new()
        .args(["version", "-s", "http://127.0.0.1:1"])
        .stdout(plugin_alone())
        .stderr(format!(
            "error: reach the API server http://127.0.0.1:1: Connection refused (os error 111) (TBI-101)\n{CHECK}"
        ))
        .status(1);
}

#[test]
fn a_server_without_an_address_is_told_in_the_resolvers_words() {
    let output = Plugin::new()
        .args(["version", "-s", "https://api.invalid:6443"])
        .output();
    assert_eq!(Some(1), output.code);
    let start = "error: reach the API server https://api.invalid:6443: failed to lookup address information: ";
    assert!(output.stderr.starts_with(start), "{}", output.stderr);
}

#[test]
fn a_connection_that_breaks_is_told() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").does(Act::ResetBefore));
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(format!(
            "error: reach the API server {}: Connection reset by peer (os error 104) (TBI-101)\n{CHECK}",
            cluster.url()
        ))
        .status(1);
}

#[test]
fn a_page_that_is_not_the_api_servers_is_told_apart() {
    let cluster = plain();
    cluster.fault(Fault::on("GET", "/version").sends(200, "text/html", "<html>Log in</html>"));
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(
            "error: read the version of the API server: the answer is not the API server's: \
             expected value at line 1 column 1\n",
        )
        .status(1);
}

#[test]
fn a_refusal_by_something_else_is_one_clean_line() {
    let cluster = plain();
    let page = "<html>\n\u{1b}[31mBlocked\u{1b}[0m by policy\n</html>";
    cluster.fault(Fault::on("GET", "/version").sends(502, "text/html", page));
    version(cluster.kubeconfig())
        .stdout(plugin_alone())
        .stderr(
            "error: read the version of the API server: <html> [31mBlocked [0m by policy </html>\n",
        )
        .status(1);
}

#[test]
fn a_server_that_speaks_tls_is_not_mistaken_for_one_that_does_not() {
    let cluster = Cluster::start(Transport::Tls);
    let plain = cluster.url().replace("https", "http");
    let output = version(cluster.kubeconfig()).args(["-s", &plain]).output();
    assert_eq!(Some(1), output.code, "{output:?}");
    let start = format!("error: reach the API server {plain}: ");
    assert!(output.stderr.starts_with(&start), "{}", output.stderr);
}

#[test]
fn json_says_why_a_part_is_missing() {
    let document = |server: &str, charts: &str, reasons: &str| {
        format!(
            "{{\n  \"apiVersion\": \"images.tracebloc.io/v1alpha1\",\n  \"kind\": \"Version\",\n  \
             \"plugin\": \"v{}\",\n  \"server\": {server},\n  \"charts\": {charts},\n  \"reasons\": {reasons}\n}}\n",
            env!("CARGO_PKG_VERSION")
        )
    };
    let cluster = plain();
    version(cluster.kubeconfig())
        .args(["-o", "json"])
        .stdout(document("\"v1.34.4\"", "[]", "{}"))
        .success();
    version("")
        .args(["-o", "json", "--client"])
        .stdout(document(
            "null",
            "null",
            "{\n    \"server\": \"not asked\",\n    \"charts\": \"not asked\"\n  }",
        ))
        .success();
    let why = "read the version of the API server: Unauthorized";
    cluster.revoke_tokens();
    version(cluster.kubeconfig())
        .args(["-o", "json"])
        .stdout(document(
            "null",
            "null",
            &format!("{{\n    \"server\": \"{why}\",\n    \"charts\": \"not asked\"\n  }}"),
        ))
        .stderr(format!(
            "error: {why}\nhint: log in again, then check with: kubectl auth whoami\n"
        ))
        .status(1);
}

#[test]
fn nothing_is_asked_where_nothing_needs_to_be() {
    let cluster = plain();
    for args in [
        ["version", "--client"].as_slice(),
        &["help", "exit-codes"],
        &["--help"],
        &["--version"],
    ] {
        let output = Plugin::new()
            .args(args)
            .env("KUBECONFIG", "/dev/null/nonsense")
            .output();
        assert_eq!(
            (Some(0), ""),
            (output.code, output.stderr.as_str()),
            "{args:?}"
        );
    }
    assert_eq!(0, cluster.log().len());
    version(cluster.kubeconfig()).stdout(versions()).success();
}

#[test]
fn the_charts_of_the_namespace_are_named_and_unknown_where_they_may_not_be_seen() {
    let site = Site::new(|latest, _, now| healthy(&Release::new(Generation::G2), latest, now));
    let known = "Chart Version: 1.4.5 (release berlin in tracebloc)\n";
    version(site.cluster.kubeconfig())
        .stdout([&versions(), known].concat())
        .success();
    site.cluster.deny(Denial::of("list", "deployments.apps"));
    let output = version(site.cluster.kubeconfig()).output();
    assert_eq!(output.code, Some(0), "{output:?}");
    let unknown = output.stdout.strip_prefix(&versions()).unwrap();
    assert!(
        unknown.starts_with("Chart Version: unknown: list deployments"),
        "{unknown}"
    );
}
