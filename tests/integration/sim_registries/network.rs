//! The way to the registries: the proxy, the hosts' own ports, names, and distance.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::{Certificate, Method};

use super::{behind_the_proxy, directly, header, incident, look_up, manifest, token_for};
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::Index;
use crate::world::sim::registries::traffic::Way;

#[tokio::test]
async fn a_name_that_nobody_has_is_a_502_of_the_proxy() {
    let net = incident();
    let failed = behind_the_proxy(&net)
        .get("https://quay.io/v2/")
        .send()
        .await
        .expect_err("no such host");
    assert!(failed.is_connect(), "{failed:?}");
    let tunnel = net.tunnels().pop().expect("a CONNECT");
    assert_eq!(
        ("quay.io:443", Some(502)),
        (tunnel.target.as_str(), tunnel.status)
    );
}

#[tokio::test]
async fn a_client_without_the_proxy_comes_to_the_hosts_own_ports() {
    let net = incident();
    let found = look_up(&directly(&net), "ghcr.io", "tracebloc/ingestor", "0.3").await;
    assert_eq!(200, found.status());
    assert!(net.tunnels().is_empty());
    assert!(net.log().iter().all(|seen| seen.way == Way::Direct));
}

#[tokio::test]
async fn a_request_in_clear_is_seen_and_sent_to_https() {
    let net = incident();
    let answer = behind_the_proxy(&net)
        .get("http://ghcr.io/v2/?n=1")
        .send()
        .await
        .expect("a redirect");
    assert_eq!(301, answer.status());
    assert_eq!("https://ghcr.io/v2/?n=1", header(&answer, "location"));
    assert_eq!("http", net.log()[0].scheme);
}

#[tokio::test]
async fn lookups_share_one_connection() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let head = || {
        manifest(
            &client,
            Method::HEAD,
            "ghcr.io",
            "tracebloc/ingestor",
            "0.3",
        )
    };
    let token = token_for(&client, &head().send().await.expect("a challenge")).await;
    let answers = join_all((0..20).map(|_| head().bearer_auth(&token).send())).await;
    for answer in answers {
        assert_eq!(200, answer.expect("an answer").status());
    }
    assert_eq!(1, net.connections("ghcr.io"));
    assert!(net.log().iter().all(|seen| seen.alpn == "h2"));
}

#[test]
fn a_program_is_told_the_proxy_and_the_authority() {
    let net = Internet::start();
    let env = net.env();
    let names: Vec<_> = env.iter().map(|(name, _)| *name).collect();
    assert_eq!(["HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"], *names);
    assert_eq!(net.proxy_url(), env[0].1);
    let pem = std::fs::read(&env[2].1).expect("a file");
    assert_eq!(net.ca_pem().into_bytes(), pem);
    assert!(Certificate::from_pem(&pem).is_ok());
}

/// Lower bounds only: how long a machine takes on top says nothing about the simulation.
#[tokio::test]
async fn a_cold_lookup_takes_the_round_trips_that_it_takes_on_a_network() {
    let rtt = Duration::from_millis(40);
    let net = Internet::with_rtt(rtt);
    net.push(
        "docker.io/tracebloc/jobs-manager:prod",
        Index::of(["linux/amd64"]),
    );
    net.push("ghcr.io/tracebloc/ingestor:0.3", Index::of(["linux/amd64"]));
    let rows = [
        // TCP, TLS, HEAD, token, HEAD.
        ("one host", "ghcr.io", "tracebloc/ingestor", "0.3", 5),
        // Those, and TCP and TLS to the token host.
        (
            "two hosts",
            "registry-1.docker.io",
            "tracebloc/jobs-manager",
            "prod",
            7,
        ),
    ];
    for (sentence, host, repository, tag, round_trips) in rows {
        for client in [behind_the_proxy(&net), directly(&net)] {
            let start = Instant::now();
            assert_eq!(200, look_up(&client, host, repository, tag).await.status());
            let cold = start.elapsed();
            assert!(cold >= rtt * round_trips, "{sentence}: {cold:?}");
            let start = Instant::now();
            assert_eq!(200, look_up(&client, host, repository, tag).await.status());
            let warm = start.elapsed();
            assert!(warm >= rtt * 3, "{sentence}, again: {warm:?}");
        }
    }
}
