//! Secrets: passwords of proxies, tokens, logins and signatures appear in no answer and at no level of the log.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::world::sim::api::TOKEN;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::{G1, G10};
use crate::world::sim::release::Proxy;
use crate::world::sim::release::scenarios::silent_g1;

/// The password of the proxy that the chart's values name.
const PASSWORD: &str = "s3cr3t-of-the-proxy";

fn with_proxy(values: &mut Values) {
    values.proxy = Some(Proxy {
        host: "proxy.acme.example".to_owned(),
        port: Some(3128),
        login: Some(("edge".to_owned(), PASSWORD.to_owned())),
        no_proxy: None,
    });
    values
        .env
        .push(("HTTP_PROXY_PASSWORD".to_owned(), PASSWORD.to_owned()));
}

/// Every form of the answer, and the log at its most talkative.
const FORMS: [&[&str]; 6] = [
    &["-o", "wide", "-v", "6"],
    &["-o", "table", "-v", "7"],
    &["-o", "json", "-v", "8"],
    &["-o", "yaml", "-v", "9"],
    &["-o", "short", "-v", "99"],
    &["--no-trunc", "--exit-code"],
];

/// Holds that no form of the answer has a secret of the site, or one of these, in it.
fn assert_kept(site: &Site, more: &[&str], plugin: impl Fn(&[&str]) -> Plugin) {
    let outputs: Vec<_> = FORMS
        .iter()
        .map(|form| (form, plugin(form).output()))
        .collect();
    let mut secrets = site.internet.secrets();
    secrets.extend(
        [TOKEN, PASSWORD]
            .iter()
            .chain(more)
            .map(|secret| (*secret).to_owned()),
    );
    for (form, output) in &outputs {
        assert!(
            !output.stdout.is_empty() || !output.stderr.is_empty(),
            "{form:?}"
        );
        for secret in &secrets {
            let told = [&output.stdout, &output.stderr]
                .into_iter()
                .find(|stream| stream.contains(secret.as_str()));
            assert!(
                told.is_none(),
                "{form:?} tells {secret:?}:\n{}",
                told.unwrap()
            );
        }
    }
}

#[test]
fn a_proxys_password_in_the_chart_is_not_told() {
    let site = site_with(G10, with_proxy);
    assert_kept(&site, &[], |form| status(&site, form));
}

#[test]
fn a_body_that_begins_with_a_password_is_not_told_either() {
    // The first 1024 characters of an answer are shown at level 8: a small object has its environment there.
    let site = site_with(G10, with_proxy);
    for kind in ["CronJob", "Deployment", "Pod", "Job"] {
        let objects = site.cluster.store(|store| store.everything());
        for object in objects.iter().filter(|object| object["kind"] == kind) {
            let mut small = (**object).clone();
            let metadata = small["metadata"].as_object_mut().unwrap();
            metadata.remove("managedFields");
            metadata.remove("annotations");
            let at = crate::world::sim::api::store::At::of(object);
            site.cluster
                .store(|store| store.edit(&at, |object| *object = small.clone()));
        }
    }
    assert_kept(&site, &[], |form| status(&site, form));
}

#[test]
fn the_proxy_of_this_machine_keeps_its_password() {
    let site = site_with(G10, with_proxy);
    let login = site.internet.proxy_url_with_login();
    for fault in [None, Some(Fault::Proxy403), Some(Fault::Proxy502)] {
        site.internet.heal("*");
        if let Some(fault) = fault {
            site.internet.fault("*", fault);
        }
        assert_kept(&site, &[], |form| {
            status(&site, form).env("HTTPS_PROXY", &login)
        });
    }
}

#[test]
fn tokens_logins_and_signatures_are_not_told() {
    let site = stocked(|stock| {
        let mut scene = silent_g1(stock.latest, stock.old_ingestor, stock.now);
        scene.logs.clear();
        scene.objects.retain(|object| {
            !text(&object["metadata"]["name"]).starts_with("berlin-image-refresh-29678992-")
        });
        scene
    });
    site.internet.hide("ghcr.io/tracebloc/ingestor");
    site.internet.login("ghcr.io", "anna", "hunter2");
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("config.json"),
        r#"{"auths":{"ghcr.io":{"auth":"YW5uYTpodW50ZXIy"}}}"#,
    )
    .unwrap();
    let look = |form: &[&str]| {
        status(&site, form)
            .args(["--no-cache"])
            .env("DOCKER_CONFIG", folder.path())
    };
    assert_kept(&site, &["hunter2", "YW5uYTpodW50ZXIy"], look);
    // The signed address was really used.
    let log = site.internet.log();
    assert!(
        log.iter()
            .any(|seen| seen.host == "pkg-containers.githubusercontent.com"),
        "{log:#?}"
    );
    site.internet
        .fault("pkg-containers.githubusercontent.com", Fault::Status(403));
    assert_kept(&site, &["hunter2", "YW5uYTpodW50ZXIy"], look);
}

#[test]
fn an_ingestor_that_is_silent_in_the_first_generation_still_is() {
    // The site above has what it takes: without the log, the config of the latest is fetched.
    let site = stocked(|stock| silent_g1(stock.latest, stock.old_ingestor, stock.now));
    assert_eq!(
        document(&site, &[])["chart"]["generation"],
        format!("{G1:?}")
    );
}
