//! Pull tests on the simulated API server, with a player for the kubelet, and whatever comes between.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;
use crate::cluster::connect::Cluster;
use crate::cluster::fixture::with;
use crate::observation::{Blind, PullCredentials};
use crate::probe::node::Place;
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::players;
use crate::world::sim::api::refusal::Refusal;
use crate::world::sim::api::store::{At, Happened};
use crate::world::sim::api::write::Dependents;
use crate::world::sim::api::{Cluster as Sim, Transport};

const POLL: Duration = Duration::from_millis(5);
const SUCCESS: &str = "Successfully pulled image \"x\" in 9.8s (9.8s including waiting). Image size: 212000000 bytes.";
const REFUSAL: &str = "Failed to pull image \"x\": failed to do request: Head \"https://ghcr.io/v2/x\": dial tcp 203.0.113.20:443: i/o timeout";

/// What a kubelet says of a new pod: type, reason and message of its events.
type Words = &'static [(&'static str, &'static str, &'static str)];

fn empty() -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tracebloc"}}));
    sim
}

/// A cluster whose kubelet fares so with each image, and says so.
fn site(fares: impl Fn(&Value) -> (Value, Words) + Clone + Send + 'static) -> Sim {
    let sim = empty();
    let states = fares.clone();
    sim.on(players::jobs(move |container| states(container).0));
    sim.on(move |change, store| {
        if (change.resource.kind, change.happened) != ("Pod", Happened::Added) {
            return;
        }
        let pod = &change.object;
        let (_, words) = fares(&pod["spec"]["containers"][0]);
        for (at, (weight, reason, message)) in words.iter().enumerate() {
            store.put(json!({
                "apiVersion": "v1", "kind": "Event",
                "metadata": {"name": format!("{}.{at}", pod["metadata"]["name"].as_str().unwrap()), "namespace": "tracebloc"},
                "involvedObject": {"kind": "Pod", "uid": pod["metadata"]["uid"], "fieldPath": "spec.containers{pull}"},
                "type": weight, "reason": reason, "message": message,
            }));
        }
    });
    sim
}

fn creating() -> Value {
    players::waits("ContainerCreating", "")
}

fn pulled(_: &Value) -> (Value, Words) {
    (
        players::waits("RunContainerError", "no such file"),
        &[("Normal", "Pulling", ""), ("Normal", "Pulled", SUCCESS)],
    )
}

fn refused_there(_: &Value) -> (Value, Words) {
    (
        players::waits("ImagePullBackOff", "Back-off pulling image \"x\""),
        &[
            ("Normal", "Pulling", ""),
            ("Warning", "Failed", REFUSAL),
            ("Normal", "BackOff", "Back-off"),
        ],
    )
}

fn pulling(_: &Value) -> (Value, Words) {
    (creating(), &[("Normal", "Pulling", "")])
}

fn test(name: &str) -> PullTest {
    PullTest {
        repository: format!("ghcr.io/tracebloc/{name}"),
        digest: format!("sha256:{:0<64}", "d361").parse().unwrap(),
        place: Ok(Place {
            node: "edge-01".to_owned(),
            platform: None,
            before: Before::NotListed,
        }),
        tolerations: Vec::new(),
        credentials: PullCredentials::default(),
    }
}

fn patience(start: u64, limit: u64) -> Patience {
    Patience {
        start: Duration::from_millis(start),
        limit: Duration::from_millis(limit),
    }
}

async fn pull(cluster: &Cluster, tests: &[PullTest], patience: Patience) -> PullReport {
    let jobs = OwnJobs::new(cluster, "tracebloc", POLL);
    pull_test(&jobs, tests, &Resources::default(), patience).await
}

fn left(sim: &Sim) -> usize {
    let of_kind = |kind: &str| {
        let resource = At::new(kind, "", "").resource;
        sim.store(|store| store.all(resource, Some("tracebloc")).len())
    };
    of_kind("Job") + of_kind("Pod")
}

/// The one outcome of a site, in a few words, and when it was clear. Nothing is ever left.
fn outcome_and_time(sim: &Sim, patience: Patience) -> (String, Duration) {
    let report = with(sim, &["--request-timeout", "1s"], async |cluster| {
        pull(&cluster, &[test("ingestor")], patience).await
    });
    assert_eq!((Vec::new(), 0), (report.leftovers, left(sim)));
    let [(outcome, took)] = &report.outcomes[..] else {
        panic!("one outcome")
    };
    (words(outcome), *took)
}

fn outcome(sim: &Sim, patience: Patience) -> String {
    outcome_and_time(sim, patience).0
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Pulled { took, size, .. } => format!("pulled {took:?} {size:?}"),
        Outcome::Failed(heard) => format!("failed {} {}", heard.causes[0].code, heard.words),
        Outcome::Unfinished => "unfinished".to_owned(),
        Outcome::CouldNotStart { code, why } => {
            let code = code.map_or("-".to_owned(), |code| code.to_string());
            format!("could not start {code} {why}")
        }
        Outcome::NotAllowed(error) => format!("not allowed: {error}"),
    }
}

const LONG: u64 = 20_000;

#[test]
fn a_node_that_pulls_says_how_long_and_how_much_and_nothing_stays() {
    let sim = site(pulled);
    assert_eq!(
        "pulled Some(9.8s) Some(212000000)",
        outcome(&sim, patience(LONG, LONG))
    );
    let posted = sim
        .log()
        .into_iter()
        .find(|request| request.is("POST", "/jobs"))
        .unwrap();
    let job: Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!(LONG / 1000, job["spec"]["activeDeadlineSeconds"]);
    assert_eq!(0, sim.count("GET", "/log"), "nothing of it has run");
}

#[test]
fn a_node_that_cannot_pull_is_believed_at_once_in_its_first_words() {
    let sim = site(refused_there);
    let want = "failed TBI-201 failed to do request: Head \"https://ghcr.io/v2/x\": dial tcp 203.0.113.20:443: i/o timeout";
    assert_eq!(want, outcome(&sim, patience(LONG, LONG)));
}

#[test]
fn without_events_a_pull_is_proven_and_its_time_unknown() {
    let sim = site(pulled);
    sim.deny(Denial::of("list", "events"));
    assert_eq!("pulled None None", outcome(&sim, patience(LONG, LONG)));
}

#[test]
fn an_event_that_comes_late_is_waited_for_once() {
    let sim = site(|_| (players::waits("RunContainerError", ""), &[]));
    assert_eq!("pulled None None", outcome(&sim, patience(LONG, LONG)));
    assert_eq!(2, sim.count("GET", "/events"));
}

#[test]
fn a_pull_that_hangs_is_unfinished_when_the_time_is_up() {
    assert_eq!("unfinished", outcome(&site(pulling), patience(20, 600)));
}

#[test]
fn a_job_without_a_pod_ends_when_the_patience_does_with_the_events_words() {
    let sim = empty();
    let quota = "Error creating: pods \"x\" is forbidden: exceeded quota: small";
    sim.on(move |change, store| {
        if change.resource.kind == "Job" && change.happened == Happened::Added {
            store.put(json!({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "tracebloc"},
                "involvedObject": {"kind": "Job", "uid": change.object["metadata"]["uid"]},
                "type": "Warning", "reason": "FailedCreate", "message": quota,
            }));
        }
    });
    let (told, took) = outcome_and_time(&sim, patience(60, LONG));
    assert_eq!(format!("could not start TBI-506 {quota}"), told);
    assert!(
        took >= Duration::from_millis(60),
        "a pod may still come: {took:?}"
    );
}

#[test]
fn what_stands_in_the_way_is_told_from_what_failed() {
    let create = || Fault::on("POST", "/jobs");
    let forbidden = |why: &str| Refusal::forbidden("batch", "jobs", "x", why);
    for (name, prepare, want) in [
        (
            "a right",
            Box::new(|sim: &Sim| sim.deny(Denial::of("create", "jobs.batch"))) as Box<dyn Fn(&Sim)>,
            "not allowed: create job",
        ),
        (
            "a quota",
            Box::new(|sim: &Sim| sim.fault(create().refuses(&forbidden("exceeded quota: small")))),
            "could not start TBI-506 jobs.batch \"x\" is forbidden: exceeded quota: small",
        ),
        (
            "a webhook",
            Box::new(|sim: &Sim| {
                let why = "admission webhook \"no.example\" denied the request: no";
                sim.fault(create().refuses(&Refusal::new(403, "Forbidden", why)));
            }),
            "could not start TBI-506 admission webhook \"no.example\" denied the request: no",
        ),
        (
            "the API server hangs",
            Box::new(|sim: &Sim| sim.fault(create().does(Act::Hang))),
            "could not start TBI-101 the API server has not answered",
        ),
        (
            "it is busy",
            Box::new(|sim: &Sim| sim.fault(create().throttles(429, 1))),
            "could not start - create job",
        ),
        (
            "it answers no look",
            Box::new(|sim: &Sim| sim.fault(Fault::on("GET", "/pods").does(Act::ResetBefore))),
            "could not start TBI-101 reach the API server",
        ),
        (
            "a look hangs",
            Box::new(|sim: &Sim| sim.fault(Fault::on("GET", "/pods").does(Act::Hang))),
            "could not start TBI-101 the Job could not be looked at",
        ),
    ] {
        let sim = site(pulling);
        prepare(&sim);
        let told = outcome(&sim, patience(LONG, 500));
        assert!(told.starts_with(want), "{name}: {told}");
    }
}

#[test]
fn a_right_to_look_that_is_missing_ends_it_at_once() {
    let sim = site(pulling);
    sim.deny(Denial::of("list", "pods"));
    let told = outcome(&sim, patience(LONG, LONG));
    assert!(told.starts_with("not allowed: list pods"), "{told}");
    assert_eq!(1, sim.count("GET", "/pods"));
}

#[test]
fn an_answer_that_is_lost_changes_nothing() {
    for act in [Act::ResetAfter, Act::ResetBefore, Act::Truncate] {
        let sim = site(pulled);
        sim.fault(Fault::on("POST", "/jobs").times(1).does(act.clone()));
        sim.fault(Fault::on("GET", "/pods").times(2).does(act));
        assert_eq!(
            "pulled Some(9.8s) Some(212000000)",
            outcome(&sim, patience(LONG, LONG))
        );
    }
}

#[test]
fn a_pull_that_has_begun_stays_unfinished_while_the_api_is_gone() {
    let sim = site(pulling);
    sim.fault(
        Fault::on("GET", "/pods")
            .starting_at(2)
            .does(Act::ResetBefore),
    );
    assert_eq!("unfinished", outcome(&sim, patience(LONG, 600)));
}

#[test]
fn a_job_that_somebody_deletes_has_shown_nothing() {
    let sim = site(pulling);
    let delete = |store: &mut crate::world::sim::api::store::Store| {
        for job in store.all(At::new("Job", "", "").resource, None) {
            store.remove(&At::of(&job), Dependents::Deleted);
        }
    };
    sim.fault(
        Fault::on("GET", "/events")
            .times(1)
            .does(Act::Then(Arc::new(delete))),
    );
    let told = outcome(&sim, patience(LONG, LONG));
    assert!(told.ends_with("was deleted while it ran"), "{told}");
}

#[test]
fn tests_run_side_by_side_and_answer_in_their_order() {
    let sim = site(
        |container: &Value| match container["image"].as_str().unwrap() {
            image if image.contains("/a@") => refused_there(container),
            image if image.contains("/b@") => pulling(container),
            _ => pulled(container),
        },
    );
    let nowhere = PullTest {
        place: Err(Blind("no node is known".to_owned())),
        ..test("d")
    };
    let tests = [test("a"), nowhere, test("b"), test("c")];
    let report = with(&sim, &[], async |cluster| {
        pull(&cluster, &tests, patience(LONG, 1_000)).await
    });
    let told: Vec<_> = report
        .outcomes
        .iter()
        .map(|(outcome, _)| words(outcome))
        .collect();
    assert!(told[0].starts_with("failed TBI-201"), "{told:?}");
    assert_eq!("could not start - no node is known", told[1]);
    assert_eq!("unfinished", told[2]);
    assert!(told[3].starts_with("pulled"), "{told:?}");
    assert!(
        report.outcomes[0].1 < report.outcomes[2].1,
        "one does not wait for the other"
    );
    assert_eq!((3, 0), (sim.count("POST", "/jobs"), left(&sim)));
    // One list for all of them, and one to sweep; the last look may be cut off between its two.
    let (jobs, pods) = (sim.count("GET", "/jobs?"), sim.count("GET", "/pods"));
    assert!(jobs.abs_diff(pods + 1) <= 1, "{jobs} {pods}");
}

#[test]
fn a_command_that_ends_in_the_middle_can_still_remove_everything() {
    let sim = site(pulling);
    let both = Arc::new(Notify::new());
    let told = Arc::clone(&both);
    let mut pods = 0;
    sim.on(move |change, _| {
        pods += usize::from((change.resource.kind, change.happened) == ("Pod", Happened::Added));
        if pods == 2 {
            told.notify_one();
        }
    });
    with(&sim, &[], async |cluster| {
        let jobs = OwnJobs::new(&cluster, "tracebloc", POLL);
        let tests = [test("a"), test("b")];
        let resources = Resources::default();
        let run = pull_test(&jobs, &tests, &resources, patience(LONG, LONG));
        tokio::select! {
            _ = run => panic!("nothing ends it"),
            () = both.notified() => {}
        }
        assert_eq!(4, left(&sim), "two Jobs and their pods");
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
    });
    assert_eq!(0, left(&sim));
}

#[test]
fn a_job_that_cannot_be_removed_is_reported_beside_the_outcome() {
    let sim = site(pulled);
    sim.deny(Denial::of("delete", "jobs.batch"));
    let report = with(&sim, &[], async |cluster| {
        pull(&cluster, &[test("a")], patience(LONG, LONG)).await
    });
    assert!(matches!(report.outcomes[0].0, Outcome::Pulled { .. }));
    assert_eq!(1, report.leftovers.len());
}

#[test]
fn half_of_what_is_left_is_kept_for_the_rollout() {
    let patience = Patience::within(Duration::from_secs(600));
    assert_eq!(
        (20, 300),
        (patience.start.as_secs(), patience.limit.as_secs())
    );
}
