//! Blobs: redirected by the registry, served by the host that stores them.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_RANGE, LOCATION, RANGE};

use super::page::Page;
use super::question::Question;
use super::site::DOCKER_CONTENT_DIGEST;
use super::store::{Manners, Registry};
use super::world::{World, text};

/// What makes a presigned URL a secret.
pub(super) const SIGNATURE: &str = "presigned-secret-7f3a";

/// At the registry: the way to the layer host, or the blob itself where there is none.
pub(super) fn blob(world: &World, registry: &Registry, repository: &str, digest: &str) -> Page {
    let store = world.store();
    if !store.has_blob(&registry.name, repository, digest) {
        return Page::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    }
    let Some(layers) = &registry.layers else {
        let body = store.blob(digest).unwrap_or_default();
        return Page::new(200, "application/octet-stream", body)
            .with(DOCKER_CONTENT_DIGEST, digest);
    };
    let hex = digest.trim_start_matches("sha256:");
    let location = match registry.manners {
        Manners::DockerHub => format!(
            "https://{layers}/registry-v2/docker/registry/v2/blobs/sha256/{}/{hex}/data?Expires=1&Signature={SIGNATURE}&Key-Pair-Id=K1",
            &hex[..2]
        ),
        _ => format!(
            "https://{layers}/ghcr1/blobs/{digest}?se=2026-01-01T00%3A00%3A00Z&sig={SIGNATURE}&sp=r&spr=https&sr=b&sv=2019-12-12"
        ),
    };
    Page::empty(307).with(LOCATION, &location)
}

/// The stores want the signed query and refuse a second way of proving who one is.
pub(super) fn layer(world: &World, question: &Question, headers: &HeaderMap) -> Page {
    let refused = |status: u16, code: &str| {
        let body =
            format!(r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>"#);
        Page::new(status, "application/xml", body)
    };
    if headers.contains_key(AUTHORIZATION) {
        return refused(400, "InvalidArgument");
    }
    if !question
        .query
        .as_deref()
        .is_some_and(|query| query.contains(SIGNATURE))
    {
        return refused(403, "AccessDenied");
    }
    let Some(blob) = world.store().blob(&question.reference) else {
        return refused(404, "NoSuchKey");
    };
    let Some((first, last)) =
        text(headers, RANGE.as_str()).and_then(|range| bytes_of(range, blob.len()))
    else {
        return Page::new(200, "application/octet-stream", blob);
    };
    let range = format!("bytes {first}-{last}/{}", blob.len());
    Page::new(206, "application/octet-stream", blob.slice(first..=last)).with(CONTENT_RANGE, &range)
}

/// `bytes=0-0`; `None` for any other form, which a server may ignore (RFC 9110, 14.2).
fn bytes_of(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (
        first.parse().ok()?,
        last.parse::<usize>().ok()?.min(length.saturating_sub(1)),
    );
    (first <= last).then_some((first, last))
}
