//! The Jobs of a CronJob that are still kept: when they ran, and how they ended.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobStatus};

use kube::api::ListParams;

use super::connect::Cluster;
use super::pods::is_owned;
use super::read::Scope;
use crate::error::Error;
use crate::observation::{Origin, RefreshRun, RunLog, RunOutcome};
use crate::text::{QUOTED, printable};

const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const INSTANTIATE: &str = "cronjob.kubernetes.io/instantiate";

/// Names of the CronJob's Jobs that have not ended.
///
/// # Errors
///
/// As [`Cluster::list`].
pub(crate) async fn active(
    cluster: &Cluster,
    namespace: &str,
    cron_job_uid: &str,
) -> Result<Vec<String>, Error> {
    let jobs = cluster
        .list::<Job>(Scope::Namespace(namespace), &ListParams::default())
        .await?;
    let is_active = |run: &RefreshRun| matches!(run.outcome, RunOutcome::Active { .. });
    let active = runs(&jobs, cron_job_uid).into_iter().filter(is_active);
    Ok(active.map(|run| run.job).collect())
}

/// The runs of the CronJob of this uid, newest first. No log is asked for here.
pub(super) fn runs(jobs: &[Job], cron_job_uid: &str) -> Vec<RefreshRun> {
    let mut runs: Vec<_> = jobs
        .iter()
        .filter(|job| is_owned(&job.metadata, Some(cron_job_uid)))
        .map(run)
        .collect();
    runs.sort_by(|a, b| newest(b).cmp(&newest(a)).then_with(|| b.job.cmp(&a.job)));
    runs
}

/// When a run began, for ordering: a Job that has not started yet is the newest.
fn newest(run: &RefreshRun) -> Timestamp {
    run.started.or(run.scheduled).unwrap_or(Timestamp::MAX)
}

fn run(job: &Job) -> RefreshRun {
    let name = job.metadata.name.clone().unwrap_or_default();
    let annotation = |key: &str| {
        job.metadata
            .annotations
            .as_ref()
            .and_then(|annotations| annotations.get(key))
    };
    let origin = match annotation(INSTANTIATE).map(String::as_str) {
        Some("manual") => Origin::Manual,
        _ => Origin::Schedule,
    };
    let status = job.status.clone().unwrap_or_default();
    let scheduled = match origin {
        Origin::Manual => None,
        Origin::Schedule => annotation(SCHEDULED)
            .and_then(|text| text.parse().ok())
            .or_else(|| schedule_point(&name)),
    };
    RefreshRun {
        scheduled,
        origin,
        started: status.start_time.as_ref().map(|time| time.0),
        outcome: outcome(&status),
        log: RunLog::NotAsked,
        job: name,
    }
}

/// The controller names a Job after its schedule point: minutes since 1970.
fn schedule_point(job: &str) -> Option<Timestamp> {
    let minutes: i64 = job.rsplit_once('-')?.1.parse().ok()?;
    Timestamp::from_second(minutes.checked_mul(60)?).ok()
}

pub(super) fn outcome(status: &JobStatus) -> RunOutcome {
    for condition in status
        .conditions
        .iter()
        .flatten()
        .filter(|condition| condition.status == "True")
    {
        let at = condition.last_transition_time.as_ref().map(|time| time.0);
        match condition.type_.as_str() {
            "Complete" => {
                return RunOutcome::Complete {
                    finished: status.completion_time.as_ref().map(|time| time.0).or(at),
                };
            }
            "Failed" => {
                let reason = condition.reason.as_deref().unwrap_or("Failed");
                return RunOutcome::Failed {
                    finished: at,
                    reason: printable(reason, QUOTED),
                };
            }
            _ => {}
        }
    }
    RunOutcome::Active {
        pods: u32::try_from(status.active.unwrap_or(0)).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(name: &str, manual: bool, status: &serde_json::Value) -> Job {
        let annotations = if manual {
            json!({INSTANTIATE: "manual"})
        } else {
            json!({})
        };
        serde_json::from_value(json!({
            "metadata": {"name": name, "annotations": annotations, "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "CronJob", "name": "berlin-image-refresh", "uid": "u1", "controller": true}]},
            "status": status,
        }))
        .expect("job")
    }

    #[test]
    fn a_run_is_dated_by_its_name_and_judged_by_its_conditions() {
        let failed = json!({"startTime": "2026-06-06T09:52:01Z", "conditions": [
            {"type": "FailureTarget", "status": "True", "reason": "BackoffLimitExceeded"},
            {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": "2026-06-06T09:53:00Z"}]});
        let complete = json!({"startTime": "2026-06-06T09:37:01Z", "completionTime": "2026-06-06T09:37:20Z",
            "conditions": [{"type": "Complete", "status": "True"}]});
        let jobs = [
            job("by-hand", true, &complete),
            job("berlin-image-refresh-29678992", false, &failed),
            job(
                "berlin-image-refresh-x",
                false,
                &json!({"startTime": "2026-06-06T10:07:00Z", "active": 1}),
            ),
        ];
        let runs = runs(&jobs, "u1");
        let time = |text: &str| text.parse::<Timestamp>().expect("time");
        assert_eq!(
            vec![
                "berlin-image-refresh-x",
                "berlin-image-refresh-29678992",
                "by-hand"
            ],
            runs.iter().map(|run| run.job.as_str()).collect::<Vec<_>>()
        );
        assert_eq!(
            (None, RunOutcome::Active { pods: 1 }),
            (runs[0].scheduled, runs[0].outcome.clone())
        );
        assert_eq!(Some(time("2026-06-06T09:52:00Z")), runs[1].scheduled);
        let reason = "BackoffLimitExceeded".to_owned();
        let finished = Some(time("2026-06-06T09:53:00Z"));
        assert_eq!(RunOutcome::Failed { finished, reason }, runs[1].outcome);
        assert_eq!((Origin::Manual, None), (runs[2].origin, runs[2].scheduled));
    }

    #[test]
    fn jobs_of_others_are_not_runs() {
        assert_eq!(
            Vec::<RefreshRun>::new(),
            runs(&[job("x", false, &json!({}))], "another")
        );
    }
}
