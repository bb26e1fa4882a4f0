//! What is set in a workload, and the bodies of the patches that do it, as the API takes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::rollout::RESTARTED_AT;

/// One field of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) field: Field,
    /// As it stands; `None` when absent.
    pub(crate) from: Option<String>,
    pub(crate) to: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Image { container: String },
    Env { container: String, name: String },
    Restart,
}

/// A strategic merge patch that sets these fields of the object of this version, and nothing else.
pub(crate) fn workload(edits: &[Edit], version: &str) -> Value {
    let mut containers: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut template = json!({});
    for edit in edits {
        match &edit.field {
            Field::Image { container } => {
                let entry = containers.entry(container).or_default();
                entry.insert("image".to_owned(), edit.to.clone().into());
            }
            Field::Env { container, name } => {
                let entry = containers.entry(container).or_default();
                entry.insert("env".to_owned(), json!([{"name": name, "value": edit.to}]));
            }
            Field::Restart => {
                template["metadata"]["annotations"][RESTARTED_AT] = edit.to.clone().into();
            }
        }
    }
    if !containers.is_empty() {
        let containers = containers.into_iter().map(|(name, mut fields)| {
            // First, as people write it.
            fields.shift_insert(0, "name".to_owned(), name.into());
            Value::Object(fields)
        });
        template["spec"]["containers"] = containers.collect();
    }
    json!({"metadata": {"resourceVersion": version}, "spec": {"template": template}})
}

/// A merge patch that writes these annotations to the object of this version; `None` removes a key.
pub(crate) fn annotations(annotations: &BTreeMap<String, Option<String>>, version: &str) -> Value {
    json!({"metadata": {"resourceVersion": version, "annotations": annotations}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(field: Field, to: &str) -> Edit {
        Edit {
            field,
            from: None,
            to: to.to_owned(),
        }
    }

    #[test]
    fn one_patch_holds_all_containers_of_a_workload_and_nothing_else() {
        let image = |container: &str| Field::Image {
            container: container.to_owned(),
        };
        let edits = [
            edit(image("api"), "a@1"),
            edit(image("pods-monitor-container"), "p@1"),
        ];
        assert_eq!(
            json!({"metadata": {"resourceVersion": "7"}, "spec": {"template": {"spec": {"containers": [
                {"name": "api", "image": "a@1"}, {"name": "pods-monitor-container", "image": "p@1"}]}}}}),
            workload(&edits, "7")
        );
    }

    #[test]
    fn an_environment_entry_is_set_by_name_and_a_restart_is_kubectls_own() {
        let env = Field::Env {
            container: "api".to_owned(),
            name: "INGESTOR_IMAGE_DIGEST".to_owned(),
        };
        assert_eq!(
            json!({"metadata": {"resourceVersion": "7"}, "spec": {"template": {"spec": {"containers": [
                {"name": "api", "env": [{"name": "INGESTOR_IMAGE_DIGEST", "value": "sha256:1"}]}]}}}}),
            workload(&[edit(env, "sha256:1")], "7")
        );
        assert_eq!(
            json!({"metadata": {"resourceVersion": "7"}, "spec": {"template": {"metadata": {"annotations":
                {"kubectl.kubernetes.io/restartedAt": "2026-06-06T10:00:00Z"}}}}}),
            workload(&[edit(Field::Restart, "2026-06-06T10:00:00Z")], "7")
        );
    }

    #[test]
    fn a_key_is_written_or_removed() {
        let keys = BTreeMap::from([
            ("a".to_owned(), Some("1".to_owned())),
            ("b".to_owned(), None),
        ]);
        assert_eq!(
            json!({"metadata": {"resourceVersion": "7", "annotations": {"a": "1", "b": null}}}),
            annotations(&keys, "7")
        );
    }
}
