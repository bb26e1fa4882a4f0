//! What is found, in words: first per image, worst first, then about the release.
//!
//! Digests stand in full, names and foreign words are printable. One cause is one finding: an image that is stuck or
//! broken is not also called stale.

use jiff::Timestamp;

use super::image::Judged;
use super::incomplete::failures;
use super::job::Frozen;
use super::{AssessedStreak, Bound, Finding, Outcome, Since};
use crate::age::age;
use crate::codes::Code;
use crate::image::ManagedImage;
use crate::observation::Observation;
use crate::schedule::Timetable;
use crate::text::{QUOTED, printable};

mod chart;
mod digests;
mod platforms;
mod refresher;
mod release;
mod rollout;

pub(super) use platforms::platforms;

/// What findings are made of, beside the image itself.
pub(super) struct Context<'a> {
    pub(super) seen: &'a Observation,
    pub(super) timetable: Option<&'a Timetable>,
    pub(super) streaks: &'a [AssessedStreak],
    pub(super) frozen: Option<&'a Frozen<'a>>,
}

/// All findings, in the order in which they are shown.
pub(super) fn findings(context: &Context<'_>, images: &[Judged<'_>]) -> Vec<Finding> {
    let mut all = Vec::new();
    for image in images {
        let mut of_image: Vec<_> = [
            platforms::findings(image),
            rollout::findings(image, images),
            refresher::findings(context, image),
            digests::findings(context, image),
        ]
        .into_iter()
        .flatten()
        .collect();
        of_image.sort_by_key(|finding| finding.outcome);
        all.extend(of_image);
    }
    let mut of_release: Vec<_> = [
        release::findings(context, images),
        chart::findings(context),
        lookups(images),
    ]
    .into_iter()
    .flatten()
    .collect();
    of_release.sort_by_key(|finding| finding.outcome);
    all.extend(of_release);
    all
}

/// What kept this machine's lookups from an answer: each reason once, however many images it hit.
fn lookups(images: &[Judged<'_>]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let failures = images.iter().flat_map(|image| {
        let of_image = failures(image).into_iter();
        of_image.map(|(_, failure)| (image.image(), failure))
    });
    for (image, failure) in failures {
        let (Some(code), message) = (failure.code, quoted(&failure.to_string())) else {
            continue;
        };
        match found
            .iter_mut()
            .find(|one| one.code == code && one.message == message)
        {
            Some(known) if known.image == Some(image) => {}
            Some(known) => known.image = None,
            None => found.push(on(image, Outcome::Warn, code, message)),
        }
    }
    found
}

fn finding(outcome: Outcome, code: Code, message: String) -> Finding {
    Finding {
        code,
        outcome,
        image: None,
        message,
        details: Vec::new(),
    }
}

fn on(image: ManagedImage, outcome: Outcome, code: Code, message: String) -> Finding {
    Finding {
        image: Some(image),
        ..finding(outcome, code, message)
    }
}

/// A name or a word from outside, as part of a sentence.
fn quoted(text: &str) -> String {
    printable(text, QUOTED)
}

/// How long ago, by the API server's clock.
fn ago(seen: &Observation, time: Timestamp) -> String {
    age(seen.at.as_second() - time.as_second())
}

/// `, since about 2d4h`; nothing where nobody knows.
fn since(seen: &Observation, since: Option<Since>) -> String {
    match since {
        None => String::new(),
        Some(Since {
            about,
            bound: Bound::About,
        }) => {
            format!(", since about {}", ago(seen, about))
        }
        Some(Since {
            about,
            bound: Bound::AtLeast,
        }) => {
            format!(", for at least {}", ago(seen, about))
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
