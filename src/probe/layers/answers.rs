//! What answers of a registry mean for the step that asked.

use crate::codes::Code;
use crate::lookup::Failure;
use crate::reading::{Broken, Reading};
use crate::registry::steps::{Greeting, Named, Timed, Walked};

pub(super) fn greeted(
    api: &Walked,
    greeting: Option<&Timed<Result<Greeting, Failure>>>,
) -> Reading {
    let refusal = greeting.and_then(|greeting| greeting.answer.as_ref().err());
    match (refusal, &api.odd) {
        (Some(failure), _) if failure.code == Some(Code::MirrorAnswers) => {
            Broken::of(failure).map_or(Reading::Passed, Reading::Odd)
        }
        (Some(failure), _) => failed(failure),
        (None, Some(odd)) => Reading::Odd(odd.clone()),
        (None, None) => Reading::Passed,
    }
}

/// The first failure stands for all, and says for how many.
pub(super) fn named_reading(answers: &[Named]) -> Reading {
    let failures: Vec<&Failure> = answers
        .iter()
        .filter_map(|named| named.digest.as_ref().err())
        .collect();
    let Some(first) = failures.first() else {
        return Reading::Passed;
    };
    match Broken::of(first) {
        Some(mut broken) if failures.len() < answers.len() => {
            let (some, all) = (failures.len(), answers.len());
            broken.message = format!("{} ({some} of {all} images)", broken.message);
            Reading::Failed(broken)
        }
        Some(broken) => Reading::Failed(broken),
        None => Reading::Unknown(first.message.clone()),
    }
}

pub(super) fn failed(failure: &Failure) -> Reading {
    match Broken::of(failure) {
        Some(broken) => Reading::Failed(broken),
        None => Reading::Unknown(failure.message.clone()),
    }
}

/// `ghcr.io:443`; a host that names its port keeps it.
pub(in crate::probe) fn with_port(host: &str) -> String {
    let has_port = host
        .rsplit(':')
        .next()
        .is_some_and(|port| port.parse::<u16>().is_ok());
    if has_port && host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:443")
    }
}
