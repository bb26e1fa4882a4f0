//! What follows from a barred way, and what moves images past it meanwhile.

use std::collections::BTreeSet;

use super::Case;
use super::block::{Block, Place, View, view};
use crate::checks::{Check, Group};
use crate::codes::Code;
use crate::health::{AssessedImage, NextStep};
use crate::image::ManagedImage;
use crate::reading::Vantage;

/// Whether a check is one of the block's, or follows from it.
pub(super) fn is_of(case: &Case<'_>, block: &Block<'_>, check: &Check) -> bool {
    match (check.group, &check.vantage) {
        (Group::Registries, Some(vantage)) => is_step(block, vantage, check),
        (Group::Images | Group::RefreshJob, _) => follows(case, block, check),
        (Group::Registries | Group::Access | Group::Chart, _) => false,
    }
}

/// A failed step of a way that the block bars; what fails further along has not been reached.
fn is_step(block: &Block<'_>, vantage: &Vantage, check: &Check) -> bool {
    let place = match vantage {
        Vantage::Workstation => Place::Here,
        Vantage::Pod(_) => Place::Pods,
        Vantage::Node(_) => Place::Nodes,
    };
    block.sights.iter().any(|sight| {
        sight.place == place && check.id.starts_with(&format!("egress.{}.", sight.registry))
    })
}

/// What the refresher could not do from its pods, or the nodes not pull.
fn follows(case: &Case<'_>, block: &Block<'_>, check: &Check) -> bool {
    let Some(code) = check.code else {
        return false;
    };
    let is_tracked = check.image.is_none_or(|image| {
        registry(case, image).is_some_and(|name| block.registries().contains(name))
    });
    if block.is_from(Place::Nodes) && code == Code::CannotPull {
        return is_tracked;
    }
    block.is_from(Place::Pods)
        && block.bars_lookups()
        && is_of_lookups(case, &block.registries(), check)
}

/// Whether a check is about failed lookups of the refresher at these registries, or follows from them.
pub(super) fn is_of_lookups(case: &Case<'_>, registries: &BTreeSet<&str>, check: &Check) -> bool {
    let is_at = |image| registry(case, image).is_some_and(|name| registries.contains(name));
    match (check.code, check.image) {
        (
            Some(Code::StreakBelowThreshold | Code::StreakAtThreshold | Code::SilentFailure),
            Some(image),
        ) => is_at(image),
        // A refresher whose streak is at its limit fails at every run.
        (Some(Code::RunsFailed), None) => has_streak(case) && is_at(ManagedImage::Ingestor),
        (Some(Code::PlatformMissing | Code::Stale | Code::Disagree), Some(image)) => {
            is_at(image) && would_heal(case, image)
        }
        _ => false,
    }
}

/// Where an image is looked up.
pub(super) fn registry<'a>(case: &Case<'a>, image: ManagedImage) -> Option<&'a str> {
    let seen = case.readings.release.as_ref().ok()?;
    Some(seen.image(image)?.tracks.as_ref()?.registry.as_str())
}

fn has_streak(case: &Case<'_>) -> bool {
    case.checks
        .iter()
        .any(|check| check.code == Some(Code::StreakAtThreshold))
}

/// Whether the refresher would have moved the image to something that runs here.
fn would_heal(case: &Case<'_>, image: ManagedImage) -> bool {
    let is_managed = case.readings.release.as_ref().is_ok_and(|seen| {
        seen.release.cron_job().is_some() && seen.release.capabilities.manages(image)
    });
    let heals = |assessed: &AssessedImage| {
        assessed.latest.is_ok() && assessed.coverage.latest_missing.is_empty()
    };
    let mut images = case
        .assessment
        .iter()
        .flat_map(|assessment| &assessment.images);
    is_managed && images.any(|one| one.image == image && heals(one))
}

/// Commands that move images of these registries from here, where the nodes are not known to be barred too.
pub(super) fn meanwhile(case: &Case<'_>, block: &Block<'_>) -> Vec<NextStep> {
    let is_barred = |registry: &&str| {
        [Place::Here, Place::Nodes]
            .into_iter()
            .any(|place| view(case.readings, place, registry) == View::Barred)
    };
    if !block.is_from(Place::Pods) || block.registries().iter().any(is_barred) {
        return Vec::new();
    }
    let moves = |step: &&NextStep| {
        step.command
            .starts_with("kubectl tracebloc-images refresh ")
    };
    let steps = case
        .assessment
        .iter()
        .flat_map(|assessment| &assessment.next);
    steps.filter(moves).cloned().collect()
}
