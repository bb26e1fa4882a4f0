//! How the faults of manifests change what a client gets that is let in.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use serde_json::{Value, json};

use super::content::{Content, Image, Index, OCI_INDEX, OCI_MANIFEST};
use super::fault::{BAD_DIGEST, Fault, GARBAGE_DIGEST};
use super::page::{Ending, Page};
use super::question::Question;
use super::site::{self, DOCKER_CONTENT_DIGEST};
use super::store::Account;
use super::world::{World, text};

/// One more than a manifest may have.
const TOO_LARGE: usize = 4 * 1024 * 1024 + 1;

/// Applies one fault; a challenge stays as it is.
pub(super) fn forge(
    world: &World,
    question: &Question,
    headers: &HeaderMap,
    mut page: Page,
    fault: &Fault,
) -> Page {
    if page.status == 401 {
        return page;
    }
    let is_get = question.method == "GET";
    let is_get_by_digest = is_get && question.reference.starts_with("sha256:");
    let has_digest = page.headers.contains_key(&DOCKER_CONTENT_DIGEST);
    match fault {
        Fault::Quota | Fault::QuotaGet if has_login(world, headers) => (),
        Fault::QuotaGet if !is_get => {
            page.set(HeaderName::from_static("ratelimit-remaining"), "0;w=21600");
        }
        Fault::Quota | Fault::QuotaGet => return site::quota_used_up(),
        Fault::MissingWithDigest => {
            return unknown().with(DOCKER_CONTENT_DIGEST, BAD_DIGEST);
        }
        Fault::NoDigest => {
            page.headers.remove(&DOCKER_CONTENT_DIGEST);
        }
        Fault::BadDigest if has_digest => page.set(DOCKER_CONTENT_DIGEST, BAD_DIGEST),
        Fault::GarbageDigest if has_digest => page.set(DOCKER_CONTENT_DIGEST, GARBAGE_DIGEST),
        Fault::HtmlType => page.set(CONTENT_TYPE, "text/html"),
        Fault::IndexAndImage | Fault::SchemaOne | Fault::TypeMismatch => return pretended(fault),
        Fault::Gone if is_get_by_digest => return unknown(),
        Fault::OtherContent if is_get_by_digest => {
            page.body = Content::from(Index::of(["linux/s390x"])).body;
        }
        Fault::TooLarge if is_get => page.body = vec![b' '; TOO_LARGE].into(),
        Fault::Endless if is_get => {
            page.body = vec![b' '; 16 * 1024].into();
            page.ending = Ending::Never;
        }
        _ => (),
    }
    page
}

fn unknown() -> Page {
    Page::error(404, "MANIFEST_UNKNOWN", "manifest unknown")
}

fn has_login(world: &World, headers: &HeaderMap) -> bool {
    let store = world.store();
    let grant = store.granted(text(headers, AUTHORIZATION.as_str()));
    grant.is_some_and(|grant| grant.account != Account::Anonymous)
}

/// A manifest that must be refused although its digest is right.
fn pretended(fault: &Fault) -> Page {
    let parse = |content: Content| -> Value {
        serde_json::from_slice(&content.body).expect("the simulation writes JSON")
    };
    let index = parse(Content::from(Index::of(["linux/amd64", "linux/arm64"])));
    let mut body = parse(Content::from(Image::new("linux/amd64")));
    let media_type = match fault {
        Fault::IndexAndImage => {
            body["manifests"] = index["manifests"].clone();
            OCI_MANIFEST
        }
        Fault::SchemaOne => {
            body = json!({ "schemaVersion": 1, "name": "x", "tag": "y", "fsLayers": [], "history": [] });
            OCI_MANIFEST
        }
        _ => OCI_INDEX,
    };
    let content = Content::raw(media_type, body.to_string());
    Page::new(200, media_type, content.body.clone()).with(DOCKER_CONTENT_DIGEST, &content.digest())
}
