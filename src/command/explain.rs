//! `explain`: what the codes mean. Asks nobody.

use crate::cli::{self, PlainFormat};
use crate::codes::Code;
use crate::error::{Error, Exit};
use crate::render::explain as drawing;
use crate::render::json::{List, json};
use crate::terminal;

/// # Errors
///
/// [`Error::Output`].
pub(crate) fn explain(args: &cli::Explain, screen: cli::Screen) -> Result<Exit, Error> {
    terminal::print(&page(args, screen))?;
    Ok(Exit::Done)
}

/// A list is for people: a script that asks for it is given everything.
fn page(args: &cli::Explain, screen: cli::Screen) -> String {
    let (theme, width) = (terminal::theme(screen), terminal::width());
    match (args.output, args.code) {
        (PlainFormat::Json, Some(code)) => json(&drawing::document(code)),
        (PlainFormat::Json, None) => {
            let all = Code::ALL.iter().copied().map(drawing::document);
            json(&List::new(all.collect()))
        }
        (PlainFormat::Text, Some(code)) => drawing::page(code, width, &theme),
        (PlainFormat::Text, None) if args.all => {
            let all = Code::ALL.iter().copied();
            let pages: Vec<_> = all.map(|code| drawing::page(code, width, &theme)).collect();
            pages.join("\n")
        }
        (PlainFormat::Text, None) => drawing::list(width, &theme),
    }
}
