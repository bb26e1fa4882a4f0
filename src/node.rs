//! Nodes, and which of them a workload may land on.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::Platform;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: Vec<Taint>,
    pub(crate) standing: Standing,
    /// The images that it holds, by tag and by digest, as the kubelet spells them. A kubelet lists its 50 largest.
    pub(crate) images: BTreeSet<String>,
}

/// What the scheduler may do with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Standing {
    Ready,
    /// Cordoned: runs what it has, takes nothing new.
    Unschedulable,
    NotReady,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taint {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) effect: String,
}

/// The part of a pod spec that chooses nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scheduling {
    pub(crate) node_selector: BTreeMap<String, String>,
    /// Required node affinity: any term suffices; within a term, every expression must hold. Empty: no demand.
    pub(crate) affinity: Vec<Vec<Expression>>,
    pub(crate) tolerations: Vec<Toleration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    /// A label, or `metadata.name` of a `matchFields` entry.
    pub(crate) key: String,
    pub(crate) operator: String,
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toleration {
    /// `None` tolerates every key.
    pub(crate) key: Option<String>,
    pub(crate) operator: String,
    pub(crate) value: String,
    /// `None` tolerates every effect.
    pub(crate) effect: Option<String>,
}

/// The nodes that a pod with these demands may be put on now: schedulable and ready, and matching selector, required
/// affinity and tolerations as the scheduler does (Kubernetes, "Assigning Pods to Nodes", "Taints and Tolerations").
/// Without any demand that is every ready node that has no taint against it.
pub(crate) fn eligible<'a>(nodes: &'a [Node], demands: &Scheduling) -> Vec<&'a Node> {
    nodes
        .iter()
        .filter(|node| node.standing == Standing::Ready)
        .filter(|node| demands.select(node) && demands.tolerate(node))
        .collect()
}

impl Scheduling {
    fn select(&self, node: &Node) -> bool {
        let has_label = |(key, value): (&String, &String)| node.labels.get(key) == Some(value);
        // A term without expressions matches nothing.
        let holds =
            |term: &Vec<Expression>| !term.is_empty() && term.iter().all(|one| one.holds(node));
        self.node_selector.iter().all(has_label)
            && (self.affinity.is_empty() || self.affinity.iter().any(holds))
    }

    fn tolerate(&self, node: &Node) -> bool {
        let is_tolerated = |taint: &Taint| self.tolerations.iter().any(|one| one.covers(taint));
        node.taints
            .iter()
            .filter(|taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute"))
            .all(is_tolerated)
    }
}

impl Expression {
    fn holds(&self, node: &Node) -> bool {
        let label = match self.key.as_str() {
            "metadata.name" => Some(&node.name),
            key => node.labels.get(key),
        };
        let is_listed = label.is_some_and(|label| self.values.contains(label));
        match self.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            "Gt" => self.compares(label, |label, bound| label > bound),
            "Lt" => self.compares(label, |label, bound| label < bound),
            _ => false,
        }
    }

    fn compares(&self, label: Option<&String>, holds: impl Fn(i64, i64) -> bool) -> bool {
        let [bound] = &self.values[..] else {
            return false;
        };
        match (label.map(|label| label.parse()), bound.parse()) {
            (Some(Ok(label)), Ok(bound)) => holds(label, bound),
            _ => false,
        }
    }
}

impl Toleration {
    fn covers(&self, taint: &Taint) -> bool {
        let value = match self.operator.as_str() {
            "Exists" => true,
            "" | "Equal" => self.key.is_some() && self.value == taint.value,
            _ => false,
        };
        value
            && self.key.as_ref().is_none_or(|key| *key == taint.key)
            && self
                .effect
                .as_ref()
                .is_none_or(|effect| *effect == taint.effect)
    }
}

#[cfg(test)]
mod tests;
