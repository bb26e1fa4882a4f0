//! What runs of each generation come to, and how it is told.

use super::*;

#[test]
fn every_generation_is_run_and_told() {
    for generation in Generation::ALL {
        let site = healthy_site(generation);
        let play = Play::well(log(&site, generation, &Story::Unchanged));
        plays(&site, play);
        let (code, page) = now(&site, &[]);
        assert_eq!(0, code, "{generation:?}: {page:#?}");
        assert_says(
            &page,
            &[
                "Refresh job of berlin namespace tracebloc context edge",
                "Will start a Job from cronjob/berlin-image-refresh",
                "Follows job/berlin-image-refresh-manual-N",
                "run 1 of its container, pod berlin-image-refresh-manual-N-x2k8p on edge-01",
                "jobs-manager: unchanged",
                "pods-monitor: unchanged",
                "Result ✔ complete: nothing to move",
            ],
        );
        let made = jobs(&site);
        assert_eq!(1, made.len(), "{generation:?}");
        let cron_job = site
            .cluster
            .get("CronJob", NS, "berlin-image-refresh")
            .unwrap();
        assert_eq!(
            cron_job["spec"]["jobTemplate"]["spec"]["backoffLimit"],
            made[0]["spec"]["backoffLimit"]
        );
        assert_eq!(
            cron_job["metadata"]["uid"],
            made[0]["metadata"]["ownerReferences"][0]["uid"]
        );
        assert_eq!(0, site.cluster.count("PATCH", ""), "{generation:?}");
    }
}

#[test]
fn failures_on_the_way_to_the_threshold() {
    let story = |failures_before| Story::IngestorUnresolved {
        failures_before,
        curl: curl_timeout("ghcr.io"),
    };
    let site = healthy_site(Generation::G2);
    let play = Play {
        marks: vec![("ingestor-refresh-consecutive-failures", "1")],
        ..Play::well(log(&site, Generation::G2, &story(0)))
    };
    plays(&site, play);
    let (code, page) = now(&site, &[]);
    assert_eq!(5, code, "{page:#?}");
    assert_says(
        &page,
        &[
            "Counts ingestor lookups failed 0/3",
            "ingestor: no token for it; curl: (28) Failed to connect to ghcr.io port 443",
            "ingestor: not resolved, 1 of 3 in a row; at 3 the run fails (TBI-301)",
            "Result ! complete, but with warnings",
            "Marks tracebloc.io/ingestor-refresh-consecutive-failures = 1",
            "Next kubectl tracebloc-images status -n tracebloc",
        ],
    );

    // The crossing run: the second and third run of its container find the threshold reached.
    let site = Site::new(|latest, old, now| scenarios::warned_g2(latest, old, 2, now));
    let last = |failures_before| log(&site, Generation::G2, &story(failures_before));
    let play = Play {
        logs: vec![last(2), last(3)],
        exit_code: 1,
        marks: vec![
            ("ingestor-refresh-consecutive-failures", "3"),
            (
                "ingestor-refresh-last-error",
                "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks",
            ),
        ],
    };
    plays(&site, play);
    let (code, page) = now(&site, &[]);
    assert_eq!(3, code, "{page:#?}");
    assert_says(
        &page,
        &[
            "ingestor: not resolved as often in a row as its threshold allows: the run fails (TBI-302)",
            "run 2 of its container",
            "ingestor: still not resolved",
            "this run ended with exit code 1",
            "Result ✖ failed after 2 runs of its container: the ingestor cannot be resolved from pods (BackoffLimitExceeded) TBI-302",
            "Marks tracebloc.io/ingestor-refresh-consecutive-failures 2 -> 3",
            "tracebloc.io/ingestor-refresh-last-error = could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks",
        ],
    );
}

#[test]
fn a_failed_run_whose_log_is_gone_is_told_by_its_job_and_the_annotations() {
    let site = Site::new(|latest, old, now| scenarios::warned_g2(latest, old, 2, now));
    site.cluster.on(|change, store| {
        if (change.resource.kind, change.happened) != ("Job", Happened::Added) {
            return;
        }
        let play = Play {
            logs: vec![String::new()],
            exit_code: 1,
            marks: vec![("ingestor-refresh-consecutive-failures", "3")],
        };
        play.run(&change.object, store);
        let pod = format!(
            "{}-x2k8p",
            change.object["metadata"]["name"].as_str().unwrap()
        );
        store.remove(
            &At::new("Pod", NS, &pod),
            crate::world::sim::api::write::Dependents::Orphaned,
        );
    });
    let (code, page) = now(&site, &[]);
    assert_eq!(3, code, "{page:#?}");
    assert_says(
        &page,
        &[
            "Result ✖ failed: the ingestor was not resolved (BackoffLimitExceeded)",
            "Marks tracebloc.io/ingestor-refresh-consecutive-failures 2 -> 3",
        ],
    );
}

#[test]
fn lock_out_skip_and_freeze_of_the_newest_generation() {
    let generation = Generation::G10;
    for (story, exit_code, marks, code, said, result) in [
        (
            Story::LockedOut { from: before() },
            0,
            ("refresh-flap-detected", "3"),
            3,
            "locked out: rollouts kept failing",
            "Result ✖ complete, and locked out: nothing moves any more",
        ),
        (
            Story::Unsettled { skips_before: 2 },
            0,
            ("refresh-skip-streak", "3"),
            5,
            "skipped: jobs-manager has not settled (3 of 8 in a row)",
            "Result ! complete, but it was skipped: jobs-manager has not settled",
        ),
        (
            Story::Unsettled { skips_before: 7 },
            1,
            ("refresh-skip-streak", "8"),
            3,
            "frozen: jobs-manager has not settled",
            "Result ✖ failed: jobs-manager does not settle (BackoffLimitExceeded) TBI-304",
        ),
    ] {
        let site = healthy_site(generation);
        let play = Play {
            logs: vec![log(&site, generation, &story)],
            exit_code,
            marks: vec![marks],
        };
        plays(&site, play);
        let (exit, page) = now(&site, &[]);
        assert_eq!(code, exit, "{story:?}: {page:#?}");
        assert_says(
            &page,
            &[
                said,
                result,
                &format!("Marks {MARKS}{} = {}", marks.0, marks.1),
            ],
        );
    }
}

#[test]
fn docker_io_that_is_blocked_is_not_fine() {
    let site = healthy_site(Generation::G10);
    let story = Story::DockerUnresolved {
        curl: curl_timeout("registry-1.docker.io"),
    };
    let play = Play::well(log(&site, Generation::G10, &story));
    plays(&site, play);
    let (code, page) = now(&site, &[]);
    assert_eq!(5, code);
    assert_says(
        &page,
        &[
            "jobs-manager: not resolved, skipped in this run; nobody counts it",
            "Result ! complete, but with warnings",
        ],
    );
}

#[test]
fn what_a_log_holds_cannot_steer_a_terminal() {
    let site = healthy_site(Generation::G10);
    let hostile = "\u{1b}[2J\u{7}[image-refresh] \u{202e}x\n[image-refresh] \u{1b}]0;owned\u{7}words\n[image-refresh] tick complete\n";
    let flood = "[image-refresh] words\n".repeat(10_000);
    plays(&site, Play::well(format!("{hostile}{flood}")));
    let output = refresh(&site, &["--now"]).output();
    assert_eq!(Some(0), output.code);
    assert!(
        !output
            .stdout
            .contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "steers"
    );
    assert_eq!(
        10_000,
        output
            .stdout
            .lines()
            .filter(|line| line.ends_with(" words"))
            .count()
            - 1
    );
}
