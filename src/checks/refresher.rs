//! The refresh job, by rules that are asked in order: does it run, how did it end, what has it counted (102, 3xx).

use super::{Check, Group, Outcome, list};
use crate::age::age;
use crate::codes::Code;
use crate::health::{self, AssessedStreak, Assessment, Bound, Finding};
use crate::image::ManagedImage;
use crate::observation::{Observation, RefreshRun, RunLog, RunOutcome};
use crate::record::Streak;
use crate::release::{CronJob, Refresher};
use crate::text::{QUOTED, printable};

/// So many failures in a row are no hiccup any more: as many failed runs are kept by default.
const PATTERN: usize = 3;

pub(super) fn checks(seen: &Observation, assessment: &Assessment) -> Vec<Check> {
    let cron_job = match &seen.release.refresher {
        Refresher::CronJob(cron_job) => cron_job,
        Refresher::Absent(_) => return vec![absent(assessment)],
    };
    let mut checks = found(assessment, &JOB);
    if checks.is_empty() {
        checks.push(runs(seen, cron_job));
    }
    let mut ended = vec![last_runs(seen, assessment, cron_job)];
    ended.extend(found(assessment, &SILENT));
    ended.extend(unread_log(seen));
    checks.extend(ended);
    checks.extend(counters(seen, assessment));
    checks
}

/// Whether it runs at all.
const JOB: [Code; 4] = [
    Code::NoInClusterConfig,
    Code::Suspended,
    Code::Overdue,
    Code::RunStuck,
];
const SILENT: [Code; 1] = [Code::SilentFailure];
const COUNTED: [Code; 4] = [
    Code::StreakBelowThreshold,
    Code::FlapLockout,
    Code::SkipStreak,
    Code::CounterMalformed,
];

fn check(id: impl Into<String>, outcome: Outcome) -> Check {
    Check::new(Group::RefreshJob, id, outcome)
}

fn found(assessment: &Assessment, codes: &[Code]) -> Vec<Check> {
    let findings = assessment.findings.iter();
    findings
        .filter(|finding| codes.contains(&finding.code))
        .filter(|finding| finding.outcome != health::Outcome::Note)
        .map(of_finding)
        .collect()
}

fn of_finding(finding: &Finding) -> Check {
    let what = match finding.code {
        Code::SilentFailure => "silent",
        Code::StreakBelowThreshold => "streak.failures",
        Code::FlapLockout => "streak.attempts",
        Code::SkipStreak => "streak.skips",
        Code::CounterMalformed => "counter",
        _ => "job",
    };
    let (id, message) = match finding.image {
        Some(image) => (
            format!("refresh.{what}.{image}"),
            format!("{image}: {}", finding.message),
        ),
        None => (format!("refresh.{what}"), finding.message.clone()),
    };
    let outcome = match finding.outcome {
        health::Outcome::Fail => Outcome::Fail,
        health::Outcome::Warn | health::Outcome::Note => Outcome::Warn,
    };
    Check {
        details: finding.details.clone(),
        image: finding.image,
        ..check(id, outcome).saying(message).coded(finding.code)
    }
}

fn absent(assessment: &Assessment) -> Check {
    let mut findings = assessment.findings.iter();
    let Some(finding) = findings.find(|finding| finding.code == Code::NoCronJob) else {
        let why = "every image is pinned or mirrored".to_owned();
        return check("refresh.job", Outcome::Skip(why)).saying("no refresh job");
    };
    check("refresh.job", Outcome::Warn)
        .saying(finding.message.clone())
        .coded(Code::NoCronJob)
}

fn runs(seen: &Observation, cron_job: &CronJob) -> Check {
    if let Err(blind) = &seen.runs {
        return check("refresh.job", Outcome::Unknown(blind.0.clone())).saying("runs");
    }
    let schedule = printable(&cron_job.schedule.cron, QUOTED);
    let message = format!("not suspended, no run stuck, schedule {schedule}");
    check("refresh.job", Outcome::Ok).saying(message)
}

/// The last runs, whatever else explains them.
fn last_runs(seen: &Observation, assessment: &Assessment, cron_job: &CronJob) -> Check {
    let refresh = assessment.refresh.as_ref();
    let counted = refresh.and_then(|refresh| Some((refresh, refresh.failed_since_success?)));
    let Some((refresh, failed_since_success)) = counted else {
        let why = seen.runs.as_ref().err().map(|why| why.0.clone());
        return check("refresh.runs", Outcome::Unknown(why.unwrap_or_default()))
            .saying("how runs ended");
    };
    let name = printable(&cron_job.name, QUOTED);
    let success = match cron_job.last_success {
        Some(time) => format!("last ok {} ago", ago(seen, time)),
        None => "no success yet".to_owned(),
    };
    let failed: Vec<&RefreshRun> = seen
        .runs
        .iter()
        .flatten()
        .filter(|run| matches!(run.outcome, RunOutcome::Failed { .. }))
        .take(failed_since_success)
        .collect();
    if failed.is_empty() {
        let next = refresh
            .next_run
            .map(|next| format!(", next in {}", age(next.as_second() - seen.at.as_second())));
        let message = format!(
            "{success}{}, no failures in the runs kept",
            next.unwrap_or_default()
        );
        let outcome = match cron_job.last_success {
            Some(_) => Outcome::Ok,
            None => Outcome::Unknown("no run has ended yet".to_owned()),
        };
        return check("refresh.runs", outcome).saying(message);
    }
    let outcome = if failed.len() >= PATTERN {
        Outcome::Fail
    } else {
        Outcome::Warn
    };
    let reasons = reasons(&failed);
    let count = match failed.len() {
        1 => "the last run".to_owned(),
        many => format!("the last {many} runs"),
    };
    let same = if failed.len() > 1 && reasons.len() == 1 {
        ", all alike"
    } else {
        ""
    };
    Check {
        details: reasons,
        ..check("refresh.runs", outcome)
            .saying(format!("{name}: {count} failed{same}; {success}"))
            .coded(Code::RunsFailed)
    }
}

/// Runs with the same end together: `29678992, 29678977: BackoffLimitExceeded (logs gone with their pods)`.
fn reasons(failed: &[&RefreshRun]) -> Vec<(&'static str, String)> {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for run in failed {
        let RunOutcome::Failed { reason, .. } = &run.outcome else {
            continue;
        };
        let suffix = run.job.rsplit('-').next().unwrap_or(&run.job);
        let name = printable(suffix, QUOTED);
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, runs)) => runs.push(name),
            None => by_reason.push((reason, vec![name])),
        }
    }
    let gone = |count| match count {
        1 => "log gone with its pod",
        _ => "logs gone with their pods",
    };
    by_reason
        .into_iter()
        .map(|(reason, runs)| {
            let text = format!("{}: {reason} ({})", runs.join(", "), gone(runs.len()));
            ("runs", text)
        })
        .collect()
}

/// Lookups that fail without being counted stand in the log alone.
fn unread_log(seen: &Observation) -> Option<Check> {
    let completed = |run: &&RefreshRun| matches!(run.outcome, RunOutcome::Complete { .. });
    let newest = seen.runs.iter().flatten().find(completed)?;
    let RunLog::NotReadable(why) = &newest.log else {
        return None;
    };
    let what = "whether lookups fail uncounted";
    Some(check("refresh.silent", Outcome::Unknown(why.0.clone())).saying(what))
}

fn counters(seen: &Observation, assessment: &Assessment) -> Vec<Check> {
    if let Err(blind) = &seen.record {
        return vec![
            check("refresh.streaks", Outcome::Unknown(blind.0.clone())).saying("counters"),
        ];
    }
    let mut checks: Vec<_> = assessment
        .streaks
        .iter()
        .filter(|streak| streak.streak == Streak::Failures && is_at_limit(streak))
        .map(|streak| at_limit(seen, assessment, streak))
        .collect();
    checks.extend(found(assessment, &COUNTED));
    if checks.is_empty() {
        checks.push(fine(assessment));
    }
    checks
}

fn is_at_limit(streak: &AssessedStreak) -> bool {
    let count = streak.count.as_ref();
    count.is_ok_and(|count| *count > 0 && streak.limit.reached_by(*count))
}

/// Held by values, a streak at its limit says nothing any more.
fn at_limit(seen: &Observation, assessment: &Assessment, streak: &AssessedStreak) -> Check {
    let is_found = assessment
        .findings
        .iter()
        .any(|finding| finding.code == Code::StreakAtThreshold);
    let outcome = if is_found {
        Outcome::Fail
    } else {
        Outcome::Warn
    };
    let alarm = streak.alarm_after.map(|after| {
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        format!(", alarm after about {}", age(seconds))
    });
    let since = streak.since.map(|since| {
        let ago = ago(seen, since.about);
        match since.bound {
            Bound::About => format!(", since about {ago}"),
            Bound::AtLeast => format!(", for at least {ago}"),
        }
    });
    let error = streak.last_error.as_ref();
    Check {
        details: error
            .map(|error| ("last error", printable(error, QUOTED)))
            .into_iter()
            .collect(),
        image: Some(ManagedImage::Ingestor),
        ..check("refresh.streak.failures", outcome)
            .saying(format!(
                "ingestor lookups failed {}{}{}",
                fraction(streak),
                alarm.unwrap_or_default(),
                since.unwrap_or_default()
            ))
            .coded(Code::StreakAtThreshold)
    }
}

fn fine(assessment: &Assessment) -> Check {
    let counts: Vec<String> = assessment
        .streaks
        .iter()
        .map(|streak| {
            let what = match streak.streak {
                Streak::Failures => "ingestor lookups failed",
                Streak::Attempts => "rollouts failed",
                Streak::Skips => "ticks skipped",
            };
            format!("{what} {}", fraction(streak))
        })
        .collect();
    let message = if counts.is_empty() {
        "this chart counts no failures".to_owned()
    } else {
        list(&counts)
    };
    check("refresh.streaks", Outcome::Ok).saying(message)
}

/// `3/3`.
fn fraction(streak: &AssessedStreak) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let count = number(streak.count.as_ref().ok().copied());
    format!("{count}/{}", number(streak.limit.number()))
}

fn ago(seen: &Observation, time: jiff::Timestamp) -> String {
    age(seen.at.as_second() - time.as_second())
}
