//! What a line of the table says of one release: read from its status once, so that the rest of that can go.

use super::{Field, mark, word};
use crate::age::age;
use crate::codes::Code;
use crate::health::{JobState, Outcome, State};
use crate::render::model::{Image, ImageStatus, Streak, StreakKind};
use crate::render::theme::Mark;

/// A cell of the table, before it has a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    /// In the colour of the mark.
    Word(Mark, String),
    /// Behind the mark's glyph.
    Sign(Mark, String),
}

/// How a note names a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Namespace,
    /// With the context, where there are several.
    Context,
}

/// One release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    context: String,
    namespace: String,
    name: String,
    chart: String,
    generation: &'static str,
    images: String,
    arch: Cell,
    streak: Cell,
    refresh: Cell,
    last_ok: String,
    state: State,
    /// Lookups fail behind a green job.
    is_silent: bool,
    codes: Vec<Code>,
    /// What could not be seen of it, and why.
    gaps: Vec<(String, String)>,
}

impl Release {
    pub(super) fn new(status: &ImageStatus) -> Self {
        let metadata = &status.metadata;
        let job = status.refresh_job.as_ref();
        let last_ok = job
            .and_then(|job| job.last_success)
            .map(|time| age(metadata.observed_at.0.as_second() - time.0.as_second()));
        let of_weight = |outcome: Outcome| outcome != Outcome::Note;
        let findings = status.findings.iter();
        let mut codes: Vec<_> = findings
            .filter(|finding| of_weight(finding.outcome))
            .map(|finding| finding.code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        Self {
            context: metadata.context.clone(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            chart: status.chart.version.clone().unwrap_or("?".to_owned()),
            generation: status.chart.generation,
            images: images(&status.images),
            arch: arch(&status.images),
            streak: streak(&status.streaks),
            refresh: refresh(status),
            last_ok: last_ok.unwrap_or("-".to_owned()),
            state: status.state(),
            is_silent: status.silence() == Some(Outcome::Fail),
            codes,
            gaps: status
                .incomplete
                .iter()
                .map(|gap| (gap.what.clone(), gap.reason.clone()))
                .collect(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        if self.is_silent {
            Mark::Bad
        } else {
            mark(self.state)
        }
    }

    pub(super) fn cell(&self, field: Field) -> Cell {
        let text = |text: &str| Cell::Text(text.to_owned());
        match field {
            Field::Context => text(&self.context),
            Field::Namespace => text(&self.namespace),
            Field::Name => text(&self.name),
            Field::Chart => text(&self.chart),
            Field::Generation => text(self.generation),
            Field::Images => text(&self.images),
            Field::Arch => self.arch.clone(),
            Field::Streak => self.streak.clone(),
            Field::Refresh => self.refresh.clone(),
            Field::LastOk => text(&self.last_ok),
            Field::State => Cell::Word(mark(self.state), word(self.state)),
            Field::Codes if self.codes.is_empty() => text("-"),
            Field::Codes => {
                let codes: Vec<_> = self.codes.iter().map(Code::to_string).collect();
                Cell::Text(codes.join(","))
            }
        }
    }

    /// What could not be seen, each under the release's name in notes.
    pub(super) fn gaps(&self, naming: Naming) -> Vec<(String, String)> {
        let who = match naming {
            Naming::Namespace => self.namespace.clone(),
            Naming::Context => format!("{}/{}", self.context, self.namespace),
        };
        let gaps = self.gaps.iter();
        gaps.map(|(what, why)| {
            // The host stands in the reason, and says more than the names of the images.
            let is_lookup = what.ends_with(": latest") || what.contains(": platforms of ");
            let why = if is_lookup {
                why.clone()
            } else {
                format!("{what}: {why}")
            };
            (who.clone(), why)
        })
        .collect()
    }
}

/// How many of its images are as they should be. Mirrored ones are not judged.
fn images(images: &[Image]) -> String {
    let judged = || images.iter().filter(|image| !image.is(State::Mirrored));
    let total = judged().count();
    let is_fine = |image: &&Image| image.is(State::Current) || image.is(State::Held);
    if total == 0 {
        "-".to_owned()
    } else if judged().any(|image| image.is(State::Unknown)) {
        format!("?/{total}")
    } else {
        let fine = judged()
            .filter(is_fine)
            .filter(|image| !image.is(State::Broken));
        format!("{}/{total}", fine.count())
    }
}

/// Which architectures some image in use lacks.
fn arch(images: &[Image]) -> Cell {
    let mut judged = images
        .iter()
        .filter(|image| !image.is(State::Mirrored))
        .map(|image| image.platforms.missing.as_deref())
        .peekable();
    if judged.peek().is_none() {
        return Cell::Text("-".to_owned());
    }
    let (mut missing, mut is_known) = (Vec::new(), true);
    for platforms in judged {
        is_known &= platforms.is_some();
        let platforms = platforms.unwrap_or_default().iter();
        missing.extend(platforms.map(|one| one.strip_prefix("linux/").unwrap_or(one)));
    }
    missing.sort_unstable();
    missing.dedup();
    match (missing.as_slice(), is_known) {
        ([], true) => Cell::Sign(Mark::Ok, String::new()),
        ([], false) => Cell::Word(Mark::Unknown, "?".to_owned()),
        (missing, _) => Cell::Sign(Mark::Bad, missing.join(" ")),
    }
}

/// The counters that are not at zero.
fn streak(streaks: &[Streak]) -> Cell {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let is_reached = |streak: &Streak| matches!((streak.count, streak.limit), (Some(count), Some(limit)) if count >= limit);
    let counting = streaks.iter().filter(|streak| streak.count != Some(0));
    let mark = if counting.clone().any(is_reached) {
        Mark::Bad
    } else {
        Mark::Warn
    };
    let words: Vec<_> = counting
        .map(|streak| {
            let what = match streak.kind {
                StreakKind::IngestorResolve => "ghcr",
                StreakKind::RolloutAttempts => "rollouts",
                StreakKind::SkippedTicks => "skips",
            };
            format!("{what} {}/{}", number(streak.count), number(streak.limit))
        })
        .collect();
    if words.is_empty() {
        Cell::Text("-".to_owned())
    } else {
        Cell::Word(mark, words.join(", "))
    }
}

/// How the refresh job does; `silent` where it only looks as if it did well (TBI-310).
fn refresh(status: &ImageStatus) -> Cell {
    let Some(job) = &status.refresh_job else {
        return Cell::Word(Mark::Skip, "none".to_owned());
    };
    let mark = match job.state {
        JobState::Suspended => Mark::Warn,
        JobState::Overdue | JobState::Stuck | JobState::Failing => Mark::Bad,
        JobState::Inert | JobState::New => Mark::Skip,
        JobState::Unknown => return Cell::Word(Mark::Unknown, "?".to_owned()),
        JobState::Ok => {
            return match status.silence() {
                Some(Outcome::Fail) => Cell::Word(Mark::Bad, "silent".to_owned()),
                Some(Outcome::Warn) => Cell::Word(Mark::Warn, "silent?".to_owned()),
                Some(Outcome::Note) | None => Cell::Text("ok".to_owned()),
            };
        }
    };
    Cell::Word(mark, job.state.word().to_owned())
}
