//! The table of states, each row as a sentence.

use super::*;

mod enumeration;

const QUIET: Alarms = Alarms {
    failures: Level::Below,
    skips: Level::Below,
    attempts: Level::Below,
    flap: Flap::Unmarked,
};
const SAME: Relation = Relation::Same;
const OTHER: Relation = Relation::Other;
const UNKNOWN: Relation = Relation::Unknown;
const IS_SAME: Recorded = Recorded::Is(SAME);
const IS_OTHER: Recorded = Recorded::Is(OTHER);
const ABSENT: Recorded = Recorded::Absent;
const SPEC_OTHER: SpecTerm = SpecTerm::Is(OTHER);
const TAG: SpecTerm = SpecTerm::NoDigest;
const AGREE: Agreement = Agreement::Agree;
const DISAGREE: Agreement = Agreement::Disagree;

/// What runs, the record, the spec; what else is seen; the states; and why.
const TABLE: &str = "
same    | same    | same    |                        | current         | all four agree
same    | same    | tag     |                        | current         | a tag in the spec says nothing against it
same    | absent  | tag     |                        | current         | the next tick records it
same    | same    | other   |                        | drifted         | a rollout to something else has begun
same    | absent  | other   |                        | drifted         | or began before anything was recorded
same    | other   | tag     | apart                  | drifted         | the record is old
same    | other   | other   | apart                  | drifted         | and the spec is older
other   | other   | other   |                        | stale           | the latest differs
other   | other   | tag     | apart                  | stale drifted   | and the record is not what runs
other   | same    | tag     | apart                  | drifted         | the refresher believes it is done
other   | absent  | tag     |                        | stale           | the next tick records without moving
other   | unknown | tag     |                        | stale           | whatever the record is: what runs is not the latest
unknown | same    | tag     |                        | unknown         | nobody knows what runs
unknown | same    | same    |                        | unknown         | nor does the spec tell, where it is the latest
unknown | other   | other   |                        | stale           | a spec that names another digest does
unknown | other   | other   | apart                  | stale drifted   | and is not what was recorded
unknown | same    | other   | apart                  | drifted         | even where the record is ahead of it
same    | unknown | tag     |                        | unknown         | a record that cannot be compared is not current
same    | same    | unknown |                        | unknown         | nor is a spec that cannot be compared
no L    |         |         |                        | unknown         | the registry did not say
no L    |         |         | apart                  | drifted unknown | and the rest disagree
floats  |         |         | everywhere             | current         | floats, and the latest runs everywhere
floats  |         |         |                        | broken          | floats, and the latest lacks a platform
floats  |         |         | nobody knows           | unknown         | floats, and the latest is not known
other   | other   | other   | failures               | stuck stale     | lookups failed to the limit
same    | same    | same    | failures               | stuck           | whatever runs: it was moved by hand
same    | same    | same    | skips                  | stuck           | skips reached the limit
other   | other   | other   | attempts               | stuck stale     | rollouts failed, and there is one to make
same    | same    | same    | attempts               | current         | rollouts failed, and there is none to make
other   | absent  | tag     | attempts               | stale           | rollouts failed before the first record
no L    |         |         | attempts flap          | stuck unknown   | locked out when it was last seen
no L    |         |         | attempts               | unknown         | at the limit, but never seen locked out
no L    |         |         | flap                   | unknown         | a mark of a lock-out that is over
same    | same    | same    | broken                 | broken          | what crashes is not current
other   | other   | other   | broken failures        | stuck broken stale | stuck and broken
other   | other   | other   | held                   | held            | a pin is deliberate
other   | other   | other   | held failures skips    | held            | an alarm is nothing to a pin
other   | other   | other   | held broken            | broken held     | a pin may still not run
other   | other   | other   | mirror                 | mirrored        | a mirror is not compared
other   | other   | other   | mirror held failures   | mirrored        | a mirror wins over a pin
no L    |         |         | mirror                 | mirrored        | and is not asked
other   | other   | other   | mirror broken          | broken mirrored | a mirror's image may not run either
";

fn relation(word: &str) -> Relation {
    match word {
        "same" => SAME,
        "other" => OTHER,
        "unknown" => UNKNOWN,
        word => panic!("no relation: {word}"),
    }
}

fn terms(running: &str, recorded: &str, spec: &str, also: &str) -> Terms {
    let has = |word: &str| also.split_whitespace().any(|one| one == word);
    let level = |word: &str| {
        if has(word) {
            Level::AtLimit
        } else {
            Level::Below
        }
    };
    let agreement = if has("apart") { DISAGREE } else { AGREE };
    Terms {
        source: if has("mirror") {
            Source::Mirror
        } else {
            Source::Public
        },
        hold: if has("held") { Hold::Held } else { Hold::Free },
        fitness: if has("broken") {
            Fitness::Broken
        } else {
            Fitness::Runs
        },
        alarms: Alarms {
            failures: level("failures"),
            skips: level("skips"),
            attempts: level("attempts"),
            flap: if has("flap") {
                Flap::Marked
            } else {
                Flap::Unmarked
            },
        },
        digests: match running {
            "no L" => Digests::LatestUnknown(agreement),
            "floats" if has("everywhere") => Digests::Floats(LatestRuns::Everywhere),
            "floats" if has("nobody") => Digests::Floats(LatestRuns::Unknown),
            "floats" => Digests::Floats(LatestRuns::NotEverywhere),
            running => Digests::LatestKnown {
                running: relation(running),
                recorded: match recorded {
                    "absent" => ABSENT,
                    recorded => Recorded::Is(relation(recorded)),
                },
                spec: match spec {
                    "tag" => TAG,
                    spec => SpecTerm::Is(relation(spec)),
                },
                record: agreement,
            },
        },
    }
}

#[test]
fn every_row_of_the_table_holds() {
    for row in TABLE.trim().lines() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [running, recorded, spec, also, want, sentence] = cells[..] else {
            panic!("six cells: {row}");
        };
        let states = states(&terms(running, recorded, spec, also));
        let words: Vec<_> = states.iter().map(|state| state.word()).collect();
        assert_eq!(want, words.join(" "), "{sentence}");
    }
}
