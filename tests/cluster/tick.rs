//! `tick` as the CronJob's container: the binary in an image of its own, with the chart's account, Role and security
//! context, and `refresh --in-cluster` on what it leaves behind.

mod counts;
mod ends;

use std::path::Path;

use serde_json::{Value, json};

use crate::installed::Installed;
use crate::lab::{Lab, PLUGIN};
use crate::release::{Generation, Values};
use crate::run::Run;

const IMAGE: &str = "docker.io/tracebloc/tick:test";

/// The chart's Deployments and DaemonSet do not meet it, and the tick has to.
const RESTRICTED: &str = "pod-security.kubernetes.io/enforce=restricted";

/// A release whose CronJob runs this plugin's tick instead of the chart's script, by hand alone.
fn native(
    lab: &'static Lab,
    namespace: &str,
    generation: Generation,
    change: impl FnOnce(&mut Values),
) -> Installed {
    lab.pack(IMAGE, &shipped());
    let berlin = lab.install(namespace, generation, |values| {
        values.refresh.image = IMAGE.to_owned();
        values.refresh.schedule = "0 0 1 1 *".to_owned();
        change(values);
    });
    let command = json!(["/usr/bin/kubectl-tracebloc_images", "tick"]);
    let pod = json!({"spec": {"containers": [{"name": "refresh", "command": command}]}});
    let patch = json!({"spec": {"jobTemplate": {"spec": {"template": pod}}}});
    berlin
        .kubectl(&[
            "patch",
            "cronjob",
            "berlin-image-refresh",
            "-p",
            &patch.to_string(),
        ])
        .ok();
    berlin
}

/// The binary that is released, where one has been built of these sources; else the one under test.
///
/// # Panics
///
/// When `RELEASED` is set, and there is none of these sources.
fn shipped() -> String {
    let tested = Path::new(PLUGIN);
    let built = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let target = tested.parent().and_then(Path::parent).unwrap();
    let released = target.join("release").join(tested.file_name().unwrap());
    if built(&released) > built(tested) {
        return released.display().to_string();
    }
    let is_meant = std::env::var_os("RELEASED").is_some();
    assert!(
        !is_meant,
        "{} is older than these sources",
        released.display()
    );
    tested.display().to_string()
}

/// Starts a run from the laptop and follows it: the exit code is compared, and what it printed is returned.
fn run_now(berlin: &Installed, more: &[&str], code: i32) -> String {
    let run: Run = berlin.laptop(&[&["refresh", "--in-cluster", "--now"], more].concat());
    run.exits(code).stdout
}

/// The Job that a run followed, as the API server keeps it.
fn followed(berlin: &Installed, page: &str) -> Value {
    let words = page
        .split("Follows   job/")
        .nth(1)
        .expect("a Job is followed");
    let name = words.split_whitespace().next().unwrap();
    berlin.kubectl(&["get", "job", name, "-o", "json"]).json()
}

/// `Complete` or `Failed`, by the condition that holds.
fn condition(job: &Value) -> &str {
    let mut conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    let ends = |kind: &Value| kind == "Complete" || kind == "Failed";
    let found = conditions.find(|one| ends(&one["type"]) && one["status"] == "True");
    found.and_then(|one| one["type"].as_str()).unwrap_or("none")
}

fn label(berlin: &Installed, label: &str) {
    berlin
        .kubectl(&[
            "label",
            "--overwrite",
            "namespace",
            berlin.namespace(),
            label,
        ])
        .ok();
}

fn assert_says(page: &str, words: &[&str]) {
    let mut lines = page.lines();
    for words in words {
        assert!(
            lines.any(|line| line.contains(words)),
            "{words:?} is not said, or not there:\n{page}"
        );
    }
}

/// The image of a container in a workload's pod template.
fn image(berlin: &Installed, namespace: &str, workload: &str, container: &str) -> Value {
    let found = berlin
        .kubectl(&["get", "-n", namespace, workload, "-o", "json"])
        .json();
    let containers = found["spec"]["template"]["spec"]["containers"]
        .as_array()
        .unwrap()
        .clone();
    let mut containers = containers.into_iter();
    containers.find(|found| found["name"] == container).unwrap()["image"].clone()
}
