//! What was looked for and not seen.

use super::image::Judged;
use super::silent::untold;
use super::{InUse, Incomplete, State};
use crate::capability::from_elsewhere;
use crate::content::is_gone;
use crate::image::Digest;
use crate::lookup::Failure;
use crate::observation::{Blind, Depth, Observation, RunLog};
use crate::record::Streak;
use crate::release::{Absence, Refresher};

/// Each reason once, in the order of the screen.
pub(super) fn incomplete(seen: &Observation, images: &[Judged<'_>]) -> Vec<Incomplete> {
    let mut all = Vec::new();
    all.extend(blind("nodes", seen.nodes.as_ref().err()));
    all.extend(blind("record", seen.record.as_ref().err()));
    for judged in images {
        all.extend(of_image(judged));
    }
    all.extend(settings(seen));
    // In an overview they were not asked for.
    if seen.release.cron_job().is_some() && seen.depth == Depth::Whole {
        all.extend(blind("jobs", seen.runs.as_ref().err()));
    }
    for run in seen.runs.iter().flatten() {
        if let RunLog::NotReadable(why) = &run.log {
            all.extend(blind(&format!("log of {}", run.job), Some(why)));
        }
    }
    all
}

/// Settings of the refresher that decide and cannot be read; those that name or pin an image are told with it.
fn settings(seen: &Observation) -> Vec<Incomplete> {
    if seen.release.refresher == Refresher::Absent(Absence::NoContainer) {
        return vec![Incomplete {
            what: "refresh job".to_owned(),
            why: "the CronJob has no container to read".to_owned(),
        }];
    }
    let limits = Streak::ALL.map(Streak::limited_by);
    let names = ["IMAGE_TAG", "INGESTOR_TAG", "IMAGE_REGISTRY"];
    let names = names.into_iter().chain(limits);
    let env = seen.release.cron_job().map(|cron_job| &cron_job.env);
    names
        .filter(|name| env.is_some_and(|env| env.is_elsewhere(name)))
        .map(|name| Incomplete {
            what: "refresh job".to_owned(),
            why: from_elsewhere(name),
        })
        .collect()
}

fn of_image(judged: &Judged<'_>) -> Vec<Incomplete> {
    let name = judged.image();
    let of = |what: &str, why: String| Incomplete {
        what: format!("{name}: {what}"),
        why,
    };
    let workload = match judged.facts.workload() {
        Ok(workload) => workload,
        Err(why) => return vec![of("workload", why)],
    };
    let mut all = Vec::new();
    if let Err(why) = &workload.pods
        && workload.replicas != Some(0)
    {
        all.push(of("pods", why.0.clone()));
    }
    let failures = failures(judged).into_iter();
    all.extend(failures.map(|(what, failure)| of(what, failure.to_string())));
    all
}

/// What no registry gave for this image, and why. What the nodes hide is said once; that a digest is gone is an answer.
pub(super) fn failures<'a>(judged: &Judged<'a>) -> Vec<(&'static str, &'a Failure)> {
    let facts = &judged.facts;
    if judged.is(State::Mirrored) {
        return Vec::new();
    }
    if let Some(failure) = facts.failure() {
        return vec![("latest", failure)];
    }
    let latest = judged.assessed.latest.as_ref().ok();
    let in_use = if let InUse::Digest(digest) = &judged.assessed.in_use {
        Some(digest).filter(|digest| Some(*digest) != latest)
    } else {
        None
    };
    let content = |digest: &Digest| facts.content_failure(digest);
    [
        ("platforms of the latest", latest.and_then(content)),
        (
            "platforms of what is in use",
            in_use.and_then(content).filter(|failure| !is_gone(failure)),
        ),
        ("age of the latest", untold(judged)),
    ]
    .into_iter()
    .filter_map(|(what, failure)| Some((what, failure?)))
    .collect()
}

fn blind(what: &str, why: Option<&Blind>) -> Option<Incomplete> {
    why.map(|why| Incomplete {
        what: what.to_owned(),
        why: why.0.clone(),
    })
}
