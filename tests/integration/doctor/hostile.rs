//! Text from outside that would steer a terminal, and secrets: neither gets out.

use super::*;
use crate::world::sim::api::TOKEN;
use crate::world::sim::registries::fault::{ESCAPES, Fault};
use crate::world::sim::release::Generation::G10;

/// Every form of the answer.
const FORMS: [&[&str]; 8] = [
    &[],
    &["-o", "wide", "-v", "8"],
    &["-o", "short", "-v", "99"],
    &["-o", "json"],
    &["-o", "yaml"],
    &["--color", "always"],
    &["--allowlist"],
    &["--print-rbac"],
];

fn assert_harmless(site: &Site) {
    for form in FORMS {
        let output = doctor(site, form).output();
        assert!(
            matches!(output.code, Some(0 | 3 | 5)),
            "{form:?}: {output:?}"
        );
        assert_clean(&output);
        assert!(!output.stderr.contains("panicked"), "{form:?}: {output:?}");
    }
}

#[test]
fn what_a_registry_a_proxy_and_a_block_page_say_steers_nothing() {
    for (host, fault) in [
        ("ghcr.io", Fault::Escapes),
        ("auth.docker.io", Fault::Escapes),
        ("*", Fault::BlockPage),
        (
            "*",
            Fault::Redirect(format!("https://evil.example/{ESCAPES}")),
        ),
    ] {
        let site = healthy_site(G10);
        site.internet.fault(host, fault);
        assert_harmless(&site);
    }
}

#[test]
fn what_a_cluster_says_steers_nothing() {
    let site = altered_site(G10, |scene| {
        let policy = serde_json::json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": "deny", "namespace": NS },
            "spec": { "podSelector": {}, "policyTypes": ["Egress"],
                "egress": [{ "to": [{ "ipBlock": { "cidr": format!("10.0.0.0/8{ESCAPES}") } }] }] },
        });
        scene.objects.push(policy);
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        manager["metadata"]["annotations"]["tracebloc.io/ingestor-refresh-last-error"] =
            ESCAPES.into();
        for object in &mut scene.objects {
            if object["kind"] == "Node" {
                object["status"]["nodeInfo"]["architecture"] = ESCAPES.into();
            }
        }
        let cron_job = scene.object_mut("CronJob", NS, "berlin-image-refresh");
        cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"] =
            ESCAPES.into();
    });
    assert_harmless(&site);
}

#[test]
fn no_secret_is_told() {
    let site = healthy_site(G10);
    let login = site.internet.proxy_url_with_login();
    for fault in [None, Some(Fault::Proxy407), Some(Fault::Proxy502)] {
        site.internet.heal("*");
        if let Some(fault) = fault {
            site.internet.fault("*", fault);
        }
        for form in FORMS {
            let output = doctor(&site, form).env("HTTPS_PROXY", &login).output();
            let mut secrets = site.internet.secrets();
            secrets.push(TOKEN.to_owned());
            for secret in secrets {
                for stream in [&output.stdout, &output.stderr] {
                    assert!(
                        !stream.contains(&secret),
                        "{form:?} tells {secret:?}: {stream}"
                    );
                }
            }
        }
    }
}
