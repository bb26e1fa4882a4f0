//! Servers that are not what they should be: broken aggregates, old API servers, gateways, liars.

use super::*;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::scenarios::incident_g2;

#[test]
fn an_aggregate_that_hangs_is_never_touched() {
    let site = healthy_site(G10);
    site.cluster.hang_aggregate("metrics.k8s.io");
    let seen = document(&site, &["--request-timeout", "5s"]);
    assert_eq!(seen["summary"]["state"], "current");
    let log = site.cluster.log();
    let discovery =
        |path: &str| path == "/api" || path == "/apis" || path.contains("metrics.k8s.io");
    let touched: Vec<_> = log
        .iter()
        .filter(|request| discovery(request.target.split('?').next().unwrap()))
        .collect();
    assert_eq!(touched.len(), 0, "{touched:?}");
}

/// What a server of 1.24 does not say (Kubernetes API changes up to 1.34).
fn as_in_1_24(scene: &mut Scene) {
    for object in &mut scene.objects {
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations.remove("batch.kubernetes.io/cronjob-scheduled-timestamp");
        }
        if object["kind"] == "Job" {
            let status = object["status"].as_object_mut().unwrap();
            status.remove("ready");
            status.remove("uncountedTerminatedPods");
            if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
                conditions.retain(|condition| {
                    !["SuccessCriteriaMet", "FailureTarget"].contains(&text(&condition["type"]))
                });
            }
            let selector = object["spec"]["selector"]["matchLabels"].as_object_mut();
            let uid =
                selector.and_then(|labels| labels.remove("batch.kubernetes.io/controller-uid"));
            object["spec"]["selector"]["matchLabels"]["controller-uid"] = uid.unwrap_or_default();
        }
        if object["kind"] == "Pod" {
            for list in ["containerStatuses", "initContainerStatuses"] {
                for status in object["status"][list].as_array_mut().into_iter().flatten() {
                    status.as_object_mut().unwrap().remove("started");
                }
            }
        }
    }
}

#[test]
fn an_api_server_of_1_24_tells_the_same() {
    let scene = |stock: &Stock| incident_g2(stock.latest, stock.old_ingestor, stock.now);
    let new = stocked(scene);
    let old = stocked(|stock| {
        let mut scene = scene(stock);
        as_in_1_24(&mut scene);
        scene
    });
    old.cluster.set_version("1.24.17");
    let [new, old] = [new, old].map(|site| document(&site, &[]));
    assert_eq!(facts(&old), facts(&new));
    assert_eq!(old["refreshJob"], new["refreshJob"]);
}

#[test]
fn a_block_page_is_shown_by_its_title() {
    let site = healthy_site(G2);
    site.internet.fault("ghcr.io", Fault::BlockPage);
    let table = page(&site, &[]);
    assert!(table.contains("Acme Web Gateway: access denied"), "{table}");
    assert!(!table.contains('<'), "no markup: {table}");
}

#[test]
fn a_foreign_realm_is_not_asked() {
    for realm in [
        "https://tokens.evil.example/token",
        "http://auth.docker.io/token",
        "https://127.0.0.1:1/token",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
    ] {
        let site = healthy_site(G2);
        site.internet.fault("*", Fault::Realm(realm.to_owned()));
        let seen = document(&site, &[]);
        // Where these two registries give their tokens is known without asking them.
        assert_eq!(states(&seen, "ingestor"), ["current"], "{realm}");
        assert_eq!(states(&seen, "jobs-manager"), ["current"], "{realm}");
        let known = [
            "registry-1.docker.io:443",
            "auth.docker.io:443",
            "ghcr.io:443",
        ];
        let strangers: Vec<_> = site
            .internet
            .tunnels()
            .into_iter()
            .map(|tunnel| tunnel.target)
            .filter(|target| !known.contains(&target.as_str()))
            .collect();
        assert_eq!(strangers, Vec::<String>::new(), "{realm}");
        let log = site.internet.log();
        let token = log.iter().filter(|seen| seen.scheme == "http");
        assert_eq!(token.count(), 0, "{realm}: nothing in clear");
    }
}

#[test]
fn a_redirect_of_a_tag_is_not_followed() {
    let site = healthy_site(G2);
    site.internet.fault(
        "ghcr.io",
        Fault::Redirect("https://auth.docker.io".to_owned()),
    );
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "ingestor"), ["unknown"]);
    let log = site.internet.log();
    let strays: Vec<_> = log
        .iter()
        .filter(|seen| seen.host == "auth.docker.io" && seen.path.contains("ingestor"))
        .collect();
    assert_eq!(strays.len(), 0);
}

#[test]
fn an_api_server_whose_clock_is_another_is_believed_about_its_own_times() {
    let site = healthy_site(G10);
    let seen = document(&site, &[]);
    assert_eq!(seen["metadata"]["observedAt"], crate::world::sim::site::NOW);
    let table = page(&site, &[]);
    assert!(table.contains("last ok 8m19s ago, next in 6m"), "{table}");
}
