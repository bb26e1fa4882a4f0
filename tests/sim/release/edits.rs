//! What operators and other tools do to the objects of a release behind the chart's back.

use serde_json::{Value, json};

/// Sets a literal environment value in a pod template: the last entry of that name, a new one if
/// there is none. An empty value leaves an entry that has only a name, as an API server keeps it.
pub fn set_env(template: &mut Value, container: &str, name: &str, value: &str) {
    let entry = match value {
        "" => json!({ "name": name }),
        _ => json!({ "name": name, "value": value }),
    };
    put_env(template, container, entry);
}

/// Takes an environment value from the `ConfigMap` `site`, which need not exist.
pub fn set_env_from(template: &mut Value, container: &str, name: &str) {
    let source = json!({ "configMapKeyRef": { "name": "site", "key": name } });
    put_env(
        template,
        container,
        json!({ "name": name, "valueFrom": source }),
    );
}

/// A pod template without containers: no API server takes it, and a broken one may hold it.
pub fn take_containers(template: &mut Value) {
    template["spec"]["containers"] = json!([]);
}

fn put_env(template: &mut Value, container: &str, entry: Value) {
    let containers = template["spec"]["containers"].as_array_mut();
    let mut containers = containers.into_iter().flatten();
    let Some(container) = containers.find(|found| found["name"] == container) else {
        return;
    };
    if container["env"].is_null() {
        container["env"] = json!([]);
    }
    if let Some(entries) = container["env"].as_array_mut() {
        match entries
            .iter()
            .rposition(|found| found["name"] == entry["name"])
        {
            Some(last) => entries[last] = entry,
            None => entries.push(entry),
        }
    }
}
