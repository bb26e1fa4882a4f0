//! `-v N`: what is shown of requests, and what never is.

use super::{plain, version, versions};
use crate::world::sim::api::{Cluster, TOKEN};

/// The lines of a log, with the durations made the same.
fn lines(cluster: &Cluster, level: &str) -> Vec<String> {
    let output = version(cluster.kubeconfig()).args(["-v", level]).output();
    assert_eq!((Some(0), versions()), (output.code, output.stdout));
    let timeless = |line: &str| match line.split_once(" in ") {
        Some((line, _)) => format!("{line} in N milliseconds"),
        None => line.to_owned(),
    };
    output.stderr.lines().map(timeless).collect()
}

#[test]
fn below_six_nothing_is_shown() {
    let cluster = plain();
    for level in ["0", "5"] {
        assert_eq!(Vec::<String>::new(), lines(&cluster, level), "{level}");
    }
}

#[test]
fn six_shows_a_line_per_request_as_kubectl_does() {
    let cluster = plain();
    let lines = lines(&cluster, "6");
    let want = format!("GET {}/version 200 OK in N milliseconds", cluster.url());
    assert_eq!(want, lines[0]);
    let charts = format!(
        "GET {}/apis/apps/v1/namespaces/tracebloc/deployments?",
        cluster.url()
    );
    assert!(lines[1].starts_with(&charts), "{lines:?}");
    assert_eq!(2, lines.len(), "{lines:?}");
}

#[test]
fn seven_adds_headers() {
    let cluster = plain();
    let lines = lines(&cluster, "7");
    for line in [
        "Request Headers:",
        "    authorization: <masked>",
        "Response Headers:",
        "    content-type: application/json",
    ] {
        assert!(lines.iter().any(|seen| seen == line), "{line}: {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("Response Body")));
}

#[test]
fn eight_adds_bodies() {
    let cluster = plain();
    let body = r#""gitVersion":"v1.34.4""#;
    let has_body = |line: &String| line.starts_with("Response Body: ") && line.contains(body);
    assert!(lines(&cluster, "8").iter().any(has_body));
}

#[test]
fn libraries_are_never_heard() {
    let cluster = plain();
    let ours = [
        "GET ",
        "Request Headers:",
        "Response Headers:",
        "Response Body: ",
        "    ",
    ];
    for line in lines(&cluster, "99") {
        let is_ours = ours.iter().any(|start| line.starts_with(start));
        assert!(is_ours, "{line}");
    }
}

#[test]
fn no_level_shows_a_login() {
    let cluster = plain();
    for level in ["6", "7", "8", "9", "99"] {
        for line in lines(&cluster, level) {
            assert!(!line.contains(TOKEN), "-v {level}: {line}");
        }
    }
}
