//! Green but not refreshing: what a completed run's log tells, or the age of a latest that nobody followed.

use super::*;
use crate::lookup::Config;
use crate::release::Schedule;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;

/// A run that warned for this image.
fn warned(site: &mut Site, checked: &str) {
    let log = format!(
        "[image-refresh] checking {checked} (x)\n\
         curl: (28) timed out\u{1b}[0m\n\
         [image-refresh]   WARN: could not resolve latest digest (transient)\n\
         [image-refresh] tick complete\n"
    );
    site.0.runs = Ok(vec![complete("2026-06-06T09:52:00Z", RunLog::Read(log))]);
}

/// The config of the latest's child for the node says when it was built.
fn built(site: &mut Site, start: &str, created: Option<&str>) {
    let config = Config {
        platform: Platform::new("linux", "arm64", None),
        created: created.map(time),
    };
    site.0
        .registry
        .configs
        .insert(child(start, "arm64"), Ok(config));
}

fn outcome(site: &Site) -> Option<Outcome> {
    let findings = assess(&site.0).findings;
    findings
        .iter()
        .find(|found| found.code == Code::SilentFailure)
        .map(|found| found.outcome)
}

#[test]
fn a_warning_of_the_last_completed_run_gives_it_away() {
    const GHCR: &str = "ghcr.io/tracebloc/ingestor:0.3";
    const HUB: &str = "tracebloc/jobs-manager:prod";
    let rows: &[(&str, fn() -> Site, Change, Option<Outcome>)] = &[
        (
            "an ingestor that is behind and not counted",
            Site::g1,
            |site| {
                behind(site, INGESTOR);
                warned(site, GHCR);
            },
            Some(Outcome::Fail),
        ),
        (
            "one whose failures are counted",
            Site::g2,
            |site| {
                behind(site, INGESTOR);
                warned(site, GHCR);
            },
            None,
        ),
        (
            "a docker.io image, in any generation",
            Site::g2,
            |site| {
                behind(site, JOBS);
                warned(site, HUB);
            },
            Some(Outcome::Fail),
        ),
        (
            "in the newest too",
            Site::g10,
            |site| {
                behind(site, JOBS);
                warned(site, HUB);
            },
            Some(Outcome::Fail),
        ),
        (
            "what runs is the latest all the same",
            Site::g1,
            |site| warned(site, GHCR),
            Some(Outcome::Note),
        ),
        (
            "nobody knows the latest",
            Site::g1,
            |site| {
                warned(site, GHCR);
                let down = failure(Code::Dropped, Layer::Connect, "ghcr.io", "timed out");
                site.block(INGESTOR, down);
            },
            Some(Outcome::Fail),
        ),
        (
            "nobody knows what runs",
            Site::g1,
            |site| {
                warned(site, GHCR);
                site.workload(INGESTOR).pods = Err(blind("forbidden"));
            },
            None,
        ),
        (
            "the warning is about another image",
            Site::g1,
            |site| {
                behind(site, INGESTOR);
                warned(site, HUB);
            },
            Some(Outcome::Note),
        ),
        (
            "a pin is not looked up",
            Site::g1,
            |site| {
                behind(site, INGESTOR);
                warned(site, GHCR);
                site.cron_job().pinned.insert(INGESTOR);
            },
            None,
        ),
        (
            "a newer run that failed does not count",
            Site::g1,
            |site| {
                behind(site, INGESTOR);
                warned(site, GHCR);
                site.0
                    .runs
                    .as_mut()
                    .expect("runs")
                    .insert(0, failed("2026-06-06T09:55:00Z"));
            },
            Some(Outcome::Fail),
        ),
        (
            "an older completed run does not either",
            Site::g1,
            |site| {
                behind(site, INGESTOR);
                warned(site, GHCR);
                let quiet = complete(
                    "2026-06-06T09:55:00Z",
                    RunLog::Read("[image-refresh] tick complete\n".to_owned()),
                );
                site.0.runs.as_mut().expect("runs").insert(0, quiet);
            },
            None,
        ),
    ];
    for (sentence, site, change, want) in rows {
        let mut site = site();
        change(&mut site);
        assert_eq!(*want, outcome(&site), "{sentence}");
    }
}

#[test]
fn the_finding_quotes_the_tool_and_says_what_the_chart_counts() {
    let mut site = Site::g10();
    behind(&mut site, JOBS);
    warned(&mut site, "tracebloc/jobs-manager:prod");
    let assessed = assess(&site.0);
    assert_eq!(
        "green but not refreshing: the last completed run warned \"could not resolve latest digest\" for \
         docker.io/tracebloc/jobs-manager and exited 0. This chart does not count these lookups and will never fail for them.",
        message(&assessed, Code::SilentFailure)
    );
    let found = assessed
        .findings
        .iter()
        .find(|found| found.code == Code::SilentFailure)
        .expect("found");
    assert_eq!(
        vec![("log", "curl: (28) timed out [0m".to_owned())],
        found.details
    );
}

#[test]
fn without_a_log_the_age_of_the_latest_gives_it_away() {
    const LATEST: &str = "d361fa778554";
    let rows: &[(&str, Change, Option<Outcome>)] = &[
        (
            "built days before the last success",
            |_| {},
            Some(Outcome::Fail),
        ),
        // Built at 08:50: the points after it are 08:52, 09:07, 09:22 and 09:37.
        (
            "five points before it",
            |site| built(site, LATEST, Some("2026-06-06T08:50:00Z")),
            Some(Outcome::Fail),
        ),
        (
            "just the fourth point",
            |site| {
                built(site, LATEST, Some("2026-06-06T08:50:00Z"));
                site.cron_job().last_success = Some(time("2026-06-06T09:37:00Z"));
            },
            None,
        ),
        (
            "built a moment ago",
            |site| built(site, LATEST, Some("2026-06-06T09:40:00Z")),
            None,
        ),
        (
            "nobody knows when it was built",
            |site| built(site, LATEST, None),
            None,
        ),
        (
            "its config was not found",
            |site| {
                let down = failure(
                    Code::LayerHostBlocked,
                    Layer::Blob,
                    "pkg-containers.githubusercontent.com",
                    "timed out",
                );
                site.0
                    .registry
                    .configs
                    .insert(child(LATEST, "arm64"), Err(down));
            },
            None,
        ),
        (
            "beside many others no log was asked for, and it may have been promoted a moment ago",
            |site| site.0.depth = crate::observation::Depth::Overview,
            Some(Outcome::Warn),
        ),
        (
            "what runs is the latest",
            |site| site.is_at(INGESTOR, LATEST),
            None,
        ),
        (
            "the latest is not known",
            |site| {
                let down = failure(Code::Dropped, Layer::Connect, "ghcr.io", "timed out");
                site.block(INGESTOR, down);
            },
            None,
        ),
        (
            "no run ever succeeded",
            |site| site.cron_job().last_success = None,
            None,
        ),
        (
            "a schedule that cannot be read",
            |site| {
                site.cron_job().schedule = Schedule {
                    cron: "@every 1h".to_owned(),
                    zone: None,
                };
            },
            None,
        ),
        (
            "a log that tells is believed instead",
            |site| {
                let log = "[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (x)\n[image-refresh]   latest=sha256:1\n";
                site.0.runs = Ok(vec![complete(
                    "2026-06-06T09:52:00Z",
                    RunLog::Read(log.to_owned()),
                )]);
            },
            None,
        ),
    ];
    for (sentence, change, want) in rows {
        let mut site = Site::g1();
        behind(&mut site, INGESTOR);
        built(&mut site, LATEST, Some("2026-06-01T00:00:00Z"));
        change(&mut site);
        assert_eq!(*want, outcome(&site), "{sentence}");
    }
}

#[test]
fn an_age_that_cannot_be_read_is_missed_only_where_it_would_tell() {
    let code = Code::LayerHostBlocked;
    let mut site = Site::g1();
    behind(&mut site, INGESTOR);
    built(&mut site, "d361fa778554", Some("2026-06-01T00:00:00Z"));
    let down = failure(
        code,
        Layer::Blob,
        "pkg-containers.githubusercontent.com",
        "timed out",
    );
    let dated = child("d361fa778554", "arm64");
    site.0.registry.configs.insert(dated, Err(down));
    let missed = |site: &Site| {
        let assessed = assess(&site.0);
        let is_told = assessed.findings.iter().any(|found| found.code == code);
        let what = assessed.incomplete.into_iter().map(|blind| blind.what);
        (what.collect::<Vec<_>>(), is_told)
    };
    assert_eq!(
        (vec!["ingestor: age of the latest".to_owned()], true),
        missed(&site)
    );
    warned(&mut site, "ghcr.io/tracebloc/ingestor:0.3");
    assert_eq!((Vec::new(), false), missed(&site), "the log has told");
}

#[test]
fn the_age_is_told_in_words() {
    let mut site = Site::g1();
    behind(&mut site, INGESTOR);
    built(&mut site, "d361fa778554", Some("2026-06-01T10:00:02Z"));
    assert_eq!(
        "green but not refreshing: the latest of ghcr.io/tracebloc/ingestor was built 5d ago, runs have succeeded \
         long after, and it is not in use. This chart counts nothing and will never fail.",
        message(&assess(&site.0), Code::SilentFailure)
    );
}
