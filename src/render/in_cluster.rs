//! A run of the refresher by hand, as a screen: what it is about to do, what it says, what it came to.

use std::time::Duration;

use jiff::Timestamp;

use super::flow::{Flow, Line};
use super::page::{Page, painted, paragraphs, words};
use super::theme::{Mark, TEXT};
use crate::age::age;
use crate::capability::Capability;
use crate::health::NextStep;
use crate::observation::Observation;
use crate::record::Streak;
use crate::release::CronJob;
use crate::run_now::{Hurdle, Outcome, Told, Tone};
use crate::text::{QUOTED, printable};

/// Where the texts behind the images begin.
const TEXTS: usize = 23;

const fn mark(tone: Tone) -> Mark {
    match tone {
        Tone::Good => Mark::Ok,
        Tone::Quiet | Tone::Verbatim => Mark::Skip,
        Tone::Change => Mark::Change,
        Tone::Warn => Mark::Warn,
        Tone::Bad => Mark::Bad,
    }
}

/// What a person is told before the run is started: that it counts, and what it is started past.
pub(crate) fn plan(
    seen: &Observation,
    cron_job: &CronJob,
    past: &[Hurdle],
    page: &Page<'_>,
) -> String {
    let mut lines = Vec::new();
    for hurdle in past {
        lines.extend(against(Mark::Warn, hurdle, page));
    }
    let name = printable(&cron_job.name, QUOTED);
    let will = format!(
        "start a Job from cronjob/{name}, as `kubectl create job --from` does, and follow it; a run by hand counts like \
         any other"
    );
    let standing = counters(seen, cron_job);
    lines.extend(page.section("Will", [words(&will)]));
    lines.extend(page.section("Counts", [words(&standing)]));
    paragraphs(&[header(seen, page), lines])
}

/// Why no run is started, and what to type instead.
pub(crate) fn refusal(
    seen: &Observation,
    hurdles: &[Hurdle],
    next: &[NextStep],
    page: &Page<'_>,
) -> String {
    let mut lines: Vec<_> = hurdles
        .iter()
        .flat_map(|hurdle| against(Mark::Bad, hurdle, page))
        .collect();
    let gives_way = hurdles.iter().all(Hurdle::gives_way);
    let last = if gives_way {
        "No run was started; --force starts one all the same."
    } else {
        "No run was started."
    };
    lines.extend(bold(last, page));
    let next: Vec<_> = next
        .iter()
        .map(|step| (step.command.as_str(), step.why.as_str()))
        .collect();
    lines.extend(page.commands("Next", &next));
    paragraphs(&[header(seen, page), lines])
}

/// The question that ends a plan, without the `[y/N]` of the prompt.
pub(crate) fn question(seen: &Observation) -> String {
    let (release, context) = (&seen.release.name, &seen.context);
    format!(
        "Start the refresh job of {} on context {}?",
        printable(release, QUOTED),
        printable(context, QUOTED)
    )
}

/// The line before the log of a run.
pub(crate) fn followed(namespace: &str, job: &str, page: &Page<'_>) -> String {
    let text = format!(
        "job/{} in namespace {}",
        printable(job, QUOTED),
        printable(namespace, QUOTED)
    );
    painted(&page.section("Follows", [words(&text)]))
}

/// One line of the log, as what it means.
pub(crate) fn told(told: &Told, page: &Page<'_>) -> String {
    let mut lines = row(mark(told.tone), told.image.as_deref(), &told.words, page);
    if let Some(code) = &told.code {
        page.behind(&mut lines, code);
    }
    for said in &told.said {
        let quoted = Flow::default().words(said, page.theme.dim);
        lines.extend(quoted.lines(page.margins(TEXTS, TEXTS + 2)));
    }
    painted(&lines)
}

/// The same for a file or a pipe: one line, with the time before it.
pub(crate) fn piped(told: &Told, at: Timestamp) -> String {
    let time = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let image = told.image.as_ref().map(|image| format!("{image}: "));
    let said: Vec<_> = told.said.iter().map(|said| format!("; {said}")).collect();
    let said = said.concat();
    let code = told.code.as_ref().map(|code| format!(" ({code})"));
    let (image, code) = (image.unwrap_or_default(), code.unwrap_or_default());
    format!("{time} {image}{}{said}{code}\n", told.words)
}

/// What the run came to, which annotations it changed, and what to type next.
pub(crate) fn outcome(outcome: &Outcome, took: Duration, page: &Page<'_>) -> String {
    let (glyph, style) = page.glyph(mark(outcome.tone));
    let text = Flow::default()
        .item(0, [(glyph, style)])
        .words(&outcome.words, page.theme.bold);
    let mut lines = page.section("Result", [text]);
    let seconds = i64::try_from(took.as_secs()).unwrap_or(i64::MAX);
    let end = match outcome.code {
        Some(code) => format!("{}  {code}", age(seconds)),
        None => age(seconds),
    };
    page.behind(&mut lines, &end);
    let mut marks: Vec<_> = outcome.marks.iter().map(change).collect();
    if let Some(why) = &outcome.unseen {
        marks.push(words(&format!("? not read again: {why}")));
    }
    lines.extend(page.section("Marks", marks));
    let next: Vec<_> = outcome
        .next
        .iter()
        .map(|(command, why)| (command.as_str(), *why))
        .collect();
    lines.extend(page.commands("Next", &next));
    paragraphs(&[lines])
}

fn change(change: &crate::run_now::Change) -> Flow {
    let shown = |value: &Option<String>| match value {
        None => "absent".to_owned(),
        Some(value) => printable(value, QUOTED),
    };
    let (key, now) = (printable(&change.key, QUOTED), shown(&change.now));
    words(&match &change.before {
        None => format!("{key} = {now}"),
        Some(_) => format!("{key} {} -> {now}", shown(&change.before)),
    })
}

fn header(seen: &Observation, page: &Page<'_>) -> Vec<Line> {
    let release = &seen.release;
    let text = format!(
        "Refresh job of {}   namespace {}   context {}",
        printable(&release.name, QUOTED),
        printable(&release.namespace, QUOTED),
        printable(&seen.context, QUOTED)
    );
    Flow::default()
        .item(0, [(text, page.theme.bold)])
        .lines(page.margins(0, 2))
}

fn bold(text: &str, page: &Page<'_>) -> Vec<Line> {
    Flow::default()
        .words(text, page.theme.bold)
        .lines(page.margins(0, 2))
}

fn against(mark: Mark, hurdle: &Hurdle, page: &Page<'_>) -> Vec<Line> {
    let mut lines = page.note(mark, &hurdle.words());
    if let Some(code) = hurdle.code() {
        page.code(&mut lines, code);
    }
    lines
}

fn row(mark: Mark, image: Option<&str>, text: &str, page: &Page<'_>) -> Vec<Line> {
    let Some(image) = image else {
        return page.note(mark, text);
    };
    let (glyph, style) = page.glyph(mark);
    let gap = TEXTS.saturating_sub(4 + image.len()).max(1);
    Flow::default()
        .item(
            0,
            [(format!("{glyph:<1}"), style), (format!(" {image}"), TEXT)],
        )
        .append(gap, words(text))
        .lines(page.margins(2, TEXTS))
}

/// The counters that this generation has, each with its limit.
fn counters(seen: &Observation, cron_job: &CronJob) -> String {
    let Ok(record) = &seen.record else {
        return String::new();
    };
    let limits = &cron_job.limits;
    let rows = [
        (
            Capability::FailureStreak,
            Streak::Failures,
            &limits.failures,
            "ingestor lookups failed",
        ),
        (
            Capability::FlapGuard,
            Streak::Attempts,
            &limits.attempts,
            "rollouts failed",
        ),
        (
            Capability::SkipStreak,
            Streak::Skips,
            &limits.skips,
            "ticks skipped",
        ),
    ];
    let counted: Vec<_> = rows
        .into_iter()
        .filter(|(capability, ..)| seen.release.capabilities.has(*capability))
        .map(|(_, streak, limit, what)| {
            let limit = limit.number();
            let limit = limit.map_or_else(|| "?".to_owned(), |limit| limit.to_string());
            format!("{what} {}/{limit}", record.counter(streak).value())
        })
        .collect();
    if counted.is_empty() {
        "nothing: this generation does not count".to_owned()
    } else {
        counted.join(", ")
    }
}

#[cfg(test)]
mod tests;
