//! `refresh --in-cluster`, the real binary, at simulated sites whose Jobs run a script of the chart.

mod runs;
mod screens;
mod ways;

use serde_json::{Value, json};

use crate::harness::{Output, Plugin};
use crate::world::sim::api::logs::{Run, Source};
use crate::world::sim::api::store::{At, Happened, Store};
use crate::world::sim::registries::content::Index;
use crate::world::sim::release::scenarios::{self, healthy};
use crate::world::sim::release::{Digests, Generation, Release, Story, curl_timeout, tick_log};
use crate::world::sim::site::Site;

const NS: &str = "tracebloc";
const MARKS: &str = "tracebloc.io/";

/// What a Job of the site does as soon as it is made.
pub(crate) struct Play {
    /// What the container's runs write, in order.
    pub(crate) logs: Vec<String>,
    /// Exit code of the last one; the others fail.
    pub(crate) exit_code: u8,
    /// Annotations of jobs-manager that it leaves behind.
    pub(crate) marks: Vec<(&'static str, &'static str)>,
}

impl Play {
    fn well(log: String) -> Self {
        Self {
            logs: vec![log],
            exit_code: 0,
            marks: Vec::new(),
        }
    }

    fn run(&self, job: &Value, store: &mut Store) {
        for (key, value) in &self.marks {
            store.edit(
                &At::new("Deployment", NS, "berlin-jobs-manager"),
                |deployment| {
                    deployment["metadata"]["annotations"][format!("{MARKS}{key}")] = json!(value);
                },
            );
        }
        let name = job["metadata"]["name"].as_str().unwrap();
        let pod = format!("{name}-x2k8p");
        for (run, log) in [Run::Current, Run::Previous]
            .into_iter()
            .zip(self.logs.iter().rev())
        {
            let source = Source {
                at: At::new("Pod", NS, &pod),
                container: "refresh".to_owned(),
                run,
            };
            store.logs.append(&source, log);
        }
        let over = |code: u8| json!({"terminated": {"exitCode": code}});
        store.put(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod, "namespace": NS, "labels": {"job-name": name, "batch.kubernetes.io/job-name": name}},
            "spec": {"nodeName": "edge-01", "containers": [{"name": "refresh"}]},
            "status": {"containerStatuses": [{
                "name": "refresh", "restartCount": self.logs.len() - 1, "state": over(self.exit_code), "lastState": over(1),
            }]},
        }));
        let (kind, reason) = match self.exit_code {
            0 => ("Complete", "CompletionsReached"),
            _ => ("Failed", "BackoffLimitExceeded"),
        };
        store.edit(&At::of(job), |job| {
            job["status"] =
                json!({"conditions": [{"type": kind, "status": "True", "reason": reason}]});
        });
    }
}

/// Lets every Job that is made from now on play this.
pub(crate) fn plays(site: &Site, play: Play) {
    site.cluster.on(move |change, store| {
        if (change.resource.kind, change.happened) == ("Job", Happened::Added) {
            play.run(&change.object, store);
        }
    });
}

fn healthy_site(generation: Generation) -> Site {
    Site::new(|latest, _, now| healthy(&Release::new(generation), latest, now))
}

/// What the script of that generation writes at this site.
pub(crate) fn log(site: &Site, generation: Generation, story: &Story) -> String {
    tick_log(&Release::new(generation), &site.latest, story)
}

fn before() -> Digests {
    let digest = || format!("sha256:{}", "a".repeat(64));
    Digests {
        jobs_manager: digest(),
        pods_monitor: digest(),
        resource_monitor: digest(),
        ingestor: digest(),
    }
}

fn refresh(site: &Site, args: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["refresh", "--in-cluster"]).args(args);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

/// Starts a run without asking: the exit code, and what is said, without the times and the Job's number.
fn now(site: &Site, more: &[&str]) -> (i32, Vec<String>) {
    let output = refresh(site, &[&["--now"], more].concat()).output();
    assert_eq!("", output.stderr);
    (output.code.unwrap(), lines(&output.stdout))
}

fn lines(page: &str) -> Vec<String> {
    let is_time = |word: &&str| word.ends_with('Z') && word.starts_with("20");
    let is_stable = |word: &&str| {
        let age = word.trim_end_matches('s');
        !is_time(word) && (age == *word || age.parse::<u32>().is_err())
    };
    let line = |line: &str| {
        line.split_whitespace()
            .filter(is_stable)
            .map(numberless)
            .collect::<Vec<_>>()
            .join(" ")
    };
    page.lines().map(line).collect()
}

/// A Job is named after the second in which it was made.
fn numberless(word: &str) -> String {
    match word.split_once("-manual-") {
        Some((stem, rest)) => format!(
            "{stem}-manual-N{}",
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
        ),
        None => word.to_owned(),
    }
}

fn jobs(site: &Site) -> Vec<Value> {
    let all = site
        .cluster
        .store(|store| store.all(At::new("Job", "", "").resource, Some(NS)));
    let is_manual = |job: &Value| {
        job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    };
    all.iter()
        .map(|job| (**job).clone())
        .filter(is_manual)
        .collect()
}

fn assert_says(page: &[String], words: &[&str]) {
    let mut lines = page.iter();
    for words in words {
        assert!(
            lines.any(|line| line.contains(words)),
            "{words:?} is not said, or not there: {page:#?}"
        );
    }
}
