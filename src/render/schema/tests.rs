//! Every document keeps what its schema promises, and no schema promises what no document has.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::render::model::Event;
use crate::render::{doctor, fixtures};

/// A schema, and documents that are to keep it, by name.
struct Promise {
    schema: Value,
    documents: Vec<(&'static str, Value)>,
}

fn value(model: impl Serialize) -> Value {
    serde_json::to_value(model).unwrap()
}

fn promises() -> [Promise; 4] {
    let schema = |text| serde_json::from_str(text).unwrap();
    let mut statuses: Vec<_> = fixtures::all()
        .into_iter()
        .map(|(name, case)| (name, value(case.model())))
        .collect();
    let mut watched = fixtures::stuck().model();
    watched.event = Some(Event::Changed);
    statuses.push(("watched", value(watched)));
    statuses.push(("list", value(fixtures::fleet())));
    let plans = fixtures::plans().into_iter();
    let reports = fixtures::reports().into_iter();
    let looked = doctor::fixtures::all().into_iter();
    [
        Promise {
            schema: schema(STATUS),
            documents: statuses,
        },
        Promise {
            schema: schema(PLAN),
            documents: plans
                .map(|(name, planned)| (name, value(planned.model())))
                .collect(),
        },
        Promise {
            schema: schema(REPORT),
            documents: reports
                .map(|(name, reported)| (name, value(reported.model())))
                .collect(),
        },
        Promise {
            schema: schema(DOCTOR),
            documents: looked
                .map(|(name, readings)| (name, value(doctor::fixtures::report(&readings))))
                .collect(),
        },
    ]
}

#[test]
fn every_document_is_what_its_schema_promises() {
    for Promise { schema, documents } in promises() {
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for (name, document) in documents {
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(Vec::<String>::new(), errors, "{} {name}", schema["title"]);
        }
    }
}

#[test]
fn a_document_that_breaks_the_promise_is_refused() {
    let [status, plan, report, looked] = promises();
    let statuses: &[(&str, &str, Value)] = &[
        (
            "a short digest",
            "/images/0/digests/spec",
            json!("sha256:a0861ea9fbf4"),
        ),
        ("a state of its own", "/summary/state", json!("fine")),
        ("an unknown key", "/chart", json!({ "version": null })),
        (
            "a time without a zone",
            "/metadata/observedAt",
            json!("2026-06-06 10:00"),
        ),
        ("a code without a prefix", "/findings/0/code", json!("401")),
        ("no state", "/images/0/states", json!([])),
        ("a number as text", "/streaks/0/count", json!("3")),
        ("a kind of its own", "/kind", json!("Status")),
    ];
    let plans: &[(&str, &str, Value)] = &[
        ("a fate of its own", "/rows/0/fate", json!("updates")),
        ("a step of its own", "/steps/0/kind", json!("hope")),
        ("a patch as text", "/steps/0/patch", json!("{}")),
        (
            "a target without a name",
            "/changes/0/target",
            json!({ "kind": "Deployment", "namespace": "tracebloc" }),
        ),
        (
            "a short digest",
            "/coverage/0/digest",
            json!("d361fa778554"),
        ),
        ("a command as a list", "/undo/0/command", json!(["kubectl"])),
    ];
    let reports: &[(&str, &str, Value)] = &[
        ("a result of its own", "/steps/0/result", json!("maybe")),
        ("an exit code of its own", "/summary/exitCode", json!(2)),
        ("a plan that is none", "/plan", json!({})),
        (
            "a short digest",
            "/recorded/ingestor",
            json!("d361fa778554"),
        ),
    ];
    let looks: &[(&str, &str, Value)] = &[
        ("a result of its own", "/checks/0/result", json!("maybe")),
        ("a group of its own", "/checks/0/group", json!("network")),
        ("a class of its own", "/checks/0/class", json!("firewall")),
        ("an exit code of its own", "/summary/exitCode", json!(2)),
        ("a verdict of its own", "/summary/verdict", json!("skipped")),
        ("a port that is none", "/hosts/0/port", json!(0)),
        (
            "a vantage of its own",
            "/vantagePoints/0/kind",
            json!("moon"),
        ),
        ("a code without a prefix", "/diagnosis/0/code", json!("202")),
        ("certainty", "/diagnosis/0/confidence", json!("certain")),
        ("a command alone", "/diagnosis/0/next", json!(["kubectl"])),
    ];
    let good = |promise: &Promise, name: &str| {
        let mut documents = promise.documents.iter();
        let found = documents.find(|(known, _)| *known == name);
        found.unwrap().1.clone()
    };
    for (promise, good, breaks) in [
        (&status, good(&status, "stuck"), statuses),
        (&plan, good(&plan, "incident"), plans),
        (&report, good(&report, "finished"), reports),
        (&looked, good(&looked, "incident"), looks),
    ] {
        let validator = jsonschema::draft202012::new(&promise.schema).unwrap();
        for (name, pointer, value) in breaks {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value.clone();
            assert!(!validator.is_valid(&bad), "{name}");
        }
    }
}

/// All objects of the schema, with where they stand.
fn objects<'a>(path: &str, schema: &'a Value, all: &mut Vec<(String, &'a Value)>) {
    match schema {
        Value::Object(entries) => {
            if entries.contains_key("properties") && entries.contains_key("required") {
                all.push((path.to_owned(), schema));
            }
            for (key, value) in entries {
                objects(&format!("{path}/{key}"), value, all);
            }
        }
        Value::Array(items) => {
            for item in items {
                objects(path, item, all);
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_is_required_and_no_other_is_allowed() {
    for Promise { schema, .. } in promises() {
        let mut all = Vec::new();
        objects("", &schema, &mut all);
        assert!(all.len() > 10, "{}", all.len());
        for (path, object) in all {
            let required: BTreeSet<_> = object["required"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let properties: BTreeSet<_> = object["properties"]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(required, properties, "{path}");
            assert_eq!(json!(false), object["additionalProperties"], "{path}");
        }
    }
}

/// The objects of the schema that a document has an instance of, by their keys.
fn seen(value: &Value, all: &mut BTreeSet<Vec<String>>) {
    match value {
        Value::Object(entries) => {
            all.insert(entries.keys().cloned().collect());
            entries.values().for_each(|value| seen(value, all));
        }
        Value::Array(items) => items.iter().for_each(|item| seen(item, all)),
        _ => {}
    }
}

#[test]
fn every_object_of_the_schema_stands_in_some_document_with_its_keys_in_that_order() {
    for Promise { schema, documents } in promises() {
        let mut instances = BTreeSet::new();
        for (_, document) in documents {
            seen(&document, &mut instances);
        }
        let mut all = Vec::new();
        objects("", &schema, &mut all);
        for (path, object) in all {
            let keys: Vec<_> = object["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            assert!(instances.contains(&keys), "{path}: {keys:?}");
        }
    }
}

/// All words of the schema that a value may be, with the keys that have them.
fn words(schema: &Value, key: &str, all: &mut BTreeSet<(String, String)>) {
    if let Value::Object(entries) = schema {
        let listed = entries.get("enum").and_then(Value::as_array);
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        all.extend(listed.map(|word| (key.to_owned(), word.to_owned())));
        for (key, value) in entries {
            words(value, key, all);
        }
    }
}

#[test]
fn the_words_of_fates_verdicts_stages_and_endings_all_stand_in_some_document() {
    let [_, plan, report, _] = promises();
    let mut said = String::new();
    for (_, document) in plan.documents.iter().chain(&report.documents) {
        said.push_str(&document.to_string());
    }
    let mut all = BTreeSet::new();
    words(&plan.schema, "", &mut all);
    words(&report.schema, "", &mut all);
    let is_told = |key: &str| {
        [
            "fate", "verdict", "stage", "strategy", "ending", "result", "obstacle", "mode",
        ]
        .contains(&key)
    };
    for (key, word) in all.iter().filter(|(key, _)| is_told(key)) {
        // A paused workload is refused before its strategy matters; its guard says so.
        if word != "paused" {
            assert!(
                said.contains(&format!("\"{key}\":\"{word}\"")),
                "{key}: {word}"
            );
        }
    }
}

#[test]
fn a_report_promises_the_same_plan_as_a_plan_does() {
    let schema = |text| serde_json::from_str::<Value>(text).unwrap();
    let (plan, report) = (schema(PLAN), schema(REPORT));
    assert_eq!(plan["properties"], report["$defs"]["plan"]["properties"]);
    for (name, definition) in plan["$defs"].as_object().unwrap() {
        assert_eq!(definition, &report["$defs"][name], "{name}");
    }
}

#[test]
fn every_word_for_a_result_a_vantage_a_group_and_a_host_stands_in_some_document() {
    let [.., looked] = promises();
    let mut said = String::new();
    for (_, document) in &looked.documents {
        said.push_str(&document.to_string());
    }
    let mut all = BTreeSet::new();
    words(&looked.schema, "", &mut all);
    let is_told = |key: &str| ["result", "kind", "group", "purpose", "confidence"].contains(&key);
    all.retain(|(key, _)| is_told(key));
    assert_eq!(19, all.len(), "{all:?}");
    for (key, word) in all {
        assert!(
            said.contains(&format!("\"{key}\":\"{word}\"")),
            "{key}: {word}"
        );
    }
}
