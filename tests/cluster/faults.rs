//! The network breaks the way each rule says, and heals: what the tests of egress rest on. Asked by
//! curl, which knows nothing of the plugin.

use crate::lab::Lab;
use crate::network::Network;

const REGISTRY: &str = "https://ghcr.io/v2/";
const TOKEN: &str =
    "https://ghcr.io/token?service=ghcr.io&scope=repository:tracebloc/ingestor:pull";

/// A rule without its vantage, the URL asked, and curl's answer: exit code and HTTP status.
const RULES: [(&str, &str, &str); 24] = [
    ("ghcr.io drop", REGISTRY, "28 000"),
    ("ghcr.io refuse", REGISTRY, "7 000"),
    ("ghcr.io unreachable", REGISTRY, "7 000"),
    ("ghcr.io nxdomain", REGISTRY, "6 000"),
    ("ghcr.io servfail", REGISTRY, "6 000"),
    ("ghcr.io dnsrefused", REGISTRY, "6 000"),
    ("ghcr.io dnstimeout", REGISTRY, "28 000"),
    ("ghcr.io sinkhole 203.0.113.99", REGISTRY, "60 000"),
    ("ghcr.io reset-after-hello", REGISTRY, "35 000"),
    ("ghcr.io stall-after-accept", REGISTRY, "28 000"),
    ("ghcr.io plainhttp", REGISTRY, "35 000"),
    ("ghcr.io intercept", REGISTRY, "60 000"),
    ("ghcr.io wrongname", REGISTRY, "60 000"),
    ("ghcr.io expired", REGISTRY, "60 000"),
    ("* noca", REGISTRY, "60 000"),
    ("ghcr.io hang", REGISTRY, "28 000"),
    ("ghcr.io blockpage", REGISTRY, "0 200"),
    ("ghcr.io blockpage403", REGISTRY, "0 403"),
    ("ghcr.io 503", REGISTRY, "0 503"),
    ("ghcr.io tokenpath", REGISTRY, "0 401"),
    ("ghcr.io tokenpath", TOKEN, "0 403"),
    ("ghcr.io token401", TOKEN, "0 401"),
    ("ghcr.io/tracebloc/ingestor 403", TOKEN, "0 403"),
    ("ghcr.io/tracebloc/other 403", TOKEN, "0 200"),
];

#[test]
fn every_rule_breaks_what_it_names_for_whom_it_names_and_heals() {
    let lab = Lab::get();
    let network = lab.network();
    for (rule, url, broken) in RULES {
        network.fault(&format!("laptop {rule}"));
        let patience = if broken.starts_with("28") { "1" } else { "20" };
        assert_eq!(ask(lab, url, patience), broken, "{rule}");
        network.heal();
    }
    assert_eq!(ask(lab, REGISTRY, "20"), "0 401");
    assert_eq!(ask(lab, TOKEN, "20"), "0 200");
    is_spared(lab, &network);
}

/// A rule of one vantage, or of one host, is nobody else's.
fn is_spared(lab: &Lab, network: &Network) {
    for rule in ["pod * drop", "node * drop", "laptop example.com drop"] {
        network.fault(rule);
    }
    assert_eq!(ask(lab, REGISTRY, "20"), "0 401");
    network.heal();
}

/// curl's exit code and the HTTP status, from the laptop.
fn ask(lab: &Lab, url: &str, seconds: &str) -> String {
    let curl = [
        "curl",
        "-sS",
        "-m",
        seconds,
        "-o",
        "/dev/null",
        "-w",
        "%{exitcode} %{http_code}",
        url,
    ];
    lab.laptop_runs(&[], &curl).stdout
}
