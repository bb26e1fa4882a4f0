//! The JSON Schemas (2020-12) that `schema` prints. Written by hand: they are the promise, the model keeps it.

pub(crate) const STATUS: &str = include_str!("schema/status.json");
pub(crate) const PLAN: &str = include_str!("schema/plan.json");
pub(crate) const REPORT: &str = include_str!("schema/report.json");
pub(crate) const DOCTOR: &str = include_str!("schema/doctor.json");

#[cfg(test)]
mod tests;
