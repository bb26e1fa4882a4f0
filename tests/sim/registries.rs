//! The registries and the small internet around them, in this process: HTTP and TLS on loopback ports.
//!
//! ```text
//!   client ── CONNECT ──▶ proxy ──┐        docker.io   registry-1.docker.io, index.docker.io,
//!          ── a host's own port ──┼─ RTT ─▶            auth.docker.io, production.cloudfront.docker.com
//!                                 │        ghcr.io     ghcr.io, pkg-containers.githubusercontent.com
//!                             faults       others      as `add` and `local` say
//! ```
//!
//! A test of the product's own takes it in through an inline module, whose path names the folder:
//!
//! ```ignore
//! #[cfg(test)]
//! #[expect(dead_code, reason = "these tests use a part of it")]
//! #[path = "../tests/sim"]
//! mod sim {
//!     pub(crate) mod registries;
//! }
//! ```
//!
//! A program under test gets [`Internet::env`] and reaches the real names through the proxy; a test in
//! the same process builds its client from `proxy_url` and `ca_pem`, or resolves names with `dns`.
//! Nothing leaves the machine, and nothing needs root.
//!
//! ```ignore
//! let net = Internet::start();
//! let digest = net.push("ghcr.io/tracebloc/ingestor:0.3", Index::of(["linux/amd64", "linux/arm64"]));
//! net.fault("ghcr.io", Fault::TokenPath);
//! net.fault(at("registry-1.docker.io/tracebloc/jobs-manager").method("HEAD").nth(2), Fault::Status(503));
//! net.heal("ghcr.io");
//! net.log();
//! ```
//!
//! A fault acts until it is healed. In each layer below HTTP the first one for the host acts; of the HTTP
//! faults all do, in the order in which they were added.

mod altered;
mod authority;
pub(crate) mod content;
mod dns;
mod door;
mod exchange;
pub(crate) mod fault;
mod forged;
mod hostile;
mod layers;
mod page;
pub(crate) mod proxy;
mod question;
pub(crate) mod rules;
pub(crate) mod site;
pub(crate) mod store;
pub(crate) mod traffic;
mod wire;
pub(crate) mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use content::Content;
use dns::Dns;
use door::Door;
use fault::Fault;
use rules::At;
use store::{Place, Registry};
use traffic::{Seen, Tunnel};
use world::{Scheme, World};

/// The proxy's own name, as a place for faults on the way to it.
pub(crate) const PROXY: &str = "proxy.acme.example";

/// Everything outside the program under test that speaks for a registry.
pub(crate) struct Internet {
    world: Arc<World>,
    folder: TempDir,
    /// `None` only while it ends.
    runtime: Option<Runtime>,
}

impl Internet {
    /// Docker Hub and ghcr.io without content, no distance away.
    pub(crate) fn start() -> Self {
        Self::with_rtt(Duration::ZERO)
    }

    /// As `start`, with every host a round trip of `rtt` away and the proxy next door.
    ///
    /// A connection is there after one round trip, then each direction takes half of one. The clock
    /// ticks in milliseconds, so a round trip takes up to 2 ms more.
    pub(crate) fn with_rtt(rtt: Duration) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("internet")
            .enable_all()
            .build()
            .expect("threads can be started");
        let internet = Self {
            world: Arc::new(World::new(rtt)),
            folder: tempfile::tempdir().expect("a temporary folder"),
            runtime: Some(runtime),
        };
        let pem = internet.world.authority.trusted_pem();
        std::fs::write(internet.ca_file(), pem).expect("the folder is ours");
        let world = Arc::clone(&internet.world);
        let proxy = internet.open(move |client| {
            tokio::spawn(proxy::serve(Arc::clone(&world), client));
        });
        internet.world.put_up(PROXY, proxy);
        internet.add(Registry::docker_hub());
        internet.add(Registry::ghcr());
        internet
    }

    fn open(&self, enter: impl Fn(TcpStream) + Send + 'static) -> Door {
        let runtime = self.runtime.as_ref().expect("the internet has not ended");
        let _entered = runtime.enter();
        Door::open(enter).expect("a loopback port")
    }

    /// Adds a registry with the hosts it needs.
    pub(crate) fn add(&self, registry: Registry) {
        let known = self.world.hosts();
        let hosts = registry.all_hosts();
        self.world.add(registry);
        for host in hosts.difference(&known) {
            let (world, name) = (Arc::clone(&self.world), host.clone());
            let door = self.open(move |client| {
                tokio::spawn(proxy::enter(
                    Arc::clone(&world),
                    client,
                    name.clone(),
                    Scheme::Https,
                ));
            });
            self.world.put_up(host, door);
        }
    }

    /// Adds a registry on a port of its own, and returns its name in image references: `127.0.0.1:PORT`.
    ///
    /// `registry` is given that name; its realm may be on the same port.
    pub(crate) fn local(&self, scheme: Scheme, registry: impl FnOnce(&str) -> Registry) -> String {
        let world = Arc::clone(&self.world);
        let door = self.open(move |client| {
            if let Ok(address) = client.local_addr() {
                tokio::spawn(proxy::enter(
                    Arc::clone(&world),
                    client,
                    address.to_string(),
                    scheme,
                ));
            }
        });
        let name = door.address.to_string();
        self.world.put_up(&name, door);
        self.world.add(registry(&name));
        name
    }

    /// What a program needs to reach the internet: the proxy, and the authority to trust.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HTTPS_PROXY", self.proxy_url()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("SSL_CERT_FILE", self.ca_file().display().to_string()),
        ]
    }

    pub(crate) fn proxy_url(&self) -> String {
        format!("http://{}", self.address(PROXY))
    }

    /// With the login that `proxy407` wants.
    pub(crate) fn proxy_url_with_login(&self) -> String {
        format!(
            "http://{}:{}@{}",
            proxy::USER,
            proxy::PASSWORD,
            self.address(PROXY)
        )
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn ca_pem(&self) -> String {
        self.world.authority.trusted_pem()
    }

    /// The interceptor's authority, for a site that trusts it.
    pub(crate) fn interceptor_pem(&self) -> String {
        self.world.authority.interceptor_pem()
    }

    /// Where a client without the proxy connects to for a host.
    pub(crate) fn address(&self, host: &str) -> SocketAddr {
        let address = self.world.address(host);
        address.unwrap_or_else(|| panic!("the internet has no host {host:?}"))
    }

    /// For clients in this process that do not use the proxy.
    pub(crate) fn dns(&self) -> Arc<Dns> {
        Arc::new(Dns::new(&self.world))
    }

    /// Pushes content to `registry/repository:tag` and returns its digest.
    pub(crate) fn push(&self, reference: &str, content: impl Into<Content>) -> String {
        let place = self.place(reference);
        let content = content.into();
        self.world.store().push(&place, &content);
        content.digest()
    }

    /// Moves a tag to a digest that is there.
    pub(crate) fn retag(&self, reference: &str, digest: &str) {
        let place = self.place(reference);
        self.world.store().tag(&place, digest.to_owned());
    }

    /// Deletes a tag, or a digest with its tags.
    pub(crate) fn delete(&self, reference: &str) {
        let place = self.place(reference);
        self.world.store().delete(&place);
    }

    /// Makes a repository private: only logins see it.
    pub(crate) fn hide(&self, repository: &str) {
        let place = self.place(repository);
        self.world.store().hide(&place);
    }

    /// Adds an account to a registry.
    pub(crate) fn login(&self, registry: &str, user: &str, password: &str) {
        self.world.store().login(registry, user, password);
    }

    fn place(&self, reference: &str) -> Place {
        let place = Place::parse(reference);
        let registry = &place.registry;
        assert!(
            self.world.registry(registry).is_some(),
            "the internet has no registry {registry:?}"
        );
        place
    }

    /// Lets something go wrong from the next query, connection or request on.
    ///
    /// A fault below HTTP also closes the open connections of its host, which a client may learn by an
    /// error. On a direct port, `refuse`, `drop` and `unreachable` act every time, however often `At` says.
    pub(crate) fn fault(&self, place: impl Into<At>, fault: Fault) {
        let at = place.into();
        let host = at.host().to_owned();
        let is_known = host == "*" || host == PROXY || self.world.knows(&host);
        assert!(is_known, "the internet has no host {host:?}");
        let layer = fault.layer();
        self.world.rules.add(at, fault);
        self.world.settle(&host, &[layer]);
    }

    /// Removes the faults that were given with this host; `*` removes every fault.
    pub(crate) fn heal(&self, host: &str) {
        let layers = self.world.rules.remove(host);
        self.world.settle(host, &layers);
    }

    /// Every HTTP request so far, in the order of arrival.
    pub(crate) fn log(&self) -> Vec<Seen> {
        self.world.traffic.requests()
    }

    /// Every CONNECT so far, in the order of arrival.
    pub(crate) fn tunnels(&self) -> Vec<Tunnel> {
        self.world.traffic.tunnels()
    }

    /// How many connections reached a host.
    pub(crate) fn connections(&self, host: &str) -> usize {
        self.world.traffic.connections(host)
    }

    /// Every secret that a client has been given or may send: none may be printed.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.world.store().secrets();
        secrets.extend([layers::SIGNATURE.to_owned(), proxy::PASSWORD.to_owned()]);
        secrets
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would wait, which a test's own runtime does not allow.
            runtime.shutdown_background();
        }
    }
}
