//! What tells, what is ruled out by it, and what nobody has tested.

use super::block::{Block, Place, View, join, view};
use super::table::{Row, Words, fill};
use super::{Case, incident};
use crate::codes::Code;
use crate::observation::ProxySettings;
use crate::reading::{Readings, Step};

pub(super) fn reasons(
    case: &Case<'_>,
    block: &Block<'_>,
    row: &Row,
    words: &Words,
    explains: &[Code],
) -> Vec<String> {
    let readings = case.readings;
    let mut reasons = Vec::new();
    reasons.extend(from_here(readings, block));
    reasons.push(observed(case, block, row, words));
    reasons.extend(policies(readings, block));
    reasons.extend(nodes(readings, block));
    reasons.extend(pods(readings, block));
    if let Some(assessment) = case.assessment
        && explains.contains(&Code::StreakAtThreshold)
    {
        reasons.extend(incident::ruled_out(readings, assessment));
    }
    reasons.extend(follows(explains));
    reasons
}

/// What this machine's own look rules out, where it is not part of the trouble.
fn from_here(readings: &Readings, block: &Block<'_>) -> Option<String> {
    if block.is_from(Place::Here) {
        return None;
    }
    let open: Vec<&str> = block
        .registries()
        .into_iter()
        .filter(|registry| view(readings, Place::Here, registry) == View::Open)
        .collect();
    if open.is_empty() {
        return None;
    }
    let what = join(open.iter().copied());
    let (is, exists) = match open.len() {
        1 => ("is", "the image exists"),
        _ => ("are", "the images exist"),
    };
    Some(format!(
        "This machine reaches {what}, so {what} {is} up and {exists}."
    ))
}

/// `From the pods the name resolves, and port 443 times out, while docker.io works: not DNS, not TLS, not a proxy.`
fn observed(case: &Case<'_>, block: &Block<'_>, row: &Row, words: &Words) -> String {
    let mut text = fill(row.observed, words);
    if !words.fine.is_empty() {
        let verb = if block.fine.len() == 1 {
            "works"
        } else {
            "work"
        };
        text.extend([", while ", &words.fine, " ", verb]);
    }
    let not: Vec<String> = row
        .not
        .iter()
        .filter(|what| **what != "a proxy" || has_no_proxy(case.readings, block))
        .map(|what| format!("not {what}"))
        .collect();
    if !not.is_empty() {
        text.extend([": ", &not.join(", ")]);
    }
    text.push('.');
    if !words.fine.is_empty() && !row.means.is_empty() {
        text.extend([" ", &fill(row.means, words)]);
    }
    text
}

/// Whether none stands on the barred ways, and none is set where the pods look.
fn has_no_proxy(readings: &Readings, block: &Block<'_>) -> bool {
    let is_direct = block
        .sights
        .iter()
        .all(|sight| sight.way.is_some_and(|way| way.proxy.is_none()));
    let is_set = readings
        .release
        .as_ref()
        .is_ok_and(|seen| seen.proxy == ProxySettings::CronJob);
    is_direct && !(block.is_from(Place::Pods) && is_set)
}

/// Whether the cluster itself could be what bars the pods.
fn policies(readings: &Readings, block: &Block<'_>) -> Option<String> {
    let is_policy = matches!(
        block.code,
        Code::Dropped
            | Code::Refused
            | Code::DnsSilent
            | Code::NoAddressFamily
            | Code::TokenHostBlocked
            | Code::LayerHostBlocked
            | Code::ProxyUnreachable
    );
    if !is_policy || !block.is_from(Place::Pods) {
        return None;
    }
    let namespace = &readings.namespace;
    Some(match &readings.policies {
        Err(why) => format!(
            "Whether a NetworkPolicy selects the refresh pods is not known: {}.",
            why.0
        ),
        Ok(policies) if policies.is_empty() => format!(
            "No NetworkPolicy in {namespace} selects the refresh pods: look outside the cluster."
        ),
        Ok(policies) => {
            let each = policies.iter().map(|policy| {
                let allows = match &policy.allows[..] {
                    [] => "nothing".to_owned(),
                    some => some.join("; "),
                };
                format!("{} lets out {allows}", policy.name)
            });
            let each: Vec<String> = each.collect();
            format!(
                "NetworkPolicies in {namespace} select the refresh pods: {}.",
                each.join(". ")
            )
        }
    })
}

fn nodes(readings: &Readings, block: &Block<'_>) -> Option<String> {
    if block.is_from(Place::Nodes) {
        let pull = readings.pulls.iter().find(|pull| pull.result.is_err())?;
        let either = if block.is_from(Place::Pods) {
            " either"
        } else {
            ""
        };
        return Some(format!(
            "Node {} cannot pull {}{either} ({}).",
            pull.node, pull.image, pull.by
        ));
    }
    let registries = block.registries();
    let open = readings
        .pulls
        .iter()
        .find(|pull| pull.result.is_ok() && registries.contains(pull.image.registry.as_str()));
    match open {
        Some(pull) => Some(format!(
            "Node {} has pulled {} ({}): only the way of {} is barred.",
            pull.node,
            pull.image,
            pull.by,
            block.who()
        )),
        None if block.is_from(Place::Pods) => Some("Nodes not tested.".to_owned()),
        None => None,
    }
}

/// What pods tell of a way that is barred elsewhere.
fn pods(readings: &Readings, block: &Block<'_>) -> Option<String> {
    if block.is_from(Place::Pods) {
        return None;
    }
    let registries = block.registries();
    let views: Vec<View> = registries
        .iter()
        .map(|registry| view(readings, Place::Pods, registry))
        .collect();
    let what = join(registries.iter().copied());
    if views.iter().all(|view| *view == View::Open) {
        let look = if block.is_from(Place::Nodes) {
            "what differs is the nodes' container runtime, with its own proxy, authorities and mirrors"
        } else {
            "the cluster refreshes without this machine; look at its VPN and proxy"
        };
        return Some(format!("Pods reach {what}: {look}."));
    }
    let reached = registries.iter().all(|registry| {
        let mut ways = readings
            .pods
            .iter()
            .flat_map(|pod| pod.ways.iter().flatten());
        ways.any(|way| way.registry == **registry && way.has_passed(Step::Connect))
    });
    (!reached).then(|| "Pods not tested.".to_owned())
}

/// `TBI-301 and TBI-401 follow from it.`
pub(super) fn follows(explains: &[Code]) -> Option<String> {
    let codes: Vec<String> = explains.iter().map(ToString::to_string).collect();
    let (words, verb) = match &codes[..] {
        [] => return None,
        [one] => (one.clone(), "follows"),
        many => (join(many.iter().map(String::as_str)), "follow"),
    };
    Some(format!("{words} {verb} from it."))
}
