//! Each question that `status` asks the API server, and each thing that can go wrong with its answer: what depends on
//! it says `?` and why, and everything else is as it would be.

use super::*;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::release::Generation::G10;

/// What goes wrong, and the words for it; `{server}` stands for the server's address.
type Trouble = (&'static str, fn(Fault) -> Fault, &'static str);

const SILENCE: &str = "no answer from {server} within 2s";

const TROUBLES: &[Trouble] = &[
    (
        "403",
        |it| refused(it, 403, "Forbidden", "x is forbidden: no"),
        "x is forbidden: no",
    ),
    (
        "404",
        |it| refused(it, 404, "NotFound", "no such resource"),
        "no such resource",
    ),
    (
        "410",
        |it| refused(it, 410, "Expired", "too old a version"),
        "too old a version",
    ),
    (
        "429, to be asked again at once",
        |it| it.throttles(429, 0),
        "too many requests",
    ),
    (
        "429, for longer than is waited",
        |it| it.throttles(429, 60),
        "too many requests",
    ),
    (
        "500",
        |it| refused(it, 500, "InternalError", "leader changed"),
        "leader changed",
    ),
    (
        "503, for longer than is waited",
        |it| it.throttles(503, 60),
        "currently unable to handle",
    ),
    (
        "a reset",
        |it| it.does(Act::ResetBefore),
        "{server}: Connection reset by peer (os error 104)",
    ),
    (
        "a reset after the work",
        |it| it.does(Act::ResetAfter),
        "{server}: Connection reset by peer",
    ),
    ("silence", |it| it.does(Act::Hang), SILENCE),
    (
        "half an answer",
        |it| it.does(Act::Truncate),
        "peer closed connection without sending TLS close_notify",
    ),
    (
        "a login page",
        |it| it.sends(200, "text/html", "<html>Log in</html>"),
        "is not the ",
    ),
    (
        "bytes",
        |it| it.sends(200, "application/json", "\u{0}\u{fffd}\u{1b}["),
        "is not the ",
    ),
    (
        "an answer to nothing",
        |it| it.sends(200, "application/json", "[]"),
        "is not the ",
    ),
];

fn refused(fault: Fault, code: u16, reason: &'static str, message: &str) -> Fault {
    fault.refuses(&Refusal::new(code, reason, message))
}

/// A question that may stay open: what is not seen without its answer, and the images that are not known then.
struct Optional {
    question: &'static str,
    unseen: &'static [&'static str],
    unknown: &'static [&'static str],
}

const CONTROL_PLANE: (&[&str], &[&str]) = (
    &[
        "jobs-manager: pods",
        "pods-monitor: pods",
        "requests-proxy: pods",
        "ingestor: pods",
    ],
    &["jobs-manager", "pods-monitor"],
);

const FIRST_ROUND: &[Optional] = &[
    Optional {
        question: "/replicasets?",
        unseen: CONTROL_PLANE.0,
        unknown: CONTROL_PLANE.1,
    },
    Optional {
        question: "/pods?&labelSelector=app+in",
        unseen: CONTROL_PLANE.0,
        unknown: CONTROL_PLANE.1,
    },
    Optional {
        question: "/pods?&labelSelector=app.kubernetes.io%2Fcomponent",
        unseen: &["log of berlin-image-refresh-29678992"],
        unknown: &[],
    },
    Optional {
        question: "/jobs?",
        unseen: &["jobs"],
        unknown: &[],
    },
    Optional {
        question: "/nodes?",
        unseen: &["nodes"],
        unknown: &[],
    },
];

const SECOND_ROUND: &[Optional] = &[
    Optional {
        question: "/daemonsets/",
        unseen: &["resource-monitor: workload"],
        unknown: &["resource-monitor"],
    },
    Optional {
        question: "node-agents/pods?",
        unseen: &["resource-monitor: pods"],
        unknown: &["resource-monitor"],
    },
    Optional {
        question: "/log?",
        unseen: &["log of berlin-image-refresh-29678992"],
        unknown: &[],
    },
];

/// What `status` makes of it, and how often the question was asked.
fn look(site: &Site, question: &str, trouble: &Trouble) -> (Output, usize) {
    let (_, cause, words) = trouble;
    site.cluster.heal();
    site.cluster.fault(cause(Fault::on("GET", question)));
    let before = site.cluster.count("GET", question);
    // Waited for where nothing else ends it.
    let limit = if *words == SILENCE { "2s" } else { "60s" };
    let args = ["-o", "json", "--exit-code", "--request-timeout", limit];
    let output = status(site, &args).output();
    assert_clean(&output);
    (output, site.cluster.count("GET", question) - before)
}

#[test]
fn what_must_be_answered_ends_it_in_the_words_of_whoever_refused() {
    let site = healthy_site(G10);
    for question in ["/cronjobs?", "/deployments?"] {
        for trouble in TROUBLES {
            let (what, _, words) = trouble;
            let (output, asked) = look(&site, question, trouble);
            let what = format!("{question} {what}: {output:?}");
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (Some(1), ""),
                "{what}"
            );
            let words = words.replace("{server}", &site.cluster.url());
            let line = output.stderr.lines().next().unwrap_or_default();
            assert!(
                line.starts_with("error: ") && line.contains(&words),
                "{what}"
            );
            assert!((1..=4).contains(&asked), "{what}");
        }
    }
}

#[test]
fn what_may_stay_open_costs_its_own_cells_and_says_why() {
    hold(FIRST_ROUND);
}

#[test]
fn and_so_does_what_is_asked_after_the_first_answers() {
    hold(SECOND_ROUND);
}

fn hold(round: &[Optional]) {
    let site = healthy_site(G10);
    let whole = document(&site, &[]);
    for optional in round {
        for trouble in TROUBLES {
            let (what, _, words) = trouble;
            let (output, asked) = look(&site, optional.question, trouble);
            let what = format!("{} {what}", optional.question);
            assert_eq!(output.stderr, "", "{what}");
            let seen: Value = serde_json::from_str(&output.stdout).unwrap();
            assert_promised(&seen);
            for name in [
                "jobs-manager",
                "pods-monitor",
                "resource-monitor",
                "ingestor",
            ] {
                let want = if optional.unknown.contains(&name) {
                    vec!["unknown"]
                } else {
                    states(&whole, name)
                };
                assert_eq!(states(&seen, name), want, "{what}: {name}");
            }
            assert!((1..=4).contains(&asked), "{what}: asked {asked} times");
            if is_an_answer(&what) {
                continue;
            }
            assert_eq!(output.code, Some(5), "{what}");
            let unseen = items(&seen["incomplete"]).iter();
            let unseen: Vec<_> = unseen
                .map(|it| (text(&it["what"]), text(&it["reason"])))
                .collect();
            let names: Vec<_> = unseen.iter().map(|(what, _)| *what).collect();
            assert_eq!(names, optional.unseen, "{what}");
            let words = words.replace("{server}", &site.cluster.url());
            assert!(
                unseen.iter().all(|(_, why)| why.contains(&words)),
                "{what}: {unseen:#?}"
            );
        }
    }
}

/// That there is no such object is not a gap: the pod has gone with its log; a release without its DaemonSet.
fn is_an_answer(what: &str) -> bool {
    ["/log? 404", "/daemonsets/ 404"].contains(&what)
}
