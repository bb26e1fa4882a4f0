//! G2 on a site that reaches docker.io and not ghcr.io: the ingestor's failures are counted until
//! the chart gives up, and stay counted when a person moves the image by hand.

use serde_json::{Value, json};

use crate::installed::{Installed, eventually, image};
use crate::lab::Lab;
use crate::release::Generation;

const TRACKED: &str = "ghcr.io/tracebloc/ingestor:stuck";
const LAST_ERROR: &str =
    "could not resolve ghcr.io/tracebloc/ingestor:stuck for 3 consecutive ticks";

#[test]
fn three_unresolved_ticks_stick_the_ingestor_until_a_tick_resolves_it_again() {
    let lab = Lab::get();
    let network = lab.network();
    let old = lab.retag(TRACKED, "0.3-arm64");
    let berlin = lab.install("stuck", Generation::G2, |values| {
        values.images.ingestor.tag = Some("stuck".to_owned());
        values.images.ingestor.digest = Some(old.clone());
    });
    assert_eq!(berlin.tick().outcome, "Complete");
    let new = lab.retag(TRACKED, "0.3");

    network.fault("pod ghcr.io drop");
    let mut failed = String::new();
    for (failures, outcome) in [("1", "Complete"), ("2", "Complete"), ("3", "Failed")] {
        let tick = berlin.tick();
        assert_eq!(tick.outcome, outcome, "{}", tick.log);
        assert_eq!(
            berlin.mark("ingestor-refresh-consecutive-failures"),
            failures
        );
        failed = format!("batch.kubernetes.io/job-name={}", tick.job);
    }
    eventually("the Job that failed has taken its pod along", || {
        let pods = berlin.kubectl(&["get", "pods", "-o", "name", "-l", &failed]);
        pods.ok().is_empty().then_some(())
    });

    shows_it_stuck(lab, &berlin, &old, &new);

    berlin.set_ingestor(&new);
    let status = berlin.laptop(&["status", "-o", "json"]).json();
    let ingestor = image(&status, "ingestor");
    assert_eq!(ingestor["states"], json!(["stuck", "drifted"]));
    assert_eq!(ingestor["digests"]["recorded"], json!(old));
    assert_eq!(ingestor["digests"]["running"], json!(new));
    let screen = berlin.laptop(&["status"]).ok();
    assert_eq!(
        row(&screen, "ingestor")[6..],
        ["amd64", "STUCK,", "drifted"]
    );
    assert!(screen.contains(LAST_ERROR), "{screen}");

    berlin.set_ingestor(&old);
    moves_by_refresh(lab, &berlin, &old, &new);

    network.heal();
    let tick = berlin.tick();
    assert!(
        tick.log.contains("clearing prior failure streak"),
        "{}",
        tick.log
    );
    for mark in ["consecutive-failures", "last-error"] {
        let mark = format!("ingestor-refresh-{mark}");
        assert_eq!(berlin.mark(&mark), Value::Null, "{mark}");
    }
    assert_eq!(tick.outcome, "Complete", "{}", tick.log);
    let screen = berlin.laptop(&["status", "--exit-code"]).ok();
    assert_eq!(row(&screen, "ingestor")[6..], ["amd64", "current"]);
}

/// The screen and the document of ux 4.2, the same from the laptop and from the host.
fn shows_it_stuck(lab: &Lab, berlin: &Installed, old: &str, new: &str) {
    let screen = berlin.laptop(&["status", "--exit-code"]).exits(3).stdout;
    let in_use = &old["sha256:".len()..][..12];
    let latest = &new["sha256:".len()..][..12];
    assert_eq!(
        row(&screen, "ingestor"),
        [
            "✖", "ingestor", "ghcr.io", ":stuck", in_use, latest, "arm64", "only", "STUCK,",
            "BROKEN"
        ],
    );
    assert_eq!(row(&screen, "jobs-manager").last(), Some(&"current"));
    let counter = "tracebloc.io/ingestor-refresh-consecutive-failures";
    let last_error = "tracebloc.io/ingestor-refresh-last-error";
    for text in [
        &format!("last error   {LAST_ERROR}\n"),
        &format!("recorded     {old}\n"),
        &format!("{counter} = 3\n"),
        &format!("{last_error} = {LAST_ERROR}\n"),
        "ingestor lookups failed 3/3",
        "BackoffLimitExceeded (log gone with its pod)",
        "cannot run here",
        "TBI-401",
        "TBI-302",
    ] {
        assert!(screen.contains(text), "{text:?} is missing:\n{screen}");
    }

    let laptop = berlin.laptop(&["status", "-o", "json"]).json();
    advice_works(lab, &laptop);
    let host = berlin.host(&["status", "-o", "json"]).json();
    assert_eq!(laptop["images"], host["images"]);
    assert_eq!(laptop["summary"]["state"], "stuck");
    assert_eq!(laptop["summary"]["exitCode"], 3);
    assert_eq!(laptop["annotations"][counter], "3");
    assert_eq!(laptop["annotations"][last_error], LAST_ERROR);
    let ingestor = image(&laptop, "ingestor");
    assert_eq!(ingestor["states"], json!(["stuck", "broken", "stale"]));
    assert_eq!(
        ingestor["digests"],
        json!({ "spec": old, "recorded": old, "running": old, "latest": new })
    );
    assert_eq!(ingestor["platforms"]["inUse"], json!(["linux/arm64"]));
    assert_eq!(ingestor["platforms"]["missing"], json!(["linux/amd64"]));
    assert_eq!(ingestor["findings"], json!(["TBI-401", "TBI-302"]));
    let streak = &ingestor["refreshStreak"];
    assert_eq!(
        [
            &streak["kind"],
            &streak["count"],
            &streak["limit"],
            &streak["lastError"]
        ],
        [
            &json!("ingestorResolve"),
            &json!(3),
            &json!(3),
            &json!(LAST_ERROR)
        ]
    );
    let failed = &laptop["refreshJob"]["recent"][0];
    assert_eq!(failed["result"], "failed");
    assert_eq!(failed["condition"], "BackoffLimitExceeded");
    assert_eq!(failed["lastLogLine"], Value::Null);
}

/// `refresh` moves and records it while pods still cannot look it up; the way back that it prints leads back, whatever
/// ticks do meanwhile.
fn moves_by_refresh(lab: &Lab, berlin: &Installed, old: &str, new: &str) {
    let run = berlin.laptop(&["refresh", "--now", "-o", "json"]).exits(0);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["recorded"], json!({ "ingestor": new }), "{run}");
    let path = "jsonpath={.items[*].spec.containers[?(@.name=='api')].env[?(@.name=='INGESTOR_IMAGE_DIGEST')].value}";
    let pods = berlin.kubectl(&["get", "pods", "-l", "app=manager", "-o", path]);
    assert!(pods.ok().contains(new));
    assert_eq!(berlin.mark("last-refreshed-ingestor-digest"), json!(new));
    let status = berlin.laptop(&["status", "-o", "json"]).json();
    let ingestor = image(&status, "ingestor");
    assert_eq!(ingestor["states"], json!(["stuck"]));
    assert_eq!(ingestor["refreshStreak"]["count"], json!(3));
    let screen = berlin.laptop(&["status"]).ok();
    assert!(screen.contains("ingestor lookups failed 3/3"), "{screen}");
    assert!(!screen.contains("BROKEN"), "{screen}");

    for one in report["plan"]["undo"].as_array().unwrap() {
        lab.paste(one["command"].as_str().unwrap()).ok();
    }
    berlin.settle();
    assert_eq!(berlin.tick().outcome, "Failed");
    let status = berlin.laptop(&["status", "-o", "json"]).json();
    assert_eq!(image(&status, "ingestor")["digests"]["spec"], json!(old));
}

/// The advised commands of kubectl's own do what they say; none of them changes anything here.
fn advice_works(lab: &Lab, status: &Value) {
    let next = status["next"].as_array().unwrap().iter();
    let commands = next.map(|next| next["command"].as_str().unwrap());
    let own: Vec<_> = commands
        .filter_map(|command| command.strip_prefix("kubectl "))
        .filter(|arguments| !arguments.starts_with("tracebloc-images "))
        .collect();
    for arguments in own {
        let mut arguments: Vec<&str> = arguments.split(' ').collect();
        if !["get", "logs"].contains(&arguments[0]) {
            arguments.push("--dry-run=server");
        }
        lab.kubectl(&arguments).ok();
    }
}

/// The words of the image's row.
fn row<'a>(screen: &'a str, image: &str) -> Vec<&'a str> {
    let mut rows = screen.lines().map(|line| line.split_whitespace().collect());
    rows.find(|words: &Vec<&str>| words.get(1) == Some(&image))
        .unwrap_or_else(|| panic!("no row for {image}:\n{screen}"))
}
