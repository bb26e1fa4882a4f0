//! The binary against a simulated cluster and simulated registries.

fn main() {}
