//! `doctor` as a screen, drawn from the model alone.
//!
//! From top to bottom: the release, the groups of checks, the diagnosis, what to do, one verdict. Where nothing is
//! wrong each group is one line; otherwise, and in the wide form, all are open, so that what works stands beside what
//! does not.

use std::collections::BTreeSet;

use crate::checks::Group;
use crate::image::Digest;

use super::digests::{DigestForm, ShownDigests, digests_in};
use super::flow::{Flow, Line};
use super::model::doctor::{Check, CheckResult, DoctorReport};
use super::page::{Page, paragraphs};
use super::theme::{Mark, TEXT, Theme};

mod diagnosis;
mod groups;
mod registries;
pub(crate) mod short;

/// How much of the model is drawn, and on how wide a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) form: Form,
    /// In cells; `None` where nothing has to fit.
    pub(crate) width: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Groups without trouble folded, where all are.
    Table,
    /// Every group open, with what is only worth knowing.
    Wide,
}

/// Where the texts of the sections begin.
const LABEL: usize = 12;

/// One report about to be drawn.
struct Screen<'a> {
    report: &'a DoctorReport,
    form: Form,
    page: Page<'a>,
    digests: ShownDigests,
}

/// The whole screen, with a line feed at the end.
pub(crate) fn doctor(report: &DoctorReport, view: &View, theme: &Theme) -> String {
    let screen = Screen {
        report,
        form: view.form,
        page: Page {
            theme,
            width: view.width,
            digests: DigestForm::Short,
        },
        digests: ShownDigests::new(digests(report), DigestForm::Short),
    };
    let mut parts = vec![screen.header()];
    if screen.is_folded() {
        parts.push(
            Group::ALL
                .into_iter()
                .flat_map(|group| screen.folded(group))
                .collect(),
        );
    } else {
        parts.extend(Group::ALL.map(|group| screen.open(group)));
    }
    parts.extend([screen.diagnosis(), screen.next_step(), screen.also()]);
    parts.push(screen.verdict());
    paragraphs(&parts)
}

/// All that may stand on the screen.
fn digests(report: &DoctorReport) -> BTreeSet<Digest> {
    let checks = report
        .checks
        .iter()
        .filter_map(|check| check.message.as_deref());
    let causes = report.diagnosis.iter().flat_map(|cause| {
        let reasons = cause.reasons.iter().map(String::as_str);
        let why = cause.next.iter().map(|next| next.why.as_str());
        reasons.chain(why).chain([cause.title.as_str()])
    });
    checks.chain(causes).flat_map(digests_in).collect()
}

impl Screen<'_> {
    fn header(&self) -> Vec<Line> {
        let metadata = &self.report.metadata;
        let name = metadata.name.as_deref().unwrap_or("no release");
        let plain = |text: String| [(text, TEXT)];
        let mut flow = Flow::default()
            .item(0, [(name.to_owned(), self.page.theme.bold)])
            .item(3, plain(format!("namespace {}", metadata.namespace)))
            .item(3, plain(format!("context {}", metadata.context)));
        if metadata.name.is_some() {
            let chart = self.report.versions.chart.as_deref().unwrap_or("?");
            flow = flow.item(3, plain(format!("chart {chart}")));
        }
        let at = metadata.observed_at.0.strftime("%Y-%m-%d %H:%M UTC");
        flow.item(3, plain(at.to_string()))
            .lines(self.page.margins(0, 2))
    }

    /// Whether nothing needs to be seen in full.
    fn is_folded(&self) -> bool {
        let is_quiet =
            |check: &Check| matches!(check.result, CheckResult::Ok | CheckResult::Skipped);
        self.form == Form::Table && self.report.checks.iter().all(is_quiet)
    }

    fn of(&self, group: Group) -> impl Iterator<Item = &Check> {
        self.report
            .checks
            .iter()
            .filter(move |check| check.group == group)
    }

    /// A check on lines of its own, with its code at the edge and its details below.
    fn lines_of(&self, check: &Check) -> Vec<Line> {
        let text = match (&check.message, &check.reason) {
            (Some(message), Some(reason)) => format!("{message}: {reason}"),
            (Some(text), None) | (None, Some(text)) => text.clone(),
            (None, None) => check.id.clone(),
        };
        let took = check.latency_ms.map(|took| format!(", {took}ms"));
        let text = self.digests.show_in(&text) + &took.unwrap_or_default();
        let mut lines = self.page.note(mark(check.result), &text);
        if let Some(code) = check.code {
            self.page.code(&mut lines, code);
        }
        for detail in check
            .details
            .iter()
            .filter(|detail| self.is_shown(check, detail.label))
        {
            let text = match detail.label {
                "runs" => detail.text.clone(),
                label => format!("{label}: {}", detail.text),
            };
            lines.extend(
                Flow::default()
                    .words(&text, TEXT)
                    .lines(self.page.margins(4, 6)),
            );
        }
        lines
    }

    /// A hint is said where the diagnosis says what to do.
    fn is_shown(&self, check: &Check, label: &str) -> bool {
        let is_told = self.report.diagnosis.first().is_some_and(|first| {
            Some(first.code) == check.code && first.evidence.contains(&check.id)
        });
        label != "hint" || !is_told
    }

    fn verdict(&self) -> Vec<Line> {
        let summary = &self.report.summary;
        let number = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        };
        let mut parts = Vec::new();
        if summary.problems == 0 {
            let words = match summary.unknown {
                0 => "No problems found.",
                _ => "No problems in what could be seen.",
            };
            parts.push(words.to_owned());
        } else {
            let causes = number(summary.causes, "cause", "causes");
            parts.push(format!(
                "{} ({causes}),",
                number(summary.problems, "problem", "problems")
            ));
        }
        let warnings = number(summary.warn, "warning", "warnings");
        let mut counts = match summary.problems {
            0 => vec![format!("{} ok", summary.ok), warnings],
            _ => vec![warnings, format!("{} ok", summary.ok)],
        };
        if summary.unknown > 0 {
            counts.push(format!("{} unknown", summary.unknown));
        }
        let skipped = self
            .report
            .checks
            .iter()
            .filter(|check| check.result == CheckResult::Skipped);
        let (behind, by_choice): (Vec<_>, Vec<_>) = skipped.partition(|check| {
            check
                .reason
                .as_deref()
                .is_some_and(|why| why.starts_with("needs "))
        });
        for (checks, word) in [(behind, "not reached"), (by_choice, "skipped")] {
            if !checks.is_empty() {
                counts.push(format!("{} {word}", checks.len()));
            }
        }
        parts.push(format!("{}.", counts.join(", ")));
        let millis = self.report.metadata.duration_ms;
        let took = format!("{}.{}s", millis / 1000, millis % 1000 / 100);
        Flow::default()
            .words(&parts.join(" "), self.page.theme.bold)
            .item(3, [(took, TEXT)])
            .item(3, [(format!("exit {}", summary.exit_code), TEXT)])
            .lines(self.page.margins(0, 2))
    }
}

const fn mark(result: CheckResult) -> Mark {
    match result {
        CheckResult::Fail => Mark::Bad,
        CheckResult::Unknown => Mark::Unknown,
        CheckResult::Warn => Mark::Warn,
        CheckResult::Ok => Mark::Ok,
        CheckResult::Skipped => Mark::Skip,
    }
}

#[cfg(test)]
pub(super) mod fixtures;
#[cfg(test)]
mod tests;
