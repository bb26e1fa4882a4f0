//! The simulated releases against the tables of the chart contract, written down a second time.

use serde_json::Value;

use crate::world::sim::release::{
    Credentials, Digests, Generation, Neighbour, Proxy, Release, Values,
};

use Generation::{G0, G1, G2, G2p, G3, G4, G5, G6, G7, G7b, G8, G9, G10};

mod environment;
mod logs;
mod rendering;
mod scenes;
mod staged;
mod values;

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

fn get<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    find(objects, kind, name).unwrap_or_else(|| panic!("no {kind} {name:?}"))
}

fn cron_job(objects: &[Value]) -> &Value {
    get(objects, "CronJob", "berlin-image-refresh")
}

fn tick(objects: &[Value]) -> &Value {
    &cron_job(objects)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
}

fn container<'a>(workload: &'a Value, name: &str) -> &'a Value {
    let containers = workload["spec"]["template"]["spec"]["containers"].as_array();
    let mut containers = containers.unwrap().iter();
    containers
        .find(|container| container["name"] == name)
        .unwrap()
}

fn api(objects: &[Value]) -> &Value {
    container(get(objects, "Deployment", "berlin-jobs-manager"), "api")
}

fn env_names(container: &Value) -> Vec<&str> {
    let entries = container["env"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["name"].as_str().unwrap())
        .collect()
}

/// Every value of that name, in order.
fn env_values<'a>(container: &'a Value, name: &str) -> Vec<&'a str> {
    let entries = container["env"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["name"] == name)
        .map(|entry| entry["value"].as_str().unwrap())
        .collect()
}

/// Digests that differ from those of any other digit.
fn digests(digit: char) -> Digests {
    let digest = |last: char| {
        let hex: String = std::iter::repeat_n(digit, 63).chain([last]).collect();
        format!("sha256:{hex}")
    };
    Digests {
        jobs_manager: digest('1'),
        pods_monitor: digest('2'),
        resource_monitor: digest('3'),
        ingestor: digest('4'),
    }
}

fn proxy() -> Proxy {
    Proxy {
        host: "proxy.example".to_owned(),
        port: Some(3128),
        login: Some(("edge".to_owned(), "p@ss".to_owned())),
        no_proxy: Some("db.example".to_owned()),
    }
}
