//! Data to text. Pure: no terminal, no clock, no width that was not passed in.
//!
//! A screen is drawn from a model that is also what `-o json` prints, so nothing can be seen that a script cannot
//! read.

pub(crate) mod digests;
pub(crate) mod explain;
#[cfg(test)]
mod fixtures;
pub(crate) mod fleet;
mod flow;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod news;
pub(crate) mod prometheus;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod theme;
