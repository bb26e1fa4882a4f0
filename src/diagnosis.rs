//! From everything that was seen to what is wrong: causes, the worst first, with what each rules out and by which
//! evidence, the symptoms that follow from it, and what to do. A pure function.
//!
//! The decision table stands in `diagnosis/table.rs`. Nothing is claimed that no vantage point has tested: where pods
//! or nodes were not, the cause says so.
#![warn(clippy::wildcard_enum_match_arm)]

use crate::checks::{Check, Outcome};
use crate::codes::Code;
use crate::health::{Assessment, NextStep};
use crate::reading::{Known, Readings};

use block::{Block, blocks};

mod block;
mod evidence;
mod incident;
mod lookups;
mod others;
mod symptoms;
mod table;

/// What is wrong, the worst first. Empty where every check is fine.
pub(crate) fn conclude(
    readings: &Readings,
    assessment: Option<&Assessment>,
    checks: &[Check],
) -> Vec<Cause> {
    let case = Case {
        readings,
        assessment,
        checks,
    };
    let mut open: Vec<&Check> = checks.iter().filter(|check| check.is_trouble()).collect();
    let mut causes = Vec::new();
    for block in &blocks(readings) {
        let (own, rest): (Vec<_>, Vec<_>) = open
            .iter()
            .partition(|check| symptoms::is_of(&case, block, check));
        open = rest;
        if !own.is_empty() {
            causes.push(of_block(&case, block, &own));
        }
    }
    let (of_lookups, open) = lookups::causes(&case, open);
    causes.extend(of_lookups);
    causes.extend(others::causes(&case, &open));
    causes.sort_by_key(|cause| cause.gravity);
    causes
}

/// Everything that a cause is judged by.
#[derive(Clone, Copy)]
struct Case<'a> {
    readings: &'a Readings,
    assessment: Option<&'a Assessment>,
    checks: &'a [Check],
}

/// Something that is wrong, and that other things follow from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) code: Code,
    /// One clause: `something between the pods and the internet drops ghcr.io`.
    pub(crate) title: String,
    /// Sentences: what tells, what is ruled out, what was not tested.
    pub(crate) reasons: Vec<String>,
    /// Identifiers of the checks that it was concluded from.
    pub(crate) evidence: Vec<String>,
    /// Codes of what follows from it, ascending.
    pub(crate) explains: Vec<Code>,
    pub(crate) confidence: Confidence,
    pub(crate) gravity: Gravity,
    /// What to do, before the hosts. Empty where the commands say it.
    pub(crate) advice: String,
    /// Hosts to allow, in the order of the steps.
    pub(crate) allow: Vec<Allowed>,
    pub(crate) next: Vec<NextStep>,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// Two vantage points tell the same story.
    High,
    /// One vantage point has seen it.
    Medium,
    /// It stands in marks and logs alone.
    Low,
}

/// How bad a cause is: the order in which causes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gravity {
    /// Nothing else can be seen.
    Access,
    /// The way from the cluster to a registry.
    Way,
    /// The refresh job, the images.
    Release,
    /// It keeps nothing from working.
    Beside,
}

/// A host that a firewall or a proxy should let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) known: Known,
}

fn of_block(case: &Case<'_>, block: &Block<'_>, own: &[&Check]) -> Cause {
    let row = table::row(block.code);
    let words = block.words();
    let is_harmless = own.iter().all(|check| check.outcome == Outcome::Warn);
    let explains = explained(own, block.code);
    let mut evidence: Vec<String> = own
        .iter()
        .filter(|check| check.vantage.is_some())
        .map(|check| check.id.clone())
        .collect();
    evidence.sort();
    evidence.dedup();
    Cause {
        code: block.code,
        title: table::fill(row.title, &words),
        reasons: evidence::reasons(case, block, row, &words, &explains),
        evidence,
        explains,
        confidence: block.confidence(case.readings),
        gravity: if is_harmless {
            Gravity::Beside
        } else {
            Gravity::Way
        },
        advice: table::fill(row.advice, &words),
        allow: if row.allows {
            block.allow(case.readings)
        } else {
            Vec::new()
        },
        next: symptoms::meanwhile(case, block),
    }
}

/// The codes of these checks but the cause's own, ascending.
fn explained(own: &[&Check], cause: Code) -> Vec<Code> {
    let mut codes: Vec<Code> = own.iter().filter_map(|check| check.code).collect();
    codes.retain(|code| *code != cause);
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests;
