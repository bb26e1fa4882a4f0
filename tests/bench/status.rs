//! Requests and round trips of `status`, measured beside other tools.

fn main() {}
