//! The writes of a tick, against the simulated API server.

mod waiting;

use serde_json::Map;

use super::*;
use crate::cluster::fixture::with;
use crate::record::{FLAP_DETECTED, Streak};
use crate::world::sim::api::faults::{Act, Fault};
use crate::world::sim::api::store::{At, Store};
use crate::world::sim::api::{Cluster as Sim, Transport};

const KEY: &str = "tracebloc.io/refresh-attempt";
const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn target(kind: WorkloadKind, name: &str) -> Target {
    Target {
        kind,
        namespace: "tracebloc".to_owned(),
        name: name.to_owned(),
    }
}

fn jobs_manager() -> Target {
    target(WorkloadKind::Deployment, "jm")
}

fn at() -> At {
    At::new("Deployment", "tracebloc", "jm")
}

/// jobs-manager with these entries in the environment of `api`, rolled out.
fn site(env: &Value) -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.put(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "jm", "namespace": "tracebloc", "annotations": {KEY: "1", "other": "x"}},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [
            {"name": "api", "image": "old", "env": env},
            {"name": "sidecar", "image": "mesh"},
        ]}}},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
    }));
    sim
}

fn annotations(sim: &Sim) -> Map<String, Value> {
    let found = sim.get("Deployment", "tracebloc", "jm").unwrap();
    found["metadata"]["annotations"]
        .as_object()
        .unwrap()
        .clone()
}

fn api(sim: &Sim) -> Value {
    let found = sim.get("Deployment", "tracebloc", "jm").unwrap();
    found["spec"]["template"]["spec"]["containers"][0].clone()
}

fn count(count: &str) -> Step {
    Step::Annotate(vec![(Streak::Attempts.key(), Some(count.to_owned()))])
}

/// Reads, lets something happen, and carries out one step.
fn carry_out(sim: &Sim, step: &Step, meanwhile: impl Fn(&mut Store)) -> Result<(), Error> {
    with(sim, &[], async |cluster| {
        let mut workloads = Workloads::read(&cluster, jobs_manager()).await?;
        sim.store(|store| meanwhile(store));
        workloads.carry_out(step).await
    })
}

fn undisturbed(_: &mut Store) {}

#[test]
fn annotations_are_written_and_removed_in_one_request() {
    let sim = site(&json!([]));
    let step = Step::Annotate(vec![
        (Streak::Attempts.key(), None),
        (FLAP_DETECTED, Some("3".to_owned())),
    ]);
    carry_out(&sim, &step, undisturbed).unwrap();
    assert_eq!(
        json!({FLAP_DETECTED: "3", "other": "x"}),
        Value::Object(annotations(&sim))
    );
    assert_eq!(1, sim.count("PATCH", ""));
}

#[test]
fn what_others_write_to_the_status_does_not_stop_a_write() {
    let sim = site(&json!([]));
    let touch = |store: &mut Store| {
        store.edit(&at(), |deployment| {
            deployment["status"]["readyReplicas"] = json!(1);
        });
    };
    carry_out(&sim, &count("2"), touch).unwrap();
    assert_eq!("2", annotations(&sim)[KEY]);
    assert_eq!(
        (2, 2),
        (sim.count("PATCH", ""), sim.count("GET", "/deployments/jm"))
    );
}

#[test]
fn a_status_that_never_rests_is_given_up() {
    let sim = site(&json!([]));
    let busy = |store: &mut Store| {
        store.edit(&at(), |deployment| {
            let beat = deployment["status"]["collisionCount"].as_u64().unwrap_or(0) + 1;
            deployment["status"]["collisionCount"] = json!(beat);
        });
    };
    sim.fault(Fault::on("GET", "/deployments/jm").then(busy));
    let refused = carry_out(&sim, &count("2"), undisturbed);
    assert!(
        matches!(refused, Err(Error::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(5, sim.count("PATCH", ""));
    assert_eq!("1", annotations(&sim)[KEY]);
}

#[test]
fn an_annotation_that_somebody_changed_is_never_overwritten() {
    for (value, want) in [
        (json!("7"), "was \"1\", and is \"7\" now"),
        (Value::Null, "was \"1\", and is absent now"),
        (json!("\u{1b}[31m7"), "was \"1\", and is \"[31m7\" now"),
    ] {
        let sim = site(&json!([]));
        let edit = |store: &mut Store| {
            store.edit(&at(), |deployment| {
                let annotations = deployment["metadata"]["annotations"]
                    .as_object_mut()
                    .unwrap();
                match &value {
                    Value::Null => drop(annotations.remove(KEY)),
                    value => drop(annotations.insert(KEY.to_owned(), value.clone())),
                }
            });
        };
        let refused = carry_out(&sim, &count("2"), edit);
        let Err(error @ Error::Conflict { .. }) = refused else {
            panic!("{refused:?}")
        };
        assert!(error.to_string().ends_with(want), "{error}");
        assert_eq!(
            (1, 2),
            (sim.count("PATCH", ""), sim.count("GET", "/deployments/jm")),
            "read again once"
        );
        assert_eq!(
            value,
            annotations(&sim).get(KEY).cloned().unwrap_or_default()
        );
    }
}

#[test]
fn a_template_that_somebody_changed_is_not_changed_on_top() {
    let sim = site(&json!([]));
    let images = vec![("api", "docker.io/tracebloc/jobs-manager@x".to_owned())];
    let edit = |store: &mut Store| {
        store.edit(&at(), |deployment| {
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!("theirs");
        });
    };
    let refused = carry_out(&sim, &Step::SetImages(jobs_manager(), images), edit);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .ends_with("its pod template has changed")
    );
    assert_eq!("theirs", api(&sim)["image"]);
}

#[test]
fn another_object_of_the_same_name_is_left_alone() {
    let sim = site(&json!([]));
    let replace = |store: &mut Store| {
        store.edit(&at(), |deployment| {
            deployment["metadata"]["uid"] = json!("another");
        });
    };
    let refused = carry_out(&sim, &count("2"), replace);
    assert!(refused.unwrap_err().to_string().contains("another object"));
}

#[test]
fn a_lost_answer_and_a_deployment_that_is_gone_are_errors() {
    for act in [Act::ResetBefore, Act::ResetAfter] {
        let sim = site(&json!([]));
        sim.fault(Fault::on("PATCH", "/deployments/jm").does(act));
        let lost = carry_out(&sim, &count("2"), undisturbed);
        assert!(lost.unwrap_err().may_have_happened());
        assert_eq!(1, sim.count("PATCH", ""), "not sent again");
    }
    let sim = site(&json!([]));
    let delete = |store: &mut Store| {
        store.remove(&at(), crate::world::sim::api::write::Dependents::Deleted);
    };
    let gone = carry_out(&sim, &count("2"), delete);
    assert!(matches!(gone, Err(Error::Missing { .. })), "{gone:?}");
}

#[test]
fn a_busy_server_is_asked_again() {
    let sim = site(&json!([]));
    sim.fault(
        Fault::on("PATCH", "/deployments/jm")
            .throttles(429, 0)
            .times(1),
    );
    carry_out(&sim, &count("2"), undisturbed).unwrap();
    assert_eq!("2", annotations(&sim)[KEY]);
}

#[test]
fn the_ingestors_entry_is_one_literal_whatever_stood_there() {
    const NAME: &str = "INGESTOR_IMAGE_DIGEST";
    let source = json!({"configMapKeyRef": {"name": "site", "key": "digest"}});
    let first = json!({"name": "A", "value": "1"});
    let last = json!({"name": "Z", "value": "$(A)"});
    let wanted = json!({"name": NAME, "value": NEW});
    for (name, entries, in_use) in [
        ("absent", vec![], ""),
        ("empty", vec![json!({"name": NAME})], ""),
        ("set", vec![json!({"name": NAME, "value": "old"})], "old"),
        (
            "from elsewhere",
            vec![json!({"name": NAME, "valueFrom": source})],
            "",
        ),
        (
            "twice",
            vec![
                json!({"name": NAME, "value": "a"}),
                json!({"name": NAME, "value": "b"}),
            ],
            "b",
        ),
    ] {
        let mut env = vec![first.clone()];
        env.extend(entries);
        env.push(last.clone());
        let sim = site(&json!(env));
        let seen = with(&sim, &[], async |cluster| {
            let mut workloads = Workloads::read(&cluster, jobs_manager()).await.unwrap();
            let seen = workloads.ingestor_in_use();
            workloads
                .carry_out(&Step::SetIngestor(NEW.parse().unwrap()))
                .await
                .unwrap();
            assert_eq!(NEW, workloads.ingestor_in_use(), "{name}");
            seen
        });
        assert_eq!(in_use, seen, "{name}");
        let env = api(&sim)["env"].clone();
        let entries: Vec<_> = env
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["name"] == NAME)
            .collect();
        assert_eq!(vec![&wanted], entries, "{name}");
        assert_eq!(3, env.as_array().unwrap().len(), "{name}: the others stay");
    }
}

#[test]
fn a_container_that_is_not_there_is_not_added() {
    let sim = site(&json!([]));
    let images = vec![("api", "new".to_owned()), ("proxy", "new".to_owned())];
    let refused = carry_out(&sim, &Step::SetImages(jobs_manager(), images), undisturbed);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .ends_with("unable to find container named \"proxy\"")
    );
    assert_eq!(0, sim.count("PATCH", ""));
}

#[test]
fn a_paused_deployment_is_not_restarted() {
    let sim = site(&json!([]));
    sim.store(|store| {
        store.edit(&at(), |deployment| {
            deployment["spec"]["paused"] = json!(true);
        });
    });
    let refused = carry_out(&sim, &Step::Restart, undisturbed);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("can't restart paused deployment")
    );
    assert_eq!(0, sim.count("PATCH", ""));
}

#[test]
fn a_restart_changes_the_pods_and_nothing_else() {
    let sim = site(&json!([]));
    let before = sim.get("Deployment", "tracebloc", "jm").unwrap();
    carry_out(&sim, &Step::Restart, undisturbed).unwrap();
    let mut after = sim.get("Deployment", "tracebloc", "jm").unwrap();
    let template = after["spec"]["template"].as_object_mut().unwrap();
    let metadata = template.remove("metadata").unwrap();
    let at = metadata["annotations"][RESTARTED_AT].as_str().unwrap();
    assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
    assert_eq!(before["spec"], after["spec"]);
}
