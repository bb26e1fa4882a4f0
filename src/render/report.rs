//! What a refresh does, piece by piece as it happens, and how it ended.

use std::time::Duration;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::digests::{ShownDigests, digests_in};
use super::flow::Flow;
use super::model::Time;
use super::model::report::{End, Report, took};
use super::page::{Page, painted, words};
use super::plan::undo;
use super::theme::{Mark, TEXT};
use crate::age::age;
use crate::observation::Target;
use crate::report::{Step, StepResult, Taken};
use crate::text::printable;

/// Columns of the longest verb, and of what stands around it.
const VERB: usize = 14;

/// Where times and codes end.
const EDGE: usize = 90;

/// Where the commands of the way back begin, as those behind `Next` do.
const COMMANDS: usize = 7;

/// One step that was taken, with what whoever refused has to say.
pub(crate) fn step(taken: &Taken, page: &Page<'_>) -> String {
    let texts = std::iter::once(&taken.words).chain(&taken.details);
    let all = texts.flat_map(|text| digests_in(text)).collect();
    let digests = ShownDigests::new(all, page.digests);
    let glyphs = page.theme.glyphs;
    let texts_at = VERB + glyphs.width();
    let mark = mark(taken.result);
    let glyph = format!("{:<width$}", glyphs.of(mark), width = glyphs.width());
    let verb = verb(taken);
    let gap = texts_at - (2 + glyph.width() + 1 + verb.width());
    let flow = Flow::default()
        .item(0, [(glyph, page.theme.style(mark))])
        .item(1, [(verb.to_owned(), TEXT)])
        .append(gap, subject(taken, &digests.show_in(&taken.words)));
    let mut lines = flow.lines(page.margins(2, texts_at));
    let end = match taken.result {
        StepResult::Failed(Some(code)) => code.to_string(),
        StepResult::Failed(None)
        | StepResult::Done
        | StepResult::Doubtful
        | StepResult::CutShort => took(taken.took),
    };
    let edge = page.width.map_or(EDGE, |width| width.min(EDGE));
    page.at_edge(&mut lines, edge, 2, &end);
    for detail in &taken.details {
        let detail = words(&digests.show_in(detail));
        lines.extend(detail.lines(page.margins(texts_at, texts_at)));
    }
    painted(&lines)
}

/// How far a rollout is, as a line of a log.
pub(crate) fn rolling(target: &Target, words: &str, at: Timestamp) -> String {
    printable(
        &format!("{} rolling {target}: {words}", Time(at)),
        usize::MAX,
    ) + "\n"
}

/// The same for a log: one line, with the time, and with digests in full.
pub(crate) fn piped(taken: &Taken, at: Timestamp) -> String {
    let target = taken.target.as_ref().filter(|_| names_target(taken));
    let target = target.map_or_else(String::new, |target| format!(" {target}"));
    let (how, code) = match taken.result {
        StepResult::Done => ("", None),
        StepResult::Doubtful => (" in doubt", None),
        StepResult::Failed(code) => (" failed", code),
        StepResult::CutShort => (" cut short", None),
    };
    let subject = target + how;
    let said = std::iter::once(&taken.words).chain(&taken.details);
    let said: Vec<_> = said
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    let link = match (subject.is_empty(), said.is_empty()) {
        (_, true) => "",
        (true, false) => " ",
        (false, false) => ": ",
    };
    let code = code.map_or_else(String::new, |code| format!(" ({code})"));
    let whole = format!(
        "{} {}{subject}{link}{}{code}",
        Time(at),
        verb(taken),
        said.join("; ")
    );
    printable(&whole, usize::MAX) + "\n"
}

/// How far a step is, for a line that is written over and over: what is too much for the page is left out.
pub(crate) fn live(
    step: Step,
    target: Option<&Target>,
    words: &str,
    elapsed: Duration,
    limit: Duration,
    width: Option<usize>,
) -> String {
    let seconds = |time: Duration| age(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let mut parts = vec![format!("{:<7}", going(step))];
    parts.extend(target.map(|target| printable(&target.to_string(), usize::MAX)));
    parts.push(printable(words, usize::MAX));
    parts.retain(|part| !part.is_empty());
    let head = parts.join("   ");
    let tail = format!("   {} / {}", seconds(elapsed), seconds(limit));
    match width {
        Some(width) => cut(&head, width.saturating_sub(tail.width())) + &tail,
        None => head + &tail,
    }
}

/// What came of it all, the way back, and what to type next.
pub(crate) fn ending(report: &Report, page: &Page<'_>) -> String {
    let all = report.messages.iter().flat_map(|text| digests_in(text));
    let digests = ShownDigests::new(all.collect(), page.digests);
    let is_over = matches!(
        report.summary.ending,
        End::Finished | End::NothingToDo | End::Declined | End::Refused
    );
    let mut lines = Vec::new();
    for text in &report.messages {
        let text = digests.show_in(text);
        lines.extend(if is_over {
            let flow = Flow::default().words(&text, page.theme.bold);
            flow.lines(page.margins(0, 2))
        } else {
            alarming(&text, page).lines(page.margins(2, 2))
        });
    }
    for text in &report.not_fixed {
        let flow = Flow::default()
            .words("Not fixed:", page.theme.warn)
            .append(1, words(text));
        lines.extend(flow.lines(page.margins(0, 2)));
    }
    if !is_over {
        lines.extend(undo(page, COMMANDS, &report.undo));
    }
    let next = report.next.iter();
    let next: Vec<_> = next
        .map(|next| (next.command.as_str(), next.why.as_str()))
        .collect();
    lines.extend(page.commands("Next", &next));
    let is_apart = matches!(report.summary.ending, End::Finished | End::Refused);
    let gap = if is_apart && !lines.is_empty() {
        "\n"
    } else {
        ""
    };
    format!("{gap}{}", painted(&lines))
}

/// The one word that nobody may miss stands out.
fn alarming(text: &str, page: &Page<'_>) -> Flow {
    text.split_whitespace().fold(Flow::default(), |flow, word| {
        let style = if word == "DOWN" { page.theme.bad } else { TEXT };
        flow.words(word, style)
    })
}

const fn mark(result: StepResult) -> Mark {
    match result {
        StepResult::Done => Mark::Ok,
        StepResult::Doubtful | StepResult::CutShort => Mark::Warn,
        StepResult::Failed(_) => Mark::Bad,
    }
}

/// What was done, or what was to be done.
const fn verb(taken: &Taken) -> &'static str {
    match (taken.step, taken.result) {
        (Step::PullTest, StepResult::Done) => "pulled",
        (Step::PullTest, _) => "pull",
        (Step::Reread, StepResult::Done) => "looked",
        (Step::Reread, _) => "look",
        (Step::Rearm, StepResult::Done) => "removed",
        (Step::Rearm, _) => "remove",
        (Step::CountAttempt, StepResult::Done) => "counted",
        (Step::CountAttempt, _) => "count",
        (Step::Patch, StepResult::Done) => "patched",
        (Step::Patch, _) => "patch",
        (Step::Wait, StepResult::Done) => "rolled out",
        (Step::Wait, _) => "rollout",
        (Step::Verify, StepResult::Done) => "verified",
        (Step::Verify, _) => "verify",
        (Step::Record, StepResult::Done) => "recorded",
        (Step::Record, _) => "record",
    }
}

const fn going(step: Step) -> &'static str {
    match step {
        Step::PullTest => "pulling",
        Step::Reread => "looking",
        Step::Rearm => "removing",
        Step::CountAttempt => "counting",
        Step::Patch => "patching",
        Step::Wait => "rolling",
        Step::Verify => "verifying",
        Step::Record => "recording",
    }
}

/// Whether the workload stands before the words, or is told by them.
fn names_target(taken: &Taken) -> bool {
    matches!(taken.step, Step::Patch | Step::Wait) || taken.words.is_empty()
}

fn subject(taken: &Taken, text: &str) -> Flow {
    let target = taken.target.as_ref().filter(|_| names_target(taken));
    match target {
        Some(target) => Flow::default()
            .item(0, [(target.to_string(), TEXT)])
            .append(3, words(text)),
        None => words(text),
    }
}

/// As much of the text as fits, in cells.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests;
