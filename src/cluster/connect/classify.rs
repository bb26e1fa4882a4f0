//! What went wrong between this machine and the API server, in the words of whoever said it.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::Cluster;
use crate::error::{Call, Error};
use crate::text;

/// Of `kube::Error`, the situation.
pub(super) async fn error(error: kube::Error, call: &Call, cluster: &Cluster) -> Error {
    let call = call.clone();
    let why = words(&error);
    if let kube::Error::Api(status) = &error {
        return match status.code {
            401 => Error::Unauthorized { call, why },
            403 => Error::Forbidden { call, why },
            404 => Error::Missing { call, why },
            409 if status.is_already_exists() => Error::Exists { call, why },
            409 => Error::Conflict { call, why },
            410 => Error::Expired { call, why },
            429 => Error::Busy {
                call,
                why,
                retry_after: retry_after(status),
            },
            400..500 => Error::Rejected { call, why },
            _ => Error::Answer { call, why },
        };
    }
    let mut chain = causes(&error);
    if let Some(ours) = chain.find_map(<dyn StdError>::downcast_ref::<Error>) {
        return ours.clone();
    }
    let server = cluster.transport.route.clone();
    if untrusted(&error) {
        let why = match cluster.transport.issuer().await {
            Some(issuer) => format!("{why} (issued by {issuer:?})"),
            None => why,
        };
        return Error::Certificate { server, why };
    }
    match error {
        kube::Error::Service(_) | kube::Error::HyperError(_) => Error::Unreachable { server, why },
        _ => Error::Answer { call, why },
    }
}

fn retry_after(status: &kube::core::Status) -> Duration {
    let seconds = status
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    Duration::from_secs(seconds.into())
}

/// The words of the API server, else of the cause furthest down.
///
/// `kube::Error` wraps the server's words in a `Debug` dump, and hides the system's at the end of a chain.
pub(super) fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.message.is_empty() => {
            format!("status {} without a word", status.code)
        }
        kube::Error::Api(status) => text::printable(&status.message, text::QUOTED),
        other => root(other),
    }
}

/// The words of the cause furthest down.
pub(super) fn root(error: &(dyn StdError + 'static)) -> String {
    if let Some(certificate) = causes(error).find_map(certificate) {
        return certificate_words(certificate);
    }
    let root = causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string);
    // rustls sends its reader to its manual.
    let said = root.split(": https://docs.rs/").next().unwrap_or_default();
    text::printable(said, text::QUOTED)
}

fn untrusted(error: &kube::Error) -> bool {
    causes(error).find_map(certificate).is_some()
}

fn certificate<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a CertificateError> {
    match error.downcast_ref()? {
        rustls::Error::InvalidCertificate(error) => Some(error),
        _ => None,
    }
}

/// rustls prints the name of a variant where it has nothing to add.
fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("expired {}, by the clock of this machine", time(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "valid from {} on, by the clock of this machine not yet",
            time(*not_before)
        ),
        CertificateError::UnknownIssuer => {
            "signed by an authority that is not trusted here".to_owned()
        }
        other => text::printable(&other.to_string(), text::QUOTED),
    }
}

fn time(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "at an impossible time".to_owned(),
            |time| time.to_string(),
        )
}

/// The error, its cause, and so on. An `io::Error` is followed into what it wraps, which `source` skips.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn StdError + 'static));
        wrapped.or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_furthest_down_has_the_word() {
        let refused = || io::Error::from_raw_os_error(111);
        for (name, error, want) in [
            ("itself", refused(), "Connection refused (os error 111)"),
            (
                "wrapped, which io::Error hides",
                io::Error::other(refused()),
                "Connection refused (os error 111)",
            ),
            (
                "a control character in it",
                io::Error::other("\u{1b}[31mno"),
                "[31mno",
            ),
            (
                "a page of a manual after it",
                io::Error::other("peer closed connection: https://docs.rs/rustls/latest#eof"),
                "peer closed connection",
            ),
        ] {
            assert_eq!(want, root(&error), "{name}");
        }
    }

    #[test]
    fn a_certificate_out_of_time_is_told_with_the_date() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for (error, want) in [
            (
                CertificateError::ExpiredContext {
                    time: at(1_800_000_000),
                    not_after: at(1_780_000_000),
                },
                "expired 2026-05-28T20:26:40Z, by the clock of this machine",
            ),
            (
                CertificateError::NotValidYetContext {
                    time: at(0),
                    not_before: at(1_780_000_000),
                },
                "valid from 2026-05-28T20:26:40Z on, by the clock of this machine not yet",
            ),
        ] {
            let error =
                io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(error)));
            assert_eq!(want, root(&error));
        }
    }
}
