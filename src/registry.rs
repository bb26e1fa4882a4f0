//! Asks registries: what a tag names right now, and what a digest contains. What cannot be proven is a [`Failure`] that
//! names the host, the layer and the code.
//!
//! A tag costs one HEAD, a registry one token for all its images (and, where tokens come from another host, one `/v2/`
//! that makes the connection meanwhile): four round trips, however many images. Content is fetched by digest, hashed,
//! and kept on disk.
//!
//! | what is seen | layer | code |
//! |---|---|---|
//! | the name is not known · DNS is silent or fails | dns | 203 · 204 |
//! | no answer to TCP · refused · no route | connect | 201 · 202 · 206 |
//! | reset or closed after the TLS hello · handshake stalls | tls | 211 · 212 |
//! | certificate of an unknown issuer · another name · dates · plain text | tls | 213 · 214 · 215 · 216 |
//! | proxy answers CONNECT with 407 · 4xx · 5xx, closes or is silent · is itself unreachable | proxy | 221 · 222 · 223 · 224 |
//! | a web page, or a redirect, instead of a registry | http | 231 |
//! | a challenge that is missing or names a realm that may not be trusted | http | 233 |
//! | 5xx, 408, no answer in time, an answer cut short | http | 234 |
//! | any of the above at the token host · at the host of the layers | as above | 241 · 261 |
//! | token endpoint: a page or a redirect · 401, 403 · the same with a login · no usable token | token | 242 · 243 · 244 · 245 |
//! | tag unknown · digest unknown · repository unknown, 401, 403 | manifest | 251 · 408 · 252 |
//! | 429 with no pulls left · any other 429 | token, manifest | 253 · 254 |
//! | bytes that do not hash to their digest, or no manifest that can be judged | manifest, layers | 255 |
//! | the host of the layers refuses the signed request | layers | 262 |
//!
//! Never trusted: a digest that is not 64 hex digits, a body that does not hash to it, a page that calls itself 200, a
//! realm on another scheme or inside this machine, a redirect of a tag to another host. Never sent: a login to any host
//! but its own, a token beyond the registry.

mod admission;
mod answer;
mod cache;
mod challenge;
mod closer_look;
mod credentials;
mod destination;
mod detached;
mod dns;
mod endpoint;
mod fault;
mod fetch;
mod manifest;
mod proxies;
mod recent;
mod recorder;
mod resolve;
mod retry;
pub(crate) mod steps;
mod token;
mod transport;
mod tunnel;
mod visit;
mod way;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use admission::Registry;
use cache::Cache;
pub(crate) use cache::CacheUse;
pub(crate) use credentials::Credentials;
use endpoint::{Endpoint, is_repository};
use recent::Recent;
pub(crate) use transport::Network;
use transport::{Limits, Transport};

use crate::codes::Code;
use crate::image::Reference;
use crate::lookup::{Failure, Layer};
use crate::text::{QUOTED, printable};

/// How registries are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) credentials: Credentials,
    pub(crate) cache: CacheUse,
    /// For one connection: DNS, TCP, the proxy and TLS together.
    pub(crate) connect_limit: Duration,
    /// For one lookup with everything that it needs.
    pub(crate) lookup_limit: Duration,
}

/// Open connections, tokens and what is known about hosts, for as long as somebody looks.
pub(crate) struct Session {
    transport: Transport,
    cache: Cache,
    credentials: Credentials,
    lookup_limit: Duration,
    registries: Mutex<HashMap<String, Arc<Registry>>>,
    recent: Mutex<Recent>,
    /// How long a tag's answer stays recent.
    keep: Duration,
}

impl Session {
    /// Reads the proxy and the trusted authorities of this machine. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// Where this machine trusts no authority at all, or a proxy's address cannot be read.
    pub(crate) fn open(options: Options) -> Result<Self, Failure> {
        Self::through(Network::of_this_machine(), options, retry::PAUSES)
    }

    fn through(network: Network, options: Options, pauses: [Duration; 2]) -> Result<Self, Failure> {
        let limits = Limits {
            connect: options.connect_limit,
            lookup: options.lookup_limit,
            pauses,
        };
        let transport = Transport::open(limits, network).map_err(|error| Failure {
            code: None,
            layer: Layer::None,
            host: "this machine".to_owned(),
            message: fault::unusable(&error),
            retry_after: None,
        })?;
        Ok(Self {
            transport,
            cache: Cache::new(options.cache),
            credentials: options.credentials,
            lookup_limit: options.lookup_limit,
            registries: Mutex::default(),
            recent: Mutex::default(),
            keep: Duration::ZERO,
        })
    }

    /// A session on such a network that does not pause before it asks again.
    #[cfg(test)]
    pub(crate) fn on(network: Network, options: Options) -> Self {
        // Every test of the process installs the same one, and only the first succeeds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self::through(network, options, [Duration::ZERO; 2])
            .map_err(|failure| failure.to_string())
            .unwrap()
    }

    /// The registry of this name, with what this session knows about it.
    fn registry(&self, name: &str) -> Result<Arc<Registry>, Failure> {
        let mut registries = self
            .registries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = registries.get(name) {
            return Ok(Arc::clone(registry));
        }
        let endpoint = Endpoint::of(name)
            .ok_or_else(|| impossible(Code::NameRefused, name, "registry", name))?;
        let registry = Arc::new(Registry::new(endpoint));
        registries.insert(name.to_owned(), Arc::clone(&registry));
        Ok(registry)
    }

    /// The registry of an image whose repository could exist.
    fn registry_of(&self, image: &Reference) -> Result<Arc<Registry>, Failure> {
        let registry = self.registry(&image.registry)?;
        if is_repository(&image.repository) {
            Ok(registry)
        } else {
            let (name, code) = (&image.repository, Code::RepositoryMissing);
            Err(impossible(code, &image.registry, "repository", name))
        }
    }
}

/// Nothing was asked, because nothing of this name can exist.
fn impossible(code: Code, registry: &str, kind: &str, name: &str) -> Failure {
    Failure {
        code: Some(code),
        layer: Layer::None,
        host: printable(registry, QUOTED),
        message: printable(
            &format!("\"{name}\" cannot be the name of a {kind}"),
            QUOTED - 1,
        ),
        retry_after: None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
