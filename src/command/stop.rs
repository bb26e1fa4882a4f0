//! Somebody ends a command that has to see to its own end.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared};
use tokio::time::timeout;

use crate::error::Exit;
use crate::terminal;

/// How long a write may still take: less than the kubelet's patience.
const LAST_WRITE: Duration = Duration::from_secs(10);

/// Ctrl-C, or the kubelet's SIGTERM.
pub(crate) struct Stop(Shared<LocalBoxFuture<'static, Exit>>);

impl Stop {
    /// From here on a signal is heard, and kept until it is asked for.
    pub(crate) fn new() -> Self {
        let stop = Self(terminal::interrupted().boxed_local().shared());
        let _ = stop.asked();
        stop
    }

    pub(crate) fn asked(&self) -> Result<(), Exit> {
        self.0.clone().now_or_never().map_or(Ok(()), Err)
    }

    /// Work that may be dropped at any point.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, Exit> {
        tokio::select! {
            biased;
            exit = self.0.clone() => Err(exit),
            done = work => Ok(done),
        }
    }

    /// A write: not begun any more, or waited for, so that nothing is left of which nobody knows whether it was done.
    pub(crate) async fn finish<T>(&self, write: impl Future<Output = T>) -> Result<T, Exit> {
        self.asked()?;
        let mut write = pin!(write);
        tokio::select! {
            done = &mut write => Ok(done),
            exit = self.0.clone() => {
                let _ = timeout(LAST_WRITE, write).await;
                Err(exit)
            }
        }
    }
}
