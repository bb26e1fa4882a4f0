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

    const GHCR: &str = "https://ghcr.io/v2/";
    const LOCAL: &str = "http://localhost:5000/v2/";

    #[test]
    fn a_registry_may_send_us_to_other_hosts() {
        for (name, base, word, want) in [
            (
                "itself",
                GHCR,
                "https://ghcr.io/token",
                "https://ghcr.io/token",
            ),
            (
                "another",
                GHCR,
                "https://cdn.example/b?s=1",
                "https://cdn.example/b?s=1",
            ),
            ("a path", GHCR, "/other", "https://ghcr.io/other"),
            (
                "no scheme",
                GHCR,
                "//cdn.example/x",
                "https://cdn.example/x",
            ),
            (
                "a private address",
                GHCR,
                "https://10.0.0.7/x",
                "https://10.0.0.7/x",
            ),
            (
                "a local registry to itself",
                LOCAL,
                "/token",
                "http://localhost:5000/token",
            ),
        ] {
            let url = checked(&base.parse().unwrap(), word);
            assert_eq!(Ok(want.to_owned()), url.map(String::from), "{name}");
        }
    }

    #[test]
    fn a_registry_may_not_send_us_everywhere() {
        use Refusal::{Insecure, Inward, Malformed, User};
        for (name, base, word, why) in [
            ("down to http", GHCR, "http://ghcr.io/token", Insecure),
            ("another scheme", GHCR, "file:///etc/passwd", Malformed),
            ("ftp", GHCR, "ftp://ghcr.io/token", Insecure),
            ("a user", GHCR, "https://ghcr.io@evil.example/", User),
            ("loopback", GHCR, "https://127.0.0.1/token", Inward),
            ("loopback by name", GHCR, "https://localhost:8443/", Inward),
            ("loopback in IPv6", GHCR, "https://[::1]/token", Inward),
            ("IPv4 in IPv6", GHCR, "https://[::ffff:127.0.0.1]/", Inward),
            ("a number", GHCR, "https://2130706433/token", Inward),
            ("metadata", GHCR, "https://169.254.169.254/latest", Inward),
            ("metadata in IPv6", GHCR, "https://[fd00:ec2::254]/", Inward),
            ("link-local in IPv6", GHCR, "https://[fe80::1]/", Inward),
            ("unspecified", GHCR, "https://0.0.0.0/", Inward),
            ("no host", GHCR, "https://", Malformed),
            (
                "a neighbour on loopback",
                LOCAL,
                "http://localhost:22/",
                Inward,
            ),
            (
                "metadata in clear",
                LOCAL,
                "http://169.254.169.254/",
                Inward,
            ),
        ] {
            let refused = checked(&base.parse().unwrap(), word);
            assert_eq!(Err(why), refused, "{name}");
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
