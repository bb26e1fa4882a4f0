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
