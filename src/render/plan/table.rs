//! What moves: one row per container, on a narrow page grouped by workload, on a very narrow one a block per container.

use super::Screen;
use crate::codes::Code;
use crate::plan::Fate;
use crate::record::PREFIX;
use crate::render::digests::ShownDigests;
use crate::render::flow::{Flow, Line};
use crate::render::model::Form;
use crate::render::model::plan::{Kind, Row};
use crate::render::table::{Column, Headers, Row as TableRow, table};
use crate::render::theme::{Mark, TEXT};
use crate::text::{QUOTED, printable};

/// A page narrower than this holds no table.
const NARROW: usize = 60;

/// Where the values of a record begin.
const RECORD: usize = 13;

const WORKLOAD: Column = column("WORKLOAD", 3);
const CHANGES: Column = column("WHAT CHANGES", 3);
const NOW: Column = Column {
    title: "NOW",
    least: 12,
    gap: 2,
};
const AFTER: Column = Column {
    title: "AFTER",
    least: 12,
    gap: 2,
};
const PODS: Column = column("PODS", 0);

const fn column(title: &'static str, gap: u16) -> Column {
    Column {
        title,
        least: 0,
        gap,
    }
}

impl Screen<'_> {
    pub(super) fn rows(&self) -> Vec<Line> {
        if self.plan.rows.is_empty() {
            return Vec::new();
        }
        let Some(width) = self.page.width else {
            return self.table();
        };
        [Self::table, Self::groups]
            .into_iter()
            .filter(|_| width >= NARROW)
            .map(|drawn| drawn(self))
            .find(|lines| lines.iter().all(|line| line.width() <= width))
            .unwrap_or_else(|| self.records())
    }

    fn table(&self) -> Vec<Line> {
        let rows: Vec<_> = self
            .plan
            .rows
            .iter()
            .map(|row| {
                let mut cells = vec![(row.target.to_string(), self.style(row))];
                cells.extend(self.cells(row));
                TableRow {
                    mark: mark(row.fate),
                    cells,
                }
            })
            .collect();
        let columns = [WORKLOAD, CHANGES, NOW, AFTER, PODS];
        let lines = table(&columns, &rows, Headers::Shown, self.page.theme);
        self.annotated(lines)
    }

    /// Each workload's name on a line of its own, above its containers.
    fn groups(&self) -> Vec<Line> {
        let rows: Vec<_> = self
            .plan
            .rows
            .iter()
            .map(|row| TableRow {
                mark: mark(row.fate),
                cells: self.cells(row),
            })
            .collect();
        let columns = [CHANGES, NOW, AFTER, PODS];
        let lines = table(&columns, &rows, Headers::Shown, self.page.theme);
        let mut lines = self.annotated(lines).into_iter().peekable();
        let mut grouped: Vec<_> = lines.next().into_iter().collect();
        let mut above = None;
        for row in &self.plan.rows {
            if above != Some(&row.target) {
                let name = Flow::default().item(0, [(row.target.to_string(), TEXT)]);
                grouped.extend(name.lines(self.page.margins(self.lead(), 0)));
                above = Some(&row.target);
            }
            grouped.extend(lines.next());
            let notes = self.note(row).len();
            grouped.extend(lines.by_ref().take(notes));
        }
        grouped
    }

    fn lead(&self) -> usize {
        self.page.theme.glyphs.width() + 2
    }

    /// The lines of a table whose first one are the titles, each followed by what there is to say about its row.
    fn annotated(&self, lines: Vec<Line>) -> Vec<Line> {
        let mut lines = lines.into_iter();
        let mut all: Vec<_> = lines.next().into_iter().collect();
        for (line, row) in lines.zip(&self.plan.rows) {
            all.push(line);
            all.extend(self.note(row));
        }
        all
    }

    fn records(&self) -> Vec<Line> {
        self.plan
            .rows
            .iter()
            .flat_map(|row| {
                let title = Flow::default()
                    .item(0, [self.page.glyph(mark(row.fate))])
                    .item(1, [(row.target.to_string(), TEXT)]);
                let mut lines = title.lines(self.page.margins(0, 2));
                for ((text, style), label) in self
                    .cells(row)
                    .into_iter()
                    .zip(["changes", "now", "after", "pods"])
                {
                    let mut value = Flow::default()
                        .words(&text, style)
                        .lines(self.page.margins(RECORD, RECORD));
                    if let Some(first) = value.first_mut() {
                        first.label(&format!("    {label}"));
                    }
                    lines.extend(value);
                }
                lines.extend(self.note(row));
                lines
            })
            .collect()
    }

    fn cells(&self, row: &Row) -> Vec<(String, owo_colors::Style)> {
        let style = self.style(row);
        let pods = match row.pods {
            0 => "-".to_owned(),
            pods => pods.to_string(),
        };
        let (field, now) = match self.recorded(row) {
            Some((key, before)) => (key, before),
            None => (row.field(), before(row, &self.digests)),
        };
        [field, now, after(row, &self.digests), pods]
            .map(|text| (text, style))
            .to_vec()
    }

    /// Of a record that alone is to change, its key and what it holds.
    fn recorded(&self, row: &Row) -> Option<(String, String)> {
        let key = row
            .image
            .record_key()
            .filter(|_| row.fate == Fate::Recorded)?;
        let mut steps = self.plan.steps.iter();
        let step = steps.find(|step| step.kind == Kind::Record)?;
        let before = step.from.as_ref()?.get(key)?;
        let before = before.as_deref().unwrap_or("none");
        let short = key.strip_prefix(PREFIX).unwrap_or(key);
        Some((
            short.to_owned(),
            self.digests.show_in(&printable(before, QUOTED)),
        ))
    }

    fn style(&self, row: &Row) -> owo_colors::Style {
        match row.fate {
            Fate::Same => self.page.theme.dim,
            Fate::Moves
            | Fate::AlsoMoves
            | Fate::Settles
            | Fate::Recorded
            | Fate::Unresolved
            | Fate::MayBeOld => TEXT,
        }
    }

    /// What a person should know about a row that does not simply move.
    fn note(&self, row: &Row) -> Vec<Line> {
        let why = row.reasons.get("after").map_or("", String::as_str);
        let text = match row.fate {
            Fate::Moves | Fate::Same => return Vec::new(),
            Fate::AlsoMoves => "also moves, because the pod restarts".to_owned(),
            Fate::Settles => "is set already: waits for its pods, then records".to_owned(),
            Fate::Recorded => "runs already: only its record follows".to_owned(),
            Fate::Unresolved => {
                format!("its tag is pulled anew, and its latest is not known ({why})")
            }
            Fate::MayBeOld => {
                format!(
                    "may start an older cached build ({})",
                    Code::OldBuildPossible
                )
            }
        };
        let at = self.lead() + 2;
        Flow::default()
            .words(&self.digests.show_in(&text), self.page.theme.dim)
            .lines(self.page.margins(at, at))
    }
}

const fn mark(fate: Fate) -> Mark {
    match fate {
        Fate::Moves | Fate::AlsoMoves | Fate::Settles | Fate::Recorded => Mark::Change,
        Fate::Same => Mark::Same,
        Fate::Unresolved => Mark::Unknown,
        Fate::MayBeOld => Mark::Warn,
    }
}

pub(super) fn before(row: &Row, digests: &ShownDigests) -> String {
    let all = row.now.digests.as_deref().unwrap_or_default();
    match (row.now.form, all) {
        (Form::Digest, [digest]) => digests.show(digest).to_owned(),
        (Form::Several, all) => format!("{} digests", all.len()),
        (Form::Floats, _) => "floats".to_owned(),
        (Form::None, _) => "none".to_owned(),
        (Form::Tag, _) => format!(":{}", row.now.tag.as_deref().unwrap_or("?")),
        (Form::Digest | Form::Unknown, _) => "?".to_owned(),
    }
}

pub(super) fn after(row: &Row, digests: &ShownDigests) -> String {
    match (row.fate, &row.after) {
        (Fate::Same, _) => "same".to_owned(),
        (_, Some(digest)) => digests.show(digest).to_owned(),
        (_, None) => "?".to_owned(),
    }
}
