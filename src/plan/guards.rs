//! What stands in the way of a refresh, and what is done about it. Decided here alone.
//!
//! | seen | asked | `--now` | `--force` |
//! |---|---|---|---|
//! | the caller may not patch | fail | fail | fail |
//! | no CronJob | refuse | refuse | refuse |
//! | a counter is unreadable | fail | fail | fail |
//! | a workload is paused | refuse | refuse | refuse |
//! | attempts at their limit, and an image to patch is behind its record | refuse | refuse | go, not counted |
//! | unsettled by another cause than the image (503 to 506) | refuse | refuse | go |
//! | somebody else's rollout is on the way | offer to wait, then plan anew | wait, then plan anew | go |
//! | the CronJob is suspended | ask | refuse | go |
//! | a run of it is active | offer to follow, then plan anew | follow, then plan anew | go |
//! | ingestor lookups failed up to their threshold | go, and say that it stays | same | same |
//!
//! A rollout that waits for the very image that is to be replaced is no obstacle: replacing it is the cure.

use super::candidate::Candidate;
use super::changes::{does_not_run, in_flight};
use super::{Change, Consent, Finish, Guarding, Rearm, Request, Stage};
use crate::capability::Capability;
use crate::codes::Code;
use crate::health::Folded;
use crate::observation::{Observation, Rollout, RunOutcome, Target, Workload};
use crate::record::Streak;
use crate::release::{Absence, Refresher, Run};
use crate::rollout::Strategy;

/// One obstacle, and what it means for this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) obstacle: Obstacle,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// What the caller may not do, as `kubectl auth can-i` takes it.
    Forbidden(Vec<String>),
    NoCronJob(Absence),
    /// The record; with the reason.
    Unreadable(String),
    Paused(Target),
    LockedOut {
        count: u64,
        limit: u64,
    },
    /// With the code, and the words of whoever says so.
    Unsettled(Target, Code, String),
    /// With kubectl's words for what it waits for.
    RollingOut(Target, String),
    Suspended,
    /// Names of the Jobs.
    Running(Vec<String>),
    /// Pods cannot look the ingestor up.
    StreakStays {
        count: u64,
        limit: u64,
    },
}

/// In the order in which they are heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verdict {
    /// Nothing is done: exit 1.
    Fail,
    /// Nothing is done: exit 3.
    Refuse,
    /// Waits for somebody else's rollout, then everything is planned anew.
    Wait,
    /// Follows the run, then everything is planned anew.
    Follow,
    /// A person is told, and asked whether all the same.
    Ask,
    Go,
}

/// Gravest first. Empty for a plan that does nothing.
pub(super) fn guards(
    seen: &Observation,
    candidates: &[Candidate<'_>],
    changes: &[Change],
    finish: &Finish,
    request: &Request,
) -> Vec<Guard> {
    if let Refresher::Absent(why) = &seen.release.refresher {
        return vec![guard(Obstacle::NoCronJob(*why), request)];
    }
    if changes.is_empty() && finish.records.is_empty() && request.counters == Rearm::No {
        return Vec::new();
    }
    let mut obstacles = Vec::new();
    if let Err(blind) = &seen.record {
        obstacles.push(Obstacle::Unreadable(blind.0.clone()));
    }
    for change in changes {
        obstacles.extend(of_workload(candidates, change));
    }
    obstacles.extend(locked_out(seen, candidates, changes));
    obstacles.extend(suspended(seen));
    obstacles.extend(running(seen));
    obstacles.extend(streak(seen, candidates));
    let mut guards: Vec<_> = obstacles
        .into_iter()
        .map(|obstacle| guard(obstacle, request))
        .collect();
    guards.sort_by_key(|guard| guard.verdict);
    guards
}

fn guard(obstacle: Obstacle, request: &Request) -> Guard {
    Guard {
        verdict: verdict(&obstacle, request.consent, request.guarding),
        obstacle,
    }
}

fn verdict(obstacle: &Obstacle, consent: Consent, guarding: Guarding) -> Verdict {
    match (obstacle, guarding, consent) {
        (Obstacle::Forbidden(_) | Obstacle::Unreadable(_), _, _) => Verdict::Fail,
        (Obstacle::NoCronJob(_) | Obstacle::Paused(_), _, _)
        | (Obstacle::LockedOut { .. } | Obstacle::Unsettled(..), Guarding::Heeded, _)
        | (Obstacle::Suspended, Guarding::Heeded, Consent::Given) => Verdict::Refuse,
        (Obstacle::StreakStays { .. }, _, _) | (_, Guarding::Overridden, _) => Verdict::Go,
        (Obstacle::Suspended, Guarding::Heeded, Consent::Asked) => Verdict::Ask,
        (Obstacle::RollingOut(..), Guarding::Heeded, _) => Verdict::Wait,
        (Obstacle::Running(_), Guarding::Heeded, _) => Verdict::Follow,
    }
}

fn of_workload(candidates: &[Candidate<'_>], change: &Change) -> Option<Obstacle> {
    let own = || {
        candidates.iter().filter_map(|candidate| {
            let workload = candidate.workload()?;
            (workload.target() == change.target).then_some((candidate, workload))
        })
    };
    let (_, workload) = own().next()?;
    let target = change.target.clone();
    if workload.rollout == Rollout::Paused {
        return Some(Obstacle::Paused(target));
    }
    let is_image = own().any(|(candidate, _)| {
        let cannot_run = !candidate.assessed.coverage.missing.is_empty();
        candidate.wanted().is_some() && (does_not_run(candidate) || cannot_run)
    });
    if change.stage != Stage::Patch || is_image {
        return None;
    }
    let unschedulable = own().find_map(|(candidate, workload)| {
        let is_it = candidate.assessed.troubles.contains(&Code::Unschedulable);
        is_it.then(|| words_of_pods(workload))
    });
    if let Some(words) = unschedulable {
        return Some(Obstacle::Unsettled(target, Code::Unschedulable, words));
    }
    if let Rollout::Failed(words) = &workload.rollout {
        return Some(Obstacle::Unsettled(
            target,
            Code::ProgressDeadline,
            words.clone(),
        ));
    }
    // Nobody waits for the pods of such a set.
    if change.object.strategy == Strategy::OnDelete {
        return None;
    }
    in_flight(workload).map(|words| Obstacle::RollingOut(target, words.to_owned()))
}

fn words_of_pods(workload: &Workload) -> String {
    use crate::observation::PodPhase;

    let mut pods = workload.pods.iter().flatten();
    let message = pods.find_map(|pod| match &pod.phase {
        PodPhase::Waiting { reason, message } => {
            (reason == "Unschedulable").then(|| format!("pod {}: {message}", pod.name))
        }
        PodPhase::Ready | PodPhase::NotReady | PodPhase::Terminating | PodPhase::NodeLost => None,
    });
    message.unwrap_or_default()
}

fn locked_out(
    seen: &Observation,
    candidates: &[Candidate<'_>],
    changes: &[Change],
) -> Option<Obstacle> {
    if !seen.release.capabilities.has(Capability::FlapGuard) {
        return None;
    }
    let limit = seen.release.cron_job()?.limits.attempts.number()?;
    let count = seen.record.as_ref().ok()?.counter(Streak::Attempts).value();
    let is_patched = |candidate: &&Candidate<'_>| {
        let mut patched = changes.iter().filter(|change| change.stage == Stage::Patch);
        candidate.wanted().is_some()
            && patched.any(|change| {
                change
                    .moves
                    .iter()
                    .any(|one| one.image == candidate.image())
            })
    };
    let is_behind = candidates.iter().filter(is_patched).any(|candidate| {
        // A record that cannot be compared may be behind.
        matches!(
            candidate.assessed.to_latest.recorded,
            Some(Folded::Other | Folded::Unknown(_))
        )
    });
    (is_behind && count >= limit).then_some(Obstacle::LockedOut { count, limit })
}

fn suspended(seen: &Observation) -> Option<Obstacle> {
    (seen.release.cron_job()?.run == Run::Suspended).then_some(Obstacle::Suspended)
}

fn running(seen: &Observation) -> Option<Obstacle> {
    let is_active = |outcome: &RunOutcome| matches!(outcome, RunOutcome::Active { .. });
    let jobs: Vec<_> = seen
        .runs
        .iter()
        .flatten()
        .filter(|run| is_active(&run.outcome))
        .map(|run| run.job.clone())
        .collect();
    (!jobs.is_empty()).then_some(Obstacle::Running(jobs))
}

fn streak(seen: &Observation, candidates: &[Candidate<'_>]) -> Option<Obstacle> {
    use crate::image::ManagedImage;

    let is_ingestor = |candidate: &Candidate<'_>| candidate.image() == ManagedImage::Ingestor;
    let moves = candidates
        .iter()
        .any(|candidate| is_ingestor(candidate) && candidate.wanted().is_some());
    let limit = seen.release.cron_job()?.limits.failures.number()?;
    let is_counted = seen.release.capabilities.has(Capability::FailureStreak);
    let count = seen.record.as_ref().ok()?.counter(Streak::Failures).value();
    (moves && is_counted && count > 0).then_some(Obstacle::StreakStays { count, limit })
}
