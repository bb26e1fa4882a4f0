//! What a registry said: content that was proven, or why there is none.
//!
//! Nothing here is a guess. A [`Manifest`] exists only where its bytes were fetched by digest and hashed to it; a
//! [`Failure`] names the layer that broke, the host, and the code under which `explain` describes it.

use std::time::Duration;

use jiff::Timestamp;

use crate::age::age;
use crate::codes::Code;
use crate::image::{Digest, Platform};

/// Where the registries were asked from: `--from`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Vantage {
    #[default]
    Workstation,
    /// A pod of the refresher's kind.
    Cluster,
}

/// A manifest whose body hashes to its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) digest: Digest,
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// An index. Attestations (`unknown/unknown`) are left out; nested indexes are flattened.
    Index(Vec<Child>),
    /// A single image.
    Image {
        config: Digest,
        /// Sum of the compressed layers, in bytes.
        size: u64,
    },
}

/// One entry of an index: the image of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) digest: Digest,
    pub(crate) platform: Platform,
}

/// The part of an image's config that is read, and only where an answer depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) platform: Platform,
    /// `None` when absent or before 2015: reproducible builds write 1970.
    pub(crate) created: Option<Timestamp>,
}

/// What a tag names right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) digest: Digest,
    /// From the first byte sent for this lookup to the answer.
    pub(crate) took: Duration,
}

/// Why a lookup gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {message}{}", wait(*retry_after))]
pub(crate) struct Failure {
    /// As `explain` describes it; `None` where nothing was asked: by choice (`--offline`), or because this machine
    /// trusts no authority at all.
    pub(crate) code: Option<Code>,
    pub(crate) layer: Layer,
    /// The host that failed: the token host where the token failed.
    pub(crate) host: String,
    /// One line, at most 200 characters, without control characters.
    pub(crate) message: String,
    /// What a 429 asked for; registries give no other reset time.
    pub(crate) retry_after: Option<Duration>,
}

fn wait(retry_after: Option<Duration>) -> String {
    let seconds = retry_after.map_or(0, |wait| wait.as_secs());
    match i64::try_from(seconds) {
        Ok(seconds @ 1..) => format!("; it asks to wait {}", age(seconds)),
        Ok(_) | Err(_) => String::new(),
    }
}

/// The layer of a lookup, in the order in which they are crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Layer {
    /// Not asked at all.
    None,
    Dns,
    Proxy,
    Connect,
    Tls,
    Http,
    Token,
    Manifest,
    Blob,
}

impl Layer {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::None => "not asked",
            Self::Dns => "dns",
            Self::Proxy => "proxy",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Token => "token",
            Self::Manifest => "manifest",
            Self::Blob => "layers",
        }
    }
}
