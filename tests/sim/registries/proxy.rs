//! The forward proxy of the site: CONNECT, and plain requests in absolute form.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fault::{BLOCK_PAGE, Fault, Layer};
use super::rules::Acting;
use super::store::basic;
use super::traffic::{Tunnel, Way};
use super::wire;
use super::world::{Connection, Scheme, World};

/// The login that a proxy which wants one accepts.
pub(crate) const USER: &str = "acme";
pub(crate) const PASSWORD: &str = "proxy-secret-5d21";

/// More than any client sends before it waits for the proxy.
const HEAD: usize = 16 * 1024;

/// Serves one client until it leaves.
pub(super) async fn serve(world: Arc<World>, mut client: TcpStream) {
    // A client that leaves in the middle is no failure of the simulation.
    let Ok(Some(head)) = Head::read(&mut client).await else {
        return;
    };
    if head.method == "CONNECT" {
        let _ = connect(world, client, head).await;
    } else {
        let _ = forward(world, client, head).await;
    }
}

/// The beginning of what a client says to a proxy.
struct Head {
    method: String,
    /// `host:port`, or a URL.
    target: String,
    authorization: Option<String>,
    /// As it came, with whatever followed.
    bytes: Vec<u8>,
    length: usize,
}

impl Head {
    /// `None` when the client says something else than HTTP.
    async fn read(client: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let length = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if bytes.len() > HEAD || client.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let authorization = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("proxy-authorization")
                .then(|| value.trim().to_owned())
        });
        Ok(Some(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            authorization,
            bytes,
            length,
        }))
    }
}

/// What the proxy does with a CONNECT.
enum Verdict {
    Tunnel,
    Answer {
        status: u16,
        reason: &'static str,
        headers: &'static str,
        body: String,
    },
    Silence(u64),
    Close,
}

async fn connect(world: Arc<World>, mut client: TcpStream, head: Head) -> io::Result<()> {
    let number = world.traffic.asked_for(Tunnel {
        target: head.target.clone(),
        authorization: head.authorization.clone(),
        status: None,
    });
    let Some((host, port)) = head.target.rsplit_once(':') else {
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    };
    match judge(&world, host, head.authorization.as_deref()) {
        Verdict::Tunnel => {
            tokio::time::sleep(world.rtt).await;
            world.traffic.tunnel_answered(number, 200);
            client
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            let scheme = if port == "80" {
                Scheme::Http
            } else {
                Scheme::Https
            };
            let connection = Connection::new(Arc::clone(&world), host, scheme, Way::Proxy);
            let rest = head.bytes[head.length..].to_vec();
            let wire = wire::lay(client, rest, world.rtt, Duration::ZERO, &connection.link);
            connection.serve(wire).await;
        }
        Verdict::Answer {
            status,
            reason,
            headers,
            body,
        } => {
            world.traffic.tunnel_answered(number, status);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} {reason}\r\nServer: Zscaler/6.2\r\n{headers}Content-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await?;
        }
        Verdict::Silence(rule) => tokio::select! {
            () = world.rules.healed(rule) => (),
            _ = client.read_u8() => (),
        },
        Verdict::Close => (),
    }
    Ok(())
}

fn judge(world: &World, host: &str, authorization: Option<&str>) -> Verdict {
    let page = |status: u16, reason: &'static str, why: &str| Verdict::Answer {
        status,
        reason,
        headers: "",
        body: format!(
            "<html><head><title>{status} {reason}</title></head><body>{why}</body></html>\n"
        ),
    };
    let login = |headers: &'static str| Verdict::Answer {
        status: 407,
        reason: "Proxy Authentication Required",
        headers,
        body: "<html><head><title>Proxy authentication required</title></head></html>\n".to_owned(),
    };
    let first = |layer: Layer| world.rules.first(layer, host);
    match first(Layer::Proxy) {
        Some(Acting {
            fault: Fault::Proxy407,
            ..
        }) if authorization != Some(&basic(USER, PASSWORD)) => {
            return login("Proxy-Authenticate: Basic realm=\"Acme Corp\"\r\n");
        }
        Some(Acting {
            fault: Fault::Proxy407Negotiate,
            ..
        }) => {
            return login("Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n");
        }
        Some(Acting {
            fault: Fault::Proxy403,
            ..
        }) => {
            return Verdict::Answer {
                status: 403,
                reason: "Forbidden",
                headers: "",
                body: BLOCK_PAGE.to_owned(),
            };
        }
        Some(Acting {
            fault: Fault::Proxy502,
            ..
        }) => return page(502, "Bad Gateway", ""),
        Some(Acting {
            fault: Fault::ProxyClose,
            ..
        }) => return Verdict::Close,
        Some(Acting {
            fault: Fault::ProxyHang,
            rule,
        }) => return Verdict::Silence(rule),
        _ => (),
    }
    // The proxy resolves and connects; a client only hears how that went.
    if !world.knows(host) || first(Layer::Dns).is_some() {
        return page(502, "Bad Gateway", "cannot resolve the host");
    }
    match first(Layer::Packets) {
        Some(Acting {
            fault: Fault::Drop,
            rule,
        }) => Verdict::Silence(rule),
        Some(_) => page(502, "Bad Gateway", "cannot connect to the host"),
        None => Verdict::Tunnel,
    }
}

/// A request in clear: the host's port 80 answers it.
async fn forward(world: Arc<World>, mut client: TcpStream, head: Head) -> io::Result<()> {
    let url = reqwest::Url::parse(&head.target).ok();
    let host = url
        .as_ref()
        .and_then(reqwest::Url::host_str)
        .filter(|host| world.knows(host));
    let Some(host) = host else {
        let answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(answer.as_bytes()).await;
    };
    let connection = Connection::new(Arc::clone(&world), host, Scheme::Http, Way::Proxy);
    let wire = wire::lay(client, head.bytes, world.rtt, world.rtt, &connection.link);
    connection.serve(wire).await;
    Ok(())
}

/// Serves a client that came to the host's own port.
pub(super) async fn enter(world: Arc<World>, client: TcpStream, host: String, scheme: Scheme) {
    let connection = Connection::new(Arc::clone(&world), &host, scheme, Way::Direct);
    let wire = wire::lay(client, Vec::new(), world.rtt, world.rtt, &connection.link);
    connection.serve(wire).await;
}
