//! What the model says of the documented releases, and what it owes to a reader.

use serde_json::{Value, json};

use crate::codes::Code;
use crate::health::{Outcome, State};
use crate::image::ManagedImage;
use crate::render::fixtures::{blind, finding, healthy, silent, stuck};
use crate::render::model::ImageStatus;

fn value(status: &ImageStatus) -> Value {
    serde_json::to_value(status).unwrap()
}

#[test]
fn the_exit_code_is_that_of_the_worst_finding() {
    let with = |states: &[State]| {
        let mut case = stuck();
        case.image(ManagedImage::Ingestor).states = states.to_vec();
        case
    };
    for (name, case, want) in vec![
        ("healthy, one held", healthy(), 0),
        ("stuck", stuck(), 3),
        ("broken before stale", silent(), 3),
        ("stale", with(&[State::Stale]), 4),
        ("drifted", with(&[State::Drifted]), 4),
        ("unknown", with(&[State::Unknown]), 5),
        (
            "unknown wins over drifted",
            with(&[State::Drifted, State::Unknown]),
            5,
        ),
        ("held", with(&[State::Held]), 0),
        ("mirrored", with(&[State::Mirrored]), 0),
        (
            "frozen",
            {
                let mut case = healthy();
                case.judged.frozen = Some(Code::Suspended);
                case
            },
            4,
        ),
        (
            "silent failure, image only stale",
            {
                let mut case = silent();
                case.image(ManagedImage::Ingestor).states = vec![State::Stale];
                case
            },
            3,
        ),
        (
            "silent failure as a note",
            {
                let mut case = healthy();
                let mut note = finding(None, Code::SilentFailure, "one lookup failed");
                note.outcome = Outcome::Note;
                case.judged.findings.push(note);
                case
            },
            0,
        ),
        (
            "something could not be seen",
            {
                let mut case = healthy();
                case.judged.incomplete.push(crate::health::Incomplete {
                    what: "nodes".to_owned(),
                    why: "nodes is forbidden".to_owned(),
                });
                case
            },
            5,
        ),
    ] {
        assert_eq!(want, case.model().summary.exit_code, "{name}");
    }
}

#[test]
fn a_frozen_release_is_frozen_though_its_images_are_current() {
    let mut case = healthy();
    case.judged.frozen = Some(Code::Suspended);
    let summary = value(&case.model())["summary"].clone();
    assert_eq!(json!("frozen"), summary["state"]);
    assert_eq!(json!("TBI-305"), summary["frozen"]);
    assert_eq!(json!(3), summary["images"]["current"]);
}

#[test]
fn requests_proxy_is_part_of_jobs_manager_while_they_agree() {
    let status = healthy().model();
    let jobs_manager = status.image(ManagedImage::RequestsProxy).unwrap();
    assert_eq!(ManagedImage::JobsManager, jobs_manager.name);
    assert_eq!(4, status.summary.images.total);
    let workloads = value(&status)["images"][1]["workloads"].clone();
    assert_eq!(json!("edge-jobs-manager"), workloads[0]["name"]);
    assert_eq!(json!("edge-requests-proxy"), workloads[1]["name"]);

    let mut case = healthy();
    case.image(ManagedImage::RequestsProxy).states = vec![State::Stale];
    let status = case.model();
    assert_eq!(5, status.summary.images.total);
    let proxy = status.image(ManagedImage::RequestsProxy).unwrap();
    assert_eq!(ManagedImage::RequestsProxy, proxy.name);
}

#[test]
fn a_finding_on_one_of_them_parts_requests_proxy_and_jobs_manager() {
    let mut case = healthy();
    let crash = finding(Some(ManagedImage::RequestsProxy), Code::Crashes, "restarts");
    case.judged.findings = vec![crash];
    let status = case.model();
    let proxy = status.image(ManagedImage::RequestsProxy).unwrap();
    assert_eq!(ManagedImage::RequestsProxy, proxy.name);
    assert_eq!(vec![Code::Crashes], proxy.findings);
}

#[test]
fn what_is_found_on_both_or_on_jobs_manager_alone_parts_nobody() {
    let of = |image, code| finding(Some(image), code, "found");
    let (leader, follower) = (ManagedImage::JobsManager, ManagedImage::RequestsProxy);
    for (name, findings, want) in [
        (
            "a silent failure is jobs-manager's",
            vec![of(leader, Code::SilentFailure)],
            leader,
        ),
        (
            "stale, both",
            vec![of(leader, Code::Stale), of(follower, Code::Stale)],
            leader,
        ),
        (
            "pods of each that crash",
            vec![of(leader, Code::Crashes), of(follower, Code::Crashes)],
            follower,
        ),
        (
            "stale, the follower alone",
            vec![of(follower, Code::Stale)],
            follower,
        ),
    ] {
        let mut case = healthy();
        case.judged.findings = findings;
        let status = case.model();
        assert_eq!(want, status.image(follower).unwrap().name, "{name}");
    }
}

#[test]
fn what_is_unknown_is_null_with_a_reason_and_what_is_not_there_is_null_without() {
    let mut case = stuck();
    case.image(ManagedImage::Ingestor).latest = Err(blind("ghcr.io: timed out after 5s"));
    case.image(ManagedImage::Ingestor).recorded = Ok(None);
    let image = &value(&case.model())["images"][0];
    assert_eq!(Value::Null, image["digests"]["latest"]);
    assert_eq!(Value::Null, image["latestResolvedFrom"]);
    assert_eq!(Value::Null, image["digests"]["recorded"]);
    let why = "ghcr.io: timed out after 5s";
    assert_eq!(
        json!({ "digests.latest": why, "children.latest": why }),
        image["reasons"]
    );
}

#[test]
fn only_the_images_asked_for_stay_with_their_findings_and_the_summary_stays_whole() {
    let mut case = stuck();
    let about_release = finding(None, Code::Overdue, "overdue");
    case.judged.findings.push(about_release);
    let whole = case.model();
    let status = whole
        .clone()
        .only(|image| image.name == ManagedImage::PodsMonitor);
    assert_eq!(1, status.images.len());
    assert_eq!(
        vec![Code::Overdue],
        status.findings.iter().map(|f| f.code).collect::<Vec<_>>()
    );
    assert_eq!(whole.summary, status.summary);
}

#[test]
fn annotations_of_another_generation_are_leftovers() {
    let mut case = healthy();
    case.annotate("tracebloc.io/ingestor-refresh-consecutive-failures", "2");
    case.annotate("tracebloc.io/last-refreshed-ingestor-digest", "sha256:x");
    assert_eq!(
        vec![
            "tracebloc.io/ingestor-refresh-consecutive-failures",
            "tracebloc.io/last-refreshed-ingestor-digest"
        ],
        case.model().leftover_annotations
    );
    assert!(stuck().model().leftover_annotations.is_empty());
}
