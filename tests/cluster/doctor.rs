//! `doctor` at real faults: the code, and from where it is seen.

use serde_json::Value;

use crate::installed::{Installed, eventually, image};
use crate::lab::Lab;
use crate::release::{Generation, Proxy};

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
    let seen = berlin
        .laptop(&["status", "--from=cluster", "-o", "json"])
        .json();
    let ingestor = image(&seen, "ingestor");
    assert_eq!(ingestor["latestResolvedFrom"], "cluster", "{seen:#}");
    assert_eq!(ingestor["digests"]["latest"], current, "{seen:#}");
    is_cleared(&berlin);

    let mut wrong = Vec::new();
    for (rule, code, pod, here) in FAULTS {
        network.fault(rule);
        let run = berlin.laptop(&["doctor", "-o", "json"]);
        let said = said(&serde_json::from_str(&run.stdout).unwrap_or_default());
        if said != [code, pod, here] || !run.has_exited(3) {
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

    network.fault("pod ghcr.io drop");
    network.fault("node ghcr.io drop");
    let report: Value = serde_json::from_str(&berlin.laptop(&test).stdout).unwrap();
    let pull = pull_of(&report, "egress.ghcr.io.pull");
    assert_eq!(
        (&pull["result"], &pull["code"]),
        (&"fail".into(), &"TBI-201".into()),
        "{}",
        screens("dropped for both")
    );
    assert_eq!(report["diagnosis"][0]["code"], "TBI-201");
    network.heal();
    is_cleared(&berlin);
}

/// A site with a closed firewall, whose pods have the proxy alone; rules of the proxy, and the codes.
#[test]
fn a_proxy_that_denies_or_wants_a_login_is_told_by_the_pod() {
    let lab = Lab::get();
    let network = lab.network();
    let current = lab.retag("ghcr.io/tracebloc/ingestor:proxied", "0.3");
    let berlin = lab.install("proxied", Generation::G4, |values| {
        values.images.ingestor.tag = Some("proxied".to_owned());
        values.images.ingestor.digest = Some(current.clone());
        values.proxy = Some(Proxy {
            host: "proxy.acme.example".to_owned(),
            port: Some(3128),
            login: None,
            no_proxy: Some("10.96.0.1".to_owned()),
        });
    });
    let look = || -> Value {
        let run = berlin.laptop(&["doctor", "-o", "json"]);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
    };
    network.fault("pod * drop");
    let green = look();
    assert_eq!(failing(&green, "pod/kubox"), "", "{green:#}");
    network.heal();

    let mut wrong = Vec::new();
    for (rule, code) in [
        ("pod * proxy407", "TBI-221"),
        ("pod * proxy403", "TBI-222"),
        ("pod * proxy502", "TBI-223"),
        ("pod proxy.acme.example refuse", "TBI-224"),
    ] {
        network.fault("pod * drop");
        network.fault(rule);
        let said = said(&look());
        if said != [code, "egress.docker.io.connect", ""] {
            let screen = berlin.laptop(&["doctor"]);
            wrong.push(format!("{rule}: {said:?}\n{screen}"));
        }
        network.heal();
    }
    is_cleared(&berlin);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// While the probe's pod waits for a host that does not answer.
#[test]
fn a_doctor_that_is_interrupted_or_killed_leaves_nothing_behind() {
    let lab = Lab::get();
    let network = lab.network();
    let berlin = lab.install("killed", Generation::G2, |_| {});
    network.fault("pod ghcr.io drop");
    let during = |signal: &str| {
        let line = format!(
            "kubectl tracebloc-images doctor -n killed >/dev/null & doctor=$!; \
             until kubectl get pods -n killed -l images.tracebloc.io/run -o name | grep -q .; do :; done; \
             kill -s {signal} $doctor; wait $doctor; echo $?"
        );
        let command = ["sh", "-c", &line];
        lab.laptop_runs(&[], &command).ok().trim().to_owned()
    };
    for (signal, code) in [("INT", "130"), ("TERM", "143")] {
        assert_eq!(during(signal), code, "{signal}");
        is_cleared(&berlin);
    }

    // Nobody is left to remove the Job: it ends by its own deadline, and the cluster removes it after its time to live.
    assert_eq!(during("KILL"), "137");
    let jobs = ["get", "jobs", "-l", "images.tracebloc.io/run", "-o", "json"];
    let job = berlin.kubectl(&jobs).json()["items"][0].clone();
    assert_eq!(job["spec"]["ttlSecondsAfterFinished"], 300, "{job:#}");
    let deadline = job["spec"]["activeDeadlineSeconds"].as_i64().unwrap();
    assert!(deadline <= 120, "{deadline}");
    let name = format!("job/{}", job["metadata"]["name"].as_str().unwrap());
    // Five minutes are the cluster's to wait for, not this test's.
    let at_once = r#"{"spec":{"ttlSecondsAfterFinished":0}}"#;
    berlin.kubectl(&["patch", &name, "-p", at_once]).ok();
    is_cleared(&berlin);
}

fn pull_of(report: &Value, id: &str) -> Value {
    let mut checks = report["checks"].as_array().into_iter().flatten();
    checks
        .find(|check| check["id"] == id)
        .cloned()
        .unwrap_or_default()
}

/// The diagnosis, and the first failing checks of pods and of this machine.
fn said(report: &Value) -> [String; 3] {
    let code = report["diagnosis"][0]["code"].as_str();
    [
        code.unwrap_or_default().to_owned(),
        failing(report, "pod/kubox"),
        failing(report, "workstation"),
    ]
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
