//! What registries hold: images, indexes, and bodies that only pretend to be one.
//!
//! Everything is built from what is said here and nothing else, so a digest is the same in every run.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A manifest with everything that it names.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
    /// In the order of the index; empty for an image.
    pub(crate) children: Vec<Content>,
    /// The configuration, then the layers; empty for an index.
    pub(crate) blobs: Vec<Bytes>,
    /// As an index describes it; `None` for an index.
    platform: Option<Value>,
    annotations: Option<Value>,
}

impl Content {
    /// Any body under any media type; its digest is honest.
    pub(crate) fn raw(media_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            media_type: media_type.to_owned(),
            body: body.into(),
            children: Vec::new(),
            blobs: Vec::new(),
            platform: None,
            annotations: None,
        }
    }

    pub(crate) fn digest(&self) -> String {
        digest(&self.body)
    }

    /// The child for a platform, written as `linux/arm64` or `linux/arm/v7`.
    pub(crate) fn child(&self, platform: &str) -> &Content {
        let wanted = platform_of(platform);
        self.children
            .iter()
            .find(|child| child.platform.as_ref() == Some(&wanted))
            .unwrap_or_else(|| panic!("the index has no child for {platform}"))
    }

    /// The digest of the configuration, which some runtimes call the image ID.
    pub(crate) fn config_digest(&self) -> String {
        digest(
            self.blobs
                .first()
                .expect("only an image has a configuration"),
        )
    }

    fn descriptor(&self) -> Value {
        let mut descriptor = Map::new();
        descriptor.insert("mediaType".into(), json!(self.media_type));
        descriptor.insert("digest".into(), json!(self.digest()));
        descriptor.insert("size".into(), json!(self.body.len()));
        if let Some(platform) = &self.platform {
            descriptor.insert("platform".into(), platform.clone());
        }
        if let Some(annotations) = &self.annotations {
            descriptor.insert("annotations".into(), annotations.clone());
        }
        Value::Object(descriptor)
    }
}

impl From<&Content> for Content {
    fn from(content: &Content) -> Self {
        content.clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Oci,
    Docker,
}

/// One image for one platform.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    platform: String,
    created: String,
    labels: BTreeMap<String, String>,
    format: Format,
}

impl Image {
    /// `platform` is `os/architecture` or `os/architecture/variant`.
    pub(crate) fn new(platform: &str) -> Self {
        Self {
            platform: platform.to_owned(),
            created: "2026-01-01T00:00:00Z".to_owned(),
            labels: BTreeMap::new(),
            format: Format::Oci,
        }
    }

    pub(crate) fn created(mut self, time: &str) -> Self {
        time.clone_into(&mut self.created);
        self
    }

    pub(crate) fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Docker's media types in place of OCI's.
    pub(crate) fn docker(mut self) -> Self {
        self.format = Format::Docker;
        self
    }
}

impl From<Image> for Content {
    fn from(image: Image) -> Self {
        let layer = Bytes::from(format!("layer of {}", image.platform));
        let mut config = platform_of(&image.platform);
        config["created"] = json!(image.created);
        config["config"] = json!({ "Labels": image.labels });
        config["rootfs"] = json!({ "type": "layers", "diff_ids": [digest(&layer)] });
        let config = Bytes::from(config.to_string());
        let (media_type, config_type, layer_type) = match image.format {
            Format::Oci => (
                OCI_MANIFEST,
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
            ),
            Format::Docker => (
                DOCKER_MANIFEST,
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            ),
        };
        let body = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": blob(config_type, &config),
            "layers": [blob(layer_type, &layer)],
        });
        Content {
            blobs: vec![config, layer],
            platform: Some(platform_of(&image.platform)),
            ..Content::raw(media_type, body.to_string())
        }
    }
}

/// An index of images: OCI's, or Docker's manifest list.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    children: Vec<Child>,
    attestations: Attestations,
    format: Format,
}

#[derive(Clone, Debug)]
enum Child {
    Image(Image),
    Nested(Index),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Attestations {
    Absent,
    PerImage,
}

impl Index {
    /// One plain image per platform.
    pub(crate) fn of<const N: usize>(platforms: [&str; N]) -> Self {
        Self {
            children: platforms
                .map(|platform| Child::Image(Image::new(platform)))
                .into(),
            attestations: Attestations::Absent,
            format: Format::Oci,
        }
    }

    pub(crate) fn with(mut self, image: Image) -> Self {
        self.children.push(Child::Image(image));
        self
    }

    pub(crate) fn nest(mut self, index: Index) -> Self {
        self.children.push(Child::Nested(index));
        self
    }

    /// Labels every image that is in the index so far, which gives all of them other digests.
    pub(crate) fn label(mut self, name: &str, value: &str) -> Self {
        self.children = self
            .children
            .into_iter()
            .map(|child| match child {
                Child::Image(image) => Child::Image(image.label(name, value)),
                Child::Nested(index) => Child::Nested(index.label(name, value)),
            })
            .collect();
        self
    }

    /// Adds the `unknown/unknown` entry that buildx writes for each image's provenance.
    pub(crate) fn attested(mut self) -> Self {
        self.attestations = Attestations::PerImage;
        self
    }

    /// A Docker manifest list of Docker manifests.
    pub(crate) fn docker(mut self) -> Self {
        self.format = Format::Docker;
        self
    }
}

impl From<Index> for Content {
    fn from(index: Index) -> Self {
        let format = index.format;
        let mut children: Vec<Content> = index
            .children
            .into_iter()
            .map(|child| match child {
                Child::Image(image) => Content::from(Image { format, ..image }),
                Child::Nested(index) => Content::from(Index { format, ..index }),
            })
            .collect();
        if index.attestations == Attestations::PerImage {
            let images = children.iter().filter(|child| child.platform.is_some());
            let attestations: Vec<_> = images.map(attestation).collect();
            children.extend(attestations);
        }
        let media_type = match format {
            Format::Oci => OCI_INDEX,
            Format::Docker => DOCKER_LIST,
        };
        let descriptors: Vec<_> = children.iter().map(Content::descriptor).collect();
        let body = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": descriptors });
        Content {
            children,
            ..Content::raw(media_type, body.to_string())
        }
    }
}

fn attestation(image: &Content) -> Content {
    let statement = Bytes::from(format!("provenance of {}", image.digest()));
    let config = Bytes::from(r#"{"architecture":"unknown","os":"unknown"}"#);
    let body = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blob("application/vnd.oci.image.config.v1+json", &config),
        "layers": [blob("application/vnd.in-toto+json", &statement)],
    });
    Content {
        blobs: vec![config, statement],
        platform: Some(platform_of("unknown/unknown")),
        annotations: Some(json!({
            "vnd.docker.reference.digest": image.digest(),
            "vnd.docker.reference.type": "attestation-manifest",
        })),
        ..Content::raw(OCI_MANIFEST, body.to_string())
    }
}

fn blob(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

fn platform_of(text: &str) -> Value {
    let mut parts = text.split('/');
    let os = parts.next().filter(|os| !os.is_empty());
    let (Some(os), Some(architecture)) = (os, parts.next()) else {
        panic!("{text:?} is not a platform: want os/architecture[/variant]");
    };
    let mut platform = json!({ "architecture": architecture, "os": os });
    if let Some(variant) = parts.next() {
        platform["variant"] = json!(variant);
    }
    platform
}
