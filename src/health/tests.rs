//! Whole releases, judged: the documented screens first, then one fault at a time.

use super::fixtures::*;
use super::*;
use crate::lookup::Failure;
use crate::observation::RunLog;
use crate::record::LAST_ERROR;

mod alarms;
mod apart;
mod counters;
mod fitness;
mod job;
mod running;
mod screens;
mod silence;
mod standing_in;
mod ways;

/// The states of the images, in words.
pub(super) fn states(assessment: &Assessment) -> Vec<String> {
    let words = |image: &AssessedImage| {
        let states: Vec<_> = image.states.iter().map(|state| state.word()).collect();
        format!("{}: {}", image.image, states.join(" "))
    };
    assessment.images.iter().map(words).collect()
}

/// Codes of the findings, those of images with their name.
pub(super) fn codes(assessment: &Assessment) -> Vec<String> {
    let word = |finding: &Finding| match finding.image {
        Some(image) => format!("{image} {}", finding.code),
        None => finding.code.to_string(),
    };
    assessment.findings.iter().map(word).collect()
}

pub(super) fn message(assessment: &Assessment, code: Code) -> String {
    let mut findings = assessment.findings.iter();
    let found = findings.find(|finding| finding.code == code);
    found
        .unwrap_or_else(|| panic!("no {code} in {:?}", codes(assessment)))
        .message
        .clone()
}

pub(super) fn commands(assessment: &Assessment) -> Vec<&str> {
    assessment
        .next
        .iter()
        .map(|step| step.command.as_str())
        .collect()
}

/// One change to a healthy release.
pub(super) type Change = fn(&mut Site);

/// State and digest in use of one image after a change.
pub(super) fn judged(site: &Site, image: ManagedImage) -> (String, String) {
    let assessed = assess(&site.0);
    let image = assessed
        .images
        .iter()
        .find(|one| one.image == image)
        .expect("the image");
    let states: Vec<_> = image.states.iter().map(|state| state.word()).collect();
    let in_use = match &image.in_use {
        InUse::Digest(digest) => digest.hex()[..12].to_owned(),
        InUse::Several(digests) => format!("{} digests", digests.len()),
        InUse::Floats => "floats".to_owned(),
        InUse::None => "none".to_owned(),
        InUse::Tag(tag) => format!("tag {tag}"),
        InUse::Unknown(why) => format!("? {why}"),
    };
    (states.join(" "), in_use)
}
