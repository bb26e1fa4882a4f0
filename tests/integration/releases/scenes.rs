//! The simulated sites hang together as the objects of a cluster do.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{apps, batch, core};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::world::sim::release::scenarios::*;
use crate::world::sim::release::{Scene, Tick, Trigger, schedule_points};

use super::*;

mod sites;
mod workloads;

fn now() -> Timestamp {
    "2026-06-06T10:00:02Z".parse().unwrap()
}

fn latest() -> Digests {
    digests('b')
}

const STUCK: &str = "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

/// Every scenario, with its name.
fn all_scenes() -> Vec<(String, Scene)> {
    let (latest, before) = (latest(), digests('a'));
    let g10 = Release::new(G10);
    let mut scenes = vec![
        ("incident".to_owned(), incident_g2(&latest, STUCK, now())),
        ("silent".to_owned(), silent_g1(&latest, STUCK, now())),
        ("warned".to_owned(), warned_g2(&latest, STUCK, 2, now())),
        ("mirrored".to_owned(), mirrored_g8(&latest, now())),
        ("held".to_owned(), held_prod_pin_g10(&latest, now())),
        ("no refresher".to_owned(), no_refresher(&latest, now())),
        (
            "no server".to_owned(),
            no_server(&Release::new(G3), &latest, now()),
        ),
        ("flap".to_owned(), flap_g10(&latest, &before, now())),
        ("skips".to_owned(), skips_g10(&latest, now())),
        ("suspended".to_owned(), suspended(&g10, &before, now())),
        ("overdue".to_owned(), overdue(&g10, &latest, now())),
        ("no pod".to_owned(), no_pod(&g10, &latest, now())),
        (
            "not pulled".to_owned(),
            not_pulled_g10(&latest, &before, now()),
        ),
        ("running".to_owned(), running_tick(&g10, &latest, now())),
        ("fleet".to_owned(), fleet(13, &latest, now()).1),
        (
            "two in one".to_owned(),
            two_in_one_namespace(&latest, now()).1,
        ),
    ];
    for generation in Generation::ALL {
        let release = Release::new(generation);
        scenes.push((
            format!("healthy {generation:?}"),
            healthy(&release, &latest, now()),
        ));
        let scene = docker_blocked(&release, &before, now());
        scenes.push((format!("docker blocked {generation:?}"), scene));
    }
    scenes
}

fn manager(scene: &Scene) -> &Value {
    scene.object("Deployment", "tracebloc", "berlin-jobs-manager")
}

fn annotation<'a>(scene: &'a Scene, key: &str) -> Option<&'a str> {
    manager(scene)["metadata"]["annotations"][format!("tracebloc.io/{key}")].as_str()
}

fn jobs(scene: &Scene) -> Vec<(&str, &str)> {
    let jobs = scene.all("Job").map(|job| {
        let conditions = job["status"]["conditions"].as_array();
        let last = conditions.and_then(|conditions| conditions.last());
        let name = job["metadata"]["name"].as_str().unwrap();
        let name = name.trim_start_matches("berlin-image-refresh-");
        (
            name,
            last.map_or("active", |last| last["reason"].as_str().unwrap()),
        )
    });
    jobs.collect()
}

/// The text behind the newest run's pod, if it has one.
fn last_log(scene: &Scene) -> &str {
    &scene.logs.last().unwrap().text
}

/// As `kubectl rollout status` judges a Deployment.
fn is_settled(deployment: &Value) -> bool {
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let count = |field: &str| status[field].as_u64().unwrap_or(0);
    count("observedGeneration") >= deployment["metadata"]["generation"].as_u64().unwrap()
        && count("updatedReplicas") >= spec["replicas"].as_u64().unwrap()
        && count("replicas") <= count("updatedReplicas")
        && count("availableReplicas") >= count("updatedReplicas")
}

#[test]
fn every_owner_exists_and_every_uid_is_one_of_a_kind() {
    for (what, scene) in all_scenes() {
        let mut uids = HashSet::new();
        for object in &scene.objects {
            let metadata = &object["metadata"];
            let uid = metadata["uid"].as_str().unwrap();
            assert!(
                uids.insert(uid),
                "{what}: a second {} {}",
                object["kind"],
                metadata["name"]
            );
            assert_eq!(uid.len(), 36, "{what}");
        }
        for object in &scene.objects {
            let metadata = &object["metadata"];
            for owner in metadata["ownerReferences"].as_array().into_iter().flatten() {
                let text = |value: &'_ Value| value.as_str().unwrap().to_owned();
                let (kind, namespace) = (text(&owner["kind"]), text(&metadata["namespace"]));
                let found = scene.find(&kind, &namespace, &text(&owner["name"]));
                let uid = found.map(|found| &found["metadata"]["uid"]);
                assert_eq!(
                    uid,
                    Some(&owner["uid"]),
                    "{what}: owner of {}",
                    metadata["name"]
                );
            }
        }
    }
}

#[test]
fn nothing_happens_after_now() {
    for (what, scene) in all_scenes() {
        let text = Value::from(scene.objects).to_string();
        let times = text
            .split('"')
            .filter(|part| part.ends_with('Z') && part.contains('T'));
        for time in times.filter_map(|time| time.parse::<Timestamp>().ok()) {
            assert!(time <= scene.now, "{what}: {time}");
        }
    }
}

/// Reads an object as its type and writes it again: a field that the type does not know is lost.
fn round_trip<T: DeserializeOwned + serde::Serialize>(object: &Value) -> Value {
    let read: T = serde_json::from_value(object.clone()).unwrap();
    serde_json::to_value(read).unwrap()
}

/// Without the fields that stand for nothing: nulls, and empty lists and objects.
fn compact(value: &Value) -> Value {
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), compact(value)));
            fields.filter(|(_, value)| is_something(value)).collect()
        }
        Value::Array(items) => items.iter().map(compact).collect(),
        other => other.clone(),
    }
}

#[test]
fn objects_have_only_fields_that_their_types_know() {
    for (what, scene) in all_scenes() {
        for object in &scene.objects {
            let read = match object["kind"].as_str().unwrap() {
                "Deployment" => round_trip::<apps::v1::Deployment>(object),
                "DaemonSet" => round_trip::<apps::v1::DaemonSet>(object),
                "ReplicaSet" => round_trip::<apps::v1::ReplicaSet>(object),
                "CronJob" => round_trip::<batch::v1::CronJob>(object),
                "Job" => round_trip::<batch::v1::Job>(object),
                "Pod" => round_trip::<core::v1::Pod>(object),
                "Node" => round_trip::<core::v1::Node>(object),
                "Event" => round_trip::<core::v1::Event>(object),
                _ => continue,
            };
            assert_eq!(compact(&read), compact(object), "{what}");
        }
    }
}

#[test]
fn a_manual_run_is_marked_and_not_counted_as_active() {
    let release = Release::new(G2);
    let mut scene = healthy(&release, &latest(), now());
    let at = now() - SignedDuration::from_mins(2);
    let trigger = Trigger::Manual {
        name: "by-hand".to_owned(),
    };
    let tick = Tick {
        trigger,
        ..Tick::complete(at, "edge-01", "tick complete\n".to_owned())
    };
    scene.run(&release, &tick);
    let job = scene.object("Job", "tracebloc", "by-hand");
    let wanted = json!({ "cronjob.kubernetes.io/instantiate": "manual" });
    assert_eq!(job["metadata"]["annotations"], wanted);
    let status = &scene.object("CronJob", "tracebloc", "berlin-image-refresh")["status"];
    assert_eq!(status["lastScheduleTime"], "2026-06-06T09:52:00Z");
    assert_eq!(status["lastSuccessfulTime"], "2026-06-06T09:58:43Z");
}

#[test]
fn schedule_points_are_the_charts_minutes() {
    let points = schedule_points(now(), 5)
        .into_iter()
        .map(|point| point.to_string());
    let wanted = ["08:52", "09:07", "09:22", "09:37", "09:52"];
    let wanted = wanted.map(|time| format!("2026-06-06T{time}:00Z"));
    assert_eq!(points.collect::<Vec<_>>(), wanted);
    let on_the_point: Timestamp = "2026-06-06T10:07:00Z".parse().unwrap();
    assert_eq!(schedule_points(on_the_point, 1), [on_the_point]);
}
