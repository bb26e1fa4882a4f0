//! Readings to checks: one judgement per line of `doctor`, each independent of the others. Pure.
//!
//! What could not be asked is unknown, and what needs something that failed is skipped: neither is ever shown as
//! fine, nor as one more failure.

use std::time::Duration;

use serde::Serialize;

use crate::codes::Code;
use crate::health::Assessment;
use crate::image::{ManagedImage, Platform};
use crate::reading::{Readings, Vantage};

mod access;
mod chart;
mod images;
mod refresher;
mod registries;

/// All checks, in the order of the screen.
pub(crate) fn judge(readings: &Readings, assessment: Option<&Assessment>) -> Vec<Check> {
    let mut checks = access::checks(readings);
    checks.extend(registries::checks(readings));
    let release = readings.release.as_ref().ok().zip(assessment);
    if let Some((seen, assessment)) = release {
        checks.extend(images::checks(seen, assessment));
        checks.extend(refresher::checks(seen, assessment));
        checks.extend(chart::checks(assessment));
    }
    checks
}

/// The parts of the screen, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Group {
    Access,
    Registries,
    Images,
    RefreshJob,
    Chart,
}

impl Group {
    pub(crate) const ALL: [Self; 5] = [
        Self::Access,
        Self::Registries,
        Self::Images,
        Self::RefreshJob,
        Self::Chart,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Access => "Access",
            Self::Registries => "Registries",
            Self::Images => "Images",
            Self::RefreshJob => "Refresh job",
            Self::Chart => "Chart",
        }
    }
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Warn,
    Fail,
    /// Not done, and why that is no loss: `needs connect`, `the proxy resolves it`.
    Skip(String),
    /// Could not be done, and why.
    Unknown(String),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// `egress.ghcr.io.connect`; one for each vantage point that did it.
    pub(crate) id: String,
    pub(crate) group: Group,
    /// `None` for what is no matter of where one stands.
    pub(crate) vantage: Option<Vantage>,
    /// What was asked: `ghcr.io:443`. `None` where the identifier says it.
    pub(crate) target: Option<String>,
    pub(crate) outcome: Outcome,
    /// Of what is wrong.
    pub(crate) code: Option<Code>,
    /// The class of the failure, in the words of the chart's own reachability check. `None` for what is none on the
    /// way to a registry.
    pub(crate) class: Option<&'static str>,
    pub(crate) took: Option<Duration>,
    /// Who issued the certificate that was shown.
    pub(crate) issuer: Option<String>,
    /// One printable line. `None` where a tick says it all. Digests stand in full.
    pub(crate) message: Option<String>,
    /// Further lines, each with a label of a few letters.
    pub(crate) details: Vec<(&'static str, String)>,
    pub(crate) image: Option<ManagedImage>,
    /// Platforms that the image lacks.
    pub(crate) missing: Vec<Platform>,
    /// Nodes that it is about.
    pub(crate) nodes: Vec<String>,
}

impl Check {
    fn new(group: Group, id: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            id: id.into(),
            group,
            vantage: None,
            target: None,
            outcome,
            code: None,
            class: None,
            took: None,
            issuer: None,
            message: None,
            details: Vec::new(),
            image: None,
            missing: Vec::new(),
            nodes: Vec::new(),
        }
    }

    fn saying(self, message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..self
        }
    }

    fn coded(self, code: Code) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// Whether something is wrong.
    pub(crate) fn is_trouble(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn)
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

#[cfg(test)]
mod tests;
