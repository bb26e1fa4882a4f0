//! `refresh`, the real binary, at simulated sites whose controllers roll out what is set.

mod circumstances;
mod conflicts;
mod failures;
mod interruptions;
mod moves;
mod questions;

use serde_json::Value;

use crate::harness::{Output, Plugin};
use crate::world::sim::api::store::At;
use crate::world::sim::release::{Digests, Scene};
use crate::world::sim::site::{Site, before};

use jiff::Timestamp;

const NS: &str = "tracebloc";
const JOBS_MANAGER: &str = "berlin-jobs-manager";

/// A site with controllers: pods of a new template run what their image names.
fn site(scene: impl FnOnce(&Digests, &str, Timestamp) -> Scene) -> Site {
    Site::new(scene).with_controllers()
}

/// A site that is behind in everything that the release has, digests of before included.
fn behind(scene: impl FnOnce(&Digests, Timestamp) -> Scene) -> Site {
    site(|_, _, now| scene(&before(), now))
}

fn refresh(site: &Site, args: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["refresh"]).args(args);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

fn run(site: &Site, args: &[&str]) -> Output {
    refresh(site, args).output()
}

/// The report of a run with `--now -o json`, and its exit code.
fn report(site: &Site, args: &[&str]) -> (Option<i32>, Value) {
    let output = run(site, &[&["--now", "-o", "json"], args].concat());
    let report = serde_json::from_str(&output.stdout);
    (
        output.code,
        report.unwrap_or_else(|error| panic!("{error}: {output:?}")),
    )
}

fn object(site: &Site, kind: &str, namespace: &str, name: &str) -> Value {
    let at = At::new(kind, namespace, name);
    let found = site.cluster.store(|store| store.find(&at));
    let found = found.unwrap_or_else(|| panic!("no {kind} {name}"));
    serde_json::to_value(&*found).unwrap()
}

/// An annotation of the record, without what all of them begin with.
fn record(site: &Site, key: &str) -> Option<String> {
    let deployment = object(site, "Deployment", NS, JOBS_MANAGER);
    let value = &deployment["metadata"]["annotations"][format!("tracebloc.io/{key}")];
    value.as_str().map(str::to_owned)
}

fn image(object: &Value, container: &str) -> String {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array();
    let mut containers = containers.into_iter().flatten();
    let found = containers.find(|one| one["name"] == container).unwrap();
    found["image"].as_str().unwrap_or_default().to_owned()
}

/// How many writes the cluster was sent. A review of rights is a question, however it is sent.
fn writes(site: &Site) -> usize {
    let sent = ["POST", "PATCH", "PUT", "DELETE"].map(|method| site.cluster.count(method, ""));
    let reviews = site.cluster.count("POST", "/selfsubjectaccessreviews");
    sent.into_iter().sum::<usize>() - reviews
}

/// The steps of a report that were begun: kind and result, those that follow one of the same left out.
fn steps(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().into_iter().flatten();
    let mut steps: Vec<_> = steps
        .filter(|step| step["result"] != "notBegun")
        .map(|step| {
            let word = |field: &str| step[field].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("kind"), word("result"))
        })
        .collect();
    steps.dedup();
    steps
}
