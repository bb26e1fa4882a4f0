//! `doctor` at real faults: the code, and from where it is seen.

use serde_json::Value;

use crate::installed::{Installed, eventually};
use crate::lab::Lab;
use crate::release::Generation;

/// A rule of the network, the code of the diagnosis, and the first failing checks: of pods, and of this machine.
const FAULTS: [(&str, &str, &str, &str); 13] = [
    ("pod ghcr.io drop", "TBI-201", "egress.ghcr.io.connect", ""),
    (
        "pod ghcr.io refuse",
        "TBI-202",
        "egress.ghcr.io.connect",
        "",
    ),
    ("pod ghcr.io nxdomain", "TBI-203", "egress.ghcr.io.dns", ""),
    ("pod * dnstimeout", "TBI-204", "egress.docker.io.dns", ""),
    (
        "pod ghcr.io reset-after-hello",
        "TBI-211",
        "egress.ghcr.io.connect",
        "",
    ),
    (
        "pod ghcr.io intercept",
        "TBI-213",
        "egress.ghcr.io.connect",
        "",
    ),
    (
        "pod ghcr.io wrongname",
        "TBI-214",
        "egress.ghcr.io.connect",
        "",
    ),
    (
        "pod auth.docker.io drop",
        "TBI-241",
        "egress.docker.io.token",
        "",
    ),
    (
        "pod ghcr.io tokenpath",
        "TBI-242",
        "egress.ghcr.io.token",
        "",
    ),
    (
        "pod pkg-containers.githubusercontent.com drop",
        "TBI-261",
        "egress.ghcr.io.layers",
        "",
    ),
    (
        "pod registry-1.docker.io quota",
        "TBI-253",
        "egress.docker.io.manifest",
        "",
    ),
    (
        "pod ghcr.io blockpage",
        "TBI-231",
        "egress.ghcr.io.connect",
        "",
    ),
    (
        "all ghcr.io 503",
        "TBI-234",
        "egress.ghcr.io.connect",
        "egress.ghcr.io.connect",
    ),
];

#[test]
fn every_fault_is_diagnosed_with_its_code_and_from_where_it_is_seen() {
    let lab = Lab::get();
    let network = lab.network();
    let current = lab.retag("ghcr.io/tracebloc/ingestor:doctor", "0.3");
    let berlin = lab.install("doctor", Generation::G2, |values| {
        values.images.ingestor.tag = Some("doctor".to_owned());
        values.images.ingestor.digest = Some(current.clone());
    });
    assert_eq!(berlin.tick().outcome, "Complete");

    let green = berlin.laptop(&["doctor", "-o", "json"]).json();
    assert_eq!(failing(&green, "pod/kubox"), "", "{green:#}");
    is_cleared(&berlin);
    eprintln!("{}", berlin.laptop(&["doctor"]).ok());

    let mut wrong = Vec::new();
    for (rule, code, pod, here) in FAULTS {
        network.fault(rule);
        let run = berlin.laptop(&["doctor", "-o", "json"]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let said = (
            report["diagnosis"][0]["code"].as_str().unwrap_or_default(),
            failing(&report, "pod/kubox"),
            failing(&report, "workstation"),
        );
        if said != (code, pod.to_owned(), here.to_owned()) || !run.has_exited(3) {
            let screen = berlin.laptop(&["doctor"]);
            wrong.push(format!("{rule}: {said:?}\n{run}\n{screen}"));
        }
        network.heal();
    }
    is_cleared(&berlin);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_nodes_own_way_is_told_by_a_pull_test_and_by_events() {
    let lab = Lab::get();
    let network = lab.network();
    let tracked = "ghcr.io/tracebloc/ingestor:nodes";
    let current = lab.retag(tracked, "0.3");
    let berlin = lab.install("nodes", Generation::G2, |values| {
        values.images.ingestor.tag = Some("nodes".to_owned());
        values.images.ingestor.digest = Some(current.clone());
    });
    let test = ["doctor", "--pull-test", "-o", "json"];
    let screens = |what: &str| format!("{what}\n{}", berlin.laptop(&["doctor", "--pull-test"]));

    network.fault("pod ghcr.io refuse");
    let report: Value = serde_json::from_str(&berlin.laptop(&test).stdout).unwrap();
    let pull = pull_of(&report, "egress.ghcr.io.pull");
    assert_eq!(pull["result"], "ok", "{}", screens("the node passes"));
    assert_eq!(report["diagnosis"][0]["code"], "TBI-202");

    network.fault("node ghcr.io refuse");
    let report: Value = serde_json::from_str(&berlin.laptop(&test).stdout).unwrap();
    let pull = pull_of(&report, "egress.ghcr.io.pull");
    assert_eq!(
        (&pull["result"], &pull["code"]),
        (&"fail".into(), &"TBI-202".into()),
        "{}",
        screens("both")
    );
    assert_eq!(report["diagnosis"][0]["code"], "TBI-202");
    network.heal();
    is_cleared(&berlin);
}

fn pull_of(report: &Value, id: &str) -> Value {
    let mut checks = report["checks"].as_array().into_iter().flatten();
    checks
        .find(|check| check["id"] == id)
        .cloned()
        .unwrap_or_default()
}

/// The first check that fails from there; empty where none does.
fn failing(report: &Value, vantage: &str) -> String {
    let mut checks = report["checks"].as_array().into_iter().flatten();
    let found = checks.find(|check| check["vantage"] == vantage && check["result"] == "fail");
    found.map_or_else(String::new, |check| {
        check["id"].as_str().unwrap_or_default().to_owned()
    })
}

/// Neither Jobs nor pods of a probe are left.
fn is_cleared(release: &Installed) {
    let own = [
        "get",
        "jobs,pods",
        "-o",
        "name",
        "-l",
        "images.tracebloc.io/run",
    ];
    eventually("the probes are gone", || {
        let left = release.kubectl(&own).ok();
        left.is_empty().then_some(())
    });
}
