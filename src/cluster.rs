//! The world behind the API server: one narrow async function per question.
//!
//! What comes back is turned into the vocabulary of this crate before it leaves the folder.

pub(crate) mod connect;
pub(crate) mod read;
