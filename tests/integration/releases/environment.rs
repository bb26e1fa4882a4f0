//! Environments: which names, which values, and what a reader concludes from them.

use serde_json::json;

use crate::world::sim::release::{set_env, set_env_from, take_containers};

use super::*;

const PROXY: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Chart contract, section 3: the columns of a row are G0, G1, G2, G3-G6, G7/7b, G8, G9/10.
const ROWS: [(&str, [bool; 7], &str); 19] = [
    ("HOME", [true; 7], "/home/kubectl"),
    ("RELEASE_NAME", [true; 7], "berlin"),
    ("RELEASE_NAMESPACE", [true; 7], "tracebloc"),
    ("DEPLOYMENT_NAME", [true; 7], "berlin-jobs-manager"),
    ("IMAGE_TAG", [true; 7], "prod"),
    ("ROLLOUT_TIMEOUT", [true; 7], "10m"),
    ("JOBS_MANAGER_PINNED", [true; 7], "0"),
    ("PODS_MONITOR_PINNED", [true; 7], "0"),
    ("INGESTOR_PINNED", from_to(1, 2), "0"),
    ("INGESTOR_TAG", from_to(1, 2), "0.3"),
    ("INGESTOR_RESOLVE_FAIL_THRESHOLD", from_to(2, 2), "3"),
    ("MAX_REFRESH_ATTEMPTS", from_to(4, 6), "3"),
    (
        "REQUESTS_PROXY_DEPLOYMENT",
        from_to(5, 6),
        "berlin-requests-proxy",
    ),
    (
        "RESOURCE_MONITOR_DAEMONSET",
        from_to(5, 6),
        "berlin-resource-monitor",
    ),
    (
        "NODE_AGENTS_NAMESPACE",
        from_to(5, 6),
        "tracebloc-node-agents",
    ),
    ("IMAGE_REGISTRY", from_to(5, 6), "docker.io"),
    ("RESOURCE_MONITOR_PINNED", from_to(5, 6), "0"),
    ("REQUESTS_PROXY_PINNED", from_to(5, 6), "0"),
    ("MAX_SKIP_TICKS", from_to(6, 6), "8"),
];

const fn from_to(first: usize, last: usize) -> [bool; 7] {
    let mut columns = [false; 7];
    let mut column = first;
    while column <= last {
        columns[column] = true;
        column += 1;
    }
    columns
}

fn column(generation: Generation) -> usize {
    match generation {
        G0 => 0,
        G1 => 1,
        G2 | G2p => 2,
        G3 | G4 | G5 | G6 => 3,
        G7 | G7b => 4,
        G8 => 5,
        G9 | G10 => 6,
    }
}

#[test]
fn the_tick_has_the_environment_of_its_generation() {
    for generation in Generation::ALL {
        let objects = Release::new(generation).objects();
        let rows = ROWS
            .iter()
            .filter(|(_, columns, _)| columns[column(generation)]);
        let wanted: Vec<_> = rows.map(|&(name, _, value)| (name, vec![value])).collect();
        let names = env_names(tick(&objects));
        let found: Vec<_> = names
            .into_iter()
            .map(|name| (name, env_values(tick(&objects), name)))
            .collect();
        assert_eq!(found, wanted, "{generation:?}");
    }
}

#[test]
fn the_proxy_reaches_the_tick_from_g2p_on() {
    let url = "http://edge:p@ss@proxy.example:3128";
    for generation in Generation::ALL {
        let objects = Release::with(generation, |values| values.proxy = Some(proxy())).objects();
        let names = env_names(tick(&objects));
        let has = matches!(
            generation,
            G2p | G3 | G4 | G5 | G6 | G7 | G7b | G8 | G9 | G10
        );
        assert_eq!(names.starts_with(&PROXY), has, "{generation:?}");
        let api = api(&objects);
        if has {
            assert_eq!(env_values(api, "https_proxy"), [url], "{generation:?}");
            let direct = env_values(api, "NO_PROXY")[0];
            assert!(
                direct.starts_with("db.example,localhost,127.0.0.1,0.0.0.0,"),
                "{direct}"
            );
            let metadata = direct.contains(",169.254.169.254,");
            assert_eq!(metadata, !matches!(generation, G2p | G3), "{generation:?}");
        } else {
            assert_eq!(
                env_values(api, "HTTP_PROXY_PASSWORD"),
                ["p@ss"],
                "{generation:?}"
            );
            assert!(env_values(api, "HTTPS_PROXY").is_empty(), "{generation:?}");
        }
    }
}

/// Chart contract, section 1.2, from top to bottom; the script where it says so.
fn detect(objects: &[Value]) -> Vec<Generation> {
    let Some(cron_job) = find(objects, "CronJob", "berlin-image-refresh") else {
        return Vec::new();
    };
    let names = env_names(tick(objects));
    let config = get(objects, "ConfigMap", "berlin-image-refresh");
    let script = config["data"]["image-refresh.sh"].as_str().unwrap();
    if names.contains(&"MAX_SKIP_TICKS") {
        return vec![if script.contains("could not clear") {
            G10
        } else {
            G9
        }];
    }
    if names.contains(&"IMAGE_REGISTRY") {
        return vec![G8];
    }
    if names.contains(&"MAX_REFRESH_ATTEMPTS") {
        return vec![G7, G7b];
    }
    if names.contains(&"INGESTOR_RESOLVE_FAIL_THRESHOLD") {
        return vec![if names.contains(&"HTTPS_PROXY") {
            G2p
        } else {
            G2
        }];
    }
    if names.contains(&"INGESTOR_TAG") {
        return vec![G1];
    }
    let deadline = cron_job.pointer("/spec/jobTemplate/spec/activeDeadlineSeconds");
    let spawns = env_names(api(objects)).contains(&"INGESTOR_IMAGE_TAG");
    match (spawns, deadline.and_then(Value::as_u64)) {
        (true, Some(1800)) if script.contains("kubeconfig") => vec![G6],
        (true, Some(1800)) => vec![G4, G5],
        (true, None) => vec![G3],
        (false, None) => vec![G0],
        other => panic!("no such generation: {other:?}"),
    }
}

#[test]
fn detection_gives_the_generation_back() {
    for generation in Generation::ALL {
        let release = Release::with(generation, |values| values.proxy = Some(proxy()));
        let found = detect(&release.objects());
        assert!(
            found.contains(&generation),
            "{generation:?} is taken for {found:?}"
        );
    }
    // Without a proxy nothing tells the unpublished half of the second generation apart.
    assert_eq!(detect(&Release::new(G2p).objects()), [G2]);
}

#[test]
fn the_api_container_names_the_ingestor_of_its_generation() {
    let old = "sha256:9098b3c9b83951f825e262d6ff1e9c47c46c5b5cafbfc8fef1ed82ccbadebb24";
    let new = "sha256:05e124945a2ef61868661a9137abb5e75dac96a090cb41a7b4e8be520c4b5873";
    for (generation, tag, digest) in [
        (
            G0,
            None,
            "sha256:463e236748708a5e3564569eec9173ea8cb3bcf515992d4939c5b610f3807a4a",
        ),
        (
            G1,
            None,
            "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4",
        ),
        (
            G2,
            None,
            "sha256:d361fa778554ab171adcc2671eaf109c32f3d2af339c7920a2d38d102ce53678",
        ),
        (
            G2p,
            None,
            "sha256:dfdaa7e633a8df0f46b403e9422eba5c16bdb7d9c39047e6d3738f9e38fbdba8",
        ),
        (G3, Some("0.3"), ""),
        (G4, Some("0.7"), old),
        (G5, Some("0.7"), old),
        (G6, Some("0.7"), old),
        (G7, Some("0.7"), old),
        (G7b, Some("0.8"), new),
        (G8, Some("0.8"), new),
        (G9, Some("0.8"), new),
        (G10, Some("0.8"), new),
    ] {
        let objects = Release::new(generation).objects();
        let api = api(&objects);
        let repository = tag.map(|_| "ghcr.io/tracebloc/ingestor");
        assert_eq!(
            env_values(api, "INGESTOR_IMAGE_REPOSITORY"),
            Vec::from_iter(repository)
        );
        assert_eq!(
            env_values(api, "INGESTOR_IMAGE_TAG"),
            Vec::from_iter(tag),
            "{generation:?}"
        );
        assert_eq!(
            env_values(api, "INGESTOR_IMAGE_DIGEST"),
            [digest],
            "{generation:?}"
        );
        let host = env_values(api, "JOB_IMAGE_HOST");
        assert_eq!(
            host.is_empty(),
            matches!(generation, G0 | G1 | G2 | G2p | G3 | G4)
        );
        let agents = env_values(api, "NODE_AGENTS_NAMESPACE");
        assert_eq!(agents.is_empty(), generation != G10, "{generation:?}");
    }
}

#[test]
fn an_ingestor_digest_is_a_baseline_before_1_6_0_and_a_pin_after() {
    let digest = format!("sha256:{}", "1".repeat(64));
    for (generation, pinned) in [(G1, ["0"].as_slice()), (G2, &["0"]), (G3, &[]), (G10, &[])] {
        let pin = |values: &mut Values| values.images.ingestor.digest = Some(digest.clone());
        let objects = Release::with(generation, pin).objects();
        assert_eq!(
            env_values(api(&objects), "INGESTOR_IMAGE_DIGEST"),
            [&digest]
        );
        assert_eq!(
            env_values(tick(&objects), "INGESTOR_PINNED"),
            pinned,
            "{generation:?}"
        );
    }
}

#[test]
fn an_ingestor_that_floats_has_an_empty_digest() {
    for (what, client_env, prod_pin, tag) in [
        ("the pin is switched off", "prod", false, "0.8"),
        ("only prod is pinned", "dev", true, "dev"),
        ("an alias is resolved first", "staging", true, "stg"),
    ] {
        let release = Release::with(G10, |values| {
            values.images.ingestor.prod_pin = prod_pin;
            values.client_env = client_env.to_owned();
        });
        let objects = release.objects();
        assert_eq!(
            env_values(api(&objects), "INGESTOR_IMAGE_DIGEST"),
            [""],
            "{what}"
        );
        assert_eq!(
            env_values(api(&objects), "INGESTOR_IMAGE_TAG"),
            [tag],
            "{what}"
        );
    }
}

#[test]
fn an_alias_polls_its_own_name_until_g7() {
    for generation in Generation::ALL {
        let staging = |values: &mut Values| values.client_env = "staging".to_owned();
        let objects = Release::with(generation, staging).objects();
        let resolves = matches!(generation, G7b | G8 | G9 | G10);
        let wanted = if resolves { "stg" } else { "staging" };
        assert_eq!(
            env_values(tick(&objects), "IMAGE_TAG"),
            [wanted],
            "{generation:?}"
        );
        assert_eq!(
            env_values(api(&objects), "CLIENT_ENV"),
            [wanted],
            "{generation:?}"
        );
        let image = format!("docker.io/tracebloc/jobs-manager:{wanted}");
        assert_eq!(api(&objects)["image"], image.as_str());
    }
}

#[test]
fn a_digest_among_the_env_values_stands_twice_on_api() {
    let entry = ("INGESTOR_IMAGE_DIGEST".to_owned(), "sha256:mine".to_owned());
    let objects = Release::with(G2, |values| values.env.push(entry)).objects();
    let on_api = env_values(api(&objects), "INGESTOR_IMAGE_DIGEST");
    assert_eq!((on_api.len(), on_api.last()), (2, Some(&"sha256:mine")));
    let workload = get(&objects, "Deployment", "berlin-jobs-manager");
    let monitor = container(workload, "pods-monitor-container");
    assert_eq!(
        env_values(monitor, "INGESTOR_IMAGE_DIGEST"),
        ["sha256:mine"]
    );
}

#[test]
fn limits_are_rendered_as_they_stand() {
    let limits = |values: &mut Values| {
        values.refresh.ingestor_resolve_failure_threshold = "1e+06".to_owned();
        values.refresh.max_refresh_attempts = "1".to_owned();
        values.refresh.max_skip_ticks = "abc".to_owned();
    };
    for (generation, name, wanted) in [
        (G2, "INGESTOR_RESOLVE_FAIL_THRESHOLD", "1e+06"),
        (G7, "MAX_REFRESH_ATTEMPTS", "1"),
        (G9, "MAX_SKIP_TICKS", "abc"),
    ] {
        let objects = Release::with(generation, limits).objects();
        assert_eq!(env_values(tick(&objects), name), [wanted]);
    }
}

#[test]
fn an_edit_changes_the_last_entry_of_a_name_or_adds_one() {
    let name = "INGESTOR_IMAGE_DIGEST";
    let twice = |values: &mut Values| values.env.push((name.to_owned(), "sha256:mine".to_owned()));
    let objects = Release::with(G2, twice).objects();
    let mut template =
        get(&objects, "Deployment", "berlin-jobs-manager")["spec"]["template"].clone();
    let entries = |template: &Value| {
        let entries = template["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap()
            .iter();
        let named = entries.filter(|entry| entry["name"] == name);
        named.skip(1).cloned().collect::<Vec<_>>()
    };
    set_env(&mut template, "api", name, "sha256:other");
    assert_eq!(
        entries(&template),
        [json!({ "name": name, "value": "sha256:other" })]
    );
    set_env(&mut template, "api", name, "");
    assert_eq!(entries(&template), [json!({ "name": name })]);
    set_env_from(&mut template, "api", name);
    let source = json!({ "configMapKeyRef": { "name": "site", "key": name } });
    assert_eq!(
        entries(&template),
        [json!({ "name": name, "valueFrom": source })]
    );
    set_env(&mut template, "pods-monitor-container", "NEW", "1");
    let monitor = &template["spec"]["containers"][1];
    assert_eq!(env_values(monitor, "NEW"), ["1"]);
    take_containers(&mut template);
    assert_eq!(template["spec"]["containers"], json!([]));
}
