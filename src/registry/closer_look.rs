//! One look by hand after a failed connection, where reqwest's error does not say what broke.
//!
//! reqwest tells neither a dropped packet from a stalled TLS handshake, once DNS took a moment, nor a proxy's 403 from
//! its 502. The first is answered by a TCP connection, the second by a CONNECT; no byte of either holds anything but
//! the host's name and the proxy's own login.

use std::io;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Intercept;
use reqwest::Url;
use tokio::net::TcpStream;

use super::dns::Names;
use super::fault::{Fault, Open, cut, proxy_answer, stalled, unconnected};
use super::proxies::proxy_name;
use super::tunnel::open_tunnel;
use crate::codes::Code;
use crate::lookup::Layer;

/// How long each step of it may take.
const STEP: Duration = Duration::from_secs(1);

/// What failed, and how long may be spent on it.
pub(super) struct Look<'a> {
    pub(super) names: &'a Names,
    pub(super) url: &'a Url,
    /// How long the connection that failed was given.
    pub(super) limit: Duration,
    /// How long the lookup may still take.
    pub(super) left: Duration,
}

impl Look<'_> {
    /// What broke after the limit of a connection without a proxy.
    pub(super) async fn directly(&self) -> Fault {
        let reached = self.reach(self.url.host_str(), self.url.port_or_known_default());
        match reached.await {
            Ok(_) => stalled(self.limit),
            Err(_) => unconnected(Some(io::ErrorKind::TimedOut), None, self.limit),
        }
    }

    /// What broke on the way through a proxy.
    pub(super) async fn through(&self, proxy: &Intercept, open: Open) -> Fault {
        let name = proxy_name(proxy);
        let cannot = |why: &str| {
            let words = format!("proxy {name} {why}");
            Fault::new(Layer::Proxy, Code::ProxyCannotReach, words)
        };
        if proxy.uri().scheme_str() != Some("http") {
            // A proxy behind TLS or SOCKS is not spoken to by hand.
            return cannot("gave no way to it");
        }
        let port = proxy.uri().port_u16().unwrap_or(80);
        let mut stream = match self.reach(proxy.uri().host(), Some(port)).await {
            Ok(stream) => stream,
            Err(kind) => return unconnected(Some(kind), Some(&name), self.limit),
        };
        let asking = open_tunnel(&mut stream, self.url, proxy);
        let asked = tokio::time::timeout(self.step(), asking).await;
        let asked = asked.map(|answered| answered.map(|answer| answer.status));
        match (asked, open) {
            // The tunnel opens, so what stalled or ended in it was TLS.
            (Ok(Ok(200)), Open::TimedOut) => stalled(self.limit),
            (Ok(Ok(200)), Open::Tunnel) => cut("reset"),
            (Ok(Ok(status)), _) => proxy_answer(status, Some(&name), ""),
            (Ok(Err(_)), _) => cannot("ended the connection without an answer"),
            (Err(_), _) => cannot(&format!("gave no way to it within {:?}", self.limit)),
        }
    }

    fn step(&self) -> Duration {
        STEP.min(self.left)
    }

    async fn reach(
        &self,
        host: Option<&str>,
        port: Option<u16>,
    ) -> Result<TcpStream, io::ErrorKind> {
        let connect = async {
            let (Some(host), Some(port)) = (host, port) else {
                return Err(io::ErrorKind::InvalidInput);
            };
            let addresses = self.names.addresses(host, port).await;
            let addresses = addresses.map_err(|_| io::ErrorKind::TimedOut)?;
            let connected = TcpStream::connect(&addresses[..]).await;
            connected.map_err(|error| error.kind())
        };
        tokio::time::timeout(self.step(), connect)
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut))
    }
}
