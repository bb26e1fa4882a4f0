//! Whole screens of followed runs, without times and numbers: each state that a counter can be in.

use super::*;
use crate::harness::screen;

/// One run of the script: what the container's runs wrote, how the last one ended, and what it left behind.
fn run(site: &Site, play: Play, more: &[&str]) -> (i32, String) {
    plays(site, play);
    let (code, page) = now(site, more);
    (code, page.join("\n"))
}

fn unresolved(site: &Site, failures_before: u32) -> String {
    let curl = curl_timeout("ghcr.io");
    let story = Story::IngestorUnresolved {
        failures_before,
        curl,
    };
    log(site, Generation::G2, &story)
}

/// A site whose last lookups of the ingestor failed as often as this.
fn failing(failures: u32) -> Site {
    Site::new(|latest, old, now| scenarios::warned_g2(latest, old, failures, now))
}

const FAILURES: &str = "ingestor-refresh-consecutive-failures";
const LAST_ERROR: (&str, &str) = (
    "ingestor-refresh-last-error",
    "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks",
);

#[test]
fn the_failure_streak_below_at_and_beyond_its_threshold() {
    let site = healthy_site(Generation::G2);
    let play = Play {
        marks: vec![(FAILURES, "1")],
        ..Play::well(unresolved(&site, 0))
    };
    let (code, page) = run(&site, play, &[]);
    assert_eq!(5, code);
    screen(
        "in_cluster_warned",
        "The first of three failed lookups.",
        &page,
    );

    let site = failing(2);
    let play = Play {
        logs: vec![unresolved(&site, 2), unresolved(&site, 3)],
        exit_code: 1,
        marks: vec![(FAILURES, "3"), LAST_ERROR],
    };
    let (code, page) = run(&site, play, &[]);
    assert_eq!(3, code);
    screen("in_cluster_crossing", "The third: the threshold.", &page);

    let site = failing(3);
    let (code, page) = now(&site, &[]);
    assert_eq!((3, 0), (code, jobs(&site).len()));
    let page = page.join("\n");
    screen(
        "in_cluster_refused",
        "At the threshold a run can only fail.",
        &page,
    );
    let play = Play {
        logs: vec![unresolved(&site, 3)],
        exit_code: 1,
        marks: Vec::new(),
    };
    let (code, page) = run(&site, play, &["--force"]);
    assert_eq!(3, code);
    screen("in_cluster_still", "The same by force.", &page);

    let site = failing(3);
    let story = Story::Recovered { from: before() };
    let play = Play {
        marks: vec![(
            "last-refreshed-ingestor-digest",
            "sha256:64c27ff892a14d852ea8db83953db019912da63af37ec3257af1c8346b1ff256",
        )],
        ..Play::well(log(&site, Generation::G2, &story))
    };
    let (code, page) = run(&site, play, &["--force"]);
    assert_eq!(0, code);
    screen("in_cluster_recovered", "The registry is open again.", &page);
}

#[test]
fn the_newest_generation_skips_freezes_and_locks_itself_out() {
    let generation = Generation::G10;
    for (name, what, story, exit_code, mark, want) in [
        (
            "skipped",
            "The third skipped run of eight.",
            Story::Unsettled { skips_before: 2 },
            0,
            ("refresh-skip-streak", "3"),
            5,
        ),
        (
            "frozen",
            "The eighth.",
            Story::Unsettled { skips_before: 7 },
            1,
            ("refresh-skip-streak", "8"),
            3,
        ),
        (
            "locked_out",
            "The attempts are used up.",
            Story::LockedOut { from: before() },
            0,
            ("refresh-flap-detected", "3"),
            3,
        ),
    ] {
        let site = healthy_site(generation);
        let play = Play {
            logs: vec![log(&site, generation, &story)],
            exit_code,
            marks: vec![mark],
        };
        let (code, page) = run(&site, play, &[]);
        assert_eq!(want, code, "{page}");
        screen(&format!("in_cluster_{name}"), what, &page);
    }
}

#[test]
fn a_run_that_is_not_over_in_time() {
    let site = healthy_site(Generation::G10);
    let (code, page) = now(&site, &["--timeout=1s"]);
    assert_eq!(7, code);
    let page = page.join("\n");
    screen("in_cluster_timed_out", "Nobody starts a pod.", &page);
}

/// No API server in the pod's environment: the line and the result bear one code.
#[test]
fn what_keeps_a_run_from_reading_its_deployment_has_one_code() {
    let site = healthy_site(Generation::G5);
    let play = Play {
        logs: vec![log(&site, Generation::G5, &Story::NoServer)],
        exit_code: 1,
        marks: Vec::new(),
    };
    let (code, page) = run(&site, play, &[]);
    assert_eq!(3, code);
    assert_eq!(2, page.matches("TBI-102").count(), "{page}");
    assert!(!page.contains("TBI-104"), "{page}");
    screen("in_cluster_no_server", "No API server for kubectl.", &page);
}
