//! The faults below HTTP: for each word, what a client meets behind the proxy, and on the host's own port.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use futures::future::join_all;
use reqwest::{Certificate, Client, Proxy};

use super::{build, chain, incident, look_up};
use crate::world::sim::registries::fault::{BLOCK_PAGE, Fault};
use crate::world::sim::registries::rules::at;
use crate::world::sim::registries::{Internet, PROXY};

/// Long enough for a handshake on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a client that gives up after `PATIENCE` says to silence.
const SILENCE: &str = "operation timed out";

/// What a client says to any refusal of a proxy but 407.
const UNSUCCESSFUL: &str = "tunnel error: unsuccessful";

const REFUSED: &str = "tcp connect error <- Connection refused";
const RESET: &str = "Connection reset by peer";
const UNTRUSTED: &str = "invalid peer certificate: UnknownIssuer";
const FINE: &str = "401";

/// The word, what a client of ghcr.io meets behind the proxy, and on its own port.
const ROWS: &[(&str, &str, &str)] = &[
    ("refuse", UNSUCCESSFUL, REFUSED),
    ("drop", SILENCE, "client error (Connect) <- "),
    (
        "unreachable",
        UNSUCCESSFUL,
        "tcp connect error <- Network is unreachable",
    ),
    (
        "nxdomain",
        UNSUCCESSFUL,
        "failed to lookup address information: Name or service not known",
    ),
    (
        "servfail",
        UNSUCCESSFUL,
        "failed to lookup address information: Temporary failure in name",
    ),
    (
        "dnsrefused",
        UNSUCCESSFUL,
        "failed to lookup address information: Temporary failure in name",
    ),
    ("dnstimeout", UNSUCCESSFUL, SILENCE),
    (
        "sinkhole 255.255.255.255",
        UNSUCCESSFUL,
        "tcp connect error <- Network is unreachable",
    ),
    ("reset-after-hello", RESET, RESET),
    (
        "close-after-hello",
        "tls handshake eof",
        "tls handshake eof",
    ),
    ("stall-after-accept", SILENCE, SILENCE),
    (
        "plainhttp",
        "received corrupt message of type InvalidContentType",
        "received corrupt message of type InvalidContentType",
    ),
    ("http1", FINE, FINE),
    ("intercept", UNTRUSTED, UNTRUSTED),
    ("proxyintercept", UNTRUSTED, FINE),
    (
        "wrongname",
        "only valid for DnsName(\"gateway.acme.example\")",
        "certificate not valid for name \"ghcr.io\"",
    ),
    ("expired", "certificate expired", "certificate expired"),
    ("longchain", FINE, FINE),
    ("proxy407", "proxy authorization required", FINE),
    ("proxy407-negotiate", "proxy authorization required", FINE),
    ("proxy403", UNSUCCESSFUL, FINE),
    ("proxy502", UNSUCCESSFUL, FINE),
    ("proxyhang", SILENCE, FINE),
    ("proxyclose", "unexpected end of file", FINE),
];

pub(super) fn words() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|(word, ..)| *word)
}

fn behind_the_proxy(net: &Internet) -> Client {
    let proxy = Proxy::all(net.proxy_url()).expect("a proxy URL");
    build(net, |client| client.proxy(proxy).connect_timeout(PATIENCE))
}

fn directly(net: &Internet) -> Client {
    let dns = net.dns();
    build(net, |client| {
        client
            .no_proxy()
            .dns_resolver(dns)
            .connect_timeout(PATIENCE)
    })
}

/// The status of a ping, or the chain of the error.
async fn ping(client: &Client) -> String {
    match client.get("https://ghcr.io/v2/").send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => chain(&error),
    }
}

/// Every row at once, each on an internet of its own: some of them take all the patience there is.
#[tokio::test]
async fn each_word_does_to_a_connection_what_it_says() {
    join_all(ROWS.iter().map(async |(word, through, direct)| {
        let net = Internet::start();
        net.fault("ghcr.io", word.parse().expect("a fault"));
        let told = ping(&behind_the_proxy(&net)).await;
        assert!(told.contains(through), "{word}, behind the proxy: {told}");
        let told = ping(&directly(&net)).await;
        assert!(told.contains(direct), "{word}, directly: {told}");
        net.heal("ghcr.io");
        assert_eq!(FINE, ping(&behind_the_proxy(&net)).await, "{word}, healed");
        assert_eq!(FINE, ping(&directly(&net)).await, "{word}, healed");
    }))
    .await;
}

#[tokio::test]
async fn a_fault_of_one_host_is_none_of_another() {
    let net = incident();
    net.fault("ghcr.io", Fault::Refuse);
    net.fault("auth.docker.io", Fault::ResetAfterHello);
    let client = behind_the_proxy(&net);
    let hub = client
        .get("https://registry-1.docker.io/v2/")
        .send()
        .await
        .expect("an answer");
    assert_eq!(401, hub.status());
    let realm = client
        .get("https://auth.docker.io/token")
        .send()
        .await
        .expect_err("a reset");
    assert!(chain(&realm).contains(RESET), "{realm:?}");
}

/// An open connection would show nothing of what happens to a new one.
#[tokio::test]
async fn a_fault_below_http_also_meets_a_client_with_an_open_connection() {
    let net = incident();
    let client = behind_the_proxy(&net);
    assert_eq!(FINE, ping(&client).await);
    net.fault("ghcr.io", Fault::Intercept);
    assert_ne!(FINE, ping(&client).await, "the open connection was closed");
    let told = ping(&client).await;
    assert!(told.contains(UNTRUSTED), "{told}");
    net.heal("ghcr.io");
    assert_eq!(FINE, ping(&client).await);
}

#[tokio::test]
async fn only_some_connections_can_fail() {
    let net = incident();
    net.fault(at("ghcr.io").first(2), Fault::ResetAfterHello);
    let told = [
        ping(&directly(&net)).await,
        ping(&directly(&net)).await,
        ping(&directly(&net)).await,
    ];
    assert!(
        told[0].contains(RESET) && told[1].contains(RESET),
        "{told:?}"
    );
    assert_eq!(FINE, told[2]);
    assert_eq!(3, net.connections("ghcr.io"));
}

#[tokio::test]
async fn who_trusts_the_interceptor_sees_nothing_of_it() {
    let net = incident();
    net.fault("*", Fault::Intercept);
    let authority = Certificate::from_pem(net.interceptor_pem().as_bytes()).expect("a certificate");
    let dns = net.dns();
    let client = build(&net, |client| {
        client
            .no_proxy()
            .dns_resolver(dns)
            .tls_certs_only([authority])
    });
    assert_eq!(
        200,
        look_up(&client, "ghcr.io", "tracebloc/ingestor", "0.3")
            .await
            .status()
    );
}

#[tokio::test]
async fn the_login_opens_a_proxy_that_wants_one() {
    let net = incident();
    net.fault("*", Fault::Proxy407);
    let proxy = Proxy::all(net.proxy_url_with_login()).expect("a proxy URL");
    let client = build(&net, |client| client.proxy(proxy));
    assert_eq!(FINE, ping(&client).await);
    let sent = net
        .tunnels()
        .pop()
        .and_then(|tunnel| tunnel.authorization)
        .expect("a login");
    assert!(sent.starts_with("Basic "), "{sent}");
}

/// A library has two timers for one silence, so only the socket tells it from a silent host.
#[test]
fn who_is_dropped_does_not_even_get_a_connection() {
    let net = Internet::start();
    let knock = |host| TcpStream::connect_timeout(&net.address(host), Duration::from_millis(200));
    for host in ["ghcr.io", PROXY] {
        net.fault(host, Fault::Drop);
        let failed = knock(host).expect_err("silence").kind();
        assert_eq!(ErrorKind::TimedOut, failed, "{host}");
        net.heal(host);
        knock(host).expect("a connection");
    }
}

#[tokio::test]
async fn the_proxy_itself_can_be_out_of_reach() {
    let net = incident();
    net.fault(PROXY, Fault::Refuse);
    let told = ping(&behind_the_proxy(&net)).await;
    assert!(told.contains(REFUSED), "{told}");
    assert_eq!(FINE, ping(&directly(&net)).await);
    net.heal(PROXY);
    net.fault("*", Fault::Refuse);
    let told = ping(&behind_the_proxy(&net)).await;
    assert!(
        told.contains(UNSUCCESSFUL),
        "every host is not the proxy: {told}"
    );
}

/// What a client of its own sees, which keeps the answer that libraries drop.
#[test]
fn a_proxy_says_why_it_refuses() {
    let net = Internet::start();
    let rows: [(&str, &[&str]); 4] = [
        (
            "proxy407",
            &[
                "HTTP/1.1 407 ",
                "Proxy-Authenticate: Basic realm=\"Acme Corp\"\r\n",
            ],
        ),
        (
            "proxy407-negotiate",
            &["HTTP/1.1 407 ", "Proxy-Authenticate: Negotiate\r\n"],
        ),
        (
            "proxy403",
            &[
                "HTTP/1.1 403 Forbidden\r\n",
                "Server: Zscaler/6.2\r\n",
                BLOCK_PAGE,
            ],
        ),
        (
            "proxy502",
            &[
                "HTTP/1.1 502 Bad Gateway\r\n",
                "Content-Type: text/html\r\n",
            ],
        ),
    ];
    for (word, expected) in rows {
        net.fault("ghcr.io", word.parse().expect("a fault"));
        let mut proxy = TcpStream::connect(net.address(PROXY)).expect("the proxy");
        proxy
            .write_all(b"CONNECT ghcr.io:443 HTTP/1.1\r\nHost: ghcr.io:443\r\n\r\n")
            .expect("a question");
        let mut told = String::new();
        proxy
            .read_to_string(&mut told)
            .expect("an answer and its end");
        for part in expected {
            assert!(told.contains(part), "{word}: no {part:?} in {told}");
        }
        net.heal("ghcr.io");
    }
}
