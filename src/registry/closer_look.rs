//! One look by hand after a failed connection, where reqwest's error does not say what broke.
//!
//! reqwest tells neither a dropped packet from a stalled TLS handshake, once DNS took a moment, nor a proxy's 403 from
//! its 502. The first is answered by a TCP connection, the second by a CONNECT; no byte of either holds anything but
//! the host's name and the proxy's own login.

use std::io;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Intercept;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::dns::Names;
use super::fault::{Fault, Open, cut, proxy_answer, unconnected};
use crate::codes::Code;
use crate::lookup::Layer;

/// How long each step of it may take.
const STEP: Duration = Duration::from_secs(1);

/// The longest status line that is read, in bytes.
const STATUS_LINE: usize = 512;

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
            Ok(_) => self.stalled(),
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
        let stream = match self.reach(proxy.uri().host(), Some(port)).await {
            Ok(stream) => stream,
            Err(kind) => return unconnected(Some(kind), Some(&name), self.limit),
        };
        let asked = tokio::time::timeout(self.step(), connect(stream, self.url, proxy)).await;
        match (asked, open) {
            // The tunnel opens, so what stalled or ended in it was TLS.
            (Ok(Ok(200)), Open::TimedOut) => self.stalled(),
            (Ok(Ok(200)), Open::Tunnel) => cut("reset"),
            (Ok(Ok(status)), _) => proxy_answer(status, Some(&name)),
            (Ok(Err(_)), _) => cannot("ended the connection without an answer"),
            (Err(_), _) => cannot(&format!("gave no way to it within {:?}", self.limit)),
        }
    }

    fn stalled(&self) -> Fault {
        let words = format!("TLS handshake timed out after {:?}", self.limit);
        Fault::new(Layer::Tls, Code::TlsStalls, words)
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

/// `host:port`, without the login.
pub(super) fn proxy_name(proxy: &Intercept) -> String {
    proxy
        .uri()
        .authority()
        .map(|it| {
            it.as_str()
                .rsplit('@')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .unwrap_or_default()
}

/// The status that the proxy answers to CONNECT.
async fn connect(mut stream: TcpStream, url: &Url, proxy: &Intercept) -> io::Result<u16> {
    let port = url.port_or_known_default().unwrap_or(443);
    let host = url.host_str().unwrap_or_default();
    let mut question =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(login) = proxy.basic_auth() {
        question.extend_from_slice(b"Proxy-Authorization: ");
        question.extend_from_slice(login.as_bytes());
        question.extend_from_slice(b"\r\n");
    }
    question.extend_from_slice(b"\r\n");
    stream.write_all(&question).await?;

    let mut answer = Vec::new();
    let mut answered = stream.take(STATUS_LINE as u64);
    while !answer.contains(&b'\n') {
        if answered.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    status(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `HTTP/1.1 403 Forbidden` is 403.
fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line.split(|b| *b == b'\r' || *b == b'\n').next()?).ok()?;
    let mut words = line.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next()?.parse().ok()?;
    (is_http && (100..600).contains(&status)).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read_or_not_believed() {
        for (line, want) in [
            (&b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n"[..], Some(403)),
            (b"HTTP/1.0 200\n", Some(200)),
            (b"HTTP/2 200 OK\r\n", None),
            (b"HTTP/1.1 99 x\r\n", None),
            (b"HTTP/1.1\r\n", None),
            (b"SSH-2.0-OpenSSH\r\n", None),
            (b"\xff\xfe\r\n", None),
            (b"", None),
        ] {
            assert_eq!(want, status(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
