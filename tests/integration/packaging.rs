//! What is published: krew's manifest, the archives, and the workflows that make them.

#[cfg(target_os = "linux")]
mod archive;
mod krew;
mod workflows;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the project.
fn project(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(project(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What `.ci/release` prints with these words.
#[cfg(target_os = "linux")]
fn release(args: &[&std::ffi::OsStr]) -> String {
    let run = std::process::Command::new(project(".ci/release"))
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{args:?}: {said}");
    String::from_utf8(run.stdout).unwrap()
}
