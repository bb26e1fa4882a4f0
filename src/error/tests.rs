//! The words of every error, and which outcome of several counts.

use super::*;

fn call() -> Call {
    Call {
        doing: "list deployments in namespace \"tracebloc\"".to_owned(),
        right: "list deployments.apps -n tracebloc".to_owned(),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn every_error_says_what_failed_why_and_what_to_do() {
    let server = || "https://10.0.0.1:6443".to_owned();
    let why = || "the reason".to_owned();
    let all = [
        Error::NoConfiguration,
        Error::Kubeconfig {
            path: "/home/ana/.kube/config".to_owned(),
            why: why(),
        },
        Error::NoContext {
            known: names(&["kind-edge", "berlin"]),
        },
        Error::NoContext { known: vec![] },
        Error::NotInKubeconfig {
            kind: "context",
            name: "nope".to_owned(),
            known: names(&["kind-edge"]),
        },
        Error::NoContextMatches {
            glob: "berln-*".to_owned(),
            near: names(&["berlin-edge", "berlin-lab"]),
        },
        Error::Setting {
            what: "proxy \"http://***@proxy:3128\"".to_owned(),
            why: why(),
        },
        Error::CredentialPlugin {
            command: "aws".to_owned(),
            why: why(),
            install: None,
        },
        Error::CredentialPlugin {
            command: "aws".to_owned(),
            why: why(),
            install: Some("brew install awscli".to_owned()),
        },
        Error::Unreachable {
            server: server(),
            why: why(),
        },
        Error::Certificate {
            server: server(),
            why: why(),
        },
        Error::TimedOut {
            call: call(),
            server: server(),
            limit: Duration::from_millis(1_500),
        },
        Error::Unauthorized {
            call: call(),
            why: why(),
        },
        Error::Forbidden {
            call: call(),
            why: why(),
        },
        Error::Missing {
            call: call(),
            why: why(),
        },
        Error::Expired {
            call: call(),
            why: why(),
        },
        Error::Conflict {
            call: call(),
            why: why(),
        },
        Error::Exists {
            call: call(),
            why: why(),
        },
        Error::Busy {
            call: call(),
            why: why(),
            retry_after: Duration::from_secs(1),
        },
        Error::Rejected {
            call: call(),
            why: why(),
        },
        Error::Answer {
            call: call(),
            why: why(),
        },
        Error::NoRelease {
            namespace: "default".to_owned(),
            elsewhere: names(&["tracebloc", "tb-dev"]),
        },
        Error::NoRelease {
            namespace: "default".to_owned(),
            elsewhere: vec![],
        },
        Error::SeveralReleases {
            namespace: "tracebloc".to_owned(),
            names: names(&["berlin", "lab"]),
        },
        Error::Unconfirmed {
            why: "stdin is not a terminal".to_owned(),
            or: ", or with --dry-run to see the plan",
        },
        Error::NotRolledOut {
            call: call(),
            why: why(),
        },
        Error::NotInPod,
        Error::Output { why: why() },
    ];
    let page: Vec<String> = all.iter().map(Error::message).collect();
    insta::assert_snapshot!(page.join("\n"));
}

#[test]
fn names_from_elsewhere_cannot_reach_the_terminal_raw() {
    let error = Error::NoContext {
        known: names(&["\u{1b}[31mred\nerror: forged"]),
    };
    let want = "error: connect to the cluster: the kubeconfig has no current context\n\
                hint: name one with --context: [31mred error: forged\n";
    assert_eq!(want, error.message());
}

#[test]
fn of_several_outcomes_the_gravest_is_given() {
    use Exit::{Behind, Done, Failed, Found, Incomplete, Interrupted, Terminated, TimedOut, Usage};
    for (name, outcomes, want) in [
        ("nothing found", vec![Done], Done),
        (
            "stale, and one part unseen",
            vec![Done, Behind, Incomplete],
            Incomplete,
        ),
        (
            "stuck, and one part unseen",
            vec![Incomplete, Found, Behind],
            Found,
        ),
        ("stuck, and timed out", vec![Found, TimedOut], TimedOut),
        (
            "timed out, and the API gone",
            vec![TimedOut, Failed],
            Failed,
        ),
        (
            "wrong usage before all findings",
            vec![Failed, Usage, Found],
            Usage,
        ),
        (
            "interrupted before everything",
            vec![Usage, Interrupted, Failed],
            Interrupted,
        ),
        (
            "terminated before everything",
            vec![Usage, Terminated, Failed],
            Terminated,
        ),
    ] {
        assert_eq!(Some(want), outcomes.into_iter().max(), "{name}");
    }
}

#[test]
fn the_page_names_every_code_once_and_in_order() {
    let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(vec![0, 1, 2, 3, 4, 5, 7, 130, 143], codes);
}
