//! The life of Jobs on the simulated API server, and what may happen to a command meanwhile.

use std::sync::Arc;

use tokio::sync::Notify;

use super::*;
use crate::cluster::fixture::with;
use crate::observation::own_job::{ContainerState, Standing};
use crate::world::sim::api::access::Denial;
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::players;
use crate::world::sim::api::store::{At, Happened};
use crate::world::sim::api::{Cluster as Sim, Transport};

mod removal;

const POLL: Duration = Duration::from_millis(2);
const DEADLINE: Duration = Duration::from_secs(90);

/// A namespace, and a controller that makes a waiting pod for each Job.
fn site() -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tracebloc"}}));
    sim.on(players::jobs(|_| players::waits("ContainerCreating", "")));
    sim
}

fn template() -> Value {
    json!({
        "metadata": {"labels": {"own": "yes"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]},
    })
}

fn all(sim: &Sim, kind: &str) -> Vec<Value> {
    let resource = At::new(kind, "", "").resource;
    sim.store(|store| store.all(resource, Some("tracebloc")))
        .iter()
        .map(|object| (**object).clone())
        .collect()
}

/// Everything that is left of the Jobs.
fn left(sim: &Sim) -> usize {
    all(sim, "Job").len() + all(sim, "Pod").len()
}

fn run<T>(sim: &Sim, test: impl AsyncFnOnce(&OwnJobs<'_>) -> T) -> T {
    with(sim, &["--request-timeout", "500ms"], async |cluster| {
        test(&OwnJobs::new(&cluster, "tracebloc", POLL)).await
    })
}

#[test]
fn a_job_belongs_to_its_run_and_to_nobody_else() {
    let sim = site();
    run(&sim, async |jobs| {
        let name = jobs.create("pull", DEADLINE, template()).await.unwrap();
        assert_eq!(format!("tracebloc-images-pull-{}-0", jobs.run), name);
        let [job] = &all(&sim, "Job")[..] else {
            panic!("one Job")
        };
        let labels = &job["metadata"]["labels"];
        assert_eq!(jobs.run, labels[RUN]);
        assert_eq!("kubectl-tracebloc-images", labels[MADE_BY]);
        assert!(job["metadata"].get("ownerReferences").is_none());
        let spec = &job["spec"];
        for (field, want) in [
            ("activeDeadlineSeconds", 90),
            ("backoffLimit", 0),
            ("ttlSecondsAfterFinished", 300),
        ] {
            assert_eq!(want, spec[field], "{field}");
        }
        let [pod] = &all(&sim, "Pod")[..] else {
            panic!("one pod")
        };
        let labels = &pod["metadata"]["labels"];
        assert_eq!(
            (&json!("yes"), &json!(jobs.run)),
            (&labels["own"], &labels[RUN])
        );
        assert!(
            labels.get(MADE_BY).is_none(),
            "the pod's labels are the template's"
        );
        let next = jobs
            .create("pull", Duration::ZERO, template())
            .await
            .unwrap();
        assert!(next.ends_with("-1"), "{next}");
        assert_eq!(1, all(&sim, "Job")[1]["spec"]["activeDeadlineSeconds"]);
    });
}

#[test]
fn a_lost_answer_never_makes_two_and_never_loses_one() {
    for (name, fault, posts) in [
        ("lost after", Act::ResetAfter, 1),
        ("half an answer", Act::Truncate, 1),
        ("lost before", Act::ResetBefore, 2),
        ("no answer", Act::Hang, 2),
    ] {
        let sim = site();
        sim.fault(Fault::on("POST", "/jobs").times(1).does(fault));
        run(&sim, async |jobs| {
            jobs.create("pull", DEADLINE, template()).await.expect(name);
            assert_eq!(posts, sim.count("POST", "/jobs"), "{name}");
            assert_eq!(1, all(&sim, "Job").len(), "{name}");
            assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await, "{name}");
        });
        assert_eq!(0, left(&sim), "{name}");
    }
}

#[test]
fn a_request_that_never_arrives_is_an_error_and_leaves_nothing() {
    let sim = site();
    sim.fault(Fault::on("POST", "/jobs").does(Act::ResetBefore));
    run(&sim, async |jobs| {
        let error = jobs.create("pull", DEADLINE, template()).await.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert_eq!(TRIES, sim.count("POST", "/jobs"));
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
    });
    assert_eq!(0, left(&sim));
}

#[test]
fn what_the_server_refuses_is_not_sent_or_looked_for_again() {
    for busy in [false, true] {
        let sim = site();
        if busy {
            sim.fault(Fault::on("POST", "/jobs").throttles(429, 2));
        } else {
            sim.deny(Denial::of("create", "jobs.batch"));
        }
        run(&sim, async |jobs| {
            let error = jobs.create("pull", DEADLINE, template()).await.unwrap_err();
            assert!(!error.may_have_happened(), "{error}");
            jobs.remove_all().await;
        });
        assert_eq!(
            (1, 0),
            (sim.count("POST", "/jobs"), sim.count("GET", "/jobs/"))
        );
    }
}

#[test]
fn a_strangers_job_of_the_same_name_is_left_alone() {
    let sim = site();
    run(&sim, async |jobs| {
        let name = format!("tracebloc-images-pull-{}-0", jobs.run);
        let metadata = json!({"name": name, "namespace": "tracebloc", "labels": {RUN: "another"}});
        sim.put(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template()}}));
        let taken = jobs.create("pull", DEADLINE, template()).await;
        assert!(matches!(taken, Err(Error::Exists { .. })), "{taken:?}");
        jobs.remove_all().await;
        assert_eq!(1, all(&sim, "Job").len());
    });
}

#[test]
fn a_command_that_is_dropped_can_still_remove_what_it_may_have_made() {
    let sim = site();
    sim.fault(Fault::on("POST", "/jobs").does(Act::ResetAfter));
    sim.fault(Fault::on("GET", "/jobs/").does(Act::Hang));
    let stored = Arc::new(Notify::new());
    let told = Arc::clone(&stored);
    sim.on(move |change, _| {
        if change.resource.kind == "Pod" {
            told.notify_one();
        }
    });
    with(&sim, &[], async |cluster| {
        let jobs = OwnJobs::new(&cluster, "tracebloc", POLL);
        tokio::select! {
            made = jobs.create("pull", DEADLINE, template()) => panic!("{made:?}"),
            () = stored.notified() => {}
        }
        assert_eq!(1, all(&sim, "Job").len(), "it was made, and nobody knows");
        sim.heal();
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
    });
    assert_eq!(0, left(&sim));
}

#[test]
fn a_job_that_turns_up_late_is_removed() {
    let sim = site();
    sim.fault(Fault::on("POST", "/jobs").does(Act::ResetBefore));
    run(&sim, async |jobs| {
        jobs.create("pull", DEADLINE, template()).await.unwrap_err();
        let metadata = json!({
            "name": format!("tracebloc-images-pull-{}-0", jobs.run),
            "namespace": "tracebloc",
            "labels": {RUN: jobs.run},
        });
        let late = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template()}});
        // After the answer to the first look: there is none.
        sim.fault(
            Fault::on("GET", "/jobs/")
                .times(1)
                .does(Act::Then(Arc::new(move |store| {
                    store.put(late.clone());
                }))),
        );
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
    });
    assert_eq!(0, left(&sim));
}

#[test]
fn a_look_shows_jobs_pods_and_events_of_the_run_alone() {
    let sim = site();
    let stranger = json!({"name": "pull", "namespace": "tracebloc", "labels": {RUN: "another"}});
    sim.put(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": stranger, "spec": {"template": template()}}));
    sim.on(|change, store| {
        if (change.resource.kind, change.happened) != ("Pod", Happened::Added) {
            return;
        }
        let pod = &change.object["metadata"];
        for (name, second, reason, field) in [
            ("b", "07", "Second", "spec.containers{c}"),
            ("a", "07", "First", "spec.containers{c}"),
            ("z", "05", "Scheduled", ""),
        ] {
            store.put(json!({
                "apiVersion": "v1", "kind": "Event",
                "metadata": {"name": format!("{}.{name}", pod["name"].as_str().unwrap()), "namespace": "tracebloc"},
                "involvedObject": {"kind": "Pod", "uid": pod["uid"], "fieldPath": field},
                "type": "Warning", "reason": reason, "message": "a\u{1b}[31m b",
                "firstTimestamp": format!("2026-06-06T10:00:{second}Z"),
            }));
        }
    });
    run(&sim, async |jobs| {
        let name = jobs.create("pull", DEADLINE, template()).await.unwrap();
        let [job] = &jobs.look().await.unwrap()[..] else {
            panic!("one Job")
        };
        assert_eq!((&name, &Standing::Active), (&job.name, &job.standing));
        let state = &job.pods[0].container("c").unwrap().state;
        let ContainerState::Waiting { reason, .. } = state else {
            panic!("{state:?}")
        };
        assert_eq!("ContainerCreating", reason);
        let events = job.events.as_ref().unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.reason.as_str(), event.container.as_deref()))
            .collect();
        let want = [
            ("Scheduled", None),
            ("First", Some("c")),
            ("Second", Some("c")),
        ];
        assert_eq!(want, told[..]);
        assert_eq!("a [31m b", events[0].message);
        assert_eq!(1, sim.count("GET", "/events"));
    });
}

#[test]
fn a_job_without_a_pod_is_told_by_its_own_events_and_a_right_is_asked_for_once() {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tracebloc"}}));
    sim.on(|change, store| {
        if change.resource.kind == "Job" && change.happened == Happened::Added {
            store.put(json!({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "tracebloc"},
                "involvedObject": {"kind": "Job", "uid": change.object["metadata"]["uid"]},
                "type": "Warning", "reason": "FailedCreate", "message": "exceeded quota",
            }));
        }
    });
    run(&sim, async |jobs| {
        jobs.create("pull", DEADLINE, template()).await.unwrap();
        let seen = jobs.look().await.unwrap();
        assert_eq!(
            "exceeded quota",
            seen[0].events.as_ref().unwrap()[0].message
        );
        sim.deny(Denial::of("list", "events"));
        for _ in 0..3 {
            let seen = jobs.look().await.unwrap();
            let blind = seen[0].events.as_ref().unwrap_err();
            assert!(blind.0.contains("cannot list"), "{blind:?}");
        }
        assert_eq!(2, sim.count("GET", "/events"));
    });
}
