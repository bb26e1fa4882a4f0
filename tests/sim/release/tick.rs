//! Runs of the refresher: Jobs, their pods and logs, and what the `CronJob` remembers of them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Release;
use super::alive::{Owner, born, own, owned, stamp};
use super::pod::{Fate, ImageId, PodState, Running, owner_reference, pod};
use super::scene::{Event, PodLog, Run, Scene};

/// One run.
#[derive(Clone, Debug)]
pub struct Tick {
    /// The scheduled minute; of a manual run, when it was created.
    pub at: Timestamp,
    pub trigger: Trigger,
    /// Where its pod ran, if it had one.
    pub node: String,
    /// From start to end, if it has ended.
    pub took: SignedDuration,
    pub outcome: Outcome,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    Schedule,
    /// `kubectl create job --from=cronjob/… <name>`.
    Manual {
        name: String,
    },
}

/// How a run ended, or has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit 0, after so many failed runs of the container.
    Complete {
        log: String,
        failed_runs: Vec<String>,
    },
    /// The pod was removed, and its log with it.
    BackoffLimitExceeded,
    /// As above, by `activeDeadlineSeconds`.
    DeadlineExceeded,
    /// Active; earlier runs of the container failed.
    Running {
        log: String,
        failed_runs: Vec<String>,
    },
    /// Active, and admission or a quota refuses its pod, in these words.
    NoPod { refusal: String },
}

impl Tick {
    /// A scheduled run that ended well.
    pub fn complete(at: Timestamp, node: &str, log: String) -> Self {
        let outcome = Outcome::Complete {
            log,
            failed_runs: Vec::new(),
        };
        Self {
            outcome,
            took: SignedDuration::from_secs(41),
            ..Self::failed(at, node)
        }
    }

    /// A scheduled run that used up its retries.
    pub fn failed(at: Timestamp, node: &str) -> Self {
        Self {
            at,
            trigger: Trigger::Schedule,
            node: node.to_owned(),
            took: SignedDuration::from_secs(102),
            outcome: Outcome::BackoffLimitExceeded,
        }
    }

    /// A scheduled run that is active.
    pub fn running(at: Timestamp, node: &str, outcome: Outcome) -> Self {
        Self {
            outcome,
            ..Self::failed(at, node)
        }
    }

    /// When the Job was done; `None` while it is active.
    fn ended(&self) -> Option<Timestamp> {
        match self.outcome {
            Outcome::Running { .. } | Outcome::NoPod { .. } => None,
            _ => Some(self.at + self.took),
        }
    }
}

/// The newest `count` points of the chart's default schedule at or before `now`, oldest first.
pub fn schedule_points(now: Timestamp, count: usize) -> Vec<Timestamp> {
    let mut minute = now - SignedDuration::from_secs(now.as_second().rem_euclid(60));
    let mut points = Vec::new();
    while points.len() < count {
        if matches!((minute.as_second() / 60).rem_euclid(60), 7 | 22 | 37 | 52) {
            points.push(minute);
        }
        minute -= SignedDuration::from_mins(1);
    }
    points.reverse();
    points
}

const JOB_CONTROLLER: &str = "job-controller";

impl Scene {
    /// Adds a run and moves the status of the `CronJob` on.
    pub fn run(&mut self, release: &Release, tick: &Tick) {
        let namespace = &release.values.namespace;
        let name = release.refresher_name();
        let cron_job = self.object("CronJob", namespace, &name).clone();
        let job = job(&cron_job, tick);
        self.add_pod(&job, tick);
        self.tell(&job, tick);

        let cron_job = self.object_mut("CronJob", namespace, &name);
        let status = &mut cron_job["status"];
        if tick.trigger == Trigger::Schedule {
            later(status, "lastScheduleTime", tick.at);
            if tick.ended().is_none() {
                let mut active = owner_reference(&job);
                active["namespace"] = job["metadata"]["namespace"].clone();
                for field in ["controller", "blockOwnerDeletion"] {
                    active.as_object_mut().map(|active| active.remove(field));
                }
                status["active"] = json!([active]);
            }
        }
        if let (Outcome::Complete { .. }, Some(ended)) = (&tick.outcome, tick.ended()) {
            later(status, "lastSuccessfulTime", ended);
        }
        let fields = owned(&json!({ "status": cron_job["status"] }));
        let owner = Owner::of_status("kube-controller-manager");
        own(cron_job, &owner, fields, tick.ended().unwrap_or(tick.at));
        self.objects.push(job);
    }

    /// The pod and its logs, unless it never was or is gone.
    fn add_pod(&mut self, job: &Value, tick: &Tick) {
        let (log, failed_runs, fate) = match &tick.outcome {
            Outcome::Complete { log, failed_runs } => {
                (log, failed_runs, Fate::Ended { exit_code: 0 })
            }
            Outcome::Running { log, failed_runs } if failed_runs.is_empty() => {
                (log, failed_runs, Fate::Ready)
            }
            Outcome::Running { log, failed_runs } => {
                let restarts = u32::try_from(failed_runs.len()).unwrap_or(u32::MAX);
                (
                    log,
                    failed_runs,
                    Fate::Restarted {
                        exit_code: 1,
                        restarts,
                    },
                )
            }
            _ => return,
        };
        let digest = format!("sha256:{}", super::alive::hex("the runner", 64));
        let running = Running {
            image_id: ImageId::Repo(digest),
            fate,
        };
        let state = PodState::new(&tick.node, tick.at, vec![running]);
        let mut pod = pod(job, &job["spec"]["template"], &state, 0);
        if let Some(last) = failed_runs.last() {
            let status = &mut pod["status"]["containerStatuses"][0];
            status["restartCount"] = failed_runs.len().into();
            status["lastState"] = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
            self.log(&pod, Run::Previous, last);
        }
        self.log(&pod, Run::Current, log);
        self.objects.push(pod);
    }

    fn log(&mut self, pod: &Value, run: Run, text: &str) {
        let name = |field: &str| {
            pod["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        self.logs.push(PodLog {
            namespace: name("namespace"),
            pod: name("name"),
            container: "refresh".to_owned(),
            run,
            text: text.to_owned(),
        });
    }

    /// What is left of the events: they are kept for an hour.
    fn tell(&mut self, job: &Value, tick: &Tick) {
        if self.now.duration_since(tick.at) > SignedDuration::from_hours(1) {
            return;
        }
        let warn = |reason, message| Event {
            level: "Warning",
            reason,
            message,
            component: JOB_CONTROLLER,
        };
        let event = match &tick.outcome {
            Outcome::NoPod { refusal } => warn("FailedCreate", refusal),
            Outcome::BackoffLimitExceeded | Outcome::DeadlineExceeded => {
                let (reason, message) = failure(&tick.outcome);
                warn(reason, message)
            }
            Outcome::Complete { .. } => Event {
                level: "Normal",
                ..warn("Completed", "Job completed")
            },
            Outcome::Running { .. } => return,
        };
        self.report(job, &event, tick.ended().unwrap_or(tick.at));
    }
}

fn later(status: &mut Value, field: &str, time: Timestamp) {
    let time = stamp(time);
    if status[field]
        .as_str()
        .is_none_or(|known| known < time.as_str())
    {
        status[field] = time.into();
    }
}

fn failure(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::DeadlineExceeded => (
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
        ),
        _ => (
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
        ),
    }
}

fn job(cron_job: &Value, tick: &Tick) -> Value {
    let metadata = &cron_job["metadata"];
    let mut owner = owner_reference(cron_job);
    let (name, annotation) = match &tick.trigger {
        Trigger::Schedule => {
            let minutes = tick.at.as_second() / 60;
            let name = format!(
                "{}-{minutes}",
                metadata["name"].as_str().unwrap_or_default()
            );
            let key = "batch.kubernetes.io/cronjob-scheduled-timestamp";
            (name, json!({ key: stamp(tick.at) }))
        }
        Trigger::Manual { name } => {
            // kubectl sets the controller and leaves the deletion open.
            owner
                .as_object_mut()
                .map(|owner| owner.remove("blockOwnerDeletion"));
            (
                name.clone(),
                json!({ "cronjob.kubernetes.io/instantiate": "manual" }),
            )
        }
    };
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "annotations": annotation,
            "ownerReferences": [owner],
        },
        "spec": cron_job["spec"]["jobTemplate"]["spec"],
    });
    let mut job = born(job, "kube-controller-manager", tick.at);
    let uid = job["metadata"]["uid"].clone();
    let labels = &mut job["spec"]["template"]["metadata"]["labels"];
    labels["batch.kubernetes.io/controller-uid"] = uid.clone();
    labels["batch.kubernetes.io/job-name"] = name.as_str().into();
    labels["controller-uid"] = uid.clone();
    labels["job-name"] = name.as_str().into();
    // The API server gives a Job without labels those of its pods: measured with 1.34.
    job["metadata"]["labels"] = labels.clone();
    job["spec"]["selector"] =
        json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
    job["status"] = status(tick);
    let fields = owned(&json!({ "status": job["status"] }));
    let owner = Owner::of_status("kube-controller-manager");
    own(&mut job, &owner, fields, tick.ended().unwrap_or(tick.at));
    job
}

fn status(tick: &Tick) -> Value {
    let Some(ended) = tick.ended() else {
        let has_pod = matches!(tick.outcome, Outcome::Running { .. });
        let pods = u8::from(has_pod);
        return json!({ "active": pods, "ready": pods, "startTime": stamp(tick.at) });
    };
    let condition = |name: &str, reason: &str, message: &str| {
        json!({
            "type": name,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastProbeTime": stamp(ended),
            "lastTransitionTime": stamp(ended),
        })
    };
    if let Outcome::Complete { .. } = tick.outcome {
        let done = |name| {
            condition(
                name,
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            )
        };
        return json!({
            "startTime": stamp(tick.at),
            "completionTime": stamp(ended),
            "succeeded": 1,
            "ready": 0,
            "conditions": [done("SuccessCriteriaMet"), done("Complete")],
        });
    }
    let (reason, message) = failure(&tick.outcome);
    json!({
        "startTime": stamp(tick.at),
        "failed": 1,
        "ready": 0,
        "conditions": [
            condition("FailureTarget", reason, message),
            condition("Failed", reason, message),
        ],
    })
}
