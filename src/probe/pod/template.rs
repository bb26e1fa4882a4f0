//! The pod that looks: the refresher's own, with another command and without what it could do harm with.

use serde_json::{Map, Value, json};

/// The refresher's pod template, as far as a probe takes it over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Original {
    /// As the API has it.
    pub(crate) template: Value,
    /// The container whose place the probe takes.
    pub(crate) container: String,
    pub(crate) image: String,
}

const SCRIPT: &str = include_str!("probe.sh");

/// Where the probe keeps its answers while it runs.
const FOLDER: &str = "/tracebloc-images-probe";
const VOLUME: &str = "tracebloc-images-probe";

/// A pod template as the API takes it. `node` is where the scheduler has to put it; `None` leaves it the choice.
pub(crate) fn template(original: &Original, words: &[String], node: Option<&str>) -> Value {
    let mut template = original.template.clone();
    let metadata = object(&mut template["metadata"]);
    metadata.retain(|key, _| key == "labels" || key == "annotations");
    let spec = object(&mut template["spec"]);
    spec.remove("initContainers");
    spec.remove("nodeName");
    spec.remove("ephemeralContainers");
    // OnFailure starts the container anew, and its message is lost.
    spec.insert("restartPolicy".to_owned(), "Never".into());
    spec.insert("terminationGracePeriodSeconds".to_owned(), 1.into());
    spec.insert("enableServiceLinks".to_owned(), false.into());
    spec.insert("automountServiceAccountToken".to_owned(), false.into());
    let dropped = drop_volumes(spec);
    let mut container = own_container(spec, &original.container);
    command(object(&mut container), original, words, &dropped);
    restrict(
        object(spec.entry("securityContext").or_insert_with(|| json!({}))),
        &container,
    );
    spec.insert("containers".to_owned(), json!([container]));
    if let Some(node) = node {
        pin(spec, node);
    }
    template
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it has just been made one"),
    }
}

/// The script that it would mount, and whatever identity projected volumes would give it. Adds a place to write.
fn drop_volumes(spec: &mut Map<String, Value>) -> Vec<String> {
    let all = spec.remove("volumes").unwrap_or_default();
    let is_kept = |volume: &&Value| !is_script(volume) && !gives_token(volume);
    let all: Vec<Value> = all.as_array().cloned().unwrap_or_default();
    let mut kept: Vec<Value> = all.iter().filter(is_kept).cloned().collect();
    let dropped = all
        .iter()
        .filter(|volume| !is_kept(volume))
        .filter_map(|volume| volume["name"].as_str().map(str::to_owned))
        .collect();
    kept.push(json!({"name": VOLUME, "emptyDir": {"sizeLimit": "64Mi"}}));
    spec.insert("volumes".to_owned(), kept.into());
    dropped
}

/// A site's authorities may come by another map, which is kept.
fn is_script(volume: &Value) -> bool {
    let map = volume["configMap"]["name"].as_str();
    map.is_some_and(|map| volume["name"] == "scripts" || map.contains("image-refresh"))
}

fn gives_token(volume: &Value) -> bool {
    let sources = volume["projected"]["sources"].as_array();
    sources
        .into_iter()
        .flatten()
        .any(|source| source["serviceAccountToken"].is_object())
}

fn own_container(spec: &Map<String, Value>, name: &str) -> Value {
    let containers = spec.get("containers").and_then(Value::as_array);
    let mut containers = containers.into_iter().flatten();
    let own = containers.find(|container| container["name"] == name);
    own.cloned().unwrap_or_else(|| json!({"name": name}))
}

fn command(
    container: &mut Map<String, Value>,
    original: &Original,
    words: &[String],
    dropped: &[String],
) {
    const OTHERS: [&str; 8] = [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "ports",
        "workingDir",
        "terminationMessagePath",
        "terminationMessagePolicy",
    ];
    for key in OTHERS {
        container.remove(key);
    }
    let said: Vec<&str> = ["probe"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    container.insert("image".to_owned(), original.image.as_str().into());
    container.insert("imagePullPolicy".to_owned(), "IfNotPresent".into());
    container.insert("command".to_owned(), json!(["sh", "-c", SCRIPT]));
    container.insert("args".to_owned(), json!(said));
    let mounts = container.remove("volumeMounts").unwrap_or_default();
    let mounts = mounts.as_array().cloned().unwrap_or_default();
    let is_kept = |mount: &Value| !dropped.iter().any(|name| mount["name"] == name.as_str());
    let mut mounts: Vec<Value> = mounts.into_iter().filter(is_kept).collect();
    mounts.push(json!({"name": VOLUME, "mountPath": FOLDER}));
    container.insert("volumeMounts".to_owned(), mounts.into());
    let resources = object(container.entry("resources").or_insert_with(|| json!({})));
    if resources.is_empty() {
        resources.insert(
            "requests".to_owned(),
            json!({"cpu": "20m", "memory": "32Mi"}),
        );
        resources.insert("limits".to_owned(), json!({"memory": "128Mi"}));
    }
    let security = object(
        container
            .entry("securityContext")
            .or_insert_with(|| json!({})),
    );
    default(security, "allowPrivilegeEscalation", false.into());
    default(security, "capabilities", json!({"drop": ["ALL"]}));
    default(security, "readOnlyRootFilesystem", true.into());
}

/// What Pod Security's `restricted` demands and the original leaves open.
fn restrict(pod: &mut Map<String, Value>, container: &Value) {
    let own = &container["securityContext"];
    for (key, value) in [
        ("runAsNonRoot", Value::from(true)),
        ("runAsUser", 65534.into()),
        ("seccompProfile", json!({"type": "RuntimeDefault"})),
    ] {
        if own.get(key).is_none() {
            default(pod, key, value);
        }
    }
}

fn default(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.entry(key).or_insert(value);
}

/// By affinity and not by `nodeName`: the scheduler has its say, and its words are told.
fn pin(spec: &mut Map<String, Value>, node: &str) {
    let own = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    let affinity = object(spec.entry("affinity").or_insert_with(|| json!({})));
    let of_nodes = object(affinity.entry("nodeAffinity").or_insert_with(|| json!({})));
    let required = object(
        of_nodes
            .entry("requiredDuringSchedulingIgnoredDuringExecution")
            .or_insert_with(|| json!({})),
    );
    let terms = required
        .entry("nodeSelectorTerms")
        .or_insert_with(|| json!([]));
    match terms.as_array_mut() {
        // Any term suffices, so each has to hold it.
        Some(terms) if !terms.is_empty() => {
            for term in terms {
                match object(term)
                    .entry("matchFields")
                    .or_insert_with(|| json!([]))
                {
                    Value::Array(fields) => fields.push(own.clone()),
                    other => *other = json!([own]),
                }
            }
        }
        _ => *terms = json!([{"matchFields": [own]}]),
    }
}

#[cfg(test)]
mod tests;
