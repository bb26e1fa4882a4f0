//! The wire between a client and a host: its length in time, and its ends.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

/// What is read at once.
const CHUNK: usize = 64 * 1024;

/// How many chunks may be on the way, so that an endless body does not fill the memory.
const CHUNKS: usize = 64;

/// How a connection ends when it is not closed in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// FIN, in the middle of whatever was said.
    Close,
    /// RST.
    Reset,
}

/// The hold on a connection that everything serving it has.
#[derive(Debug, Default)]
pub(super) struct Link {
    is_reset: AtomicBool,
    cut: Notify,
    retire: Notify,
    /// Handshakes and requests under way.
    tasks: AtomicUsize,
}

/// Something under way on a connection, as long as it lives.
pub(super) struct Task<'a>(&'a Link);

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.0.tasks.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Link {
    pub(super) fn begin(&self) -> Task<'_> {
        self.tasks.fetch_add(1, Ordering::SeqCst);
        Task(self)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tasks.load(Ordering::SeqCst) == 0
    }

    /// Ends the connection; what was written before still arrives.
    pub(super) fn cut(&self, end: End) {
        self.is_reset.store(end == End::Reset, Ordering::SeqCst);
        self.cut.notify_one();
    }

    /// Returns when the connection was cut.
    pub(super) async fn was_cut(&self) {
        self.cut.notified().await;
    }

    /// Asks for an end: before the next request, and after those under way.
    pub(super) fn retire(&self) {
        self.retire.notify_one();
    }

    pub(super) async fn was_retired(&self) {
        self.retire.notified().await;
    }
}

/// Joins a client to a host that is `rtt` away: returns the host's end of the wire.
///
/// `before` was already read from the client; `opening` is how long the connection takes to be there.
pub(super) fn lay(
    client: TcpStream,
    before: Vec<u8>,
    rtt: Duration,
    opening: Duration,
    link: &Arc<Link>,
) -> DuplexStream {
    let (near, far) = tokio::io::duplex(CHUNK);
    let link = Arc::clone(link);
    tokio::spawn(async move {
        // A client that is gone is no failure of the simulation.
        let _ = carry(client, near, before, rtt / 2, opening, &link).await;
    });
    far
}

async fn carry(
    mut client: TcpStream,
    host: DuplexStream,
    before: Vec<u8>,
    half: Duration,
    opening: Duration,
    link: &Link,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let opened = Instant::now() + opening;
    {
        let (from_client, to_client) = client.split();
        let (from_host, mut to_host) = tokio::io::split(host);
        let up = async {
            sleep_until(opened).await;
            to_host.write_all(&before).await?;
            delay(from_client, &mut to_host, half).await?;
            to_host.shutdown().await?;
            std::future::pending::<io::Result<()>>().await
        };
        // The host always ends after the client did, so only its direction ends the wire.
        tokio::select! {
            result = up => result?,
            result = delay(from_host, to_client, half) => result?,
        }
    }
    if link.is_reset.load(Ordering::SeqCst) {
        client.set_zero_linger()?;
    }
    Ok(())
}

/// Brings every byte late by `half` a round trip, until the sender ends; does not say so to the receiver.
async fn delay(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    half: Duration,
) -> io::Result<()> {
    let (way, mut arrivals) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS);
    let depart = async move {
        let mut buffer = vec![0; CHUNK];
        loop {
            // A reset is passed on as an end.
            let count = from.read(&mut buffer).await.unwrap_or(0);
            let sent = way
                .send((Instant::now() + half, buffer[..count].to_vec()))
                .await;
            if count == 0 || sent.is_err() {
                return Ok(());
            }
        }
    };
    let arrive = async move {
        while let Some((due, bytes)) = arrivals.recv().await {
            if !half.is_zero() {
                sleep_until(due).await;
            }
            to.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::try_join!(depart, arrive).map(|_| ())
}
