//! A write with the version that was seen: repeated where only others' writes came between, given up where they changed
//! what it rests on.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Workload, call, scope};
use crate::cluster::connect::Cluster;
use crate::cluster::record::record;
use crate::cluster::write::{Effect, Patch};
use crate::error::Error;
use crate::observation::Target;
use crate::text::{QUOTED, printable};

/// How often a write is sent that others' writes, to the status above all, get ahead of.
const TRIES: u32 = 5;

/// Before a write is sent again; longer each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest wait that a busy server may ask for before a write is sent again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Sends a patch with the version that was seen. Where others were first, it is sent again only if neither the
/// mechanism's annotations nor the pod template are theirs. An answer that is lost is an error, as for kubectl.
pub(super) async fn change<W: Workload>(
    cluster: &Cluster,
    target: &Target,
    seen: &W,
    patch: &Patch,
) -> Result<W, Error> {
    let (scope, name) = (scope(target), target.name.as_str());
    let mut version = seen.meta().resource_version.clone();
    let mut tries = TRIES;
    loop {
        let versioned = with_version(patch, version.as_deref());
        let sent = cluster.patch::<W>(scope, name, &versioned, Effect::Persisted);
        tries -= 1;
        match sent.await {
            Err(Error::Busy { retry_after, .. }) if tries > 0 => {
                sleep(retry_after.clamp(PAUSE, LONGEST_PAUSE)).await;
            }
            // Reading and pausing by turns: a controller writes the status more than once.
            Err(Error::Conflict { .. }) if tries > 0 => {
                let now: W = cluster.get(scope, name).await?;
                if let Some(why) = changed(seen, &now) {
                    return Err(underneath(target, why));
                }
                version = now.meta().resource_version.clone();
                sleep(PAUSE * (TRIES - tries - 1)).await;
            }
            answer => return answer,
        }
    }
}

fn with_version(patch: &Patch, version: Option<&str>) -> Patch {
    let versioned = |value: &Value| {
        let mut value = value.clone();
        value["metadata"]["resourceVersion"] = json!(version);
        value
    };
    match patch {
        Patch::Merge(value) => Patch::Merge(versioned(value)),
        Patch::Strategic(value) => Patch::Strategic(versioned(value)),
    }
}

/// What of that which a plan rests on is no longer as it was seen.
fn changed<W: Workload>(seen: &W, now: &W) -> Option<String> {
    if seen.meta().uid != now.meta().uid {
        return Some("it is another object of the same name".to_owned());
    }
    let template =
        (seen.template() != now.template()).then(|| "its pod template has changed".to_owned());
    changed_mark(seen.meta(), now.meta()).or(template)
}

/// The first annotation of the mechanism that differs.
pub(super) fn changed_mark(seen: &ObjectMeta, now: &ObjectMeta) -> Option<String> {
    let (seen, now) = (record(seen).annotations, record(now).annotations);
    let mut keys: Vec<_> = seen.keys().chain(now.keys()).collect();
    keys.sort();
    let key = keys
        .into_iter()
        .find(|key| seen.get(*key) != now.get(*key))?;
    let shown = |value: Option<&String>| match value {
        Some(value) => format!("\"{}\"", printable(value, QUOTED)),
        None => "absent".to_owned(),
    };
    let (key, was, is) = (
        printable(key, QUOTED),
        shown(seen.get(key)),
        shown(now.get(key)),
    );
    Some(format!("annotation {key} was {was}, and is {is} now"))
}

pub(super) fn underneath(target: &Target, why: String) -> Error {
    let call = call("change", target);
    Error::Conflict { call, why }
}
