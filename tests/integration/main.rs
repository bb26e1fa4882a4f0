//! The binary against a simulated cluster and simulated registries.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends")]

mod layering;
mod releases;
mod sim_api;
mod sim_registries;
#[path = ".."]
pub mod world {
    pub mod sim;
}
