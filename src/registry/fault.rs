//! What broke, below HTTP or in it, before it is known whose fault it is.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;
use rustls::{CertificateError, InvalidMessage};

use super::dns::Unresolved;
use super::endpoint::authority;
use crate::codes::Code;
use crate::lookup::{Failure, Layer};
use crate::reading::Broken;
use crate::text::{QUOTED, printable};

/// A failure without its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) layer: Layer,
    pub(super) code: Code,
    /// May hold foreign text: it is made printable where the host is added.
    pub(super) message: String,
    pub(super) again: Again,
    pub(super) retry_after: Option<Duration>,
}

/// Whether the same question may be answered a moment later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Worthwhile,
    Pointless,
}

/// Which part of a registry a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Api,
    Tokens,
    Layers,
}

impl Part {
    /// The part that `url` is for a registry at `api`: where one host does all, its failures are the registry's.
    pub(super) fn or_api(self, url: &Url, api: &Url) -> Self {
        if authority(url) == authority(api) {
            Self::Api
        } else {
            self
        }
    }
}

impl Fault {
    pub(super) fn new(layer: Layer, code: Code, message: impl Into<String>) -> Self {
        Self {
            layer,
            code,
            message: message.into(),
            again: Again::Pointless,
            retry_after: None,
        }
    }

    pub(super) fn worth_retrying(mut self) -> Self {
        self.again = Again::Worthwhile;
        self
    }

    /// The failure of the host in `url`.
    pub(super) fn at(self, url: &Url, part: Part) -> Failure {
        Failure {
            code: Some(self.code_at(part)),
            layer: self.layer,
            host: authority(url),
            message: printable(&self.message, QUOTED - 1),
            retry_after: self.retry_after,
        }
    }

    /// The same for whoever asks what broke at which host.
    pub(super) fn broken(&self, host: &str, part: Part) -> Broken {
        Broken {
            code: self.code_at(part),
            cause: self.code,
            host: host.to_owned(),
            message: printable(&self.message, QUOTED - 1),
        }
    }

    /// 201 to 234 are about API hosts; other hosts have one code for all of them.
    fn code_at(&self, part: Part) -> Code {
        let is_about_api = (Code::Dropped..=Code::RegistryError).contains(&self.code);
        match part {
            Part::Tokens if is_about_api => Code::TokenHostBlocked,
            Part::Layers if is_about_api => Code::LayerHostBlocked,
            _ => self.code,
        }
    }
}

/// What reqwest's error says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known(Fault),
    /// It leaves open what broke.
    Open(Open),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// The limit of a connection passed: while packets were dropped, or during the TLS handshake?
    TimedOut,
    /// The proxy opened no tunnel, or the tunnel ended at once: which of the two, and with which status?
    Tunnel,
}

/// Judges an error of a request; `proxy` is the name of the one it went through.
pub(super) fn judge(error: &reqwest::Error, proxy: Option<&str>, limit: Duration) -> Verdict {
    let chain = causes(error);
    let says = |words: &str| chain.iter().any(|cause| cause.to_string() == words);
    let kind = chain
        .iter()
        .rev()
        .find_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind);

    if let Some(why) = chain
        .iter()
        .find_map(|cause| cause.downcast_ref::<Unresolved>())
    {
        return Verdict::Known(unresolved(*why, proxy));
    }
    if let Some(tls) = chain
        .iter()
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
    {
        return Verdict::Known(tls_fault(tls));
    }
    if says("tcp connect error") {
        return Verdict::Known(unconnected(kind, proxy, limit));
    }
    if says("tunnel error: proxy authorization required") {
        return Verdict::Known(proxy_answer(407, proxy, ""));
    }
    if error.is_connect() {
        return match kind {
            _ if error.is_timeout() => Verdict::Open(Open::TimedOut),
            _ if proxy.is_some() => Verdict::Open(Open::Tunnel),
            Some(io::ErrorKind::UnexpectedEof) => Verdict::Known(cut("closed")),
            _ => Verdict::Known(cut("reset")),
        };
    }
    let fault = |words: &str| Fault::new(Layer::Http, Code::RegistryError, words);
    Verdict::Known(if error.is_request() {
        // A connection kept from before may have ended meanwhile; nothing was answered, so asking again is safe.
        fault("connection ended without an answer").worth_retrying()
    } else {
        fault("the answer was cut short")
    })
}

/// The error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // `io::Error` skips the error that it wraps when asked for its source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
    .collect()
}

pub(super) fn unresolved(why: Unresolved, proxy: Option<&str>) -> Fault {
    if let Some(proxy) = proxy {
        return proxy_unreachable(proxy, &why.to_string());
    }
    let code = match why {
        Unresolved::Unknown => Code::NameRefused,
        Unresolved::Silent(_) | Unresolved::Failing => Code::DnsSilent,
    };
    let fault = Fault::new(Layer::Dns, code, why.to_string());
    if why == Unresolved::Failing {
        fault.worth_retrying()
    } else {
        fault
    }
}

/// No TCP connection, to the host or to the proxy before it.
pub(super) fn unconnected(
    kind: Option<io::ErrorKind>,
    proxy: Option<&str>,
    limit: Duration,
) -> Fault {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, PermissionDenied,
        TimedOut,
    };

    let (code, words, again) = match kind {
        Some(TimedOut) => (
            Code::Dropped,
            format!("connection timed out after {limit:?}"),
            Again::Pointless,
        ),
        Some(PermissionDenied) => (
            Code::Dropped,
            "this machine does not permit the connection".to_owned(),
            Again::Pointless,
        ),
        Some(HostUnreachable) => (
            Code::NoAddressFamily,
            "no route to the host".to_owned(),
            Again::Worthwhile,
        ),
        Some(NetworkUnreachable | AddrNotAvailable) => (
            Code::NoAddressFamily,
            "network is unreachable".to_owned(),
            Again::Worthwhile,
        ),
        Some(ConnectionRefused) => (
            Code::Refused,
            "connection refused".to_owned(),
            Again::Worthwhile,
        ),
        other => {
            let words = other.map_or("no connection".to_owned(), |kind| kind.to_string());
            (Code::Refused, words, Again::Worthwhile)
        }
    };
    let fault = match proxy {
        Some(proxy) => proxy_unreachable(proxy, &words),
        None => Fault::new(Layer::Connect, code, words),
    };
    Fault { again, ..fault }
}

fn proxy_unreachable(proxy: &str, why: &str) -> Fault {
    Fault::new(
        Layer::Proxy,
        Code::ProxyUnreachable,
        format!("proxy {proxy} is unreachable: {why}"),
    )
}

/// What the proxy answered to CONNECT; `said` is what it added, where that was read.
pub(super) fn proxy_answer(status: u16, proxy: Option<&str>, said: &str) -> Fault {
    let proxy = proxy.unwrap_or_default();
    let said = if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    };
    let fault = |code, what: &str| {
        Fault::new(
            Layer::Proxy,
            code,
            format!("proxy {proxy} {what} ({status}){said}"),
        )
    };
    match status {
        407 => fault(Code::ProxyLogin, "wants a login"),
        500.. => fault(Code::ProxyCannotReach, "cannot reach it").worth_retrying(),
        _ => fault(Code::ProxyDenies, "denies it"),
    }
}

/// TCP was there, and TLS did not end within the limit of a connection.
pub(super) fn stalled(limit: Duration) -> Fault {
    let words = format!("TLS handshake timed out after {limit:?}");
    Fault::new(Layer::Tls, Code::TlsStalls, words)
}

/// TCP was there, TLS was not: a filter has read the name in the hello.
pub(super) fn cut(how: &str) -> Fault {
    Fault::new(
        Layer::Tls,
        Code::ResetAfterHello,
        format!("{how} right after the TLS hello"),
    )
    .worth_retrying()
}

pub(super) fn tls_fault(error: &rustls::Error) -> Fault {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage as Garbled};

    let (code, words) = match error {
        InvalidCertificate(why) => certificate(why),
        Garbled(InvalidMessage::InvalidContentType) => (
            Code::PlainHttp,
            "answers in plain text where TLS is expected".to_owned(),
        ),
        AlertReceived(alert) => (
            Code::ResetAfterHello,
            format!("refused the TLS hello ({alert:?})"),
        ),
        // No public registry speaks TLS that rustls does not: something in between does.
        other => (Code::TlsIntercepted, format!("TLS failed: {other}")),
    };
    Fault::new(Layer::Tls, code, words)
}

fn certificate(why: &CertificateError) -> (Code, String) {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };

    match why {
        UnknownIssuer => (
            Code::TlsIntercepted,
            "certificate issued by an authority that this machine does not trust".to_owned(),
        ),
        NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented
                .iter()
                .map(|name| {
                    name.trim_start_matches("DnsName(\"")
                        .trim_end_matches("\")")
                })
                .collect();
            (
                Code::WrongCertificateName,
                format!("certificate is for {}", names.join(", ")),
            )
        }
        NotValidForName => (
            Code::WrongCertificateName,
            "certificate is for another name".to_owned(),
        ),
        Expired | ExpiredContext { .. } => {
            (Code::CertificateDates, "certificate has expired".to_owned())
        }
        NotValidYet | NotValidYetContext { .. } => (
            Code::CertificateDates,
            "certificate is not valid yet".to_owned(),
        ),
        other => (
            Code::TlsIntercepted,
            format!("certificate not accepted: {other}"),
        ),
    }
}

/// Why no client can be made, in the words of whoever refused.
pub(super) fn unusable(error: &reqwest::Error) -> String {
    let chain = causes(error);
    let words = match chain
        .iter()
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::General(words)) => words.clone(),
        _ => chain.last().map(ToString::to_string).unwrap_or_default(),
    };
    printable(&words, QUOTED - 1)
}
