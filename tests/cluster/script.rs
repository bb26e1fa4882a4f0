//! The script that stands in for the chart's does what the chart's was seen to do: chart contract,
//! sections 5.3 and 12. On the laptop, against the real API server, with no pods to wait for.

use serde_json::{Value, json};

use crate::installed::Installed;
use crate::lab::Lab;
use crate::release::Generation;
use crate::run::Run;

const TRACKED: &str = "ghcr.io/tracebloc/ingestor:script";
const JOBS_MANAGER: &str = "docker.io/tracebloc/jobs-manager:script";
const PODS_MONITOR: &str = "docker.io/tracebloc/pods-monitor:script";
const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const X: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

#[test]
fn the_stand_in_script_counts_and_reconciles_as_the_charts() {
    let lab = Lab::get();
    let network = lab.network();
    let b = lab.retag(TRACKED, "0.3");
    let berlin = lab.install("script", Generation::G2, |values| {
        // Pinned, so that a run is the ingestor's pass alone.
        values.images.jobs_manager = Some(lab.retag(JOBS_MANAGER, "prod"));
        values.images.pods_monitor = Some(lab.retag(PODS_MONITOR, "prod"));
        values.images.ingestor.tag = Some("script".to_owned());
    });
    berlin
        .kubectl(&["scale", &berlin.jobs_manager(), "--replicas=0"])
        .ok();

    network.fault("laptop ghcr.io nxdomain");
    let kept = "of an older tick";
    let crossed = "could not resolve ghcr.io/tracebloc/ingestor:script for 3 consecutive ticks";
    // stored counter -> counter, last error, exit code
    for (stored, counter, last_error, code) in [
        (None, "1", kept, 0),
        (Some("0"), "1", kept, 0),
        (Some("1"), "2", kept, 0),
        (Some("2"), "3", crossed, 1),
        (Some("3"), "3", kept, 1),
        (Some("4"), "4", kept, 1),
        (Some("abc"), "1", kept, 0),
        (Some(""), "1", kept, 0),
        (Some("-1"), "1", kept, 0),
        (Some("2.0"), "1", kept, 0),
        (Some("2 "), "1", kept, 0),
        (Some("007"), "007", kept, 1),
        (Some("08"), "08", kept, 1),
    ] {
        put(&berlin, json!([stored, kept, A]), A);
        let run = berlin.tick_here();
        let case = format!("unresolved, stored {stored:?}");
        ends(
            &berlin,
            &case,
            run,
            code,
            &json!([counter, last_error, A]),
            A,
        );
    }
    network.heal();

    // what is stored and set -> what is stored and set
    for (case, stored, current, after, digest) in [
        (
            "recovered",
            json!(["3", kept, b]),
            &*b,
            json!([null, null, b]),
            &*b,
        ),
        (
            "counter removed by hand",
            json!([null, kept, b]),
            &b,
            json!([null, kept, b]),
            &b,
        ),
        (
            "D1",
            json!([null, null, null]),
            A,
            json!([null, null, A]),
            A,
        ),
        (
            "D2",
            json!([null, null, null]),
            "",
            json!([null, null, b]),
            &b,
        ),
        ("D3", json!([null, null, A]), A, json!([null, null, b]), &b),
        (
            "D3, by hand before",
            json!([null, null, A]),
            &b,
            json!([null, null, b]),
            &b,
        ),
        ("D4", json!([null, null, b]), X, json!([null, null, b]), &b),
        (
            "D4, emptied",
            json!([null, null, b]),
            "",
            json!([null, null, b]),
            &b,
        ),
        ("D5", json!([null, null, b]), &b, json!([null, null, b]), &b),
    ] {
        put(&berlin, stored, current);
        let run = berlin.tick_here();
        assert!(
            run.stderr.ends_with("[image-refresh] tick complete\n"),
            "{case}: {run}"
        );
        ends(&berlin, case, run, 0, &after, digest);
    }
}

const KEYS: [&str; 3] = [
    "ingestor-refresh-consecutive-failures",
    "ingestor-refresh-last-error",
    "last-refreshed-ingestor-digest",
];

/// Stores the annotations of `KEYS`, null for none, and the digest in the environment.
fn put(berlin: &Installed, stored: Value, digest: &str) {
    let marks = KEYS.iter().map(|key| format!("tracebloc.io/{key}"));
    let Value::Array(stored) = stored else {
        unreachable!()
    };
    let marks: Value = marks.zip(stored).collect();
    let env = json!([{ "name": "INGESTOR_IMAGE_DIGEST", "value": digest }]);
    let pod = json!({ "spec": { "containers": [{ "name": "api", "env": env }] } });
    let patch = json!({ "metadata": { "annotations": marks }, "spec": { "template": pod } });
    berlin
        .kubectl(&["patch", &berlin.jobs_manager(), "-p", &patch.to_string()])
        .ok();
}

fn ends(berlin: &Installed, case: &str, run: Run, code: i32, stored: &Value, digest: &str) {
    let run = run.exits(code);
    let deployment = berlin.jobs_manager_object();
    let marks = &deployment["metadata"]["annotations"];
    let found = KEYS.map(|key| &marks[format!("tracebloc.io/{key}")]);
    assert_eq!(&json!(found), stored, "{case}: {run}");
    let api = &deployment["spec"]["template"]["spec"]["containers"][0];
    let mut env = api["env"].as_array().unwrap().iter();
    let set = env
        .find(|entry| entry["name"] == "INGESTOR_IMAGE_DIGEST")
        .unwrap();
    assert_eq!(
        set["value"].as_str().unwrap_or_default(),
        digest,
        "{case}: {run}"
    );
}
