//! The world behind the API server: one narrow async function per question.
//!
//! What comes back is turned into the vocabulary of this crate before it leaves the folder.

pub(crate) mod access;
pub(crate) mod apply;
pub(crate) mod charts;
pub(crate) mod connect;
mod discover;
#[cfg(test)]
pub(crate) mod fixture;
mod images;
pub(crate) mod job;
mod lean;
mod names;
mod nodes;
pub(crate) mod observe;
pub(crate) mod original;
pub(crate) mod ownership;
mod pods;
pub(crate) mod policies;
pub(crate) mod pulls;
pub(crate) mod read;
mod record;
pub(crate) mod rollout;
pub(crate) mod run_now;
pub(crate) mod runs;
pub(crate) mod tick;
pub(crate) mod watch;
mod workload;
pub(crate) mod write;
