//! The binary: hands over to the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before any client is made: rustls has no provider of its own here, and says so by a panic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tracebloc_images::run(std::env::args_os())
}
