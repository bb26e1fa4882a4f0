//! Calls that block and cannot be stopped, on a thread that nobody waits for.
//!
//! `spawn_blocking` would keep the program from ending until they return, long after the answer has ceased to matter.

use futures::channel::oneshot;

/// Runs `call` aside; `None` where it ended without an answer.
pub(super) fn detached<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Option<T>> {
    let (done, answer) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("detached".to_owned())
        .spawn(move || {
            // Nobody listens any more where the limit has passed.
            let _ = done.send(call());
        });
    async move {
        match thread {
            Ok(_) => answer.await.ok(),
            Err(_) => None,
        }
    }
}
