//! From flags, environment and kubeconfig to a connection, as kubectl makes it.
//!
//! The stack is our own. kube's ready-made one runs a credential plugin up to three times, matches `NO_PROXY` against
//! the proxy's host instead of the server's, and repeats writes that may have happened.

mod classify;
mod clock;
mod contexts;
mod credentials;
mod issuer;
mod kubeconfig;
mod proxy;
mod target;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli;
use crate::error::{Call, Error};
use clock::Clock;
pub(crate) use contexts::Contexts;
use credentials::Asking;
pub(crate) use kubeconfig::{Entry, entries};
use target::Target;
use transport::Transport;

/// As long as an API server works on a request by default.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection to one API server.
pub(crate) struct Cluster {
    pub(super) client: kube::Client,
    /// The context's name; `in-cluster` where a pod's own account is used.
    pub(crate) context: String,
    /// Where to look when nothing else is said: `-n`, else the context's.
    pub(crate) namespace: String,
    /// That, and those of other contexts of the same cluster, by name.
    pub(crate) namespaces: Vec<String>,
    /// Scheme, host and port, for messages.
    pub(crate) server: String,
    clock: Arc<Clock>,
    transport: Arc<Transport>,
    /// For one request; `None` waits for ever.
    limit: Option<Duration>,
}

/// Reads the settings, runs the credential plugin if there is one, and prepares the connection.
///
/// Nothing is sent to the API server yet.
///
/// # Errors
///
/// [`Error::NoConfiguration`], [`Error::Kubeconfig`], [`Error::NoContext`], [`Error::NotInKubeconfig`],
/// [`Error::Setting`] and [`Error::CredentialPlugin`].
pub(crate) async fn connect(flags: &cli::Connection) -> Result<Cluster, Error> {
    let limit = flags.request_timeout.map_or(Some(LIMIT), |limit| limit.0);
    to(
        target::target(flags).await?,
        flags,
        limit,
        Asking::OnTerminal,
    )
    .await
}

/// As [`connect`], with the account of the pod that this runs in unless a kubeconfig is named: one that merely lies
/// around is not the pod's.
///
/// # Errors
///
/// As [`connect`]; [`Error::NotInPod`] with neither.
pub(crate) async fn connect_from_pod(flags: &cli::Connection) -> Result<Cluster, Error> {
    let target = match flags.kubeconfig {
        Some(_) => target::target(flags).await?,
        None => target::of_pod(flags)?,
    };
    let limit = flags.request_timeout.map_or(Some(LIMIT), |limit| limit.0);
    to(target, flags, limit, Asking::OnTerminal).await
}

async fn to(
    target: Target,
    flags: &cli::Connection,
    limit: Option<Duration>,
    asking: Asking,
) -> Result<Cluster, Error> {
    let (mut config, context, proxy) = (target.config, target.context, target.proxy);
    let credentials = credentials::obtain(&mut config, asking).await?;
    let namespace = flags.namespace.clone();
    let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
    let mut namespaces = target.namespaces;
    namespaces.push(namespace.clone());
    namespaces.sort_unstable();
    namespaces.dedup();
    let clock = Arc::new(Clock::default());
    let transport = Arc::new(Transport::new(
        &config,
        proxy.as_deref(),
        credentials,
        Arc::clone(&clock),
    )?);
    Ok(Cluster {
        client: transport::client(&config, Arc::clone(&transport))?,
        namespace,
        namespaces,
        server: transport::origin(&config.cluster_url),
        context,
        clock,
        transport,
        limit,
    })
}

impl Cluster {
    /// The time by the API server's clock, as of its last answer; by this machine's before the first.
    ///
    /// Ages are told by it: a laptop's clock may be wrong.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits for one answer, no longer than `--request-timeout`.
    pub(super) async fn bounded<T>(
        &self,
        call: &Call,
        asked: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Error> {
        let answer = match self.limit {
            None => asked.await,
            Some(limit) => match tokio::time::timeout(limit, asked).await {
                Ok(answer) => answer,
                Err(_) => {
                    return Err(Error::TimedOut {
                        call: call.clone(),
                        server: self.transport.route.clone(),
                        limit,
                    });
                }
            },
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(classify::error(error, call, self).await),
        }
    }
}
