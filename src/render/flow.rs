//! Lines out of pieces that may not be torn apart: wrapped where they are too long, painted after that.

use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthStr;

use crate::text::{is_unprintable, printable};

/// What a terminal would obey becomes a blank, so nothing that passes here can move a cursor.
fn clean(text: &str) -> String {
    text.replace(is_unprintable, " ")
}

/// Text that stays on one line, after `gap` blanks if something stands before it on that line.
#[derive(Clone, Debug)]
struct Piece {
    gap: usize,
    spans: Vec<(String, Style)>,
}

/// Pieces in the order in which they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    pieces: Vec<Piece>,
}

/// The columns between which a flow is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    /// Where the first line begins.
    pub(super) first: usize,
    /// Where the others do.
    pub(super) hang: usize,
    /// Where they end; `None` never wraps.
    pub(super) width: Option<usize>,
}

/// One laid out line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Blanks, or a label.
    margin: String,
    spans: Vec<(String, Style)>,
}

impl Flow {
    /// Text that may be wrapped at every blank.
    pub(super) fn words(mut self, text: &str, style: Style) -> Self {
        for word in printable(text, usize::MAX).split_whitespace() {
            self.pieces.push(Piece {
                gap: 1,
                spans: vec![(word.to_owned(), style)],
            });
        }
        self
    }

    /// Text that is kept together, in one or more styles.
    pub(super) fn item(
        mut self,
        gap: usize,
        spans: impl IntoIterator<Item = (String, Style)>,
    ) -> Self {
        let spans = spans.into_iter().map(|(text, style)| (clean(&text), style));
        self.pieces.push(Piece {
            gap,
            spans: spans.collect(),
        });
        self
    }

    /// Text that belongs to the piece before it, such as a comma.
    pub(super) fn glue(mut self, text: &str, style: Style) -> Self {
        if let Some(last) = self.pieces.last_mut() {
            last.spans.push((clean(text), style));
        }
        self
    }

    /// The other flow's pieces, the first of them after `gap` blanks.
    pub(super) fn append(mut self, gap: usize, other: Self) -> Self {
        let at = self.pieces.len();
        self.pieces.extend(other.pieces);
        if let Some(first) = self.pieces.get_mut(at) {
            first.gap = gap;
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// A piece that alone is wider than the page has a line of its own and sticks out.
    pub(super) fn lines(&self, margins: Margins) -> Vec<Line> {
        let mut lines = vec![Line::indent(margins.first)];
        let mut is_fresh = true;
        for piece in &self.pieces {
            let width: usize = piece.spans.iter().map(|(text, _)| text.width()).sum();
            let last = lines.last().map_or(0, Line::width);
            let fits = margins
                .width
                .is_none_or(|page| last + piece.gap + width <= page);
            if !is_fresh && !fits {
                lines.push(Line::indent(margins.hang));
                is_fresh = true;
            }
            if let Some(line) = lines.last_mut() {
                line.push(
                    if is_fresh { 0 } else { piece.gap },
                    piece.spans.iter().cloned(),
                );
            }
            is_fresh = false;
        }
        lines
    }
}

impl Line {
    pub(super) fn indent(columns: usize) -> Self {
        Self {
            margin: " ".repeat(columns),
            spans: Vec::new(),
        }
    }

    pub(super) fn width(&self) -> usize {
        let spans = self.spans.iter().map(|(text, _)| text.width());
        self.margin.width() + spans.sum::<usize>()
    }

    /// Text in the margin, in place of as many blanks.
    pub(super) fn label(&mut self, label: &str) {
        self.margin = format!("{label:<width$}", width = self.margin.len());
    }

    pub(super) fn push(&mut self, gap: usize, spans: impl IntoIterator<Item = (String, Style)>) {
        let mut gap = " ".repeat(gap);
        for (text, style) in spans {
            match self.spans.last_mut() {
                // One stretch of colour and not one per word.
                Some((before, last)) if *last == style => {
                    before.push_str(&gap);
                    before.push_str(&text);
                }
                _ => {
                    self.spans.push((std::mem::take(&mut gap), Style::new()));
                    self.spans.push((text, style));
                }
            }
            gap.clear();
        }
    }

    pub(super) fn paint(&self) -> String {
        let mut out = self.margin.clone();
        for (text, style) in self.spans.iter().filter(|(text, _)| !text.is_empty()) {
            out.push_str(&text.style(*style).to_string());
        }
        out.truncate(out.trim_end_matches(' ').len());
        out
    }
}

/// Where codes end, where the page does not say it.
pub(super) const EDGE: usize = 95;

/// Puts a code at the end of the last line, flush at `edge`, or on a line of its own where it does not fit.
pub(super) fn coded(lines: &mut Vec<Line>, code: &str, edge: Option<usize>, style: Style) {
    let is_free = edge.is_none();
    let edge = edge.unwrap_or(EDGE);
    match lines.last_mut() {
        Some(last) if last.width() + 1 + code.len() <= edge || is_free => {
            let gap = edge.saturating_sub(last.width() + code.len()).max(1);
            last.push(gap, [(code.to_owned(), style)]);
        }
        _ => {
            let mut line = Line::indent(edge.saturating_sub(code.len()));
            line.push(0, [(code.to_owned(), style)]);
            lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: Margins = Margins {
        first: 2,
        hang: 4,
        width: Some(12),
    };

    fn painted(flow: &Flow, margins: Margins) -> Vec<String> {
        flow.lines(margins).iter().map(Line::paint).collect()
    }

    #[test]
    fn words_wrap_at_the_width_and_hang() {
        for (name, text, want) in [
            ("fits exactly", "ab cd efgh", vec!["  ab cd efgh"]),
            ("one too wide", "ab cd efghi", vec!["  ab cd", "    efghi"]),
            (
                "two cells each",
                "ab 世界世界",
                vec!["  ab", "    世界世界"],
            ),
            (
                "a long word sticks out on its own line",
                "ab cdefghijklmnop q",
                vec!["  ab", "    cdefghijklmnop", "    q"],
            ),
        ] {
            let flow = Flow::default().words(text, Style::new());
            assert_eq!(want, painted(&flow, PAGE), "{name}");
        }
    }

    #[test]
    fn without_a_width_nothing_wraps() {
        let flow = Flow::default().words(&"word ".repeat(99), Style::new());
        let margins = Margins {
            width: None,
            ..PAGE
        };
        assert_eq!(1, painted(&flow, margins).len());
    }

    #[test]
    fn colour_runs_over_words_and_stops_at_the_line() {
        let flow = Flow::default().words("ab cd efghi", Style::new().red());
        assert_eq!(
            vec!["  \u{1b}[31mab cd\u{1b}[0m", "    \u{1b}[31mefghi\u{1b}[0m"],
            painted(&flow, PAGE)
        );
    }

    proptest! {
        #[test]
        fn wrapping_loses_no_word_and_keeps_to_the_page(
            words in proptest::collection::vec("[a-z世]{1,9}", 0..40), width in 30..80_usize
        ) {
            let flow = Flow::default().words(&words.join(" "), Style::new());
            let lines = painted(&flow, Margins { first: 3, hang: 10, width: Some(width) });
            let back: Vec<_> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            prop_assert_eq!(back, words);
            for line in lines {
                prop_assert!(line.width() <= width, "{line}");
            }
        }
    }
}
