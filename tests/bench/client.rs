//! The oci-client crate, used as its documentation shows: one client, one `fetch_manifest_digest` per image.
//!
//! It runs in a process of its own, as every contender does, in the site's environment.

use std::env;
use std::process::{Command, ExitCode};

use futures::future::join_all;
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig};
use oci_client::secrets::RegistryAuth;

/// Behind this word, this program is the contender.
pub(crate) const WORD: &str = "oci-client";
const ONE_BY_ONE: &str = "one-by-one";
const AT_ONCE: &str = "at-once";

/// In which order images are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    OneByOne,
    AtOnce,
}

/// This program as the contender: it prints a digest per line, in the order of `images`.
pub(crate) fn command(order: Order, images: &[&str]) -> Command {
    let this = env::current_exe().expect("a running program has a path");
    let order = match order {
        Order::OneByOne => ONE_BY_ONE,
        Order::AtOnce => AT_ONCE,
    };
    let mut command = Command::new(this);
    command.args([WORD, order]).args(images);
    command
}

/// The contender itself.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let Some((order, images)) = words.split_first() else {
        return ExitCode::FAILURE;
    };
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nobody installed another");
    let images: Vec<Reference> = images
        .iter()
        .map(|image| image.parse().expect("a reference"))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let digests = runtime.block_on(async {
        let client = Client::new(ClientConfig::default());
        let fetch = async |image| {
            client
                .fetch_manifest_digest(image, &RegistryAuth::Anonymous)
                .await
        };
        if order == AT_ONCE {
            return join_all(images.iter().map(fetch)).await;
        }
        let mut digests = Vec::new();
        for image in &images {
            digests.push(fetch(image).await);
        }
        digests
    });
    for digest in digests {
        crate::say(&digest.expect("the registry answers"));
    }
    ExitCode::SUCCESS
}
