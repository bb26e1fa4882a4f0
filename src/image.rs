//! Images, and the words for them: which image, what it tracks, and what content it is.
//!
//! Every type here is parsed once, at the edge, and cannot hold a malformed value afterwards: a digest that exists
//! can go into a patch, an annotation or a terminal as it stands.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// An image that the chart keeps current by digest, or that follows one that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ManagedImage {
    Ingestor,
    JobsManager,
    PodsMonitor,
    ResourceMonitor,
    /// Runs the jobs-manager image; managed from chart generation G8 on.
    RequestsProxy,
}

/// The variable of the `api` container that names the ingestor's digest.
pub(crate) const INGESTOR_DIGEST: &str = "INGESTOR_IMAGE_DIGEST";

impl ManagedImage {
    /// In the order in which a screen lists images of the same state.
    pub(crate) const ALL: [Self; 5] = [
        Self::Ingestor,
        Self::JobsManager,
        Self::PodsMonitor,
        Self::ResourceMonitor,
        Self::RequestsProxy,
    ];

    /// The name on the command line, on screens and in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ingestor => "ingestor",
            Self::JobsManager => "jobs-manager",
            Self::PodsMonitor => "pods-monitor",
            Self::ResourceMonitor => "resource-monitor",
            Self::RequestsProxy => "requests-proxy",
        }
    }

    /// The annotation on the jobs-manager Deployment that holds the digest recorded last.
    ///
    /// `None` for requests-proxy, which has no record of its own (chart contract, section 4).
    pub(crate) const fn record_key(self) -> Option<&'static str> {
        match self {
            Self::Ingestor => Some("tracebloc.io/last-refreshed-ingestor-digest"),
            Self::JobsManager => Some("tracebloc.io/last-refreshed-jobs-manager-digest"),
            Self::PodsMonitor => Some("tracebloc.io/last-refreshed-pods-monitor-digest"),
            Self::ResourceMonitor => Some("tracebloc.io/last-refreshed-resource-monitor-digest"),
            Self::RequestsProxy => None,
        }
    }
}

impl fmt::Display for ManagedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ManagedImage {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|image| image.name() == s)
            .ok_or_else(|| {
                format!(
                    "no such image; one of: {}",
                    Self::ALL.map(Self::name).join(", ")
                )
            })
    }
}

/// `sha256:` and 64 lower-case hex digits (OCI image spec, "digests"). No other algorithm is accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(crate) struct Digest(String);

impl Digest {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hex digits.
    pub(crate) fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The digest of these bytes, whose SHA-256 the caller has computed.
    pub(crate) fn from_sha256(hash: [u8; 32]) -> Self {
        use fmt::Write as _;

        let mut text = String::from("sha256:");
        for byte in hash {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sha256 digest")]
pub(crate) struct InvalidDigest;

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(s: &str) -> Result<Self, InvalidDigest> {
        let is_hex = |hex: &str| {
            hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        match s.strip_prefix("sha256:") {
            Some(hex) if is_hex(hex) => Ok(Self(s.to_owned())),
            _ => Err(InvalidDigest),
        }
    }
}

/// An operating system and architecture in Go's words, as in image indexes and `nodeInfo`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Platform {
    pub(crate) os: String,
    pub(crate) arch: String,
    /// `None` where the default of the architecture is meant.
    pub(crate) variant: Option<String>,
}

impl Platform {
    /// Normalised: `arm64/v8` is what `arm64` means, and the spec allows either.
    pub(crate) fn new(os: &str, arch: &str, variant: Option<&str>) -> Self {
        let variant = variant.filter(|v| !v.is_empty() && (arch, *v) != ("arm64", "v8"));
        Self {
            os: os.to_owned(),
            arch: arch.to_owned(),
            variant: variant.map(str::to_owned),
        }
    }

    /// Whether an image of this platform runs on a node of platform `node`.
    ///
    /// Nodes report no variant. A 32-bit arm node may be of any, so a variant is no obstacle there; a variant of
    /// amd64 (v2, v3, v4) asks for instructions that a node need not have.
    pub(crate) fn runs_on(&self, node: &Self) -> bool {
        self.os == node.os
            && self.arch == node.arch
            && (self.variant == node.variant || (self.arch == "arm" && node.variant.is_none()))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// An image reference: `registry/repository`, with a tag, a digest, or both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reference {
    /// As it stands in the reference, with Docker Hub spelled `docker.io`.
    pub(crate) registry: String,
    pub(crate) repository: String,
    /// `None` in a reference by digest alone.
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<Digest>,
}

impl Reference {
    pub(crate) fn tagged(registry: &str, repository: &str, tag: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: Some(tag.to_owned()),
            digest: None,
        }
    }

    /// The same repository at this digest.
    pub(crate) fn at(&self, digest: &Digest) -> Self {
        Self {
            tag: None,
            digest: Some(digest.clone()),
            ..self.clone()
        }
    }

    /// `registry/repository`, the name under which the same content may be compared.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Reference {
    type Err = String;

    /// As containerd reads an image name: `nginx` is `docker.io/library/nginx:latest`. Source: the grammar of
    /// github.com/distribution/reference.
    fn from_str(s: &str) -> Result<Self, String> {
        let (name, digest) = match s.split_once('@') {
            Some((name, digest)) => {
                let digest = digest.parse().map_err(|error| format!("{error}"))?;
                (name, Some(digest))
            }
            None => (s, None),
        };
        // A colon before a slash belongs to the registry's port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let is_host = |part: &str| {
            part.contains(|c: char| ".:".contains(c) || c.is_ascii_uppercase())
                || part == "localhost"
        };
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path),
            _ => ("docker.io", name),
        };
        let registry = match registry {
            "index.docker.io" | "registry-1.docker.io" => "docker.io",
            other => other,
        };
        let is_valid = is_registry(registry)
            && path.split('/').all(is_path_component)
            && path.len() <= NAME_LENGTH
            && tag.is_none_or(is_tag);
        if !is_valid {
            return Err("invalid reference format".to_owned());
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository: if registry == "docker.io" && !path.contains('/') {
                format!("library/{path}")
            } else {
                path.to_owned()
            },
            // A reference by digest keeps a tag only where one is written.
            tag: match (tag, &digest) {
                (None, None) => Some("latest".to_owned()),
                _ => tag.map(str::to_owned),
            },
            digest,
        })
    }
}

/// Names are at most so long, in bytes.
const NAME_LENGTH: usize = 255;

/// Labels of letters, digits and inner hyphens, and perhaps a port.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let is_label = |label: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty()
            && label.bytes().all(is_plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(is_label) && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
}

/// Small letters and digits, with `.`, `_`, `__` or hyphens between them.
fn is_path_component(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|b| b == b'-');
    text.starts_with(is_plain) && text.ends_with(is_plain) && text.split(is_plain).all(is_separator)
}

/// At most 128 letters, digits, `_`, and from the second on `.` and `-`.
fn is_tag(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(is_word)
        && text.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

#[cfg(test)]
mod tests;
