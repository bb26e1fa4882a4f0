//! Looks at the way to the registries from where something stands: from this machine, from a pod,
//! and from a node, by having it pull.
//!
//! Each look is bounded, and what could not be looked at is an outcome that says why.

pub(crate) mod kubelet;
pub(crate) mod layers;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod pull;
