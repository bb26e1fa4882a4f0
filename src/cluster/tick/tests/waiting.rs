//! Other workloads, and waits.

use super::*;

fn set() -> Target {
    target(WorkloadKind::DaemonSet, "rm")
}

/// A DaemonSet of two nodes that has this many updated and available pods.
fn put_monitor(sim: &Sim, updated: u32, strategy: &str) {
    sim.put(json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "rm", "namespace": "tracebloc"},
        "spec": {"updateStrategy": {"type": strategy}, "template": {"spec": {"containers": [{"name": "agent", "image": "old"}]}}},
        "status": {"observedGeneration": 9, "desiredNumberScheduled": 2, "updatedNumberScheduled": updated, "numberAvailable": updated},
    }));
}

/// Waits for the DaemonSet with no time at all.
fn wait_for_monitor(sim: &Sim) -> Result<(), Error> {
    with(sim, &[], async |cluster| {
        let mut workloads = Workloads::read(&cluster, jobs_manager()).await.unwrap();
        workloads.wait(&set(), Duration::ZERO, |_| ()).await
    })
}

#[test]
fn a_rollout_that_is_not_over_in_its_time_says_how_far_it_is() {
    let sim = site(&json!([]));
    put_monitor(&sim, 1, "RollingUpdate");
    let error = wait_for_monitor(&sim).unwrap_err();
    assert_eq!(
        "wait for daemonset \"rm\" in namespace \"tracebloc\": timed out after 0s: 1 of 2 updated",
        error.to_string()
    );
    put_monitor(&sim, 2, "OnDelete");
    let error = wait_for_monitor(&sim).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("only available for RollingUpdate"),
        "{error}"
    );
    put_monitor(&sim, 2, "RollingUpdate");
    wait_for_monitor(&sim).unwrap();
}

#[test]
fn other_workloads_are_read_before_they_are_changed() {
    let sim = site(&json!([]));
    put_monitor(&sim, 2, "RollingUpdate");
    let images = vec![("agent", "new".to_owned())];
    carry_out(&sim, &Step::SetImages(set(), images), undisturbed).unwrap();
    let found = sim.get("DaemonSet", "tracebloc", "rm").unwrap();
    assert_eq!(
        "new",
        found["spec"]["template"]["spec"]["containers"][0]["image"]
    );
    let patch = sim
        .log()
        .into_iter()
        .find(|request| request.is("PATCH", "/daemonsets/rm"))
        .unwrap();
    assert!(
        patch.json()["metadata"]["resourceVersion"].is_string(),
        "{}",
        patch.body
    );
}

#[test]
fn a_wait_sees_what_was_changed_meanwhile_and_outlasts_a_server_that_is_away() {
    let sim = site(&json!([]));
    sim.fault(
        Fault::on("GET", "/deployments/jm")
            .starting_at(2)
            .times(1)
            .throttles(503, 60),
    );
    let mut heard = Vec::new();
    let waited = with(&sim, &[], async |cluster| {
        let mut workloads = Workloads::read(&cluster, jobs_manager()).await.unwrap();
        let say = |line: &str| heard.push(line.to_owned());
        workloads
            .wait(&jobs_manager(), Duration::from_secs(60), say)
            .await
    });
    waited.unwrap();
    assert!(
        heard.len() == 1 && heard[0].contains("currently unable to handle"),
        "{heard:?}"
    );

    let sim = site(&json!([]));
    sim.fault(Fault::on("GET", "/deployments/jm").times(1).then(|store| {
        store.edit(&at(), |deployment| {
            deployment["metadata"]["annotations"][KEY] = json!("9");
            deployment["status"]["observedGeneration"] = json!(9);
        });
    }));
    let waited = with(&sim, &[], async |cluster| {
        let mut workloads = Workloads::read(&cluster, jobs_manager()).await.unwrap();
        workloads
            .wait(&jobs_manager(), Duration::from_secs(60), |_| ())
            .await
    });
    assert!(matches!(waited, Err(Error::Conflict { .. })), "{waited:?}");
}

#[test]
fn what_has_failed_or_settled_is_not_waited_for() {
    for (status, want) in [
        (
            json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}),
            Rollout::Settled,
        ),
        (
            json!({"observedGeneration": 1, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "message": "has timed out progressing"}]}),
            Rollout::Failed("has timed out progressing".to_owned()),
        ),
    ] {
        let sim = site(&json!([]));
        sim.store(|store| {
            store.edit(&at(), |deployment| deployment["status"] = status);
        });
        let rollout = with(&sim, &[], async |cluster| {
            let mut workloads = Workloads::read(&cluster, jobs_manager()).await.unwrap();
            workloads.settles().await.unwrap()
        });
        assert_eq!(want, rollout);
        assert_eq!(1, sim.count("GET", "/deployments/jm"));
    }
}
