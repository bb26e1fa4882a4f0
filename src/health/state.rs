//! The table of states: what is known of one image, as relations, and what that makes of it. Decided here alone.
//!
//! S is what the workload says, R what is recorded, P what runs, L what the tag names now; `=` is proven same
//! content, `!=` proven other content. The rows are tried from the top; the first that holds decides.
//!
//! | seen | state | row |
//! |---|---|---|
//! | the pods' registry is a mirror | mirrored, BROKEN where it is, nothing else | |
//! | deliberately pinned | held, BROKEN where it is, nothing else | |
//! | streak or skips at the limit; attempts at the limit and R != L, or L unknown and the flap is marked | STUCK joins | |
//! | the image in use cannot run here | BROKEN joins | |
//! | floats: no digest is kept, every ingestion resolves anew | current, BROKEN or unknown, by L's platforms | `Floats` |
//! | L unknown | unknown, and drifted where S, R and P disagree | `LatestUnknown` |
//! | P unknown, S no digest other than L | unknown | `RunningUnknown` |
//! | P = L, R != L | drifted | `RecordOld` |
//! | P = L, S a digest != L | drifted | `SpecElsewhere` |
//! | P = L, R or S not comparable | unknown | `Unproven` |
//! | P = L, R = L or absent | current | `Current`, `Unrecorded` |
//! | P != L, R = L | drifted | `RecordAhead` |
//! | P != L, R absent | stale | `StaleUnrecorded` |
//! | P != L, R != L or not comparable | stale, and drifted where P != R | `Stale` |
//!
//! P unknown with S a digest != L is judged as P != L: what is set is not the latest, whatever runs.
//! `current` stands alone or not at all, and never where anything was not known.

use std::collections::BTreeSet;

use super::State;
use crate::record::Streak;

/// What the table asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) source: Source,
    pub(super) hold: Hold,
    pub(super) alarms: Alarms,
    pub(super) fitness: Fitness,
    pub(super) digests: Digests,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Public,
    Mirror,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Free,
    Held,
}

/// Whether the image in use can run here: its platforms, and whether a container waits in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fitness {
    /// Or not known: that is no reason to call it broken.
    Runs,
    Broken,
}

/// The counters that concern this image. All below for an image that the refresher does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alarms {
    /// Failed lookups of the ingestor.
    pub(super) failures: Level,
    pub(super) skips: Level,
    pub(super) attempts: Level,
    /// `refresh-flap-detected`.
    pub(super) flap: Flap,
}

/// A counter that is absent, or whose limit can never be reached, is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Below,
    AtLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flap {
    Unmarked,
    Marked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digests {
    /// Spawn-by-tag without a digest.
    Floats(LatestRuns),
    LatestUnknown(Agreement),
    LatestKnown {
        running: Relation,
        recorded: Recorded,
        spec: SpecTerm,
        /// P against R; with P unknown, S against R.
        record: Agreement,
    },
}

/// Whether the latest has every platform that an ingestion needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum LatestRuns {
    Everywhere,
    NotEverywhere,
    Unknown,
}

/// Absent terms and such as cannot be compared do not disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Agreement {
    Agree,
    Disagree,
}

/// To L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    Other,
    Unknown,
}

/// R, to L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    Absent,
    Is(Relation),
}

/// S, to L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpecTerm {
    /// A tag, or an empty value.
    NoDigest,
    Is(Relation),
}

/// The row of the table that holds: for the words beside a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Row {
    Floats(LatestRuns),
    LatestUnknown(Agreement),
    RunningUnknown,
    RecordOld,
    SpecElsewhere,
    Unproven,
    Current,
    Unrecorded,
    RecordAhead,
    StaleUnrecorded,
    Stale(Agreement),
}

/// The states of an image, in the order of `State::ALL`; never empty.
pub(super) fn states(terms: &Terms) -> Vec<State> {
    let mut states = BTreeSet::new();
    if terms.fitness == Fitness::Broken {
        states.insert(State::Broken);
    }
    match (terms.source, terms.hold) {
        (Source::Mirror, _) => {
            states.insert(State::Mirrored);
        }
        (Source::Public, Hold::Held) => {
            states.insert(State::Held);
        }
        (Source::Public, Hold::Free) => {
            if !stuck_by(terms).is_empty() {
                states.insert(State::Stuck);
            }
            states.extend(row(terms.digests).states());
        }
    }
    if states.len() > 1 {
        states.remove(&State::Current);
    }
    states.into_iter().collect()
}

/// The counters that keep the image from refreshing itself. Empty for one that is pinned or mirrored.
pub(super) fn stuck_by(terms: &Terms) -> Vec<Streak> {
    if (terms.source, terms.hold) != (Source::Public, Hold::Free) {
        return Vec::new();
    }
    let has_drift = match terms.digests {
        Digests::Floats(_) => false,
        Digests::LatestUnknown(_) => terms.alarms.flap == Flap::Marked,
        // The refresher compares text: what is not proven the same has another digest.
        Digests::LatestKnown { recorded, .. } => {
            matches!(recorded, Recorded::Is(Relation::Other | Relation::Unknown))
        }
    };
    let Alarms {
        failures,
        skips,
        attempts,
        ..
    } = terms.alarms;
    let locked_out = if has_drift { attempts } else { Level::Below };
    [
        (Streak::Failures, failures),
        (Streak::Attempts, locked_out),
        (Streak::Skips, skips),
    ]
    .into_iter()
    .filter_map(|(streak, level)| (level == Level::AtLimit).then_some(streak))
    .collect()
}

/// The row that holds, whatever else is known of the image.
pub(super) fn row(digests: Digests) -> Row {
    let (running, recorded, spec, record) = match digests {
        Digests::Floats(latest) => return Row::Floats(latest),
        Digests::LatestUnknown(agreement) => return Row::LatestUnknown(agreement),
        Digests::LatestKnown {
            running,
            recorded,
            spec,
            record,
        } => (running, recorded, spec, record),
    };
    let elsewhere = spec == SpecTerm::Is(Relation::Other);
    match (running, recorded) {
        (Relation::Unknown, _) if !elsewhere => Row::RunningUnknown,
        (Relation::Same, Recorded::Is(Relation::Other)) => Row::RecordOld,
        (Relation::Same, _) if elsewhere => Row::SpecElsewhere,
        (Relation::Same, Recorded::Is(Relation::Unknown)) => Row::Unproven,
        (Relation::Same, _) if spec == SpecTerm::Is(Relation::Unknown) => Row::Unproven,
        (Relation::Same, Recorded::Is(Relation::Same)) => Row::Current,
        (Relation::Same, Recorded::Absent) => Row::Unrecorded,
        (Relation::Other | Relation::Unknown, Recorded::Is(Relation::Same)) => Row::RecordAhead,
        (Relation::Other | Relation::Unknown, Recorded::Absent) => Row::StaleUnrecorded,
        (Relation::Other | Relation::Unknown, Recorded::Is(_)) => Row::Stale(record),
    }
}

impl Row {
    const fn states(self) -> &'static [State] {
        match self {
            Self::Floats(LatestRuns::Everywhere) | Self::Current | Self::Unrecorded => {
                &[State::Current]
            }
            Self::Floats(LatestRuns::NotEverywhere) => &[State::Broken],
            Self::Floats(LatestRuns::Unknown)
            | Self::LatestUnknown(Agreement::Agree)
            | Self::RunningUnknown
            | Self::Unproven => &[State::Unknown],
            Self::LatestUnknown(Agreement::Disagree) => &[State::Drifted, State::Unknown],
            Self::RecordOld | Self::SpecElsewhere | Self::RecordAhead => &[State::Drifted],
            Self::StaleUnrecorded | Self::Stale(Agreement::Agree) => &[State::Stale],
            Self::Stale(Agreement::Disagree) => &[State::Stale, State::Drifted],
        }
    }
}

#[cfg(test)]
mod tests;
