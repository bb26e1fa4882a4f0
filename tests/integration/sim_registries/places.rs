//! Where and how often a fault acts.

use super::behind_the_proxy;
use super::visitor::Ask::{Blob, Get, Head, Layer, Ping, Token};
use super::visitor::{HUB, Visitor};
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{Kind, at};

/// Where and how often, and then what arrives for one request after the other.
#[tokio::test]
async fn a_fault_acts_where_and_as_often_as_it_was_asked_to() {
    let visitor = Visitor::new(behind_the_proxy).await;
    let other = "registry-1.docker.io/tracebloc/other";
    let rows = [
        (
            "a host",
            at(HUB),
            vec![(Ping, 503), (Token, 200), (Head, 503)],
        ),
        (
            "another host",
            at("ghcr.io"),
            vec![(Ping, 200), (Token, 200), (Head, 200)],
        ),
        (
            "every host",
            at("*"),
            vec![(Ping, 503), (Token, 503), (Layer, 503)],
        ),
        (
            "a repository",
            at("registry-1.docker.io/tracebloc/jobs-manager"),
            vec![(Ping, 200), (Head, 503), (Blob, 503)],
        ),
        (
            "a repository's token",
            at("auth.docker.io/tracebloc/jobs-manager"),
            vec![(Token, 503), (Head, 200)],
        ),
        ("another repository", at(other), vec![(Head, 200)]),
        (
            "a method",
            at(HUB).method("HEAD"),
            vec![(Get, 200), (Head, 503), (Ping, 200)],
        ),
        (
            "a kind",
            at("*").only(Kind::Manifest),
            vec![(Ping, 200), (Head, 503), (Get, 503), (Blob, 307)],
        ),
        (
            "the layers",
            at("*").only(Kind::Layer),
            vec![(Blob, 307), (Layer, 503)],
        ),
        (
            "the first two",
            at(HUB).first(2),
            vec![(Head, 503), (Get, 503), (Head, 200), (Head, 200)],
        ),
        (
            "the second",
            at(HUB).nth(2),
            vec![(Head, 200), (Get, 503), (Head, 200)],
        ),
        (
            "the second HEAD",
            at(HUB).method("HEAD").nth(2),
            vec![(Head, 200), (Get, 200), (Head, 503)],
        ),
    ];
    for (sentence, place, answers) in rows {
        visitor.net.fault(place, Fault::Status(503));
        for (ask, status) in answers {
            let answer = visitor.send(ask).await.expect("an answer");
            assert_eq!(status, answer.status(), "{sentence}: {ask:?}");
        }
        visitor.net.heal("*");
    }
}

#[tokio::test]
async fn a_fault_of_one_kind_counts_only_what_is_of_its_kind() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(at("*").first(1), Fault::Token403);
    assert!(visitor.told(Head).await.starts_with("200\n"));
    assert!(visitor.told(Token).await.starts_with("403\n"));
    assert!(visitor.told(Token).await.starts_with("200\n"));
}

#[tokio::test]
async fn faults_add_up_and_heal_host_by_host() {
    let visitor = Visitor::new(behind_the_proxy).await;
    visitor.net.fault(HUB, Fault::NoDigest);
    visitor.net.fault(HUB, Fault::HtmlType);
    visitor.net.fault("auth.docker.io", Fault::Token403);
    let told = visitor.told(Head).await;
    assert!(
        told.contains("text/html") && !told.contains("docker-content-digest"),
        "{told}"
    );
    visitor.net.heal(HUB);
    let told = visitor.told(Head).await;
    assert!(
        !told.contains("text/html") && told.contains("docker-content-digest"),
        "{told}"
    );
    assert!(
        visitor.told(Token).await.starts_with("403\n"),
        "the other host has still its fault"
    );
}

#[test]
#[should_panic(expected = "the internet has no host \"ghcr.oi\"")]
fn a_fault_of_a_host_that_is_not_there_is_a_mistake_of_the_test() {
    Internet::start().fault("ghcr.oi", Fault::Hang);
}
