//! The plan of a refresh as a screen, drawn from the model alone, and the question that ends it.
//!
//! From top to bottom: which release, what moves, what does not, what was checked, what comes first, and the way back.

use std::collections::BTreeSet;

use super::digests::{DigestForm, ShownDigests, digests_in};
use super::flow::{Flow, Line};
use super::model::plan::{Mode, Plan, Refused};
use super::page::{LABEL, Page, paragraphs, words};
use super::theme::{Mark, TEXT};
use crate::codes::Code;
use crate::health::State;
use crate::image::{Digest, ManagedImage};
use crate::lookup::Vantage;
use crate::plan::Verdict;
use crate::text::printable;

mod checked;
mod table;

/// One plan about to be drawn.
struct Screen<'a> {
    plan: &'a Plan,
    page: &'a Page<'a>,
    digests: ShownDigests,
}

/// Everything but the question, with a line feed at the end.
pub(crate) fn plan(plan: &Plan, page: &Page<'_>) -> String {
    let screen = Screen {
        plan,
        page,
        digests: ShownDigests::new(digests(plan), page.digests),
    };
    let rest = [screen.checked(), screen.will(), screen.undo()].concat();
    if plan.is_empty() {
        let lines = [screen.nothing(), screen.not_moved(), rest].concat();
        return paragraphs(&[lines]);
    }
    paragraphs(&[
        screen.header(),
        screen.rows(),
        screen.nothing_to_move(),
        screen.not_moved(),
        rest,
    ])
}

/// What a person is asked, without the `[y/N]` that the prompt adds; `None` where there is nothing to consent to.
pub(crate) fn question(plan: &Plan) -> Option<String> {
    if plan.is_empty() || plan.stopped_by().is_some() {
        return None;
    }
    let what = match plan.pull_test.mode {
        Mode::Only => format!("Pull {}", count(plan.pull_test.pulls.len(), "image")),
        Mode::Before | Mode::Skipped => capitalised(&acts(plan)),
    };
    let is_warned = plan
        .guards
        .iter()
        .any(|guard| guard.verdict == Verdict::Ask);
    let all_the_same = if is_warned { " all the same" } else { "" };
    let context = printable(&plan.metadata.context, usize::MAX);
    Some(format!("{what} on context {context}{all_the_same}?"))
}

/// An image that a person may choose, in one line.
pub(crate) fn choice(plan: &Plan, image: ManagedImage) -> String {
    let digests = ShownDigests::new(digests(plan), DigestForm::Short);
    let mut rows = plan.rows.iter().filter(|row| row.image == image);
    rows.next().map_or_else(
        || image.to_string(),
        |row| {
            let now = table::before(row, &digests);
            let after = table::after(row, &digests);
            format!("{image}   {now} -> {after}")
        },
    )
}

/// `change 1 setting and restart 1 pod`
fn acts(plan: &Plan) -> String {
    let summary = &plan.summary;
    let mut acts = Vec::new();
    if summary.removed > 0 {
        acts.push(format!("remove {}", count(summary.removed, "annotation")));
    }
    let changes: Vec<_> = [(summary.settings, "setting"), (summary.images, "image")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(number, what))
        .collect();
    if !changes.is_empty() {
        acts.push(format!("change {}", changes.join(" and ")));
    } else if summary.restarts > 0 && summary.pods == 0 {
        acts.push(format!("change {}", count(summary.restarts, "workload")));
    }
    if summary.pods > 0 {
        acts.push(format!("restart {}", count(summary.pods, "pod")));
    }
    let patches = changes.len() + summary.restarts;
    if patches == 0 && !plan.changes.is_empty() {
        acts.push(format!(
            "wait for {}",
            count(plan.changes.len(), "workload")
        ));
    }
    if patches == 0 && summary.records > 0 {
        acts.push(format!("write {}", count(summary.records, "record")));
    }
    super::page::list(&acts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// `1 pod`, `2 pods`
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// All that may stand on the screen.
fn digests(plan: &Plan) -> BTreeSet<Digest> {
    let rows = plan.rows.iter();
    let of_rows = rows.flat_map(|row| row.now.digests.iter().flatten().chain(&row.after));
    let of_pulls = plan.pull_test.pulls.iter().map(|pull| &pull.digest);
    let of_coverage = plan.coverage.iter().map(|covered| &covered.digest);
    let texts = plan.refused.iter().map(|refused| refused.reason.as_str());
    let texts = texts.chain(plan.guards.iter().map(|guard| guard.message.as_str()));
    of_rows
        .chain(of_pulls)
        .chain(of_coverage)
        .cloned()
        .chain(texts.flat_map(digests_in))
        .collect()
}

impl Screen<'_> {
    /// Whether the run ends before the first patch, whatever happens.
    fn changes_nothing(&self) -> bool {
        self.plan.stopped_by().is_some() || self.plan.pull_test.mode == Mode::Only
    }

    fn header(&self) -> Vec<Line> {
        let plain = |text: String| [(text, TEXT)];
        let metadata = &self.plan.metadata;
        let from = match self.plan.lookup.from {
            Vantage::Workstation => "this machine",
            Vantage::Cluster => "a pod",
        };
        Flow::default()
            .item(
                0,
                [(format!("Plan for {}", metadata.name), self.page.theme.bold)],
            )
            .item(3, plain(format!("namespace {}", metadata.namespace)))
            .item(3, plain(format!("context {}", metadata.context)))
            .item(3, plain(format!("digests resolved from {from}")))
            .lines(self.page.margins(0, 2))
    }

    /// `Nothing to refresh: 3 images current, 1 held.`
    fn nothing(&self) -> Vec<Line> {
        let states = &self.plan.summary.states;
        let all = std::iter::once(State::Current)
            .chain(State::ALL)
            .take(State::ALL.len());
        let parts: Vec<_> = all
            .map(|state| (states.of(state), state.word()))
            .filter(|(number, _)| *number > 0)
            .enumerate()
            .map(|(at, (number, word))| match at {
                0 => format!(": {} {word}", count(number, "image")),
                _ => format!(", {number} {word}"),
            })
            .collect();
        let text = format!("Nothing to refresh{}", parts.concat());
        let took = self.plan.lookup.took_ms;
        let ago = if took > 0 {
            format!(" Looked up {}.{}s ago.", took / 1000, took % 1000 / 100)
        } else {
            String::new()
        };
        Flow::default()
            .words(&format!("{text}.{ago}"), self.page.theme.bold)
            .lines(self.page.margins(0, 2))
    }

    fn nothing_to_move(&self) -> Vec<Line> {
        let records = self.plan.summary.records;
        if !self.plan.changes.is_empty() || records == 0 {
            return Vec::new();
        }
        let text = format!("Nothing to move; {} to write.", count(records, "record"));
        Flow::default()
            .words(&text, self.page.theme.bold)
            .lines(self.page.margins(0, 2))
    }

    /// What is left as it is, and why.
    fn not_moved(&self) -> Vec<Line> {
        let held = |refused: &&Refused| refused.code == Some(Code::Held);
        let (held, others): (Vec<_>, Vec<_>) = self.plan.refused.iter().partition(held);
        let row = |refused: &&Refused| {
            let text = format!(
                "{} {}",
                refused.image,
                self.digests.show_in(&refused.reason)
            );
            let flow = words(&text);
            match refused.code {
                Some(Code::Held) | None => flow,
                Some(code) => flow.item(1, [(code.to_string(), self.page.theme.dim)]),
            }
        };
        let leftovers = self.plan.leftover_annotations.iter();
        let leftovers =
            leftovers.map(|key| words(&format!("{key} (of another generation, ignored)")));
        [
            self.page.section("Held", held.iter().map(row)),
            self.page.section("Not moved", others.iter().map(row)),
            self.page.section("Leftover", leftovers),
        ]
        .concat()
    }

    fn undo(&self) -> Vec<Line> {
        if self.changes_nothing() {
            return Vec::new();
        }
        undo(self.page, LABEL, &self.plan.undo)
    }
}

/// The way back, as it is to be pasted.
pub(super) fn undo(page: &Page<'_>, at: usize, undo: &[crate::plan::Undo]) -> Vec<Line> {
    let (commands, dead_ends): (Vec<_>, Vec<_>) =
        undo.iter().partition(|undo| undo.command.is_some());
    let commands: Vec<_> = commands
        .iter()
        .filter_map(|undo| Some((undo.command.as_deref()?, undo.note.as_str())))
        .collect();
    let mut lines = page.commands_at(at, "", &commands);
    lines.extend(dead_ends.iter().flat_map(|undo| {
        Flow::default()
            .item(0, [page.glyph(Mark::Warn)])
            .words(&undo.note, TEXT)
            .lines(page.margins(at, at + 2))
    }));
    if let Some(first) = lines.first_mut() {
        first.label("Undo");
    }
    lines
}

#[cfg(test)]
mod tests;
