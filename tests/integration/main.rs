//! The binary against a simulated cluster and simulated registries.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends")]

mod completion;
mod connection;
mod doctor;
mod explain;
mod harness;
mod help;
mod in_cluster;
mod layering;
mod packaging;
mod picture;
mod readme;
mod refresh;
mod releases;
mod sim_api;
mod sim_registries;
mod status;
mod streams;
mod tick;
#[path = ".."]
pub mod world {
    pub mod sim;
}
