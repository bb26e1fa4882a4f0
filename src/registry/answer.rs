//! What an answer that is not the one hoped for means (registry errors, block pages, quotas).

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER, SERVER, VIA, WWW_AUTHENTICATE,
};
use reqwest::{StatusCode, Url};

use super::challenge::{self, Challenge};
use super::endpoint::authority;
use super::fault::Fault;
use super::manifest::error_code;
use super::retry::retry_after;
use super::token::{self, Malformed};
use crate::codes::Code;
use crate::lookup::Layer;
use crate::reading::Budget;
use crate::text::printable;

/// How much of a page is quoted, in characters.
const PAGE_QUOTED: usize = 120;

/// How much of a header is quoted, in characters.
const NAME_QUOTED: usize = 40;

pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Body,
}

pub(super) enum Body {
    Whole(Vec<u8>),
    /// More than was asked for; what came is not kept.
    TooLarge,
}

/// Who asked for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Anonymous,
    /// With the login of the Docker config.
    Login,
}

/// What was asked for, where an answer's meaning depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    Tag(&'a str),
    Digest,
    Layer,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap, body: Body) -> Self {
        Self {
            status,
            headers: headers.clone(),
            body,
        }
    }

    /// Empty where the body was too large.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge => &[],
        }
    }

    /// The value of a header, `None` where it is absent or not text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn media_type(&self) -> Option<&str> {
        self.header(&CONTENT_TYPE)
    }

    pub(super) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        retry_after(self.header(&RETRY_AFTER)?, now)
    }

    /// Of all `WWW-Authenticate` lines, in their order.
    pub(super) fn challenges(&self) -> Vec<Challenge> {
        self.headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(challenge::parse)
            .collect()
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.status
            .is_redirection()
            .then(|| self.header(&LOCATION))?
    }

    /// Whether a person's browser was meant: no registry and no token endpoint answers so.
    pub(super) fn is_web_page(&self) -> bool {
        self.media_type().is_some_and(|it| {
            it.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
    }

    fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(self.bytes()).is_ok()
    }

    /// What is left of the pulls, as Docker Hub says it: `ratelimit-remaining: 20;w=21600`. `None` where nothing is
    /// counted.
    pub(super) fn budget(&self) -> Option<Budget> {
        let number = |name| {
            let value = self.header(&HeaderName::from_static(name))?;
            value.split(';').next()?.trim().parse().ok()
        };
        let source = self.header(&HeaderName::from_static("docker-ratelimit-source"));
        Some(Budget {
            left: number("ratelimit-remaining")?,
            limit: number("ratelimit-limit"),
            source: source.map(|source| printable(source, NAME_QUOTED)),
        })
    }

    fn has_no_pulls_left(&self) -> bool {
        self.budget().is_some_and(|budget| budget.left == 0)
    }

    /// `answered 403 with a web page "Access denied" (server Acme-Web-Gateway)`
    ///
    /// Nothing but a page is quoted: what calls itself something else may hold a token.
    fn page_words(&self) -> String {
        let what = if self.is_web_page() {
            let text = String::from_utf8_lossy(self.bytes());
            match page_title(&text).unwrap_or_else(|| printable(&text, PAGE_QUOTED)) {
                title if title.is_empty() => "a web page".to_owned(),
                title => format!("a web page \"{title}\""),
            }
        } else {
            printable(self.media_type().unwrap_or("no content type"), NAME_QUOTED)
        };
        let sender = [(SERVER, "server"), (VIA, "via")]
            .into_iter()
            .find_map(|(name, word)| Some((word, self.header(&name)?)))
            .map(|(word, value)| format!(" ({word} {})", printable(value, NAME_QUOTED)));
        let status = self.status.as_u16();
        format!(
            "answered {status} with {what}{}",
            sender.unwrap_or_default()
        )
    }

    /// Something answers that is not a registry.
    pub(super) fn not_a_registry(&self) -> Fault {
        Fault::new(Layer::Http, Code::NotARegistry, self.page_words())
    }

    fn sends_elsewhere(&self, url: &Url) -> Option<String> {
        let target = url.join(self.location()?).ok()?;
        Some(format!("redirects to {}", authority(&target)))
    }

    fn rate_limited(&self, layer: Layer) -> Fault {
        let (code, words) = if self.has_no_pulls_left() {
            (
                Code::QuotaUsedUp,
                "the pull quota of this address is used up (429)",
            )
        } else {
            (Code::RateLimited, "too many requests (429)")
        };
        Fault {
            retry_after: self.retry_after(Timestamp::now()),
            ..Fault::new(layer, code, words)
        }
    }

    fn failed(&self) -> Fault {
        let words = format!("answered {}", self.status.as_u16());
        Fault::new(Layer::Http, Code::RegistryError, words)
    }

    /// Why `/v2/` says nothing about how to be let in.
    pub(super) fn ping_fault(&self) -> Fault {
        match self.status.as_u16() {
            429 => self.rate_limited(Layer::Http),
            408 | 500.. => self.failed(),
            _ => self.not_a_registry(),
        }
    }

    /// Why a token endpoint gave no token. `url` is where it was asked.
    pub(super) fn token_fault(&self, url: &Url, who: Who) -> Fault {
        let filtered = |words: String| Fault::new(Layer::Token, Code::TokenPathFiltered, words);
        let status = self.status.as_u16();
        match status {
            429 => self.rate_limited(Layer::Token),
            408 | 500.. => self.failed(),
            _ if self.is_web_page() => filtered(self.page_words()),
            200 => match token::parse(self.bytes()) {
                _ if matches!(self.body, Body::TooLarge) => malformed("the token is too large"),
                Ok(_) | Err(Malformed::Unusable) => malformed("the token holds what no token may"),
                Err(Malformed::NoToken) => malformed("an answer without a token"),
                Err(Malformed::NotJson) => filtered(format!("{}, not JSON", self.page_words())),
            },
            300..=399 => filtered(
                self.sends_elsewhere(url)
                    .unwrap_or_else(|| self.page_words()),
            ),
            401 | 403 if self.is_json() => match who {
                Who::Anonymous => {
                    let words = format!("anonymous token refused ({status}): private or missing");
                    Fault::new(Layer::Token, Code::TokenRefused, words)
                }
                Who::Login => {
                    let words = format!("the stored login is rejected ({status})");
                    Fault::new(Layer::Token, Code::LoginRejected, words)
                }
            },
            _ if self.is_json() => self.failed(),
            _ => filtered(self.page_words()),
        }
    }

    /// Why the host that keeps layers gave nothing.
    pub(super) fn layer_fault(&self) -> Fault {
        let status = self.status.as_u16();
        match status {
            _ if self.is_web_page() => self.not_a_registry(),
            400..=499 => {
                let words = format!(
                    "the signed request was refused ({status}): altered on its way, or a wrong clock"
                );
                Fault::new(Layer::Blob, Code::LayerRequestAltered, words)
            }
            _ => self.failed(),
        }
    }

    /// Why a registry gave nothing. `url` is where it was asked.
    pub(super) fn fault(&self, url: &Url, wanted: Wanted<'_>) -> Fault {
        let layer = match wanted {
            Wanted::Tag(_) | Wanted::Digest => Layer::Manifest,
            Wanted::Layer => Layer::Blob,
        };
        let status = self.status.as_u16();
        match status {
            429 => self.rate_limited(layer),
            408 | 500.. => self.failed(),
            300..=399 => {
                let words = self
                    .sends_elsewhere(url)
                    .unwrap_or_else(|| self.page_words());
                Fault::new(Layer::Http, Code::NotARegistry, words)
            }
            _ if self.is_web_page() => self.not_a_registry(),
            401 | 403 => {
                let words = format!("repository does not exist or is private ({status})");
                Fault::new(layer, Code::RepositoryMissing, words)
            }
            404 => match (error_code(self.bytes()).as_deref(), wanted) {
                (None, _) => self.not_a_registry(),
                (Some("NAME_UNKNOWN" | "DENIED" | "UNAUTHORIZED"), _) => Fault::new(
                    layer,
                    Code::RepositoryMissing,
                    "repository does not exist or is private",
                ),
                (Some(_), Wanted::Tag(tag)) => {
                    Fault::new(layer, Code::TagMissing, format!("tag {tag} does not exist"))
                }
                (Some(_), Wanted::Digest | Wanted::Layer) => Fault::new(
                    layer,
                    Code::DigestGone,
                    "the digest is gone from the registry",
                ),
            },
            _ => self.failed(),
        }
    }
}

fn malformed(words: &str) -> Fault {
    Fault::new(Layer::Token, Code::TokenMalformed, words)
}

/// The title of a web page, as one printable line. `None` where it names none.
pub(super) fn page_title(page: &str) -> Option<String> {
    let title = between(page, "<title>", "</title>")?;
    Some(printable(title, PAGE_QUOTED))
}

/// What stands between two tags, whatever their case.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let from = lower.find(start)? + start.len();
    let to = from + lower[from..].find(end)?;
    Some(&text[from..to])
}
