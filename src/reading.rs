//! What `doctor` reads of the way to a registry, from one of the points it looks from. Plain data.
//!
//! A way has steps that are crossed in order. The first that breaks is the reading; what needs it says so, and is
//! neither a success nor a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Failure, Layer};

/// Where a probe stood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Vantage {
    Workstation,
}

/// The steps to an image, in the order in which they are crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The name of the registry's own host.
    Dns,
    /// The proxy where there is one, TCP, TLS, and whether a registry greets (`/v2/`).
    Connect,
    /// Leave to pull, from the token host.
    Token,
    /// What the tags name.
    Manifest,
    /// A layer, from the host that keeps them.
    Layers,
    /// The pulls that are left. Only where the registry counts them.
    Budget,
}

impl Step {
    pub(crate) const ALL: [Self; 6] = [
        Self::Dns,
        Self::Connect,
        Self::Token,
        Self::Manifest,
        Self::Layers,
        Self::Budget,
    ];

    /// The word in identifiers and behind "needs".
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Token => "token",
            Self::Manifest => "manifest",
            Self::Layers => "layers",
            Self::Budget => "budget",
        }
    }
}

/// What broke, at which host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) code: Code,
    /// The same at the registry's own host: 201 where `code` is 241 or 261.
    pub(crate) cause: Code,
    pub(crate) host: String,
    /// One line, at most 200 characters, without control characters.
    pub(crate) message: String,
}

impl Broken {
    /// A failed lookup. `None` where nothing was asked.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        let code = failure.code?;
        Some(Self {
            code,
            cause: match (code, failure.layer) {
                (Code::TokenHostBlocked | Code::LayerHostBlocked, layer) => usual(layer),
                (code, _) => code,
            },
            host: failure.host.clone(),
            message: failure.message.clone(),
        })
    }
}

/// What a layer that broke is called where nothing tells more.
const fn usual(layer: Layer) -> Code {
    match layer {
        Layer::Dns => Code::NameRefused,
        Layer::Proxy => Code::ProxyCannotReach,
        Layer::Connect => Code::Dropped,
        Layer::Tls => Code::TlsIntercepted,
        Layer::None | Layer::Http | Layer::Token | Layer::Manifest | Layer::Blob => {
            Code::RegistryError
        }
    }
}

/// What one step showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Passed,
    /// Passed, with something about it that is not as it should be.
    Odd(Broken),
    Failed(Broken),
    /// Not taken: this one before it failed.
    Needs(Step),
    /// Not taken, and nothing is wrong about that: what stands in for it, or whose choice it was.
    Skipped(String),
    /// It could not be taken, and why.
    Unknown(String),
}

/// One step, as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// `ghcr.io:443`, `ghcr.io/token`, `pkg-containers.githubusercontent.com:443`.
    pub(crate) target: String,
    pub(crate) reading: Reading,
    /// `None` where it was not taken.
    pub(crate) took: Option<Duration>,
    /// Who issued the certificate that was shown, of the steps that meet one.
    pub(crate) issuer: Option<String>,
}

/// The host that keeps a registry's layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerHost {
    pub(crate) host: String,
    pub(crate) known: Known,
}

/// How a host is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The registry sent us there.
    Observed,
    /// It has been there, the last time somebody wrote it down.
    Expected,
}

/// What is left of the pulls of the address that is seen outside, as the registry counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) left: u64,
    pub(crate) limit: Option<u64>,
    /// The address that is counted.
    pub(crate) source: Option<String>,
}

/// The way to one registry from one vantage point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// As references spell it: `docker.io`.
    pub(crate) registry: String,
    pub(crate) steps: BTreeMap<Step, Taken>,
    /// The hosts of the API and of the tokens, one where they are the same.
    pub(crate) hosts: Vec<String>,
    pub(crate) layers: Vec<LayerHost>,
    /// `host:port` of the proxy on the way. `None` without one.
    pub(crate) proxy: Option<String>,
    pub(crate) budget: Option<Budget>,
    /// What the tags name from here, as far as they were resolved.
    pub(crate) digests: BTreeMap<Reference, Digest>,
}
