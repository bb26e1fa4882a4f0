//! How rollouts end, and what was asked until then.

use super::*;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::players::{refused, unschedulable};

fn cannot_pull(_: &Value) -> Value {
    waits("ImagePullBackOff", "Back-off pulling image \"x\"")
}

/// The one new pod.
fn new_pod(sim: &Sim) -> Value {
    sim.store(|store| {
        let pods = store.all(At::new("Pod", "", "").resource, Some(NS));
        let mut new = pods
            .iter()
            .filter(|pod| pod["spec"]["containers"][0]["image"] == NEW);
        new.next().map(|pod| (**pod).clone()).unwrap()
    })
}

fn put_event(sim: &Sim, about: &Value, (name, second): (&str, u8), said: (&str, &str)) {
    let time = format!("2026-06-06T10:00:{second:02}Z");
    sim.put(json!({
        "apiVersion": "v1", "kind": "Event", "type": "Warning",
        "metadata": {"name": name, "namespace": NS},
        "reason": said.0, "message": said.1, "firstTimestamp": time, "lastTimestamp": time,
        "involvedObject": {"kind": "Pod", "uid": about["metadata"]["uid"], "fieldPath": "spec.containers{api}"},
    }));
}

#[test]
fn a_look_is_one_get_and_one_list_and_nothing_else() {
    let sim = deployment(&json!({"replicas": 1}), creating);
    let hook = |store: &mut Store| fare(store, &serves(NEW, DIGEST));
    sim.fault(Fault::on("GET", GET).starting_at(7).times(1).then(hook));
    let (ended, words) = waited(&sim, WEB, (PACE, LONG));
    let look = ended.clone().unwrap();
    let proof = &settled(ended).proofs[0];
    assert_eq!(None, proof.node);
    assert_eq!(NEW, proof.containers[0].image);
    assert_eq!(
        vec![
            "0/1 updated, new pod ContainerCreating",
            "1/1 updated",
            "1/1 updated, 1/1 available",
        ],
        words
    );
    // Seven looks until the pod is Ready, of which the last has an old GET; three that agree.
    assert_eq!((10, 10), (sim.count("GET", GET), sim.count("GET", LIST)));
    assert_eq!(20, sim.log().len());
    assert!(sim.log()[1].target.contains("labelSelector=app%3Dweb"));
    let web = sim.get("Deployment", NS, "web").unwrap();
    let stored = &web["metadata"];
    assert_eq!(stored["resourceVersion"], look.resource_version);
    assert_eq!(stored["generation"], look.generation);
    assert_eq!(stored["uid"], look.uid);
}

#[test]
fn an_image_that_cannot_be_pulled_ends_it_with_the_kubelets_first_words() {
    let sim = deployment(&json!({}), cannot_pull);
    let pod = new_pod(&sim);
    let pull = "Failed to pull image \"x\": i/o timeout";
    put_event(
        &sim,
        &pod,
        ("c", 30),
        ("Failed", "Failed to pull image \"x\": EOF"),
    );
    put_event(&sim, &pod, ("b", 2), ("Failed", "Error: ErrImagePull"));
    put_event(&sim, &pod, ("a", 3), ("Failed", pull));
    let mut other = pod.clone();
    other["metadata"]["uid"] = "another".into();
    put_event(
        &sim,
        &other,
        ("d", 1),
        ("Failed", "Failed to pull image \"y\": refused"),
    );
    let (ended, words) = waited(&sim, WEB, (PACE, LONG));
    let reason = "ImagePullBackOff".to_owned();
    assert_eq!(
        (Code::CannotPull, reason.clone(), pull.to_owned()),
        failed(ended)
    );
    assert_eq!(Vec::<String>::new(), words);
    assert_eq!((1, 1), (sim.count("GET", GET), sim.count("GET", EVENTS)));

    sim.deny(crate::world::sim::api::access::Denial::of("list", "events"));
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    let message = "Back-off pulling image \"x\"".to_owned();
    assert_eq!((Code::CannotPull, reason, message), failed(ended));
}

#[test]
fn a_container_that_is_ready_before_it_crashes_is_not_settled() {
    let sim = deployment(&json!({}), ready);
    let crash = |store: &mut Store| {
        let mut crash = waits("CrashLoopBackOff", "back-off 10s");
        crash["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        fare(store, &crash);
    };
    sim.fault(Fault::on("GET", GET).starting_at(2).times(1).then(crash));
    let (ended, words) = waited(&sim, WEB, (PACE, LONG));
    let reason = "CrashLoopBackOff".to_owned();
    let message = "exit code 1, Error".to_owned();
    assert_eq!((Code::Crashes, reason, message), failed(ended));
    assert_eq!(vec!["1/1 updated, 1/1 available"], words);
    assert_eq!(0, sim.count("GET", EVENTS));
}

#[test]
fn a_pod_without_a_node_and_a_pod_that_may_not_be_end_it() {
    let sim = deployment(&json!({}), |_| unschedulable("0/1 nodes are available"));
    let (code, _, message) = failed(waited(&sim, WEB, (PACE, LONG)).0);
    assert_eq!(Code::Unschedulable, code);
    assert_eq!("0/1 nodes are available", message);

    let sim = deployment(&json!({}), |_| refused("exceeded quota: compute"));
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    let reason = "FailedCreate".to_owned();
    let message = "exceeded quota: compute".to_owned();
    assert_eq!((Code::AdmissionRefused, reason, message), failed(ended));
    let looks = sim.count("GET", GET);
    assert_eq!(3, looks, "a condition may be that of the rollout before");
}

#[test]
fn a_recreate_is_without_a_pod_and_settles() {
    let recreate = json!({"strategy": {"type": "Recreate"}});
    let sim = deployment(&recreate, creating);
    let hook = |store: &mut Store| fare(store, &serves(NEW, DIGEST));
    sim.fault(Fault::on("GET", LIST).times(1).then(hook));
    let (ended, words) = waited(&sim, WEB, (PACE, LONG));
    assert_eq!(1, settled(ended).proofs.len());
    assert_eq!("0/1 updated, new pod ContainerCreating", words[0]);
    assert_eq!(2, words.len(), "no old pod is there: {words:?}");
}

fn nodes(sim: &Sim, ready: &[(&str, &str)]) {
    for (name, is_ready) in ready {
        sim.put(
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"conditions": [{"type": "Ready", "status": is_ready}]}}),
        );
    }
}

#[test]
fn a_daemon_set_does_not_wait_for_a_node_that_is_not_ready() {
    let sim = site("DaemonSet", &json!({}), ready);
    nodes(
        &sim,
        &[
            ("edge-01", "True"),
            ("edge-02", "True"),
            ("edge-03", "True"),
        ],
    );
    nodes(&sim, &[("edge-03", "False")]);
    sim.store(|store| set(store, "DaemonSet", "kubectl-tracebloc-images", NEW));
    let kind = WorkloadKind::DaemonSet;
    let (ended, words) = waited(&sim, (kind, &["edge-03"]), (PACE, LONG));
    let settled = settled(ended);
    let on: Vec<_> = settled
        .proofs
        .iter()
        .map(|proof| proof.node.clone().unwrap())
        .collect();
    assert_eq!(vec!["edge-01", "edge-02"], on);
    let want = "2 of 3 nodes; edge-03 is NotReady and follows when it returns";
    assert_eq!(vec![want], words);

    // Whoever does not know of the node waits for it.
    let brief = Duration::from_millis(30);
    let (ended, _) = waited(&sim, (kind, &[]), (PACE, brief));
    let Verdict::Rolling(words) = ended.unwrap().verdict else {
        panic!("settled");
    };
    assert_eq!("2/3 updated, old pod Terminating", words);

    nodes(&sim, &[("edge-03", "True")]);
    let (ended, _) = waited(&sim, (kind, &["edge-03"]), (PACE, LONG));
    assert_eq!(3, super::settled(ended).proofs.len());
}

#[test]
fn a_daemon_set_that_may_not_create_pods_says_so_in_events() {
    let sim = site("DaemonSet", &json!({}), |_| {
        refused("exceeded quota: compute")
    });
    nodes(&sim, &[("edge-01", "True")]);
    sim.store(|store| set(store, "DaemonSet", "kubectl-tracebloc-images", NEW));
    let pace = Pace {
        events_after: Duration::ZERO,
        ..PACE
    };
    let kind = WorkloadKind::DaemonSet;
    let brief = Duration::from_millis(30);
    let (ended, _) = waited(&sim, (kind, &[]), (PACE, brief));
    assert!(matches!(ended.unwrap().verdict, Verdict::Rolling(_)));
    assert_eq!(0, sim.count("GET", EVENTS), "not before it has lasted");

    // The event is older than the wait: of another day, for all one knows.
    let old = "2026-06-06T10:00:00Z";
    sim.store(|store| {
        for event in store.all(At::new("Event", "", "").resource, Some(NS)) {
            store.edit(&At::of(&event), |event| event["lastTimestamp"] = old.into());
        }
    });
    let (ended, _) = waited(&sim, (kind, &[]), (pace, brief));
    assert!(matches!(ended.unwrap().verdict, Verdict::Rolling(_)));
    let renew = |store: &mut Store| {
        let now = store.clock.stamp();
        for event in store.all(At::new("Event", "", "").resource, Some(NS)) {
            store.edit(&At::of(&event), |event| {
                event["lastTimestamp"] = now.clone().into();
            });
        }
    };
    sim.fault(Fault::on("GET", LIST).times(1).then(renew));
    let (code, _, message) = failed(waited(&sim, (kind, &[]), (pace, LONG)).0);
    assert_eq!(Code::AdmissionRefused, code);
    assert_eq!("Error creating: exceeded quota: compute", message);
}

#[test]
fn a_pod_that_is_not_begun_is_asked_about_now_and_then() {
    let sim = deployment(&json!({}), creating);
    let pod = new_pod(&sim);
    let missing = "MountVolume.SetUp failed: secret \"s\" not found";
    put_event(&sim, &pod, ("a", 1), ("FailedMount", missing));
    let pace = Pace {
        events_after: Duration::from_millis(40),
        ..PACE
    };
    let (ended, words) = waited(&sim, WEB, (pace, Duration::from_millis(200)));
    assert!(matches!(ended.unwrap().verdict, Verdict::Rolling(_)));
    let first = "0/1 updated, new pod ContainerCreating";
    assert_eq!(vec![first.to_owned(), format!("{first}: {missing}")], words);
    let (looks, asked) = (sim.count("GET", GET), sim.count("GET", EVENTS));
    assert!((1..=6).contains(&asked), "{asked} times in {looks} looks");
}

#[test]
fn what_a_person_has_to_do_is_not_waited_for() {
    let sim = site(
        "DaemonSet",
        &json!({"updateStrategy": {"type": "OnDelete"}}),
        ready,
    );
    nodes(&sim, &[("edge-01", "True"), ("edge-02", "True")]);
    sim.store(|store| set(store, "DaemonSet", "kubectl-tracebloc-images", NEW));
    let kind = WorkloadKind::DaemonSet;
    let (ended, _) = waited(&sim, (kind, &[]), (PACE, LONG));
    let waits = "2 of 2 pods wait to be deleted".to_owned();
    assert_eq!(Verdict::OnDelete(waits), ended.unwrap().verdict);
    assert_eq!(1, sim.count("GET", LIST));

    let sim = deployment(&json!({"paused": true}), ready);
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    assert_eq!(Verdict::Paused, ended.unwrap().verdict);

    let sim = deployment(&json!({"replicas": 0}), ready);
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    assert_eq!(0, settled(ended).proofs.len());
}

#[test]
fn somebody_who_changes_it_meanwhile_is_named() {
    let sim = deployment(&json!({}), creating);
    let helm = |store: &mut Store| set(store, "Deployment", "helm", OLD);
    sim.fault(Fault::on("GET", LIST).times(1).then(helm));
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    let look = ended.unwrap();
    assert_eq!(Verdict::Superseded, look.verdict);
    assert_eq!("helm", look.changed_by.unwrap().manager);
}

#[test]
fn a_rollout_that_somebody_else_began_has_old_pods_too() {
    // The old pod cannot be pulled any more; the new one can.
    let sim = site("Deployment", &json!({}), creating);
    sim.store(|store| {
        let pods = store.all(At::new("Pod", "", "").resource, Some(NS));
        let mut stuck = waits("ImagePullBackOff", "gone");
        stuck["name"] = "api".into();
        store.edit(&At::of(&pods[0]), |pod| {
            pod["status"]["containerStatuses"] = json!([stuck]);
        });
        set(store, "Deployment", "helm", NEW);
    });
    let (target, lost) = (target(WorkloadKind::Deployment), BTreeSet::new());
    let awaited = Awaited {
        target: &target,
        uid: None,
        marks: &[],
        lost: &lost,
    };
    crate::cluster::fixture::with(&sim, &[], async |cluster| {
        let words = "0/1 updated, new pod ContainerCreating".to_owned();
        let seen = look(&cluster, &awaited).await.unwrap();
        assert_eq!(Verdict::Rolling(words), seen.verdict);
        sim.store(|store| fare(store, &serves(NEW, DIGEST)));
        let seen = look(&cluster, &awaited).await.unwrap();
        assert!(matches!(seen.verdict, Verdict::Settled(_)), "{seen:?}");
    });
}

#[test]
fn pods_of_other_workloads_and_pods_that_ended_are_not_looked_at() {
    let sim = deployment(&json!({}), ready);
    let pod = new_pod(&sim);
    let stray = |name: &str, set: &str, phase: &str| {
        let mut stray = pod.clone();
        stray["metadata"]["name"] = name.into();
        stray["metadata"]["uid"] = name.into();
        stray["metadata"]["ownerReferences"][0]["name"] = set.into();
        stray["metadata"]["ownerReferences"][0]["uid"] = set.into();
        stray["status"] = json!({"phase": phase, "containerStatuses": [
            {"name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 0,
             "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]});
        sim.put(stray);
    };
    stray("a", "web-two-5d9f", "Running");
    stray("b", "webs-5d9f", "Running");
    stray("c", "web-5d9f", "Failed");
    let (ended, _) = waited(&sim, WEB, (PACE, LONG));
    assert_eq!(1, settled(ended).proofs.len());
    stray("d", "web-5d9f", "Running");
    assert_eq!(Code::Crashes, failed(waited(&sim, WEB, (PACE, LONG)).0).0);
}
