//! The way to each registry: this machine's answers, the cluster's evidence, and what could not be seen.

use super::*;
use crate::observation::RunOutcome;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;
const MONITOR: ManagedImage = ManagedImage::PodsMonitor;

fn way(site: &Site, registry: &str) -> Egress {
    let egress = assess(&site.0).egress;
    egress
        .into_iter()
        .find(|one| one.registry == registry)
        .expect("the registry")
}

fn logged(site: &mut Site, lines: &str) {
    let lines: Vec<_> = lines.lines().map(str::trim_start).collect();
    let log = format!("[image-refresh] {}\n", lines.join("\n[image-refresh] "));
    site.0.runs = Ok(vec![complete("2026-06-06T09:52:00Z", RunLog::Read(log))]);
}

#[test]
fn this_machine_tells_the_first_layer_that_broke() {
    let broken = |layer, code| -> Option<Result<Duration, BrokenLayer>> {
        Some(Err(BrokenLayer {
            layer,
            code: Some(code),
            message: "auth.docker.io: timed out".to_owned(),
        }))
    };
    let block = |site: &mut Site, image, code, layer| {
        site.block(image, failure(code, layer, "auth.docker.io", "timed out"));
    };
    let mut site = Site::g2();
    assert_eq!(
        Some(Ok(Duration::from_millis(112))),
        way(&site, "docker.io").here
    );

    block(&mut site, JOBS, Code::TagMissing, Layer::Manifest);
    assert_eq!(
        Some(Ok(Duration::from_millis(112))),
        way(&site, "docker.io").here,
        "the way is there"
    );
    block(&mut site, MONITOR, Code::TokenHostBlocked, Layer::Token);
    assert_eq!(
        broken(Layer::Token, Code::TokenHostBlocked),
        way(&site, "docker.io").here
    );
    block(&mut site, JOBS, Code::Dropped, Layer::Connect);
    assert_eq!(
        broken(Layer::Connect, Code::Dropped),
        way(&site, "docker.io").here
    );
    assert_eq!(
        Some(Ok(Duration::from_millis(112))),
        way(&site, "ghcr.io").here,
        "another registry"
    );

    for image in [JOBS, MONITOR] {
        let offline = Failure {
            code: None,
            ..failure(
                Code::Dropped,
                Layer::None,
                "docker.io",
                "not asked (--offline)",
            )
        };
        site.block(image, offline);
    }
    assert_eq!(None, way(&site, "docker.io").here);
}

#[test]
fn the_cluster_tells_by_counter_then_by_log_then_by_silence() {
    use ClusterEvidence::{Fails, Nothing, Reaches};
    let at = Some(time("2026-06-06T09:52:41Z"));
    let log = || "last run's log".to_owned();
    let nothing = |why: &str| Nothing(why.to_owned());
    let rows: Vec<(&str, fn() -> Site, Change, &str, ClusterEvidence)> = vec![
        (
            "a streak",
            Site::g2,
            |site| site.annotate(Streak::Failures.key(), "1"),
            "ghcr.io",
            Fails {
                by: "1/3".to_owned(),
                at,
            },
        ),
        (
            "it says nothing of docker.io",
            Site::g2,
            |site| site.annotate(Streak::Failures.key(), "1"),
            "docker.io",
            nothing("no log"),
        ),
        (
            "the streak of another generation says nothing",
            Site::g1,
            |site| site.annotate(Streak::Failures.key(), "1"),
            "ghcr.io",
            nothing("no log"),
        ),
        (
            "a warning",
            Site::g1,
            |site| {
                logged(
                    site,
                    "checking ghcr.io/tracebloc/ingestor:0.3 (x)\n WARN: could not fetch auth token for x",
                );
            },
            "ghcr.io",
            Fails { by: log(), at },
        ),
        (
            "one warning tells more than a good answer",
            Site::g1,
            |site| {
                logged(
                    site,
                    "checking tracebloc/jobs-manager:prod (x)\n latest=a\nchecking tracebloc/pods-monitor:prod (x)\n WARN: could not resolve latest digest",
                );
            },
            "docker.io",
            Fails { by: log(), at },
        ),
        (
            "an answer",
            Site::g1,
            |site| logged(site, "checking tracebloc/jobs-manager:prod (x)\n latest=a"),
            "docker.io",
            Reaches { by: log(), at },
        ),
        (
            "an answer for another registry",
            Site::g1,
            |site| logged(site, "checking tracebloc/jobs-manager:prod (x)\n latest=a"),
            "ghcr.io",
            nothing("the last run did not look it up"),
        ),
        (
            "a completed run without a counter has resolved the ingestor",
            Site::g2,
            |_| {},
            "ghcr.io",
            Reaches {
                by: "no failure counted".to_owned(),
                at,
            },
        ),
        (
            "unless it is pinned",
            Site::g2,
            |site| {
                site.cron_job().pinned.insert(INGESTOR);
            },
            "ghcr.io",
            nothing("no log"),
        ),
        (
            "or the record cannot be read",
            Site::g2,
            |site| site.0.record = Err(blind("forbidden")),
            "ghcr.io",
            nothing("no log"),
        ),
        (
            "or no counter is kept by this generation",
            Site::g1,
            |_| {},
            "ghcr.io",
            nothing("no log"),
        ),
        (
            "no completed run",
            Site::g2,
            |site| site.0.runs = Ok(vec![failed("2026-06-06T09:52:00Z")]),
            "ghcr.io",
            nothing("no completed run is kept"),
        ),
        (
            "jobs may not be listed",
            Site::g2,
            |site| site.0.runs = Err(blind("jobs is forbidden")),
            "ghcr.io",
            nothing("jobs: jobs is forbidden"),
        ),
        (
            "the log may not be read",
            Site::g1,
            |site| {
                site.0.runs.as_mut().expect("runs")[0].log =
                    RunLog::NotReadable(blind("pods/log is forbidden"));
            },
            "ghcr.io",
            nothing("log: pods/log is forbidden"),
        ),
    ];
    for (sentence, site, change, registry, want) in rows {
        let mut site = site();
        change(&mut site);
        assert_eq!(want, way(&site, registry).cluster, "{sentence}");
    }
}

#[test]
fn a_run_that_does_not_say_when_it_ended_is_dated_by_its_start() {
    let mut site = Site::g2();
    site.0.runs.as_mut().expect("runs")[0].outcome = RunOutcome::Complete { finished: None };
    let at = match way(&site, "ghcr.io").cluster {
        ClusterEvidence::Reaches { at, .. } => at,
        other @ (ClusterEvidence::Fails { .. } | ClusterEvidence::Nothing(_)) => {
            panic!("{other:?}")
        }
    };
    assert_eq!(Some(time("2026-06-06T09:52:00Z")), at);
}

#[test]
fn each_reason_of_this_machine_is_one_finding() {
    let mut site = Site::g2();
    let down = || {
        failure(
            Code::TokenHostBlocked,
            Layer::Token,
            "auth.docker.io",
            "connection timed out",
        )
    };
    site.block(JOBS, down());
    assert_eq!(vec!["jobs-manager TBI-241"], codes(&assess(&site.0)));
    site.block(MONITOR, down());
    let assessed = assess(&site.0);
    assert_eq!(vec!["TBI-241"], codes(&assessed));
    assert_eq!(
        "auth.docker.io: connection timed out",
        assessed.findings[0].message
    );
    let incomplete: Vec<_> = assessed
        .incomplete
        .iter()
        .map(|blind| blind.what.as_str())
        .collect();
    assert_eq!(
        vec!["jobs-manager: latest", "pods-monitor: latest"],
        incomplete
    );
}

#[test]
fn what_was_not_seen_is_listed_and_what_cannot_be_is_not() {
    let rows: &[(&str, fn() -> Site, Change, &[&str])] = &[
        ("everything was seen", Site::g10, |_| {}, &[]),
        (
            "nodes",
            Site::g10,
            |site| site.0.nodes = Err(blind("forbidden")),
            &["nodes"],
        ),
        (
            "jobs",
            Site::g10,
            |site| site.0.runs = Err(blind("forbidden")),
            &["jobs"],
        ),
        (
            "pods of one workload",
            Site::g10,
            |site| site.workload(JOBS).pods = Err(blind("forbidden")),
            &["jobs-manager: pods"],
        ),
        (
            "pods where none should run",
            Site::g10,
            |site| {
                site.workload(JOBS).pods = Err(blind("forbidden"));
                site.workload(JOBS).replicas = Some(0);
            },
            &[],
        ),
        (
            "a workload",
            Site::g10,
            |site| site.observed(JOBS).workload = Err(blind("not there")),
            &["jobs-manager: workload"],
        ),
        (
            "a log",
            Site::g10,
            |site| {
                site.0.runs.as_mut().expect("runs")[0].log =
                    RunLog::NotReadable(blind("forbidden"));
            },
            &["log of berlin-image-refresh-29678992"],
        ),
        (
            "a log that went with its pod is not missed",
            Site::g10,
            |site| {
                site.0
                    .runs
                    .as_mut()
                    .expect("runs")
                    .push(failed("2026-06-06T09:37:00Z"));
            },
            &[],
        ),
        (
            "a mirror is not asked",
            Site::g10,
            |site| site.0.mirror = Some("m".to_owned()),
            &[],
        ),
        (
            "the platforms of the latest",
            Site::g10,
            |site| {
                let down = failure(
                    Code::RateLimited,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "429",
                );
                site.0
                    .registry
                    .manifests
                    .insert(digest("8d5e2a3b107c"), Err(down));
            },
            &["pods-monitor: platforms of the latest"],
        ),
        (
            "the platforms of what is in use",
            Site::g10,
            |site| {
                let down = failure(
                    Code::RateLimited,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "429",
                );
                site.0.registry.manifests.insert(digest("dead"), Err(down));
                site.is_at(MONITOR, "dead");
            },
            &["pods-monitor: platforms of what is in use"],
        ),
        (
            "that a digest is gone is an answer",
            Site::g10,
            |site| {
                let gone = failure(
                    Code::DigestGone,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "no such digest",
                );
                site.0.registry.manifests.insert(digest("dead"), Err(gone));
                site.is_at(MONITOR, "dead");
            },
            &[],
        ),
        (
            "without a refresher no job is missed",
            Site::without_refresher,
            |site| site.0.runs = Err(blind("forbidden")),
            &[],
        ),
    ];
    for (sentence, site, change, want) in rows {
        let mut site = site();
        change(&mut site);
        let incomplete = assess(&site.0).incomplete;
        let what: Vec<_> = incomplete.iter().map(|blind| blind.what.as_str()).collect();
        assert_eq!(*want, what, "{sentence}");
    }
}
