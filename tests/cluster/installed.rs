//! A release of the chart that runs in the lab, and its ticks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::release::Release;
use crate::run::Run;

/// Does what the chart's script does in G0 to G3, told apart by the environment.
const TICK: &str = include_str!("tick.sh");
const TICK_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/tick.sh");

/// A release in the lab, with namespaces of its own. Shows what it held when a test fails.
pub(crate) struct Installed {
    lab: &'static Lab,
    release: Release,
    ticks: AtomicU32,
}

/// One run of the refresher, ended.
pub(crate) struct Tick {
    pub(crate) job: String,
    /// `Complete` or `Failed`.
    pub(crate) outcome: String,
    /// Of its first container; a Job that failed has taken its pod along.
    pub(crate) log: String,
}

impl Installed {
    pub(crate) fn new(lab: &'static Lab, mut release: Release) -> Self {
        release.values.refresh.script = Some(TICK.to_owned());
        lab.apply(&release.namespaces());
        let mut objects = release.objects();
        for object in &mut objects {
            if object["kind"] == "CronJob" {
                hurry(object);
            }
        }
        lab.apply(&objects);
        let installed = Self {
            lab,
            release,
            ticks: AtomicU32::new(0),
        };
        installed.settle();
        installed
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.release.values.namespace
    }

    /// kubectl in the release's namespace.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Run {
        self.lab
            .kubectl(&[&["-n", self.namespace()], args].concat())
    }

    /// The plugin on the laptop, on the release's namespace.
    pub(crate) fn laptop(&self, args: &[&str]) -> Run {
        self.lab.laptop(&[args, &["-n", self.namespace()]].concat())
    }

    /// The plugin on the host, on the release's namespace.
    pub(crate) fn host(&self, args: &[&str]) -> Run {
        self.lab.host(&[args, &["-n", self.namespace()]].concat())
    }

    /// `deployment/<release>-jobs-manager`.
    pub(crate) fn jobs_manager(&self) -> String {
        format!("deployment/{}", self.release.jobs_manager_name())
    }

    /// Waits until jobs-manager has rolled out.
    pub(crate) fn settle(&self) {
        self.kubectl(&["rollout", "status", &self.jobs_manager(), "--timeout=120s"])
            .ok();
    }

    /// What an operator does by hand: another ingestor, and the pods that know it.
    pub(crate) fn set_ingestor(&self, digest: &str) {
        let value = format!("INGESTOR_IMAGE_DIGEST={digest}");
        self.kubectl(&["set", "env", &self.jobs_manager(), "-c", "api", &value])
            .ok();
        self.settle();
    }

    pub(crate) fn jobs_manager_object(&self) -> Value {
        self.kubectl(&["get", &self.jobs_manager(), "-o", "json"])
            .json()
    }

    /// An annotation of jobs-manager that starts with `tracebloc.io/`; null when it is absent.
    pub(crate) fn mark(&self, key: &str) -> Value {
        self.jobs_manager_object()["metadata"]["annotations"][format!("tracebloc.io/{key}")].clone()
    }

    /// One run of the refresher's script on the laptop instead of in a pod, with its environment.
    pub(crate) fn tick_here(&self) -> Run {
        let objects = self.release.objects();
        let cron_job = objects.iter().find(|object| object["kind"] == "CronJob");
        let env = tick_container(&mut cron_job.unwrap().clone())["env"].clone();
        let literal = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let env = env.as_array().unwrap().iter();
        let env: Vec<_> = env
            .map(|entry| (literal(entry, "name"), literal(entry, "value")))
            .filter(|(name, _)| name != "HOME")
            .collect();
        self.lab.laptop_runs(&env, &["busybox", "sh", TICK_FILE])
    }

    /// One run of the refresher, as `kubectl create job --from` starts it.
    pub(crate) fn tick(&self) -> Tick {
        let cron_job = self.release.refresher_name();
        let count = self.ticks.fetch_add(1, Ordering::Relaxed) + 1;
        let job = format!("{cron_job}-manual-{count}");
        let from = format!("--from=cronjob/{cron_job}");
        self.kubectl(&["create", "job", &from, &job]).ok();
        let object = format!("job/{job}");
        let logs = ["logs", "--follow", "--pod-running-timeout=60s", &object];
        let log = eventually(&format!("{job} says something"), || {
            let run = self.kubectl(&logs);
            run.is_ok().then_some(run.stdout)
        });
        let outcome = eventually(&format!("{job} ends"), || {
            let job = self.kubectl(&["get", &object, "-o", "json"]).json();
            let conditions = job["status"]["conditions"].as_array()?;
            let ended = conditions
                .iter()
                .filter(|condition| condition["status"] == "True")
                .filter_map(|condition| condition["type"].as_str())
                .find(|kind| ["Complete", "Failed"].contains(kind));
            ended.map(str::to_owned)
        });
        // A container that failed runs again, and what it said before is part of the tick.
        let before = self.kubectl(&["logs", "--previous", &object]);
        let before = if before.is_ok() {
            before.stdout
        } else {
            String::new()
        };
        let log = before + &log;
        Tick { job, outcome, log }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if thread::panicking() {
            let show: [&[&str]; 3] = [
                &["get", "all", "-o", "wide"],
                &["get", "events", "--sort-by=.lastTimestamp"],
                &["get", &self.jobs_manager(), "-o", "yaml"],
            ];
            for args in show {
                eprintln!("{}", self.kubectl(args));
            }
            eprintln!("{}", self.lab.kubox(&["fault", self.lab.dir()]));
        }
    }
}

/// The image of that name in a status document.
pub(crate) fn image<'a>(status: &'a Value, name: &str) -> &'a Value {
    let mut images = status["images"].as_array().unwrap().iter();
    images
        .find(|image| image["name"] == name)
        .unwrap_or_else(|| panic!("no image {name}: {status:#}"))
}

/// Two seconds for a lookup instead of the chart's ten, and no limit on the processor.
fn hurry(cron_job: &mut Value) {
    let container = tick_container(cron_job);
    let env = container["env"].as_array_mut().unwrap();
    env.push(json!({ "name": "LOOKUP_SECONDS", "value": "2" }));
    container["resources"]["limits"]
        .as_object_mut()
        .unwrap()
        .remove("cpu");
}

fn tick_container(cron_job: &mut Value) -> &mut Value {
    &mut cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
}

/// What `look` finds, as soon as it finds something.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within 120 s: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
