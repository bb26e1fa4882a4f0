//! How far a question came before anybody answered in HTTP: from what curl says to a code.
//!
//! curl's exit code alone says little; with the times of the stages it says which layer was in the way (curl,
//! "EXIT CODES" and `--write-out`; what 7.88 says in each case was seen at real faults).

use super::result::{Answer, Exit};
use crate::codes::Code;

/// How a question crossed everything below HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    Over,
    Failed(Code, String),
    /// The tool at hand cannot tell.
    Unknown(String),
}

/// `proxy` is the one before the host, if one is.
pub(super) fn crossing(answer: &Answer, proxy: Option<&str>) -> Crossing {
    let said = answer.field("e");
    let exit = match answer.exit {
        Exit::Curl(exit) => exit,
        Exit::Wget => return of_wget(answer),
        Exit::None => {
            return Crossing::Unknown("the pod's image has neither curl nor wget".to_owned());
        }
    };
    if let Some(found) = proxy.and_then(|proxy| at_proxy(answer, exit, proxy)) {
        return found;
    }
    let (code, message) = match exit {
        // The body went beyond what is kept of it: the answer is there.
        0 | 23 => return Crossing::Over,
        6 => unresolved(answer),
        7 if ["route", "unreachable"]
            .iter()
            .any(|word| said.contains(word)) =>
        {
            (Code::NoAddressFamily, "network is unreachable".to_owned())
        }
        7 => (Code::Refused, "connection refused".to_owned()),
        28 if answer.resolved.is_zero() => {
            (Code::DnsSilent, "DNS did not answer within 5s".to_owned())
        }
        28 if answer.connected.is_zero() => {
            (Code::Dropped, "connection timed out after 5s".to_owned())
        }
        28 if answer.secured.is_zero() => (
            Code::TlsStalls,
            "TLS handshake timed out after 5s".to_owned(),
        ),
        28 => (Code::RegistryError, "no answer within 10s".to_owned()),
        35 if ["wrong version number", "packet length too long"]
            .iter()
            .any(|word| said.contains(word)) =>
        {
            (
                Code::PlainHttp,
                "answers in plain text where TLS is expected".to_owned(),
            )
        }
        35 | 56 if said.contains("reset") => (
            Code::ResetAfterHello,
            "reset right after the TLS hello".to_owned(),
        ),
        35 => (
            Code::ResetAfterHello,
            "closed right after the TLS hello".to_owned(),
        ),
        60 => certificate(answer),
        52 => (
            Code::RegistryError,
            "ended the connection without an answer".to_owned(),
        ),
        _ => return Crossing::Unknown(format!("curl ended with {exit}: {said}")),
    };
    let (code, message) = sunk(answer, code, message);
    Crossing::Failed(code, message)
}

/// A name that leads nowhere is DNS's doing, whatever came of following it.
fn sunk(answer: &Answer, code: Code, message: String) -> (Code, String) {
    let address = answer.field("ip");
    let is_nowhere = ["0.", "127.", "[::", "::"]
        .iter()
        .any(|start| address.starts_with(start));
    let is_own = answer.host.starts_with("127.") || answer.host.starts_with("localhost");
    if is_nowhere && !is_own {
        let address = address
            .rsplit_once(':')
            .map_or(address, |(address, _)| address);
        (
            Code::DnsSinkhole,
            format!("{message}; DNS answers {address}, which leads nowhere"),
        )
    } else {
        (code, message)
    }
}

/// What the proxy itself is in the way of. `None` where the question came through it, or failed behind it.
fn at_proxy(answer: &Answer, exit: u8, proxy: &str) -> Option<Crossing> {
    let unreachable = |why: &str| {
        Some(Crossing::Failed(
            Code::ProxyUnreachable,
            format!("proxy {proxy} is unreachable: {why}"),
        ))
    };
    let answered = |code, what: &str| {
        let server = match answer.field("sv") {
            "" => String::new(),
            server => format!(": {server}"),
        };
        Some(Crossing::Failed(
            code,
            format!("proxy {proxy} {what} ({}){server}", answer.tunnel),
        ))
    };
    match (exit, answer.tunnel) {
        (5 | 6, _) => unreachable("its name is not resolved"),
        (_, 407) => answered(Code::ProxyLogin, "wants a login"),
        (_, 500..) => answered(Code::ProxyCannotReach, "cannot reach it"),
        (_, 300..) => answered(Code::ProxyDenies, "denies it"),
        (7, 0) => unreachable("connection refused"),
        (28, 0) if answer.connected.is_zero() => unreachable("connection timed out after 5s"),
        (28 | 35 | 52 | 56, 0) => Some(Crossing::Failed(
            Code::ProxyCannotReach,
            format!("proxy {proxy} gives no answer to CONNECT"),
        )),
        _ => None,
    }
}

/// curl says the same of a name that there is not, and of a DNS that is broken; nslookup does not.
fn unresolved(answer: &Answer) -> (Code, String) {
    let said = answer.field("ns").to_ascii_lowercase();
    let has = |word: &str| said.contains(word);
    if has("nxdomain") || has("can't find") && !has("servfail") && !has("refused") {
        (Code::NameRefused, "name not known (NXDOMAIN)".to_owned())
    } else if said.is_empty() {
        (
            Code::NameRefused,
            "name not resolved (the pod's image has no nslookup, which would say why)".to_owned(),
        )
    } else {
        (Code::DnsSilent, "DNS does not answer for it".to_owned())
    }
}

/// By OpenSSL's verdict on the certificate (`x509_vfy.h`).
fn certificate(answer: &Answer) -> (Code, String) {
    match answer.verify {
        18..=21 => (
            Code::TlsIntercepted,
            "certificate issued by an authority that the pod does not trust".to_owned(),
        ),
        9 => (
            Code::CertificateDates,
            "certificate is not valid yet".to_owned(),
        ),
        10 => (Code::CertificateDates, "certificate has expired".to_owned()),
        _ => (
            Code::WrongCertificateName,
            "certificate is for another name".to_owned(),
        ),
    }
}

/// wget says what it likes: only what all of them say is read.
fn of_wget(answer: &Answer) -> Crossing {
    if answer.status != 0 {
        return Crossing::Over;
    }
    let said = answer.field("e");
    let has = |word: &str| said.contains(word);
    if has("bad address") {
        let (code, message) = unresolved(answer);
        Crossing::Failed(code, message)
    } else if has("refused") {
        Crossing::Failed(Code::Refused, "connection refused".to_owned())
    } else if has("timed out") {
        Crossing::Failed(Code::Dropped, "connection timed out".to_owned())
    } else {
        Crossing::Unknown(format!("wget says only {said:?}, and there is no curl"))
    }
}
