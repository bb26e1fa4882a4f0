//! Names to addresses: with a limit of its own, and with an error that says what DNS said.
//!
//! The limit is shorter than that of a whole connection, so that a connection that timed out was never waiting for
//! DNS. `getaddrinfo` cannot be stopped: it runs on a thread that nobody waits for, at the exit of the program neither.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use std::{io, iter};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::detached::detached;

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("name not known (NXDOMAIN)")]
    Unknown,
    #[error("DNS did not answer within {0:?}")]
    Silent(Duration),
    /// SERVFAIL, no server to ask, no answer to the C library.
    #[error("DNS does not answer for it")]
    Failing,
}

/// A resolver whose errors are [`Unresolved`].
#[derive(Clone)]
pub(super) struct Names {
    source: Arc<dyn Resolve>,
    limit: Duration,
}

impl Names {
    pub(super) fn new(source: Arc<dyn Resolve>, limit: Duration) -> Self {
        Self { source, limit }
    }

    /// The addresses of a host that is a name or an address; `port` where the source names none.
    pub(super) async fn addresses(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        let name = host.parse().map_err(|_| Unresolved::Unknown)?;
        let mut addresses: Vec<SocketAddr> = self.ask(name).await?.collect();
        for address in &mut addresses {
            if address.port() == 0 {
                address.set_port(port);
            }
        }
        Ok(addresses)
    }

    async fn ask(&self, name: Name) -> Result<Addrs, Unresolved> {
        let asked = tokio::time::timeout(self.limit, self.source.resolve(name)).await;
        let mut addresses = match asked {
            Err(_) => return Err(Unresolved::Silent(self.limit)),
            Ok(Err(error)) => return Err(reason(&error.to_string())),
            Ok(Ok(addresses)) => addresses,
        };
        match addresses.next() {
            Some(first) => Ok(Box::new(iter::once(first).chain(addresses))),
            None => Err(Unresolved::Unknown),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move { Ok(names.ask(name).await?) })
    }
}

/// What `getaddrinfo` means, in the words of glibc, musl, macOS and Windows.
fn reason(words: &str) -> Unresolved {
    let unknown = [
        "not known",
        "does not resolve",
        "nodename nor servname",
        "No such host",
        "No address associated",
        "no data of the requested type",
    ];
    if unknown.iter().any(|word| words.contains(word)) {
        Unresolved::Unknown
    } else {
        Unresolved::Failing
    }
}

/// The resolver of the operating system.
pub(super) struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let lookup = detached(move || (host.as_str(), 0).to_socket_addrs());
        Box::pin(async move {
            let addresses = lookup
                .await
                .ok_or_else(|| io::Error::other("the lookup ended without an answer"))??;
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_c_library_are_told_apart() {
        for (words, want) in [
            (
                "failed to lookup address information: Name or service not known",
                Unresolved::Unknown,
            ),
            (
                "failed to lookup address information: Name does not resolve",
                Unresolved::Unknown,
            ),
            (
                "failed to lookup address information: No address associated with hostname",
                Unresolved::Unknown,
            ),
            (
                "failed to lookup address information: nodename nor servname provided, or not known",
                Unresolved::Unknown,
            ),
            (
                "No such host is known. (os error 11001)",
                Unresolved::Unknown,
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                Unresolved::Failing,
            ),
            (
                "failed to lookup address information: Try again",
                Unresolved::Failing,
            ),
            ("something else", Unresolved::Failing),
        ] {
            assert_eq!(want, reason(words), "{words}");
        }
    }

    #[tokio::test]
    async fn the_system_resolves_names_and_addresses_stand_for_themselves() {
        let names = Names::new(Arc::new(SystemNames), Duration::from_secs(5));
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let addresses = names.addresses(host, 443).await.unwrap();
            assert!(
                addresses
                    .iter()
                    .all(|it| it.ip().is_loopback() && it.port() == 443),
                "{host}"
            );
        }
    }
}
