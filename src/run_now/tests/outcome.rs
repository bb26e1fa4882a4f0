//! What a run came to, with its log and without.

use super::*;
use crate::log::Event;
use crate::observation::Seen;

const SKIPS: &str = "tracebloc.io/refresh-skip-streak";
const LAST_ERROR: &str = "tracebloc.io/ingestor-refresh-last-error";
const RECORD: &str = "tracebloc.io/last-refreshed-ingestor-digest";

fn record(values: &[(&str, &str)]) -> Record {
    let pairs = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Record {
        annotations: pairs.collect(),
        ..Record::default()
    }
}

fn came_to(
    end: &End,
    events: &[Event],
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) -> Outcome {
    let heard = Heard {
        runs: vec![events.to_vec()],
        unreadable: Some(Code::NoInClusterConfig),
    };
    conclude(&Account {
        namespace: "tracebloc",
        job: "berlin-image-refresh-manual-1",
        end,
        heard: &heard,
        before: &record(before),
        after: &Ok(record(after)),
    })
}

#[test]
fn every_end_has_its_exit_code_and_its_reason() {
    let failed = || End::Failed("BackoffLimitExceeded".to_owned());
    let counted = Event::FailureCounted {
        count: 1,
        threshold: 3,
    };
    let skipped = Event::Skipped {
        count: Some(1),
        limit: Some(8),
    };
    for (name, end, events, before, after, exit, words) in [
        (
            "well",
            End::Complete,
            vec![Event::Unchanged, Event::Completed],
            vec![],
            vec![],
            Exit::Done,
            "complete: nothing to move",
        ),
        (
            "moved",
            End::Complete,
            vec![Event::Drifted, Event::Completed],
            vec![],
            vec![(RECORD, "b")],
            Exit::Done,
            "complete: 1 digest recorded",
        ),
        (
            "warned",
            End::Complete,
            vec![counted, Event::Completed],
            vec![],
            vec![(FAILURES, "1")],
            Exit::Incomplete,
            "complete, but with warnings",
        ),
        (
            "uncounted",
            End::Complete,
            vec![Event::Unresolved, Event::Completed],
            vec![],
            vec![],
            Exit::Incomplete,
            "complete, but with warnings",
        ),
        (
            "not cleared",
            End::Complete,
            vec![Event::ClearFailed, Event::Completed],
            vec![],
            vec![],
            Exit::Incomplete,
            "with warnings",
        ),
        (
            "skipped",
            End::Complete,
            vec![skipped],
            vec![],
            vec![(SKIPS, "1")],
            Exit::Incomplete,
            "it was skipped",
        ),
        (
            "locked out",
            End::Complete,
            vec![Event::LockedOut, Event::Completed],
            vec![],
            vec![(FLAP_DETECTED, "3")],
            Exit::Found,
            "locked out",
        ),
        (
            "failed at the threshold",
            failed(),
            vec![Event::ThresholdReached],
            vec![(FAILURES, "2")],
            vec![(FAILURES, "3")],
            Exit::Found,
            "the ingestor cannot be resolved from pods",
        ),
        (
            "frozen",
            failed(),
            vec![Event::Frozen],
            vec![],
            vec![],
            Exit::Found,
            "does not settle",
        ),
        (
            "unreadable",
            failed(),
            vec![Event::DeploymentUnreadable],
            vec![],
            vec![],
            Exit::Found,
            "cannot read its Deployment",
        ),
        (
            "died",
            failed(),
            vec![Event::Acting],
            vec![],
            vec![],
            Exit::Found,
            "ended in the step that its log names last",
        ),
        (
            "without a log",
            failed(),
            vec![],
            vec![(FAILURES, "2")],
            vec![(FAILURES, "3"), (LAST_ERROR, "could not resolve x")],
            Exit::Found,
            "the ingestor was not resolved",
        ),
        (
            "without a log, attempt",
            failed(),
            vec![],
            vec![],
            vec![(ATTEMPT, "1")],
            Exit::Found,
            "a rollout was begun and did not end well",
        ),
        (
            "without a log or a trace",
            failed(),
            vec![],
            vec![],
            vec![],
            Exit::Found,
            "its log is gone with its pod, and no counter has moved",
        ),
        (
            "complete without a log",
            End::Complete,
            vec![],
            vec![],
            vec![],
            Exit::Incomplete,
            "its log could not be read",
        ),
        (
            "complete without a log, skipped",
            End::Complete,
            vec![],
            vec![],
            vec![(SKIPS, "4")],
            Exit::Incomplete,
            "it was skipped",
        ),
        (
            "complete without a log, locked",
            End::Complete,
            vec![],
            vec![],
            vec![(FLAP_DETECTED, "3")],
            Exit::Found,
            "locked out",
        ),
        (
            "cut off",
            End::Complete,
            vec![Event::Started, Event::Unchanged],
            vec![],
            vec![],
            Exit::Incomplete,
            "the end of its log could not be read",
        ),
        (
            "to its end, in the oldest generation",
            End::Complete,
            vec![Event::Started, Event::FirstObservation, Event::Recording],
            vec![],
            vec![(RECORD, "b")],
            Exit::Done,
            "complete: 1 digest recorded",
        ),
        (
            "a warning of a generation to come",
            End::Complete,
            vec![Event::Warned, Event::Completed],
            vec![],
            vec![],
            Exit::Incomplete,
            "with warnings",
        ),
        (
            "deleted",
            End::Deleted,
            vec![Event::Unchanged],
            vec![],
            vec![],
            Exit::Found,
            "deleted by somebody",
        ),
        (
            "too long",
            End::TimedOut("ImagePullBackOff: no".to_owned()),
            vec![],
            vec![],
            vec![],
            Exit::TimedOut,
            "ImagePullBackOff: no; it goes on",
        ),
        (
            "still at work",
            End::TimedOut(String::new()),
            vec![],
            vec![],
            vec![],
            Exit::TimedOut,
            "it is still at work",
        ),
    ] {
        let outcome = came_to(&end, &events, &before, &after);
        assert_eq!(exit, outcome.exit, "{name}: {outcome:?}");
        assert!(outcome.words.contains(words), "{name}: {}", outcome.words);
        assert_eq!(exit == Exit::Done, outcome.next.is_empty(), "{name}");
        assert_eq!(exit == Exit::Done, outcome.tone == Tone::Good, "{name}");
    }
}

#[test]
fn the_annotations_that_changed_are_named_with_both_values() {
    let outcome = came_to(
        &End::Complete,
        &[Event::StreakCleared, Event::Completed],
        &[
            (FAILURES, "3"),
            (LAST_ERROR, "x"),
            (RECORD, "a"),
            (SKIPS, "1"),
        ],
        &[(RECORD, "b"), (SKIPS, "1"), (ATTEMPT, "1")],
    );
    let marks: Vec<_> = outcome
        .marks
        .iter()
        .map(|mark| {
            (
                mark.key.as_str(),
                mark.before.as_deref(),
                mark.now.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        vec![
            (FAILURES, Some("3"), None),
            (LAST_ERROR, Some("x"), None),
            (RECORD, Some("a"), Some("b")),
            (ATTEMPT, None, Some("1")),
        ],
        marks
    );
}

#[test]
fn annotations_that_cannot_be_read_again_are_said_to_be_unknown() {
    let after: Seen<Record> = Err(blind("forbidden"));
    let outcome = conclude(&Account {
        namespace: "tracebloc",
        job: "x",
        end: &End::Complete,
        heard: &Heard {
            runs: vec![vec![], vec![], vec![Event::Completed]],
            ..Heard::default()
        },
        before: &Record::default(),
        after: &after,
    });
    assert_eq!(
        (Some("forbidden".to_owned()), Vec::new()),
        (outcome.unseen, outcome.marks)
    );
    assert_eq!(
        (
            Exit::Incomplete,
            "complete after 3 runs of its container, but what it changed could not be read"
        ),
        (outcome.exit, outcome.words.as_str())
    );
}

/// The kubelet ends the run that uses up the Job's tries before it has said more than its banner.
#[test]
fn a_run_that_was_cut_off_does_not_hide_why_the_one_before_it_failed() {
    let outcome = conclude(&Account {
        namespace: "tracebloc",
        job: "x",
        end: &End::Failed("BackoffLimitExceeded".to_owned()),
        heard: &Heard {
            runs: vec![
                vec![Event::Started, Event::Frozen],
                vec![Event::Started, Event::Frozen],
                vec![Event::Started, Event::Announced],
            ],
            ..Heard::default()
        },
        before: &Record::default(),
        after: &Ok(record(&[(SKIPS, "9")])),
    });
    assert_eq!(
        "failed after 3 runs of its container: jobs-manager does not settle (BackoffLimitExceeded)",
        outcome.words
    );
}
