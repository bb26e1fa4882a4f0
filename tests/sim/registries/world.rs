//! What every part of the internet shares, and how it serves one connection.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, Certificate, Offer};
use super::door::{Door, Sign};
use super::exchange;
use super::fault::{Fault, Layer};
use super::page::Reply;
use super::rules::Rules;
use super::store::{Registry, Store};
use super::traffic::{Traffic, Way};
use super::wire::{End, Link};

pub(super) struct World {
    pub(super) rtt: Duration,
    pub(super) authority: Authority,
    pub(super) rules: Rules,
    pub(super) traffic: Traffic,
    store: Mutex<Store>,
    registries: Mutex<Vec<Registry>>,
    links: Mutex<HashMap<String, Vec<Weak<Link>>>>,
    /// By host; the proxy's is among them.
    doors: Mutex<HashMap<String, Door>>,
}

impl World {
    pub(super) fn new(rtt: Duration) -> Self {
        Self {
            rtt,
            authority: Authority::new(),
            rules: Rules::new(),
            traffic: Traffic::new(),
            store: Mutex::default(),
            registries: Mutex::default(),
            links: Mutex::default(),
            doors: Mutex::default(),
        }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registries(&self) -> MutexGuard<'_, Vec<Registry>> {
        self.registries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, registry: Registry) {
        self.registries().push(registry);
    }

    /// The registry of that name in image references.
    pub(super) fn registry(&self, name: &str) -> Option<Registry> {
        self.find(|registry| registry.name == name)
    }

    /// The first registry that is so.
    pub(super) fn find(&self, is_so: impl Fn(&Registry) -> bool) -> Option<Registry> {
        self.registries()
            .iter()
            .find(|registry| is_so(registry))
            .cloned()
    }

    /// Every name that resolves.
    pub(super) fn hosts(&self) -> HashSet<String> {
        self.registries()
            .iter()
            .flat_map(Registry::all_hosts)
            .collect()
    }

    pub(super) fn knows(&self, host: &str) -> bool {
        self.hosts().contains(host)
    }

    fn links(&self) -> MutexGuard<'_, HashMap<String, Vec<Weak<Link>>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<String, Door>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put_up(&self, host: &str, door: Door) {
        self.doors().insert(host.to_owned(), door);
    }

    /// Where a client connects to that does not use the proxy.
    pub(super) fn address(&self, host: &str) -> Option<SocketAddr> {
        if self.rules.standing(Layer::Packets, host) == Some(Fault::Unreachable) {
            // No route leads there by TCP: the kernel says ENETUNREACH at once (Linux).
            return Some(SocketAddr::from((Ipv4Addr::BROADCAST, 443)));
        }
        self.doors().get(host).map(|door| door.address)
    }

    /// Makes a change of the faults hold below HTTP, for one host or `*`.
    pub(super) fn settle(&self, host: &str, layers: &[Layer]) {
        if layers.contains(&Layer::Packets) {
            for (name, door) in self.doors().iter() {
                door.hang(match self.rules.standing(Layer::Packets, name) {
                    Some(Fault::Refuse) => Sign::Refuse,
                    Some(Fault::Drop) => Sign::Drop,
                    _ => Sign::Open,
                });
            }
        }
        let below = [Layer::Packets, Layer::Connection, Layer::Certificate];
        if layers.iter().any(|layer| below.contains(layer)) {
            for (of, links) in self.links().iter() {
                if host == "*" || of == host {
                    let links = links.iter().filter_map(Weak::upgrade);
                    links.for_each(|link| link.retire());
                }
            }
        }
    }

    fn hold(&self, host: &str, link: &Arc<Link>) {
        let mut links = self.links();
        let links = links.entry(host.to_owned()).or_default();
        links.retain(|link| link.strong_count() > 0);
        links.push(Arc::downgrade(link));
    }
}

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// One connection to a host.
pub(super) struct Connection {
    pub(super) world: Arc<World>,
    pub(super) host: String,
    pub(super) scheme: Scheme,
    pub(super) way: Way,
    pub(super) link: Arc<Link>,
    pub(super) number: u64,
    pub(super) alpn: String,
}

impl Connection {
    pub(super) fn new(world: Arc<World>, host: &str, scheme: Scheme, way: Way) -> Self {
        let link = Arc::new(Link::default());
        world.hold(host, &link);
        let number = world.traffic.connected(host);
        Self {
            world,
            host: host.to_owned(),
            scheme,
            way,
            link,
            number,
            alpn: String::new(),
        }
    }

    /// Speaks with the client until one of them ends it.
    pub(super) async fn serve(mut self, mut wire: DuplexStream) {
        let link = Arc::clone(&self.link);
        let opening = link.begin();
        let fault = self.world.rules.first(Layer::Connection, &self.host);
        let mut offer = Offer::Http2;
        match fault.map(|acting| (acting.rule, acting.fault)) {
            Some((rule, Fault::StallAfterAccept)) => {
                let mut unheard = tokio::io::sink();
                tokio::select! {
                    _ = tokio::io::copy(&mut wire, &mut unheard) => (),
                    () = self.world.rules.healed(rule) => (),
                }
                return;
            }
            Some((_, fault @ (Fault::ResetAfterHello | Fault::CloseAfterHello))) => {
                let _ = wire.read(&mut [0; 4096]).await;
                if fault == Fault::ResetAfterHello {
                    self.link.cut(End::Reset);
                }
                return;
            }
            Some((_, Fault::PlainHttp)) => self.scheme = Scheme::Http,
            Some((_, Fault::Http1Only)) => offer = Offer::Http1Only,
            _ => (),
        }
        if self.scheme == Scheme::Http {
            drop(opening);
            return self.answer(wire).await;
        }
        let fault = self.world.rules.first(Layer::Certificate, &self.host);
        let shown = match fault.map(|acting| acting.fault) {
            Some(Fault::Intercept) => Certificate::Intercepted,
            Some(Fault::ProxyIntercept) if self.way == Way::Proxy => Certificate::Intercepted,
            Some(Fault::WrongName) => Certificate::WrongName,
            Some(Fault::Expired) => Certificate::Expired,
            Some(Fault::LongChain) => Certificate::LongChain,
            _ => Certificate::Honest,
        };
        let config = self.world.authority.config(&self.host, shown, offer);
        // A client that does not like the certificate ends here, as it should.
        if let Ok(secure) = TlsAcceptor::from(config).accept(wire).await {
            let alpn = secure.get_ref().1.alpn_protocol().unwrap_or_default();
            self.alpn = String::from_utf8_lossy(alpn).into_owned();
            drop(opening);
            self.answer(secure).await;
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
        let connection = Arc::new(self);
        let service = service_fn(|request: Request<Incoming>| {
            let connection = Arc::clone(&connection);
            async move {
                let _task = connection.link.begin();
                Ok::<Reply, Infallible>(exchange::answer(&connection, request).await)
            }
        });
        let server = auto::Builder::new(TokioExecutor::new());
        let conversation = server.serve_connection(TokioIo::new(stream), service);
        let mut conversation = std::pin::pin!(conversation);
        loop {
            tokio::select! {
                // A request that came after the fault must not be served on the way out.
                biased;
                () = connection.link.was_cut() => return,
                () = connection.link.was_retired() => {
                    if connection.link.is_idle() {
                        return;
                    }
                    conversation.as_mut().graceful_shutdown();
                }
                _ = conversation.as_mut() => return,
            }
        }
    }
}

/// The value of a header that is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
