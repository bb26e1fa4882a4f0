//! The way to each registry: from this machine by the lookups just made, from the cluster by what its runs left.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{BrokenLayer, ClusterEvidence, Egress};
use crate::capability::Capability;
use crate::image::ManagedImage;
use crate::log::{Event, decode};
use crate::lookup::{Failure, Layer};
use crate::observation::{Observation, RefreshRun, RunLog, RunOutcome};
use crate::record::Streak;
use crate::wanted::tags;

const GHCR: &str = "ghcr.io";
const DOCKER: &str = "docker.io";

/// One for each registry that an image of the release is looked up on, by name.
pub(crate) fn egress(seen: &Observation) -> Vec<Egress> {
    let registries: BTreeSet<String> = tags(seen)
        .into_iter()
        .map(|reference| reference.registry)
        .collect();
    registries
        .into_iter()
        .map(|registry| Egress {
            here: here(seen, &registry),
            cluster: evidence(seen, &registry),
            registry,
        })
        .collect()
}

/// One answer is enough to know the way; without any, the first failure says where it ends.
fn here(seen: &Observation, registry: &str) -> Option<Result<std::time::Duration, BrokenLayer>> {
    let answers: Vec<_> = seen
        .registry
        .latest
        .iter()
        .filter(|(reference, _)| reference.registry == registry)
        .map(|(_, answer)| answer)
        .collect();
    if let Some(took) = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(|resolved| resolved.took)
        .max()
    {
        return Some(Ok(took));
    }
    let failure = answers.iter().find_map(|answer| answer.as_ref().err())?;
    (failure.layer != Layer::None || failure.code.is_some()).then(|| Err(broken(failure)))
}

fn broken(failure: &Failure) -> BrokenLayer {
    BrokenLayer {
        layer: failure.layer,
        code: failure.code,
        message: failure.message.clone(),
    }
}

/// What the cluster's own runs say of a registry, newest evidence first.
fn evidence(seen: &Observation, registry: &str) -> ClusterEvidence {
    let runs = match &seen.runs {
        Ok(runs) => runs,
        Err(blind) => return ClusterEvidence::Nothing(blind.0.clone()),
    };
    if registry == GHCR
        && let Some(fails) = counted(seen, runs)
    {
        return fails;
    }
    let Some(newest) = newest_completed(runs) else {
        return ClusterEvidence::Nothing("no completed run is kept".to_owned());
    };
    let at = ended(newest);
    let by = || "last completed run's log".to_owned();
    match &newest.log {
        RunLog::Read(log) => match logged(log, registry) {
            Some(Answer::Failed) => return ClusterEvidence::Fails { by: by(), at },
            Some(Answer::Resolved) => return ClusterEvidence::Reaches { by: by(), at },
            None => {}
        },
        RunLog::PodDeleted | RunLog::NotReadable(_) | RunLog::NotAsked => {}
    }
    if registry == GHCR && uncounted_success(seen) {
        return ClusterEvidence::Reaches {
            by: "last completed run counted no failure".to_owned(),
            at,
        };
    }
    ClusterEvidence::Nothing(match &newest.log {
        RunLog::Read(_) => "last completed run did not ask it".to_owned(),
        RunLog::NotReadable(blind) => blind.0.clone(),
        RunLog::PodDeleted | RunLog::NotAsked => "no log".to_owned(),
    })
}

/// The streak of the generation that counts ingestor lookups.
fn counted(seen: &Observation, runs: &[RefreshRun]) -> Option<ClusterEvidence> {
    if !seen.release.capabilities.has(Capability::FailureStreak) {
        return None;
    }
    let count = seen.record.as_ref().ok()?.counter(Streak::Failures).value();
    let limit = match &seen.release.cron_job()?.limits.failures {
        crate::capability::Limit::At(limit) => limit.to_string(),
        crate::capability::Limit::Unusable(_) => "?".to_owned(),
    };
    (count > 0).then(|| ClusterEvidence::Fails {
        by: format!("{count}/{limit}"),
        at: runs.first().and_then(|run| run.scheduled.or(run.started)),
    })
}

/// In that generation a completed run without a counter has resolved the ingestor, unless it is pinned.
fn uncounted_success(seen: &Observation) -> bool {
    let is_pinned = seen
        .release
        .cron_job()
        .is_some_and(|cron_job| cron_job.pinned.contains(&ManagedImage::Ingestor));
    let is_clear = seen
        .record
        .as_ref()
        .is_ok_and(|record| record.counter(Streak::Failures).value() == 0);
    seen.release.capabilities.has(Capability::FailureStreak) && !is_pinned && is_clear
}

/// The newest run that completed: the one whose log is read.
pub(crate) fn newest_completed(runs: &[RefreshRun]) -> Option<&RefreshRun> {
    runs.iter()
        .find(|run| matches!(run.outcome, RunOutcome::Complete { .. }))
}

fn ended(run: &RefreshRun) -> Option<Timestamp> {
    match &run.outcome {
        RunOutcome::Complete { finished } | RunOutcome::Failed { finished, .. } => {
            finished.or(run.started)
        }
        RunOutcome::Active { .. } => run.started,
    }
}

/// What a log says of the lookups on a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Resolved,
    Failed,
}

/// One failed lookup tells more than any number of good ones. `None` when the log has none at all.
fn logged(log: &str, registry: &str) -> Option<Answer> {
    let answers = decode(log)
        .into_iter()
        .filter(|entry| entry.image.is_some_and(|image| is_on(image, registry)));
    let answers: Vec<_> = answers.filter_map(|entry| answer(entry.event)).collect();
    answers
        .iter()
        .find(|answer| **answer == Answer::Failed)
        .or(answers.first())
        .copied()
}

/// Whether the lookups of this event's line failed. `None` where the event is about something else.
fn answer(event: Event) -> Option<Answer> {
    match event {
        Event::Latest => Some(Answer::Resolved),
        Event::TokenFailed
        | Event::Unresolved
        | Event::FailureCounted { .. }
        | Event::ThresholdReached
        | Event::AboveThreshold => Some(Answer::Failed),
        Event::Started
        | Event::Announced
        | Event::Checking
        | Event::Recorded
        | Event::InUse
        | Event::Pinned
        | Event::StreakCleared
        | Event::FirstObservation
        | Event::Unchanged
        | Event::Drifted
        | Event::Acting
        | Event::Done
        | Event::Recording
        | Event::Skipped { .. }
        | Event::DeploymentUnreadable
        | Event::LockedOut
        | Event::AttemptUnreadable
        | Event::Frozen
        | Event::SkipsUncounted
        | Event::SettledAgain
        | Event::ClearFailed
        | Event::Mirrored
        | Event::Completed
        | Event::Said
        | Event::ToolOutput
        | Event::ToolError => None,
    }
}

/// The script names docker.io's images without a registry.
fn is_on(image: &str, registry: &str) -> bool {
    match image.strip_prefix("ghcr.io/") {
        Some(_) => registry == GHCR,
        None => registry == DOCKER,
    }
}

/// Whether the log has a failed lookup for this image (TBI-310).
pub(crate) fn has_failed_lookup(log: &str, image: ManagedImage) -> bool {
    let name = match image {
        ManagedImage::RequestsProxy => ManagedImage::JobsManager.name(),
        other => other.name(),
    };
    let is_about = |checked: &str| {
        let repository = checked
            .rsplit_once(':')
            .map_or(checked, |(repository, _)| repository);
        repository.rsplit('/').next() == Some(name)
    };
    decode(log).into_iter().any(|entry| {
        entry.image.is_some_and(is_about) && answer(entry.event) == Some(Answer::Failed)
    })
}
