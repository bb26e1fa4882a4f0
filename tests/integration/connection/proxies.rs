//! Proxies in the test process: they open a tunnel to one address, whatever name they are asked for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// How a proxy is spoken to, and what it does.
#[derive(Clone)]
pub(super) enum Kind {
    Connect,
    /// `Connect`, inside TLS.
    ConnectTls(Arc<ServerConfig>),
    /// Answers `CONNECT` with this status line.
    Refusing(&'static str),
    Socks,
}

/// A running proxy. Dropping it ends it.
pub(super) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    runtime: Option<Runtime>,
}

impl Proxy {
    pub(super) fn start(kind: Kind, target: &str) -> Self {
        let (_, target) = target.split_once("://").unwrap();
        let target: SocketAddr = target.parse().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(kind.clone(), stream, target, Arc::clone(&log)));
            }
        });
        Self {
            address,
            asked,
            runtime: Some(runtime),
        }
    }

    /// `host:port`.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked for, with the login it was shown: `api.example:6443 Basic …`.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(kind: Kind, stream: TcpStream, target: SocketAddr, log: Arc<Mutex<Vec<String>>>) {
    // A client that ends early is what some of the tests are about.
    let _ = match kind {
        Kind::Connect => connect(stream, "200 OK", target, log).await,
        Kind::Refusing(status) => connect(stream, status, target, log).await,
        Kind::ConnectTls(config) => match TlsAcceptor::from(config).accept(stream).await {
            Ok(stream) => connect(stream, "200 OK", target, log).await,
            Err(error) => Err(error),
        },
        Kind::Socks => socks(stream, target, log).await,
    };
}

async fn connect(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    status: &str,
    target: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let host = head.split(' ').nth(1).unwrap();
    let login = head
        .lines()
        .find_map(|line| line.strip_prefix("Proxy-Authorization: "))
        .unwrap_or("nobody");
    log.lock().unwrap().push(format!("{host} {login}"));
    stream
        .write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes())
        .await?;
    if status.starts_with("200") {
        let mut target = TcpStream::connect(target).await?;
        copy_bidirectional(&mut stream, &mut target).await?;
    }
    Ok(())
}

/// RFC 1928, and RFC 1929 where the client offers a login.
async fn socks(
    mut stream: TcpStream,
    target: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut login = "nobody".to_owned();
    let _version = stream.read_u8().await?;
    let methods = read_short(&mut stream).await?;
    if methods.contains(&2) {
        stream.write_all(&[5, 2]).await?;
        let _version = stream.read_u8().await?;
        let user = read_short(&mut stream).await?;
        let password = read_short(&mut stream).await?;
        login = format!(
            "{}:{}",
            String::from_utf8_lossy(&user),
            String::from_utf8_lossy(&password)
        );
        stream.write_all(&[1, 0]).await?;
    } else {
        stream.write_all(&[5, 0]).await?;
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    assert_eq!(3, request[3], "a name, which the proxy resolves");
    let host = read_short(&mut stream).await?;
    let port = stream.read_u16().await?;
    let host = String::from_utf8_lossy(&host).into_owned();
    log.lock().unwrap().push(format!("{host}:{port} {login}"));
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    let mut target = TcpStream::connect(target).await?;
    copy_bidirectional(&mut stream, &mut target).await?;
    Ok(())
}

/// Bytes after a byte that counts them.
async fn read_short(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u8().await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
