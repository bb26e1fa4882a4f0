//! How the binary reaches an API server: settings, logins, proxies, certificates, and the words when it does not.

mod kubeconfig;
mod log;
mod login;
mod patience;
mod proxies;
mod proxy;
mod tls;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Plugin;
use crate::world::sim::api::{Cluster, Transport};

/// What `version` prints when the simulated server answers.
fn versions() -> String {
    format!("{}Server Version: v1.34.4\n", plugin_alone())
}

/// What `version` prints whether the server answers or not.
fn plugin_alone() -> String {
    format!("Plugin Version: v{}\n", env!("CARGO_PKG_VERSION"))
}

/// `version` against these kubeconfig files.
fn version(kubeconfig: impl AsRef<Path>) -> Plugin {
    Plugin::new()
        .args(["version"])
        .env("KUBECONFIG", kubeconfig.as_ref())
}

fn plain() -> Cluster {
    Cluster::start(Transport::Plain)
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// An executable shell script.
#[cfg(unix)]
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = write(folder, name, &format!("#!/bin/sh\n{body}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}
