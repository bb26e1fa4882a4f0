//! Counters and limits as people, other tools and other generations leave them.

use super::*;
use crate::world::sim::release::Generation::{G2, G10};

const FAILURES: &str = "tracebloc.io/ingestor-refresh-consecutive-failures";
const ATTEMPT: &str = "tracebloc.io/refresh-attempt";
const SKIPS: &str = "tracebloc.io/refresh-skip-streak";

/// A healthy site with an annotation on jobs-manager.
fn annotated(generation: Generation, key: &str, value: &str) -> Site {
    altered_site(generation, |scene| {
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        manager["metadata"]["annotations"][key] = value.into();
    })
}

/// The count and limit of a streak, and whether the status is any worse for it.
fn streak<'a>(status: &'a Value, kind: &str) -> (&'a Value, &'a Value) {
    let found = items(&status["streaks"])
        .iter()
        .find(|streak| streak["kind"] == kind);
    let streak = found.unwrap_or_else(|| panic!("no streak {kind}"));
    (&streak["count"], &streak["limit"])
}

#[test]
fn a_counter_is_its_digits_or_zero_and_says_so() {
    for (what, value, count, state, told) in [
        (
            "a count below the limit",
            "2",
            2,
            "current",
            vec!["TBI-301 warn ingestor"],
        ),
        ("zero", "0", 0, "current", vec![]),
        (
            "leading zeros are decimal",
            "0002",
            2,
            "current",
            vec!["TBI-301 warn ingestor"],
        ),
        (
            "an eight is no octal digit",
            "08",
            8,
            "stuck",
            vec!["TBI-302 fail ingestor"],
        ),
        ("negative", "-1", 0, "current", vec!["TBI-311 warn release"]),
        (
            "a fraction",
            "2.0",
            0,
            "current",
            vec!["TBI-311 warn release"],
        ),
        (
            "a blank behind it",
            "2 ",
            0,
            "current",
            vec!["TBI-311 warn release"],
        ),
        ("words", "many", 0, "current", vec!["TBI-311 warn release"]),
        (
            "a line feed and an escape",
            "3\n\u{1b}[2J",
            0,
            "current",
            vec!["TBI-311 warn release"],
        ),
    ] {
        let site = annotated(G2, FAILURES, value);
        let seen = document(&site, &[]);
        assert_eq!(
            streak(&seen, "ingestorResolve"),
            (&json!(count), &json!(3)),
            "{what}"
        );
        assert_eq!(states(&seen, "ingestor")[0], state, "{what}");
        assert_eq!(findings(&seen), told, "{what}");
        assert_eq!(seen["annotations"][FAILURES], value, "{what}");
    }
}

#[test]
fn thirty_digits_are_more_than_any_limit() {
    let value = "9".repeat(30);
    for (generation, key, kind) in [
        (G2, FAILURES, "ingestorResolve"),
        (G10, SKIPS, "skippedTicks"),
    ] {
        let site = annotated(generation, key, &value);
        let seen = document(&site, &[]);
        let image = if generation == G2 {
            "ingestor"
        } else {
            "jobs-manager"
        };
        assert_eq!(states(&seen, image)[0], "stuck", "{kind}");
        assert!(
            findings(&seen).contains(&"TBI-311 warn release".to_owned()),
            "{kind}: {:?}",
            findings(&seen)
        );
        let table = page(&site, &[]);
        assert!(
            table.contains(&value),
            "the annotation stands verbatim: {table}"
        );
    }
}

#[test]
fn a_counter_beyond_any_screen_is_quoted_short_and_kept_whole() {
    let value = "9".repeat(100 * 1024);
    let site = annotated(G2, FAILURES, &value);
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "ingestor")[0], "stuck");
    assert_eq!(seen["annotations"][FAILURES], value);
    let table = page(&site, &[]);
    assert!(!table.contains(&"9".repeat(201)), "{} bytes", table.len());
}

#[test]
fn thirty_digits_of_attempts_lock_nothing_out_while_nothing_has_moved() {
    let site = annotated(G10, ATTEMPT, &"9".repeat(30));
    let seen = document(&site, &[]);
    assert_eq!(states(&seen, "jobs-manager"), ["current"]);
}

#[test]
fn an_oversized_annotation_is_quoted_short_and_kept_whole() {
    let long = "x".repeat(200 * 1024);
    let site = altered_site(G2, |scene| {
        let manager = scene.object_mut("Deployment", NS, "berlin-jobs-manager");
        manager["metadata"]["annotations"][FAILURES] = "1".into();
        manager["metadata"]["annotations"]["tracebloc.io/ingestor-refresh-last-error"] =
            long.as_str().into();
    });
    let table = page(&site, &[]);
    assert!(
        table.contains(&"x".repeat(200)) && !table.contains(&"x".repeat(201)),
        "{} bytes",
        table.len()
    );
    let seen = document(&site, &[]);
    assert_eq!(image(&seen, "ingestor")["refreshStreak"]["lastError"], long);
}

#[test]
fn a_limit_that_is_no_number_never_fires_and_says_so() {
    for (what, value, limit, told) in [
        (
            "words",
            "abc",
            json!(null),
            "is \"abc\", which is no number to the refresher: the limit never fires.",
        ),
        (
            "a float of Helm's",
            "1e+06",
            json!(null),
            "is \"1e+06\", which is no number to the refresher: the limit never fires.",
        ),
        ("unset", "", json!(3), ""),
        (
            "one",
            "1",
            json!(1),
            "is 1: a single hiccup raises the alarm.",
        ),
        (
            "a number beyond a day",
            "97",
            json!(97),
            "is 97: the alarm comes only after 24h.",
        ),
    ] {
        let site = site_with(G2, |values| {
            values.refresh.ingestor_resolve_failure_threshold = value.to_owned();
        });
        let seen = document(&site, &[]);
        assert_eq!(
            streak(&seen, "ingestorResolve"),
            (&json!(0), &limit),
            "{what}"
        );
        let message = message(&seen, "TBI-603");
        assert!(message.ends_with(told), "{what}: {message}");
        assert_eq!(message.is_empty(), told.is_empty(), "{what}: {message}");
    }
}

#[test]
fn what_another_generation_left_is_ignored_and_named() {
    let site = annotated(G10, FAILURES, "3");
    let seen = document(&site, &[]);
    assert_eq!(seen["leftoverAnnotations"], json!([FAILURES]));
    assert_eq!(
        findings(&seen),
        ["TBI-312 note release", "TBI-406 note ingestor"]
    );
    assert_eq!(seen["summary"]["state"], "current");
    let table = page(&site, &[]);
    let undo = format!("kubectl annotate -n tracebloc deploy/berlin-jobs-manager {FAILURES}-");
    assert!(table.contains(&undo), "{table}");
}

#[test]
fn a_record_that_is_no_digest_is_not_the_latest() {
    let key = "tracebloc.io/last-refreshed-jobs-manager-digest";
    for value in ["latest", "sha256:short", "sha256:\u{1b}[31m"] {
        let site = annotated(G10, key, value);
        let seen = document(&site, &[]);
        let jobs_manager = image(&seen, "jobs-manager");
        assert_eq!(
            jobs_manager["digests"]["recorded"],
            Value::Null,
            "{value:?}"
        );
        assert!(
            jobs_manager["reasons"]["digests.recorded"].is_string(),
            "{value:?}: {jobs_manager:#}"
        );
        assert!(
            !states(&seen, "jobs-manager").contains(&"current"),
            "{value:?}"
        );
    }
}
