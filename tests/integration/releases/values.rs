//! What the values change: pins, mirrors, credentials, the monitor, the neighbours.

use serde_json::json;

use super::*;

const DIGEST: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

type Change = fn(&mut Values);

fn pin_manager(values: &mut Values) {
    values.images.jobs_manager = Some(DIGEST.to_owned());
}

fn pin_monitor(values: &mut Values) {
    values.images.pods_monitor = Some(DIGEST.to_owned());
}

fn pin_both(values: &mut Values) {
    pin_manager(values);
    pin_monitor(values);
}

#[test]
fn the_refresher_disappears_with_its_last_image() {
    let off = |values: &mut Values| values.refresh.enabled = false;
    let no_ingestor = |values: &mut Values| {
        pin_both(values);
        values.images.ingestor.auto_refresh = false;
    };
    let pinned_resource_monitor = |values: &mut Values| {
        pin_both(values);
        values.images.resource_monitor = Some(DIGEST.to_owned());
    };
    let no_resource_monitor = |values: &mut Values| {
        pin_both(values);
        values.resource_monitor = false;
    };
    let rows: [(&str, Generation, Change, bool); 10] = [
        ("disabled", G10, off, false),
        ("one pin leaves the other image", G0, pin_manager, true),
        ("two pins are all there is", G0, pin_both, false),
        ("two pins are all there is again", G3, pin_both, false),
        ("two pins are all there is still", G7b, pin_both, false),
        ("the ingestor is left", G2, pin_both, true),
        (
            "the ingestor does not refresh either",
            G2,
            no_ingestor,
            false,
        ),
        ("the resource monitor is left", G8, pin_both, true),
        ("it is pinned too", G8, pinned_resource_monitor, false),
        ("it does not exist", G8, no_resource_monitor, false),
    ];
    for (what, generation, change, present) in rows {
        let objects = Release::with(generation, change).objects();
        for kind in [
            "CronJob",
            "ConfigMap",
            "ServiceAccount",
            "Role",
            "RoleBinding",
        ] {
            let found = find(&objects, kind, "berlin-image-refresh").is_some();
            assert_eq!(found, present, "{generation:?}, {what}: {kind}");
        }
    }
}

#[test]
fn without_a_refresher_the_unpinned_containers_pull_always() {
    let release = Release::with(G10, |values| {
        values.refresh.enabled = false;
        pin_monitor(values);
    });
    let objects = release.objects();
    assert_eq!(api(&objects)["imagePullPolicy"], "Always");
    let manager = get(&objects, "Deployment", "berlin-jobs-manager");
    let monitor = container(manager, "pods-monitor-container");
    assert_eq!(monitor["imagePullPolicy"], "IfNotPresent");
    assert_eq!(
        monitor["image"],
        format!("docker.io/tracebloc/pods-monitor@{DIGEST}")
    );
}

#[test]
fn a_pin_shows_in_the_environment_of_the_tick() {
    for (what, change, wanted) in [
        ("none", (|_| ()) as Change, ["0", "0", "0", "0"]),
        ("jobs-manager", pin_manager, ["1", "0", "0", "0"]),
        ("pods-monitor", pin_monitor, ["0", "1", "0", "0"]),
        (
            "resource-monitor",
            |values| values.images.resource_monitor = Some(DIGEST.to_owned()),
            ["0", "0", "1", "0"],
        ),
        (
            "requests-proxy",
            |values| values.images.requests_proxy = Some(DIGEST.to_owned()),
            ["0", "0", "0", "1"],
        ),
        (
            "an empty digest is none",
            |values| values.images.jobs_manager = Some(String::new()),
            ["0", "0", "0", "0"],
        ),
    ] {
        let objects = Release::with(G10, change).objects();
        let found = [
            "JOBS_MANAGER",
            "PODS_MONITOR",
            "RESOURCE_MONITOR",
            "REQUESTS_PROXY",
        ]
        .map(|image| env_values(tick(&objects), &format!("{image}_PINNED"))[0]);
        assert_eq!(found, wanted, "{what}");
    }
}

#[test]
fn requests_proxy_follows_the_pin_of_jobs_manager_only_lately() {
    let floating = "docker.io/tracebloc/jobs-manager:prod".to_owned();
    let pinned = format!("docker.io/tracebloc/jobs-manager@{DIGEST}");
    for (generation, image, policy) in [
        (G0, &floating, "Always"),
        (G7, &floating, "Always"),
        (G8, &pinned, "IfNotPresent"),
    ] {
        let objects = Release::with(generation, pin_manager).objects();
        let proxy = container(
            get(&objects, "Deployment", "berlin-requests-proxy"),
            "proxy",
        );
        assert_eq!(proxy["image"], image.as_str(), "{generation:?}");
        assert_eq!(proxy["imagePullPolicy"], policy, "{generation:?}");
    }
}

#[test]
fn a_mirror_moves_the_images_from_g5_on() {
    let mirrored = |values: &mut Values| values.mirror = Some("mirror.example/hub".to_owned());
    for generation in Generation::ALL {
        let objects = Release::with(generation, mirrored).objects();
        let knows = !matches!(generation, G0 | G1 | G2 | G2p | G3 | G4);
        let host = if knows {
            "mirror.example/hub"
        } else {
            "docker.io"
        };
        let image = format!("{host}/tracebloc/jobs-manager:prod");
        assert_eq!(api(&objects)["image"], image.as_str(), "{generation:?}");
        if knows {
            assert_eq!(
                tick(&objects)["image"],
                "mirror.example/hub/alpine/k8s:1.30.5"
            );
            assert_eq!(
                env_values(api(&objects), "JOB_IMAGE_HOST"),
                ["mirror.example/hub/"]
            );
            let ingestor = env_values(api(&objects), "INGESTOR_IMAGE_REPOSITORY");
            assert_eq!(ingestor, ["mirror.example/hub/tracebloc/ingestor"]);
        }
        if matches!(generation, G8 | G9 | G10) {
            assert_eq!(
                env_values(tick(&objects), "IMAGE_REGISTRY"),
                ["mirror.example/hub"]
            );
            assert_eq!(api(&objects)["imagePullPolicy"], "Always");
        }
    }
}

#[test]
fn docker_io_as_the_mirror_moves_the_ingestor_and_nothing_else() {
    let docker = |values: &mut Values| values.mirror = Some("docker.io".to_owned());
    let objects = Release::with(G10, docker).objects();
    assert_eq!(env_values(tick(&objects), "IMAGE_REGISTRY"), ["docker.io"]);
    assert_eq!(api(&objects)["imagePullPolicy"], "IfNotPresent");
    let ingestor = env_values(api(&objects), "INGESTOR_IMAGE_REPOSITORY");
    assert_eq!(ingestor, ["docker.io/tracebloc/ingestor"]);
}

#[test]
fn an_empty_mirror_is_none() {
    let empty = |values: &mut Values| values.mirror = Some(String::new());
    assert_eq!(
        Release::with(G10, empty).objects(),
        Release::new(G10).objects()
    );
}

#[test]
fn a_release_without_a_monitor_still_names_it() {
    let none = |values: &mut Values| values.resource_monitor = false;
    let objects = Release::with(G10, none).objects();
    assert!(find(&objects, "DaemonSet", "berlin-resource-monitor").is_none());
    assert!(find(&objects, "Role", "berlin-image-refresh-node-agents").is_none());
    assert_eq!(env_values(tick(&objects), "RESOURCE_MONITOR_PINNED"), ["1"]);
    let names = env_values(tick(&objects), "RESOURCE_MONITOR_DAEMONSET");
    assert_eq!(names, ["berlin-resource-monitor"]);
    assert_eq!(env_values(api(&objects), "NODE_AGENTS_NAMESPACE"), [""]);
}

#[test]
fn credentials_become_pull_secrets_of_the_tick_too() {
    let server = "https://index.docker.io/v1/".to_owned();
    let login = |values: &mut Values| values.credentials = Credentials::Create { server };
    let objects = Release::with(G2, login).objects();
    let job = &cron_job(&objects)["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(
        job["imagePullSecrets"],
        json!([{ "name": "berlin-regcred" }])
    );
    let secrets = objects.iter().filter(|object| object["kind"] == "Secret");
    assert_eq!(secrets.count(), 2, "one in each namespace");
}

#[test]
fn a_release_in_the_node_agents_namespace_has_two_roles_side_by_side() {
    let release = Release::with(G10, |values| {
        values.node_agents_namespace = "tracebloc".to_owned();
    });
    let objects = release.objects();
    assert!(
        objects
            .iter()
            .all(|object| object["metadata"]["namespace"] == "tracebloc")
    );
    assert!(find(&objects, "Role", "berlin-image-refresh-node-agents").is_some());
    assert_eq!(release.namespaces().len(), 1);
}

#[test]
fn without_host_paths_a_budget_takes_the_place_of_the_init_container() {
    let off = |values: &mut Values| values.host_path = false;
    let objects = Release::with(G10, off).objects();
    let manager = get(&objects, "Deployment", "berlin-jobs-manager");
    assert_eq!(manager.pointer("/spec/template/spec/initContainers"), None);
    assert!(find(&objects, "PodDisruptionBudget", "berlin-jobs-manager").is_some());
}

#[test]
fn neighbours_share_the_ticks_name_label_and_not_its_component() {
    let all = |values: &mut Values| values.neighbours = Neighbour::ALL.to_vec();
    let objects = Release::with(G10, all).objects();
    for (kind, name) in [
        ("Deployment", "mysql-client"),
        ("Deployment", "berlin-egress-proxy"),
        ("CronJob", "berlin-auto-upgrade"),
        ("Job", "berlin-egress-reachability-check"),
        ("Job", "berlin-storage-assertions-check"),
        ("DaemonSet", "berlin-telemetry-collector"),
    ] {
        let labels = &get(&objects, kind, name)["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/name"], "client", "{name}");
        assert_ne!(
            labels["app.kubernetes.io/component"], "image-refresh",
            "{name}"
        );
    }
}

#[test]
fn a_release_name_with_dots_stays_as_it_is() {
    let objects = Release::with(G2, |values| values.name = "edge.berlin".to_owned()).objects();
    for (kind, name) in [
        ("CronJob", "edge.berlin-image-refresh"),
        ("Deployment", "edge.berlin-jobs-manager"),
        ("DaemonSet", "edge.berlin-resource-monitor"),
    ] {
        assert!(find(&objects, kind, name).is_some(), "{kind} {name}");
    }
}
