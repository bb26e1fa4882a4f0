//! The way of one request: over a proxy or not, with a login, logged, repeated where that is safe, and timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::Config;
use kube::client::{Body, ConfigExt};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

use super::clock::Clock;
use super::credentials::Credentials;
use super::issuer::Look;
use super::proxy::{self, Proxy};
use super::{classify, kubeconfig};
use crate::error::Error;
use crate::text;

/// As long as kubectl's dialer waits.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// As often as kubectl's dialer asks whether a silent connection lives: a watch may be silent for long.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How long a look at the server's certificate may take, after the request that failed over it.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a request is repeated that the server asked to repeat.
const RETRIES: usize = 3;

/// The longest `Retry-After` that is waited out; a longer one is the answer.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(5);

type Exchange =
    BoxCloneSyncService<Request<Body>, Response<Incoming>, hyper_util::client::legacy::Error>;

/// Opens a connection and closes it.
type Knock = BoxCloneSyncService<Uri, (), BoxError>;

/// Sends requests to one API server.
pub(super) struct Transport {
    server: Uri,
    /// The server, and the proxy if there is one, for messages.
    pub(super) route: String,
    exchange: Exchange,
    knock: Knock,
    look: Arc<Look>,
    credentials: Option<Credentials>,
    clock: Arc<Clock>,
}

impl Transport {
    /// `proxy` is the kubeconfig's; it wins over the environment's.
    pub(super) fn new(
        config: &Config,
        proxy: Option<&str>,
        credentials: Option<Credentials>,
        clock: Arc<Clock>,
    ) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        let look = Look::new();
        let proxy = proxy::towards(&config.cluster_url, proxy)?;
        let route = match &proxy {
            Some(proxy) => {
                format!(
                    "{} over the proxy {}",
                    origin(&config.cluster_url),
                    origin(proxy.uri())
                )
            }
            None => origin(&config.cluster_url),
        };
        let (exchange, knock) = match proxy {
            None => ways(config, &look, tcp)?,
            Some(Proxy::Http(tunnel)) => ways(config, &look, tunnel.through(tcp))?,
            Some(Proxy::Https(tunnel)) => {
                // As in Go, the proxy is trusted by the same roots; unlike there, it sees no client certificate.
                let mut outer = Config::new(tunnel.uri.clone());
                outer.root_cert.clone_from(&config.root_cert);
                let outer = outer
                    .rustls_https_connector_with_connector(tcp)
                    .map_err(|error| unusable("certificates of the proxy", &error))?;
                ways(config, &look, tunnel.through(outer))?
            }
            Some(Proxy::Socks(socks)) => ways(config, &look, socks.through(tcp))?,
        };
        Ok(Self {
            server: config.cluster_url.clone(),
            route,
            exchange,
            knock,
            look,
            credentials,
            clock,
        })
    }

    /// Who issued the certificate that the server shows. `None` when it did not show one in time.
    pub(super) async fn issuer(&self) -> Option<String> {
        let knock = self.knock.clone().oneshot(self.server.clone());
        let _ = tokio::time::timeout(LOOK_TIMEOUT, knock).await;
        self.look.issuer()
    }

    async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        if let Some(credentials) = &self.credentials {
            request
                .headers_mut()
                .insert(AUTHORIZATION, credentials.header().await?);
        }
        let (parts, body) = request.into_parts();
        // Only a GET is sent twice: a write that was refused may have happened.
        let mut again = (parts.method == Method::GET).then(|| parts.clone());
        let login = parts.headers.get(AUTHORIZATION).cloned();
        let mut response = self.once(Request::from_parts(parts, body)).await?;
        if let (Some(credentials), Some(login)) = (&self.credentials, &login) {
            if response.status() != 401 {
                credentials.accept(login).await;
            } else if let Some(again) = &mut again
                && let Some(fresh) = credentials.instead_of(login).await?
            {
                again.headers.insert(AUTHORIZATION, fresh);
                let request = Request::from_parts(again.clone(), Body::empty());
                response = self.once(request).await?;
            }
        }
        for _ in 0..RETRIES {
            let (Some(again), Some(pause)) = (&again, retry_after(&response)) else {
                break;
            };
            tokio::time::sleep(pause).await;
            response = self
                .once(Request::from_parts(again.clone(), Body::empty()))
                .await?;
        }
        Ok(response)
    }

    async fn once(&self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        let line = format!("{} {}", request.method(), without_login(request.uri()));
        log_headers("Request", request.headers());
        let asked = Instant::now();
        let answer = self.exchange.clone().oneshot(request).await;
        let took = asked.elapsed().as_millis();
        match &answer {
            Ok(response) => {
                tracing::info!("{line} {} in {took} milliseconds", response.status());
                log_headers("Response", response.headers());
                self.clock.set(response.headers());
            }
            Err(error) => {
                let why = classify::root(error);
                tracing::info!("{line} failed in {took} milliseconds: {why}");
            }
        }
        Ok(answer?)
    }
}

/// A kube client over `transport`.
pub(super) fn client(config: &Config, transport: Arc<Transport>) -> Result<kube::Client, Error> {
    let mut config = config.clone();
    let agent = concat!("kubectl-tracebloc-images/", env!("CARGO_PKG_VERSION"));
    config
        .headers
        .push((USER_AGENT, HeaderValue::from_static(agent)));
    let send = move |request: Request<Body>| {
        let transport = Arc::clone(&transport);
        async move { transport.send(request).await }
    };
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(
            config
                .auth_layer()
                .map_err(|error| unusable("login", &error))?,
        )
        .layer(
            config
                .extra_headers_layer()
                .map_err(|error| unusable("impersonation", &error))?,
        )
        .service(tower::service_fn(send));
    Ok(kube::Client::new(service, config.default_namespace))
}

/// Two ways over one connector: for requests, and for a look at the server's certificate.
fn ways<C>(config: &Config, look: &Arc<Look>, connector: C) -> Result<(Exchange, Knock), Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let https = config
        .rustls_https_connector_with_connector(connector.clone())
        .map_err(|error| unusable("certificates", &error))?;
    let http = Hyper::builder(TokioExecutor::new()).build::<_, Body>(https);
    let knock = HttpsConnector::from((connector, look.config())).map_response(drop);
    Ok((
        BoxCloneSyncService::new(http),
        BoxCloneSyncService::new(knock),
    ))
}

fn unusable(what: &str, error: &kube::Error) -> Error {
    match error {
        kube::Error::InferKubeconfig(error) => kubeconfig::unusable(error),
        error => Error::Setting {
            what: what.to_owned(),
            why: classify::words(error),
        },
    }
}

/// How long the server asks to wait before it is asked again, as client-go reads it. `None` when it does not ask.
fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let busy = response.status() == 429 || response.status().is_server_error();
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    let pause = Duration::from_secs(seconds);
    (busy && pause <= LONGEST_RETRY_AFTER).then_some(pause)
}

/// A URL as it may be shown: path and query of API calls are not secret, a login is.
fn without_login(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{}{path}", origin(uri))
}

/// Scheme, host and port.
pub(super) fn origin(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{}://{host}", uri.scheme_str().unwrap_or("https"))
}

fn log_headers(title: &str, headers: &HeaderMap) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    tracing::debug!("{title} Headers:");
    for (name, value) in headers {
        let value = if is_secret(name) || value.is_sensitive() {
            "<masked>".to_owned()
        } else {
            text::printable(&String::from_utf8_lossy(value.as_bytes()), text::QUOTED)
        };
        tracing::debug!("    {name}: {value}");
    }
}

fn is_secret(name: &HeaderName) -> bool {
    [
        AUTHORIZATION,
        http::header::COOKIE,
        http::header::SET_COOKIE,
    ]
    .contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_a_login() {
        for (uri, want) in [
            (
                "https://10.0.0.1:6443/api/v1/pods?limit=500",
                "https://10.0.0.1:6443/api/v1/pods?limit=500",
            ),
            (
                "https://ana:hunter2@api.example/version",
                "https://api.example/version",
            ),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ] {
            assert_eq!(want, without_login(&Uri::from_static(uri)));
        }
    }
}
