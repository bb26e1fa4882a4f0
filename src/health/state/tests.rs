//! The table of states, each row as a sentence.

use super::*;

mod enumeration;

const FREE: Terms = Terms {
    source: Source::Public,
    hold: Hold::Free,
    alarms: QUIET,
    fitness: Fitness::Runs,
    digests: known(SAME, IS_SAME, SPEC_SAME, Agreement::Agree),
};
const QUIET: Alarms = Alarms {
    failures: Level::Below,
    skips: Level::Below,
    attempts: Level::Below,
    flap: Flap::Unmarked,
};
const LOCKED: Alarms = Alarms {
    attempts: Level::AtLimit,
    ..QUIET
};
const SAME: Relation = Relation::Same;
const OTHER: Relation = Relation::Other;
const UNKNOWN: Relation = Relation::Unknown;
const IS_SAME: Recorded = Recorded::Is(SAME);
const IS_OTHER: Recorded = Recorded::Is(OTHER);
const ABSENT: Recorded = Recorded::Absent;
const SPEC_SAME: SpecTerm = SpecTerm::Is(SAME);
const SPEC_OTHER: SpecTerm = SpecTerm::Is(OTHER);
const TAG: SpecTerm = SpecTerm::NoDigest;
const AGREE: Agreement = Agreement::Agree;
const DISAGREE: Agreement = Agreement::Disagree;

const fn known(
    running: Relation,
    recorded: Recorded,
    spec: SpecTerm,
    record: Agreement,
) -> Digests {
    Digests::LatestKnown {
        running,
        recorded,
        spec,
        record,
    }
}

fn with(digests: Digests) -> Terms {
    Terms { digests, ..FREE }
}

#[test]
fn every_row_of_the_table_holds() {
    use State::{Broken, Current, Drifted, Held, Mirrored, Stale, Stuck, Unknown};

    let stale = known(OTHER, IS_OTHER, SPEC_OTHER, AGREE);
    let unknown = Digests::LatestUnknown(AGREE);
    let alarmed = |alarms: Alarms, digests: Digests| Terms {
        alarms,
        ..with(digests)
    };
    let failing = Alarms {
        failures: Level::AtLimit,
        ..QUIET
    };
    let skipping = Alarms {
        skips: Level::AtLimit,
        ..QUIET
    };
    let flapping = Alarms {
        flap: Flap::Marked,
        ..LOCKED
    };
    let broken = Terms {
        fitness: Fitness::Broken,
        ..FREE
    };
    let held = Terms {
        hold: Hold::Held,
        ..with(stale)
    };
    let mirrored = Terms {
        source: Source::Mirror,
        ..with(stale)
    };
    let rows: &[(&str, Terms, &[State])] = &[
        ("all four agree", FREE, &[Current]),
        (
            "a tag in the spec says nothing against it",
            with(known(SAME, IS_SAME, TAG, AGREE)),
            &[Current],
        ),
        (
            "the next tick records it",
            with(known(SAME, ABSENT, TAG, AGREE)),
            &[Current],
        ),
        (
            "a rollout to something else has begun",
            with(known(SAME, IS_SAME, SPEC_OTHER, AGREE)),
            &[Drifted],
        ),
        (
            "or began before anything was recorded",
            with(known(SAME, ABSENT, SPEC_OTHER, AGREE)),
            &[Drifted],
        ),
        (
            "the record is old",
            with(known(SAME, IS_OTHER, TAG, DISAGREE)),
            &[Drifted],
        ),
        ("the latest differs", with(stale), &[Stale]),
        (
            "and the record is not what runs",
            with(known(OTHER, IS_OTHER, TAG, DISAGREE)),
            &[Stale, Drifted],
        ),
        (
            "the refresher believes it is done",
            with(known(OTHER, IS_SAME, TAG, DISAGREE)),
            &[Drifted],
        ),
        (
            "the next tick records without moving",
            with(known(OTHER, ABSENT, TAG, AGREE)),
            &[Stale],
        ),
        (
            "nobody knows what runs",
            with(known(UNKNOWN, IS_SAME, TAG, AGREE)),
            &[Unknown],
        ),
        (
            "nor does the spec's digest tell, where it is the latest",
            with(known(UNKNOWN, IS_SAME, SPEC_SAME, AGREE)),
            &[Unknown],
        ),
        (
            "a spec that names another digest does",
            with(known(UNKNOWN, IS_OTHER, SPEC_OTHER, AGREE)),
            &[Stale],
        ),
        (
            "even where the record is ahead of it",
            with(known(UNKNOWN, IS_SAME, SPEC_OTHER, DISAGREE)),
            &[Drifted],
        ),
        (
            "a record that cannot be compared is not current",
            with(known(SAME, Recorded::Is(UNKNOWN), TAG, AGREE)),
            &[Unknown],
        ),
        (
            "a spec that cannot be compared is not current",
            with(known(SAME, IS_SAME, SpecTerm::Is(UNKNOWN), AGREE)),
            &[Unknown],
        ),
        ("the registry did not say", with(unknown), &[Unknown]),
        (
            "and the rest disagree",
            with(Digests::LatestUnknown(DISAGREE)),
            &[Drifted, Unknown],
        ),
        (
            "floats, and the latest runs everywhere",
            with(Digests::Floats(LatestRuns::Everywhere)),
            &[Current],
        ),
        (
            "floats, and the latest lacks a platform",
            with(Digests::Floats(LatestRuns::NotEverywhere)),
            &[Broken],
        ),
        (
            "floats, and the latest is not known",
            with(Digests::Floats(LatestRuns::Unknown)),
            &[Unknown],
        ),
        (
            "lookups failed to the limit",
            alarmed(failing, stale),
            &[Stuck, Stale],
        ),
        (
            "whatever runs: it was moved by hand",
            alarmed(failing, FREE.digests),
            &[Stuck],
        ),
        (
            "skips reached the limit",
            alarmed(skipping, FREE.digests),
            &[Stuck],
        ),
        (
            "rollouts failed to the limit, and there is one to make",
            alarmed(LOCKED, stale),
            &[Stuck, Stale],
        ),
        (
            "rollouts failed to the limit, and there is none to make",
            alarmed(LOCKED, FREE.digests),
            &[Current],
        ),
        (
            "rollouts failed to the limit, before the first record",
            alarmed(LOCKED, known(OTHER, ABSENT, TAG, AGREE)),
            &[Stale],
        ),
        (
            "locked out when it was last seen",
            alarmed(flapping, unknown),
            &[Stuck, Unknown],
        ),
        (
            "at the limit, but never seen locked out",
            alarmed(LOCKED, unknown),
            &[Unknown],
        ),
        ("what crashes is not current", broken.clone(), &[Broken]),
        (
            "stuck and broken",
            Terms {
                fitness: Fitness::Broken,
                ..alarmed(failing, stale)
            },
            &[Stuck, Broken, Stale],
        ),
        ("a pin is deliberate", held.clone(), &[Held]),
        (
            "an alarm is nothing to a pin",
            Terms {
                alarms: failing,
                ..held.clone()
            },
            &[Held],
        ),
        (
            "a pin may still not run",
            Terms {
                fitness: Fitness::Broken,
                ..held.clone()
            },
            &[Broken, Held],
        ),
        ("a mirror is not compared", mirrored.clone(), &[Mirrored]),
        (
            "a mirror wins over a pin",
            Terms {
                source: Source::Mirror,
                ..held
            },
            &[Mirrored],
        ),
        (
            "a mirror's image may not run either",
            Terms {
                fitness: Fitness::Broken,
                ..mirrored
            },
            &[Broken, Mirrored],
        ),
    ];
    for (sentence, terms, want) in rows {
        assert_eq!(want.to_vec(), states(terms), "{sentence}");
    }
}
