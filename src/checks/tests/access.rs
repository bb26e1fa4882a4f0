//! The caller's rights, and those of the refresher's account.

use super::*;
use crate::rights::{Need, Place};

fn answer_for(readings: &mut Readings, resource: &str, verb: &str, answer: &Answer) {
    for right in &mut readings.rights {
        if right.rule.resource == resource && right.verb == verb {
            right.answer = answer.clone();
        }
    }
}

#[test]
fn rights_fail_where_there_is_no_answer_without_them_and_warn_where_there_is() {
    let unknown = Answer::Unknown("forbidden".to_owned());
    let cases: &[(&str, &[(&str, &str, &Answer)], &str)] = &[
        (
            "all",
            &[],
            "ok you may read deployments, cronjobs, jobs, pods, pods/log, replicasets, nodes, events, networkpolicies; create jobs; delete jobs; patch deployments",
        ),
        (
            "one that helps",
            &[("nodes", "list", &Answer::Denied)],
            "warn TBI-103 you may not list nodes",
        ),
        (
            "one that is required",
            &[("cronjobs", "list", &Answer::Denied)],
            "fail TBI-103 you may not list cronjobs",
        ),
        (
            "both",
            &[
                ("cronjobs", "list", &Answer::Denied),
                ("nodes", "list", &Answer::Denied),
            ],
            "fail TBI-103 you lack 2 of 15 rights",
        ),
        (
            "not known",
            &[("nodes", "list", &unknown)],
            "unknown (forbidden) your rights",
        ),
        (
            "one denied, another not known",
            &[
                ("nodes", "list", &unknown),
                ("pods", "list", &Answer::Denied),
            ],
            "warn TBI-103 you may not list pods",
        ),
    ];
    for (name, answers, want) in cases {
        let mut readings = of(seen("stuck"));
        for (resource, verb, answer) in *answers {
            answer_for(&mut readings, resource, verb, answer);
        }
        assert_eq!(*want, words(&check(&readings, "access.rights")), "{name}");
    }
}

#[test]
fn a_right_that_is_missing_says_what_it_is_for() {
    let mut readings = of(seen("stuck"));
    answer_for(&mut readings, "nodes", "list", &Answer::Denied);
    answer_for(&mut readings, "cronjobs", "get", &Answer::Denied);
    assert_eq!(
        vec![
            ("needed", "get cronjobs".to_owned()),
            (
                "lacking",
                "list nodes: the platforms of the nodes".to_owned()
            ),
        ],
        check(&readings, "access.rights").details
    );
}

#[test]
fn the_account_needs_all_of_its_rights() {
    let with = |answer: Answer| {
        let mut readings = of(seen("stuck"));
        let account: &mut Account = readings.account.as_mut().unwrap();
        account.rights.last_mut().unwrap().answer = answer;
        words(&check(&readings, "access.account"))
    };
    for (answer, want) in [
        (
            Answer::Allowed,
            "ok CronJob account berlin-image-refresh may read deployments; patch deployments",
        ),
        (
            Answer::Denied,
            "fail TBI-104 CronJob account berlin-image-refresh may not watch deployments",
        ),
        (
            Answer::Unknown("forbidden".to_owned()),
            "unknown (forbidden) rights of CronJob account berlin-image-refresh",
        ),
    ] {
        assert_eq!(want, with(answer));
    }
}

#[test]
fn rights_among_node_agents_name_their_namespace() {
    let mut readings = of(seen("stuck"));
    for (rule, verb) in crate::rights::of_account() {
        if rule.place == Place::NodeAgents && verb == "patch" {
            let right = crate::reading::Right {
                rule,
                verb,
                namespace: Some("agents".to_owned()),
                answer: Answer::Denied,
            };
            readings.account.as_mut().unwrap().rights.push(right);
        }
    }
    assert_eq!(
        "fail TBI-104 CronJob account berlin-image-refresh may not patch daemonsets in agents",
        words(&check(&readings, "access.account"))
    );
}

#[test]
fn every_right_is_for_something() {
    for rule in [
        crate::rights::STATUS,
        crate::rights::DOCTOR,
        crate::rights::REFRESH,
        crate::rights::TICK,
    ]
    .concat()
    {
        assert!(
            !rule.verbs.is_empty()
                && rule
                    .verbs
                    .iter()
                    .all(|verb| verb.chars().all(|c| c.is_ascii_lowercase()))
        );
        if let Need::Helps(what) = rule.need {
            assert!(!what.is_empty());
        }
    }
}
