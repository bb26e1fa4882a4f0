//! `/version`, health and discovery: what kubectl asks before it asks for objects.

use serde_json::{Value, json};

use super::access::ANONYMOUS;
use super::http::Answer;
use super::refusal::Refusal;
use super::resources::{RESOURCES, Resource, Scope};

/// What kind of cluster this pretends to be.
pub(crate) struct Personality {
    /// As in `gitVersion`, without the `v`: `1.34.4`.
    pub(crate) version: String,
    /// Groups served by aggregated API servers, which this server lists and does not have.
    pub(crate) aggregated: Vec<String>,
}

/// What everybody may know; the rest is for those who are logged in.
const PUBLIC: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

pub(crate) fn judge(user: &str, path: &str) -> Result<(), Refusal> {
    if user != ANONYMOUS || PUBLIC.contains(&path) {
        return Ok(());
    }
    let message = format!("forbidden: User {user:?} cannot get path {path:?}");
    Err(Refusal::generic(403, "Forbidden", &message))
}

/// Answers what is not about objects. `None` for every other path.
pub(crate) fn answer(path: &str, personality: &Personality) -> Option<Answer> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let body = match segments[..] {
        ["healthz" | "livez" | "readyz"] => {
            return Some(Answer::new(200, "text/plain; charset=utf-8", "ok"));
        }
        ["version"] => version(&personality.version),
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"]}),
        ["apis"] => groups(&personality.aggregated),
        ["api", version] => resources("", version)?,
        ["apis", group, version] => resources(group, version)?,
        _ => return None,
    };
    Some(Answer::json(200, &body))
}

fn version(version: &str) -> Value {
    let mut numbers = version.split('.');
    json!({
        "major": numbers.next(),
        "minor": numbers.next(),
        "gitVersion": format!("v{version}"),
        "platform": "linux/amd64",
    })
}

fn groups(aggregated: &[String]) -> Value {
    let mut names: Vec<(&str, &str)> = RESOURCES
        .iter()
        .map(|row| (row.group, row.version))
        .collect();
    names.retain(|(group, _)| !group.is_empty());
    names.dedup();
    names.extend(aggregated.iter().map(|group| (group.as_str(), "v1beta1")));
    let groups: Vec<_> = names
        .iter()
        .map(|(group, version)| {
            let preferred = json!({
                "groupVersion": format!("{group}/{version}"),
                "version": version,
            });
            json!({"name": group, "versions": [preferred], "preferredVersion": preferred})
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let rows: Vec<&Resource> = RESOURCES
        .iter()
        .filter(|row| (row.group, row.version) == (group, version))
        .collect();
    let api_version = rows.first()?.api_version();
    let verbs: &[&str] = match group {
        "authorization.k8s.io" => &["create"],
        _ => &[
            "create", "delete", "get", "list", "patch", "update", "watch",
        ],
    };
    let list: Vec<_> = rows
        .iter()
        .flat_map(|row| {
            let entry = |name: String, verbs: &[&str]| {
                json!({
                    "name": name,
                    "singularName": row.kind.to_lowercase(),
                    "namespaced": row.scope == Scope::Namespaced,
                    "kind": row.kind,
                    "verbs": verbs,
                })
            };
            let subresources = row.subresources.iter().map(move |sub| {
                entry(format!("{}/{sub}", row.plural), &["get", "patch", "update"])
            });
            std::iter::once(entry(row.plural.to_owned(), verbs)).chain(subresources)
        })
        .collect();
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": list,
    }))
}
