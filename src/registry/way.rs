//! The way to one host, walked by hand: its name, the proxy or its addresses, TLS, each with the time it took.
//!
//! A failed request says what broke, and neither what was fine before nor who issued the certificate. Not a byte of
//! HTTP is sent to the host here: the handshake is checked, its certificate looked at, and the connection closed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::dns::Unresolved;
use super::fault::{Fault, Part, cut, proxy_answer, stalled, tls_fault, unconnected, unresolved};
use super::proxies::proxy_name;
use super::transport::Transport;
use super::tunnel::open_tunnel;
use crate::codes::Code;
use crate::lookup::Layer;
use crate::reading::Broken;

/// How long the other addresses of a host may still take once one of them answers.
const OTHERS: Duration = Duration::from_millis(300);

/// How long a second look at what failed may take: a name that cannot exist, a proxy that was not to be used.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// What the way to a host showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    pub(crate) host: String,
    /// `host:port` of the proxy that stands before it. `None` without one.
    pub(crate) proxy: Option<String>,
    /// `None` where the proxy resolves the name, or nobody did.
    pub(crate) dns: Option<Duration>,
    /// TCP or the proxy's tunnel, and TLS. `None` where it was not tried.
    pub(crate) connect: Option<Duration>,
    /// Of the certificate that was shown, be it trusted or not.
    pub(crate) issuer: Option<String>,
    /// Whether the name failed, or what comes after it.
    pub(crate) broken: Option<(Layer, Broken)>,
    /// Addresses that do not answer beside one that does.
    pub(crate) odd: Option<Broken>,
}

/// One walk, from its start on.
struct Walk<'a> {
    transport: &'a Transport,
    url: &'a Url,
    walked: Walked,
}

impl Transport {
    /// Walks to the host of `url`, which is that part of a registry.
    pub(super) async fn walk(&self, url: &Url, part: Part) -> Walked {
        let host = super::endpoint::authority(url);
        let mut walk = Walk {
            transport: self,
            url,
            walked: Walked {
                host: host.clone(),
                proxy: None,
                dns: None,
                connect: None,
                issuer: None,
                broken: None,
                odd: None,
            },
        };
        let failed = match self.proxies.towards(url) {
            Some(proxy) => {
                walk.walked.proxy = Some(proxy_name(&proxy));
                walk.through(&proxy).await
            }
            None => walk.directly().await,
        };
        if let Err(fault) = failed {
            walk.walked.broken = Some((fault.layer, fault.broken(&host, part)));
        }
        walk.walked
    }
}

impl Walk<'_> {
    async fn directly(&mut self) -> Result<(), Fault> {
        let started = Instant::now();
        let addresses = self.addresses(self.url).await;
        self.walked.dns = Some(started.elapsed());
        let addresses = addresses.map_err(|why| unresolved(why, None))?;

        let started = Instant::now();
        let reached = match self.reach(&addresses, None).await {
            Ok(stream) => self.secure(stream, started).await,
            Err(fault) => Err(fault),
        };
        self.walked.connect = Some(started.elapsed());
        match reached {
            Ok(()) => Ok(()),
            Err(fault) => Err(self.second_look(fault, &addresses).await),
        }
    }

    async fn through(
        &mut self,
        proxy: &hyper_util::client::proxy::matcher::Intercept,
    ) -> Result<(), Fault> {
        if proxy.uri().scheme_str() != Some("http") {
            // A proxy behind TLS or SOCKS is not spoken to by hand; the requests go through it.
            return Ok(());
        }
        let name = proxy_name(proxy);
        let limit = self.transport.limits.connect;
        let started = Instant::now();
        let tunnelled = async {
            let host = proxy.uri().host().unwrap_or_default();
            let port = proxy.uri().port_u16().unwrap_or(80);
            let addresses = self.transport.names.addresses(host, port).await;
            let addresses = addresses.map_err(|why| unresolved(why, Some(&name)))?;
            let mut stream = self.reach(&addresses, Some(&name)).await?;
            let left = limit.saturating_sub(started.elapsed());
            let cannot = |why: String| {
                let words = format!("proxy {name} {why}");
                Fault::new(Layer::Proxy, Code::ProxyCannotReach, words)
            };
            match timeout(left, open_tunnel(&mut stream, self.url, proxy)).await {
                Ok(Ok(answer)) if answer.status == 200 => Ok(stream),
                Ok(Ok(answer)) => Err(proxy_answer(answer.status, Some(&name), &answer.words)),
                Ok(Err(_)) => Err(cannot("ended the connection without an answer".to_owned())),
                Err(_) => Err(cannot(format!("gave no way to it within {limit:?}"))),
            }
        };
        let reached = match tunnelled.await {
            Ok(stream) => self.secure(stream, started).await,
            Err(fault) => Err(fault),
        };
        self.walked.connect = Some(started.elapsed());
        reached
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Unresolved> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        self.transport.names.addresses(host, port).await
    }

    /// A connection to one of the addresses; all are tried side by side.
    async fn reach(
        &mut self,
        addresses: &[SocketAddr],
        proxy: Option<&str>,
    ) -> Result<TcpStream, Fault> {
        let limit = self.transport.limits.connect;
        let mut knocks: FuturesUnordered<_> = addresses
            .iter()
            .map(|address| async move {
                let kind = match timeout(limit, TcpStream::connect(address)).await {
                    Ok(Ok(stream)) => return Ok(stream),
                    Ok(Err(error)) => error.kind(),
                    Err(_) => io::ErrorKind::TimedOut,
                };
                Err((address.ip(), kind))
            })
            .collect();
        let mut closed = Vec::new();
        let mut open = None;
        while let Some(knock) = knocks.next().await {
            match knock {
                Ok(stream) => {
                    open = Some(stream);
                    break;
                }
                Err(one) => closed.push(one),
            }
        }
        let Some(stream) = open else {
            return Err(unconnected(worst(&closed), proxy, limit));
        };
        let others = async {
            while let Some(knock) = knocks.next().await {
                closed.extend(knock.err());
            }
        };
        // Whether they answer late is no question of this step.
        let _ = timeout(OTHERS, others).await;
        if let Some((address, kind)) = closed.first()
            && proxy.is_none()
        {
            let fault = unconnected(Some(*kind), None, limit);
            let words = format!("{address}: {}; another address answers", fault.message);
            let odd = Fault::new(Layer::Connect, fault.code, words);
            self.walked.odd = Some(odd.broken(&self.walked.host, Part::Api));
        }
        Ok(stream)
    }

    /// A handshake, with the certificate checked as requests check it.
    async fn secure(&mut self, stream: TcpStream, started: Instant) -> Result<(), Fault> {
        if self.url.scheme() != "https" {
            return Ok(());
        }
        let limit = self.transport.limits.connect;
        let recorder = self.transport.recorder();
        let recorder = recorder.map_err(|error| tls_fault(&error))?;
        let name = ServerName::try_from(self.url.host_str().unwrap_or_default().to_owned());
        let name = name.map_err(|_| unconnected(None, None, limit))?;
        let connector = TlsConnector::from(Arc::new(recorder.config()));
        let left = limit.saturating_sub(started.elapsed());
        let shaken = timeout(left, connector.connect(name, stream)).await;
        self.walked.issuer = recorder.issuer();
        let error = match shaken {
            Err(_) => return Err(stalled(limit)),
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
        };
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        Err(match (tls, error.kind()) {
            (Some(tls), _) => tls_fault(tls),
            (None, io::ErrorKind::UnexpectedEof) => cut("closed"),
            (None, _) => cut("reset"),
        })
    }

    /// What a failure is that the answer of DNS, or an exception from the proxy, explains better.
    async fn second_look(&self, fault: Fault, addresses: &[SocketAddr]) -> Fault {
        let (sinkhole, exempt) = futures::join!(self.sinkhole(addresses), self.exempt());
        let (code, why) = match (exempt, sinkhole) {
            (Some(why), _) => (Code::NoProxyMismatch, why),
            (None, Some(why)) => (Code::DnsSinkhole, why),
            (None, None) => return fault,
        };
        Fault::new(fault.layer, code, format!("{}; {why}", fault.message))
    }

    /// Why the addresses are none of the host's.
    async fn sinkhole(&self, addresses: &[SocketAddr]) -> Option<String> {
        let host = self.url.host_str()?;
        if host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let first = addresses.first()?.ip();
        let is_nowhere = self.transport.is_nowhere;
        if addresses.iter().all(|address| is_nowhere(address.ip())) {
            return Some(format!("DNS answers {first}, which leads nowhere"));
        }
        // Nobody has registered this name below the host's.
        let impossible = format!("no-such-host-7f3a.{host}");
        let asked = timeout(
            SECOND_LOOK,
            self.transport.names.addresses(&impossible, 443),
        );
        let same = asked.await.ok()?.ok()?;
        let is_same = |address: &SocketAddr| same.iter().any(|it| it.ip() == address.ip());
        addresses
            .iter()
            .all(is_same)
            .then(|| format!("DNS answers {first} for names that do not exist, too"))
    }

    /// Why the host should not be an exception from the proxy.
    async fn exempt(&self) -> Option<String> {
        let (proxy, entry) = self.transport.proxies.exemption(self.url)?;
        let host = proxy.uri().host()?;
        let port = proxy.uri().port_u16().unwrap_or(80);
        let tried = async {
            let addresses = self.transport.names.addresses(host, port).await.ok()?;
            let mut stream = TcpStream::connect(&addresses[..]).await.ok()?;
            open_tunnel(&mut stream, self.url, &proxy).await.ok()
        };
        let answer = timeout(SECOND_LOOK, tried).await.ok()??;
        let name = proxy_name(&proxy);
        (answer.status == 200).then(|| {
            format!("NO_PROXY exempts it by \"{entry}\", and the proxy {name} would lead there")
        })
    }
}

/// What stands for all failures: silence is worth more than a family that nobody routes.
fn worst(closed: &[(IpAddr, io::ErrorKind)]) -> Option<io::ErrorKind> {
    use io::ErrorKind::{ConnectionRefused, TimedOut};

    let kinds = || closed.iter().map(|(_, kind)| *kind);
    [TimedOut, ConnectionRefused]
        .into_iter()
        .find(|kind| kinds().any(|one| one == *kind))
        .or_else(|| kinds().next())
}

/// Loopback, private, link-local and unspecified addresses: DNS filters answer with them.
pub(super) fn is_nowhere(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn silence_stands_for_all_then_a_refusal() {
        use io::ErrorKind::{ConnectionRefused, NetworkUnreachable, TimedOut};
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for (kinds, want) in [
            (vec![NetworkUnreachable, TimedOut], Some(TimedOut)),
            (
                vec![NetworkUnreachable, ConnectionRefused],
                Some(ConnectionRefused),
            ),
            (vec![NetworkUnreachable], Some(NetworkUnreachable)),
            (vec![], None),
        ] {
            let closed: Vec<_> = kinds.iter().map(|kind| (address, *kind)).collect();
            assert_eq!(want, worst(&closed), "{kinds:?}");
        }
    }

    #[test]
    fn public_addresses_are_somewhere() {
        for (address, want) in [
            ("0.0.0.0", true),
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("192.168.0.1", true),
            ("169.254.1.1", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("140.82.121.34", false),
            ("2600:1f18::1", false),
        ] {
            assert_eq!(want, is_nowhere(address.parse().unwrap()), "{address}");
        }
    }
}
