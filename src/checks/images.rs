//! Each image against the nodes and against itself (4xx, 5xx).

use super::{Check, Group, Outcome};
use crate::codes::Code;
use crate::health::{self, AssessedImage, Assessment, Finding, InUse, State};
use crate::observation::Observation;

pub(super) fn checks(seen: &Observation, assessment: &Assessment) -> Vec<Check> {
    let images = assessment.images.iter();
    images
        .flat_map(|image| of_image(seen, assessment, image))
        .collect()
}

fn of_image(seen: &Observation, assessment: &Assessment, image: &AssessedImage) -> Vec<Check> {
    let findings = assessment.findings.iter().filter(|finding| {
        finding.image == Some(image.image)
            && finding.outcome != health::Outcome::Note
            && is_about_images(finding.code)
    });
    let mut checks: Vec<_> = findings
        .map(|finding| of_finding(seen, image, finding))
        .collect();
    if !checks
        .iter()
        .any(|check| check.id.starts_with("image.arch."))
    {
        checks.insert(0, coverage(assessment, image));
    }
    checks
}

/// The lookups are the probe's to tell, and the refresher's marks have a group of their own.
fn is_about_images(code: Code) -> bool {
    (Code::PlatformMissing..=Code::ChangedUnderneath).contains(&code)
}

fn of_finding(seen: &Observation, image: &AssessedImage, finding: &Finding) -> Check {
    let name = image.image.name();
    let what = match finding.code {
        Code::PlatformMissing | Code::IngestorDigestEmpty => "arch",
        Code::LatestLacksPlatform => "arch-of-latest",
        Code::Stale => "stale",
        Code::Disagree => "drift",
        Code::OldBuildPossible => "pull-policy",
        Code::DigestGone => "gone",
        _ => "rollout",
    };
    let outcome = match finding.outcome {
        health::Outcome::Fail => Outcome::Fail,
        health::Outcome::Warn | health::Outcome::Note => Outcome::Warn,
    };
    let message = match lacking(seen, image, finding.code) {
        Some(message) => message,
        None => format!("{name}: {}", finding.message),
    };
    let (missing, nodes) = match finding.code {
        Code::PlatformMissing => (
            image.coverage.missing.iter().cloned().collect(),
            image.coverage.nodes_missing.clone(),
        ),
        Code::LatestLacksPlatform => (
            image.coverage.latest_missing.iter().cloned().collect(),
            Vec::new(),
        ),
        _ => (Vec::new(), Vec::new()),
    };
    Check {
        details: finding.details.clone(),
        image: Some(image.image),
        missing,
        nodes,
        ..Check::new(Group::Images, format!("image.{what}.{name}"), outcome)
            .saying(message)
            .coded(finding.code)
    }
}

/// `ingestor sha256:… has no linux/arm64; 1 of 1 nodes cannot run it`.
fn lacking(seen: &Observation, image: &AssessedImage, code: Code) -> Option<String> {
    let coverage = &image.coverage;
    if code != Code::PlatformMissing || coverage.nodes_missing.is_empty() {
        return None;
    }
    let what = match &image.in_use {
        InUse::Digest(digest) => format!("{} {digest}", image.image),
        InUse::Several(_) | InUse::Floats | InUse::None | InUse::Tag(_) | InUse::Unknown(_) => {
            image.image.to_string()
        }
    };
    let missing: Vec<_> = coverage.missing.iter().map(ToString::to_string).collect();
    let (some, all) = (
        coverage.nodes_missing.len(),
        seen.nodes.as_ref().ok()?.len(),
    );
    Some(format!(
        "{what} has no {}; {some} of {all} nodes cannot run it",
        missing.join(", ")
    ))
}

fn coverage(assessment: &Assessment, image: &AssessedImage) -> Check {
    let name = image.image.name();
    let check = |outcome, message: &str| Check {
        image: Some(image.image),
        ..Check::new(Group::Images, format!("image.arch.{name}"), outcome)
            .saying(format!("{name}{message}"))
    };
    if image.states.contains(&State::Mirrored) {
        let why = "comes from a mirror".to_owned();
        return check(Outcome::Skip(why), "");
    }
    let prefix = format!("{name}: ");
    let unseen = assessment
        .incomplete
        .iter()
        .find(|one| one.what.starts_with(&prefix))
        .map(|one| one.why.clone());
    let coverage = &image.coverage;
    let unknown = unseen
        .or_else(|| coverage.required.as_ref().err().map(|why| why.0.clone()))
        .or_else(|| coverage.in_use.as_ref().err().map(|why| why.0.clone()));
    match unknown {
        Some(why) => check(Outcome::Unknown(why), ""),
        None => check(Outcome::Ok, " covers every node"),
    }
}
