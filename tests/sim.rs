//! The simulated world: what a site holds, and who answers there.
//!
//! A suite takes it in as `#[path = ".."] mod world { pub mod sim; }`, so that the folders below
//! are found wherever the suite itself lies. The integration suite uses all of it, so nothing here
//! is dead there; a suite that uses a part says so with `#[expect(dead_code, reason = "...")]`.

pub mod api;
pub mod probe;
pub mod registries;
pub mod release;
pub mod site;
pub mod stage;
