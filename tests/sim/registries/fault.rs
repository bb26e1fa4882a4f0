//! What can go wrong, in the words of the lab around the test cluster.

use std::net::Ipv4Addr;
use std::str::FromStr;
use std::time::Duration;

use super::rules::Kind;

/// What a block page says; its title is what a person should be shown.
pub(crate) const BLOCK_PAGE: &str = "<!DOCTYPE html>
<html><head><title>Acme Web Gateway: access denied</title></head>
<body><h1>Access denied</h1><p>The site you requested is blocked by the policy of Acme Corp. Category: File Sharing.</p>
<p>Contact helpdesk@acme.example, reference 7f3a.</p></body></html>
";

/// Clears the screen, rings, colours, moves the cursor up, sets the window's title, feigns a new line of output.
pub(crate) const ESCAPES: &str = "\u{1b}[2J\u{7}\u{1b}[31mred\u{1b}[0m\u{1b}[1A\u{1b}]0;owned\u{7}\r\nerror: all is well\n\u{9b}31m\u{202e}";

/// Well formed, and the digest of nothing here.
pub(crate) const BAD_DIGEST: &str =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What may never reach a URL, a patch or a shell.
pub(crate) const GARBAGE_DIGEST: &str = "not a digest; $(rm -rf)";

/// The names of the interceptor's authority, as a TLS probe should show them.
pub(crate) const INTERCEPTOR: &str = "Acme Web Gateway CA";

/// What a wrong-name certificate is for.
pub(crate) const GATEWAY: &str = "gateway.acme.example";

/// One thing that goes wrong. The word of each stands in `WORDS`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    // The way to the host: the direct listener acts these out as named, the proxy says what it would.
    Refuse,
    Drop,
    Unreachable,
    NxDomain,
    ServFail,
    DnsRefused,
    DnsTimeout,
    /// Resolves to this address, port 443.
    Sinkhole(Ipv4Addr),
    // The connection.
    ResetAfterHello,
    CloseAfterHello,
    StallAfterAccept,
    PlainHttp,
    Http1Only,
    // The certificate.
    Intercept,
    /// Only for who comes by the proxy.
    ProxyIntercept,
    WrongName,
    Expired,
    /// As long as servers may make it.
    LongChain,
    // The proxy, for one CONNECT target.
    Proxy407,
    Proxy407Negotiate,
    Proxy403,
    Proxy502,
    ProxyHang,
    ProxyClose,
    // Any request.
    Status(u16),
    /// The status alone: no body, no content type.
    Empty(u16),
    BlockPage,
    BlockPage403,
    Hang,
    Slow(Duration),
    Truncated,
    ResetMidBody,
    /// 429 with the seconds to wait.
    RetryAfter(Duration),
    /// 429 with the date to wait for.
    RetryDate(Duration),
    /// An error whose text would colour, clear and ring the terminal.
    Escapes,
    // The token endpoint.
    TokenPath,
    TokenPath200,
    Token401,
    Token403,
    TokenNewline,
    TokenTooLong,
    TokenMissing,
    /// Only `access_token`.
    TokenAccess,
    TokenBlank,
    /// A token that the registry stops to accept after this.
    TokenExpires(Duration),
    TokenNotJson,
    TokenHuge,
    TokenGzip,
    // The challenge.
    NoChallenge,
    Realm(String),
    /// A header line that offers Basic before the one that offers Bearer.
    TwoChallenges,
    // Where to.
    /// To the same path on another host.
    Redirect(String),
    RedirectLoop,
    /// To the same host, in clear.
    RedirectPlain,
    // Manifests.
    Quota,
    QuotaGet,
    /// 404 that names a digest all the same.
    MissingWithDigest,
    NoDigest,
    BadDigest,
    GarbageDigest,
    HtmlType,
    IndexAndImage,
    SchemaOne,
    TypeMismatch,
    TooLarge,
    Endless,
    /// HEAD answers, and the digest is not there to GET.
    Gone,
    /// GET by digest answers with other content.
    OtherContent,
}

/// Which part of the internet acts a fault out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layer {
    Packets,
    Dns,
    Connection,
    Certificate,
    Proxy,
    Http,
}

/// The words without an argument; those with one stand in `FromStr`.
pub(crate) const WORDS: &[(&str, Fault)] = &[
    ("refuse", Fault::Refuse),
    ("drop", Fault::Drop),
    ("unreachable", Fault::Unreachable),
    ("nxdomain", Fault::NxDomain),
    ("servfail", Fault::ServFail),
    ("dnsrefused", Fault::DnsRefused),
    ("dnstimeout", Fault::DnsTimeout),
    ("reset-after-hello", Fault::ResetAfterHello),
    ("close-after-hello", Fault::CloseAfterHello),
    ("stall-after-accept", Fault::StallAfterAccept),
    ("plainhttp", Fault::PlainHttp),
    ("http1", Fault::Http1Only),
    ("intercept", Fault::Intercept),
    ("proxyintercept", Fault::ProxyIntercept),
    ("wrongname", Fault::WrongName),
    ("expired", Fault::Expired),
    ("longchain", Fault::LongChain),
    ("proxy407", Fault::Proxy407),
    ("proxy407-negotiate", Fault::Proxy407Negotiate),
    ("proxy403", Fault::Proxy403),
    ("proxy502", Fault::Proxy502),
    ("proxyhang", Fault::ProxyHang),
    ("proxyclose", Fault::ProxyClose),
    ("blockpage", Fault::BlockPage),
    ("blockpage403", Fault::BlockPage403),
    ("hang", Fault::Hang),
    ("truncated", Fault::Truncated),
    ("reset-mid-body", Fault::ResetMidBody),
    ("escapes", Fault::Escapes),
    ("tokenpath", Fault::TokenPath),
    ("tokenpath200", Fault::TokenPath200),
    ("token401", Fault::Token401),
    ("token403", Fault::Token403),
    ("token-newline", Fault::TokenNewline),
    ("token-too-long", Fault::TokenTooLong),
    ("token-missing", Fault::TokenMissing),
    ("token-access", Fault::TokenAccess),
    ("token-blank", Fault::TokenBlank),
    ("token-notjson", Fault::TokenNotJson),
    ("token-huge", Fault::TokenHuge),
    ("token-gzip", Fault::TokenGzip),
    ("nochallenge", Fault::NoChallenge),
    ("two-challenges", Fault::TwoChallenges),
    ("quota", Fault::Quota),
    ("quotaget", Fault::QuotaGet),
    ("missing-with-digest", Fault::MissingWithDigest),
    ("nodigest", Fault::NoDigest),
    ("baddigest", Fault::BadDigest),
    ("garbage-digest", Fault::GarbageDigest),
    ("html-type", Fault::HtmlType),
    ("index-and-image", Fault::IndexAndImage),
    ("schema1", Fault::SchemaOne),
    ("type-mismatch", Fault::TypeMismatch),
    ("too-large", Fault::TooLarge),
    ("endless", Fault::Endless),
    ("redirect-loop", Fault::RedirectLoop),
    ("redirect-plain", Fault::RedirectPlain),
    ("gone", Fault::Gone),
    ("other-content", Fault::OtherContent),
];

/// Reads `blockpage403`, `503`, `empty 404`, `slow 5s`, `retry-after 30s`, `redirect https://...`.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, fault)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(fault.clone());
        }
        let unknown = || format!("unknown fault {text:?}");
        let status = |digits: &str| digits.parse().ok().filter(|n| (100..600).contains(n));
        if let Some(status) = status(text) {
            return Ok(Self::Status(status));
        }
        let (word, argument) = text.split_once(' ').ok_or_else(unknown)?;
        let duration = || {
            let (digits, unit) = match argument.strip_suffix("ms") {
                Some(digits) => (digits, 1),
                None => (argument.strip_suffix('s').unwrap_or(""), 1000),
            };
            let count: u64 = digits.parse().map_err(|_| unknown())?;
            Ok::<_, String>(Duration::from_millis(count * unit))
        };
        Ok(match word {
            "empty" => Self::Empty(status(argument).ok_or_else(unknown)?),
            "slow" => Self::Slow(duration()?),
            "retry-after" => Self::RetryAfter(duration()?),
            "retry-date" => Self::RetryDate(duration()?),
            "token-expires" => Self::TokenExpires(duration()?),
            "realm" => Self::Realm(argument.to_owned()),
            "sinkhole" => Self::Sinkhole(argument.parse().map_err(|_| unknown())?),
            "redirect" => Self::Redirect(argument.to_owned()),
            _ => return Err(unknown()),
        })
    }
}

impl Fault {
    pub(super) fn layer(&self) -> Layer {
        match self {
            Self::Refuse | Self::Drop | Self::Unreachable => Layer::Packets,
            Self::NxDomain
            | Self::ServFail
            | Self::DnsRefused
            | Self::DnsTimeout
            | Self::Sinkhole(_) => Layer::Dns,
            Self::ResetAfterHello
            | Self::CloseAfterHello
            | Self::StallAfterAccept
            | Self::PlainHttp
            | Self::Http1Only => Layer::Connection,
            Self::Intercept
            | Self::ProxyIntercept
            | Self::WrongName
            | Self::Expired
            | Self::LongChain => Layer::Certificate,
            Self::Proxy407
            | Self::Proxy407Negotiate
            | Self::Proxy403
            | Self::Proxy502
            | Self::ProxyHang
            | Self::ProxyClose => Layer::Proxy,
            _ => Layer::Http,
        }
    }

    /// The one kind of request that an HTTP fault is about; `None` for every kind.
    pub(super) fn concerns(&self) -> Option<Kind> {
        match self {
            Self::TokenPath
            | Self::TokenPath200
            | Self::Token401
            | Self::Token403
            | Self::TokenNewline
            | Self::TokenTooLong
            | Self::TokenMissing
            | Self::TokenAccess
            | Self::TokenBlank
            | Self::TokenExpires(_)
            | Self::TokenNotJson
            | Self::TokenHuge
            | Self::TokenGzip => Some(Kind::Token),
            Self::Quota
            | Self::QuotaGet
            | Self::MissingWithDigest
            | Self::NoDigest
            | Self::BadDigest
            | Self::GarbageDigest
            | Self::HtmlType
            | Self::IndexAndImage
            | Self::SchemaOne
            | Self::TypeMismatch
            | Self::TooLarge
            | Self::Endless
            | Self::Gone
            | Self::OtherContent => Some(Kind::Manifest),
            _ => None,
        }
    }
}
