//! Text from outside that would steer a terminal: none of it arrives there, and JSON loses none of it.

use super::*;
use crate::world::sim::registries::fault::ESCAPES;
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::scenarios::{incident_g2, not_pulled_g10};

/// Every form of the answer.
const FORMS: [&[&str]; 8] = [
    &[],
    &["-o", "wide"],
    &["-o", "short"],
    &["-o", "json"],
    &["-o", "yaml"],
    &["--no-trunc"],
    &["--color", "always"],
    &["-v", "8"],
];

/// Runs every form, holds them to be clean, and returns what JSON says.
fn assert_harmless(what: &str, site: &Site) -> Value {
    for form in FORMS {
        let output = status(site, form).output();
        assert!(
            matches!(output.code, Some(0 | 1)),
            "{what} {form:?}: {output:?}"
        );
        assert_clean(&output);
        assert!(
            !output.stderr.contains("panicked"),
            "{what} {form:?}: {output:?}"
        );
    }
    let output = status(site, &["-o", "json"]).output();
    serde_json::from_str(&output.stdout).unwrap_or_default()
}

fn poison(value: &mut Value) {
    *value = format!("{}{ESCAPES}", text(value)).into();
}

#[test]
fn annotations_logs_reasons_and_names_steer_nothing() {
    let site = stocked(|stock| {
        let mut scene = incident_g2(stock.latest, stock.old_ingestor, stock.now);
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        let annotations = &mut manager["metadata"]["annotations"];
        poison(&mut annotations["tracebloc.io/ingestor-refresh-last-error"]);
        annotations[format!("tracebloc.io/{ESCAPES}")] = ESCAPES.into();
        let cron_job = scene.object_mut("CronJob", NS, "berlin-image-refresh");
        poison(&mut cron_job["metadata"]["labels"]["helm.sh/chart"]);
        poison(&mut cron_job["spec"]["schedule"]);
        cron_job["spec"]["timeZone"] = ESCAPES.into();
        for object in &mut scene.objects {
            match text(&object["kind"]) {
                "Job" => poison(&mut object["status"]["conditions"][1]["reason"]),
                "Node" => poison(&mut object["status"]["nodeInfo"]["architecture"]),
                _ => {}
            }
        }
        for log in &mut scene.logs {
            log.text = format!(
                "{ESCAPES}\n[image-refresh] {ESCAPES}\n{}[image-refresh] {ESCAPES}",
                log.text
            );
        }
        scene
    });
    let seen = assert_harmless("a poisoned incident", &site);
    let error = text(&seen["annotations"]["tracebloc.io/ingestor-refresh-last-error"]);
    assert!(error.ends_with(ESCAPES), "{error:?}");
}

#[test]
fn what_the_kubelet_and_the_controllers_say_steers_nothing() {
    let site = stocked(|stock| {
        let mut scene = not_pulled_g10(stock.latest, stock.before, stock.now);
        for object in &mut scene.objects {
            if object["kind"] == "Pod" {
                let waiting = &mut object["status"]["containerStatuses"][0]["state"]["waiting"];
                if waiting.is_object() {
                    poison(&mut waiting["reason"]);
                    poison(&mut waiting["message"]);
                }
                for status in object["status"]["containerStatuses"]
                    .as_array_mut()
                    .unwrap()
                {
                    poison(&mut status["imageID"]);
                }
            }
            if object["kind"] == "Deployment" {
                for condition in object["status"]["conditions"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    poison(&mut condition["reason"]);
                    poison(&mut condition["message"]);
                }
            }
        }
        scene
    });
    assert_harmless("a poisoned kubelet", &site);
}

#[test]
fn environments_and_images_steer_nothing() {
    for name in [
        "IMAGE_TAG",
        "RELEASE_NAME",
        "DEPLOYMENT_NAME",
        "IMAGE_REGISTRY",
        "MAX_SKIP_TICKS",
        "NODE_AGENTS_NAMESPACE",
        "RESOURCE_MONITOR_DAEMONSET",
    ] {
        let site = altered_site(G10, |scene| {
            let cron_job = scene.object_mut("CronJob", NS, "berlin-image-refresh");
            let env = &mut cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
                [0]["env"];
            let entries = env.as_array_mut().unwrap();
            let entry = entries
                .iter_mut()
                .find(|entry| entry["name"] == name)
                .unwrap();
            poison(&mut entry["value"]);
        });
        for form in [&["-o", "wide"][..], &["-o", "json"], &["-v", "8"]] {
            let output = status(&site, form).output();
            assert!(
                matches!(output.code, Some(0 | 1)),
                "{name} {form:?}: {output:?}"
            );
            assert_clean(&output);
        }
    }
    let site = altered_site(G2, |scene| {
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        poison(&mut manager["spec"]["template"]["spec"]["containers"][0]["image"]);
        poison(&mut manager["spec"]["template"]["spec"]["containers"][1]["imagePullPolicy"]);
    });
    assert_harmless("a poisoned image", &site);
}

#[test]
fn what_a_registry_says_steers_nothing() {
    use crate::world::sim::registries::fault::Fault;
    let site = healthy_site(G2);
    site.internet.fault("ghcr.io", Fault::Escapes);
    let seen = assert_harmless("a poisoned registry", &site);
    assert_eq!(states(&seen, "ingestor"), ["unknown"]);
}

#[test]
fn what_an_api_server_says_steers_nothing() {
    use crate::world::sim::api::faults::Fault;
    use crate::world::sim::api::refusal::Refusal;
    let site = healthy_site(G10);
    site.cluster
        .fault(Fault::on("GET", "/cronjobs").refuses(&Refusal::new(403, "Forbidden", ESCAPES)));
    for form in FORMS {
        let output = status(&site, form).output();
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (Some(1), ""),
            "{form:?}"
        );
        assert_clean(&output);
    }
    site.cluster.heal();
    site.cluster
        .fault(Fault::on("GET", "/nodes").sends(500, "text/html", ESCAPES));
    assert_harmless("a poisoned answer", &site);
}

#[test]
fn our_own_colours_are_told_from_foreign_ones() {
    assert_eq!(without_colours("\u{1b}[1;31mred\u{1b}[0m"), "red");
    for foreign in [
        "\u{1b}[2J",
        "\u{1b}]0;owned\u{7}",
        "\u{9b}31m",
        "\u{202e}",
        "\r",
        "\u{1b}[1A",
    ] {
        let output = Output {
            code: Some(0),
            stdout: foreign.to_owned(),
            stderr: String::new(),
        };
        assert!(
            std::panic::catch_unwind(|| assert_clean(&output)).is_err(),
            "{foreign:?}"
        );
    }
}
