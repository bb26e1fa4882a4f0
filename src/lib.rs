//! `kubectl tracebloc-images`: shows what the images of a tracebloc client do, finds out why, and repairs it.
//!
//! Five phases, one direction: **discover → observe → decide → apply → render**. The middle and the end are pure:
//! `plan`, `health` and `render` are functions of plain data. The world stands behind `cluster`, `registry` and
//! `probe`, one narrow async function per question. A command is a sentence made of these words.

#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends")
)]

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, Document, Page};
use error::Exit;

mod age;
mod capability;
mod certificate;
mod checks;
mod cli;
mod cluster;
mod codes;
mod command;
mod completion;
mod content;
mod diagnosis;
mod error;
mod explain;
mod fleet;
mod glob;
mod health;
mod image;
mod log;
mod look;
mod lookup;
mod node;
mod observation;
mod patch;
mod plan;
mod probe;
mod reading;
mod record;
mod registry;
mod release;
mod render;
mod report;
mod rights;
mod rollout;
mod run_now;
mod schedule;
mod shell;
mod shim;
mod terminal;
mod text;
mod tick;
mod wanted;

/// Runs the command that these words name, the program's own name first, and says how it ended.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    // Before any client is made: rustls has no provider of its own here, and says so by a panic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<_> = words.into_iter().collect();
    if let Some(words) = asked_by_a_shell(&words) {
        return command::completion::answer(words);
    }
    let cli = match Cli::try_parse_from(words).and_then(Cli::checked) {
        Ok(cli) => cli,
        Err(page) => return terminal::usage(&page),
    };
    terminal::log_requests(cli.screen.verbosity);
    let ended = match cli.command {
        Command::Help(help) => match help.page {
            Some(Page::ExitCodes) => terminal::print(&error::exit_codes()).map(|()| Exit::Done),
            page => return run(cli::words_for(page)),
        },
        // It clears its Job up before it ends.
        Command::Status(status) if status.lookups.from == cli::From::Cluster => command::run(
            command::status::status(&status, cli.screen, &cli.connection),
        ),
        Command::Status(status) => command::wait_for(command::status::status(
            &status,
            cli.screen,
            &cli.connection,
        )),
        Command::Explain(explain) => command::explain::explain(&explain, cli.screen),
        Command::Refresh(refresh) if refresh.in_cluster => command::run(
            command::in_cluster::in_cluster(&refresh, cli.screen, &cli.connection),
        ),
        Command::Refresh(refresh) => command::run(command::refresh::refresh(
            &refresh,
            cli.screen,
            &cli.connection,
        )),
        Command::Doctor(doctor) => command::run(command::doctor::doctor(
            &doctor,
            cli.screen,
            &cli.connection,
        )),
        Command::Schema(schema) => terminal::print(match schema.document {
            Document::Status => render::schema::STATUS,
            Document::Plan => render::schema::PLAN,
            Document::Report => render::schema::REPORT,
            Document::Doctor => render::schema::DOCTOR,
        })
        .map(|()| Exit::Done),
        Command::Tick => command::run(command::tick::tick(&cli.connection)),
        Command::Completion(completion) => command::completion::completion(&completion.command),
        Command::Version(version) if version.client => command::version::client(version.output),
        Command::Version(version) => command::wait_for(command::version::both(
            version.output,
            &cli.connection,
            cli.screen,
        )),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => terminal::fail(&error),
    }
}

/// What stands before the cursor, where a shell asks: behind `__complete`, or by the name under which kubectl looks for
/// a plugin's completions.
fn asked_by_a_shell(words: &[OsString]) -> Option<&[OsString]> {
    let (name, behind) = words.split_first()?;
    let name = Path::new(name).file_stem()?;
    if name == "kubectl_complete-tracebloc_images" {
        return Some(behind);
    }
    behind
        .split_first()
        .filter(|(word, _)| *word == "__complete")
        .map(|(_, behind)| behind)
}

/// The simulated world of `tests/`, for the tests beside the code that talks to it.
#[cfg(test)]
#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::struct_field_names,
    reason = "the suites in tests/ use all of it"
)]
#[path = "../tests"]
mod world {
    pub(crate) mod sim;
}
