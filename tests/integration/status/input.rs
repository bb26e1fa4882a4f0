//! Objects that are not as the chart makes them.

use std::time::Duration;

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::store::{At, Store};
use crate::world::sim::api::write::{Commit, Dependents};
use crate::world::sim::release::Generation::{G2, G10};
use crate::world::sim::release::scenarios::silent_g1;
use crate::world::sim::release::{set_env, set_env_from, take_containers};

fn tick_template(scene: &mut Scene) -> &mut Value {
    &mut scene.object_mut("CronJob", NS, "berlin-image-refresh")["spec"]["jobTemplate"]["spec"]["template"]
}

fn manager_template(scene: &mut Scene) -> &mut Value {
    &mut scene.object_mut("Deployment", NS, "berlin-jobs-manager")["spec"]["template"]
}

#[test]
fn an_ingestor_set_from_elsewhere_is_held_and_not_compared() {
    let site = altered_site(G2, |scene| {
        set_env_from(manager_template(scene), "api", "INGESTOR_IMAGE_DIGEST");
    });
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "ingestor"), ["held"]);
    let ingestor = image(&seen, "ingestor");
    assert_eq!(
        ingestor["held"],
        "set by values (env.INGESTOR_IMAGE_DIGEST)"
    );
    assert_eq!(ingestor["digests"]["spec"], Value::Null);
    assert!(
        text(&ingestor["reasons"]["digests.spec"]).contains("valueFrom"),
        "{ingestor:#}"
    );
}

#[test]
fn an_ingestor_set_to_nothing_is_broken() {
    let site = stocked(|stock| {
        let release = Release::new(G2);
        let mut scene = healthy(&release, stock.latest, stock.now);
        set_env(
            manager_template(&mut scene),
            "api",
            "INGESTOR_IMAGE_DIGEST",
            "",
        );
        for object in &mut scene.objects {
            if object["kind"] == "Pod"
                && text(&object["metadata"]["name"]).starts_with("berlin-jobs-manager")
            {
                let mut template = json!({ "spec": object["spec"] });
                set_env(&mut template, "api", "INGESTOR_IMAGE_DIGEST", "");
                object["spec"] = template["spec"].take();
            }
        }
        scene
    });
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "ingestor")[0], "broken");
    assert_eq!(image(&seen, "ingestor")["inUse"]["form"], "none");
    assert!(
        message(&seen, "TBI-409").contains("answers 503"),
        "{:?}",
        findings(&seen)
    );
    assert_eq!(seen["summary"]["exitCode"], 3);
}

#[test]
fn an_ingestor_that_is_no_digest_is_unknown() {
    for value in [
        "latest",
        "sha256:short",
        "ghcr.io/tracebloc/ingestor@sha256:",
        "\u{1b}[31m",
    ] {
        let site = altered_site(G2, |scene| {
            set_env(
                manager_template(scene),
                "api",
                "INGESTOR_IMAGE_DIGEST",
                value,
            );
        });
        let output = status(&site, &[]).output();
        assert_eq!(
            (output.code, output.stderr.as_str()),
            (Some(0), ""),
            "{value:?}"
        );
        assert_clean(&output);
        let seen = document(&site, &[]);
        assert_eq!(states(&seen, "ingestor"), ["unknown"], "{value:?}");
        assert_eq!(seen["summary"]["exitCode"], 5, "{value:?}");
        assert!(
            image(&seen, "ingestor")["reasons"]["digests.spec"].is_string(),
            "{value:?}"
        );
    }
}

/// Those that choose no image, no limit and no mirror: what they hold is known from elsewhere, or matters to a run alone.
const READ_OTHERWISE: [&str; 6] = [
    "HOME",
    "RELEASE_NAME",
    "RELEASE_NAMESPACE",
    "DEPLOYMENT_NAME",
    "DEPLOYMENT_CONTAINER",
    "ROLLOUT_TIMEOUT",
];

#[test]
fn a_setting_from_elsewhere_is_named_where_it_decides_and_is_no_guess() {
    for generation in [G2, G10] {
        let mut scene = healthy(
            &Release::new(generation),
            &crate::world::sim::site::before(),
            Timestamp::UNIX_EPOCH,
        );
        let container = &tick_template(&mut scene)["spec"]["containers"][0];
        let names: Vec<_> = items(&container["env"])
            .iter()
            .map(|entry| text(&entry["name"]).to_owned())
            .collect();
        assert!(names.len() > 6, "{names:?}");
        for name in names {
            let site = altered_site(generation, |scene| {
                set_env_from(tick_template(scene), "refresh", &name);
            });
            let seen = document(&site, &[]);
            assert_eq!(seen["metadata"]["name"], "berlin", "{name}");
            let why = format!("{name} is set by valueFrom");
            let is_said = items(&seen["incomplete"])
                .iter()
                .any(|one| text(&one["reason"]) == why);
            let is_otherwise = READ_OTHERWISE.contains(&name.as_str());
            assert_eq!(!is_otherwise, is_said, "{name}: {:#}", seen["incomplete"]);
            // The spec tells where the images come from.
            for image in items(&seen["images"]) {
                let states = image["states"].to_string();
                assert!(!states.contains("mirrored"), "{name}: {image:#}");
            }
            let exit = if is_said { 5 } else { 0 };
            assert_eq!(seen["summary"]["exitCode"], exit, "{name}");
        }
    }
}

#[test]
fn a_limit_from_elsewhere_neither_fires_nor_never_fires() {
    let site = altered_site(G2, |scene| {
        let name = "INGESTOR_RESOLVE_FAIL_THRESHOLD";
        set_env_from(tick_template(scene), "refresh", name);
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        manager["metadata"]["annotations"]["tracebloc.io/ingestor-refresh-consecutive-failures"] =
            json!("7");
    });
    let seen = document(&site, &[]);
    let streak = &seen["streaks"][0];
    assert_eq!(
        (&streak["count"], &streak["limit"]),
        (&json!(7), &Value::Null)
    );
    let why = "INGESTOR_RESOLVE_FAIL_THRESHOLD is set by valueFrom";
    assert_eq!(streak["reasons"]["limit"], why);
    let page = status(&site, &[]).output().stdout;
    assert!(page.contains("7/?"), "{page}");
    assert!(!page.contains("never fires"), "{page}");
    assert!(page.contains("from how many on"), "{page}");
}

#[test]
fn settings_without_a_value_are_the_scripts_defaults() {
    let site = altered_site(G10, |scene| {
        for name in [
            "IMAGE_TAG",
            "MAX_REFRESH_ATTEMPTS",
            "MAX_SKIP_TICKS",
            "ROLLOUT_TIMEOUT",
        ] {
            set_env(tick_template(scene), "refresh", name, "");
        }
    });
    let seen = document(&site, &[]);
    assert_eq!(seen["summary"]["state"], "current");
    assert_eq!(image(&seen, "jobs-manager")["tracks"]["tag"], "prod");
    let limits: Vec<_> = items(&seen["streaks"])
        .iter()
        .map(|streak| &streak["limit"])
        .collect();
    assert_eq!(limits, [3, 8]);
}

#[test]
fn a_cron_job_without_containers_is_no_refresher() {
    let site = altered_site(G10, |scene| take_containers(tick_template(scene)));
    let seen = document(&site, &[]);
    assert_eq!(seen["chart"]["cronJobAbsence"], "noContainer");
    assert_eq!(seen["refreshJob"], Value::Null);
    // Whether anybody moves them is not known: their digests are no pins.
    assert_eq!(states(&seen, "jobs-manager"), ["unknown"]);
    let why = "the CronJob has no container to read";
    let gaps = items(&seen["incomplete"]);
    assert!(gaps.iter().any(|gap| gap["reason"] == why), "{gaps:#?}");
    assert_eq!(seen["summary"]["exitCode"], 5);
}

#[test]
fn a_deployment_without_containers_hides_its_images_and_nothing_else() {
    let site = altered_site(G10, |scene| take_containers(manager_template(scene)));
    let seen = document(&site, &[]);
    for name in ["jobs-manager", "pods-monitor"] {
        assert!(!states(&seen, name).contains(&"current"), "{name}");
    }
    assert_eq!(states(&seen, "resource-monitor"), ["current"]);
}

#[test]
fn a_deployment_that_is_gone_is_said_to_be() {
    let site = altered_site(G10, |scene| {
        scene
            .objects
            .retain(|object| object["metadata"]["name"] != "berlin-jobs-manager");
    });
    let seen = document(&site, &["--exit-code"].map(|_| "--no-trunc"));
    assert_eq!(states(&seen, "jobs-manager"), ["unknown"]);
    assert_eq!(
        states(&seen, "resource-monitor"),
        ["unknown"],
        "without its record"
    );
    let why = text(&image(&seen, "jobs-manager")["reasons"]["digests.spec"]);
    assert_eq!(why, "deployment \"berlin-jobs-manager\" is not there");
    assert_eq!(seen["summary"]["exitCode"], 5);
    assert_eq!(seen["annotations"], Value::Null);
    let counts: Vec<_> = items(&seen["streaks"])
        .iter()
        .map(|streak| &streak["count"])
        .collect();
    assert_eq!(
        counts,
        [&Value::Null, &Value::Null],
        "what cannot be read is not zero"
    );
}

/// Somebody deletes it, and everything that it owns.
fn gone(kind: &str, namespace: &str, name: &str) -> impl Fn(&mut Store) + use<> {
    let at = At::new(kind, namespace, name);
    move |store: &mut Store| {
        let _ = store.delete(&at, &json!({}), Dependents::Deleted, Commit::Stored);
    }
}

#[test]
fn a_deployment_that_goes_between_two_questions_leaves_the_rest_of_the_screen() {
    let later = Act::Delay(Duration::from_millis(300));
    // Before it could be listed, and after.
    for (first, second) in [
        ("/cronjobs?", "/deployments?"),
        ("/deployments?", "/replicasets?"),
    ] {
        let site = healthy_site(G10);
        let manager = gone("Deployment", NS, "berlin-jobs-manager");
        site.cluster
            .fault(Fault::on("GET", second).does(later.clone()));
        site.cluster
            .fault(Fault::on("GET", "/pods?").does(later.clone()));
        site.cluster.fault(Fault::on("GET", first).then(manager));
        let output = incomplete(status(&site, &["-o", "json", "--exit-code"]), first);
        let seen: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_promised(&seen);
        let jobs_manager = image(&seen, "jobs-manager");
        assert_eq!(jobs_manager["states"], json!(["unknown"]), "{first}");
        assert_ne!(text(&jobs_manager["unknown"]), "", "{first}");
        assert_eq!(
            seen["refreshJob"]["lastSuccess"], "2026-06-06T09:52:41Z",
            "{first}"
        );
        assert_ne!(
            image(&seen, "resource-monitor")["digests"]["running"],
            Value::Null,
            "{first}"
        );
    }
}

#[test]
fn what_is_deleted_between_two_questions_is_gone_and_no_error() {
    let site = healthy_site(G10);
    let monitor = gone(
        "DaemonSet",
        "tracebloc-node-agents",
        "berlin-resource-monitor",
    );
    site.cluster.fault(Fault::on("GET", "/jobs?").then(monitor));
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "resource-monitor"), ["unknown"]);
    assert_eq!(states(&seen, "jobs-manager"), ["current"]);

    let site = healthy_site(G10);
    let job = gone("Job", NS, "berlin-image-refresh-29678992");
    site.cluster
        .fault(Fault::on("GET", "/daemonsets/").then(job));
    let later = Act::Delay(Duration::from_millis(300));
    site.cluster.fault(Fault::on("GET", "/log?").does(later));
    let seen = document(&site, &[]);
    assert_eq!(seen["summary"]["state"], "current");
}

#[test]
fn what_the_kubelet_says_in_place_of_a_log_is_no_log() {
    for (said, quoted) in [
        (
            "unable to retrieve container logs for containerd://4f",
            "unable to retrieve",
        ),
        ("<html>\u{1b}[2JLog in</html>", "<html> [2JLog in</html>"),
        ("", "\"\""),
    ] {
        let site = stocked(|stock| {
            let mut scene = silent_g1(stock.latest, stock.old_ingestor, stock.now);
            for log in &mut scene.logs {
                said.clone_into(&mut log.text);
            }
            scene
        });
        let output = status(&site, &[]).output();
        assert_clean(&output);
        assert!(
            output.stdout.contains("cluster  ? log: what came is not"),
            "{}",
            output.stdout
        );
        let seen = document(&site, &[]);
        let unseen = items(&seen["incomplete"]);
        assert_eq!(unseen.len(), 1, "{unseen:#?}");
        assert!(text(&unseen[0]["reason"]).contains(quoted), "{unseen:#?}");
        // The age of what nobody followed gives the silence away all the same.
        assert!(
            message(&seen, "TBI-310").contains("was built 3d2h ago"),
            "{said}"
        );
    }
}
