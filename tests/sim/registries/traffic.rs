//! What arrived: every request, every tunnel, every connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::HeaderMap;

/// How a client came to a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Direct,
    Proxy,
}

/// One HTTP request, as it arrived at a host.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Since the start of the internet.
    pub(crate) at: Duration,
    /// `https`, or `http` for what was sent in clear.
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// As sent, not decoded; `None` without a question mark.
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Numbered over all hosts, from 1.
    pub(crate) connection: u64,
    /// As negotiated: `h2` or `http/1.1`; empty without TLS or without an offer.
    pub(crate) alpn: String,
    pub(crate) way: Way,
    /// `None` while unanswered, and for ever when the fault was not to answer.
    pub(crate) status: Option<u16>,
}

impl Seen {
    /// The first Authorization header, with its secret.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization")?.to_str().ok()
    }
}

/// `HEAD ghcr.io/v2/tracebloc/ingestor/manifests/0.3`: no query, so that lists of requests compare well.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)
    }
}

/// One CONNECT that the proxy was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Tunnel {
    /// `host:port` as asked.
    pub(crate) target: String,
    /// `Proxy-Authorization` as sent, with its secret.
    pub(crate) authorization: Option<String>,
    /// `None` while unanswered.
    pub(crate) status: Option<u16>,
}

#[derive(Debug)]
pub(super) struct Traffic {
    start: Instant,
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    requests: Vec<Seen>,
    tunnels: Vec<Tunnel>,
    connections: HashMap<String, usize>,
    last_connection: u64,
}

impl Traffic {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            ledger: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Numbers a new connection to a host.
    pub(super) fn connected(&self, host: &str) -> u64 {
        let mut ledger = self.ledger();
        *ledger.connections.entry(host.to_owned()).or_default() += 1;
        ledger.last_connection += 1;
        ledger.last_connection
    }

    /// Notes a request; the number is for `answered`.
    pub(super) fn arrived(&self, request: Seen) -> usize {
        let mut ledger = self.ledger();
        ledger.requests.push(request);
        ledger.requests.len() - 1
    }

    pub(super) fn answered(&self, request: usize, status: u16) {
        if let Some(seen) = self.ledger().requests.get_mut(request) {
            seen.status = Some(status);
        }
    }

    pub(super) fn asked_for(&self, tunnel: Tunnel) -> usize {
        let mut ledger = self.ledger();
        ledger.tunnels.push(tunnel);
        ledger.tunnels.len() - 1
    }

    pub(super) fn tunnel_answered(&self, tunnel: usize, status: u16) {
        if let Some(tunnel) = self.ledger().tunnels.get_mut(tunnel) {
            tunnel.status = Some(status);
        }
    }

    pub(super) fn requests(&self) -> Vec<Seen> {
        self.ledger().requests.clone()
    }

    pub(super) fn tunnels(&self) -> Vec<Tunnel> {
        self.ledger().tunnels.clone()
    }

    pub(super) fn connections(&self, host: &str) -> usize {
        self.ledger().connections.get(host).copied().unwrap_or(0)
    }
}
