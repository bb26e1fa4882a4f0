//! Pods and events as real clusters show them.

use serde_json::{Value, json};

use super::*;

fn read(spec: &Value, status: &Value, marks: &[Mark]) -> Pod {
    let whole = json!({
        "metadata": {"name": "x", "uid": "u", "annotations": {RESTARTED_AT: "2026-06-06T10:00:00Z"}},
        "spec": spec, "status": status,
    });
    pod(&serde_json::from_value(whole).unwrap(), marks)
}

fn api() -> Value {
    json!({"containers": [{"name": "api", "image": "repo@sha256:1", "env": [
        {"name": "A", "value": "1"}, {"name": "A", "value": "2"},
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]})
}

#[test]
fn a_pod_belongs_to_what_was_set_when_it_bears_every_mark() {
    let image = |container: &str, image: &str| Mark::Image {
        container: container.to_owned(),
        image: image.to_owned(),
    };
    let env = |name: &str, value: &str| Mark::Env {
        container: "api".to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let restarted = |at: &str| Mark::Restarted { at: at.to_owned() };
    for (sentence, marks, want) in [
        ("nothing was set", vec![], Template::Newest),
        (
            "image",
            vec![image("api", "repo@sha256:1")],
            Template::Newest,
        ),
        (
            "another image",
            vec![image("api", "repo@sha256:2")],
            Template::Older,
        ),
        (
            "another container",
            vec![image("proxy", "repo@sha256:1")],
            Template::Older,
        ),
        (
            "the last of two entries",
            vec![env("A", "2")],
            Template::Newest,
        ),
        (
            "the first of two entries",
            vec![env("A", "1")],
            Template::Older,
        ),
        (
            "a value from elsewhere",
            vec![env("S", "")],
            Template::Older,
        ),
        ("no such entry", vec![env("B", "")], Template::Older),
        (
            "restarted",
            vec![restarted("2026-06-06T10:00:00Z")],
            Template::Newest,
        ),
        (
            "restarted before",
            vec![restarted("2026-06-06T10:00:01Z")],
            Template::Older,
        ),
        (
            "one of two",
            vec![image("api", "repo@sha256:1"), env("A", "1")],
            Template::Older,
        ),
    ] {
        assert_eq!(
            want,
            read(&api(), &json!({}), &marks).template,
            "{sentence}"
        );
    }
}

#[test]
fn a_template_says_by_what_its_pods_are_known() {
    let deployment: Deployment = serde_json::from_value(json!({"metadata": {}, "spec": {"selector": {},
        "template": {"metadata": {"annotations": {RESTARTED_AT: "2026-06-06T10:00:00Z"}}, "spec": api()}}}))
    .unwrap();
    let workload = Workload::from(deployment);
    let marks = workload.marks();
    let image = Mark::Image {
        container: "api".to_owned(),
        image: "repo@sha256:1".to_owned(),
    };
    let restarted = Mark::Restarted {
        at: "2026-06-06T10:00:00Z".to_owned(),
    };
    assert!(marks.contains(&image) && marks.contains(&restarted));
    assert!(
        !marks
            .iter()
            .any(|mark| matches!(mark, Mark::Env { name, .. } if name == "S"))
    );
    assert_eq!(Template::Newest, workload.template(&marks));
    let mut other = api();
    other["containers"][0]["env"][1]["value"] = "3".into();
    assert_eq!(Template::Newest, read(&api(), &json!({}), &marks).template);
    assert_eq!(Template::Older, read(&other, &json!({}), &marks).template);
}

#[test]
fn a_pod_stands_as_its_conditions_say() {
    let conditions = |conditions: &Value| json!({ "conditions": conditions });
    let ready =
        json!([{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]);
    let no_node = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/1 nodes are available:\n1 Insufficient cpu"}]);
    // The node controller takes the condition from a pod whose node is lost, and leaves its containers ready.
    let lost = json!({"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
        {"name": "api", "image": "", "imageID": "", "ready": true, "restartCount": 0}]});
    for (sentence, status, want) in [
        ("Ready", conditions(&ready), Phase::Ready),
        (
            "no node",
            conditions(&no_node),
            Phase::Unschedulable("0/1 nodes are available: 1 Insufficient cpu".to_owned()),
        ),
        ("lost", lost, Phase::NotReady),
        ("nothing said yet", json!({}), Phase::NotReady),
    ] {
        assert_eq!(want, read(&api(), &status, &[]).phase, "{sentence}");
    }
}

#[test]
fn a_pod_of_a_daemon_set_is_made_for_a_node() {
    let mut spec = api();
    spec["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchFields": [
            {"key": "metadata.name", "operator": "In", "values": ["edge-03"]}]}]}}});
    let node = |spec: &Value| read(spec, &json!({}), &[]).node;
    assert_eq!(None, node(&api()));
    assert_eq!(Some("edge-03"), node(&spec).as_deref());
    spec["nodeName"] = "edge-04".into();
    assert_eq!(Some("edge-04"), node(&spec).as_deref());
}

#[test]
fn a_container_waits_or_has_ended_in_the_kubelets_words() {
    let mut spec = api();
    spec["initContainers"] = json!([{"name": "init", "image": "busybox"}]);
    let status = |state: &Value, last: &Value| {
        json!({"name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 1,
            "state": state, "lastState": last})
    };
    let ended = |code: u8, reason: &str, message: &str| json!({"terminated": {"exitCode": code, "reason": reason, "message": message}});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off\n10s"}});
    for (sentence, state, last, waits, ends) in [
        (
            "crashes",
            waiting,
            ended(1, "Error", "no\u{1b}[31m config"),
            Some(("CrashLoopBackOff", "back-off 10s")),
            Some("exit code 1, Error: no [31m config"),
        ),
        (
            "has just ended",
            ended(137, "OOMKilled", ""),
            json!({}),
            None,
            Some("exit code 137, OOMKilled"),
        ),
        (
            "could not be started",
            ended(128, "StartError", "no such file"),
            json!({}),
            Some(("StartError", "no such file")),
            Some("exit code 128, StartError: no such file"),
        ),
        ("runs", json!({"running": {}}), json!({}), None, None),
    ] {
        let statuses = json!({"containerStatuses": [status(&state, &last)]});
        let pod = read(&spec, &statuses, &[]);
        let [init, api] = &pod.containers[..] else {
            panic!("{pod:?}");
        };
        assert_eq!(("init", None), (init.name.as_str(), init.waits.as_ref()));
        let said = api.waits.as_ref();
        let said = said.map(|words| (words.reason.as_str(), words.message.as_str()));
        assert_eq!(waits, said, "{sentence}");
        assert_eq!(ends, api.ended.as_deref(), "{sentence}");
    }
}

#[test]
fn an_event_is_dated_in_either_form() {
    let read = |event: &Value| serde_json::from_value::<KubeEvent>(event.clone()).unwrap();
    let (first, last) = ("2026-06-06T10:00:00Z", "2026-06-06T10:09:00Z");
    let old = read(
        &json!({"metadata": {}, "reason": "Failed", "message": "Error:\n\u{7}x",
        "involvedObject": {"fieldPath": "spec.initContainers{init}"},
        "firstTimestamp": first, "lastTimestamp": last}),
    );
    let new = read(
        &json!({"metadata": {}, "involvedObject": {}, "eventTime": "2026-06-06T10:05:00.000000Z"}),
    );
    let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let read = event(&old);
    assert_eq!(Some("init"), read.container.as_deref());
    assert_eq!("Error: x", read.message);
    assert_eq!((time(first), time(last)), (read.first, super::last(&old)));
    let at = time("2026-06-06T10:05:00Z");
    assert_eq!((None, at), (event(&new).container, event(&new).first));
    assert_eq!(at, super::last(&new));
}
