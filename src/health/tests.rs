//! Whole releases, judged: the documented screens first, then one fault at a time.

use super::fixtures::*;
use super::*;
use crate::lookup::Failure;
use crate::observation::RunLog;
use crate::record::LAST_ERROR;

mod alarms;
mod apart;
mod counters;
mod damage;
mod fitness;
mod job;
mod marks;
mod next;
mod overview;
mod running;
mod screens;
mod silence;
mod standing_in;
mod ways;
mod words;

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

/// The start of an older build.
pub(super) const OLD: &str = "0123456789ab";

/// The image stays at an older build, which the registry still has.
pub(super) fn behind(site: &mut Site, image: ManagedImage) {
    site.know(OLD, BOTH);
    site.is_at(image, OLD);
}

/// The words of this finding, digests shortened. `silent` when it is not made.
pub(super) fn words(site: &Site, code: Code) -> String {
    let findings = assess(&site.0).findings;
    let found = findings.into_iter().find(|found| found.code == code);
    found.map_or("silent".to_owned(), |found| {
        let mut words = found.message;
        for (start, short) in [
            (OLD, "OLD"),
            ("1db49be156bb", "NEW"),
            ("d361fa778554", "NEWEST"),
        ] {
            words = words.replace(digest(start).as_str(), short);
        }
        words
    })
}

/// A sentence, a site, a change, and what the finding of this code then says.
pub(super) type Row = (&'static str, fn() -> Site, Change, Code, &'static str);

pub(super) fn hold(rows: &[Row]) {
    for (sentence, site, change, code, want) in rows {
        let mut site = site();
        change(&mut site);
        assert_eq!(*want, words(&site, *code), "{sentence}");
    }
}
