//! How a page is set, and the pieces that screens have in common.

use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

use super::digests::DigestForm;
use super::flow::{Flow, Line, Margins};
use super::theme::{Mark, TEXT, Theme};
use crate::codes::Code;

/// What a page looks like, and how wide it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) theme: &'a Theme,
    /// In cells; `None` where nothing has to fit.
    pub(crate) width: Option<usize>,
    pub(crate) digests: DigestForm,
}

/// Where the texts of the sections begin.
pub(super) const LABEL: usize = 10;

/// Where the commands behind `Next` and `Undo` begin.
const COMMANDS: usize = 7;

/// Where the codes end: below the last column of the table.
pub(super) const EDGE: usize = 95;

pub(super) fn words(text: &str) -> Flow {
    Flow::default().words(text, TEXT)
}

/// `docker.io`, `docker.io and ghcr.io`, `a, b and c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The parts that hold something, with an empty line between.
pub(super) fn paragraphs(parts: &[Vec<Line>]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| painted(part)).collect();
    parts.join("\n")
}

/// Each line with a line feed at its end.
pub(super) fn painted(lines: &[Line]) -> String {
    lines.iter().map(|line| line.paint() + "\n").collect()
}

impl Page<'_> {
    pub(super) fn glyph(&self, mark: Mark) -> (String, Style) {
        (
            self.theme.glyphs.of(mark).to_owned(),
            self.theme.style(mark),
        )
    }

    pub(super) fn margins(&self, first: usize, hang: usize) -> Margins {
        Margins {
            first,
            hang,
            width: self.width,
        }
    }

    /// A section's rows, the first of them behind the label.
    pub(super) fn section(&self, label: &str, rows: impl IntoIterator<Item = Flow>) -> Vec<Line> {
        let mut lines: Vec<_> = rows
            .into_iter()
            .filter(|row| !row.is_empty())
            .flat_map(|row| row.lines(self.margins(LABEL, LABEL)))
            .collect();
        if let Some(first) = lines.first_mut() {
            first.label(label);
        }
        lines
    }

    /// A judgement: its mark, and a text that keeps clear of the codes.
    pub(super) fn note(&self, mark: Mark, text: &str) -> Vec<Line> {
        Flow::default()
            .item(0, [self.glyph(mark)])
            .words(text, TEXT)
            .lines(Margins {
                width: self.edge(),
                ..self.margins(2, 4)
            })
    }

    /// Puts the code behind the last line, or where there is no room for it, below.
    pub(super) fn code(&self, lines: &mut Vec<Line>, code: Code) {
        self.behind(lines, &code.to_string());
    }

    /// As [`Page::code`], for any other short text.
    pub(super) fn behind(&self, lines: &mut Vec<Line>, text: &str) {
        self.at_edge(lines, self.edge().unwrap_or(EDGE), 1, text);
    }

    /// Text that ends at the edge, `gap` blanks at least behind the last line, or below it.
    pub(super) fn at_edge(&self, lines: &mut Vec<Line>, edge: usize, gap: usize, text: &str) {
        match lines.last_mut() {
            Some(last) if last.width() + gap + text.len() <= edge || self.width.is_none() => {
                let gap = edge.saturating_sub(last.width() + text.len()).max(gap);
                last.push(gap, [(text.to_owned(), self.theme.dim)]);
            }
            _ => {
                let mut line = Line::indent(edge.saturating_sub(text.len()));
                line.push(0, [(text.to_owned(), self.theme.dim)]);
                lines.push(line);
            }
        }
    }

    pub(super) fn edge(&self) -> Option<usize> {
        self.width.map(|width| width.min(EDGE))
    }

    /// Commands as they are to be typed, however narrow the page, each with what there is to know about it.
    pub(super) fn commands(&self, label: &str, steps: &[(&str, &str)]) -> Vec<Line> {
        self.commands_at(COMMANDS, label, steps)
    }

    pub(super) fn commands_at(&self, at: usize, label: &str, steps: &[(&str, &str)]) -> Vec<Line> {
        let noted = steps.iter().filter(|(_, note)| !note.is_empty());
        let widest = noted.map(|(command, _)| command.width()).max();
        let widest = widest.unwrap_or(0);
        let mut lines = Vec::new();
        for (command, note) in steps {
            let gap = widest.saturating_sub(command.width()) + 3;
            let typed = Flow::default().item(0, [((*command).to_owned(), self.theme.bold)]);
            let whole = at + widest + 3 + note.width();
            let margins = self.margins(at, at);
            if note.is_empty() {
                lines.extend(typed.lines(margins));
            } else if self.width.is_none_or(|width| whole <= width) {
                let noted = typed.item(gap, [((*note).to_owned(), self.theme.dim)]);
                lines.extend(noted.lines(margins));
            } else {
                let typed = if is_typed(command) {
                    typed
                } else {
                    Flow::default().words(command, self.theme.bold)
                };
                lines.extend(typed.lines(margins));
                let note = Flow::default().words(note, self.theme.dim);
                lines.extend(note.lines(self.margins(at + 2, at + 2)));
            }
        }
        if let Some(first) = lines.first_mut() {
            first.label(label);
        }
        lines
    }
}

/// Some advice is a sentence, and breaks as one.
fn is_typed(command: &str) -> bool {
    command.starts_with("kubectl ")
}
