//! Vantage points side by side.

use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

use super::{is_probe, label, title, whole};
use crate::checks::Group;
use crate::reading::Step;
use crate::render::doctor::{Screen, mark};
use crate::render::flow::{Flow, Line, Margins};
use crate::render::model::doctor::{Check, CheckResult, VantagePoint};
use crate::render::page::EDGE;
use crate::render::theme::{Mark, TEXT};

/// Room for the name of a step and the blanks after it.
const STEP: usize = 15;

/// Room for what one vantage point says, and the blanks after it.
const CELL: usize = 24;

/// Room for all steps in one phrase.
const SUM: usize = "✔ all 5 steps, 1234ms, 100 of 100 left".len();

/// Room for a code, and the blank before it.
const CODE: usize = 8;

/// A line that opens a registry, or goes on with it.
struct Row<'a> {
    /// Empty below a registry's first row.
    head: &'a str,
    name: &'a str,
    step: Step,
}

impl Screen<'_> {
    /// `None` where the page has no room for it.
    pub(super) fn grid(&self, points: &[&VantagePoint], names: &[&str]) -> Option<Vec<Line>> {
        let start = start(names);
        if self.is_narrow(points, start, CELL) {
            return None;
        }
        let mut lines = vec![titles(points, start)];
        for name in names {
            for (at, step) in self.steps(name).into_iter().enumerate() {
                let row = Row {
                    head: if at == 0 { name } else { "" },
                    name,
                    step,
                };
                lines.extend(self.row(points, &row, start));
            }
        }
        Some(lines)
    }

    fn row(&self, points: &[&VantagePoint], row: &Row<'_>, start: usize) -> Vec<Line> {
        let mut line = Line::indent(2);
        line.push(0, [(row.head.to_owned(), TEXT)]);
        let gap = (start - STEP).saturating_sub(line.width());
        line.push(gap, [(label(row.step).to_owned(), TEXT)]);
        let mut notes = Vec::new();
        let mut codes: Vec<String> = Vec::new();
        for (at, point) in points.iter().enumerate() {
            // Said once for each registry.
            let unprobed = || self.unprobed(point).filter(|_| !row.head.is_empty());
            let Some(check) = self.check_of(row.name, row.step, point).or_else(unprobed) else {
                continue;
            };
            let column = start + at * CELL;
            let room = if at + 1 == points.len() {
                self.page
                    .edge()
                    .unwrap_or(EDGE)
                    .saturating_sub(CODE + column)
            } else {
                CELL - 2
            };
            let cell = if is_probe(check) {
                unprobed_word(check).to_owned()
            } else {
                shown(check, room.saturating_sub(2))
            };
            let gap = column.saturating_sub(line.width()).max(1);
            let blank = if cell.is_empty() { "" } else { " " };
            let text = (format!("{blank}{cell}"), self.style_of(check));
            line.push(gap, [self.page.glyph(mark(check.result)), text]);
            if is_probe(check) {
                continue;
            }
            let code = check.code.map(|code| code.to_string());
            codes.extend(code.filter(|code| !codes.contains(code)));
            if cell != whole(check) {
                notes.push((point, check));
            }
        }
        let mut lines = vec![line];
        if !codes.is_empty() {
            self.page.at_edge(
                &mut lines,
                self.page.edge().unwrap_or(EDGE),
                1,
                &codes.join(" "),
            );
        }
        for (point, check) in notes {
            let text = match points.len() {
                1 => whole(check),
                _ => format!("{}: {}", title(point), whole(check)),
            };
            lines.extend(Flow::default().words(&text, TEXT).lines(Margins {
                width: self.page.edge(),
                ..self.page.margins(start - STEP, start - STEP + 2)
            }));
        }
        lines
    }

    fn style_of(&self, check: &Check) -> Style {
        match check.result {
            CheckResult::Skipped => self.page.theme.dim,
            CheckResult::Fail | CheckResult::Unknown | CheckResult::Warn | CheckResult::Ok => TEXT,
        }
    }

    /// One row for each registry, where nothing is wrong. `None` where the page has no room for it.
    pub(super) fn columns(&self, points: &[&VantagePoint], names: &[&str]) -> Option<Vec<Line>> {
        let start = start(names);
        if self.is_narrow(points, start, SUM) {
            return None;
        }
        let mut lines = vec![titles(points, start)];
        for name in names {
            let mut line = Line::indent(2);
            line.push(0, [((*name).to_owned(), TEXT)]);
            for (at, point) in points.iter().enumerate() {
                let gap = (start + at * CELL).saturating_sub(line.width()).max(3);
                let (mark, text) = match self.unprobed(point) {
                    Some(check) => (mark(check.result), unprobed_word(check).to_owned()),
                    None => (Mark::Ok, self.sum(name, point)),
                };
                line.push(gap, [self.page.glyph(mark), (format!(" {text}"), TEXT)]);
            }
            lines.push(line);
        }
        Some(lines)
    }

    /// Whether the page has no room for these columns, the last of them `last` wide.
    fn is_narrow(&self, points: &[&VantagePoint], start: usize, last: usize) -> bool {
        let others = points.len().saturating_sub(1) * CELL;
        let title = points.last().map_or(0, |point| title(point).width());
        let needed = start + others + last.max(title);
        self.page.width.is_some_and(|width| width < needed)
    }
}

/// A column has no room for the reason.
const fn unprobed_word(check: &Check) -> &'static str {
    match check.result {
        CheckResult::Skipped => "skipped",
        CheckResult::Unknown => "not looked from",
        CheckResult::Fail | CheckResult::Warn | CheckResult::Ok => "no probe",
    }
}

fn titles(points: &[&VantagePoint], start: usize) -> Line {
    let mut line = Line::indent(0);
    line.push(0, [(Group::Registries.title().to_owned(), TEXT)]);
    for (at, point) in points.iter().enumerate() {
        let gap = (start + at * CELL).saturating_sub(line.width()).max(2);
        line.push(gap, [(title(point), TEXT)]);
    }
    line
}

/// Where the first column begins.
fn start(names: &[&str]) -> usize {
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    2 + widest.max(10) + 2 + STEP
}

/// As much of what a check says as there is room for: a word for its class where the sentence is too long.
fn shown(check: &Check, room: usize) -> String {
    let text = whole(check);
    if text.width() <= room {
        return text;
    }
    let word = match (check.result, check.class) {
        (CheckResult::Unknown, _) => "not known",
        (CheckResult::Skipped, _) => "skipped",
        (_, Some("dns")) => "name not resolved",
        (_, Some("refused")) => "refused",
        (_, Some("timeout")) => "timed out",
        (_, Some("reset")) => "reset",
        (_, Some("proxy_unreachable")) => "no way by the proxy",
        (_, Some("proxy_auth")) => "proxy wants a login",
        (_, Some("tls_untrusted")) => "not trusted",
        (_, Some("tls_other")) => "wrong certificate",
        (_, Some("http_403_block_page")) => "blocked by a filter",
        (_, Some("auth")) => "no token",
        (_, Some("rate_limited")) => "rate limited",
        (_, Some("not_found")) => "not found",
        _ => "failed",
    };
    word.to_owned()
}
