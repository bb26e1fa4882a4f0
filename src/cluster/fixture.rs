//! Objects of a chart, and a connection to a simulated cluster, for the tests of this folder.

use clap::Parser;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::{Cluster, connect};
use crate::cli::Cli;
use crate::world::sim::api::Cluster as Sim;
pub(super) use crate::world::sim::release::{Generation, Proxy, Release as Chart, Values};

/// The objects of one kind.
pub(super) fn of_kind<K: DeserializeOwned>(objects: &[Value], kind: &str) -> Vec<K> {
    objects
        .iter()
        .filter(|object| object["kind"] == kind)
        .map(|object| serde_json::from_value(object.clone()).expect("an object of the chart"))
        .collect()
}

/// Runs a test body with a connection to a simulated cluster.
pub(crate) fn with<T>(sim: &Sim, flags: &[&str], test: impl AsyncFnOnce(Cluster) -> T) -> T {
    // Whoever is first installs it for the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = sim.kubeconfig().display().to_string();
    let words = ["plugin", "version", "--kubeconfig", &kubeconfig];
    let cli = Cli::try_parse_from(words.iter().chain(flags)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { test(connect(&cli.connection).await.unwrap()).await })
}
