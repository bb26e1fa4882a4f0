//! Nodes, and which of them a workload may land on.

use std::collections::BTreeMap;

use crate::image::Platform;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: Vec<Taint>,
    pub(crate) standing: Standing,
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
