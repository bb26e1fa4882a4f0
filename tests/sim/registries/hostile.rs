//! How the faults of a request answer it in the host's place.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER, SERVER, WWW_AUTHENTICATE};
use serde_json::json;

use super::fault::{BLOCK_PAGE, ESCAPES, Fault};
use super::page::Page;
use super::question::Question;
use super::rules::Kind;
use super::site;
use super::store::Manners;
use super::world::World;

/// What a fault does to a request.
pub(super) enum Act {
    Answer(Page),
    Wait(Duration),
    Hang,
    /// The honest answer, changed by `altered` or `forged`.
    Alter,
}

pub(super) fn act(world: &World, question: &Question, headers: &HeaderMap, fault: &Fault) -> Act {
    Act::Answer(match fault {
        Fault::Hang => return Act::Hang,
        Fault::Slow(time) => return Act::Wait(*time),
        Fault::Status(status) => error_of(*status),
        Fault::Empty(status) => Page::empty(*status),
        Fault::BlockPage | Fault::TokenPath200 => block_page(200),
        Fault::BlockPage403 | Fault::TokenPath => block_page(403),
        Fault::RetryAfter(wait) => {
            too_many(question).with(RETRY_AFTER, &wait.as_secs().to_string())
        }
        Fault::RetryDate(wait) => too_many(question).with(RETRY_AFTER, &http_date(*wait)),
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

/// With the quota's headers where Docker Hub sends them: on manifests.
fn too_many(question: &Question) -> Page {
    let manners = question.registry.as_ref().map(|registry| registry.manners);
    match (manners, question.kind) {
        (Some(Manners::DockerHub), Kind::Manifest) => site::quota_used_up(),
        _ => error_of(429),
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
