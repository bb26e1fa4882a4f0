//! The simulated registries themselves: tests that stand on them are worth what they are worth.

mod access;
mod content;
mod faults;
mod honest;
mod network;
mod places;
mod singular;
mod transport;
mod visitor;

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use reqwest::{Certificate, Client, Method, Proxy, RequestBuilder, Response, Url, redirect};

use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::{
    DOCKER_LIST, DOCKER_MANIFEST, Index, OCI_INDEX, OCI_MANIFEST,
};

/// A plain client behind the proxy: follows nothing, retries nothing, trusts only the test's authority.
fn behind_the_proxy(net: &Internet) -> Client {
    let proxy = Proxy::all(net.proxy_url()).expect("a proxy URL");
    build(net, |client| client.proxy(proxy))
}

/// The same client on the hosts' own ports.
fn directly(net: &Internet) -> Client {
    let dns = net.dns();
    build(net, |client| client.no_proxy().dns_resolver(dns))
}

fn build(
    net: &Internet,
    reach: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Client {
    // Every test of the process installs the same one, and only the first succeeds.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = Certificate::from_pem(net.ca_pem().as_bytes()).expect("a PEM certificate");
    reach(Client::builder())
        .tls_certs_only([authority])
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client")
}

/// A manifest request that knows all four media types, as the resolver's does.
fn manifest(
    client: &Client,
    method: Method,
    host: &str,
    repository: &str,
    reference: &str,
) -> RequestBuilder {
    let types = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(", ");
    let url = format!("https://{host}/v2/{repository}/manifests/{reference}");
    client.request(method, url).header(ACCEPT, types)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().expect("a header of text"))
}

/// The token that a refused request asks to get first.
async fn token_for(client: &Client, refused: &Response) -> String {
    let body: serde_json::Value = ask_realm(client, refused)
        .await
        .json()
        .await
        .expect("a token");
    body["token"].as_str().expect("a token").to_owned()
}

async fn ask_realm(client: &Client, refused: &Response) -> Response {
    let challenge = header(refused, WWW_AUTHENTICATE.as_str());
    let field = |name: &str| {
        let (_, rest) = challenge
            .split_once(&format!("{name}=\""))
            .expect("a Bearer challenge");
        rest.split('"').next().expect("a quoted value").to_owned()
    };
    let query = [("service", field("service")), ("scope", field("scope"))];
    let url = Url::parse_with_params(&field("realm"), query).expect("a realm");
    client
        .get(url)
        .send()
        .await
        .expect("an answer of the realm")
}

/// Looks a tag up as a client does that knows nothing: HEAD, token, HEAD.
async fn look_up(client: &Client, host: &str, repository: &str, reference: &str) -> Response {
    let head = || manifest(client, Method::HEAD, host, repository, reference);
    let refused = head().send().await.expect("a challenge");
    assert_eq!(401, refused.status());
    let token = token_for(client, &refused).await;
    head().bearer_auth(token).send().await.expect("an answer")
}

/// Both registries with the images of the incident.
fn incident() -> Internet {
    let net = Internet::start();
    net.push(
        "docker.io/tracebloc/jobs-manager:prod",
        Index::of(["linux/amd64", "linux/arm64"]),
    );
    net.push(
        "ghcr.io/tracebloc/ingestor:0.3",
        Index::of(["linux/amd64", "linux/arm64"]).attested(),
    );
    net
}

/// An error with its causes, as the product reads them.
fn chain(error: &reqwest::Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text} <- {inner}");
        cause = inner.source();
    }
    text
}

fn requests(net: &Internet) -> Vec<String> {
    net.log().iter().map(ToString::to_string).collect()
}
