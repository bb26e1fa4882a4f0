//! The only file that writes to a terminal: the answer to stdout, everything else to stderr.
//!
//! It does not decide what is said, only whether the place it goes to can show colours, signs and movement.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use owo_colors::OwoColorize;
use tokio::time::Instant;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::cli::{Color, Screen};
use crate::error::{Error, Exit};
use crate::render::theme::{Glyphs, Theme};

/// Nothing moves before this: most answers are there by then.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a picture of the spinner stands.
const FRAME: Duration = Duration::from_millis(100);

/// Erases the line the cursor stands on, and goes to its start.
const ERASE: &str = "\r\u{1b}[2K";

pub(crate) mod canvas;
pub(crate) mod prompt;

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    Terminal,
    /// A file, a pipe, nothing.
    Other,
}

/// Who reads stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Listens,
    /// As `head` does once it has its lines.
    HasLeft,
}

/// Writes the answer to stdout. A reader that has left (`| head`) is not an error.
///
/// # Errors
///
/// [`Error::Output`], as when the disk is full.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    print_more(text).map(|_| ())
}

/// As [`print`], for an answer that goes on while somebody reads it.
///
/// # Errors
///
/// As [`print`].
pub(crate) fn print_more(text: &str) -> Result<Reader, Error> {
    match write(text) {
        Ok(()) => Ok(Reader::Listens),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::HasLeft),
        Err(error) => Err(Error::Output {
            why: error.to_string(),
        }),
    }
}

#[cfg(not(test))]
fn write(text: &str) -> io::Result<()> {
    use std::io::Write;

    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// Where the harness of the tests takes it up.
#[cfg(test)]
#[expect(
    clippy::unnecessary_wraps,
    clippy::print_stdout,
    reason = "stands for the real one"
)]
fn write(text: &str) -> io::Result<()> {
    print!("{text}");
    Ok(())
}

/// Writes to stderr. If nobody reads it, there is nobody to tell.
pub(crate) fn say(text: &str) {
    #[cfg(not(test))]
    let _ = io::Write::write_all(&mut io::stderr().lock(), text.as_bytes());
    #[cfg(test)]
    let _ = write(text);
}

/// A page of help, or what is wrong with the command line.
pub(crate) fn usage(page: &clap::Error) -> ExitCode {
    let text = page.render().to_string();
    if page.use_stderr() {
        say(&text);
        return Exit::Usage.into();
    }
    match print(&text) {
        Ok(()) => Exit::Done.into(),
        Err(error) => fail(&error),
    }
}

/// The end of a command that could not do its job.
pub(crate) fn fail(error: &Error) -> ExitCode {
    say(&error.message());
    error.exit().into()
}

/// The looks for what goes to stdout.
pub(crate) fn theme(screen: Screen) -> Theme {
    let theme = if is_coloured(screen.color, sink(&io::stdout()), variable) {
        Theme::coloured()
    } else {
        Theme::plain()
    };
    theme.with_glyphs(glyphs(screen, variable))
}

/// Columns of the terminal on stdout. `None` when it is none: then nothing is shortened.
pub(crate) fn width() -> Option<usize> {
    let (columns, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns.0))
}

/// Lines of the terminal on stdout. `None` when it is none.
fn rows() -> Option<usize> {
    let (_, rows) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(rows.0))
}

/// Whether stdout is one.
fn is_terminal() -> bool {
    sink(&io::stdout()) == Sink::Terminal
}

/// Whether a line may move: logged requests say the same, line by line.
fn is_animated(screen: Screen) -> bool {
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    sink(&io::stderr()) == Sink::Terminal && !is_dumb && !is_logged(screen.verbosity)
}

/// Whether there is somebody to ask. Only stdin and stderr together are a person.
///
/// # Errors
///
/// Which of its ends is none.
pub(crate) fn is_attended() -> Result<(), String> {
    let ends = [
        ("stdin", io::stdin().is_terminal()),
        ("stderr", io::stderr().is_terminal()),
    ];
    match ends.iter().find(|(_, is_terminal)| !is_terminal) {
        Some((end, _)) => Err(format!("{end} is not a terminal")),
        None => Ok(()),
    }
}

/// Waits, and from half a second on says on a terminal for what.
pub(crate) async fn waiting<T>(screen: Screen, what: &str, answer: impl Future<Output = T>) -> T {
    animated(screen, PATIENCE, || what.to_owned(), answer).await
}

/// Waits, and shows on a terminal how far it is: `words` is asked again for each picture.
pub(crate) async fn live<T>(
    screen: Screen,
    words: impl FnMut() -> String,
    answer: impl Future<Output = T>,
) -> T {
    animated(screen, Duration::ZERO, words, answer).await
}

async fn animated<T>(
    screen: Screen,
    patience: Duration,
    mut words: impl FnMut() -> String,
    answer: impl Future<Output = T>,
) -> T {
    if !is_animated(screen) {
        return answer.await;
    }
    let theme = if is_coloured(screen.color, Sink::Terminal, variable) {
        Theme::coloured()
    } else {
        Theme::plain()
    };
    let pictures = match glyphs(screen, variable) {
        Glyphs::UNICODE => ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"].as_slice(),
        _ => ["|", "/", "-", "\\"].as_slice(),
    };
    let mut frames = tokio::time::interval_at(Instant::now() + patience, FRAME);
    let mut line = SpinnerLine { is_drawn: false };
    let mut pictures = pictures.iter().cycle();
    tokio::pin!(answer);
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            _ = frames.tick() => {
                let picture = pictures.next().unwrap_or(&"");
                line.draw(&format!("{picture} {}", fitting(&words()).style(theme.dim)));
            }
        }
    }
}

/// What is longer than the terminal is wide would stay behind when the line is erased.
fn fitting(words: &str) -> String {
    let columns = terminal_size::terminal_size_of(io::stderr());
    let columns = columns.map_or(usize::MAX, |(columns, _)| usize::from(columns.0));
    words.chars().take(columns.saturating_sub(3)).collect()
}

/// A line that is gone once the wait is over, however it ends.
struct SpinnerLine {
    is_drawn: bool,
}

impl SpinnerLine {
    fn draw(&mut self, text: &str) {
        self.is_drawn = true;
        say(&format!("{ERASE}{text}"));
    }
}

impl Drop for SpinnerLine {
    fn drop(&mut self) {
        if self.is_drawn {
            say(ERASE);
        }
    }
}

/// Comes back when somebody ends the program: Ctrl-C, or SIGTERM.
pub(crate) async fn interrupted() -> Exit {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = async {
            match signal(SignalKind::terminate()) {
                Ok(mut terminate) => terminate.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok(()) = tokio::signal::ctrl_c() => Exit::Interrupted,
            Some(()) = terminate => Exit::Terminated,
            else => std::future::pending().await,
        }
    }
    #[cfg(not(unix))]
    match tokio::signal::ctrl_c().await {
        Ok(()) => Exit::Interrupted,
        Err(_) => std::future::pending().await,
    }
}

/// Shows requests on stderr, as `-v` asks: at 6 what this crate logs as `info`, at 7 `debug`, at 8 `trace`.
///
/// Nothing that a library logs is ever shown: it may hold a login.
pub(crate) fn log_requests(verbosity: u8) {
    if !is_logged(verbosity) {
        return;
    }
    let level = match verbosity {
        6 => Level::INFO,
        7 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false);
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .init();
}

/// kubectl shows requests from 6 on.
const fn is_logged(verbosity: u8) -> bool {
    verbosity >= 6
}

fn sink(stream: &impl IsTerminal) -> Sink {
    if stream.is_terminal() {
        Sink::Terminal
    } else {
        Sink::Other
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The flag, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then `TERM=dumb`, then the place.
fn is_coloured(when: Color, sink: Sink, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_forced = |name| variable(name).is_some_and(|value| value != "0");
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if variable("NO_COLOR").is_some() => false,
        Color::Auto if is_forced("CLICOLOR_FORCE") || is_forced("FORCE_COLOR") => true,
        Color::Auto if variable("TERM").is_some_and(|term| term == "dumb") => false,
        Color::Auto => sink == Sink::Terminal,
    }
}

/// Signs outside ASCII only where the locale is UTF-8. The first variable that is set decides, as in POSIX.
fn glyphs(screen: Screen, variable: impl Fn(&str) -> Option<OsString>) -> Glyphs {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(&variable);
    let locale = locale
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    // The console of Windows takes text, not bytes.
    let is_utf8 = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    if screen.ascii || is_dumb || !is_utf8 {
        Glyphs::ASCII
    } else {
        Glyphs::UNICODE
    }
}

#[cfg(test)]
mod tests;
