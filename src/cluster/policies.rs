//! `NetworkPolicies` that govern what leaves the refresher's pods, in a few words each.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ListParams;
use std::collections::BTreeMap;

use super::connect::Cluster;
use super::read::Scope;
use crate::error::Error;
use crate::observation::{Blind, Seen};
use crate::reading::Policy;
use crate::release::CronJob;
use crate::text::{QUOTED, printable};

/// Those of the namespace that select the refresher's pods and restrict what they send, by name.
pub(crate) async fn of_refresher(
    cluster: &Cluster,
    namespace: &str,
    cron_job: &CronJob,
) -> Seen<Vec<Policy>> {
    let scope = Scope::Namespace(namespace);
    let all = cluster
        .list::<NetworkPolicy>(scope, &ListParams::default())
        .await;
    let all = all.map_err(|error: Error| Blind(printable(&error.to_string(), QUOTED)))?;
    Ok(selecting(&all, &cron_job.pod_labels))
}

fn selecting(all: &[NetworkPolicy], labels: &BTreeMap<String, String>) -> Vec<Policy> {
    let mut policies: Vec<Policy> = all
        .iter()
        .filter_map(|policy| {
            let spec = policy.spec.as_ref()?;
            // Egress is restricted where the types say so, and where rules for it are given without any type.
            let types = spec.policy_types.as_deref().unwrap_or_default();
            let restricts = types.iter().any(|kind| kind == "Egress")
                || types.is_empty() && spec.egress.is_some();
            let selector = spec.pod_selector.clone().unwrap_or_default();
            if !restricts || !selects(&selector, labels) {
                return None;
            }
            let name = policy.metadata.name.as_deref().unwrap_or_default();
            Some(Policy {
                name: printable(name, QUOTED),
                allows: spec.egress.iter().flatten().map(rule).collect(),
            })
        })
        .collect();
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    policies
}

/// As Kubernetes matches labels ("Labels and Selectors"). An empty selector selects everything.
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let is_equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
    let holds = selector.match_expressions.iter().flatten().all(|one| {
        let value = labels.get(&one.key);
        let is_listed =
            value.is_some_and(|value| one.values.iter().flatten().any(|it| it == value));
        match one.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    });
    holds && selector.match_labels.iter().flatten().all(is_equal)
}

/// `UDP 53 to pods k8s-app=kube-dns`, `everything`.
fn rule(rule: &NetworkPolicyEgressRule) -> String {
    let ports: Vec<String> = rule.ports.iter().flatten().map(port).collect();
    let peers: Vec<String> = rule.to.iter().flatten().map(peer).collect();
    let text = match (ports.is_empty(), peers.is_empty()) {
        (true, true) => "everything".to_owned(),
        (true, false) => format!("everything to {}", peers.join(" or ")),
        (false, true) => ports.join(", "),
        (false, false) => format!("{} to {}", ports.join(", "), peers.join(" or ")),
    };
    printable(&text, QUOTED)
}

fn port(port: &NetworkPolicyPort) -> String {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    let number = match &port.port {
        None => "any port".to_owned(),
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(name)) => name.clone(),
    };
    match port.end_port {
        Some(end) => format!("{protocol} {number}-{end}"),
        None => format!("{protocol} {number}"),
    }
}

fn peer(peer: &NetworkPolicyPeer) -> String {
    if let Some(block) = &peer.ip_block {
        let except = block.except.as_deref().unwrap_or_default();
        return match except {
            [] => block.cidr.clone(),
            some => format!("{} but {}", block.cidr, some.join(", ")),
        };
    }
    let words = |what: &str, selector: &LabelSelector| {
        let labels: Vec<String> = selector
            .match_labels
            .iter()
            .flatten()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let expressions = selector.match_expressions.iter().flatten();
        let expressions = expressions.map(|one| format!("{} {}", one.key, one.operator));
        let all: Vec<String> = labels.into_iter().chain(expressions).collect();
        match &all[..] {
            [] => format!("all {what}"),
            some => format!("{what} {}", some.join(",")),
        }
    };
    let pods = peer.pod_selector.as_ref().map(|it| words("pods", it));
    let namespaces = peer
        .namespace_selector
        .as_ref()
        .map(|it| words("namespaces", it));
    match (pods, namespaces) {
        (Some(pods), Some(namespaces)) => format!("{pods} in {namespaces}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "nobody".to_owned(),
    }
}

#[cfg(test)]
mod tests;
