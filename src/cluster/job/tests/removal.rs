//! Removing: a run's own Jobs at its end, and what dead runs have left.

use super::*;
use crate::world::sim::api::write::Dependents;

#[test]
fn removal_takes_the_pods_along_and_is_repeated_where_it_is_lost() {
    for (name, fault, deletes) in [
        ("undisturbed", None, 1),
        ("lost before", Some(Act::ResetBefore), 2),
        ("lost after", Some(Act::ResetAfter), 2),
    ] {
        let sim = site();
        if let Some(act) = fault {
            sim.fault(Fault::on("DELETE", "/jobs/").times(1).does(act));
        }
        run(&sim, async |jobs| {
            jobs.create("pull", DEADLINE, template()).await.unwrap();
            assert_eq!(2, left(&sim));
            assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await, "{name}");
            assert_eq!(deletes, sim.count("DELETE", "/jobs/"), "{name}");
            jobs.remove_all().await;
            assert_eq!(
                deletes,
                sim.count("DELETE", "/jobs/"),
                "what is gone is not deleted again"
            );
        });
        assert_eq!(0, left(&sim), "{name}");
    }
}

#[test]
fn what_cannot_be_removed_is_named_with_the_reason_and_tried_again_when_asked() {
    let sim = site();
    sim.fault(Fault::on("DELETE", "/jobs/").does(Act::Hang));
    run(&sim, async |jobs| {
        let name = jobs.create("pull", DEADLINE, template()).await.unwrap();
        let [leftover] = &jobs.remove_all().await[..] else {
            panic!("one is left")
        };
        assert_eq!(
            ("tracebloc", &name),
            (leftover.namespace.as_str(), &leftover.name)
        );
        assert!(leftover.why.contains("no answer"), "{leftover:?}");
        assert_eq!(TRIES, sim.count("DELETE", "/jobs/"));
        sim.heal();
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
    });
    assert_eq!(0, left(&sim));
    let sim = site();
    sim.deny(Denial::of("delete", "jobs.batch"));
    run(&sim, async |jobs| {
        jobs.create("pull", DEADLINE, template()).await.unwrap();
        let left = jobs.remove_all().await;
        assert!(left[0].why.contains("cannot delete"), "{left:?}");
        assert_eq!(1, sim.count("DELETE", "/jobs/"));
    });
}

#[test]
fn a_name_that_is_anothers_by_now_is_not_deleted() {
    let sim = site();
    run(&sim, async |jobs| {
        let name = jobs.create("pull", DEADLINE, template()).await.unwrap();
        sim.store(|store| {
            let at = At::new("Job", "tracebloc", &name);
            let mut other = (*store.find(&at).unwrap()).clone();
            store.remove(&at, Dependents::Deleted);
            other["metadata"]["uid"] = "another".into();
            store.put(other);
        });
        assert_eq!(Vec::<Leftover>::new(), jobs.remove_all().await);
        assert_eq!(1, all(&sim, "Job").len());
    });
}

#[test]
fn only_what_nobody_reads_any_more_is_swept() {
    let now = "2026-06-06T10:10:00Z";
    let ours = json!({RUN: "dead", MADE_BY: FIELD_MANAGER});
    let ended = |kind: &str, at: &str| json!({"startTime": "2026-06-06T10:07:50Z", "conditions": [{"type": kind, "status": "True", "lastTransitionTime": at}]});
    let started = |at: &str| json!({"active": 1, "startTime": at});
    let of_run = |run: &str| json!({RUN: run});
    let made_by = |who: &str| json!({RUN: "dead", MADE_BY: who});
    let old = "2026-06-06T10:07:59Z";
    let rows = [
        ("ended long ago", &ours, ended("Failed", old), true),
        ("complete long ago", &ours, ended("Complete", old), true),
        (
            "ended not quite two minutes ago",
            &ours,
            ended("Failed", "2026-06-06T10:08:05Z"),
            false,
        ),
        (
            "about to fail, and not yet",
            &ours,
            ended("FailureTarget", old),
            false,
        ),
        (
            "past its deadline by not quite a minute",
            &ours,
            started("2026-06-06T10:07:35Z"),
            false,
        ),
        (
            "past it by more",
            &ours,
            started("2026-06-06T10:07:25Z"),
            true,
        ),
        (
            "a colleague's, running",
            &ours,
            started("2026-06-06T10:09:00Z"),
            false,
        ),
        ("never started, made long ago", &ours, json!({}), true),
        (
            "not made by us",
            &made_by("Helm"),
            ended("Failed", old),
            false,
        ),
        (
            "without our name",
            &of_run("dead"),
            ended("Failed", old),
            false,
        ),
    ];
    let sim = Sim::start(Transport::Plain);
    sim.stop_clock(now.parse().unwrap());
    for (at, (_, labels, status, _)) in rows.iter().enumerate() {
        sim.put(json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": format!("j-{at}"), "namespace": "tracebloc", "labels": labels, "creationTimestamp": "2026-06-06T10:00:00Z"},
            "spec": {"activeDeadlineSeconds": 90, "template": template()}, "status": status,
        }));
    }
    run(&sim, async |jobs| jobs.sweep().await);
    for (at, (name, .., is_swept)) in rows.iter().enumerate() {
        let is_there = sim.get("Job", "tracebloc", &format!("j-{at}")).is_some();
        assert_eq!(*is_swept, !is_there, "{name}");
    }
    sim.deny(Denial::of("list", "jobs.batch"));
    run(&sim, async |jobs| jobs.sweep().await);
}
