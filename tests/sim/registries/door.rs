//! A listening port that can be shut, and opened again, in the ways that a network shuts ports.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc as blocking;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;

/// Clients that may wait to be let in.
const BACKLOG: u32 = 1024;

/// What a client meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sign {
    Open,
    /// RST for every SYN.
    Refuse,
    /// Nothing for any SYN.
    Drop,
}

#[derive(Debug)]
pub(super) struct Door {
    pub(super) address: SocketAddr,
    orders: mpsc::UnboundedSender<Order>,
}

#[derive(Debug)]
struct Order {
    sign: Sign,
    done: blocking::Sender<()>,
}

impl Door {
    /// Opens a port of the loopback interface; `enter` gets every client.
    ///
    /// Must be called within a runtime, which keeps the door as long as it lives.
    pub(super) fn open(enter: impl Fn(TcpStream) + Send + 'static) -> io::Result<Self> {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (orders, received) = mpsc::unbounded_channel();
        tokio::spawn(keep(Port::Open(listener), address, received, enter));
        Ok(Self { address, orders })
    }

    /// Returns when the sign holds for the next client.
    pub(super) fn hang(&self, sign: Sign) {
        let (done, is_done) = blocking::channel();
        if self.orders.send(Order { sign, done }).is_ok() {
            // An error is a runtime that ends, and its doors with it.
            let _ = is_done.recv();
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The port, held in one of the three ways, so that nobody else can take it.
enum Port {
    Open(TcpListener),
    /// Bound, not listening.
    Refusing {
        _bound: TcpSocket,
    },
    /// Listening with a full queue: the kernel drops what does not fit (Linux).
    Full {
        _queue: TcpListener,
        _first: TcpStream,
    },
}

impl Port {
    async fn hold(address: SocketAddr, sign: Sign) -> io::Result<Self> {
        let bound = bind(address)?;
        Ok(match sign {
            Sign::Open => Self::Open(bound.listen(BACKLOG)?),
            Sign::Refuse => Self::Refusing { _bound: bound },
            Sign::Drop => Self::Full {
                _queue: bound.listen(0)?,
                _first: TcpStream::connect(address).await?,
            },
        })
    }

    fn sign(&self) -> Sign {
        match self {
            Self::Open(_) => Sign::Open,
            Self::Refusing { .. } => Sign::Refuse,
            Self::Full { .. } => Sign::Drop,
        }
    }
}

async fn keep(
    mut port: Port,
    address: SocketAddr,
    mut orders: mpsc::UnboundedReceiver<Order>,
    enter: impl Fn(TcpStream),
) {
    loop {
        let order = match &port {
            Port::Open(listener) => tokio::select! {
                order = orders.recv() => order,
                client = listener.accept() => {
                    if let Ok((client, _)) = client {
                        enter(client);
                    }
                    continue;
                }
            },
            Port::Refusing { .. } | Port::Full { .. } => orders.recv().await,
        };
        let Some(Order { sign, done }) = order else {
            return;
        };
        if sign != port.sign() {
            drop(port);
            port = Port::hold(address, sign).await.expect("the port was ours");
        }
        // Nobody waits any more when the test gave up.
        let _ = done.send(());
    }
}
