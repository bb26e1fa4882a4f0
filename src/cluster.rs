//! The world behind the API server: one narrow async function per question.
//!
//! What comes back is turned into the vocabulary of this crate before it leaves the folder.

pub(crate) mod connect;
mod discover;
#[cfg(test)]
mod fixture;
mod images;
mod lean;
mod nodes;
pub(crate) mod observe;
mod pods;
pub(crate) mod read;
mod record;
mod runs;
pub(crate) mod watch;
mod workload;
