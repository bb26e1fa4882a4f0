//! Workloads of the simulated sites: revisions, pods, field owners.

use crate::world::sim::release::{
    Fate, ImageId, Ingestion, Life, Node, PodState, Revision, Running,
};

use super::*;

/// Who owns a field of the jobs-manager Deployment, by its path in `fieldsV1`.
fn owners<'a>(scene: &'a Scene, path: &[&str]) -> Vec<&'a str> {
    let entries = manager(scene)["metadata"]["managedFields"]
        .as_array()
        .unwrap();
    let owned = |entry: &&Value| {
        path.iter()
            .fold(&entry["fieldsV1"], |at, step| &at[*step])
            .is_object()
    };
    entries
        .iter()
        .filter(owned)
        .map(|entry| entry["manager"].as_str().unwrap())
        .collect()
}

#[test]
fn pods_are_found_through_their_owners_and_not_by_a_component() {
    let scene = healthy(&Release::new(G10), &latest(), now());
    let set = scene.all("ReplicaSet").find(|set| {
        let metadata = &set["metadata"];
        metadata["ownerReferences"][0]["uid"] == manager(&scene)["metadata"]["uid"]
            && metadata["annotations"]["deployment.kubernetes.io/revision"] == "2"
    });
    let set = &set.unwrap()["metadata"];
    let pods: Vec<_> = scene
        .all("Pod")
        .filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == set["uid"])
        .collect();
    let [pod] = pods[..] else {
        panic!("{} pods", pods.len());
    };
    let labels = pod["metadata"]["labels"].as_object().unwrap();
    assert_eq!(
        labels.keys().collect::<Vec<_>>(),
        ["app", "pod-template-hash"]
    );
    let hash = set["labels"]["pod-template-hash"].as_str().unwrap();
    assert!(set["name"].as_str().unwrap().ends_with(hash));
}

#[test]
fn a_settled_release_runs_what_it_records() {
    for generation in Generation::ALL {
        let scene = healthy(&Release::new(generation), &latest(), now());
        let what = format!("{generation:?}");
        assert!(is_settled(manager(&scene)), "{what}");
        let recorded = annotation(&scene, "last-refreshed-jobs-manager-digest");
        assert_eq!(recorded, Some(latest().jobs_manager.as_str()), "{what}");
        let ingestor = annotation(&scene, "last-refreshed-ingestor-digest").is_some();
        assert_eq!(ingestor, matches!(generation, G1 | G2 | G2p), "{what}");
        let sets_images = matches!(generation, G8 | G9 | G10);
        let monitor = annotation(&scene, "last-refreshed-resource-monitor-digest").is_some();
        assert_eq!(monitor, sets_images, "{what}");
        let image = container(manager(&scene), "api")["image"].as_str().unwrap();
        let by_digest = format!("docker.io/tracebloc/jobs-manager@{}", latest().jobs_manager);
        assert_eq!(image == by_digest, sets_images, "{what}");
        let pods = scene.all("Pod").filter_map(|pod| {
            let status = &pod["status"]["containerStatuses"][0];
            (status["name"] == "api").then(|| status["imageID"].as_str().unwrap())
        });
        assert_eq!(pods.collect::<Vec<_>>(), [by_digest], "{what}");
        assert_eq!(jobs(&scene), [("29678992", "CompletionsReached")], "{what}");
        assert!(
            last_log(&scene).contains("digest unchanged since last refresh"),
            "{what}"
        );
    }
}

#[test]
fn the_counter_has_an_owner_and_a_time() {
    let scene = incident_g2(&latest(), STUCK, now());
    let key = "f:tracebloc.io/ingestor-refresh-consecutive-failures";
    let entries = manager(&scene)["metadata"]["managedFields"]
        .as_array()
        .unwrap();
    let owners: Vec<_> = entries
        .iter()
        .filter(|entry| entry["fieldsV1"]["f:metadata"]["f:annotations"][key].is_object())
        .map(|entry| {
            (
                entry["manager"].as_str().unwrap(),
                entry["time"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(owners, [("kubectl-annotate", "2026-06-04T06:07:00Z")]);
}

#[test]
fn image_ids_are_written_as_the_runtimes_write_them() {
    let digest = latest().jobs_manager;
    for (image_id, wanted) in [
        (
            ImageId::Repo(digest.clone()),
            format!("docker.io/tracebloc/jobs-manager@{digest}"),
        ),
        (
            ImageId::Pullable(digest.clone()),
            format!("docker-pullable://docker.io/tracebloc/jobs-manager@{digest}"),
        ),
        (
            ImageId::Docker(digest.clone()),
            format!("docker://{digest}"),
        ),
        (ImageId::Config(digest.clone()), digest.clone()),
        (ImageId::Absent, String::new()),
    ] {
        let mut scene = Scene::new(now());
        scene.install(&Release::new(G2), now());
        let running = Running {
            image_id,
            fate: Fate::Ready,
        };
        let pod = PodState::new("edge-01", now(), vec![running.clone(), running]);
        let name = "berlin-jobs-manager";
        scene.roll_out("tracebloc", name, &[Revision::newest(now(), vec![pod])]);
        let pod = scene.all("Pod").next().unwrap();
        assert_eq!(
            pod["status"]["containerStatuses"][0]["imageID"],
            wanted.as_str()
        );
    }
}

#[test]
fn a_crash_keeps_the_pod_running_and_the_deployment_unsettled() {
    let mut scene = Scene::new(now());
    scene.add_node(&Node::new("edge-01", "arm64"));
    scene.install(&Release::new(G2), now());
    let containers = vec![Running::crashing("sha256:1"), Running::ready("sha256:2")];
    let pod = PodState::new("edge-01", now(), containers);
    let name = "berlin-jobs-manager";
    scene.roll_out("tracebloc", name, &[Revision::newest(now(), vec![pod])]);
    assert!(!is_settled(manager(&scene)));
    let pod = scene.all("Pod").next().unwrap();
    assert_eq!(pod["status"]["phase"], "Running");
    let api = &pod["status"]["containerStatuses"][0];
    assert_eq!(api["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(
        (&api["restartCount"], &api["ready"]),
        (&json!(7), &json!(false))
    );
}

#[test]
fn a_record_is_copied_to_the_newest_replica_set() {
    let scene = healthy(&Release::new(G10), &latest(), now());
    let key = "tracebloc.io/last-refreshed-jobs-manager-digest";
    let uid = &manager(&scene)["metadata"]["uid"];
    let copies: Vec<_> = scene
        .all("ReplicaSet")
        .filter(|set| set["metadata"]["ownerReferences"][0]["uid"] == *uid)
        .map(|set| set["metadata"]["annotations"][key].is_string())
        .collect();
    assert_eq!(copies, [false, true]);
}

#[test]
fn what_the_tick_set_is_no_longer_helms() {
    let api = [
        "f:spec",
        "f:template",
        "f:spec",
        "f:containers",
        r#"k:{"name":"api"}"#,
    ];
    let scene = healthy(&Release::new(G10), &latest(), now());
    assert_eq!(
        owners(&scene, &[&api[..], &["f:image"]].concat()),
        ["kubectl-set"]
    );
    assert_eq!(
        owners(&scene, &[&api[..], &["f:imagePullPolicy"]].concat()),
        ["helm"]
    );
    let scene = healthy(&Release::new(G2), &latest(), now());
    let digest = [
        &api[..],
        &["f:env", r#"k:{"name":"INGESTOR_IMAGE_DIGEST"}"#, "f:value"],
    ]
    .concat();
    assert_eq!(owners(&scene, &digest), ["kubectl-set"]);
    assert_eq!(owners(&scene, &[&api[..], &["f:image"]].concat()), ["helm"]);
}

#[test]
fn a_pinned_image_is_neither_moved_nor_recorded() {
    let pin = |values: &mut Values| values.images.jobs_manager = Some(STUCK.to_owned());
    let scene = healthy(&Release::with(G10, pin), &latest(), now());
    let image = &container(manager(&scene), "api")["image"];
    assert_eq!(*image, format!("docker.io/tracebloc/jobs-manager@{STUCK}"));
    assert_eq!(
        annotation(&scene, "last-refreshed-jobs-manager-digest"),
        None
    );
    assert!(annotation(&scene, "last-refreshed-pods-monitor-digest").is_some());
}

#[test]
fn a_pod_of_an_older_revision_keeps_the_rollout_in_flight_until_it_goes() {
    for (life, settled) in [(Life::Serving, false), (Life::Terminating, true)] {
        let mut scene = Scene::new(now());
        scene.install(&Release::new(G2), now());
        let template = manager(&scene)["spec"]["template"].clone();
        let containers = || vec![Running::ready("sha256:1"), Running::ready("sha256:2")];
        let pod = || PodState::new("edge-01", now(), containers());
        let old = PodState { life, ..pod() };
        let revisions = [
            Revision::earlier(template, now(), vec![old]),
            Revision::newest(now(), vec![pod()]),
        ];
        scene.roll_out("tracebloc", "berlin-jobs-manager", &revisions);
        assert_eq!(is_settled(manager(&scene)), settled, "{life:?}");
        let leaving = scene
            .all("Pod")
            .filter(|pod| pod["metadata"]["deletionTimestamp"].is_string());
        assert_eq!(leaving.count(), usize::from(settled), "{life:?}");
    }
}

#[test]
fn an_ingestion_run_is_found_by_its_label_and_says_what_it_pulled() {
    let release = Release::new(G10);
    let mut scene = healthy(&release, &latest(), now());
    let image = format!("ghcr.io/tracebloc/ingestor@{STUCK}");
    scene.ingest(
        &release,
        &Ingestion {
            name: "ingest-1".to_owned(),
            created: now(),
            node: "edge-03".to_owned(),
            node_selector: vec![("kubernetes.io/arch".to_owned(), "arm64".to_owned())],
            running: Running::not_pulled(&image, "no match for platform in manifest: not found"),
            image,
        },
    );
    for kind in ["Job", "Pod"] {
        let label = "tracebloc.io/ingestion-run";
        let found = scene
            .all(kind)
            .filter(|found| found["metadata"]["labels"][label] == "ingest-1");
        assert_eq!(found.count(), 1, "{kind}");
    }
    let pod = scene.objects.last().unwrap();
    assert_eq!(pod["status"]["phase"], "Pending");
    let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
    assert!(
        waiting["message"]
            .as_str()
            .unwrap()
            .contains("no match for platform in manifest")
    );
}
