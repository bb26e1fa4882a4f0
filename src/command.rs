//! The commands, each one sentence in the words of the phases: discover, observe, decide, apply, render.

pub(crate) mod completion;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod in_cluster;
mod pods;
pub(crate) mod refresh;
pub(crate) mod status;
mod stop;
pub(crate) mod tick;
pub(crate) mod version;

use std::time::Duration;

use crate::cli;
use crate::cluster::job::{Leftover, OwnJobs};
use crate::error::{Error, Exit};
use crate::lookup::{Failure, Layer};
use crate::registry::{CacheUse, Credentials, Options, Session};
use crate::terminal;

/// Times of the registry lookups (design, "Registry lookups").
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const LOOKUP_LIMIT: Duration = Duration::from_secs(8);

/// Runs a command that waits for others, until it ends or somebody ends it.
pub(crate) fn wait_for(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    run(async {
        tokio::select! {
            ended = command => ended,
            exit = terminal::interrupted() => Ok(exit),
        }
    })
}

/// Runs a command that itself sees to it that it can be ended at any moment.
pub(crate) fn run(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Setting {
            what: "this machine".to_owned(),
            why: error.to_string(),
        })?;
    let ended = runtime.block_on(command);
    // A credential plugin or a name server that hangs must not hold up the end.
    runtime.shutdown_background();
    ended
}

/// What registries are asked through; why not, where they are not to be asked.
fn session(lookups: &cli::Lookups) -> Result<Session, Failure> {
    if lookups.offline || lookups.from == cli::From::None {
        let flag = if lookups.offline {
            "--offline"
        } else {
            "--from=none"
        };
        return Err(Failure {
            code: None,
            layer: Layer::None,
            host: String::new(),
            message: format!("not asked ({flag})"),
            retry_after: None,
        });
    }
    Session::open(Options {
        credentials: if lookups.anonymous {
            Credentials::Never
        } else {
            Credentials::of_this_user()
        },
        cache: if lookups.no_cache {
            CacheUse::Off
        } else {
            CacheUse::of_this_user()
        },
        connect_limit: CONNECT_LIMIT,
        lookup_limit: LOOKUP_LIMIT,
    })
}

/// Removes the Jobs of a run. A second signal ends the program at once; then their own deadline and TTL clear up.
async fn cleared(jobs: &OwnJobs<'_>, of: &str) -> Result<Vec<Leftover>, Exit> {
    tokio::select! {
        leftovers = jobs.remove_all() => Ok(leftovers),
        exit = terminal::interrupted() => {
            terminal::say(&format!("interrupted again: what is left of the {of} deletes itself within minutes\n"));
            Err(exit)
        }
    }
}

/// Jobs that could not be removed.
fn left_over(leftovers: &[Leftover]) {
    for Leftover { name, why, .. } in leftovers {
        terminal::say(&format!(
            "job/{name} could not be deleted: {why}; it deletes itself five minutes after it ends\n"
        ));
    }
}
