//! Rights as the simulated API server's authorizer gives them, over a real connection.

use super::*;
use crate::cluster::fixture::with;
use crate::cluster::observe::look;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::{Cluster as Sim, Transport, USER};
use crate::world::sim::release::scenarios::healthy;
use crate::world::sim::release::{Digests, Generation, Release as Chart};
use crate::world::sim::site::NOW;
use crate::world::sim::stage::stage;

const ACCOUNT: &str = "system:serviceaccount:tracebloc:berlin-image-refresh";

fn site(generation: Generation) -> Sim {
    let digest = |c: char| format!("sha256:{}", String::from(c).repeat(64));
    let latest = Digests {
        jobs_manager: digest('a'),
        pods_monitor: digest('b'),
        resource_monitor: digest('c'),
        ingestor: digest('d'),
    };
    let sim = Sim::start(Transport::Plain);
    stage(
        &sim,
        &healthy(&Chart::new(generation), &latest, NOW.parse().unwrap()),
    );
    sim
}

/// `list nodes`, with what is not allowed.
fn denied(rights: &[Right]) -> Vec<String> {
    let lacking = rights.iter().filter(|right| right.answer == Answer::Denied);
    lacking
        .map(|right| {
            let place = right.namespace.as_deref().map(|it| format!(" in {it}"));
            format!(
                "{} {}{}",
                right.verb,
                right.rule.resource,
                place.unwrap_or_default()
            )
        })
        .collect()
}

fn of_the_account(sim: &Sim) -> Account {
    with(sim, &[], async |cluster| {
        let namespace = look(&cluster, None).await.unwrap();
        of_account(&cluster, &namespace.releases()[0])
            .await
            .unwrap()
    })
}

#[test]
fn the_caller_is_told_each_right_by_itself() {
    let sim = site(Generation::G10);
    let all = |sim: &Sim| {
        with(sim, &[], async |cluster| {
            of_caller(&cluster, Some("tracebloc-node-agents")).await
        })
    };
    let rights = all(&sim);
    assert_eq!(Vec::<String>::new(), denied(&rights));
    assert!(rights.iter().all(|right| right.answer == Answer::Allowed));
    let asked = rights::of_caller().count();
    assert_eq!(asked, rights.len());
    assert_eq!(asked, sim.count("POST", "/selfsubjectaccessreviews?"));

    for (verb, resource) in [
        ("get", "pods/log"),
        ("list", "nodes"),
        ("patch", "deployments.apps"),
    ] {
        sim.deny(Denial::of(verb, resource));
    }
    sim.deny(Denial::of("get", "daemonsets.apps").in_namespace("tracebloc-node-agents"));
    assert_eq!(
        vec![
            "get pods/log in tracebloc",
            "get daemonsets in tracebloc-node-agents",
            "list nodes",
            "patch deployments in tracebloc",
        ],
        denied(&all(&sim))
    );
}

#[test]
fn rights_among_node_agents_are_asked_for_where_there_are_any() {
    let sim = site(Generation::G2);
    let rights = with(&sim, &[], async |cluster| of_caller(&cluster, None).await);
    assert!(
        rights
            .iter()
            .all(|right| right.rule.place != Place::NodeAgents)
    );
    assert!(
        rights
            .iter()
            .any(|right| right.rule.place == Place::Cluster && right.namespace.is_none())
    );
}

#[test]
fn a_review_that_is_refused_leaves_the_right_unknown() {
    let sim = site(Generation::G2);
    sim.fault(
        Fault::on("POST", "/selfsubjectaccessreviews")
            .starting_at(3)
            .times(1)
            .sends(
                200,
                "application/json",
                r#"{"status":{"allowed":false,"evaluationError":"webhook \u001b[31mdown"}}"#,
            ),
    );
    let rights = with(&sim, &[], async |cluster| of_caller(&cluster, None).await);
    let unknown: Vec<_> = rights
        .iter()
        .filter(|right| right.answer != Answer::Allowed)
        .map(|right| right.answer.clone())
        .collect();
    assert_eq!(
        vec![Answer::Unknown("webhook [31mdown".to_owned())],
        unknown
    );
}

#[test]
fn the_account_is_asked_for_with_its_groups_in_its_own_namespaces() {
    let sim = site(Generation::G10);
    let account = of_the_account(&sim);
    assert_eq!("berlin-image-refresh", account.name);
    assert_eq!(Vec::<String>::new(), denied(&account.rights));
    assert_eq!(8, account.rights.len());
    assert_eq!(
        0,
        sim.count("POST", "/subjectaccessreviews?"),
        "the namespaces' own reviews suffice"
    );
    let asked: Vec<_> = sim
        .log()
        .into_iter()
        .filter(|request| request.is("POST", "/localsubjectaccessreviews?"))
        .map(|request| request.json())
        .collect();
    for review in &asked {
        assert_eq!(ACCOUNT, review["spec"]["user"]);
        assert_eq!(
            json!([
                "system:serviceaccounts",
                "system:serviceaccounts:tracebloc",
                "system:authenticated"
            ]),
            review["spec"]["groups"]
        );
    }
    let mut named: Vec<_> = asked
        .iter()
        .map(|review| &review["spec"]["resourceAttributes"])
        .filter(|attributes| attributes["name"] == "berlin-resource-monitor")
        .map(|attributes| attributes["verb"].as_str().unwrap().to_owned())
        .collect();
    named.sort();
    assert_eq!(
        vec!["get", "patch"],
        named,
        "the chart grants these on one object alone"
    );

    sim.deny(Denial::of("patch", "deployments.apps").to(ACCOUNT));
    sim.deny(Denial::of("watch", "daemonsets.apps").to(ACCOUNT));
    assert_eq!(
        vec![
            "patch deployments in tracebloc",
            "watch daemonsets in tracebloc-node-agents"
        ],
        denied(&of_the_account(&sim).rights)
    );
}

#[test]
fn an_administrator_of_the_cluster_alone_may_ask_as_well_and_nobody_else_learns_anything() {
    let sim = site(Generation::G2);
    sim.deny(Denial::of("create", "localsubjectaccessreviews.authorization.k8s.io").to(USER));
    let account = of_the_account(&sim);
    assert!(
        account
            .rights
            .iter()
            .all(|right| right.answer == Answer::Allowed),
        "{account:#?}"
    );
    assert_eq!(4, sim.count("POST", "/subjectaccessreviews?"));

    sim.deny(Denial::of("create", "subjectaccessreviews.authorization.k8s.io").to(USER));
    let account = of_the_account(&sim);
    let is_unknown = |right: &Right| matches!(&right.answer, Answer::Unknown(why) if why.contains("subjectaccessreviews"));
    assert!(account.rights.iter().all(is_unknown), "{account:#?}");
}
