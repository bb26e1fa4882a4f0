//! What no registry, proxy or page may make us do.

use reqwest::header::AUTHORIZATION;

use super::*;
use crate::codes::Code;
use crate::text::printable;
use crate::world::sim::registries::content::{Content, Image};
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{Kind, at};
use crate::world::sim::registries::store::Registry;

const ACME: &str = "registry.acme.example";
const APP: &str = "registry.acme.example/app:1";

/// A registry that sends its users to `realm` for tokens.
fn with_realm(realm: &str) -> Site {
    let site = Site::new();
    site.net
        .add(Registry::bearer(ACME, "https://auth.acme.example/token"));
    site.net.push(APP, Index::of(["linux/amd64"]));
    site.net.fault(ACME, Fault::Realm(realm.to_owned()));
    site
}

#[tokio::test]
async fn a_realm_is_not_followed_down_to_http_or_into_this_machine() {
    for (realm, why) in [
        (
            "http://auth.acme.example/token",
            "names http://auth.acme.example/token for its tokens: not https",
        ),
        (
            "https://127.0.0.1/token",
            "names https://127.0.0.1/token for its tokens: an address of this machine or its link",
        ),
        (
            "https://169.254.169.254/latest",
            "names https://169.254.169.254/latest for its tokens: an address of this machine or its link",
        ),
        (
            "https://me@auth.acme.example/token",
            "names https://***@auth.acme.example/token for its tokens: a user name in the address",
        ),
        ("/token", "names /token for its tokens: not an address"),
    ] {
        let site = with_realm(realm);
        let failure = site.session().latest(&image(APP)).await.unwrap_err();
        assert_eq!(
            (Some(Code::ChallengeAltered), why),
            (failure.code, &*failure.message)
        );
        assert_eq!(
            vec!["GET registry.acme.example/v2/"],
            site.requests(),
            "{realm}"
        );
    }
}

#[tokio::test]
async fn a_login_goes_to_no_host_but_its_registrys() {
    let site = with_realm("https://auth.acme.example/token");
    site.net.hide("registry.acme.example/app");
    site.net.login(ACME, "anna", "secret");
    let session = site.session_with(site.with_login(ACME, "anna", "secret"));

    let failure = session.latest(&image(APP)).await.unwrap_err();

    assert_eq!(Some(Code::RepositoryMissing), failure.code);
    for seen in site.net.log() {
        assert!(
            !seen
                .authorization()
                .is_some_and(|it| it.starts_with("Basic")),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn a_known_registrys_tokens_come_from_where_they_always_do() {
    let site = Site::new();
    site.net.fault(
        "ghcr.io",
        Fault::Realm("https://evil.example/token".to_owned()),
    );
    site.session().latest(&image(INGESTOR)).await.unwrap();

    let site = Site::new();
    site.net.hide("docker.io/tracebloc/jobs-manager");
    site.net.fault(
        "registry-1.docker.io",
        Fault::Realm("https://evil.example/token".to_owned()),
    );
    let failure = site
        .session()
        .latest(&image(JOBS_MANAGER))
        .await
        .unwrap_err();
    assert_eq!(
        "registry-1.docker.io: names https://evil.example/token for its tokens",
        failure.to_string()
    );
    assert!(
        site.net
            .log()
            .iter()
            .all(|seen| seen.host != "evil.example")
    );
}

#[tokio::test]
async fn what_a_tag_names_is_not_believed_from_another_host() {
    let site = Site::new();
    site.net.push(
        "docker.io/tracebloc/jobs-manager:prod",
        Index::of(["linux/amd64"]),
    );
    site.net.fault(
        at("registry-1.docker.io").only(Kind::Manifest),
        Fault::Redirect("https://index.docker.io".to_owned()),
    );
    let failure = site
        .session()
        .latest(&image(JOBS_MANAGER))
        .await
        .unwrap_err();
    assert_eq!(
        "registry-1.docker.io: redirects to index.docker.io",
        failure.to_string()
    );
    assert_eq!(0, site.net.connections("index.docker.io"));
}

#[tokio::test]
async fn our_pass_does_not_follow_a_redirect() {
    let site = Site::new();
    let content = Content::from(Image::new("linux/amd64"));
    site.net.push(INGESTOR, &content);
    site.session()
        .config(&image(INGESTOR), &digest(&content.config_digest()))
        .await
        .unwrap();
    let log = site.net.log();
    let (api, layers): (Vec<_>, Vec<_>) = log
        .iter()
        .filter(|seen| seen.path.contains("/blobs/"))
        .partition(|seen| seen.host == "ghcr.io");
    assert!(api[0].headers.contains_key(AUTHORIZATION));
    assert!(!layers[0].headers.contains_key(AUTHORIZATION));
}

#[tokio::test]
async fn no_secret_and_no_escape_is_in_any_failure() {
    let faults = [
        "escapes",
        "tokenpath",
        "token401",
        "token403",
        "token-newline",
        "token-too-long",
        "token-missing",
        "token-notjson",
        "token-huge",
        "token-gzip",
        "nochallenge",
        "quota",
        "baddigest",
        "garbage-digest",
        "html-type",
        "blockpage",
        "blockpage403",
        "429",
        "500",
        "401",
        "redirect https://u:p@x.example/?sig=presigned-secret",
        "redirect-plain",
        "truncated",
        "reset-mid-body",
        "other-content",
        "gone",
    ];
    for fault in faults {
        let site = Site::new();
        let content = Content::from(Image::new("linux/amd64"));
        site.net.push(INGESTOR, &content);
        site.net.push(JOBS_MANAGER, &content);
        let session = site.session();
        // So that there are tokens to be leaked.
        session
            .latest(&image("ghcr.io/tracebloc/ingestor:none"))
            .await
            .unwrap_err();
        site.net.fault("*", fault.parse().unwrap());
        let config = digest(&content.config_digest());
        for reference in [INGESTOR, JOBS_MANAGER].map(image) {
            let failures = [
                session.latest(&reference).await.err(),
                session
                    .fresh_manifest(&reference, &digest(&content.digest()))
                    .await
                    .err(),
                session.config(&reference, &config).await.err(),
            ];
            for failure in failures.into_iter().flatten() {
                let text = format!("{failure} {failure:?}");
                for secret in site.net.secrets() {
                    assert!(!text.contains(&secret), "{fault}: {text}");
                }
                assert!(!text.contains("presigned-secret"), "{fault}: {text}");
                assert_eq!(printable(&failure.message, 200), failure.message, "{fault}");
            }
        }
    }
}

#[tokio::test]
async fn the_proxys_password_is_used_and_never_told() {
    let site = Site::new();
    site.net.fault("ghcr.io", Fault::Proxy407);
    let url = site.net.proxy_url_with_login();
    assert!(
        site.proxied(&url, site.options())
            .latest(&image(INGESTOR))
            .await
            .is_ok()
    );

    site.net.heal("ghcr.io");
    site.net.fault("ghcr.io", Fault::Proxy403);
    let failure = site
        .proxied(&url, site.options())
        .latest(&image(INGESTOR))
        .await
        .unwrap_err();
    for secret in site.net.secrets() {
        assert!(!format!("{failure:?}").contains(&secret), "{failure:?}");
    }
}
