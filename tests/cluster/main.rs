//! The binary, run by the real kubectl, against a real Kubernetes whose registries can be broken
//! for pods, node and laptop separately.
//!
//! `tests/cluster/cluster test` runs it and proves that nothing is left behind; it needs root.
//! All tests share one lab, which ends with the process; each has namespaces of its own.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a broken lab fails the test that notices it, which shows what it saw"
)]

mod connection;
mod doctor;
mod faults;
mod fleet;
mod installed;
mod lab;
mod network;
mod packed;
mod refresh;
mod rights;
mod run;
mod script;
mod silent;
mod stuck;
mod tick;

/// What the simulated cluster and this one have in common.
#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::struct_field_names,
    reason = "the simulated cluster uses the rest"
)]
#[path = "../sim"]
mod sim {
    pub(crate) mod release;
}

use sim::release;
