//! Questions to the person at the terminal. They go to stderr: stdout is the answer's.
//!
//! dialoguer reads `/dev/tty` behind a pipe's back: whoever asks makes sure first that somebody is there.

use std::io::ErrorKind;

use dialoguer::{Confirm, MultiSelect};

use super::say;
use crate::error::Error;

const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply<T> {
    Answer(T),
    /// Ctrl-C.
    Interrupted,
}

/// Asks for a yes; anything else is a no.
///
/// # Errors
///
/// [`Error::Unconfirmed`] where the terminal cannot be asked.
pub(crate) fn confirm(question: &str) -> Result<Reply<bool>, Error> {
    let asked = Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact_opt();
    reply(asked.map(|answer| answer == Some(true)))
}

/// Asks for some of these, all of them marked at first. Empty: none, or the question was left.
///
/// # Errors
///
/// As [`confirm`].
pub(crate) fn choose(question: &str, items: &[String]) -> Result<Reply<Vec<usize>>, Error> {
    let asked = MultiSelect::new()
        .with_prompt(question)
        .items_checked(items.iter().map(|item| (item, true)))
        .interact_opt();
    reply(asked.map(Option::unwrap_or_default))
}

fn reply<T>(asked: dialoguer::Result<T>) -> Result<Reply<T>, Error> {
    match asked {
        Ok(answer) => Ok(Reply::Answer(answer)),
        Err(dialoguer::Error::IO(error)) => {
            // A question hides the cursor while it is open.
            say(SHOW_CURSOR);
            match error.kind() {
                ErrorKind::Interrupted => Ok(Reply::Interrupted),
                _ => Err(Error::Unconfirmed {
                    why: format!("the terminal cannot be asked: {error}"),
                    or: "",
                }),
            }
        }
    }
}
