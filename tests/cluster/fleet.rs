//! `status -A` over three releases of one cluster, and `status -w` in a terminal, which nobody has to press a key in.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installed::{Installed, eventually, image};
use crate::lab::Lab;
use crate::release::{Generation, Values};

/// A registry of the lab that is neither of the chart's.
const MIRROR: &str = "registry.k8s.io";

/// Within which a change is on the screen.
const SOON: Duration = Duration::from_secs(2);

/// The refresher runs when a test starts it.
fn yearly(values: &mut Values) {
    values.refresh.schedule = "0 0 1 1 *".to_owned();
}

/// The incident's last state: the newest ingestor is not known to the pods, and they have given up.
fn incident(lab: &'static Lab) -> Installed {
    const TRACKED: &str = "ghcr.io/tracebloc/ingestor:fleet";
    let old = lab.retag(TRACKED, "0.3-arm64");
    let berlin = lab.install("fleet-stuck", Generation::G2, |values| {
        yearly(values);
        values.images.ingestor.tag = Some("fleet".to_owned());
        values.images.ingestor.digest = Some(old);
    });
    lab.retag(TRACKED, "0.3");
    let count = "tracebloc.io/ingestor-refresh-consecutive-failures=3";
    berlin
        .kubectl(&["annotate", &berlin.jobs_manager(), count])
        .ok();
    berlin
}

fn newest(lab: &'static Lab) -> Installed {
    lab.install("fleet-new", Generation::G10, |values| {
        yearly(values);
        values.images.ingestor.tag = Some("0.3".to_owned());
        values.images.ingestor.prod_pin = false;
    })
}

fn mirrored(lab: &'static Lab) -> Installed {
    for name in ["jobs-manager", "pods-monitor", "resource-monitor"] {
        lab.pack(&format!("{MIRROR}/tracebloc/{name}:prod"), "/bin/true");
    }
    lab.install("fleet-mirror", Generation::G10, |values| {
        yearly(values);
        values.mirror = Some(MIRROR.to_owned());
        // An init container is one more image to mirror.
        values.host_path = false;
    })
}

#[test]
fn three_releases_are_three_rows_worst_first_and_an_inventory() {
    let lab = Lab::get();
    // Nobody else breaks the registries meanwhile.
    let _whole = lab.network();
    let releases = [incident(lab), mirrored(lab), newest(lab)];
    let states = ["stuck", "mirrored", "current"];

    // Other tests' releases come and go beside these.
    let is_ours = |namespace: &str| releases.iter().any(|one| one.namespace() == namespace);
    let rows = eventually("the three rows stand as they should", || {
        let page = lab.laptop(&["status", "-A"]).stdout;
        let rows: Vec<Vec<String>> = page
            .lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .filter(|row: &Vec<String>| row.get(1).is_some_and(|word| is_ours(word)))
            .collect();
        let last: Vec<_> = rows.iter().filter_map(|row| row.last()).collect();
        (last == ["STUCK", "mirrored", "current"]).then_some(rows)
    });
    for (row, (mark, release)) in rows.iter().zip(["✖", "-", "✔"].iter().zip(&releases)) {
        assert_eq!(row[..3], [mark, release.namespace(), "berlin"], "{rows:?}");
    }
    assert!(rows[0].join(" ").contains("✖ amd64 ghcr 3/3"), "{rows:?}");

    let list = lab.laptop(&["status", "-A", "-o", "json"]).json();
    assert_eq!(list["kind"], "List");
    let items = list["items"].as_array().unwrap().iter();
    let text = |item: &Value, pointer: &str| item.pointer(pointer).unwrap().clone();
    let ours: Vec<&Value> = items
        .filter(|item| is_ours(item["metadata"]["namespace"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(ours.len(), releases.len(), "{list:#}");
    for ((item, release), state) in ours.into_iter().zip(&releases).zip(states) {
        assert_eq!(text(item, "/metadata/namespace"), release.namespace());
        assert_eq!(text(item, "/summary/state"), state);
        let alone = release.laptop(&["status", "-o", "json"]).json();
        assert_eq!(text(item, "/summary/state"), alone["summary"]["state"]);
        for name in ["ingestor", "jobs-manager", "pods-monitor"] {
            let (one, other) = (image(item, name), image(&alone, name));
            assert_eq!(one["digests"], other["digests"], "{name}");
            assert_eq!(one["states"], other["states"], "{name}");
        }
    }
}

#[test]
fn a_digest_that_somebody_changes_is_on_the_screen_within_two_seconds() {
    let lab = Lab::get();
    let _whole = lab.network();
    let new = lab.retag("ghcr.io/tracebloc/ingestor:watched", "0.3");
    let old = lab.retag("ghcr.io/tracebloc/ingestor:before", "0.3-arm64");
    let berlin = lab.install("watched", Generation::G2, |values| {
        yearly(values);
        values.images.ingestor.tag = Some("watched".to_owned());
        values.images.ingestor.digest = Some(new);
    });
    let before = eventually("everything is current", || {
        let status = berlin.laptop(&["status", "-o", "json"]).json();
        (status["summary"]["state"] == "current").then_some(status)
    });
    assert_eq!(
        image(&before, "ingestor")["digests"]["recorded"],
        json!(null)
    );

    let mut screen = Command::new("/bin/sh");
    screen.args(["-c", "stty cols 100 rows 50 && exec \"$@\"", "sh"]);
    lab.laptop_sees(&mut screen, &["status", "-w", "-n", berlin.namespace()]);
    let mut session = rexpect::session::spawn_command(screen, Some(60_000)).unwrap();
    session.exp_string("Ctrl-C ends.").unwrap();
    // The look that follows the opening of the watches.
    session.exp_string("Ctrl-C ends.").unwrap();
    let record = format!("tracebloc.io/last-refreshed-ingestor-digest={old}");
    berlin
        .kubectl(&["annotate", &berlin.jobs_manager(), &record])
        .ok();
    let changed = Instant::now();
    session.exp_string("drifted").unwrap();
    let late = changed.elapsed();
    assert!(late <= SOON, "{late:?}");

    session.send_control('c').unwrap();
    session.exp_eof().unwrap();
    let ended = format!("{:?}", session.process().wait().unwrap());
    assert!(ended.ends_with(", 130)"), "{ended}");
}
