//! The three patch formats, applied to a stored object.
//!
//! A merge patch is RFC 7396, a JSON patch RFC 6902. A strategic merge patch merges some lists by
//! a key instead of replacing them and knows directives; source: k8s.io/apimachinery,
//! pkg/util/strategicpatch.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// Returns `object` with the patch of this `Content-Type` applied.
pub(crate) fn apply(content_type: &str, body: &[u8], object: &Value) -> Result<Value, Refusal> {
    let mut after = object.clone();
    match content_type {
        "application/merge-patch+json" => json_patch::merge(&mut after, &parse(body)?),
        "application/strategic-merge-patch+json" => merge_object(&mut after, &parse(body)?)?,
        "application/json-patch+json" => {
            let patch: json_patch::Patch = serde_json::from_slice(body)
                .map_err(|error| Refusal::bad_request(error.to_string()))?;
            json_patch::patch(&mut after, &patch).map_err(|_| {
                let message = "the server rejected our request due to an error in our request";
                Refusal::generic(422, "Invalid", message)
            })?;
        }
        _ => {
            let message = "415: Unsupported Media Type";
            return Err(Refusal::generic(415, "UnsupportedMediaType", message));
        }
    }
    Ok(after)
}

fn parse(body: &[u8]) -> Result<Value, Refusal> {
    match serde_json::from_slice(body) {
        Ok(patch @ Value::Object(_)) => Ok(patch),
        Ok(_) => Err(Refusal::bad_request("the patch is not an object")),
        Err(error) => Err(Refusal::bad_request(format!(
            "error decoding patch: {error}"
        ))),
    }
}

/// The key that tells the items of a list apart. `None` for lists that are replaced as a whole.
/// Source: the `patchMergeKey` tags of k8s.io/api.
pub(crate) fn merge_key(list: &str) -> Option<&'static str> {
    Some(match list {
        "containers"
        | "env"
        | "ephemeralContainers"
        | "imagePullSecrets"
        | "initContainers"
        | "resourceClaims"
        | "secrets"
        | "volumes" => "name",
        "conditions" | "addresses" => "type",
        "hostAliases" | "podIPs" => "ip",
        "ownerReferences" => "uid",
        "ports" => "containerPort",
        "topologySpreadConstraints" => "topologyKey",
        "volumeDevices" => "devicePath",
        "volumeMounts" => "mountPath",
        _ => return None,
    })
}

fn merge_object(target: &mut Value, patch: &Value) -> Result<(), Refusal> {
    let empty = Map::new();
    let patch = patch.as_object().unwrap_or(&empty);
    match patch.get("$patch").and_then(Value::as_str) {
        Some("delete") => {
            *target = json!({});
            return Ok(());
        }
        Some("replace") => *target = json!({}),
        None | Some("merge") => {}
        Some(other) => {
            let map = in_go(&Value::Object(patch.clone()));
            let message = format!("unknown patch type: {other} in map: {map}");
            return Err(Refusal::new(500, "", message));
        }
    }
    if !target.is_object() {
        *target = json!({});
    }
    for (field, value) in patch.iter().filter(|(field, _)| !field.starts_with('$')) {
        if value.is_null() {
            target.as_object_mut().map(|whole| whole.remove(field));
            continue;
        }
        let order = patch.get(&format!("$setElementOrder/{field}"));
        merge_field(&mut target[field], field, value, order)?;
    }
    for (directive, value) in patch {
        if let Some(field) = directive.strip_prefix("$deleteFromPrimitiveList/")
            && let (Some(list), Some(gone)) = (target[field].as_array_mut(), value.as_array())
        {
            list.retain(|item| !gone.contains(item));
        }
    }
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array)
        && let Some(whole) = target.as_object_mut()
    {
        whole.retain(|field, _| kept.iter().any(|name| name == field));
    }
    Ok(())
}

fn merge_field(
    target: &mut Value,
    field: &str,
    patch: &Value,
    order: Option<&Value>,
) -> Result<(), Refusal> {
    match (patch, merge_key(field)) {
        (Value::Object(_), _) => merge_object(target, patch)?,
        (Value::Array(items), Some(key)) => merge_list(target, items, key, order)?,
        (Value::Array(items), None) if field == "finalizers" => {
            let mut list = target.as_array().cloned().unwrap_or_default();
            list.extend(
                items
                    .iter()
                    .filter(|i| !list.contains(i))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            *target = list.into();
        }
        _ => *target = patch.clone(),
    }
    Ok(())
}

fn merge_list(
    target: &mut Value,
    patch: &[Value],
    key: &str,
    order: Option<&Value>,
) -> Result<(), Refusal> {
    let before = target.as_array().cloned().unwrap_or_default();
    let is_replaced = patch.iter().any(|item| item["$patch"] == "replace");
    let mut merged = if is_replaced {
        Vec::new()
    } else {
        before.clone()
    };
    let items: Vec<_> = patch
        .iter()
        .filter(|item| item["$patch"] != "replace")
        .collect();
    for item in &items {
        if item[key].is_null() {
            // The server has no better word for it than the error of the merge, as a 500.
            let item = in_go(item);
            let message = format!("map: {item} does not contain declared merge key: {key}");
            return Err(Refusal::new(500, "", message));
        }
        let place = merged.iter().position(|old| old[key] == item[key]);
        match (item["$patch"].as_str(), place) {
            (Some("delete"), Some(place)) => drop(merged.remove(place)),
            (Some("delete"), None) => {}
            (_, Some(place)) => merge_object(&mut merged[place], item)?,
            (_, None) => {
                let mut new = json!({});
                merge_object(&mut new, item)?;
                merged.push(new);
            }
        }
    }
    let wanted: Vec<Value> = match order.and_then(Value::as_array) {
        Some(order) => order.clone(),
        None => items.into_iter().cloned().collect(),
    };
    *target = in_order(merged, &wanted, &before, key).into();
    Ok(())
}

/// Items named by the patch stand in the patch's order; the server's other items keep theirs and
/// go before the first patched item that followed them. So a new item stands before the others.
fn in_order(merged: Vec<Value>, wanted: &[Value], before: &[Value], key: &str) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| list.iter().position(|old| old[key] == item[key]);
    let (mut named, others): (Vec<_>, Vec<_>) = merged
        .into_iter()
        .partition(|item| place(wanted, item).is_some());
    named.sort_by_key(|item| place(wanted, item));
    let mut named = named.into_iter().peekable();
    let mut all = Vec::new();
    for other in others {
        while let Some(next) = named.next_if(|item| {
            let (ours, theirs) = (place(before, &other), place(before, item));
            ours > theirs
        }) {
            all.push(next);
        }
        all.push(other);
    }
    all.extend(named);
    all
}

/// As Go prints a value: `map[image:x ports:[80 81]]`.
fn in_go(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(" ");
    match value {
        Value::Object(map) => {
            let mut parts: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k}:{}", in_go(v)))
                .collect();
            parts.sort();
            format!("map[{}]", join(parts))
        }
        Value::Array(list) => format!("[{}]", join(list.iter().map(in_go).collect())),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
