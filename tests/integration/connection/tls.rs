//! Certificates: whom the binary trusts, and what it says when it does not.

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::{plugin_alone, version, versions, write};
use crate::world::sim::api::kubeconfig::Login;
use crate::world::sim::api::{Cluster, TOKEN, Transport};

const HINT: &str =
    "hint: name its CA with --certificate-authority, its name with --tls-server-name\n";

fn cluster() -> Cluster {
    Cluster::start(Transport::Tls)
}

/// An authority that has issued nothing, as PEM.
fn stranger() -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "stranger");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    issuer.pem()
}

fn trusting_a_stranger(cluster: &Cluster) -> std::path::PathBuf {
    let login = Login::Token(TOKEN.to_owned());
    cluster.write_kubeconfig(&[cluster.context("edge").login(login).trusting(&stranger())])
}

#[test]
fn the_kubeconfigs_authority_is_trusted() {
    let cluster = cluster();
    version(cluster.kubeconfig()).stdout(versions()).success();
}

#[test]
fn an_unknown_authority_is_named_and_nothing_is_sent() {
    let cluster = cluster();
    version(trusting_a_stranger(&cluster))
        .stdout(plugin_alone())
        .stderr(format!(
            "error: trust the certificate of the API server {}: signed by an authority that is not \
             trusted here (issued by \"CN=kubernetes\") (TBI-107)\n{HINT}",
            cluster.url()
        ))
        .status(1);
    assert_eq!(0, cluster.log().len());
}

#[test]
fn an_authority_on_the_command_line_wins() {
    let cluster = cluster();
    let folder = TempDir::new().unwrap();
    let ca = write(folder.path(), "stranger.crt", &stranger());
    let output = version(cluster.kubeconfig())
        .args(["--certificate-authority".as_ref(), ca.as_os_str()])
        .output();
    assert!(output.stderr.contains("TBI-107"), "{output:?}");
}

#[test]
fn an_authority_that_cannot_be_read_is_named() {
    let cluster = cluster();
    version(cluster.kubeconfig())
        .args(["--certificate-authority", "/nonexistent/ca.crt"])
        .stdout(plugin_alone())
        .stderr(
            "error: connect to the cluster: certificate authority: \"/nonexistent/ca.crt\": \
             No such file or directory (os error 2)\n",
        )
        .status(1);
}

#[test]
fn another_name_in_the_certificate_is_told() {
    let cluster = cluster();
    version(cluster.kubeconfig())
        .args(["--tls-server-name", "api.example"])
        .stdout(plugin_alone())
        .stderr(format!(
            "error: trust the certificate of the API server {}: certificate not valid for name \
             \"api.example\"; certificate is only valid for DnsName(\"localhost\") or \
             IpAddress(127.0.0.1) (issued by \"CN=kubernetes\") (TBI-107)\n{HINT}",
            cluster.url()
        ))
        .status(1);
}

#[test]
fn the_name_to_expect_can_be_given() {
    let cluster = cluster();
    version(cluster.kubeconfig())
        .args(["--tls-server-name", "localhost"])
        .stdout(versions())
        .success();
}

#[test]
fn nothing_is_checked_when_asked_not_to() {
    let cluster = cluster();
    version(trusting_a_stranger(&cluster))
        .args(["--insecure-skip-tls-verify"])
        .stdout(versions())
        .success();
}

#[test]
fn an_authority_and_no_checking_contradict_each_other() {
    version("")
        .args([
            "--insecure-skip-tls-verify",
            "--certificate-authority",
            "ca.crt",
        ])
        .stderr(
            "error: the argument '--insecure-skip-tls-verify' cannot be used with \
             '--certificate-authority <FILE>'\n\n\
             Usage: kubectl tracebloc-images version --insecure-skip-tls-verify\n\n\
             For more information, try '--help'.\n",
        )
        .status(2);
}
