//! What only a real API server and a real network say: who may not pretend to be somebody else, whose
//! certificate is whose, and nobody there.

use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::run::Run;

#[test]
fn kubectl_finds_the_plugin_and_the_plugin_the_server_that_kubectl_finds() {
    let lab = Lab::get();
    let kubectl = lab.kubectl(&["version", "-o", "json"]).json();
    let server = &kubectl["serverVersion"]["gitVersion"];
    for run in [
        lab.laptop(&["version", "-o", "json"]),
        // Through the proxy for the registries, and past it for the API server.
        lab.host(&["version", "-o", "json"]),
    ] {
        assert_eq!(&run.json()["server"], server);
    }
}

#[test]
fn a_server_that_cannot_be_used_is_told_in_its_own_words_with_a_hint() {
    let lab = Lab::get();
    lab.kubectl(&["create", "namespace", "guests"]).ok();
    lab.kubectl(&["-n", "guests", "create", "serviceaccount", "ana"])
        .ok();
    let ana = lab.account("guests", "ana");
    let _whole = lab.network();
    let denied = lab
        .laptop(&["status", "-n", "guests", "--as", "jane"])
        .exits(1);
    assert_eq!(
        denied.stderr,
        "error: list cronjobs in namespace \"guests\": cronjobs.batch is forbidden: User \"jane\" cannot list resource \
         \"cronjobs\" in API group \"batch\" in the namespace \"guests\" (TBI-103)\n\
         hint: ask for the right; check with: kubectl auth can-i list cronjobs.batch -n guests\n",
    );
    assert_eq!(denied.stdout, "");
    let rows: [(&str, &[&str], &str); 3] = [
        (
            "an account that may not pretend to be somebody else",
            &["--kubeconfig", &ana, "--as", "jane"],
            "error: read the version of the API server: users \"jane\" is forbidden: User \"system:serviceaccount:guests:\
             ana\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope (TBI-103)",
        ),
        (
            "a port where nothing listens",
            &["-s", "https://10.10.0.2:6444"],
            "error: reach the API server https://10.10.0.2:6444: Connection refused (os error 111) (TBI-101)",
        ),
        (
            "a server that another authority vouches for",
            &["-s", "https://203.0.113.30"],
            "error: trust the certificate of the API server https://203.0.113.30: signed by an authority that is not \
             trusted here (issued by \"CN=Lab Root CA, O=Lab\") (TBI-107)",
        ),
    ];
    for (case, flags, error) in rows {
        is_refusal(case, lab.laptop(&[&["version"], flags].concat()), error);
    }
}

#[test]
fn an_address_where_nobody_answers_costs_no_more_than_the_request_timeout() {
    let lab = Lab::get();
    let network = lab.network();
    network.fault("laptop example.com drop");
    let dead = [
        "version",
        "-s",
        "https://203.0.113.30",
        "--request-timeout",
        "1s",
    ];
    let start = Instant::now();
    let run = lab.laptop(&dead);
    let elapsed = start.elapsed();
    let error = "error: read the version of the API server: no answer from https://203.0.113.30 within 1s (TBI-101)";
    is_refusal("a dead address", run, error);
    let limits = Duration::from_secs(1)..Duration::from_secs(4);
    assert!(limits.contains(&elapsed), "{elapsed:?}");
}

/// The error and a hint on standard error, the plugin's own version on standard output.
fn is_refusal(case: &str, run: Run, error: &str) {
    let run = run.exits(1);
    assert_eq!(run.stdout.lines().count(), 1, "{case}: {run}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], error, "{case}: {run}");
    assert!(lines[1].starts_with("hint: "), "{case}: {run}");
    assert_eq!(lines.len(), 2, "{case}: {run}");
}
