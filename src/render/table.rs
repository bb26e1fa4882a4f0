//! Columns as kubectl prints them: no lines, no boxes, blanks between.

use comfy_table::{
    ColumnConstraint, ContentArrangement, Row as Cells, Table, Width, presets::NOTHING,
};
use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

use super::flow::Line;
use super::theme::{Mark, TEXT, Theme};
use crate::text::printable;

/// A column's title and room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    /// Never narrower than this, so that screens of several releases line up.
    pub(super) least: u16,
    /// Blanks after it.
    pub(super) gap: u16,
}

/// One line, with what stands in front of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) mark: Mark,
    /// As many as there are columns.
    pub(super) cells: Vec<(String, Style)>,
}

impl Row {
    fn printable(&self) -> Self {
        let cells = self.cells.iter();
        Self {
            mark: self.mark,
            cells: cells
                .map(|(text, style)| (printable(text, usize::MAX), *style))
                .collect(),
        }
    }
}

/// Whether the titles are printed: `--no-headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    Shown,
    Hidden,
}

/// Laid out plain and painted afterwards: escape codes in a cell would count as text.
pub(super) fn table(
    columns: &[Column],
    rows: &[Row],
    headers: Headers,
    theme: &Theme,
) -> Vec<Line> {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    if headers == Headers::Shown {
        table.set_header(columns.iter().map(|column| column.title));
    }
    let rows: Vec<_> = rows.iter().map(Row::printable).collect();
    for row in &rows {
        table.add_row(Cells::from(row.cells.iter().map(|(text, _)| text)));
    }
    for (column, room) in table.column_iter_mut().zip(columns) {
        column
            .set_padding((0, room.gap))
            .set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(
                room.least + room.gap,
            )));
    }
    let lead = theme.glyphs.width() + 2;
    let mut rows = rows.iter();
    table
        .lines()
        .enumerate()
        .map(|(at, text)| {
            if at == 0 && headers == Headers::Shown {
                let mut line = Line::indent(lead);
                line.push(0, [(text.trim_end().to_owned(), TEXT)]);
                return line;
            }
            let mut line = Line::indent(0);
            if let Some(row) = rows.next() {
                let glyph = theme.glyphs.of(row.mark);
                line.push(0, [(glyph.to_owned(), theme.style(row.mark))]);
                line.push(lead - glyph.width(), painted(text.trim_end(), &row.cells));
            }
            line
        })
        .collect()
}

/// The cells where they stand in the line; the blanks between belong to none.
fn painted(mut text: &str, cells: &[(String, Style)]) -> Vec<(String, Style)> {
    let mut spans = Vec::new();
    for (cell, style) in cells {
        if let Some((before, after)) = text.split_once(cell.as_str()) {
            spans.push((before.to_owned(), Style::new()));
            spans.push((cell.clone(), *style));
            text = after;
        }
    }
    spans
}
