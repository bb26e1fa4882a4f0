//! The refresh job, what it counts, and the marks that it left.

use super::{Screen, quoted, words};
use crate::age::age;
use crate::codes::Code;
use crate::health::{Bound, JobState, Outcome};
use crate::record::{FLAP_DETECTED, LAST_ERROR, Streak as Counted};
use crate::render::flow::{Flow, Line};
use crate::render::model::{
    LOG_GONE, LOG_NOT_ASKED, NO_NUMBER, RefreshJob, Run, RunResult, Streak, StreakKind, absence,
};
use crate::render::theme::{Mark, TEXT};

/// `"*/15 * * * *" UTC (assumed)`
fn schedule(job: &RefreshJob) -> String {
    let zone = job.time_zone.as_deref().map(quoted);
    let zone = zone.unwrap_or_else(|| "UTC (assumed)".to_owned());
    format!("\"{}\" {zone}", quoted(&job.schedule))
}

impl Screen<'_> {
    pub(super) fn refresh(&self) -> Vec<Line> {
        let Some(job) = &self.status.refresh_job else {
            let why = self.status.chart.cron_job_absence.map(absence);
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            let row = Flow::default()
                .item(0, [self.glyph(Mark::Skip)])
                .words(&format!("no refresh job{why}"), TEXT);
            return self.section("Refresh", vec![row]);
        };
        let mark = self.refresh_mark(job);
        let mut first = Flow::default()
            .item(0, [self.glyph(mark)])
            .words(&self.refresh_phrases(job).join(", "), TEXT);
        if mark == Mark::Ok && self.has_found(Code::SilentFailure) {
            let but = format!("(but see {})", Code::SilentFailure);
            first = first.item(3, [(but, TEXT)]);
        }
        let mut rows = vec![first];
        if self.is_wide() && job.interval_seconds.is_some() {
            rows.push(words(&format!("schedule {}", schedule(job))));
        }
        rows.extend(self.runs(job));
        self.section("Refresh", rows)
    }

    fn refresh_mark(&self, job: &RefreshJob) -> Mark {
        let worst = self
            .status
            .findings
            .iter()
            .filter(|finding| is_about_the_job(finding.code))
            .map(|finding| finding.outcome)
            .min();
        match worst {
            _ if job.state == JobState::Failing || job.failed_since_success > Some(0) => Mark::Bad,
            Some(Outcome::Fail) => Mark::Bad,
            Some(Outcome::Warn) => Mark::Warn,
            _ if job.suspended => Mark::Warn,
            _ if job.recent.is_none() || job.last_success.is_none() => Mark::Unknown,
            Some(Outcome::Note) | None => Mark::Ok,
        }
    }

    fn has_found(&self, code: Code) -> bool {
        let findings = &self.status.findings;
        findings.iter().any(|finding| finding.code == code)
    }

    fn refresh_phrases(&self, job: &RefreshJob) -> Vec<String> {
        let mut phrases = vec![match job.interval_seconds {
            Some(seconds) => format!("{} every {}", job.name, seconds_age(seconds)),
            None => format!("{} at {}", job.name, schedule(job)),
        }];
        if job.suspended {
            phrases.push("suspended".to_owned());
        }
        match job.failed_since_success {
            None => phrases.push("its runs not readable".to_owned()),
            Some(0) => {}
            Some(1) => phrases.push("last run failed".to_owned()),
            Some(count) => phrases.push(format!("last {count} runs failed")),
        }
        phrases.push(match job.last_success {
            None => "no success yet".to_owned(),
            Some(time) => {
                let by_hand = match job.last_success_was_manual {
                    Some(true) => " (by hand)",
                    _ => "",
                };
                format!("last ok {} ago{by_hand}", self.ago(time))
            }
        });
        match job.active.len() {
            0 => {}
            1 => phrases.push("1 run active".to_owned()),
            count => phrases.push(format!("{count} runs active")),
        }
        if let Some(time) = job.next_run {
            phrases.push(format!("next in {}", self.ahead(time)));
        }
        phrases
    }

    /// The newest run that ended, where it failed; all that are kept in the wide form.
    fn runs(&self, job: &RefreshJob) -> Vec<Flow> {
        let runs = job.recent.as_deref().unwrap_or_default();
        if self.is_wide() {
            return runs.iter().map(|run| self.run(job, run)).collect();
        }
        let newest = runs.iter().find(|run| run.result != RunResult::Active);
        let failed = newest.filter(|run| run.result == RunResult::Failed);
        failed.map(|run| self.run(job, run)).into_iter().collect()
    }

    fn run(&self, job: &RefreshJob, run: &Run) -> Flow {
        let suffix = run.job.strip_prefix(&format!("{}-", job.name));
        let mut name = vec![suffix.unwrap_or(&run.job).to_owned()];
        if self.is_wide() {
            name.extend(run.scheduled_at.or(run.started_at).map(|time| {
                let shown = time.0.strftime("%Y-%m-%d %H:%MZ");
                format!("({shown}, {} ago)", self.ago(time))
            }));
            name.extend(run.manual.then(|| "(by hand)".to_owned()));
        }
        let outcome = match (&run.condition, run.result) {
            (Some(reason), _) => quoted(reason),
            (None, RunResult::Active) if run.active_pods == 0 => "active without a pod".to_owned(),
            (None, RunResult::Active) => "active".to_owned(),
            (None, RunResult::Complete) => "complete".to_owned(),
            (None, RunResult::Failed) => "failed".to_owned(),
        };
        words(&format!("{}: {outcome}{}", name.join(" "), last_words(run)))
    }

    /// One line while nothing is counted; a line for each as soon as one is.
    pub(super) fn streaks(&self) -> Vec<Line> {
        let streaks = &self.status.streaks;
        if streaks.is_empty() {
            return match self.status.refresh_job {
                Some(_) => self.section(
                    "Streaks",
                    vec![words("none: this generation does not count")],
                ),
                None => Vec::new(),
            };
        }
        let is_quiet = |streak: &Streak| streak.count == Some(0) && streak.limit.is_some();
        if streaks.iter().all(is_quiet) && !self.is_wide() {
            let all: Vec<_> = streaks.iter().map(fraction).collect();
            return self.section("Streaks", vec![words(&all.join(", "))]);
        }
        let rows = streaks.iter().map(|streak| self.streak(streak));
        self.section("Streaks", rows)
    }

    fn streak(&self, streak: &Streak) -> Flow {
        let mut text = Vec::new();
        if let Some(why) = streak.reasons.get("count") {
            text.push(format!(" (not readable: {})", quoted(why)));
        }
        match streak.reasons.get("limit").map(String::as_str) {
            Some(NO_NUMBER) => text.push(format!(", never fires: its limit is {NO_NUMBER}")),
            Some(why) => text.push(format!(", limit not readable: {}", quoted(why))),
            None => {}
        }
        let is_counting = streak.count != Some(0);
        if let Some(seconds) = streak.alarm_after_seconds
            && (is_counting || self.is_wide())
        {
            text.push(format!(", alarm after about {}", seconds_age(seconds)));
        }
        if let Some(time) = streak.since_about
            && self.is_wide()
        {
            let bound = match streak.since_bound {
                Some(Bound::AtLeast) => "at least",
                Some(Bound::About) | None => "about",
            };
            text.push(format!(", since {bound} {}", self.ago(time)));
        }
        if streak.count.is_some() && is_counting {
            text.push(format!(" ({})", ends(streak)));
        }
        let text = text.concat();
        let style = match (streak.count, streak.limit) {
            (Some(count), Some(limit)) if count > 0 && count >= limit => self.theme.bad,
            (Some(0), _) => TEXT,
            _ => self.theme.warn,
        };
        // What follows the fraction begins with a comma or a blank of its own.
        let (glued, rest) = text.split_once(' ').unwrap_or((&text, ""));
        Flow::default()
            .words(&fraction(streak), style)
            .glue(glued, TEXT)
            .words(rest, TEXT)
    }

    /// The annotations behind the counters; all there are in the wide form.
    pub(super) fn marks(&self) -> Vec<Line> {
        let annotations = self.status.annotations.iter().flatten();
        let rows = annotations
            .filter(|(key, _)| {
                self.is_wide() || (is_mark(key) && !self.status.leftover_annotations.contains(key))
            })
            .map(|(key, value)| {
                let is_leftover = self.status.leftover_annotations.contains(key);
                let note = if is_leftover {
                    " (leftover, ignored)"
                } else {
                    ""
                };
                words(&format!("{key} = {}{note}", quoted(value)))
            });
        self.section("Marks", rows)
    }
}

/// The last line of its log, or why there is none.
fn last_words(run: &Run) -> String {
    match (&run.last_log_line, run.reasons.get("lastLogLine")) {
        (Some(line), _) => format!(": {}", quoted(line)),
        (None, Some(why)) if why == LOG_GONE => " (log gone with its pod)".to_owned(),
        (None, Some(why)) if why != LOG_NOT_ASKED => {
            format!(" (log not readable: {})", quoted(why))
        }
        (None, _) => String::new(),
    }
}

fn is_about_the_job(code: Code) -> bool {
    use Code::{AccountRightMissing, NoInClusterConfig, Overdue, RunStuck, RunsFailed, Suspended};

    [
        AccountRightMissing,
        NoInClusterConfig,
        Overdue,
        RunStuck,
        RunsFailed,
        Suspended,
    ]
    .contains(&code)
}

fn is_mark(key: &str) -> bool {
    [LAST_ERROR, FLAP_DETECTED].contains(&key) || Counted::ALL.iter().any(|s| s.key() == key)
}

fn fraction(streak: &Streak) -> String {
    let what = match streak.kind {
        StreakKind::IngestorResolve => "ingestor lookups failed",
        StreakKind::RolloutAttempts => "rollouts failed",
        StreakKind::SkippedTicks => "ticks skipped",
    };
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    format!("{what} {}/{}", number(streak.count), number(streak.limit))
}

/// What ends the streak.
fn ends(streak: &Streak) -> &'static str {
    match streak.kind {
        StreakKind::IngestorResolve => "clears itself on the next successful lookup",
        StreakKind::SkippedTicks => "clears itself once the rollout has settled",
        StreakKind::RolloutAttempts if streak.count < streak.limit => {
            "clears itself when a rollout succeeds"
        }
        StreakKind::RolloutAttempts => "does not clear itself",
    }
}

fn seconds_age(seconds: u64) -> String {
    age(i64::try_from(seconds).unwrap_or(i64::MAX))
}
