//! Images against the platforms of the nodes (401, 402, 409).

use std::collections::BTreeSet;

use super::{list, on, quoted};
use crate::codes::Code;
use crate::content::Relation;
use crate::health::image::Judged;
use crate::health::in_use::cannot_run;
use crate::health::{Finding, InUse, Outcome, State};
use crate::image::{ManagedImage, Platform};
use crate::node::Node;

/// Names of so many nodes stand in a sentence.
const NAMED: usize = 3;

pub(super) fn findings(judged: &Judged<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if judged.assessed.in_use == InUse::None && !judged.is(State::Mirrored) {
        found.push(on(
            judged.image(),
            Outcome::Fail,
            Code::IngestorDigestEmpty,
            "no digest is set (INGESTOR_IMAGE_DIGEST): submitting an ingestion answers 503."
                .to_owned(),
        ));
    }
    found.extend(in_use(judged));
    found.extend(latest(judged));
    found.extend(wrong_platform(judged));
    found
}

fn in_use(judged: &Judged<'_>) -> Option<Finding> {
    let coverage = &judged.assessed.coverage;
    let has = coverage.in_use.as_ref().ok()?;
    if coverage.missing.is_empty() {
        return None;
    }
    let nodes = judged.facts.eligible().ok()?;
    let lacking: Vec<_> = nodes
        .iter()
        .filter(|node| coverage.missing.contains(&node.platform))
        .copied()
        .collect();
    let subject = match &judged.assessed.in_use {
        InUse::Digest(digest) => digest.to_string(),
        InUse::Floats | InUse::Tag(_) => match &judged.assessed.latest {
            Ok(latest) => format!("the latest {latest}"),
            Err(_) => "the latest".to_owned(),
        },
        InUse::Several(_) | InUse::None | InUse::Unknown(_) => "the image in use".to_owned(),
    };
    let place = if lacking.len() == nodes.len() {
        "here"
    } else {
        "everywhere"
    };
    let mut message = format!(
        "cannot run {place}: {subject} is {} only, {}.",
        platforms(has),
        are(judged, &lacking, nodes.len())
    );
    if judged.image() == ManagedImage::Ingestor {
        message.push_str(" Ingestion Jobs fail with \"no match for platform in manifest\".");
    }
    let outcome = if cannot_run(&judged.facts, coverage) {
        Outcome::Fail
    } else {
        Outcome::Warn
    };
    Some(on(judged.image(), outcome, Code::PlatformMissing, message))
}

fn latest(judged: &Judged<'_>) -> Option<Finding> {
    let (assessed, coverage) = (&judged.assessed, &judged.assessed.coverage);
    let latest = assessed.latest.as_ref().ok()?;
    let is_in_use = match &assessed.in_use {
        InUse::Digest(digest) => digest == latest,
        InUse::Floats | InUse::Tag(_) => true,
        InUse::Several(_) | InUse::None | InUse::Unknown(_) => false,
    };
    if coverage.latest_missing.is_empty() || is_in_use {
        return None;
    }
    let nodes = judged.facts.eligible().ok()?;
    let lacking: Vec<_> = nodes
        .iter()
        .filter(|node| coverage.latest_missing.contains(&node.platform))
        .copied()
        .collect();
    let message = format!(
        "latest {latest} has no {}: {}.",
        platforms(&coverage.latest_missing),
        are(judged, &lacking, nodes.len())
    );
    Some(on(
        judged.image(),
        Outcome::Warn,
        Code::LatestLacksPlatform,
        message,
    ))
}

/// A pod that runs the build of another platform, as an emulator lets it.
fn wrong_platform(judged: &Judged<'_>) -> Option<Finding> {
    let latest = judged.assessed.latest.as_ref().ok()?;
    let runs = judged.facts.runs().ok()?;
    runs.iter().find_map(|run| {
        let Relation::WrongPlatform(platform) = judged.facts.run_against(run, latest) else {
            return None;
        };
        let message = format!(
            "pod {} runs the {} build of {latest} on a node of {}.",
            quoted(&run.pod?.name),
            quoted(&platform.to_string()),
            platforms(&run.on)
        );
        Some(on(
            judged.image(),
            Outcome::Warn,
            Code::PlatformMissing,
            message,
        ))
    })
}

pub(in crate::health) fn platforms(all: &BTreeSet<Platform>) -> String {
    let words: Vec<_> = all
        .iter()
        .map(|platform| quoted(&platform.to_string()))
        .collect();
    list(&words)
}

/// `the only node (edge-01) is linux/arm64`.
fn are(judged: &Judged<'_>, lacking: &[&Node], eligible: usize) -> String {
    let all = judged.facts.seen.nodes.as_ref().map_or(0, Vec::len);
    let node = if all == eligible {
        "node"
    } else {
        "eligible node"
    };
    let of = platforms(&lacking.iter().map(|node| node.platform.clone()).collect());
    match (lacking.len(), eligible) {
        (1, 1) => format!("the only {node} ({}) is {of}", names(lacking)),
        (some, all) if some == all => format!("all {all} {node}s are {of}"),
        (1, all) => format!("1 of {all} {node}s ({}) is {of}", names(lacking)),
        (some, all) => format!("{some} of {all} {node}s ({}) are {of}", names(lacking)),
    }
}

fn names(nodes: &[&Node]) -> String {
    let mut names: Vec<_> = nodes
        .iter()
        .take(NAMED)
        .map(|node| quoted(&node.name))
        .collect();
    if nodes.len() > NAMED {
        names.push(format!("{} more", nodes.len() - NAMED));
    }
    names.join(", ")
}
