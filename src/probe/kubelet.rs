//! What a node's words about a pull mean.
//!
//! The kubelet passes on what the container runtime says: a chain that names the image, then the stage (the manifest,
//! a token, a layer), then the cause as Go's network library spells it. Sources: containerd 1.6 to 2
//! (core/remotes/docker), cri-o, cri-dockerd; the rows of the tests have been seen on a real node, or in reports.
//!
//! Codes 201 to 234 are about a registry's own host. The same at another host is 241 where tokens come from, and 261
//! where layers do. Several causes look alike in these words. Then all of them are given, and nobody may say which.

use crate::codes::Code;
use crate::image::Reference;
use crate::text::{QUOTED, without_middle, without_secrets};

/// What was heard from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The kubelet's words, without the image's name that they repeat and the secrets that URLs carry. One line, at
    /// most 200 characters.
    pub(crate) words: String,
    /// The host that failed. `None` where the words do not tell it.
    pub(crate) host: Option<String>,
    /// One where the words say which; several where these look alike in them, the likeliest first; none where the
    /// words are not known here.
    pub(crate) causes: Vec<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) code: Code,
    /// The same at a registry's own host: 201 where `code` is 241 or 261.
    pub(crate) class: Code,
}

/// How far the pull had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Manifest,
    Token,
    Layer,
}

/// Words that a message holds, all of them, and what that means.
type Row = (&'static [&'static str], &'static [Code]);

/// At every stage. The first row that fits is the answer: one cause hides behind another's words.
const ANYWHERE: &[Row] = &[
    (&["proxyconnect tcp:"], &[Code::ProxyUnreachable]),
    (&["Proxy Authentication Required"], &[Code::ProxyLogin]),
    // Go gives a proxy's answer to CONNECT bare, right behind the URL.
    (&["\": Forbidden"], &[Code::ProxyDenies]),
    (&["\": Bad Gateway"], &[Code::ProxyCannotReach]),
    (&["\": Service Unavailable"], &[Code::ProxyCannotReach]),
    (&["\": Gateway Timeout"], &[Code::ProxyCannotReach]),
    (&["lookup ", "no such host"], &[Code::NameRefused]),
    (&["lookup ", "server misbehaving"], &[Code::DnsSilent]),
    (&["lookup ", " udp "], &[Code::DnsSilent]),
    (&["dial tcp 0.0.0.0:"], &[Code::DnsSinkhole]),
    (&["dial tcp 127."], &[Code::DnsSinkhole]),
    (&["TLS handshake timeout"], &[Code::TlsStalls]),
    (&["dial tcp", "i/o timeout"], &[Code::Dropped]),
    (&["connect: connection timed out"], &[Code::Dropped]),
    (&["connect: connection refused"], &[Code::Refused]),
    (&["connect: no route to host"], &[Code::NoAddressFamily]),
    (
        &["connect: network is unreachable"],
        &[Code::NoAddressFamily],
    ),
    (
        &["certificate signed by unknown authority"],
        &[Code::TlsIntercepted],
    ),
    // A sinkhole that leads to another site shows that site's certificate.
    (
        &["x509: certificate is valid for "],
        &[Code::WrongCertificateName, Code::DnsSinkhole],
    ),
    (
        &["x509: certificate is not valid for any names"],
        &[Code::WrongCertificateName, Code::DnsSinkhole],
    ),
    (
        &["has expired or is not yet valid"],
        &[Code::CertificateDates],
    ),
    (
        &["server gave HTTP response to HTTPS client"],
        &[Code::PlainHttp],
    ),
    (
        &["first record does not look like a TLS handshake"],
        &[Code::PlainHttp],
    ),
    (&["connection reset by peer"], &[Code::ResetAfterHello]),
    (&["remote error: tls:"], &[Code::ResetAfterHello]),
    (&["\": EOF"], &[Code::ResetAfterHello, Code::RegistryError]),
    (
        &["toomanyrequests", "pull rate limit"],
        &[Code::QuotaUsedUp],
    ),
    (
        &["context deadline exceeded"],
        &[Code::Dropped, Code::TlsStalls, Code::RegistryError],
    ),
];

const MANIFEST: &[Row] = &[
    (&["unexpected media type text/html"], &[Code::NotARegistry]),
    (
        &["no match for platform in manifest"],
        &[Code::PlatformMissing],
    ),
    (&["no matching manifest for "], &[Code::PlatformMissing]),
    (
        &["no image found in image index for architecture"],
        &[Code::PlatformMissing],
    ),
    (&["pull access denied"], &[Code::RepositoryMissing]),
    (
        &["access to the resource is denied"],
        &[Code::RepositoryMissing],
    ),
    (&["name unknown"], &[Code::RepositoryMissing]),
    (&["manifest unknown"], &[Code::DigestGone]),
    // The registry has a tag of this digest, and not its bytes.
    (
        &["content at ", "/manifests/", "not found"],
        &[Code::DigestGone, Code::DigestNotProvable],
    ),
    (
        &["failed to resolve reference", ": not found"],
        &[Code::DigestGone, Code::RepositoryMissing],
    ),
    (
        &["toomanyrequests"],
        &[Code::QuotaUsedUp, Code::RateLimited],
    ),
];

const TOKEN: &[Row] = &[
    (
        &["unable to decode token response"],
        &[Code::TokenPathFiltered],
    ),
    (&["did not include a token"], &[Code::TokenMalformed]),
];

const LAYER: &[Row] = &[
    (
        &["could not fetch content descriptor", "not found"],
        &[Code::LayerRequestAltered, Code::NotARegistry],
    ),
    (&["unexpected commit digest"], &[Code::LayerRequestAltered]),
    // A page is shorter than a layer, and so is a layer whose connection was cut.
    (
        &["failed to read expected number of bytes"],
        &[Code::NotARegistry, Code::ResetAfterHello],
    ),
    (
        &["unexpected commit size"],
        &[Code::NotARegistry, Code::ResetAfterHello],
    ),
];

/// Reads the message of an event, or of a container that waits. `image` is what was to be pulled.
pub(crate) fn hear(message: &str, image: &Reference) -> Heard {
    let stage = stage(message);
    let status = status(message);
    let named = match host(message) {
        // The URL is the registry's. Who answered may be the host that it sent us to.
        Some(_) if stage == Stage::Layer && status.is_some() => None,
        named => named,
    };
    let api = match image.registry.as_str() {
        "docker.io" => "registry-1.docker.io",
        other => other,
    };
    let causes: Vec<_> = classes(message, stage, status)
        .into_iter()
        .map(|class| match class {
            Code::DigestGone if image.digest.is_none() => Code::TagMissing,
            class => class,
        })
        .flat_map(|class| {
            let here = code_at(class, stage, named == Some(api));
            // A 5xx for a layer may be the registry's own, before it sent us on.
            let other =
                (class == Code::RegistryError && here != class && named.is_none()).then_some(class);
            [Some(here), other]
                .into_iter()
                .flatten()
                .map(move |code| Cause { code, class })
        })
        .collect();
    let host = named.or((stage == Stage::Manifest && !causes.is_empty()).then_some(api));
    Heard {
        words: spoken(message),
        host: host.map(str::to_owned),
        causes,
    }
}

fn stage(message: &str) -> Stage {
    const OF_TOKENS: [&str; 3] = [
        "failed to authorize",
        "failed to fetch anonymous token",
        "bearer token",
    ];
    // The last two come without the words of the copy.
    const OF_COPIES: [&str; 4] = [
        "failed to copy",
        "httpReadSeeker",
        "expected number of bytes",
        "unexpected commit",
    ];
    let has = |words: &str| message.contains(words);
    if OF_TOKENS.into_iter().any(has) {
        Stage::Token
    } else if OF_COPIES.into_iter().any(has) && !has("/manifests/") {
        Stage::Layer
    } else {
        Stage::Manifest
    }
}

fn classes(message: &str, stage: Stage, status: Option<u16>) -> Vec<Code> {
    let of_stage = match stage {
        Stage::Manifest => MANIFEST,
        Stage::Token => TOKEN,
        Stage::Layer => LAYER,
    };
    let fits = |(words, _): &&Row| words.iter().all(|word| message.contains(word));
    match ANYWHERE.iter().chain(of_stage).find(fits) {
        Some((_, codes)) => codes.to_vec(),
        None => status.map_or_else(Vec::new, |status| answered(message, stage, status)),
    }
}

/// What an HTTP status says. The body, which would say more, is not passed on.
fn answered(message: &str, stage: Stage, status: u16) -> Vec<Code> {
    let with_login = message.contains("failed to fetch oauth token");
    match (stage, status) {
        (_, 407) => vec![Code::ProxyLogin],
        (Stage::Token, 429) => vec![Code::RateLimited],
        (_, 429) => vec![Code::QuotaUsedUp, Code::RateLimited],
        (Stage::Manifest, 401) => vec![Code::RepositoryMissing, Code::ChallengeAltered],
        (Stage::Manifest, 403) => vec![Code::NotARegistry, Code::RepositoryMissing],
        (Stage::Manifest, 404) => vec![Code::DigestGone, Code::RepositoryMissing],
        (Stage::Manifest, _) | (_, 500..) => vec![Code::RegistryError],
        (Stage::Token, 401 | 403) if with_login => vec![
            Code::LoginRejected,
            Code::TokenRefused,
            Code::TokenPathFiltered,
        ],
        (Stage::Token, 401) => vec![Code::TokenRefused],
        (Stage::Token, 403) => vec![Code::TokenPathFiltered, Code::TokenRefused],
        (Stage::Token, _) => vec![Code::TokenPathFiltered],
        (Stage::Layer, _) => vec![Code::LayerRequestAltered, Code::NotARegistry],
    }
}

/// 201 to 234 are about the API's host; other hosts have one code for all of them.
fn code_at(class: Code, stage: Stage, is_api: bool) -> Code {
    let is_about_api = (Code::Dropped..=Code::RegistryError).contains(&class);
    match stage {
        Stage::Token if is_about_api && !is_api => Code::TokenHostBlocked,
        Stage::Layer if is_about_api && !is_api => Code::LayerHostBlocked,
        _ => class,
    }
}

/// The three digits behind `status`, of an answer that is none.
fn status(message: &str) -> Option<u16> {
    let (_, behind) = message.split_once("status")?;
    behind
        .split([' ', '(', ')', ':', '"'])
        .filter(|word| word.len() == 3)
        .find_map(|word| word.parse().ok().filter(|code| (400..600).contains(code)))
}

/// The host of the URL, or the one that containerd names instead.
fn host(message: &str) -> Option<&str> {
    let behind = message
        .split_once("://")
        .or_else(|| message.split_once("pulling from host "))?
        .1;
    let authority = behind.split(['/', '?', '"', ' ']).next()?;
    authority.rsplit('@').next()
}

fn spoken(message: &str) -> String {
    let mut rest = message.trim();
    while let Some(shorter) = without_prefix(rest) {
        rest = shorter;
    }
    let words: Vec<_> = rest.split_whitespace().map(without_query).collect();
    without_middle(&words.join(" "), QUOTED)
}

/// Without what says no more than that an image, by name, was to be pulled.
fn without_prefix(text: &str) -> Option<&str> {
    const NAMING: [&str; 4] = [
        "Failed to pull image \"",
        "Back-off pulling image \"",
        "failed to pull and unpack image \"",
        "failed to resolve reference \"",
    ];
    if let Some(rest) = text.strip_prefix("ErrImagePull: ") {
        return Some(rest);
    }
    if let Some(rest) = text.strip_prefix("rpc error: code = ") {
        return Some(rest.split_once(" desc = ")?.1);
    }
    let named = NAMING.iter().find_map(|words| text.strip_prefix(words))?;
    Some(named.split_once("\": ")?.1)
}

/// A presigned URL holds its signature in the query.
fn without_query(word: &str) -> String {
    let Some(at) = word.find("http") else {
        return word.to_owned();
    };
    if !word[at..].contains("://") {
        return word.to_owned();
    }
    let (before, url) = word.split_at(at);
    let end = url.find('"').unwrap_or(url.len());
    let (url, after) = url.split_at(end);
    format!("{before}{}{after}", without_secrets(url))
}

#[cfg(test)]
mod tests;
