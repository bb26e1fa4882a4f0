//! Reads manifests, image configs and the errors of registries: bytes in, facts or a reason out.
//!
//! A document that could be taken for both an index and an image is neither (CVE-2021-41190), so the media type, the
//! `mediaType` inside and the fields have to agree. Types of one's own rather than a library's: those of `oci-client`
//! are tried one after the other and accept such a document.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::image::{Digest, Platform};
use crate::lookup::{Child, Config};

/// Largest manifest that is read, in bytes.
pub(crate) const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Largest image config that is read, in bytes.
pub(crate) const CONFIG_LIMIT: usize = 8 * 1024 * 1024;

/// One header: some TLS proxies drop repeated `Accept` lines, and without the index types Docker Hub names the digest
/// of one platform's image.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Index,
    Image,
}

impl Kind {
    /// `None` for any other media type. Parameters (`; charset=utf-8`) do not count.
    fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json" => Some(Self::Index),
            "application/vnd.oci.image.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v2+json" => Some(Self::Image),
            _ => None,
        }
    }
}

/// Whether this is the media type of a manifest that [`parse`] reads.
pub(super) fn is_manifest(media_type: &str) -> bool {
    Kind::of(media_type).is_some()
}

/// What one manifest says, nested indexes still unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Index {
        children: Vec<Child>,
        nested: Vec<Digest>,
    },
    Image {
        config: Digest,
        /// Sum of the compressed layers, in bytes.
        size: u64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    schema_version: u64,
    #[serde(borrow)]
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    config: Option<Descriptor<'a>>,
    layers: Option<Vec<Descriptor<'a>>>,
    manifests: Option<Vec<Descriptor<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    #[serde(borrow)]
    digest: Cow<'a, str>,
    #[serde(borrow)]
    media_type: Option<Cow<'a, str>>,
    #[serde(default)]
    size: u64,
    platform: Option<RawPlatform>,
    artifact_type: Option<String>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(rename = "vnd.docker.reference.type")]
    reference_type: Option<String>,
}

#[derive(Deserialize)]
struct RawPlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl RawPlatform {
    /// `None` where a word is not plain: no node calls itself so, and it would reach screens.
    fn read(&self) -> Option<Platform> {
        let variant = self.variant.as_deref();
        let plain = |word: &str| {
            word.len() <= 32
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        [&self.os, &self.architecture, variant.unwrap_or_default()]
            .into_iter()
            .all(plain)
            .then(|| Platform::new(&self.os, &self.architecture, variant))
    }
}

/// Reads a manifest. `media_type` is the `Content-Type` it came with, `None` for one kept from an earlier answer.
///
/// The error is a clause for a message: `"neither an index nor an image"`.
pub(crate) fn parse(body: &[u8], media_type: Option<&str>) -> Result<Document, &'static str> {
    let raw: Raw<'_> = serde_json::from_slice(body).map_err(|_| "not a manifest")?;
    if raw.schema_version != 2 {
        return Err("a manifest of another schema version");
    }
    let claims = [media_type, raw.media_type.as_deref()];
    let mut kinds = claims
        .into_iter()
        .flatten()
        .map(|claim| Kind::of(claim).ok_or("a manifest of another type"));
    let claimed = kinds.next().transpose()?;
    if let Some(second) = kinds.next().transpose()?
        && Some(second) != claimed
    {
        return Err("a manifest whose media types contradict each other");
    }
    match (claimed, raw.manifests, raw.config, raw.layers) {
        (None | Some(Kind::Index), Some(entries), None, None) => index(&entries),
        (None | Some(Kind::Image), None, Some(config), Some(layers)) => Ok(Document::Image {
            config: digest(&config.digest)?,
            size: layers
                .iter()
                .fold(0, |sum: u64, layer| sum.saturating_add(layer.size)),
        }),
        _ => Err("neither an index nor an image"),
    }
}

fn index(entries: &[Descriptor<'_>]) -> Result<Document, &'static str> {
    let mut children = Vec::new();
    let mut nested = Vec::new();
    for entry in entries {
        let kind = entry.media_type.as_deref().and_then(Kind::of);
        let attests = entry
            .annotations
            .as_ref()
            .is_some_and(|notes| notes.reference_type.as_deref() == Some("attestation-manifest"));
        if attests || (kind != Some(Kind::Index) && entry.artifact_type.is_some()) {
            continue;
        }
        match (kind, &entry.platform) {
            (Some(Kind::Index), _) => nested.push(digest(&entry.digest)?),
            (Some(Kind::Image), Some(platform)) => {
                let Some(platform) = platform.read() else {
                    continue;
                };
                if (platform.os.as_str(), platform.arch.as_str()) != ("unknown", "unknown") {
                    children.push(Child {
                        digest: digest(&entry.digest)?,
                        platform,
                    });
                }
            }
            // containerd looks into the config of such an entry; saying that it serves no platform would be a guess.
            (Some(Kind::Image), None) => return Err("an index with an image of no named platform"),
            (None, _) => {}
        }
    }
    Ok(Document::Index { children, nested })
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    text.parse()
        .map_err(|_| "a manifest that names something by other than sha256")
}

/// Reads an image config (OCI image spec, "image configuration").
pub(crate) fn parse_config(body: &[u8]) -> Result<Config, &'static str> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(flatten)]
        platform: RawPlatform,
        created: Option<String>,
    }

    let raw: Raw = serde_json::from_slice(body).map_err(|_| "not an image config")?;
    let created = raw.created.and_then(|text| text.parse::<Timestamp>().ok());
    Ok(Config {
        platform: raw
            .platform
            .read()
            .ok_or("an image config of no known platform")?,
        created: created.filter(|time| time.as_second() >= START_OF_2015),
    })
}

const START_OF_2015: i64 = 1_420_070_400;

/// The first error code of a registry's error body (distribution spec, "error codes"): `MANIFEST_UNKNOWN`.
///
/// `None` for any other body, such as a web page.
pub(crate) fn error_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Raw {
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        code: String,
    }

    let raw: Raw = serde_json::from_slice(body).ok()?;
    raw.errors.into_iter().next().map(|entry| entry.code)
}

#[cfg(test)]
mod tests;
