//! An API server that does not answer, and one that refuses.

use super::*;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};

/// Runs into this fault of the GET from its second look on, twice.
fn with_fault(fault: Fault, pace: Pace) -> (Result<Look, Error>, Vec<String>, Sim) {
    let sim = deployment(&json!({}), creating);
    let hook = |store: &mut Store| fare(store, &serves(NEW, DIGEST));
    sim.fault(fault.starting_at(2).times(2));
    sim.fault(Fault::on("GET", GET).starting_at(5).times(1).then(hook));
    let (ended, words) = waited(&sim, WEB, (pace, LONG));
    (ended, words, sim)
}

#[test]
fn an_api_server_that_is_silent_for_a_while_is_waited_for() {
    let on = || Fault::on("GET", GET);
    let impatient = Pace {
        answer: Duration::from_millis(100),
        ..PACE
    };
    for (name, fault, pace, why) in [
        (
            "reset",
            on().does(Act::ResetBefore),
            PACE,
            "reach the API server",
        ),
        ("silent", on().does(Act::Hang), impatient, "no answer from"),
        (
            "broken",
            on().sends(500, "text/plain", "etcd is gone"),
            PACE,
            "etcd is gone",
        ),
        (
            "a login page",
            on().sends(200, "text/html", "<html>"),
            PACE,
            "the answer is not the API server's",
        ),
    ] {
        let (ended, words, sim) = with_fault(fault, pace);
        assert_eq!(1, settled(ended).proofs.len(), "{name}");
        let lost: Vec<_> = words
            .iter()
            .filter(|words| words.ends_with("; looking again"))
            .collect();
        assert_eq!(1, lost.len(), "{name}: said once: {words:?}");
        assert!(lost[0].contains(why), "{name}: {words:?}");
        let (gets, lists) = (sim.count("GET", GET), sim.count("GET", LIST));
        assert_eq!(gets, lists + 2, "{name}");
    }
}

#[test]
fn an_api_server_that_stays_silent_ends_it() {
    let lost = |from: usize, pace: Pace, limit: Duration| {
        let sim = deployment(&json!({}), creating);
        let fault = Fault::on("GET", GET).starting_at(from);
        sim.fault(fault.does(Act::ResetBefore));
        let (ended, words) = waited(&sim, WEB, (pace, limit));
        assert!(matches!(ended, Err(Error::Unreachable { .. })), "{ended:?}");
        (words, sim.count("GET", GET))
    };
    let api_lost = Duration::ZERO;
    let (words, asked) = lost(3, Pace { api_lost, ..PACE }, LONG);
    assert_eq!(vec!["0/1 updated, new pod ContainerCreating"], words);
    assert_eq!(3, asked);
    let (words, asked) = lost(1, PACE, Duration::from_millis(100));
    assert!(
        words.len() == 1 && (2..1000).contains(&asked),
        "{asked} times: {words:?}"
    );
}

#[test]
fn what_asking_again_would_not_help_ends_it_at_once() {
    let ended = |prepare: fn(&Sim)| {
        let sim = deployment(&json!({}), creating);
        prepare(&sim);
        let (ended, words) = waited(&sim, WEB, (PACE, LONG));
        assert_eq!(Vec::<String>::new(), words);
        assert_eq!(1, sim.count("GET", GET));
        ended.unwrap_err()
    };
    let error = ended(|sim| sim.deny(Denial::of("get", "deployments.apps")));
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
    let error = ended(|sim| sim.deny(Denial::of("list", "pods")));
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
    let error = ended(Sim::revoke_tokens);
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    let error = ended(|sim| {
        let web = At::new("Deployment", NS, "web");
        sim.store(|store| {
            store.remove(&web, crate::world::sim::api::write::Dependents::Deleted);
        });
    });
    assert!(matches!(error, Error::Missing { .. }), "{error}");
}

#[test]
fn another_object_of_the_name_is_not_the_one_that_was_set() {
    let sim = deployment(&json!({}), ready);
    let (target, marks, lost) = (target(WorkloadKind::Deployment), marks(), BTreeSet::new());
    let any = Awaited {
        target: &target,
        uid: None,
        marks: &marks,
        lost: &lost,
    };
    crate::cluster::fixture::with(&sim, &[], async |cluster| {
        let seen = look(&cluster, &any).await.unwrap();
        assert!(matches!(seen.verdict, Verdict::Settled(_)), "{seen:?}");
        let uid = Some(seen.uid.as_str());
        let again = look(&cluster, &Awaited { uid, ..any }).await.unwrap();
        assert_eq!(seen, again);
        let uid = Some("another");
        let other = look(&cluster, &Awaited { uid, ..any }).await.unwrap();
        assert_eq!(Verdict::Gone, other.verdict);
    });
}
