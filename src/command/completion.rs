//! `completion`, and what shells ask through it.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{self, Cli, CompletionCommand};
use crate::cluster::connect::{Entry, connect, entries};
use crate::completion::{self, Names, Offer};
use crate::error::{Error, Exit};
use crate::shim::{self, Change};
use crate::terminal;

/// Beyond this nobody waits for a tab key.
const LIMIT: Duration = Duration::from_secs(1);

const BASH: &str = include_str!("../../completions/kubectl-tracebloc_images.bash");
const ZSH: &str = include_str!("../../completions/kubectl-tracebloc_images.zsh");
const FISH: &str = include_str!("../../completions/kubectl-tracebloc_images.fish");
const POWERSHELL: &str = include_str!("../../completions/kubectl-tracebloc_images.ps1");

/// # Errors
///
/// [`Error::Completion`].
pub(crate) fn completion(command: &CompletionCommand) -> Result<Exit, Error> {
    let page = match command {
        CompletionCommand::Bash => BASH.to_owned(),
        CompletionCommand::Zsh => ZSH.to_owned(),
        CompletionCommand::Fish => FISH.to_owned(),
        CompletionCommand::Powershell => POWERSHELL.to_owned(),
        CompletionCommand::Install(place) => said(&shim::install(place.dir.as_deref())?),
        CompletionCommand::Uninstall(place) => said(&shim::uninstall(place.dir.as_deref())?),
    };
    terminal::print(&page).map(|()| Exit::Done)
}

fn said(change: &Change) -> String {
    let (done, path) = match change {
        Change::Installed(path) => ("installed", path),
        Change::Present(path) => ("already there:", path),
        Change::Removed(path) => ("removed", path),
        Change::Absent(path) => ("not there:", path),
    };
    format!("{done} {}\n", path.display())
}

/// Answers a shell that asks what can stand at the end of these words. It learns nothing of failures: it could show
/// them nowhere but in the middle of what somebody types.
pub(crate) fn answer(words: &[OsString]) -> ExitCode {
    let words = words.iter();
    let words: Vec<_> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let page = match completion::offer(&mut Cli::command(), &words) {
        Offer::Files => completion::FILES.to_owned(),
        Offer::These(candidates) => completion::lines(&candidates),
        Offer::Names { of, before } => {
            let names = names(of, &words).into_iter();
            let all = names.map(|name| of.candidate(&name).behind(&before));
            let typed = words.last().map_or("", String::as_str);
            let typed = typed
                .strip_prefix("--")
                .and_then(|flag| flag.split_once('='))
                .map_or(typed, |(_, value)| value);
            completion::lines(&completion::starting(all.collect(), typed))
        }
    };
    let _ = terminal::print(&page);
    ExitCode::SUCCESS
}

/// The names that there are, as the connection flags among the words say; none where they cannot be had in time.
fn names(of: Names, words: &[String]) -> Vec<String> {
    let Some(connection) = connection(words) else {
        return Vec::new();
    };
    let local = match of {
        Names::Contexts => Entry::Context,
        Names::Clusters => Entry::Cluster,
        Names::Users => Entry::User,
        Names::Namespaces | Names::Releases => {
            let mut names = Vec::new();
            let asked = async {
                let cluster = connect(&connection).await?;
                names = match of {
                    Names::Releases => cluster.release_names().await?,
                    _ => cluster.namespaces().await?,
                };
                Ok(Exit::Done)
            };
            let _ = super::run(async {
                tokio::time::timeout(LIMIT, asked)
                    .await
                    .unwrap_or(Ok(Exit::TimedOut))
            });
            return names;
        }
    };
    entries(local, &connection).unwrap_or_default()
}

/// The connection flags among words that are no complete command line yet.
fn connection(words: &[String]) -> Option<cli::Connection> {
    let typed = words.iter().take(words.len().saturating_sub(1));
    let program = ["kubectl-tracebloc_images".to_owned()];
    let matches = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(program.iter().chain(typed))
        .ok()?;
    let matches = match matches.subcommand() {
        Some((_, behind)) => behind,
        None => &matches,
    };
    cli::Connection::from_arg_matches(matches).ok()
}
