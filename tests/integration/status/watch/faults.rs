//! Watches that end: at once, in the middle, too old, without a login. Nothing that happened meanwhile is missed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::kubeconfig::Login;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::{TOKEN, USER};

const WATCHES: &str = "watch=true";

/// Watches on, and holds that a change is seen.
fn assert_seen(site: &Site, watch: &Watch, suspended: bool) {
    suspend(site, suspended);
    let want = if suspended { "frozen" } else { "current" };
    let seen = watch.document();
    assert_eq!(seen["summary"]["state"], want);
}

#[test]
fn watches_that_end_at_once_are_begun_again_and_not_in_haste() {
    let site = healthy_site(G10);
    let ends = Fault::on("GET", WATCHES).times(12);
    site.cluster.fault(ends.sends(200, "application/json", ""));
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    assert_seen(&site, &watch, true);
    // Six kinds: each ended twice, with a second between, and stands since.
    let begun = site.cluster.count("GET", WATCHES);
    assert!((13..=20).contains(&begun), "{begun}");
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn watches_that_are_cut_are_begun_again() {
    let site = healthy_site(G10);
    site.cluster
        .fault(Fault::on("GET", WATCHES).times(6).does(Act::Truncate));
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    assert_seen(&site, &watch, true);
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn a_version_that_is_too_old_begins_anew() {
    for refused in [false, true] {
        let site = healthy_site(G10);
        if refused {
            let expired = Refusal::expired("too old resource version: 1 (9)".to_owned());
            site.cluster
                .fault(Fault::on("GET", WATCHES).times(6).refuses(&expired));
        }
        let watch = Watch::start(&site, &["-o", "json"]);
        watch.document();
        assert_seen(&site, &watch, true);
        let at = At::new("CronJob", NS, "berlin-image-refresh");
        site.cluster.store(|store| {
            store.edit(&at, |cron_job| cron_job["spec"]["suspend"] = false.into());
            store.compact();
        });
        assert_eq!(watch.document()["summary"]["state"], "current");
        assert_eq!(watch.end("INT"), (Some(130), String::new()));
    }
}

#[test]
fn a_login_that_ends_is_renewed_by_its_plugin() {
    let site = healthy_site(G10);
    let folder = tempfile::TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, TOKEN).unwrap();
    let plugin = folder.path().join("plugin");
    let body = format!(
        "#!/bin/sh\nprintf '{{\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"%s\"}}}}' \"$(/bin/cat {})\"\n",
        token.display()
    );
    fs::write(&plugin, body).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let login = Login::Exec(vec![plugin.display().to_string()]);
    let context = site.cluster.context("edge").namespace(NS).login(login);
    let run = status(&site, &["--watch", "-o", "json"]);
    let config = site.cluster.write_kubeconfig(&[context]);
    let watch = Watch::of(run.env("KUBECONFIG", config));
    watch.document();
    fs::write(&token, "another-token").unwrap();
    site.cluster.revoke_tokens();
    site.cluster.admit("another-token", USER);
    assert_seen(&site, &watch, true);
    assert_eq!(watch.end("INT"), (Some(130), String::new()));
}

#[test]
fn a_login_that_nobody_renews_is_said_and_looked_for_again() {
    let site = healthy_site(G10);
    let watch = Watch::start(&site, &["-o", "json"]);
    watch.document();
    let unauthorized = Refusal::unauthorized();
    let lists = Fault::on("GET", "/cronjobs?&labelSelector=").times(1);
    site.cluster.fault(lists.refuses(&unauthorized));
    suspend(&site, true);
    assert_eq!(watch.document()["summary"]["state"], "frozen");
    let (code, stderr) = watch.end("INT");
    assert_eq!(code, Some(130));
    assert_eq!(
        stderr,
        "error: list cronjobs in namespace \"tracebloc\": Unauthorized\n\
         hint: log in again, then check with: kubectl auth whoami\n"
    );
}
