//! A page that is drawn again in place, on a terminal that can do that.
//!
//! It stands on the terminal's second screen, so that what was there before comes back in the end, with the last page
//! below it. No key is read: Ctrl-C stays what it is.

use super::{Reader, is_terminal, print_more, rows, variable};
use crate::error::Error;

/// To the second screen, without a cursor.
const OPEN: &str = "\u{1b}[?1049h\u{1b}[?25l";
/// Back, with one.
const CLOSE: &str = "\u{1b}[?25h\u{1b}[?1049l";
const HOME: &str = "\u{1b}[H";
const ERASE_TO_END_OF_LINE: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// Closes when it is dropped, however the wait ends.
pub(crate) struct Canvas {
    /// The last page; `None` before the first.
    page: Option<String>,
}

impl Canvas {
    /// `None` where nothing can be drawn in place: a pipe, a file, a terminal that calls itself dumb.
    pub(crate) fn new() -> Option<Self> {
        let is_dumb = variable("TERM").is_none_or(|term| term == "dumb");
        let can = is_terminal() && !is_dumb;
        can.then_some(Self { page: None })
    }

    /// Draws as much of the page as there is room for, and the footer below.
    ///
    /// # Errors
    ///
    /// As [`super::print`].
    pub(crate) fn draw(&mut self, page: &str, footer: &str) -> Result<Reader, Error> {
        let open = if self.page.is_none() { OPEN } else { "" };
        self.page = Some(page.to_owned());
        let rows = rows().unwrap_or(usize::MAX);
        print_more(&format!("{open}{}", frame(page, footer, rows)))
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        if let Some(page) = &self.page {
            // Nobody is left to tell.
            let _ = print_more(&format!("{CLOSE}{page}"));
        }
    }
}

/// No line feed after the last line: it would scroll.
fn frame(page: &str, footer: &str, rows: usize) -> String {
    let lines: Vec<_> = page.lines().collect();
    let room = rows.saturating_sub(1);
    let mut shown: Vec<String> = lines
        .iter()
        .take(room)
        .map(|&line| line.to_owned())
        .collect();
    if lines.len() > room
        && let Some(last) = shown.last_mut()
    {
        *last = format!("({} more lines)", lines.len() - room + 1);
    }
    shown.push(footer.to_owned());
    let shown: Vec<_> = shown
        .iter()
        .map(|line| format!("{line}{ERASE_TO_END_OF_LINE}"))
        .collect();
    format!("{HOME}{}{ERASE_BELOW}", shown.join("\r\n"))
}

/// Comes back each time the terminal has changed its size.
pub(crate) async fn resized() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut changes) = signal(SignalKind::window_change()) {
            changes.recv().await;
            return;
        }
    }
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_fits_stands_whole_above_the_footer() {
        assert_eq!(
            "\u{1b}[Ha\u{1b}[K\r\n\u{1b}[K\r\nb\u{1b}[K\r\nfoot\u{1b}[K\u{1b}[J",
            frame("a\n\nb\n", "foot", 4)
        );
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let page = "a\nb\nc\nd\n";
        for (rows, want) in [
            (5, "a b c d foot"),
            (4, "a b (2_more_lines) foot"),
            (2, "(4_more_lines) foot"),
            (1, "foot"),
            (0, "foot"),
        ] {
            let frame = frame(page, "foot", rows);
            let plain = [HOME, ERASE_TO_END_OF_LINE, ERASE_BELOW]
                .iter()
                .fold(frame, |text, code| text.replace(code, ""));
            let lines: Vec<_> = plain
                .split("\r\n")
                .map(|line| line.replace(' ', "_"))
                .collect();
            assert_eq!(want, lines.join(" "), "{rows}");
            assert!(rows == 0 || lines.len() <= rows, "{rows}");
        }
    }
}
