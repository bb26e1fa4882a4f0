//! The commands, each one sentence in the words of the phases: discover, observe, decide, apply, render.

pub(crate) mod explain;
pub(crate) mod status;
pub(crate) mod version;

use crate::error::{Error, Exit};
use crate::terminal;

/// Runs a command that waits for others, until it ends or somebody ends it.
pub(crate) fn wait_for(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Setting {
            what: "this machine".to_owned(),
            why: error.to_string(),
        })?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = command => ended,
            exit = terminal::interrupted() => Ok(exit),
        }
    });
    // A credential plugin or a name server that hangs must not hold up the end.
    runtime.shutdown_background();
    ended
}
