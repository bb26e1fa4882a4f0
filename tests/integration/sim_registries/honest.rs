//! The registries when nothing is wrong.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;

use super::{behind_the_proxy, header, incident, look_up, manifest, requests, token_for};
use crate::world::sim::registries::content::{Content, Index, OCI_INDEX, OCI_MANIFEST, digest};

const HUB: &str = "registry-1.docker.io";

#[tokio::test]
async fn a_lookup_on_docker_hub_takes_its_token_from_another_host() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let found = look_up(&client, HUB, "tracebloc/jobs-manager", "prod").await;
    assert_eq!(200, found.status());
    let index = Content::from(Index::of(["linux/amd64", "linux/arm64"]));
    assert_eq!(index.digest(), header(&found, "docker-content-digest"));
    assert_eq!(OCI_INDEX, header(&found, "content-type"));
    assert_eq!(
        index.body.len().to_string(),
        header(&found, "content-length")
    );
    assert_eq!(
        [
            "HEAD registry-1.docker.io/v2/tracebloc/jobs-manager/manifests/prod",
            "GET auth.docker.io/token",
            "HEAD registry-1.docker.io/v2/tracebloc/jobs-manager/manifests/prod",
        ],
        *requests(&net)
    );
}

#[tokio::test]
async fn an_image_can_be_pulled_down_to_its_layer() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let get = |reference: String| {
        manifest(
            &client,
            Method::GET,
            "ghcr.io",
            "tracebloc/ingestor",
            &reference,
        )
    };
    let refused = get("0.3".to_owned()).send().await.expect("a challenge");
    let token = token_for(&client, &refused).await;
    let mut wanted = "0.3".to_owned();
    for list in ["manifests", "layers"] {
        let found = get(wanted.clone())
            .bearer_auth(&token)
            .send()
            .await
            .expect("a manifest");
        let told = header(&found, "docker-content-digest").to_owned();
        let body = found.bytes().await.expect("a body");
        assert_eq!(digest(&body), told);
        let document: Value = serde_json::from_slice(&body).expect("JSON");
        wanted = document[list][0]["digest"]
            .as_str()
            .expect("a digest")
            .to_owned();
    }
    let url = format!("https://ghcr.io/v2/tracebloc/ingestor/blobs/{wanted}");
    let redirect = client
        .get(url)
        .bearer_auth(&token)
        .send()
        .await
        .expect("a redirect");
    assert_eq!(307, redirect.status());
    let location = header(&redirect, "location").to_owned();
    assert!(
        location.starts_with("https://pkg-containers.githubusercontent.com/"),
        "{location}"
    );
    assert!(
        net.secrets().iter().any(|secret| location.contains(secret)),
        "{location}"
    );
    let layer = client.get(&location).send().await.expect("a layer");
    assert_eq!(wanted, digest(&layer.bytes().await.expect("a body")));

    let first = client
        .get(&location)
        .header("range", "bytes=0-0")
        .send()
        .await
        .expect("a byte");
    assert_eq!(206, first.status());
    assert_eq!(1, first.bytes().await.expect("a body").len());
    let unsigned = location.split('?').next().expect("a path");
    assert_eq!(
        403,
        client
            .get(unsigned)
            .send()
            .await
            .expect("an error")
            .status()
    );
    let twice = client
        .get(&location)
        .bearer_auth(&token)
        .send()
        .await
        .expect("an error");
    assert_eq!(
        400,
        twice.status(),
        "a store refuses a second way of proving who one is"
    );
}

#[tokio::test]
async fn docker_hub_counts_gets_and_not_heads() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let refused = manifest(&client, Method::HEAD, HUB, "tracebloc/jobs-manager", "prod")
        .send()
        .await;
    let token = token_for(&client, &refused.expect("a challenge")).await;
    let expected = [
        (Method::HEAD, "100"),
        (Method::HEAD, "100"),
        (Method::GET, "99"),
        (Method::HEAD, "99"),
    ];
    for (method, left) in expected {
        let ask = manifest(
            &client,
            method.clone(),
            HUB,
            "tracebloc/jobs-manager",
            "prod",
        );
        let found = ask.bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(
            format!("{left};w=21600"),
            header(&found, "ratelimit-remaining"),
            "{method}"
        );
        assert_eq!("100;w=21600", header(&found, "ratelimit-limit"));
        assert_eq!("203.0.113.7", header(&found, "docker-ratelimit-source"));
    }
    for _ in 0..99 {
        let ask = manifest(&client, Method::GET, HUB, "tracebloc/jobs-manager", "prod");
        assert_eq!(
            200,
            ask.bearer_auth(&token)
                .send()
                .await
                .expect("an answer")
                .status()
        );
    }
    let ask = manifest(&client, Method::GET, HUB, "tracebloc/jobs-manager", "prod");
    assert_eq!(
        429,
        ask.bearer_auth(&token)
            .send()
            .await
            .expect("an answer")
            .status()
    );
}

#[tokio::test]
async fn the_registries_refuse_what_they_do_not_show_each_in_its_way() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let absent = look_up(&client, HUB, "tracebloc/absent", "prod").await;
    assert_eq!(401, absent.status());
    let challenge = header(&absent, "www-authenticate");
    assert!(
        challenge.ends_with(r#",error="insufficient_scope""#),
        "{challenge}"
    );

    let head = manifest(&client, Method::HEAD, "ghcr.io", "tracebloc/absent", "0.3");
    let refused = head.send().await.expect("a challenge");
    let denied = super::ask_realm(&client, &refused).await;
    assert_eq!(403, denied.status());
    assert_eq!(
        "DENIED",
        denied.json::<Value>().await.expect("JSON")["errors"][0]["code"]
    );

    let no_tag = look_up(&client, "ghcr.io", "tracebloc/ingestor", "0.4").await;
    assert_eq!(404, no_tag.status());
}

#[tokio::test]
async fn challenges_are_worded_as_the_registries_word_them() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let expected = [
        (
            HUB,
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
        ),
        (
            "ghcr.io",
            r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull""#,
        ),
    ];
    for (host, challenge) in expected {
        let ping = client
            .get(format!("https://{host}/v2/"))
            .send()
            .await
            .expect("a challenge");
        assert_eq!(401, ping.status());
        assert_eq!(challenge, header(&ping, "www-authenticate"));
        assert_eq!(
            "registry/2.0",
            header(&ping, "docker-distribution-api-version")
        );
    }
}

#[tokio::test]
async fn a_client_that_knows_no_index_gets_what_each_registry_gives_it() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let ask = async |host: &str, repository: &str, tag: &str| {
        let refused = manifest(&client, Method::HEAD, host, repository, tag)
            .send()
            .await;
        let token = token_for(&client, &refused.expect("a challenge")).await;
        let url = format!("https://{host}/v2/{repository}/manifests/{tag}");
        let get = client
            .get(url)
            .header(ACCEPT, OCI_MANIFEST)
            .bearer_auth(token);
        get.send().await.expect("an answer")
    };
    let hub = ask(HUB, "tracebloc/jobs-manager", "prod").await;
    let index = Content::from(Index::of(["linux/amd64", "linux/arm64"]));
    assert_eq!(
        index.child("linux/amd64").digest(),
        header(&hub, "docker-content-digest")
    );
    let ghcr = ask("ghcr.io", "tracebloc/ingestor", "0.3").await;
    assert_eq!(404, ghcr.status());
    let text = ghcr.text().await.expect("a body");
    assert!(
        text.contains("OCI index found, but Accept header does not support"),
        "{text}"
    );
}

#[tokio::test]
async fn a_tag_moves_and_a_deleted_digest_is_gone() {
    let net = incident();
    let client = behind_the_proxy(&net);
    let told = async || {
        let found = look_up(&client, "ghcr.io", "tracebloc/ingestor", "0.3").await;
        (
            found.status().as_u16(),
            header(&found, "docker-content-digest").to_owned(),
        )
    };
    let (_, old) = told().await;
    let new = net.push(
        "ghcr.io/tracebloc/ingestor:0.3",
        Index::of(["linux/amd64"]).label("version", "2"),
    );
    assert_eq!((200, new.clone()), told().await);
    net.retag("ghcr.io/tracebloc/ingestor:0.3", &old);
    assert_eq!((200, old.clone()), told().await);
    net.delete(&format!("ghcr.io/tracebloc/ingestor@{old}"));
    assert_eq!(404, told().await.0);
    let by_digest = look_up(&client, "ghcr.io", "tracebloc/ingestor", &new).await;
    assert_eq!(200, by_digest.status(), "the other digest is still there");
}

#[tokio::test]
async fn the_log_keeps_what_was_sent_and_where() {
    let net = incident();
    let client = behind_the_proxy(&net);
    look_up(&client, HUB, "tracebloc/jobs-manager", "prod").await;
    let log = net.log();
    let [refused, realm, found] = log.as_slice() else {
        panic!("{log:?}");
    };
    assert_eq!(None, refused.authorization());
    assert_eq!(Some(401), refused.status);
    assert_eq!(
        Some("service=registry.docker.io&scope=repository%3Atracebloc%2Fjobs-manager%3Apull"),
        realm.query.as_deref()
    );
    assert!(
        found.headers[AUTHORIZATION]
            .to_str()
            .expect("text")
            .starts_with("Bearer ")
    );
    assert_eq!(
        refused.connection, found.connection,
        "the connection is used again"
    );
    assert_ne!(refused.connection, realm.connection);
    assert_eq!("h2", found.alpn);
    assert_eq!("https", found.scheme);
    assert!(refused.at <= found.at);
    assert_eq!(1, net.connections(HUB));
    let targets: Vec<_> = net
        .tunnels()
        .into_iter()
        .map(|tunnel| (tunnel.target, tunnel.status))
        .collect();
    let expected = [
        ("registry-1.docker.io:443".to_owned(), Some(200)),
        ("auth.docker.io:443".to_owned(), Some(200)),
    ];
    assert_eq!(expected, *targets);
}
