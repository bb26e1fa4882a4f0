//! How a run is asked for, refused, found to be running already, left alone and waited for.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault;

#[test]
fn nothing_is_started_where_nobody_can_be_asked() {
    let site = healthy_site(Generation::G10);
    let output = refresh(&site, &[]).output();
    assert_eq!((Some(2), ""), (output.code, output.stdout.as_str()));
    assert!(output.stderr.contains("--now"), "{}", output.stderr);
    assert_eq!(0, site.cluster.log().len());
}

#[test]
fn flags_that_belong_to_a_direct_refresh_are_wrong_usage() {
    let site = healthy_site(Generation::G10);
    for more in [
        &["jobs-manager"][..],
        &["--dry-run"],
        &["--pull-test"],
        &["--pull-test=skip"],
        &["--rearm"],
        &["-o", "json"],
    ] {
        let output = refresh(&site, &[&["--now"], more].concat()).output();
        assert_eq!(Some(2), output.code, "{more:?}");
        assert!(
            output.stderr.contains("cannot be used with"),
            "{more:?}: {}",
            output.stderr
        );
    }
    assert_eq!(0, site.cluster.log().len());
}

#[test]
fn what_is_stopped_is_refused_and_started_by_force() {
    let suspended = || {
        Site::new(|latest, _, now| {
            scenarios::suspended(&Release::new(Generation::G10), latest, now)
        })
    };
    let flapping = || {
        let site = Site::new(|latest, _, now| scenarios::flap_g10(latest, &before(), now));
        site.internet.push(
            "docker.io/tracebloc/jobs-manager:prod",
            Index::of(["linux/amd64"]).label("build", "next"),
        );
        site
    };
    let stuck = || Site::new(scenarios::incident_g2);
    for (name, site, reason, next) in [
        (
            "suspended",
            &suspended as &dyn Fn() -> Site,
            "✖ the refresh job is suspended",
            "kubectl patch cronjob -n tracebloc berlin-image-refresh",
        ),
        (
            "locked out",
            &flapping,
            "✖ the refresher has locked itself out: 3 of 3 rollouts",
            "kubectl tracebloc-images refresh --rearm -n tracebloc",
        ),
        (
            "stuck",
            &stuck,
            "✖ pods could not resolve the ingestor 3 times in a row (limit 3)",
            "kubectl tracebloc-images refresh ingestor -n tracebloc",
        ),
    ] {
        let refusing = site();
        let (code, page) = now(&refusing, &[]);
        assert_eq!((3, 0), (code, jobs(&refusing).len()), "{name}: {page:#?}");
        assert_says(
            &page,
            &[
                reason,
                "No run was started; --force starts one all the same.",
                next,
            ],
        );
        assert_eq!(0, refusing.cluster.count("POST", ""), "{name}");

        let forced = site();
        let generation = if name == "stuck" {
            Generation::G2
        } else {
            Generation::G10
        };
        let play = Play::well(log(&forced, generation, &Story::Unchanged));
        plays(&forced, play);
        let (code, page) = now(&forced, &["--force"]);
        assert_eq!((0, 1), (code, jobs(&forced).len()), "{name}: {page:#?}");
        assert_says(&page, &[&reason.replace('✖', "!"), "Result ✔ complete"]);
    }
}

#[test]
fn without_a_refresh_job_there_is_nothing_to_run() {
    let site = Site::new(|latest, _, now| scenarios::no_refresher(latest, now));
    let (code, page) = now(&site, &["--force"]);
    assert_eq!(3, code, "{page:#?}");
    assert_says(&page, &["TBI-309", "No run was started."]);
}

#[test]
fn a_run_that_is_active_is_followed_instead() {
    let site = Site::new(|latest, _, now| {
        scenarios::running_tick(&Release::new(Generation::G10), latest, now)
    });
    // It goes on when its log is read, and ends.
    let name = "berlin-image-refresh-29678992";
    let rest = log(&site, Generation::G10, &Story::Unchanged);
    let rest: String = rest.split_inclusive('\n').skip(3).collect();
    site.cluster.fault(Fault::on("GET", "follow=true").times(1).then(move |store| {
        let pods = store.all(At::new("Pod", "", "").resource, Some(NS));
        let pod = pods.iter().find(|pod| pod["metadata"]["labels"]["job-name"] == name).unwrap();
        let source = Source {
            at: At::of(pod),
            container: "refresh".to_owned(),
            run: Run::Current,
        };
        store.logs.append(&source, &rest);
        store.edit(&At::of(pod), |pod| {
            pod["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 0}});
        });
        store.edit(&At::new("Job", NS, name), |job| {
            job["status"] = json!({"conditions": [{"type": "Complete", "status": "True", "reason": "CompletionsReached"}]});
        });
    }));
    let (code, page) = now(&site, &[]);
    assert_eq!((0, 0), (code, jobs(&site).len()), "{page:#?}");
    assert_says(
        &page,
        &[
            &format!("Follows job/{name}"),
            "resource-monitor: unchanged",
            "Result ✔ complete",
        ],
    );
    assert_eq!(0, site.cluster.count("POST", ""));
}

#[test]
fn a_pod_that_never_starts_is_not_waited_for_for_ever() {
    let site =
        Site::new(|latest, _, now| scenarios::no_pod(&Release::new(Generation::G10), latest, now));
    let (code, page) = now(&site, &["--timeout", "1s"]);
    assert_eq!(7, code, "{page:#?}");
    assert_says(
        &page,
        &[
            "waiting: no pod of it yet",
            "Result ! not over in time: no pod of it yet; a quota or an admission policy may refuse it; it goes on",
            "Next kubectl tracebloc-images refresh --in-cluster -n tracebloc",
            "kubectl describe -n tracebloc job/berlin-image-refresh-",
        ],
    );
}

#[test]
fn a_job_that_is_deleted_while_it_is_followed_is_a_finding() {
    let site = healthy_site(Generation::G10);
    site.cluster
        .fault(Fault::on("GET", "/jobs/").times(1).then(|store| {
            for job in store.all(At::new("Job", "", "").resource, Some(NS)) {
                if job["metadata"]["name"]
                    .as_str()
                    .unwrap()
                    .contains("-manual-")
                {
                    store.remove(
                        &At::of(&job),
                        crate::world::sim::api::write::Dependents::Deleted,
                    );
                }
            }
        }));
    let (code, page) = now(&site, &[]);
    assert_eq!(3, code, "{page:#?}");
    assert_says(&page, &["Result ✖ deleted by somebody while it ran"]);
}

#[test]
fn whoever_is_interrupted_leaves_the_job_and_says_so() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let site = healthy_site(Generation::G10);
        let running = refresh(&site, &["--now"]).start();
        let began = std::time::Instant::now();
        while site
            .cluster
            .count("GET", "/jobs/berlin-image-refresh-manual-")
            == 0
        {
            assert!(began.elapsed().as_secs() < 60, "it is not followed");
            std::thread::yield_now();
        }
        running.signal(signal);
        let Output {
            code: ended,
            stderr,
            ..
        } = running.output();
        assert_eq!((Some(code), 1), (ended, jobs(&site).len()), "{stderr}");
        assert!(
            stderr.starts_with("interrupted: job/berlin-image-refresh-manual-")
                && stderr.contains("goes on"),
            "{stderr}"
        );
        assert_eq!(0, site.cluster.count("DELETE", ""));
    }
}

#[test]
fn rights_that_are_missing_are_named() {
    let site = healthy_site(Generation::G10);
    site.cluster.deny(Denial::of("create", "jobs.batch"));
    let output = refresh(&site, &["--now"]).output();
    assert_eq!(Some(1), output.code);
    assert!(
        output.stderr.contains("cannot create resource \"jobs\""),
        "{}",
        output.stderr
    );

    let site = healthy_site(Generation::G10);
    site.cluster.deny(Denial::of("list", "jobs.batch"));
    let (code, page) = now(&site, &["--force"]);
    assert_eq!((1, 0), (code, jobs(&site).len()), "{page:#?}");
    assert_says(
        &page,
        &[
            "what runs now, and what is counted, cannot be read",
            "No run was started.",
        ],
    );
}

/// A person at a terminal: the plan, the question, and the default.
#[cfg(unix)]
#[test]
fn a_person_is_asked_and_the_default_is_no() {
    let site = healthy_site(Generation::G10);
    let play = Play::well(log(&site, Generation::G10, &Story::Unchanged));
    plays(&site, play);
    for (answer, started, last) in [("\r", 0, "Nothing was started."), ("y", 1, "Result")] {
        let plugin = refresh(&site, &[]).env("NO_COLOR", "1");
        let mut session = plugin.on_terminal(100);
        session
            .exp_string("Start the refresh job of berlin on context edge?")
            .unwrap();
        session.send(answer).unwrap();
        session.flush().unwrap();
        session.exp_string(last).unwrap();
        session.exp_eof().unwrap();
        assert_eq!(started, jobs(&site).len(), "{answer:?}");
    }
}

/// Who thinks about an answer for a quarter of an hour must not start a second run beside the scheduled one.
#[cfg(unix)]
#[test]
fn a_run_that_begins_while_the_question_stands_is_followed_instead() {
    let site = healthy_site(Generation::G10);
    let mut session = refresh(&site, &[]).env("NO_COLOR", "1").on_terminal(100);
    session
        .exp_string("Start the refresh job of berlin")
        .unwrap();
    let cron_job = site.cluster.get("CronJob", NS, "berlin-image-refresh");
    let uid = &cron_job.unwrap()["metadata"]["uid"];
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "berlin-image-refresh-29678993", "namespace": NS, "ownerReferences": [{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": "berlin-image-refresh", "uid": uid, "controller": true,
        }]},
        "spec": {},
        "status": {"active": 1},
    });
    site.cluster.store(|store| store.put(job));
    session.send("y").unwrap();
    session.flush().unwrap();
    session
        .exp_string("job/berlin-image-refresh-29678993")
        .unwrap();
    assert_eq!(0, jobs(&site).len());
}
