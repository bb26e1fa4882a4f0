//! The findings in words, code by code.

use super::*;
use crate::observation::{Pull, Rollout, Running, Spec};

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;
const MONITOR: ManagedImage = ManagedImage::PodsMonitor;
fn unrecorded(site: &mut Site, image: ManagedImage) {
    let record = site.0.record.as_mut().expect("a record");
    record
        .annotations
        .remove(image.record_key().expect("a key"));
}

fn tagged(site: &mut Site, image: ManagedImage, pull: Pull) {
    site.workload(image).spec = Spec::Tagged {
        reference: tracks(image),
        pull,
    };
}

#[test]
fn stale_images_are_told_with_what_the_next_tick_does() {
    hold(&[
        (
            "it will move",
            Site::g7,
            |site| behind(site, JOBS),
            Code::Stale,
            "OLD is in use, and docker.io/tracebloc/jobs-manager:prod is NEW. The next tick that resolves it moves it.",
        ),
        (
            "nothing was recorded",
            Site::g7,
            |site| {
                behind(site, JOBS);
                unrecorded(site, JOBS);
            },
            Code::Stale,
            "OLD is in use, and docker.io/tracebloc/jobs-manager:prod is NEW. Nothing is recorded: the next tick records it WITHOUT moving it.",
        ),
        (
            "nothing was recorded of the ingestor",
            Site::g2,
            |site| {
                behind(site, INGESTOR);
                unrecorded(site, INGESTOR);
            },
            Code::Stale,
            "OLD is in use, and ghcr.io/tracebloc/ingestor:0.3 is NEWEST. Nothing is recorded: the next tick adopts what is set, and moves it the tick after.",
        ),
        (
            "the job is suspended",
            Site::g7,
            |site| {
                behind(site, JOBS);
                site.cron_job().run = crate::release::Run::Suspended;
            },
            Code::Stale,
            "OLD is in use, and docker.io/tracebloc/jobs-manager:prod is NEW. The refresh job that would move it does not run.",
        ),
        (
            "there is none",
            Site::without_refresher,
            |site| behind(site, JOBS),
            Code::Stale,
            "OLD is in use, and docker.io/tracebloc/jobs-manager:prod is NEW. There is no refresh job that moves it.",
        ),
        (
            "what is stuck is told as that",
            Site::g2,
            |site| {
                behind(site, INGESTOR);
                site.annotate(Streak::Failures.key(), "3");
            },
            Code::Stale,
            "silent",
        ),
    ]);
}

#[test]
fn terms_that_disagree_are_told_apart() {
    hold(&[
        (
            "a rollout to something else",
            Site::g10,
            |site| {
                site.know(OLD, BOTH);
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(OLD),
                };
            },
            Code::Disagree,
            "the spec names OLD while the latest runs: a rollout to something else has begun or is stuck.",
        ),
        (
            "an old record, where the tick restarts",
            Site::g7,
            |site| {
                site.know(OLD, BOTH);
                site.annotate(JOBS.record_key().expect("a key"), digest(OLD).as_str());
            },
            Code::Disagree,
            "the record is old: a pod restart pulled the latest, and the next tick restarts once more.",
        ),
        (
            "an old record, where the tick sets",
            Site::g10,
            |site| {
                site.know(OLD, BOTH);
                site.annotate(JOBS.record_key().expect("a key"), digest(OLD).as_str());
            },
            Code::Disagree,
            "the record is old: the latest runs already, and the next tick sets it once more.",
        ),
        (
            "an old record of the ingestor",
            Site::g2,
            |site| {
                site.know(OLD, BOTH);
                site.annotate(INGESTOR.record_key().expect("a key"), digest(OLD).as_str());
            },
            Code::Disagree,
            "the record is old: the latest is set already, and the next tick that resolves it records it.",
        ),
        (
            "the refresher believes that it is done",
            Site::g10,
            |site| {
                site.know(OLD, BOTH);
                site.runs(JOBS, OLD);
            },
            Code::Disagree,
            "the refresher believes it is done: NEW is recorded, and OLD runs.",
        ),
        (
            "the environment went back",
            Site::g2,
            |site| {
                site.know(OLD, BOTH);
                site.runs(INGESTOR, OLD);
            },
            Code::Disagree,
            "NEWEST is recorded and OLD is set: the next successful lookup re-applies what is recorded.",
        ),
        (
            "the record is neither",
            Site::g7,
            |site| {
                behind(site, JOBS);
                site.know("fade", BOTH);
                site.annotate(JOBS.record_key().expect("a key"), digest("fade").as_str());
            },
            Code::Disagree,
            "what is recorded is neither what runs nor the latest.",
        ),
        (
            "the latest is not known",
            Site::g7,
            |site| {
                site.know(OLD, BOTH);
                site.runs(JOBS, OLD);
                site.block(
                    JOBS,
                    failure(
                        Code::Dropped,
                        Layer::Connect,
                        "registry-1.docker.io",
                        "timed out",
                    ),
                );
            },
            Code::Disagree,
            "recorded, spec and running disagree.",
        ),
        ("all agree", Site::g10, |_| {}, Code::Disagree, "silent"),
    ]);
}

#[test]
fn a_tag_that_a_node_may_have_cached_is_told() {
    const WORDS: &str = "the spec names the tag docker.io/tracebloc/jobs-manager:prod with IfNotPresent: a node that has an older build starts that one.";
    hold(&[
        (
            "a chart upgrade put the tag back",
            Site::g10,
            |site| tagged(site, JOBS, Pull::Cached),
            Code::OldBuildPossible,
            WORDS,
        ),
        (
            "and an older build was started",
            Site::g10,
            |site| {
                site.know(OLD, BOTH);
                site.runs(JOBS, OLD);
                tagged(site, JOBS, Pull::Cached);
            },
            Code::OldBuildPossible,
            WORDS,
        ),
        (
            "a tag that is pulled anew is none",
            Site::g10,
            |site| tagged(site, JOBS, Pull::Always),
            Code::OldBuildPossible,
            "silent",
        ),
    ]);
    let outcome = |change: Change| {
        let mut site = Site::g10();
        site.know(OLD, BOTH);
        tagged(&mut site, JOBS, Pull::Cached);
        change(&mut site);
        let findings = assess(&site.0).findings;
        findings
            .into_iter()
            .find(|found| found.code == Code::OldBuildPossible)
            .map(|found| found.outcome)
    };
    assert_eq!(Some(Outcome::Note), outcome(|_| {}));
    assert_eq!(Some(Outcome::Warn), outcome(|site| site.runs(JOBS, OLD)));
}

#[test]
fn contents_that_are_gone_or_missing_are_told() {
    hold(&[
        (
            "the digest in use was deleted",
            Site::g10,
            |site| {
                let gone = failure(
                    Code::DigestGone,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "no such digest",
                );
                site.0.registry.manifests.insert(digest(OLD), Err(gone));
                site.is_at(JOBS, OLD);
            },
            Code::DigestGone,
            "OLD is in use and gone from its registry: a node that has not got it cannot pull it.",
        ),
        (
            "no ingestor is set",
            Site::g2,
            |site| {
                site.workload(INGESTOR).spec = Spec::Empty;
                site.workload(INGESTOR).pods.as_mut().expect("pods")[0].running = Running::Empty;
            },
            Code::IngestorDigestEmpty,
            "no digest is set (INGESTOR_IMAGE_DIGEST): submitting an ingestion answers 503.",
        ),
    ]);
}

#[test]
fn pods_that_do_not_run_are_told_in_the_words_of_the_kubelet() {
    let mut site = Site::g10();
    let image = site.workload(JOBS).pods.as_mut().expect("pods");
    image[0].phase = waiting("ImagePullBackOff", "Back-off pulling image \"x\"");
    let mut second = pod("berlin-jobs-manager-\u{1b}[31mred", "edge-02", &digest(OLD));
    second.phase = waiting("ErrImagePull", "");
    image.push(second);
    let assessed = assess(&site.0);
    let found = assessed
        .findings
        .iter()
        .find(|found| found.code == Code::CannotPull)
        .expect("found");
    assert_eq!(
        "cannot be pulled: pod berlin-jobs-manager-x2k8p on edge-01 and 1 other, container api: ImagePullBackOff.",
        found.message
    );
    assert_eq!(
        vec![("kubelet", "Back-off pulling image \"x\"".to_owned())],
        found.details
    );
    let command = "kubectl describe pod -n tracebloc berlin-jobs-manager-x2k8p";
    assert_eq!(command, assessed.next[0].command);

    hold(&[
        (
            "a crash",
            Site::g10,
            |site| {
                site.workload(MONITOR).pods.as_mut().expect("pods")[0].phase =
                    waiting("CrashLoopBackOff", "back-off 5m0s");
            },
            Code::Crashes,
            "does not stay up: pod berlin-jobs-manager-x2k8p on edge-01, container pods-monitor-container: CrashLoopBackOff.",
        ),
        (
            "no node",
            Site::g10,
            |site| {
                let pod = &mut site.workload(JOBS).pods.as_mut().expect("pods")[0];
                pod.phase = waiting(
                    "Unschedulable",
                    "0/1 nodes are available: 1 Insufficient memory.",
                );
                pod.node = None;
            },
            Code::Unschedulable,
            "finds no node: pod berlin-jobs-manager-x2k8p, container api: Unschedulable.",
        ),
        (
            "a container that is being made is no trouble",
            Site::g10,
            |site| {
                site.workload(JOBS).pods.as_mut().expect("pods")[0].phase =
                    waiting("ContainerCreating", "");
            },
            Code::Crashes,
            "silent",
        ),
    ]);
}

#[test]
fn a_rollout_that_does_not_end_is_told_once_and_not_beside_its_cause() {
    let stuck = |site: &mut Site| {
        for image in [JOBS, MONITOR] {
            site.workload(image).rollout = Rollout::Failed("has timed out progressing".to_owned());
        }
    };
    let mut site = Site::g10();
    stuck(&mut site);
    let assessed = assess(&site.0);
    assert_eq!(
        1,
        codes(&assessed)
            .iter()
            .filter(|code| code.ends_with("TBI-504"))
            .count()
    );
    assert_eq!(
        "the rollout of berlin-jobs-manager does not end: has timed out progressing.",
        message(&assessed, Code::ProgressDeadline)
    );
    site.workload(MONITOR).pods.as_mut().expect("pods")[0].phase = waiting("CrashLoopBackOff", "");
    assert_eq!("silent", words(&site, Code::ProgressDeadline));
}
