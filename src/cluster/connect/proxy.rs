//! Whether a proxy stands between this machine and the API server, as Go's `net/http` decides it for kubectl.
//!
//! The kubeconfig's `proxy-url` wins and knows no exception. Otherwise `HTTPS_PROXY` (for an `http://` server
//! `HTTP_PROXY`), unless `NO_PROXY` names the server or the server is on this machine.

use std::env;
use std::net::IpAddr;

use http::Uri;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::error::Error;
use crate::text;

/// A proxy by the way it is spoken to.
pub(super) enum Proxy {
    Http(HttpProxy),
    /// As `Http`, inside TLS.
    Https(HttpProxy),
    Socks(SocksProxy),
}

impl Proxy {
    /// Without the login.
    pub(super) fn uri(&self) -> &Uri {
        match self {
            Self::Http(http) | Self::Https(http) => &http.uri,
            Self::Socks(SocksProxy(intercept)) => intercept.uri(),
        }
    }
}

/// A proxy that opens a tunnel on `CONNECT`.
pub(super) struct HttpProxy {
    /// Without the login.
    pub(super) uri: Uri,
    intercept: Intercept,
}

impl HttpProxy {
    pub(super) fn through<C>(&self, connector: C) -> Tunnel<C> {
        let tunnel = Tunnel::new(self.uri.clone(), connector);
        match self.intercept.basic_auth() {
            Some(login) => tunnel.with_auth(login.clone()),
            None => tunnel,
        }
    }
}

pub(super) struct SocksProxy(Intercept);

impl SocksProxy {
    /// The proxy resolves the server's name, in Go for `socks5` as for `socks5h`.
    pub(super) fn through<C>(&self, connector: C) -> SocksV5<C> {
        let socks = SocksV5::new(self.0.uri().clone(), connector);
        match self.0.raw_auth() {
            Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
            None => socks,
        }
    }
}

/// The proxy on the way to `server`; `None` for none.
pub(super) fn towards(server: &Uri, kubeconfig: Option<&str>) -> Result<Option<Proxy>, Error> {
    let (proxy, exceptions) = match kubeconfig {
        Some(proxy) => (proxy.to_owned(), String::new()),
        None if is_this_machine(server) => return Ok(None),
        None => {
            let names = match server.scheme_str() {
                Some("http") => ["HTTP_PROXY", "http_proxy"],
                _ => ["HTTPS_PROXY", "https_proxy"],
            };
            (variable(names), variable(["NO_PROXY", "no_proxy"]))
        }
    };
    if proxy.is_empty() {
        return Ok(None);
    }
    chosen(server, &proxy, &exceptions)
}

fn chosen(server: &Uri, proxy: &str, exceptions: &str) -> Result<Option<Proxy>, Error> {
    let refuse = |why: &str| Error::Setting {
        what: format!("proxy {:?}", text::without_secrets(proxy)),
        why: why.to_owned(),
    };
    let all = Matcher::builder().all(one_at_sign(proxy)).build();
    let Some(intercept) = all.intercept(server) else {
        return Err(refuse(
            "not a URL of a proxy (http, https, socks5 or socks5h)",
        ));
    };
    let exceptions = applying_to(server, exceptions);
    let some = Matcher::builder()
        .all("http://proxy")
        .no(exceptions)
        .build();
    if some.intercept(server).is_none() {
        return Ok(None);
    }
    let uri = intercept.uri().clone();
    match uri.scheme_str() {
        Some("http") => Ok(Some(Proxy::Http(HttpProxy { uri, intercept }))),
        Some("https") => Ok(Some(Proxy::Https(HttpProxy { uri, intercept }))),
        Some("socks5" | "socks5h") => Ok(Some(Proxy::Socks(SocksProxy(intercept)))),
        _ => Err(refuse(
            "not a URL of a proxy (http, https, socks5 or socks5h)",
        )),
    }
}

/// The first that is set and not empty.
fn variable(names: [&str; 2]) -> String {
    names
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default()
}

/// Go never asks a proxy for the machine it runs on: the port on localhost is this machine's.
fn is_this_machine(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// A password may hold an `@` that nobody encoded. Go takes the last one as the end of the login.
fn one_at_sign(proxy: &str) -> String {
    let Some((before, host)) = proxy.rsplit_once('@') else {
        return proxy.to_owned();
    };
    let (scheme, login) = before
        .split_once("://")
        .map_or((String::new(), before), |(scheme, login)| {
            (format!("{scheme}://"), login)
        });
    let mut encoded = login.to_owned();
    for (sign, code) in [('@', "%40"), ('/', "%2F"), ('?', "%3F"), ('#', "%23")] {
        encoded = encoded.replace(sign, code);
    }
    format!("{scheme}{encoded}@{host}")
}

/// The entries of `NO_PROXY` without their ports, and without those that name another port than the server's.
fn applying_to(server: &Uri, exceptions: &str) -> String {
    let default = if server.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    let port = server.port_u16().unwrap_or(default).to_string();
    let entries = exceptions
        .split(',')
        .filter_map(|entry| match entry.trim().rsplit_once(':') {
            Some((host, of)) if !host.contains(':') || host.ends_with(']') => {
                (of == port).then_some(host.trim_start_matches('[').trim_end_matches(']'))
            }
            _ => Some(entry.trim()),
        });
    entries.collect::<Vec<_>>().join(",")
}
