//! Every input of the table of states, against a second statement of the rules.

use super::*;

/// The rules once more, state by state and without rows: who is in the set, and when.
fn oracle(t: &Terms) -> Vec<State> {
    let free = t.source == Source::Public && t.hold == Hold::Free;
    let (l_known, floats, p, r, s, apart) = match t.digests {
        Digests::Floats(latest) => (false, Some(latest), UNKNOWN, ABSENT, TAG, false),
        Digests::LatestUnknown(a) => (false, None, UNKNOWN, ABSENT, TAG, a == DISAGREE),
        Digests::LatestKnown {
            running,
            recorded,
            spec,
            record,
        } => {
            let p = if running == UNKNOWN && spec == SPEC_OTHER {
                OTHER
            } else {
                running
            };
            (true, None, p, recorded, spec, record == DISAGREE)
        }
    };
    let l_unknown = !l_known && floats.is_none();
    let lock = t.alarms.attempts == Level::AtLimit
        && ((l_known && r != IS_SAME && r != ABSENT)
            || (l_unknown && t.alarms.flap == Flap::Marked));
    let stuck =
        free && (t.alarms.failures == Level::AtLimit || t.alarms.skips == Level::AtLimit || lock);
    let broken =
        t.fitness == Fitness::Broken || (free && floats == Some(LatestRuns::NotEverywhere));
    let stale = free && l_known && p == OTHER && r != IS_SAME;
    let drifted = free
        && ((l_known && p == SAME && (r == IS_OTHER || s == SPEC_OTHER))
            || (l_known && p == OTHER && r == IS_SAME)
            || (stale && r != ABSENT && apart)
            || (l_unknown && apart));
    let incomparable = r == Recorded::Is(UNKNOWN) || s == SpecTerm::Is(UNKNOWN);
    let unknown = free
        && (l_unknown
            || floats == Some(LatestRuns::Unknown)
            || (l_known && p == UNKNOWN)
            || (l_known && p == SAME && incomparable && !drifted));
    let held = t.source == Source::Public && t.hold == Hold::Held;
    let mirrored = t.source == Source::Mirror;
    let current = !(stuck || broken || stale || drifted || unknown || held || mirrored);
    [
        (State::Stuck, stuck),
        (State::Broken, broken),
        (State::Stale, stale),
        (State::Drifted, drifted),
        (State::Unknown, unknown),
        (State::Held, held),
        (State::Mirrored, mirrored),
        (State::Current, current),
    ]
    .into_iter()
    .filter_map(|(state, is_in)| is_in.then_some(state))
    .collect()
}

const RELATIONS: [Relation; 3] = [SAME, OTHER, UNKNOWN];

fn all_digests() -> Vec<Digests> {
    let mut all = vec![
        Digests::Floats(LatestRuns::Everywhere),
        Digests::Floats(LatestRuns::NotEverywhere),
        Digests::Floats(LatestRuns::Unknown),
        Digests::LatestUnknown(AGREE),
        Digests::LatestUnknown(DISAGREE),
    ];
    let recorded = || std::iter::once(ABSENT).chain(RELATIONS.map(Recorded::Is));
    let specs = || std::iter::once(TAG).chain(RELATIONS.map(SpecTerm::Is));
    for running in RELATIONS {
        for recorded in recorded() {
            for spec in specs() {
                all.extend([AGREE, DISAGREE].map(|record| Digests::LatestKnown {
                    running,
                    recorded,
                    spec,
                    record,
                }));
            }
        }
    }
    all
}

/// Every input that can be written down: more than can be seen.
fn all_terms() -> Vec<Terms> {
    const LEVELS: [Level; 2] = [Level::Below, Level::AtLimit];
    let mut alarms = Vec::new();
    for failures in LEVELS {
        for skips in LEVELS {
            for attempts in LEVELS {
                for flap in [Flap::Unmarked, Flap::Marked] {
                    alarms.push(Alarms {
                        failures,
                        skips,
                        attempts,
                        flap,
                    });
                }
            }
        }
    }
    let mut all = Vec::new();
    for digests in all_digests() {
        for &alarms in &alarms {
            for source in [Source::Public, Source::Mirror] {
                for hold in [Hold::Free, Hold::Held] {
                    for fitness in [Fitness::Runs, Fitness::Broken] {
                        all.push(Terms {
                            source,
                            hold,
                            alarms,
                            fitness,
                            digests,
                        });
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_input_gives_what_the_rules_say() {
    let all = all_terms();
    assert_eq!(12_928, all.len());
    for terms in &all {
        assert_eq!(oracle(terms), states(terms), "{terms:?}");
    }
}

#[test]
fn what_is_not_known_never_shows_as_current() {
    for terms in all_terms() {
        let states = states(&terms);
        assert!(!states.is_empty(), "{terms:?}");
        let is_blind = match terms.digests {
            Digests::Floats(latest) => latest == LatestRuns::Unknown,
            Digests::LatestUnknown(_) => true,
            Digests::LatestKnown {
                running,
                recorded,
                spec,
                ..
            } => {
                running == UNKNOWN
                    || recorded == Recorded::Is(UNKNOWN)
                    || spec == SpecTerm::Is(UNKNOWN)
            }
        };
        assert!(!(is_blind && states.contains(&State::Current)), "{terms:?}");
    }
}

#[test]
fn states_stand_in_order_and_current_stands_alone() {
    for terms in all_terms() {
        let states = states(&terms);
        assert!(
            states.is_sorted_by(|a, b| a < b),
            "{states:?} from {terms:?}"
        );
        assert!(
            states == [State::Current] || !states.contains(&State::Current),
            "{states:?} from {terms:?}"
        );
        assert!(
            !states.contains(&State::Frozen),
            "frozen is a state of the release"
        );
    }
}

#[test]
fn a_pin_and_a_mirror_leave_room_for_broken_alone() {
    for terms in all_terms() {
        let set: BTreeSet<_> = states(&terms).into_iter().collect();
        for lone in [State::Held, State::Mirrored] {
            if set.contains(&lone) {
                assert!(
                    set.is_subset(&BTreeSet::from([lone, State::Broken])),
                    "{terms:?}"
                );
            }
        }
        let is_apart = terms.source == Source::Mirror || terms.hold == Hold::Held;
        assert_eq!(
            is_apart,
            set.contains(&State::Held) || set.contains(&State::Mirrored)
        );
    }
}

#[test]
fn a_louder_alarm_never_silences_a_state() {
    for terms in all_terms() {
        let quiet = Terms {
            alarms: QUIET,
            ..terms.clone()
        };
        let before: BTreeSet<_> = states(&quiet).into_iter().collect();
        let after: BTreeSet<_> = states(&terms).into_iter().collect();
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(
            lost.is_empty() || lost == [&State::Current],
            "{lost:?} from {terms:?}"
        );
    }
}
