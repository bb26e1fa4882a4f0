//! The JSON Schemas (2020-12) that `schema` prints. Written by hand: they are the promise, the model keeps it.

pub(crate) const STATUS: &str = include_str!("schema/status.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::render::fixtures;
    use crate::render::model::{Event, ImageStatus};

    fn schema() -> Value {
        serde_json::from_str(STATUS).unwrap()
    }

    fn documents() -> Vec<(&'static str, Value)> {
        let value = |model: ImageStatus| serde_json::to_value(model).unwrap();
        let mut all: Vec<_> = fixtures::all()
            .into_iter()
            .map(|(name, case)| (name, value(case.model())))
            .collect();
        let mut watched = fixtures::stuck().model();
        watched.event = Some(Event::Changed);
        all.push(("watched", value(watched)));
        all.push(("list", serde_json::to_value(fixtures::fleet()).unwrap()));
        all
    }

    #[test]
    fn every_status_is_what_the_schema_promises() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        for (name, document) in documents() {
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(Vec::<String>::new(), errors, "{name}");
        }
    }

    #[test]
    fn a_status_that_breaks_the_promise_is_refused() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let good = serde_json::to_value(fixtures::stuck().model()).unwrap();
        for (name, pointer, value) in [
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
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert!(!validator.is_valid(&bad), "{name}");
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
        let schema = schema();
        let mut all = Vec::new();
        objects("", &schema, &mut all);
        assert!(all.len() > 20, "{}", all.len());
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
        let mut instances = BTreeSet::new();
        for (_, document) in documents() {
            seen(&document, &mut instances);
        }
        let schema = schema();
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
