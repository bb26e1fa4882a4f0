//! Data to text. Pure: no terminal, no clock, no width that was not passed in.
//!
//! A screen is drawn from a model that is also what `-o json` prints, so nothing can be seen that a script cannot
//! read.

pub(crate) mod allowlist;
pub(crate) mod digests;
pub(crate) mod doctor;
pub(crate) mod explain;
#[cfg(test)]
pub(crate) mod fixtures;
pub(crate) mod fleet;
mod flow;
pub(crate) mod in_cluster;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod news;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod prometheus;
pub(crate) mod rbac;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod size;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod theme;
