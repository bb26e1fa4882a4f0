//! One question, one answer: bounded in time and size, tried again where that helps, and answered at once with the
//! known cause while a host is known to be unreachable.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::lock::Mutex as AsyncMutex;
use jiff::Timestamp;
use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, Body};
use super::closer_look::Look;
use super::credentials::Login;
use super::dns::{Names, SystemNames};
use super::endpoint::authority;
use super::fault::{Again, Fault, Verdict, judge};
use super::proxies::{Proxies, proxy_name};
use super::retry::jitter;
use super::way::is_nowhere;
use crate::codes::Code;
use crate::lookup::Layer;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// One connection: DNS, TCP, the proxy and TLS together.
    pub(super) connect: Duration,
    /// One lookup with everything that it needs.
    pub(super) lookup: Duration,
    /// The longest pauses before the second and the third attempt.
    pub(super) pauses: [Duration; 2],
}

/// When a lookup has to be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// The way from here to registries.
pub(crate) struct Network {
    /// Reads the proxy and the trusted authorities of this machine, unless told otherwise.
    pub(super) client: ClientBuilder,
    /// Says which proxy the client takes for an address.
    pub(super) proxies: Proxies,
    pub(super) names: Arc<dyn Resolve>,
    /// Authorities that the client trusts beside those of this machine.
    pub(super) roots: Vec<CertificateDer<'static>>,
    /// Whether no host of the internet has this address.
    pub(super) is_nowhere: fn(IpAddr) -> bool,
}

impl Network {
    pub(super) fn of_this_machine() -> Self {
        Self {
            client: Client::builder(),
            proxies: Proxies::of_this_machine(),
            names: Arc::new(SystemNames),
            roots: Vec::new(),
            is_nowhere,
        }
    }

    /// A simulated internet: the hosts' own ports, and no proxy, whatever the environment of the tests says.
    #[cfg(test)]
    pub(crate) fn of(net: &crate::world::sim::registries::Internet) -> Self {
        use rustls::pki_types::pem::PemObject as _;

        let pem = net.ca_pem();
        let authority = reqwest::Certificate::from_pem(pem.as_bytes());
        Self {
            client: Client::builder()
                .tls_certs_merge([authority.unwrap()])
                .no_proxy(),
            proxies: Proxies::with("", ""),
            names: net.dns(),
            roots: vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()],
            // The whole of this internet is on loopback.
            is_nowhere: |address| address.is_unspecified(),
        }
    }
}

/// What is asked. `Authorization` is marked sensitive wherever it is made.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'static str>,
    pub(super) authorization: Option<&'a HeaderValue>,
    /// The largest body that is read, in bytes.
    pub(super) body_limit: usize,
}

pub(super) struct Transport {
    client: Client,
    pub(super) proxies: Proxies,
    pub(super) names: Names,
    pub(super) limits: Limits,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) is_nowhere: fn(IpAddr) -> bool,
    pub(super) verifier: OnceLock<Arc<Verifier>>,
    /// By host and port.
    doors: Mutex<HashMap<String, Arc<Door>>>,
}

/// What is known about the way to one host. Held while a failure is looked into, so that many requests that fail
/// together have one cause.
type Door = AsyncMutex<Option<Closed>>;

/// A host that could not be reached.
struct Closed {
    since: Instant,
    fault: Fault,
}

impl Closed {
    fn now(fault: &Fault) -> Self {
        Self {
            since: Instant::now(),
            fault: fault.clone(),
        }
    }
}

/// Why an attempt brought no answer.
enum Trouble {
    Failed(reqwest::Error),
    /// The lookup's time was over.
    Silent,
}

impl Transport {
    pub(super) fn open(limits: Limits, network: Network) -> Result<Self, reqwest::Error> {
        // Shorter than a connection: see `dns`.
        let names = Names::new(network.names, limits.connect * 4 / 5);
        let client = network
            .client
            .user_agent(concat!(
                "kubectl-tracebloc-images/",
                env!("CARGO_PKG_VERSION")
            ))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(limits.connect)
            .dns_resolver(Arc::new(names.clone()));
        Ok(Self {
            client: client.build()?,
            proxies: network.proxies,
            names,
            limits,
            roots: network.roots,
            is_nowhere: network.is_nowhere,
            verifier: OnceLock::new(),
            doors: Mutex::default(),
        })
    }

    /// The answer to a question, whatever its status.
    ///
    /// # Errors
    ///
    /// What broke below HTTP, after the retries that could help; or the same as before, at once, for a host that broke
    /// less than a lookup's time ago.
    pub(super) async fn ask(
        &self,
        question: &Question<'_>,
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        let door = self.door(&question.url);
        if let Some(closed) = &*door.lock().await
            && closed.since.elapsed() < self.limits.lookup
        {
            return Err(closed.fault.clone());
        }
        let mut pauses = self.limits.pauses.into_iter();
        loop {
            let started = Instant::now();
            let outcome = match self.attempt(question, deadline).await {
                Ok(answer) => Ok(answer),
                Err(trouble) => {
                    let mut closed = door.lock().await;
                    let fault = match (&*closed, trouble) {
                        (Some(closed), _) if closed.since >= started => closed.fault.clone(),
                        (_, Trouble::Failed(error)) => self.cause(&error, question, deadline).await,
                        (_, Trouble::Silent) => silent(started.elapsed()),
                    };
                    // Silence in what another host left of the time proves nothing.
                    let is_proven =
                        fault.layer < Layer::Http || started.elapsed() > self.limits.lookup / 2;
                    let is_last = fault.again == Again::Pointless || pauses.len() == 0;
                    if is_proven && is_last {
                        *closed = Some(Closed::now(&fault));
                    }
                    Err(fault)
                }
            };
            let pause = match &outcome {
                Ok(answer) => again_after(answer, &mut pauses),
                Err(fault) if fault.again == Again::Worthwhile => pauses.next().map(jitter),
                Err(_) => None,
            };
            match pause {
                Some(pause) if pause < deadline.left() => {
                    tokio::time::sleep(pause).await;
                }
                _ => return outcome,
            }
        }
    }

    /// The header of a login (RFC 7617), marked as a secret.
    pub(super) fn basic(&self, login: &Login) -> Option<HeaderValue> {
        let request = self.client.get("https://registry.invalid/");
        let request = request.basic_auth(&login.user, Some(&login.password));
        request.build().ok()?.headers_mut().remove(AUTHORIZATION)
    }

    async fn attempt(
        &self,
        question: &Question<'_>,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let mut request = self
            .client
            .request(question.method.clone(), question.url.clone());
        if let Some(accept) = question.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(authorization) = question.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let answered = async {
            let mut response = request.send().await?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > question.body_limit {
                    return Ok(Answer::new(
                        response.status(),
                        response.headers(),
                        Body::TooLarge,
                    ));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Answer::new(
                response.status(),
                response.headers(),
                Body::Whole(body),
            ))
        };
        match timeout_at(deadline.0, answered).await {
            Err(_) => Err(Trouble::Silent),
            Ok(answered) => answered.map_err(Trouble::Failed),
        }
    }

    async fn cause(
        &self,
        error: &reqwest::Error,
        question: &Question<'_>,
        deadline: Deadline,
    ) -> Fault {
        let proxy = self.proxies.towards(&question.url);
        let name = proxy.as_ref().map(proxy_name);
        let limit = self.limits.connect;
        match judge(error, name.as_deref(), limit) {
            Verdict::Known(fault) => fault,
            Verdict::Open(open) => {
                let look = Look {
                    names: &self.names,
                    url: &question.url,
                    limit,
                    left: deadline.left(),
                };
                match &proxy {
                    None => look.directly().await,
                    Some(proxy) => look.through(proxy, open).await,
                }
            }
        }
    }

    fn door(&self, url: &Url) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(doors.entry(authority(url)).or_default())
    }
}

/// No answer, although there was a connection or time for one.
fn silent(waited: Duration) -> Fault {
    let words = format!("no answer within {:.1}s", waited.as_secs_f64());
    Fault::new(Layer::Http, Code::RegistryError, words)
}

/// How long to wait before the same question, if the answer is one that passes.
fn again_after(answer: &Answer, pauses: &mut impl Iterator<Item = Duration>) -> Option<Duration> {
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = answer.retry_after(Timestamp::now())?;
            pauses.next().map(|_| wait)
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => {
            let pause = pauses.next().map(jitter)?;
            Some(answer.retry_after(Timestamp::now()).unwrap_or(pause))
        }
        _ => None,
    }
}
