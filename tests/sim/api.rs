//! A Kubernetes API server in this process, speaking the real protocol over loopback.
//!
//! It keeps objects as the real one does (versions, generations, field ownership), serves lists,
//! watches, patches and logs, refuses in the real server's words, and can be told to fail at any
//! request. It decides nothing on its own: no controller runs unless a test adds one with
//! [`Cluster::on`].
//!
//! ```ignore
//! let cluster = Cluster::start(Transport::Plain);
//! cluster.put(json!({"apiVersion": "apps/v1", "kind": "Deployment", ...}));
//! cluster.deny(Denial::of("list", "nodes"));
//! cluster.fault(Fault::on("PATCH", "/deployments/").starting_at(2).does(Act::ResetAfter));
//! // run the binary with KUBECONFIG=cluster.kubeconfig()
//! assert_eq!(cluster.count("PATCH", "/deployments/"), 2);
//! ```

pub(crate) mod access;
mod clock;
mod discovery;
pub(crate) mod faults;
mod http;
pub(crate) mod journal;
pub(crate) mod kubeconfig;
mod listing;
pub(crate) mod logs;
mod ownership;
mod patch;
pub(crate) mod players;
pub(crate) mod refusal;
mod resources;
mod routes;
mod selectors;
pub(crate) mod store;
mod target;
mod tls;
mod watch;
mod wire;
pub(crate) mod write;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use access::{Access, Denial};
use clock::Clock;
use discovery::Personality;
use faults::{Act, Fault, Faults};
use journal::{Journal, Logged};
use kubeconfig::{Context, Login};
use logs::{Run, Source};
use store::{At, Change, Store};
use tls::Authority;
use wire::{Connection, Wire};

/// The user of the kubeconfig that [`Cluster::kubeconfig`] writes, and that user's token.
pub(crate) const USER: &str = "ana";
pub(crate) const TOKEN: &str = "the-token-of-ana";

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// HTTP/1.1 and cleartext HTTP/2.
    Plain,
    /// TLS with a certificate of the cluster's own authority; HTTP/2 or 1.1 by ALPN.
    Tls,
}

/// A running API server. Dropping it ends it and all its connections.
pub(crate) struct Cluster {
    site: Arc<Site>,
    /// `None` only while being dropped.
    runtime: Option<Runtime>,
    address: SocketAddr,
    authority: Option<Arc<Authority>>,
    folder: TempDir,
}

/// What the server's tasks share.
pub(crate) struct Site(Mutex<State>);

pub(crate) struct State {
    store: Store,
    access: Access,
    faults: Faults,
    journal: Journal,
    personality: Personality,
    controllers: Vec<Controller>,
}

type Controller = Box<dyn FnMut(&Change, &mut Store) + Send>;

impl Site {
    /// Does something in one piece, and lets the controllers react to it before anybody else
    /// sees the result.
    fn act<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().expect("a controller or hook has panicked");
        let result = work(&mut state);
        let State {
            store, controllers, ..
        } = &mut *state;
        while let Some(change) = store.unseen.pop_front() {
            for controller in controllers.iter_mut() {
                controller(&change, store);
            }
        }
        result
    }
}

impl Cluster {
    pub(crate) fn start(transport: Transport) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads can be started");
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("the listener is bound");
        let mut access = Access::default();
        access.admit(TOKEN, USER);
        let site = Arc::new(Site(Mutex::new(State {
            store: Store::new(),
            access,
            faults: Faults::default(),
            journal: Journal::new(),
            personality: Personality {
                version: "1.34.4".to_owned(),
                aggregated: Vec::new(),
            },
            controllers: Vec::new(),
        })));
        let authority = (transport == Transport::Tls).then(|| Arc::new(Authority::new()));
        runtime.spawn(listen(Arc::clone(&site), listener, authority.clone()));
        Self {
            site,
            runtime: Some(runtime),
            address,
            authority,
            folder: TempDir::new().expect("there is room for temporary files"),
        }
    }

    /// `http://127.0.0.1:<port>`, or `https`.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.authority {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }

    /// A kubeconfig with one context `edge`: namespace `tracebloc`, user [`USER`] by token.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        let login = Login::Token(TOKEN.to_owned());
        let context = self.context("edge").namespace("tracebloc").login(login);
        self.write_kubeconfig(&[context])
    }

    /// A context of this cluster, without namespace and login.
    pub(crate) fn context(&self, name: &str) -> Context {
        let authority = self.authority.as_ref().map(|authority| authority.pem());
        Context::new(name, &self.url(), authority)
    }

    /// A login by client certificate.
    ///
    /// # Panics
    ///
    /// Without TLS there is none.
    pub(crate) fn certificate(&self, user: &str) -> Login {
        let authority = self.authority.as_ref().expect("the cluster speaks TLS");
        Login::Certificate(authority.user(user))
    }

    /// Writes a kubeconfig, perhaps with contexts of other clusters, that lives as long as this.
    pub(crate) fn write_kubeconfig(&self, contexts: &[Context]) -> PathBuf {
        kubeconfig::write(self.folder.path(), contexts)
    }

    /// Stores an object as it stands, status included, and its namespace if that is missing.
    pub(crate) fn put(&self, object: Value) -> Value {
        self.site.act(|state| (*state.store.put(object)).clone())
    }

    /// The object as stored now. `None` when there is none; the namespace of cluster-wide kinds
    /// is not looked at.
    pub(crate) fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let at = At::new(kind, namespace, name);
        self.site
            .act(|state| state.store.find(&at))
            .map(|object| (*object).clone())
    }

    /// Anything else that tests and controllers do to the objects.
    pub(crate) fn store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        self.site.act(|state| work(&mut state.store))
    }

    /// Adds a controller: it sees every change, its own included, and may change objects.
    pub(crate) fn on(&self, controller: impl FnMut(&Change, &mut Store) + Send + 'static) {
        self.site
            .act(|state| state.controllers.push(Box::new(controller)));
    }

    /// Adds to what a container of a pod has written.
    pub(crate) fn append_log(&self, pod: (&str, &str), container: &str, run: Run, text: &str) {
        let (namespace, name) = pod;
        let source = Source {
            at: At::new("Pod", namespace, name),
            container: container.to_owned(),
            run,
        };
        self.store(|store| {
            store.logs.append(&source, text);
            store.wake();
        });
    }

    pub(crate) fn deny(&self, denial: Denial) {
        self.site.act(|state| state.access.deny(denial));
    }

    /// Lets somebody log in with a bearer token.
    pub(crate) fn admit(&self, token: &str, user: &str) {
        self.site.act(|state| state.access.admit(token, user));
    }

    /// Ends every login by token: 401 from now on.
    pub(crate) fn revoke_tokens(&self) {
        self.site.act(|state| state.access.revoke());
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.site.act(|state| state.faults.add(fault));
    }

    /// Serves so many more requests of any kind, then resets every connection at each request.
    pub(crate) fn cut_after(&self, requests: usize) {
        self.site.act(|state| state.faults.cut_after(requests));
    }

    /// Ends all faults and the cut.
    pub(crate) fn heal(&self) {
        self.site.act(|state| state.faults.heal());
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn log(&self) -> Vec<Logged> {
        self.site.act(|state| state.journal.entries().to_vec())
    }

    /// How many requests so far had this method (empty: any) and this text in path, `?` and query.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        let log = self.log();
        log.iter()
            .filter(|request| request.is(method, part))
            .count()
    }

    /// Puts the server's clock ahead of this machine's, or behind it.
    pub(crate) fn skew(&self, skew: SignedDuration) {
        self.store(|store| store.clock = Clock::Running(skew));
    }

    /// Stops the server's clock.
    pub(crate) fn stop_clock(&self, instant: Timestamp) {
        self.store(|store| store.clock = Clock::Stopped(instant));
    }

    /// What `/version` says, as in `1.24.17`. Fields that an older server does not know are the
    /// fixtures' matter.
    pub(crate) fn set_version(&self, version: &str) {
        self.site
            .act(|state| version.clone_into(&mut state.personality.version));
    }

    /// Registers an aggregated API whose server never answers, as a broken metrics-server.
    pub(crate) fn hang_aggregate(&self, group: &str) {
        self.site.act(|state| {
            state.personality.aggregated.push(group.to_owned());
            let path = format!("/apis/{group}/");
            state.faults.add(Fault::on("", &path).does(Act::Hang));
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(site: Arc<Site>, listener: TcpListener, authority: Option<Arc<Authority>>) {
    let tls = authority
        .as_ref()
        .map(|authority| TlsAcceptor::from(Arc::new(authority.server())));
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connect(
            Arc::clone(&site),
            stream,
            authority.clone(),
            tls.clone(),
        ));
    }
}

/// Serves one connection to its end.
async fn connect(
    site: Arc<Site>,
    stream: TcpStream,
    authority: Option<Arc<Authority>>,
    tls: Option<TlsAcceptor>,
) {
    // Answers are small and the clients wait for them. Best effort.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let mut connection = Connection {
        id: site.act(|state| state.journal.connect()),
        user: None,
        reset: Arc::clone(&reset),
    };
    let wire = Wire { stream, reset };
    let (Some(tls), Some(authority)) = (tls, authority) else {
        return talk(site, connection, wire).await;
    };
    // A client that does not trust the authority ends here.
    if let Ok(wire) = tls.accept(wire).await {
        connection.user = authority.name(wire.get_ref().1.peer_certificates());
        talk(site, connection, wire).await;
    }
}

async fn talk<W>(site: Arc<Site>, connection: Connection, wire: W)
where
    W: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = Arc::new(connection);
    let service =
        service_fn(|request| http::serve(Arc::clone(&site), Arc::clone(&connection), request));
    let server = auto::Builder::new(TokioExecutor::new());
    // Connections that end early, by a fault or by the client, are what tests are made of.
    let _ = server.serve_connection(TokioIo::new(wire), service).await;
}
