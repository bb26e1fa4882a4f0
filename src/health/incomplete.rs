//! What was looked for and not seen.

use super::image::Judged;
use super::{Incomplete, State};
use crate::lookup::Failure;
use crate::observation::{Blind, Depth, Observation, RunLog};

/// Each reason once, in the order of the screen.
pub(super) fn incomplete(seen: &Observation, images: &[Judged<'_>]) -> Vec<Incomplete> {
    let mut all = Vec::new();
    all.extend(blind("nodes", seen.nodes.as_ref().err()));
    all.extend(blind("record", seen.record.as_ref().err()));
    for judged in images {
        all.extend(of_image(judged));
    }
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
    if judged.is(State::Mirrored) {
        return all;
    }
    if let Some(failure) = judged.facts.failure() {
        all.push(of("latest", failure.to_string()));
        return all;
    }
    // The platforms need content that only the registry has; what the nodes hide is said once.
    let coverage = &judged.assessed.coverage;
    let latest = judged
        .assessed
        .latest
        .as_ref()
        .ok()
        .and(coverage.latest.as_ref().err());
    let in_use = content_failure(judged);
    all.extend(latest.map(|why| of("platforms of the latest", why.0.clone())));
    all.extend(in_use.map(|failure| of("platforms of what is in use", failure.to_string())));
    all
}

/// Why the content in use is not known, where the registry was asked for it. That it is gone is an answer.
fn content_failure<'a>(judged: &Judged<'a>) -> Option<&'a Failure> {
    let super::InUse::Digest(digest) = &judged.assessed.in_use else {
        return None;
    };
    let registry = &judged.facts.seen.registry;
    if judged.assessed.latest.as_ref() == Ok(digest) {
        return None;
    }
    let manifest = registry.manifests.get(digest)?.as_ref().err();
    let config = registry
        .configs
        .get(digest)
        .and_then(|config| config.as_ref().err());
    manifest
        .or(config)
        .filter(|failure| !crate::content::is_gone(failure))
}

fn blind(what: &str, why: Option<&Blind>) -> Option<Incomplete> {
    why.map(|why| Incomplete {
        what: what.to_owned(),
        why: why.0.clone(),
    })
}
