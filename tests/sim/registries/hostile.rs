//! How the faults of a request answer it, or change its honest answer.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, LOCATION, RETRY_AFTER, SERVER, WWW_AUTHENTICATE,
};
use serde_json::{Value, json};

use super::content::{Content, Image, Index, OCI_INDEX, OCI_MANIFEST};
use super::fault::{BLOCK_PAGE, ESCAPES, Fault};
use super::page::{Ending, Page};
use super::question::Question;
use super::site::{self, DOCKER_CONTENT_DIGEST};
use super::store::Account;
use super::world::{World, text};

/// One more than a manifest may have.
const TOO_LARGE: usize = 4 * 1024 * 1024 + 1;

/// What a fault does to a request.
pub(super) enum Act {
    Answer(Page),
    Wait(Duration),
    Hang,
    /// The honest answer, changed by `alter`.
    Alter,
}

pub(super) fn act(world: &World, question: &Question, headers: &HeaderMap, fault: &Fault) -> Act {
    let wants_login = || text(headers, AUTHORIZATION.as_str()).is_none();
    Act::Answer(match fault {
        Fault::Hang => return Act::Hang,
        Fault::Slow(time) => return Act::Wait(*time),
        Fault::Status(status) => error_of(*status),
        Fault::Empty(status) => Page::empty(*status),
        Fault::BlockPage | Fault::TokenPath200 => block_page(200),
        Fault::BlockPage403 | Fault::TokenPath => block_page(403),
        Fault::RetryAfter(wait) => error_of(429).with(RETRY_AFTER, &wait.as_secs().to_string()),
        Fault::RetryDate(wait) => error_of(429).with(RETRY_AFTER, &http_date(*wait)),
        Fault::Escapes => Page::error(400, "UNSUPPORTED", ESCAPES),
        Fault::Token401 => Page::error(401, "UNAUTHORIZED", "authentication required"),
        Fault::Token403 => Page::error(403, "DENIED", "requested access to the resource is denied"),
        Fault::TokenExpires(life) => match &question.registry {
            Some(registry) => site::token(world, registry, question, headers, *life),
            None => return Act::Alter,
        },
        Fault::TokenNotJson => Page::new(200, "application/json", "not json"),
        Fault::TokenMissing => Page::json(200, &json!({ "expires_in": 300 })),
        Fault::TokenNewline => Page::json(200, &json!({ "token": "a\nb" })),
        Fault::TokenTooLong => Page::json(200, &json!({ "token": "t".repeat(32 * 1024 + 1) })),
        Fault::Quota | Fault::QuotaGet if wants_login() || has_login(world, headers) => {
            return Act::Alter;
        }
        Fault::QuotaGet if question.method == "HEAD" => return Act::Alter,
        Fault::Quota | Fault::QuotaGet => site::quota_used_up(),
        Fault::Gone if question.method == "GET" && question.reference.starts_with("sha256:") => {
            Page::error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        }
        Fault::OtherContent
            if question.method == "GET" && question.reference.starts_with("sha256:") =>
        {
            let other = Content::from(Index::of(["linux/s390x"]));
            Page::new(200, &other.media_type, other.body)
                .with(DOCKER_CONTENT_DIGEST, &question.reference)
        }
        Fault::IndexAndImage | Fault::SchemaOne | Fault::TypeMismatch => pretended(fault),
        Fault::TooLarge if question.method == "GET" => {
            Page::new(200, OCI_INDEX, vec![b' '; TOO_LARGE])
        }
        Fault::Endless if question.method == "GET" => {
            let page = Page::new(200, OCI_INDEX, vec![b' '; 16 * 1024]);
            Page {
                ending: Ending::Never,
                ..page
            }
        }
        Fault::Redirect(to) => redirect(&format!(
            "{}{}",
            to.trim_end_matches('/'),
            question.target()
        )),
        Fault::RedirectLoop => redirect(&format!("https://{}{}", question.host, question.target())),
        Fault::RedirectPlain => redirect(&format!("http://{}{}", question.host, question.target())),
        _ => return Act::Alter,
    })
}

fn has_login(world: &World, headers: &HeaderMap) -> bool {
    let store = world.store();
    let grant = store.granted(text(headers, AUTHORIZATION.as_str()));
    grant.is_some_and(|grant| grant.account != Account::Anonymous)
}

/// As the lab words its errors: a web server's page above 499, text for 429, a registry's JSON for the rest.
fn error_of(status: u16) -> Page {
    match status {
        429 => Page::new(429, "text/plain; charset=utf-8", "Too Many Requests\n"),
        401 => Page::error(401, "UNAUTHORIZED", "authentication required")
            .with(WWW_AUTHENTICATE, r#"Basic realm="registry""#),
        500.. => {
            let body = format!("<html><head><title>{status}</title></head></html>\n");
            Page::new(status, "text/html", body).with(SERVER, "nginx")
        }
        _ => Page::error(status, "DENIED", &format!("refused with status {status}")),
    }
}

fn block_page(status: u16) -> Page {
    Page::new(status, "text/html; charset=utf-8", BLOCK_PAGE)
        .with(SERVER, "Acme-Web-Gateway")
        .with(CACHE_CONTROL, "no-store")
}

fn redirect(location: &str) -> Page {
    Page::empty(307).with(LOCATION, location)
}

fn http_date(wait: Duration) -> String {
    let then = jiff::Timestamp::now() + wait;
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&then)
        .expect("the time is within the calendar")
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
