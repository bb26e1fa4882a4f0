//! A fleet as a screen: a line for each release, worst first, what it comes to, and what could not be looked at.

use std::collections::BTreeMap;

use owo_colors::Style;

use super::flow::{Flow, Line, Margins};
use super::model::{Fleet, Item, Unreachable};
use super::status::{mark, word};
use super::table::{Column, Headers, Row, table};
use super::theme::{Mark, TEXT, Theme};
use crate::codes::Code;
use crate::health::State;
use crate::text::{QUOTED, printable};

mod row;

use row::{Cell, Naming, Release};

/// So many notes stand below the table; `-o json` has all.
const NOTED: usize = 8;
/// So many names stand in a note.
const NAMED: usize = 3;

/// How a fleet is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) columns: Columns,
    /// In cells; `None` where nothing has to fit.
    pub(crate) width: Option<usize>,
    pub(crate) headers: Headers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    Table,
    /// With the chart's generation, and the codes of what was found.
    Wide,
}

/// Columns, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Context,
    Namespace,
    Name,
    Chart,
    Generation,
    Images,
    Arch,
    Streak,
    Refresh,
    LastOk,
    State,
    Codes,
}

impl Field {
    const ALL: [Self; 12] = [
        Self::Context,
        Self::Namespace,
        Self::Name,
        Self::Chart,
        Self::Generation,
        Self::Images,
        Self::Arch,
        Self::Streak,
        Self::Refresh,
        Self::LastOk,
        Self::State,
        Self::Codes,
    ];

    /// What goes first where the page is too narrow.
    const DISPENSABLE: [Self; 4] = [Self::Chart, Self::LastOk, Self::Images, Self::Arch];

    const fn title(self) -> &'static str {
        match self {
            Self::Context => "CONTEXT",
            Self::Namespace => "NAMESPACE",
            Self::Name => "RELEASE",
            Self::Chart => "CHART",
            Self::Generation => "GEN",
            Self::Images => "IMAGES",
            Self::Arch => "ARCH",
            Self::Streak => "STREAK",
            Self::Refresh => "REFRESH",
            Self::LastOk => "LAST OK",
            Self::State => "STATE",
            Self::Codes => "CODES",
        }
    }
}

/// The whole screen, with a line feed at the end.
pub(crate) fn fleet(fleet: &Fleet, view: &View, theme: &Theme) -> String {
    let items = fleet.items.iter().map(|item| match item {
        Item::Release(status) => Entry::Release(Box::new(Release::new(status))),
        Item::Unreachable(context) => Entry::Unreachable(context),
    });
    let screen = Screen {
        fleet,
        entries: items.collect(),
        view,
        theme,
    };
    let below = [screen.verdict(), screen.notes(), screen.next()].concat();
    let mut text = String::new();
    for part in [screen.rows(), below] {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in part {
            text.push_str(&line.paint());
            text.push('\n');
        }
    }
    text
}

/// What a line is made of.
enum Entry<'a> {
    Release(Box<Release>),
    Unreachable(&'a Unreachable),
}

struct Screen<'a> {
    fleet: &'a Fleet,
    /// One for each item.
    entries: Vec<Entry<'a>>,
    view: &'a View,
    theme: &'a Theme,
}

impl Screen<'_> {
    /// Empty where nothing was found.
    fn rows(&self) -> Vec<Line> {
        if self.fleet.items.is_empty() {
            return Vec::new();
        }
        let has_many = self.fleet.contexts.len() > 1;
        let is_wide = self.view.columns == Columns::Wide;
        let all = Field::ALL.into_iter().filter(|field| match field {
            Field::Context => has_many,
            Field::Generation | Field::Codes => is_wide,
            _ => true,
        });
        let mut fields: Vec<_> = all.collect();
        let mut dispensable = Field::DISPENSABLE.into_iter();
        loop {
            let lines = self.table(&fields);
            let fits = |width| lines.iter().all(|line: &Line| line.width() <= width);
            match (self.view.width.is_none_or(fits), dispensable.next()) {
                (true, _) | (false, None) => return lines,
                (false, Some(field)) => fields.retain(|one| *one != field),
            }
        }
    }

    fn table(&self, fields: &[Field]) -> Vec<Line> {
        let columns: Vec<_> = fields
            .iter()
            .map(|field| Column {
                title: field.title(),
                least: 0,
                gap: 2,
            })
            .collect();
        let rows = self.entries.iter().map(|entry| Row {
            mark: match entry {
                Entry::Release(release) => release.mark(),
                Entry::Unreachable(_) => Mark::Unknown,
            },
            cells: fields
                .iter()
                .map(|field| self.cell(entry, *field))
                .collect(),
        });
        let rows: Vec<_> = rows.collect();
        table(&columns, &rows, self.view.headers, self.theme)
    }

    fn cell(&self, entry: &Entry<'_>, field: Field) -> (String, Style) {
        let cell = match entry {
            Entry::Release(release) => release.cell(field),
            Entry::Unreachable(context) => unreached(context, field),
        };
        match cell {
            Cell::Text(text) => (text, TEXT),
            Cell::Word(mark, text) => (text, self.theme.style(mark)),
            Cell::Sign(mark, text) => {
                let sign = format!("{} {text}", self.theme.glyphs.of(mark));
                (sign.trim_end().to_owned(), self.theme.style(mark))
            }
        }
    }

    fn verdict(&self) -> Vec<Line> {
        let summary = &self.fleet.summary;
        let counts = &summary.releases;
        let states = State::ALL
            .into_iter()
            .filter(|state| counts.of(*state) > 0)
            .map(|state| format!("{} {}", counts.of(state), state.word()));
        let states: Vec<_> = states.collect();
        let contexts = match self.fleet.contexts.len() {
            0 | 1 => String::new(),
            many => format!(" in {many} contexts"),
        };
        let releases = match counts.total {
            0 if self.fleet.found() > 0 => format!("no image matches{contexts}"),
            0 => format!("No tracebloc release found{contexts}"),
            1 => format!("1 release{contexts}: {}", states.join(", ")),
            many => format!("{many} releases{contexts}: {}", states.join(", ")),
        };
        let away = match summary.unreachable {
            0 => None,
            1 => Some("1 context is out of reach".to_owned()),
            many => Some(format!("{many} contexts are out of reach")),
        };
        let shown = self.fleet.items.len() - summary.unreachable;
        let shown = (shown < counts.total).then(|| format!("{shown} shown"));
        let parts = [Some(releases), away, shown];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        Flow::default()
            .words(&text, self.theme.bold)
            .lines(self.margins(0, 2))
    }

    /// What could not be looked at, each reason once with those that it hit.
    fn notes(&self) -> Vec<Line> {
        let mut notes = Vec::new();
        for entry in &self.entries {
            if let Entry::Unreachable(context) = entry {
                notes.push(unreachable(context));
            }
        }
        let places = self.fleet.incomplete.iter();
        notes.extend(
            by_reason(places.map(|one| (one.what.clone(), one.reason.clone())))
                .map(|(places, why)| format!("not looked at: {}: {why}", names(&places))),
        );
        let naming = match self.fleet.contexts.len() {
            0 | 1 => Naming::Namespace,
            _ => Naming::Context,
        };
        let gaps = self.entries.iter().flat_map(|entry| match entry {
            Entry::Release(release) => release.gaps(naming),
            Entry::Unreachable(_) => Vec::new(),
        });
        notes.extend(by_reason(gaps).map(|(who, why)| format!("{}: {why}", names(&who))));
        for context in &self.fleet.contexts {
            match (&context.same_as, context.releases) {
                (Some(first), _) => notes.push(format!(
                    "{}: leads to the same cluster as {first}, whose releases are listed once",
                    context.name
                )),
                (None, Some(0)) if naming == Naming::Context => {
                    notes.push(format!("{}: no tracebloc release", context.name));
                }
                (None, _) => {}
            }
        }
        let more = notes.len().saturating_sub(NOTED);
        notes.truncate(NOTED);
        if more > 0 {
            notes.push(format!("and {more} more: -o json has all"));
        }
        notes
            .iter()
            .flat_map(|note| {
                let flow = Flow::default().words(&printable(note, usize::MAX), TEXT);
                flow.lines(self.margins(0, 2))
            })
            .collect()
    }

    fn next(&self) -> Vec<Line> {
        let mut lines: Vec<_> = self
            .fleet
            .next
            .iter()
            .flat_map(|next| {
                Flow::default()
                    .item(0, [(next.command.clone(), self.theme.bold)])
                    .item(3, [(next.why.clone(), self.theme.dim)])
                    .lines(self.margins(7, 9))
            })
            .collect();
        if let Some(first) = lines.first_mut() {
            first.label("Next");
        }
        lines
    }

    const fn margins(&self, first: usize, hang: usize) -> Margins {
        Margins {
            first,
            hang,
            width: self.view.width,
        }
    }
}

/// One line, made for chat.
pub(crate) fn short(context: &Unreachable, theme: &Theme) -> String {
    let code = context.code.map(|code| format!(" {code}"));
    let glyph = theme.glyphs.of(Mark::Unknown);
    format!(
        "{glyph} {} {}{}\n",
        printable(&context.metadata.context, QUOTED),
        why_not(context),
        code.unwrap_or_default()
    )
}

fn unreached(context: &Unreachable, field: Field) -> Cell {
    let dash = || Cell::Text("-".to_owned());
    match field {
        Field::Context => Cell::Text(context.metadata.context.clone()),
        Field::State => Cell::Word(Mark::Unknown, why_not(context).to_owned()),
        Field::Codes => context
            .code
            .map_or_else(dash, |code| Cell::Text(code.to_string())),
        _ => dash(),
    }
}

/// The state of a context that no release is known of.
fn why_not(context: &Unreachable) -> &'static str {
    match context.code {
        Some(Code::RightMissing) => "forbidden",
        _ => "unreachable",
    }
}

fn unreachable(context: &Unreachable) -> String {
    let code = context.code.map(|code| format!(" ({code})"));
    let hint = context.hint.as_ref().map(|hint| format!("; {hint}"));
    format!(
        "{}: {}{}{}",
        context.metadata.context,
        context.message,
        code.unwrap_or_default(),
        hint.unwrap_or_default()
    )
}

/// Who has the same reason, in the order in which reasons come up.
fn by_reason(
    all: impl Iterator<Item = (String, String)>,
) -> impl Iterator<Item = (Vec<String>, String)> {
    let mut reasons: Vec<(Vec<String>, String)> = Vec::new();
    let mut places = BTreeMap::<String, usize>::new();
    for (who, why) in all {
        let place = *places.entry(why.clone()).or_insert_with(|| {
            reasons.push((Vec::new(), why));
            reasons.len() - 1
        });
        if !reasons[place].0.contains(&who) {
            reasons[place].0.push(who);
        }
    }
    reasons.into_iter()
}

/// `a, b, c and 12 more`.
fn names(all: &[String]) -> String {
    let shown: Vec<_> = all.iter().take(NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests;
