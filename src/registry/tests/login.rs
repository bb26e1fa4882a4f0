//! The login that somebody stored: asked for late, sent to one place, named when it is wrong.

use super::*;
use crate::codes::Code;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{Kind, at};
use crate::world::sim::registries::store::Registry;

const HUB_KEY: &str = "https://index.docker.io/v1/";

fn logins(site: &Site) -> Vec<String> {
    let log = site.net.log();
    let with_login = log.iter().filter(|seen| {
        seen.authorization()
            .is_some_and(|it| it.starts_with("Basic"))
    });
    with_login.map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_private_repository_is_found_with_the_stored_login() {
    for (reference, repository, registry, key, host) in [
        (
            INGESTOR,
            "ghcr.io/tracebloc/ingestor",
            "ghcr.io",
            "ghcr.io",
            "ghcr.io",
        ),
        (
            JOBS_MANAGER,
            "docker.io/tracebloc/jobs-manager",
            "docker.io",
            HUB_KEY,
            "auth.docker.io",
        ),
    ] {
        let site = Site::new();
        site.net.hide(repository);
        site.net.login(registry, "anna", "secret");
        let session = site.session_with(site.with_login(key, "anna", "secret"));
        session.latest(&image(reference)).await.unwrap();
        assert_eq!(
            vec![format!("GET {host}/token")],
            logins(&site),
            "{reference}"
        );

        session.latest(&image(reference)).await.unwrap();
        assert_eq!(1, logins(&site).len(), "and stays let in");
    }
}

#[tokio::test]
async fn the_stored_login_is_read_once() {
    let site = Site::new();
    let other = "ghcr.io/tracebloc/other:1";
    site.net.push(other, Index::of(["linux/amd64"]));
    site.net.hide("ghcr.io/tracebloc/ingestor");
    site.net.hide("ghcr.io/tracebloc/other");
    site.net.login("ghcr.io", "anna", "secret");
    let options = site.with_login("ghcr.io", "anna", "secret");
    let session = site.session_with(options);
    session.latest(&image(INGESTOR)).await.unwrap();
    std::fs::remove_file(site.folder.path().join("config.json")).unwrap();
    session.latest(&image(other)).await.unwrap();
}

#[tokio::test]
async fn nobody_logs_in_who_is_let_in_without() {
    let site = Site::new();
    site.net.login("ghcr.io", "anna", "secret");
    let session = site.session_with(site.with_login("ghcr.io", "anna", "secret"));
    session.latest(&image(INGESTOR)).await.unwrap();
    session
        .latest(&image("ghcr.io/tracebloc/ingestor:none"))
        .await
        .unwrap_err();
    assert_eq!(Vec::<String>::new(), logins(&site));
}

#[tokio::test]
async fn anonymous_means_anonymous() {
    let site = Site::new();
    site.net.hide("ghcr.io/tracebloc/ingestor");
    let failure = site.session().latest(&image(INGESTOR)).await.unwrap_err();
    assert_eq!(Some(Code::TokenRefused), failure.code);
    assert_eq!(Vec::<String>::new(), logins(&site));
}

#[tokio::test]
async fn a_login_that_is_rejected_is_named_as_the_cause() {
    for (reference, repository, registry, key, want) in [
        (
            INGESTOR,
            "ghcr.io/tracebloc/ingestor",
            "ghcr.io",
            "ghcr.io",
            "TBI-244 token ghcr.io: the stored login is rejected (403)",
        ),
        (
            JOBS_MANAGER,
            "docker.io/tracebloc/jobs-manager",
            "docker.io",
            HUB_KEY,
            "TBI-244 token auth.docker.io: the stored login is rejected (401)",
        ),
    ] {
        let site = Site::new();
        site.net.hide(repository);
        site.net.login(registry, "anna", "secret");
        let session = site.session_with(site.with_login(key, "anna", "old"));
        let failure = session.latest(&image(reference)).await.unwrap_err();
        assert_eq!(want, words(&failure));
    }
}

#[tokio::test]
async fn a_used_up_quota_is_a_reason_to_log_in_and_a_block_page_is_none() {
    let site = Site::new();
    site.net.login("docker.io", "anna", "secret");
    site.net.fault(
        at("registry-1.docker.io").only(Kind::Manifest),
        Fault::Quota,
    );
    let options = site.with_login(HUB_KEY, "anna", "secret");
    site.session_with(options.clone())
        .latest(&image(JOBS_MANAGER))
        .await
        .unwrap();
    assert_eq!(vec!["GET auth.docker.io/token"], logins(&site));

    let site = Site::new();
    site.net.fault("registry-1.docker.io", Fault::BlockPage403);
    let failure = site
        .session_with(options)
        .latest(&image(JOBS_MANAGER))
        .await
        .unwrap_err();
    assert_eq!(Some(Code::NotARegistry), failure.code);
    assert_eq!(Vec::<String>::new(), logins(&site));
}

#[tokio::test]
async fn a_registry_that_wants_a_login_every_time_gets_it() {
    let site = Site::new();
    site.net.add(Registry::basic("registry.acme.example"));
    site.net.login("registry.acme.example", "anna", "secret");
    let pushed = site
        .net
        .push("registry.acme.example/app:1", Index::of(["linux/amd64"]));
    let app = image("registry.acme.example/app:1");
    let failure = site.session().latest(&app).await.unwrap_err();
    assert_eq!(
        "registry.acme.example: asks for a login",
        failure.to_string()
    );

    let session = site.session_with(site.with_login("registry.acme.example", "anna", "secret"));
    assert_eq!(digest(&pushed), session.latest(&app).await.unwrap().digest);
    session.manifest(&app, &digest(&pushed)).await.unwrap();
}
