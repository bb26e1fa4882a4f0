//! The bookkeeping of the refresher: annotations on the jobs-manager Deployment.
//!
//! A counter that is not a number reads as zero, as in the chart, and says so; a record that could not be read is
//! not a record with zeros, and does not get this far (`Seen` in the observation).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::image::{Digest, ManagedImage};

/// Every annotation of the mechanism bears this prefix.
pub(crate) const PREFIX: &str = "tracebloc.io/";

/// All annotations under [`PREFIX`], verbatim, and when each was last written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) annotations: BTreeMap<String, String>,
    /// From `managedFields`; a key is missing where no manager owns it.
    pub(crate) written: BTreeMap<String, Timestamp>,
}

/// The three counters, each an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Streak {
    /// Ingestor lookups that failed in a row (G2). Clears itself on the next success.
    Failures,
    /// Rollouts begun and not finished (G7 on). A person clears it.
    Attempts,
    /// Ticks skipped because the rollout was not settled (G9 on). Clears itself.
    Skips,
}

impl Streak {
    pub(crate) const ALL: [Self; 3] = [Self::Failures, Self::Attempts, Self::Skips];

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Failures => "tracebloc.io/ingestor-refresh-consecutive-failures",
            Self::Attempts => "tracebloc.io/refresh-attempt",
            Self::Skips => "tracebloc.io/refresh-skip-streak",
        }
    }

    /// The refresher's variable that limits it.
    pub(crate) const fn limited_by(self) -> &'static str {
        match self {
            Self::Failures => "INGESTOR_RESOLVE_FAIL_THRESHOLD",
            Self::Attempts => "MAX_REFRESH_ATTEMPTS",
            Self::Skips => "MAX_SKIP_TICKS",
        }
    }
}

pub(crate) const LAST_ERROR: &str = "tracebloc.io/ingestor-refresh-last-error";
pub(crate) const FLAP_DETECTED: &str = "tracebloc.io/refresh-flap-detected";

/// What a counter's annotation holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Absent,
    Count(u64),
    /// Digits beyond 64 bits; the value is taken for the largest there is.
    TooLarge,
    /// Not digits alone: the chart reads it as zero.
    Malformed,
}

impl Counter {
    /// As a number: absent and malformed are zero, as in the chart.
    pub(crate) const fn value(&self) -> u64 {
        match self {
            Self::Absent | Self::Malformed => 0,
            Self::Count(count) => *count,
            Self::TooLarge => u64::MAX,
        }
    }
}

/// What is recorded as refreshed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    Absent,
    At(Digest),
    /// Not a digest; the refresher takes it for another digest than the latest.
    Malformed(String),
}

impl Record {
    pub(crate) fn counter(&self, streak: Streak) -> Counter {
        match self.annotations.get(streak.key()).map(String::as_str) {
            None | Some("") => Counter::Absent,
            Some(text) if !text.bytes().all(|b| b.is_ascii_digit()) => Counter::Malformed,
            Some(text) => text.parse().map_or(Counter::TooLarge, Counter::Count),
        }
    }

    /// requests-proxy has the record of jobs-manager, whose image it runs.
    pub(crate) fn recorded(&self, image: ManagedImage) -> Recorded {
        let key = image
            .record_key()
            .or(ManagedImage::JobsManager.record_key());
        match key.and_then(|key| self.annotations.get(key)) {
            None => Recorded::Absent,
            Some(text) if text.is_empty() => Recorded::Absent,
            Some(text) => text
                .parse()
                .map_or_else(|_| Recorded::Malformed(text.clone()), Recorded::At),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.annotations
            .get(key)
            .is_some_and(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests;
