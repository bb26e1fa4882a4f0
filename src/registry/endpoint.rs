//! The hosts behind a registry's name, and the addresses of what is asked there.

use std::net::IpAddr;

use reqwest::Url;

use super::token::Service;

/// Where a registry answers.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// As references spell it: `docker.io`.
    pub(super) registry: String,
    /// `https://registry-1.docker.io/`
    pub(super) base: Url,
    /// Known registries: their tokens come from here, whatever a challenge says.
    pub(super) tokens: Option<Service>,
    /// Known registries: where their layers were, the last time somebody wrote it down; the likeliest first.
    pub(super) layers: &'static [&'static str],
}

/// Docker, "Allowlist for Docker Desktop"; the first since 2026.
const DOCKER_LAYERS: &[&str] = &[
    "production.cloudfront.docker.com",
    "production.cloudflare.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
];

const GHCR_LAYERS: &[&str] = &["pkg-containers.githubusercontent.com"];

impl Endpoint {
    /// `None` where the name cannot be that of a host.
    ///
    /// Docker Hub is asked at `registry-1.docker.io`: containerd pulls from there, and Docker's list of hosts to
    /// allow names it and not `index.docker.io`.
    pub(super) fn of(registry: &str) -> Option<Self> {
        let (host, tokens, layers) = match registry {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => (
                "registry-1.docker.io",
                Some(("https://auth.docker.io/token", "registry.docker.io")),
                DOCKER_LAYERS,
            ),
            "ghcr.io" => (
                "ghcr.io",
                Some(("https://ghcr.io/token", "ghcr.io")),
                GHCR_LAYERS,
            ),
            other => (other, None, &[][..]),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return None;
        }
        let mut base = Url::parse(&format!("https://{host}/")).ok()?;
        if is_loopback(&base) {
            // A registry on this machine speaks plain HTTP, as crane and containerd have it; nothing else may.
            base = Url::parse(&format!("http://{host}/")).ok()?;
        }
        let tokens = match tokens {
            Some((realm, name)) => Some(Service {
                realm: Url::parse(realm).ok()?,
                name: Some(name.to_owned()),
            }),
            None => None,
        };
        Some(Self {
            registry: registry.to_owned(),
            base,
            tokens,
            layers,
        })
    }

    /// The address that every registry answers (distribution spec, end-1).
    pub(super) fn ping(&self) -> Url {
        self.at("v2/")
    }

    /// `target` is a tag or a digest.
    pub(super) fn manifest(&self, repository: &str, target: &str) -> Url {
        self.at(&format!("v2/{repository}/manifests/{target}"))
    }

    pub(super) fn blob(&self, repository: &str, digest: &str) -> Url {
        self.at(&format!("v2/{repository}/blobs/{digest}"))
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Whether tokens come from another host than images, as Docker Hub's do.
    pub(super) fn has_token_host(&self) -> bool {
        self.tokens
            .as_ref()
            .is_some_and(|tokens| authority(&tokens.realm) != authority(&self.base))
    }
}

/// `host`, or `host:port` where the port is not the scheme's own. The words for a host on screens and in failures.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// `localhost`, `*.localhost`, `127.0.0.0/8` and `::1`.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Whether a registry could have a repository of this name (distribution spec, "pulling manifests").
pub(super) fn is_repository(name: &str) -> bool {
    let part = |part: &str| {
        part.bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    name.len() <= 255 && name.split('/').all(part)
}

/// Whether a repository could have a tag of this name.
pub(super) fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_registry_is_asked_where_containerd_asks_it() {
        for (registry, want, tokens) in [
            (
                "docker.io",
                "https://registry-1.docker.io/v2/",
                Some("auth.docker.io"),
            ),
            (
                "index.docker.io",
                "https://registry-1.docker.io/v2/",
                Some("auth.docker.io"),
            ),
            ("ghcr.io", "https://ghcr.io/v2/", Some("ghcr.io")),
            (
                "registry.example:5000",
                "https://registry.example:5000/v2/",
                None,
            ),
            ("10.0.0.5:5000", "https://10.0.0.5:5000/v2/", None),
            ("localhost:5000", "http://localhost:5000/v2/", None),
            ("kind.localhost", "http://kind.localhost/v2/", None),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/v2/", None),
            ("[::1]:5000", "http://[::1]:5000/v2/", None),
            ("localhost.example", "https://localhost.example/v2/", None),
        ] {
            let endpoint = Endpoint::of(registry).unwrap();
            assert_eq!(want, endpoint.ping().as_str());
            let realm = endpoint.tokens.map(|tokens| authority(&tokens.realm));
            assert_eq!(tokens, realm.as_deref(), "{registry}");
        }
    }

    #[test]
    fn what_is_no_host_is_not_asked() {
        for registry in [
            "",
            "a/b",
            "user@host",
            "host?x",
            "host#x",
            "ho st",
            "h\u{f6}st",
            "host:port",
            "[::1",
        ] {
            assert!(Endpoint::of(registry).is_none(), "{registry}");
        }
    }

    #[test]
    fn names_are_checked_before_they_become_an_address() {
        for (name, repository, tag) in [
            ("tracebloc/ingestor", true, false),
            ("0.3", true, true),
            ("a", true, true),
            ("_x", false, true),
            ("UPPER", false, true),
            ("a//b", false, false),
            ("../x", false, false),
            ("a/../b", false, false),
            ("a/", false, false),
            ("a?b", false, false),
            ("a%2fb", false, false),
            ("a b", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (repository, tag),
                (is_repository(name), is_tag(name)),
                "{name:?}"
            );
        }
        assert!(!is_tag(&"a".repeat(129)));
        assert!(!is_repository(&"a".repeat(256)));
    }

    proptest! {
        #[test]
        fn an_accepted_name_stays_where_it_was_put(name in "[a-z0-9._/-]{1,20}", tag in "[A-Za-z0-9._-]{1,20}") {
            prop_assume!(is_repository(&name) && is_tag(&tag));
            let url = Endpoint::of("ghcr.io").unwrap().manifest(&name, &tag);
            prop_assert_eq!(format!("https://ghcr.io/v2/{name}/manifests/{tag}"), url.as_str());
        }
    }
}
