//! Paths and verbs: from a request to the answer of the API.

use std::sync::Arc;

use serde_json::{Value, json};

use super::access::Asked;
use super::http::{Answer, Call};
use super::listing::{Snapshot, View};
use super::ownership::Writer;
use super::refusal::Refusal;
use super::selectors::Selector;
use super::target::{Path, Target};
use super::write::{Commit, Dependents};
use super::{Site, discovery, logs, patch, watch};

/// Answers a request. `certificate` is the name in the client's certificate.
pub(crate) fn answer(site: &Arc<Site>, certificate: Option<&str>, call: &Call) -> Answer {
    route(site, certificate, call).unwrap_or_else(|refusal| Answer::refusal(&refusal))
}

fn route(site: &Arc<Site>, certificate: Option<&str>, call: &Call) -> Result<Answer, Refusal> {
    let user = identify(site, certificate, call)?;
    let Some(path) = Path::parse(&call.path) else {
        discovery::judge(&user, &call.path)?;
        let found = site.act(|state| discovery::answer(&call.path, &state.personality));
        let nothing = || Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n");
        return Ok(found.unwrap_or_else(nothing));
    };
    let verb = path.verb(&call.method, call.has("watch"));
    site.act(|state| state.access.judge(&user, &path.asked(verb)))?;
    let target = path.resolve()?;
    let view = match verb {
        "list" => View::of_list(call.header("accept")),
        _ => View::of_object(call.header("accept")),
    }?;
    match (verb, target.subresource.as_deref()) {
        ("get", Some("log")) => read_log(site, call, &target),
        ("get", _) => read(site, &target, view),
        ("list", _) => list(site, call, &target, view),
        ("watch", _) => watch::answer(site, call, &target, view),
        ("create", None) if target.resource.group == "authorization.k8s.io" => {
            review(site, call, &target, &user)
        }
        ("create", None) if target.name.is_none() => create(site, call, &target, view),
        ("patch" | "update", None | Some("status")) => change(site, call, &target, view),
        ("delete", None) => delete(site, call, &target),
        _ => {
            let message = "the server does not allow this method on the requested resource";
            Err(Refusal::generic(405, "MethodNotAllowed", message))
        }
    }
}

/// Who the request counts as: the caller, or whom the caller impersonates.
fn identify(site: &Site, certificate: Option<&str>, call: &Call) -> Result<String, Refusal> {
    site.act(|state| {
        let user = state
            .access
            .user(call.header("authorization"), certificate)?;
        let Some(other) = call.header("impersonate-user") else {
            return Ok(user);
        };
        let asked = Asked {
            verb: "impersonate".to_owned(),
            group: String::new(),
            resource: "users".to_owned(),
            subresource: String::new(),
            namespace: String::new(),
            name: other.to_owned(),
        };
        state.access.judge(&user, &asked)?;
        Ok(other.to_owned())
    })
}

fn read(site: &Site, target: &Target, view: View) -> Result<Answer, Refusal> {
    let at = target.at();
    let found = site.act(|state| state.store.find(&at));
    let object = found.ok_or_else(|| Refusal::not_found(at.resource, &at.name))?;
    Ok(Answer::json(200, &view.show(&object)))
}

fn list(site: &Site, call: &Call, target: &Target, view: View) -> Result<Answer, Refusal> {
    let selector = selector(call, target)?;
    let limit = call
        .number("limit")
        .and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0);
    let page = site.act(|state| {
        let store = &mut state.store;
        if let Some(token) = call.parameter("continue") {
            return store.snapshots.following(token, limit);
        }
        let mut objects = store.all(target.resource, target.namespace.as_deref());
        objects.retain(|object| selector.matches(object));
        let snapshot = Snapshot {
            objects: Arc::new(objects),
            version: store.version(),
            is_selected: !selector.is_empty(),
        };
        Ok(store.snapshots.first(snapshot, limit))
    })?;
    let body = page.body(target.resource, view);
    Ok(Answer::new(200, "application/json", body))
}

/// The label and field selectors of a list or a watch.
pub(crate) fn selector(call: &Call, target: &Target) -> Result<Selector, Refusal> {
    Selector::parse(
        target.resource,
        call.parameter("labelSelector").unwrap_or_default(),
        call.parameter("fieldSelector").unwrap_or_default(),
    )
}

fn read_log(site: &Arc<Site>, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let at = target.at();
    let run = if call.has("previous") {
        logs::Run::Previous
    } else {
        logs::Run::Current
    };
    let found = site.act(|state| state.store.find(&at));
    let pod = found.ok_or_else(|| Refusal::not_found(at.resource, &at.name))?;
    let container = logs::container(&pod, call.parameter("container"))?;
    logs::readable(&pod, &container, run)?;
    let source = logs::Source { at, container, run };
    let limit = |name: &str| {
        call.number(name)
            .and_then(|limit| usize::try_from(limit).ok())
    };
    let (lines, bytes) = (limit("tailLines"), limit("limitBytes"));
    if call.has("follow") {
        return Ok(Answer::stream(
            "text/plain",
            logs::follow(site, source, lines),
        ));
    }
    let text = site.act(|state| logs::cut(source.read(&state.store), lines, bytes).to_vec());
    Ok(Answer::new(200, "text/plain", text))
}

fn create(site: &Site, call: &Call, target: &Target, view: View) -> Result<Answer, Refusal> {
    let object = typed(call.object()?, target);
    let (at, manager, commit) = (target.at(), manager(call), commit(call)?);
    let created = site.act(|state| state.store.create(&at, object, &manager, commit))?;
    Ok(Answer::json(201, &view.show(&created)))
}

/// A sent object may leave its type to the path.
fn typed(mut object: Value, target: &Target) -> Value {
    for (field, value) in [
        ("kind", target.resource.kind.into()),
        ("apiVersion", target.resource.api_version().into()),
        ("metadata", json!({})),
    ] {
        if object[field].is_null() {
            object[field] = value;
        }
    }
    object
}

fn change(site: &Site, call: &Call, target: &Target, view: View) -> Result<Answer, Refusal> {
    let (at, manager, commit) = (target.at(), manager(call), commit(call)?);
    let writer = Writer {
        manager: &manager,
        subresource: target.subresource.as_deref(),
    };
    let content_type = call.header("content-type").unwrap_or_default();
    let changed = site.act(|state| {
        state.store.update(&at, &writer, commit, |object| {
            if call.method == "PUT" {
                return call.object();
            }
            patch::apply(content_type, &call.body, object)
        })
    })?;
    Ok(Answer::json(200, &view.show(&changed)))
}

fn delete(site: &Site, call: &Call, target: &Target) -> Result<Answer, Refusal> {
    let options = if call.body.is_empty() {
        json!({})
    } else {
        call.object()?
    };
    let at = target.at();
    let policy = options["propagationPolicy"].as_str();
    // For backwards compatibility, batch/v1 leaves the pods of a Job behind unless told otherwise.
    let unsaid = match at.resource.kind {
        "Job" => "Orphan",
        _ => "Background",
    };
    let policy = policy.or_else(|| call.parameter("propagationPolicy"));
    let dependents = match policy.unwrap_or(unsaid) {
        "Orphan" => Dependents::Orphaned,
        "Background" | "Foreground" => Dependents::Deleted,
        other => {
            let why = format!(
                "Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \
                 \"Orphan\", \"nil\""
            );
            let kind = ("DeleteOptions", "meta.k8s.io", "");
            return Err(Refusal::invalid(kind, "propagationPolicy", &why));
        }
    };
    let is_dry_run = options["dryRun"][0] == "All";
    let commit = if is_dry_run {
        Commit::DryRun
    } else {
        commit(call)?
    };
    let preconditions = &options["preconditions"];
    let last = site.act(|state| state.store.delete(&at, preconditions, dependents, commit))?;
    let body = match at.resource.kind {
        "Pod" | "Namespace" | "ServiceAccount" => (*last).clone(),
        _ => json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {
                "name": at.name,
                "group": at.resource.group,
                "kind": at.resource.plural,
                "uid": last["metadata"]["uid"],
            },
        }),
    };
    Ok(Answer::json(200, &body))
}

fn review(site: &Site, call: &Call, target: &Target, user: &str) -> Result<Answer, Refusal> {
    let review = typed(call.object()?, target);
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let kind = target.resource.kind;
    let answer = site.act(|state| state.access.review(kind, user, namespace, review))?;
    Ok(Answer::json(201, &answer))
}

/// Whose fields the written ones become: the stated manager, or the name of the program.
fn manager(call: &Call) -> String {
    let program = || call.header("user-agent")?.split('/').next();
    let stated = call.parameter("fieldManager").or_else(program);
    stated
        .filter(|name| !name.is_empty())
        .unwrap_or("unknown")
        .to_owned()
}

fn commit(call: &Call) -> Result<Commit, Refusal> {
    match call.parameter("dryRun") {
        None => Ok(Commit::Stored),
        Some("All") => Ok(Commit::DryRun),
        Some(other) => Err(Refusal::invalid(
            ("PatchOptions", "meta.k8s.io", ""),
            "dryRun",
            &format!("Unsupported value: {other:?}: supported values: \"All\""),
        )),
    }
}
