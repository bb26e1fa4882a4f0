//! What is kept between two looks, and the flags that say whom to ask.

use std::fs;

use tempfile::TempDir;

use super::*;

/// The requests that one `status` with these words sends to registries.
fn sent(site: &Site, args: &[&str]) -> Vec<String> {
    let before = site.internet.log().len();
    document(site, args);
    site.internet.log()[before..]
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// How many of them fetch content.
fn fetched(requests: &[String]) -> usize {
    requests
        .iter()
        .filter(|request| request.starts_with("GET") && request.contains("/manifests/sha256:"))
        .count()
}

#[test]
fn a_second_look_fetches_no_content_again() {
    let site = healthy_site(Generation::G10);
    let first = sent(&site, &[]);
    assert_eq!(fetched(&first), 5, "{first:#?}");
    let second = sent(&site, &[]);
    assert_eq!(fetched(&second), 0, "{second:#?}");
    let heads = |requests: &[String]| {
        requests
            .iter()
            .filter(|request| request.starts_with("HEAD"))
            .count()
    };
    assert_eq!((heads(&first), heads(&second)), (4, 4));
}

#[test]
fn a_second_look_says_the_same_as_the_first() {
    let site = healthy_site(Generation::G10);
    let [first, second] = [(); 2].map(|()| {
        let mut seen = document(&site, &[]);
        seen["lookup"]["tookMs"] = 0.into();
        for way in seen["egress"].as_array_mut().unwrap() {
            way["workstation"]["latencyMs"] = 0.into();
        }
        seen
    });
    assert_eq!(second, first);
}

#[test]
fn without_the_cache_nothing_is_kept_and_nothing_is_taken() {
    let site = healthy_site(Generation::G10);
    let first = sent(&site, &["--no-cache"]);
    let second = sent(&site, &["--no-cache"]);
    assert_eq!((fetched(&first), fetched(&second)), (5, 5));
    let home = site
        .env()
        .into_iter()
        .find(|(name, _)| *name == "HOME")
        .unwrap()
        .1;
    assert!(!fs::exists(format!("{home}/.cache")).unwrap());
    sent(&site, &[]);
    let third = sent(&site, &["--no-cache"]);
    assert_eq!(fetched(&third), 5);
}

#[test]
fn a_cache_that_cannot_be_written_is_no_trouble() {
    let site = healthy_site(Generation::G10);
    let plugin = status(&site, &["-o", "json"]).env("XDG_CACHE_HOME", "/dev/null/nowhere");
    let output = plugin.output();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    let seen: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(seen["summary"]["state"], "current");
}

#[test]
fn offline_nothing_is_sent_and_nothing_is_called_current() {
    for flag in ["--offline", "--from=none"] {
        let site = healthy_site(Generation::G10);
        let seen = document(&site, &[flag]);
        assert_eq!(
            (site.internet.log().len(), site.internet.tunnels().len()),
            (0, 0),
            "{flag}"
        );
        for name in ["jobs-manager", "pods-monitor", "resource-monitor"] {
            assert_eq!(states(&seen, name), ["unknown"], "{flag}");
            let why = &image(&seen, name)["reasons"]["digests.latest"];
            assert!(text(why).contains(&format!("not asked ({flag})")), "{why}");
        }
        assert_eq!(seen["summary"]["exitCode"], 5, "{flag}");
        assert_eq!(
            items(&seen["egress"])[0]["workstation"],
            Value::Null,
            "{flag}"
        );
    }
}

#[test]
fn a_stored_login_is_used_only_where_nobody_is_refused_and_never_when_anonymous() {
    let site = healthy_site(Generation::G2);
    site.internet.hide("ghcr.io/tracebloc/ingestor");
    site.internet.login("ghcr.io", "anna", "hunter2");
    let folder = TempDir::new().unwrap();
    // anna:hunter2
    let config = r#"{"auths":{"ghcr.io":{"auth":"YW5uYTpodW50ZXIy"}}}"#;
    fs::write(folder.path().join("config.json"), config).unwrap();
    let look = |args: &[&str]| -> Value {
        let plugin = status(&site, args)
            .args(["-o", "json", "--no-cache"])
            .env("DOCKER_CONFIG", folder.path());
        serde_json::from_str(&plugin.output().stdout).unwrap()
    };
    let logins = || {
        let log = site.internet.log();
        let basic = log.iter().filter(|seen| {
            seen.authorization()
                .is_some_and(|login| login.starts_with("Basic "))
        });
        basic.map(|seen| seen.host.clone()).collect::<Vec<_>>()
    };
    let anonymous = look(&["--anonymous"]);
    assert_eq!(states(&anonymous, "ingestor"), ["unknown"]);
    assert_eq!(states(&anonymous, "jobs-manager"), ["current"]);
    assert_eq!(logins(), Vec::<String>::new());
    let seen = look(&[]);
    assert_eq!(states(&seen, "ingestor"), ["current"]);
    assert_eq!(logins(), ["ghcr.io"]);
}
