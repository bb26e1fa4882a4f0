//! Proxies on the way to the API server: which one is taken, and that its password stays a secret.
//!
//! The servers are asked for as `api.example`: a server on this machine is never asked over a proxy.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::proxies::{Kind, Proxy};
use super::{plain, plugin_alone, version, versions};
use crate::world::sim::api::kubeconfig::{Context, Login};
use crate::world::sim::api::{Cluster, TOKEN, Transport};

/// `acme:p@ss`, as `Proxy-Authorization` has it.
const BASIC: &str = "Basic YWNtZTpwQHNz";

/// A kubeconfig that knows the cluster as `http://api.example:6443`.
fn named(cluster: &Cluster, change: impl FnOnce(Context) -> Context) -> PathBuf {
    let context = Context::new("edge", "http://api.example:6443", None);
    let login = Login::Token(TOKEN.to_owned());
    cluster.write_kubeconfig(&[change(context.login(login))])
}

/// As `named`, by TLS, with the cluster's authority on the command line of the test's choice.
fn secured(proxy: &str) -> (Cluster, PathBuf) {
    let cluster = Cluster::start(Transport::Tls);
    let login = Login::Token(TOKEN.to_owned());
    let config = cluster.write_kubeconfig(&[cluster.context("edge").login(login).proxy(proxy)]);
    (cluster, config)
}

#[test]
fn a_proxy_of_the_environment_is_taken() {
    let cluster = plain();
    let proxy = Proxy::start(Kind::Connect, &cluster.url());
    for (name, value) in [
        ("HTTP_PROXY", format!("http://{}", proxy.address())),
        ("http_proxy", format!("http://{}/", proxy.address())),
        ("HTTP_PROXY", proxy.address()),
    ] {
        version(named(&cluster, |context| context))
            .env(name, value)
            .stdout(versions())
            .success();
    }
    assert_eq!(vec!["api.example:6443 nobody"; 3], proxy.asked());
}

#[test]
fn a_server_in_no_proxy_is_asked_directly() {
    let cluster = plain();
    let proxy = Proxy::start(Kind::Connect, &cluster.url());
    for (exceptions, is_taken) in [
        ("api.example", false),
        ("localhost,.example,", false),
        (" 10.0.0.0/8 , api.example:6443", false),
        ("*", false),
        ("api.example:443", true),
        ("other.example", true),
        ("", true),
    ] {
        let before = proxy.asked().len();
        let output = version(named(&cluster, |context| context))
            .env("HTTP_PROXY", format!("http://{}", proxy.address()))
            .env("NO_PROXY", exceptions)
            .output();
        assert_eq!(is_taken, proxy.asked().len() > before, "{exceptions:?}");
        assert_eq!(Some(i32::from(!is_taken)), output.code, "{exceptions:?}");
    }
}

#[test]
fn a_server_on_this_machine_needs_no_exception() {
    let cluster = plain();
    version(cluster.kubeconfig())
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("HTTPS_PROXY", "not a proxy at all")
        .stdout(versions())
        .success();
}

#[test]
fn the_kubeconfigs_proxy_wins_and_knows_no_exception() {
    let cluster = plain();
    let proxy = Proxy::start(Kind::Connect, &cluster.url());
    let url = format!("http://{}", proxy.address());
    version(named(&cluster, |context| context.proxy(&url)))
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("NO_PROXY", "*")
        .stdout(versions())
        .success();
    assert_eq!(vec!["api.example:6443 nobody"], proxy.asked());
}

#[test]
fn a_login_in_the_proxys_url_is_shown_to_the_proxy_and_to_nobody_else() {
    let cluster = plain();
    let proxy = Proxy::start(Kind::Connect, &cluster.url());
    for login in ["acme:p%40ss", "acme:p@ss"] {
        let output = version(named(&cluster, |context| context))
            .env("HTTP_PROXY", format!("http://{login}@{}", proxy.address()))
            .args(["-v", "9"])
            .output();
        assert_eq!(versions(), output.stdout, "{output:?}");
        for secret in [login, "acme", BASIC] {
            assert!(!output.stderr.contains(secret), "{}", output.stderr);
        }
    }
    assert_eq!(vec![format!("api.example:6443 {BASIC}"); 2], proxy.asked());
}

#[test]
fn tls_goes_through_the_tunnel() {
    let (cluster, _) = secured("http://127.0.0.1:1");
    let proxy = Proxy::start(Kind::Connect, &cluster.url());
    let url = format!("http://{}", proxy.address());
    let login = Login::Token(TOKEN.to_owned());
    let config = cluster.write_kubeconfig(&[cluster.context("edge").login(login).proxy(&url)]);
    version(config).stdout(versions()).success();
    assert_eq!(1, proxy.asked().len());
}

#[test]
fn a_socks_proxy_resolves_the_name_itself() {
    let cluster = plain();
    let proxy = Proxy::start(Kind::Socks, &cluster.url());
    for (scheme, login) in [("socks5", ""), ("socks5h", "acme:p%40ss@")] {
        let url = format!("{scheme}://{login}{}", proxy.address());
        version(named(&cluster, |context| context.proxy(&url)))
            .stdout(versions())
            .success();
    }
    let want = ["api.example:6443 nobody", "api.example:6443 acme:p@ss"];
    assert_eq!(want.as_slice(), proxy.asked());
}

#[test]
fn a_proxy_behind_tls_is_trusted_by_the_same_authorities() {
    let cluster = plain();
    let (ca, server) = authority();
    let proxy = Proxy::start(Kind::ConnectTls(server), &cluster.url());
    let url = format!("https://acme:p%40ss@{}", proxy.address());
    version(named(&cluster, |context| context.proxy(&url).trusting(&ca)))
        .stdout(versions())
        .success();
    assert_eq!(vec![format!("api.example:6443 {BASIC}")], proxy.asked());
}

#[test]
fn a_proxy_that_refuses_is_told_without_its_password() {
    let cluster = plain();
    for (status, words) in [
        (
            "407 Proxy Authentication Required",
            "tunnel error: proxy authorization required",
        ),
        ("403 Forbidden", "tunnel error: unsuccessful"),
    ] {
        let proxy = Proxy::start(Kind::Refusing(status), &cluster.url());
        let url = format!("http://acme:p%40ss@{}", proxy.address());
        version(named(&cluster, |context| context.proxy(&url)))
            .stdout(plugin_alone())
            .stderr(format!(
                "error: reach the API server http://api.example:6443 over the proxy http://{}: {words} (TBI-101)\n\
                 hint: check the network and the proxy, then: kubectl cluster-info\n",
                proxy.address()
            ))
            .status(1);
    }
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_without_its_password() {
    let cluster = plain();
    for (url, shown) in [
        ("ftp://acme:p@ss@proxy:3128", "ftp://***@proxy:3128"),
        ("http://acme:p@ss@", "http://***@"),
        ("socks4://acme:p@ss@proxy:1080", "socks4://***@proxy:1080"),
    ] {
        version(named(&cluster, |context| context.proxy(url)))
            .stdout(plugin_alone())
            .stderr(format!(
                "error: connect to the cluster: proxy \"{shown}\": not a URL of a proxy (http, https, socks5 or socks5h)\n"
            ))
            .status(1);
    }
}

/// An authority as PEM, and TLS for 127.0.0.1 by it.
fn authority() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params
        .subject_alt_names
        .push(SanType::IpAddress([127, 0, 0, 1].into()));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (issuer.pem(), Arc::new(server))
}
