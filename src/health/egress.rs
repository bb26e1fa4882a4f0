//! What the cluster's own runs tell of the registries: the newest completed run's log, and the counter.

use std::collections::BTreeSet;
use std::time::Duration;

use super::facts::Facts;
use super::image::Judged;
use super::job::ended;
use super::{BrokenLayer, ClusterEvidence, Egress, State};
use crate::capability::Capability;
use crate::codes::Code;
use crate::image::{ManagedImage, Reference};
use crate::log::{Event, cause_of, decode};
use crate::lookup::{Failure, Layer, Vantage};
use crate::observation::{Observation, RefreshRun, RunLog, RunOutcome};
use crate::record::Streak;

/// How one image's lookup went in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Resolved,
    /// With the words of the tool that failed, verbatim, where it left any.
    Failed(Option<String>),
    /// Pinned, not reached, or cut off.
    Unseen,
}

/// The newest run that ended well. It may have warned.
fn newest_completed(seen: &Observation) -> Option<&RefreshRun> {
    let mut runs = seen.runs.as_ref().ok()?.iter();
    runs.find(|run| matches!(run.outcome, RunOutcome::Complete { .. }))
}

/// The log of that run. `None` when there is none to read.
pub(super) fn newest_log(seen: &Observation) -> Option<&str> {
    match &newest_completed(seen)?.log {
        RunLog::Read(text) => Some(text),
        RunLog::PodDeleted | RunLog::NotReadable(_) | RunLog::NotAsked => None,
    }
}

/// By the last run of the container in this log.
pub(super) fn looked(log: &str, image: &Reference) -> Looked {
    let entries = decode(log);
    let start = entries
        .iter()
        .rposition(|entry| entry.event == Event::Started);
    let entries = &entries[start.unwrap_or(0)..];
    let is_own = |named: Option<&str>| {
        let named = named.and_then(|named| named.parse::<Reference>().ok());
        named.is_some_and(|named| named.name() == image.name())
    };
    let is_failure = |event: Event| {
        matches!(
            event,
            Event::TokenFailed
                | Event::Unresolved
                | Event::FailureCounted { .. }
                | Event::ThresholdReached
                | Event::AboveThreshold
        )
    };
    let place = entries
        .iter()
        .position(|entry| is_failure(entry.event) && is_own(entry.image));
    if let Some(place) = place {
        let cause = cause_of(entries, place);
        return Looked::Failed(cause.last().map(|line| (*line).to_owned()));
    }
    let has_latest = entries
        .iter()
        .any(|entry| entry.event == Event::Latest && is_own(entry.image));
    if has_latest {
        Looked::Resolved
    } else {
        Looked::Unseen
    }
}

/// Whether a run talks to the API server that kubectl makes up where it finds none (chart #634).
pub(super) fn has_no_cluster(seen: &Observation) -> bool {
    seen.runs.iter().flatten().any(|run| match &run.log {
        RunLog::Read(text) => text.contains("localhost:8080"),
        RunLog::PodDeleted | RunLog::NotReadable(_) | RunLog::NotAsked => false,
    })
}

/// One entry per registry that images are tracked on, by its name. Mirrored images are on none.
pub(super) fn egress(seen: &Observation, images: &[Judged<'_>]) -> Vec<Egress> {
    let tracked: Vec<_> = images
        .iter()
        .filter(|image| !image.is(State::Mirrored))
        .map(|image| image.facts)
        .filter(|facts| facts.observed.tracks.is_some())
        .collect();
    let registries: BTreeSet<_> = tracked.iter().filter_map(registry).collect();
    registries
        .into_iter()
        .map(|name| {
            let of_registry = |facts: &&Facts<'_>| registry(facts) == Some(name);
            let facts: Vec<_> = tracked
                .iter()
                .copied()
                .filter(|one| of_registry(&one))
                .collect();
            let (here, cluster) = match seen.registry.from {
                Vantage::Workstation => (looked_at(&facts), cluster(seen, name, &facts)),
                Vantage::Cluster => (None, by_pod(seen, &facts)),
            };
            Egress {
                registry: name.to_owned(),
                here,
                cluster,
            }
        })
        .collect()
}

fn registry<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let tracks = facts.observed.tracks.as_ref()?;
    Some(tracks.registry.as_str())
}

/// What a pod saw that was sent to look.
fn by_pod(seen: &Observation, facts: &[Facts<'_>]) -> ClusterEvidence {
    let (by, at) = ("a pod that looked".to_owned(), Some(seen.at));
    match looked_at(facts) {
        Some(Ok(_)) => ClusterEvidence::Reaches { by, at },
        Some(Err(_)) => ClusterEvidence::Fails { by, at },
        None => ClusterEvidence::Nothing("no pod has looked".to_owned()),
    }
}

/// The layer that broke first, or the longest of the lookups. `None` when nothing was asked.
fn looked_at(facts: &[Facts<'_>]) -> Option<Result<Duration, BrokenLayer>> {
    let is_answered = facts
        .iter()
        .any(|facts| facts.seen.latest(facts.observed).is_ok());
    let broken = facts
        .iter()
        .filter_map(Facts::failure)
        .filter(|failure| failure.layer != Layer::None)
        // A tag that is missing, where others are there, says nothing of the way.
        .filter(|failure| !(is_answered && is_about_content(failure)))
        .min_by_key(|failure| failure.layer);
    if let Some(failure) = broken {
        return Some(Err(BrokenLayer {
            layer: failure.layer,
            code: failure.code,
            message: failure.to_string(),
        }));
    }
    let took = facts
        .iter()
        .filter_map(|facts| facts.seen.latest(facts.observed).ok())
        .map(|resolved| resolved.took);
    took.max().map(Ok)
}

fn is_about_content(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Some(Code::TagMissing | Code::RepositoryMissing | Code::DigestNotProvable)
    )
}

fn cluster(seen: &Observation, registry: &str, facts: &[Facts<'_>]) -> ClusterEvidence {
    if seen.release.cron_job().is_none() {
        return ClusterEvidence::Nothing("no refresh job".to_owned());
    }
    if let Some(evidence) = by_counter(seen, registry) {
        return evidence;
    }
    let run = match (&seen.runs, newest_completed(seen)) {
        (Err(blind), _) => return ClusterEvidence::Nothing(format!("jobs: {}", blind.0)),
        (Ok(_), None) => return ClusterEvidence::Nothing("no completed run is kept".to_owned()),
        (Ok(_), Some(run)) => run,
    };
    let at = ended(run);
    let log = match &run.log {
        RunLog::Read(log) => Some(log),
        RunLog::PodDeleted | RunLog::NotReadable(_) | RunLog::NotAsked => None,
    };
    let looks: Vec<_> = log
        .iter()
        .flat_map(|log| facts.iter().filter_map(|facts| of_image(log, facts)))
        .collect();
    let by = || "last run's log".to_owned();
    if looks.iter().any(|look| matches!(look, Looked::Failed(_))) {
        return ClusterEvidence::Fails { by: by(), at };
    }
    if looks.contains(&Looked::Resolved) {
        return ClusterEvidence::Reaches { by: by(), at };
    }
    if is_counted(seen) && facts.iter().any(is_looked_up_ingestor) && has_no_counter(seen) {
        let by = "no failure counted".to_owned();
        return ClusterEvidence::Reaches { by, at };
    }
    ClusterEvidence::Nothing(match &run.log {
        RunLog::NotReadable(blind) => format!("log: {}", blind.0),
        RunLog::Read(_) => "the last run did not look it up".to_owned(),
        RunLog::PodDeleted | RunLog::NotAsked => "no log".to_owned(),
    })
}

fn of_image(log: &str, facts: &Facts<'_>) -> Option<Looked> {
    Some(looked(log, facts.observed.tracks.as_ref()?))
}

/// What the ingestor's counter alone tells: it stands only while lookups fail.
fn by_counter(seen: &Observation, registry: &str) -> Option<ClusterEvidence> {
    let record = seen.record.as_ref().ok()?;
    let count = record.counter(Streak::Failures).value();
    if registry != "ghcr.io" || !is_counted(seen) || count == 0 {
        return None;
    }
    let limit = seen.release.cron_job()?.limits.failures.number();
    let limit = limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
    let newest = seen.runs.iter().flatten().filter_map(ended).max();
    Some(ClusterEvidence::Fails {
        by: format!("{count}/{limit}"),
        at: newest.or_else(|| record.written.get(Streak::Failures.key()).copied()),
    })
}

fn is_counted(seen: &Observation) -> bool {
    seen.release.capabilities.has(Capability::FailureStreak)
}

fn has_no_counter(seen: &Observation) -> bool {
    let record = seen.record.as_ref();
    record.is_ok_and(|record| !record.annotations.contains_key(Streak::Failures.key()))
}

fn is_looked_up_ingestor(facts: &Facts<'_>) -> bool {
    facts.image() == ManagedImage::Ingestor
        && facts
            .seen
            .release
            .cron_job()
            .is_some_and(|cron_job| !cron_job.pinned.contains(&ManagedImage::Ingestor))
}
