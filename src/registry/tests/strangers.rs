//! Registries that differ: other hosts, other ways to be let in, other ways to answer.

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};

use super::*;
use crate::codes::Code;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::at;
use crate::world::sim::registries::store::Registry;
use crate::world::sim::registries::world::Scheme;

#[tokio::test]
async fn a_digest_that_head_does_not_name_is_proven_by_one_get() {
    for (name, place, fault) in [
        ("no digest in the answer", at("ghcr.io"), Fault::NoDigest),
        (
            "a registry that knows no HEAD",
            at("ghcr.io").method("HEAD"),
            Fault::Empty(405),
        ),
        (
            "a registry that has nothing by HEAD",
            at("ghcr.io").method("HEAD"),
            Fault::Empty(404),
        ),
    ] {
        let site = Site::new();
        let wanted = site
            .net
            .push(INGESTOR, Index::of(["linux/amd64", "linux/arm64"]));
        site.net.fault(place, fault);
        let session = site.session();

        let found = session.latest(&image(INGESTOR)).await.unwrap();

        assert_eq!(digest(&wanted), found.digest, "{name}");
        let asked = site.net.log().len();
        session
            .manifest(&image(INGESTOR), &found.digest)
            .await
            .unwrap();
        assert_eq!(
            asked,
            site.net.log().len(),
            "what was fetched to prove it is kept: {name}"
        );
    }
}

#[tokio::test]
async fn tokens_are_read_as_their_servers_write_them() {
    for fault in [Fault::TokenAccess, Fault::TokenBlank] {
        let site = Site::new();
        site.net.fault("ghcr.io", fault.clone());
        let found = site.session().latest(&image(INGESTOR)).await;
        assert!(found.is_ok(), "{fault:?}: {found:?}");
    }
}

#[tokio::test]
async fn requests_say_who_asks_and_for_what() {
    let site = Site::new();
    site.session().latest(&image(INGESTOR)).await.unwrap();
    for seen in site.net.log() {
        let agent = seen.headers.get(USER_AGENT).unwrap().to_str().unwrap();
        assert!(agent.starts_with("kubectl-tracebloc-images/"), "{agent}");
        assert!(
            !seen.headers.contains_key(ACCEPT_ENCODING),
            "bodies are hashed as they are"
        );
        if is_head(&seen) {
            let accept: Vec<_> = seen.headers.get_all(ACCEPT).iter().collect();
            assert_eq!(1, accept.len(), "some proxies drop repeated lines");
            assert_eq!(4, accept[0].to_str().unwrap().split(", ").count());
        }
    }
}

#[tokio::test]
async fn a_registry_nobody_knows_says_itself_how_to_be_let_in() {
    let bearer = |host: &str| Registry::bearer(host, "https://auth.acme.example/token");
    for (name, registry, want) in [
        (
            "open",
            Registry::open("registry.acme.example"),
            vec![
                "GET registry.acme.example/v2/",
                "HEAD registry.acme.example/v2/app/manifests/1",
            ],
        ),
        (
            "tokens",
            bearer("registry.acme.example"),
            vec![
                "GET registry.acme.example/v2/",
                "GET auth.acme.example/token",
                "HEAD registry.acme.example/v2/app/manifests/1",
            ],
        ),
    ] {
        let site = Site::new();
        site.net.add(registry);
        site.net
            .push("registry.acme.example/app:1", Index::of(["linux/amd64"]));
        let session = site.session();
        session
            .latest(&image("registry.acme.example/app:1"))
            .await
            .unwrap();
        assert_eq!(want, site.requests(), "{name}");
        session
            .latest(&image("registry.acme.example/app:1"))
            .await
            .unwrap();
        assert_eq!(
            want.len() + 1,
            site.requests().len(),
            "and says it once: {name}"
        );
    }
}

#[tokio::test]
async fn of_two_challenges_the_one_that_can_be_met_is_met() {
    let site = Site::new();
    site.net.add(Registry::bearer(
        "registry.acme.example",
        "https://auth.acme.example/token",
    ));
    site.net
        .push("registry.acme.example/app:1", Index::of(["linux/amd64"]));
    site.net
        .fault("registry.acme.example", Fault::TwoChallenges);
    site.session()
        .latest(&image("registry.acme.example/app:1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_registry_on_this_machine_is_asked_in_clear() {
    let site = Site::new();
    let local = site.net.local(Scheme::Http, Registry::open);
    let reference = format!("{local}/app:1");
    site.net.push(&reference, Index::of(["linux/amd64"]));
    site.session().latest(&image(&reference)).await.unwrap();
    assert!(site.net.log().iter().all(|seen| seen.scheme == "http"));
}

#[tokio::test]
async fn what_cannot_exist_is_not_asked_for() {
    let site = Site::new();
    let odd =
        |registry: &str, repository: &str, tag: &str| Reference::tagged(registry, repository, tag);
    for (reference, code) in [
        (odd("ghcr.io", "../../token", "1"), Code::RepositoryMissing),
        (
            odd("ghcr.io", "tracebloc/ingestor", "1?x=y"),
            Code::TagMissing,
        ),
        (
            odd("user@ghcr.io", "tracebloc/ingestor", "1"),
            Code::NameRefused,
        ),
        (
            odd("ghcr.io\u{1b}[2J", "tracebloc/ingestor", "1"),
            Code::NameRefused,
        ),
    ] {
        let failure = site.session().latest(&reference).await.unwrap_err();
        assert_eq!(Some(code), failure.code);
        assert!(!failure.to_string().contains('\u{1b}'));
    }
    assert_eq!(0, site.net.log().len());
}
