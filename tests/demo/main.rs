//! The simulated site of the incident, and the real binary against it.

fn main() {}
