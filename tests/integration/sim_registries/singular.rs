//! The faults of requests that a line of a table does not tell.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::visitor::Ask::{Anonymous, Get, GetByDigest, Head};
use super::visitor::{HUB, REPOSITORY, Visitor, index};
use super::{behind_the_proxy, directly, header, manifest, token_for};
use crate::world::sim::registries::content::digest;
use crate::world::sim::registries::fault::{ESCAPES, Fault};
use crate::world::sim::registries::rules::at;

#[tokio::test]
async fn a_body_ends_in_the_middle_with_or_without_a_reset() {
    let mut visitor = Visitor::new(directly).await;
    // A client of HTTP/2 has things to write, and may learn of the end by that.
    visitor.net.fault(HUB, Fault::Http1Only);
    for (word, part) in [
        ("truncated", "close_notify"),
        ("reset-mid-body", "onnection reset by peer"),
    ] {
        visitor.client = directly(&visitor.net);
        visitor
            .net
            .fault(at(HUB).first(1), word.parse().expect("a fault"));
        let told = visitor.told(Get).await;
        assert!(
            told.starts_with("200\n") && told.contains(part),
            "{word}: {told}"
        );
    }
    assert_eq!("http/1.1", visitor.net.log().pop().expect("a request").alpn);
}

#[tokio::test]
async fn a_challenge_can_be_missing() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::NoChallenge);
    let told = visitor.told(Anonymous).await;
    assert!(told.starts_with("401\n"), "{told}");
    assert!(!told.contains("www-authenticate"), "{told}");
}

#[tokio::test]
async fn a_digest_header_can_be_missing() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::NoDigest);
    for ask in [Head, Get] {
        let told = visitor.told(ask).await;
        assert!(told.starts_with("200\n"), "{told}");
        assert!(!told.contains("docker-content-digest"), "{told}");
    }
}

#[tokio::test]
async fn a_forged_manifest_is_told_by_nothing_but_its_content() {
    let visitor = Visitor::new(behind_the_proxy).await;
    for word in ["index-and-image", "schema1", "type-mismatch"] {
        visitor.net.fault(HUB, word.parse().expect("a fault"));
        let head = visitor.send(Head).await.expect("an answer");
        let get = visitor.send(Get).await.expect("an answer");
        let told = header(&head, "docker-content-digest");
        assert_eq!(told, header(&get, "docker-content-digest"), "{word}");
        assert_eq!(
            header(&head, "content-type"),
            header(&get, "content-type"),
            "{word}"
        );
        let told = told.to_owned();
        assert_eq!(told, digest(&get.bytes().await.expect("a body")), "{word}");
        visitor.net.heal(HUB);
    }
}

#[tokio::test]
async fn other_content_comes_under_the_digest_that_was_asked_for() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::OtherContent);
    let answer = visitor.send(GetByDigest).await.expect("an answer");
    assert_eq!(index().digest(), header(&answer, "docker-content-digest"));
    let body = answer.bytes().await.expect("a body");
    assert_ne!(index().digest(), digest(&body));
}

#[tokio::test]
async fn an_endless_body_goes_on_after_more_than_a_manifest_may_have() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::Endless);
    let mut answer = visitor.send(Get).await.expect("an answer");
    assert_eq!(None, answer.content_length());
    let mut received = 0;
    while received <= 8 * 1024 * 1024 {
        received += answer.chunk().await.expect("more").expect("more").len();
    }
}

#[tokio::test]
async fn escapes_arrive_as_they_were_meant() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::Escapes);
    let answer = visitor.send(Get).await.expect("an answer");
    let error: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!(ESCAPES, error["errors"][0]["message"]);
}

#[tokio::test]
async fn a_request_hangs_until_it_is_healed() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::Hang);
    let mut hanging = std::pin::pin!(visitor.told(Head));
    let patience = tokio::time::timeout(Duration::from_millis(50), hanging.as_mut());
    assert!(patience.await.is_err(), "an answer came");
    visitor.net.heal(HUB);
    let told = hanging.await;
    assert!(told.starts_with("error: "), "{told}");
    assert_eq!(None, visitor.net.log().pop().expect("a request").status);
}

#[tokio::test]
async fn a_slow_answer_takes_its_time() {
    let visitor = Visitor::new(behind_the_proxy).await;
    let time = Duration::from_millis(80);
    visitor.net.fault(HUB, Fault::Slow(time));
    let start = Instant::now();
    assert!(visitor.told(Head).await.starts_with("200\n"));
    assert!(start.elapsed() >= time);
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_accepted() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(
        "auth.docker.io",
        "token-expires 0s".parse().expect("a fault"),
    );
    let refused = visitor.send(Anonymous).await.expect("a challenge");
    let token = token_for(&visitor.client, &refused).await;
    let head = manifest(&visitor.client, Method::HEAD, HUB, REPOSITORY, "prod").bearer_auth(token);
    let answer = head.send().await.expect("an answer");
    assert_eq!(401, answer.status());
    assert!(header(&answer, "www-authenticate").ends_with(r#",error="invalid_token""#));
}

#[tokio::test]
async fn the_quota_of_strangers_does_not_bind_a_login() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.login("docker.io", "ana", "ana-secret");
    visitor.net.fault(HUB, Fault::Quota);
    let realm = format!(
        "https://auth.docker.io/token?service=registry.docker.io&scope=repository:{REPOSITORY}:pull"
    );
    let login = visitor
        .client
        .get(realm)
        .basic_auth("ana", Some("ana-secret"))
        .send()
        .await;
    let token: serde_json::Value = login.expect("a token").json().await.expect("JSON");
    let token = token["token"].as_str().expect("a token");
    let get = manifest(&visitor.client, Method::GET, HUB, REPOSITORY, "prod").bearer_auth(token);
    assert_eq!(200, get.send().await.expect("an answer").status());
    assert!(visitor.told(Get).await.starts_with("429\n"));
}
