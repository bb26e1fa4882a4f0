//! The binary against a real Kubernetes.

fn main() {}
