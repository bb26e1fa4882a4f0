//! The resolver against the simulated internet: real sockets, real TLS, every fault by name.

mod content;
mod failures;
mod login;
mod lookups;
mod retries;
mod security;
mod strangers;

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use tempfile::TempDir;

use super::proxies::Proxies;
use super::transport::Network;
use super::{CacheUse, Credentials, Options, Session};
use crate::image::{Digest, Reference};
use crate::lookup::Failure;
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::Index;
use crate::world::sim::registries::traffic::Seen;

/// Both long enough for any answer of this machine, however busy: only what hangs reaches them.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
const LOOKUP_LIMIT: Duration = Duration::from_secs(30);

pub(crate) const INGESTOR: &str = "ghcr.io/tracebloc/ingestor:0.3";
pub(crate) const JOBS_MANAGER: &str = "docker.io/tracebloc/jobs-manager:prod";

/// The internet, and one user's way to it.
pub(crate) struct Site {
    pub(crate) net: Internet,
    folder: TempDir,
}

impl Site {
    /// Both registries with the images of the incident.
    pub(crate) fn new() -> Self {
        Self::on(Internet::start())
    }

    fn on(net: Internet) -> Self {
        net.push(JOBS_MANAGER, Index::of(["linux/amd64", "linux/arm64"]));
        net.push(
            INGESTOR,
            Index::of(["linux/amd64", "linux/arm64"]).attested(),
        );
        Self {
            net,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            credentials: Credentials::Never,
            cache: CacheUse::Folder(self.folder.path().join("cache")),
            connect_limit: CONNECT_LIMIT,
            lookup_limit: LOOKUP_LIMIT,
        }
    }

    /// With a Docker config that holds one login.
    fn with_login(&self, key: &str, user: &str, password: &str) -> Options {
        let path = self.folder.path().join("config.json");
        let login = serde_json::json!({ "username": user, "password": password });
        let config = serde_json::json!({ "auths": { key: login } });
        std::fs::write(&path, config.to_string()).unwrap();
        Options {
            credentials: Credentials::WhenRefused(path),
            ..self.options()
        }
    }

    /// For what hangs on purpose.
    fn hasty(&self) -> Options {
        Options {
            connect_limit: Duration::from_secs(2),
            ..self.options()
        }
    }

    /// For lookups that run into their limit.
    fn brief(&self) -> Options {
        Options {
            lookup_limit: Duration::from_secs(3),
            ..self.options()
        }
    }

    /// A session on the hosts' own ports.
    pub(crate) fn session(&self) -> Session {
        self.session_with(self.options())
    }

    pub(crate) fn session_with(&self, options: Options) -> Session {
        Session::on(self.network(), options)
    }

    fn network(&self) -> Network {
        Network::of(&self.net)
    }

    /// A session whose every connection goes through this proxy.
    pub(crate) fn proxied(&self, url: &str, options: Options) -> Session {
        Session::on(self.behind(url, ""), options)
    }

    /// As `proxied`, with exceptions as in `NO_PROXY`, whose names all have this address.
    pub(crate) fn proxied_but(
        &self,
        url: &str,
        exceptions: &str,
        names: Arc<dyn Resolve>,
    ) -> Session {
        let network = Network {
            names,
            ..self.behind(url, exceptions)
        };
        Session::on(network, self.options())
    }

    /// A session that asks this resolver for addresses.
    pub(crate) fn resolved_by(&self, names: Arc<dyn Resolve>, options: Options) -> Session {
        let network = Network {
            names,
            ..self.network()
        };
        Session::on(network, options)
    }

    fn behind(&self, url: &str, exceptions: &str) -> Network {
        let direct = self.network();
        let proxy = reqwest::Proxy::all(url).unwrap();
        let proxy = proxy.no_proxy(reqwest::NoProxy::from_string(exceptions));
        Network {
            client: direct.client.proxy(proxy),
            proxies: Proxies::with(url, exceptions),
            ..direct
        }
    }

    /// `HEAD ghcr.io/v2/tracebloc/ingestor/manifests/0.3`, in order of arrival.
    fn requests(&self) -> Vec<String> {
        self.net.log().iter().map(ToString::to_string).collect()
    }
}

fn image(reference: &str) -> Reference {
    reference.parse().unwrap()
}

fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

/// Four images on Docker Hub, two on ghcr.io.
fn six(net: &Internet) -> Vec<Reference> {
    [
        "docker.io/tracebloc/a:1",
        "docker.io/tracebloc/b:1",
        "docker.io/tracebloc/c:1",
        "docker.io/tracebloc/c:2",
        "ghcr.io/tracebloc/d:1",
        "ghcr.io/tracebloc/e:1",
    ]
    .into_iter()
    .map(|reference| {
        net.push(
            reference,
            Index::of(["linux/amd64"]).label("image", reference),
        );
        image(reference)
    })
    .collect()
}

fn count(site: &Site, wanted: impl Fn(&Seen) -> bool) -> usize {
    site.net.log().iter().filter(|seen| wanted(seen)).count()
}

fn is_token(seen: &Seen) -> bool {
    seen.path == "/token"
}

fn is_head(seen: &Seen) -> bool {
    seen.method == "HEAD"
}

/// `TBI-202 connect ghcr.io: connection refused`
fn words(failure: &Failure) -> String {
    let code = failure.code.map(|code| code.to_string());
    format!(
        "{} {} {failure}",
        code.unwrap_or_default(),
        failure.layer.word()
    )
}
