//! The simulated world: what a site holds, and who answers there.
//!
//! A suite takes it in as `#[path = ".."] mod world { pub mod sim; }`, so that the folders below
//! are found wherever the suite itself lies.

pub mod release;
