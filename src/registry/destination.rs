//! Where a registry's answer may send us: the realm of a challenge, and the target of a redirect.
//!
//! Both are words of whoever answered, and following them blindly has been a vulnerability in most registry clients
//! (CVE-2020-15157 in containerd, CVE-2026-48978 in oras-go). Private addresses in general stay allowed: registries
//! on premises have them.

use std::net::IpAddr;

use reqwest::Url;

use super::endpoint::{authority, is_loopback};

/// Why a destination is not gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("not an address")]
    Malformed,
    #[error("not https")]
    Insecure,
    #[error("a user name in the address")]
    User,
    #[error("an address of this machine or its link")]
    Inward,
}

/// The address that `word` names, as seen from `base`, if the registry behind `base` may send us there.
pub(crate) fn checked(base: &Url, word: &str) -> Result<Url, Refusal> {
    let url = base.join(word).map_err(|_| Refusal::Malformed)?;
    if !url.has_host() {
        return Err(Refusal::Malformed);
    }
    if url.scheme() != "https" && (url.scheme(), base.scheme()) != ("http", "http") {
        return Err(Refusal::Insecure);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::User);
    }
    if is_inward(&url) && authority(&url) != authority(base) {
        return Err(Refusal::Inward);
    }
    Ok(url)
}

/// Whether both are the same scheme, host and port: only there may an `Authorization` follow.
pub(super) fn is_same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Loopback, link-local (where clouds keep machine credentials) and unspecified addresses.
fn is_inward(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let inward = match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_link_local() || address.is_unspecified(),
        Ok(IpAddr::V6(address)) => {
            address.is_unicast_link_local()
                || address.is_unspecified()
                // Amazon's metadata service, on a unique local address.
                || address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
        Err(_) => false,
    };
    inward || is_loopback(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_may_not_send_us_everywhere() {
        let ghcr = "https://ghcr.io/v2/";
        let local = "http://localhost:5000/v2/";
        for (name, base, word, want) in [
            (
                "the same host",
                ghcr,
                "https://ghcr.io/token",
                Ok("https://ghcr.io/token"),
            ),
            (
                "another host",
                ghcr,
                "https://cdn.example/blob?s=1",
                Ok("https://cdn.example/blob?s=1"),
            ),
            (
                "a relative path",
                ghcr,
                "/other",
                Ok("https://ghcr.io/other"),
            ),
            (
                "a scheme-less host",
                ghcr,
                "//cdn.example/x",
                Ok("https://cdn.example/x"),
            ),
            (
                "a private address",
                ghcr,
                "https://10.0.0.7/x",
                Ok("https://10.0.0.7/x"),
            ),
            (
                "down to http",
                ghcr,
                "http://ghcr.io/token",
                Err(Refusal::Insecure),
            ),
            (
                "another scheme",
                ghcr,
                "file:///etc/passwd",
                Err(Refusal::Malformed),
            ),
            ("ftp", ghcr, "ftp://ghcr.io/token", Err(Refusal::Insecure)),
            (
                "a user name",
                ghcr,
                "https://ghcr.io@evil.example/",
                Err(Refusal::User),
            ),
            (
                "loopback",
                ghcr,
                "https://127.0.0.1/token",
                Err(Refusal::Inward),
            ),
            (
                "loopback by name",
                ghcr,
                "https://localhost:8443/token",
                Err(Refusal::Inward),
            ),
            (
                "loopback in IPv6",
                ghcr,
                "https://[::1]/token",
                Err(Refusal::Inward),
            ),
            (
                "IPv4 inside IPv6",
                ghcr,
                "https://[::ffff:127.0.0.1]/token",
                Err(Refusal::Inward),
            ),
            (
                "a number for an address",
                ghcr,
                "https://2130706433/token",
                Err(Refusal::Inward),
            ),
            (
                "cloud metadata",
                ghcr,
                "https://169.254.169.254/latest",
                Err(Refusal::Inward),
            ),
            (
                "cloud metadata in IPv6",
                ghcr,
                "https://[fd00:ec2::254]/latest",
                Err(Refusal::Inward),
            ),
            (
                "link-local in IPv6",
                ghcr,
                "https://[fe80::1]/",
                Err(Refusal::Inward),
            ),
            (
                "unspecified",
                ghcr,
                "https://0.0.0.0/",
                Err(Refusal::Inward),
            ),
            (
                "nothing that is an address",
                ghcr,
                "https://",
                Err(Refusal::Malformed),
            ),
            (
                "a local registry to itself",
                local,
                "/token",
                Ok("http://localhost:5000/token"),
            ),
            (
                "a local registry to its neighbour",
                local,
                "http://localhost:22/",
                Err(Refusal::Inward),
            ),
            (
                "a local registry to metadata",
                local,
                "http://169.254.169.254/",
                Err(Refusal::Inward),
            ),
        ] {
            let base: Url = base.parse().unwrap();
            let want = want.map(str::to_owned);
            assert_eq!(want, checked(&base, word).map(String::from), "{name}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let home = url("https://ghcr.io/v2/");
        assert!(is_same_origin(&home, &url("https://ghcr.io:443/token")));
        for other in [
            "http://ghcr.io/",
            "https://ghcr.io:8443/",
            "https://evil.ghcr.io/",
        ] {
            assert!(!is_same_origin(&home, &url(other)), "{other}");
        }
    }
}
