//! The refresh job and its marks: lock-out and skips (303, 304), whether it runs (102, 305 to 309), and counters that
//! are no counters (311, 312).

use super::{Context, ago, finding, list, quoted, since};
use crate::age::age;
use crate::capability::Capability;
use crate::codes::Code;
use crate::health::egress::has_no_cluster;
use crate::health::image::{Judged, counted_by};
use crate::health::job::{Frozen, Why, failed};
use crate::health::{AssessedStreak, Finding, Outcome, State};
use crate::image::ManagedImage;
use crate::observation::{Observation, Rollout, RunOutcome};
use crate::record::{Counter, FLAP_DETECTED, LAST_ERROR, Record, Streak};
use crate::release::Refresher;
use crate::shell::word;

pub(super) fn findings(context: &Context<'_>, images: &[Judged<'_>]) -> Vec<Finding> {
    let mut found: Vec<_> = [
        locked_out(context, images),
        skipping(context, images),
        no_cluster(context),
        frozen(context),
        absent(context, images),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(counters(context));
    found.extend(leftovers(context));
    found
}

fn streak<'a>(context: &Context<'a>, which: Streak) -> Option<&'a AssessedStreak> {
    context.streaks.iter().find(|streak| streak.streak == which)
}

/// `3/3`.
fn fraction(streak: &AssessedStreak) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    format!(
        "{}/{}",
        number(streak.count.as_ref().ok().copied()),
        number(streak.limit.number())
    )
}

fn names<'a>(images: impl Iterator<Item = &'a Judged<'a>>) -> String {
    let names: Vec<_> = images
        .map(|image| image.image().name().to_owned())
        .collect();
    list(&names)
}

/// `kubectl annotate` that removes these keys, as it is to be typed.
fn clearing(seen: &Observation, keys: &[&str]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| format!("{key}-")).collect();
    format!(
        "kubectl annotate -n {} deploy/{} {}",
        word(&seen.release.namespace),
        word(&seen.release.jobs_manager),
        keys.join(" ")
    )
}

fn locked_out(context: &Context<'_>, images: &[Judged<'_>]) -> Option<Finding> {
    let is_stuck = |image: &&Judged<'_>| image.stuck_by.contains(&Streak::Attempts);
    let stuck = names(images.iter().filter(is_stuck));
    if stuck.is_empty() {
        return None;
    }
    let streak = streak(context, Streak::Attempts)?;
    let message = format!(
        "cannot refresh itself: {} rollouts in a row did not end well, and nothing moves {stuck} until a person clears the count.",
        fraction(streak)
    );
    let mut found = finding(Outcome::Fail, Code::FlapLockout, message);
    let clear = clearing(context.seen, &[Streak::Attempts.key(), FLAP_DETECTED]);
    found.details.push(("clear", clear));
    Some(found)
}

fn skipping(context: &Context<'_>, images: &[Judged<'_>]) -> Option<Finding> {
    if !images
        .iter()
        .any(|image| image.stuck_by.contains(&Streak::Skips))
    {
        return None;
    }
    let streak = streak(context, Streak::Skips)?;
    let release = &context.seen.release;
    let waits = context
        .seen
        .image(ManagedImage::JobsManager)
        .and_then(|image| image.workload.as_ref().ok())
        .and_then(|workload| match &workload.rollout {
            Rollout::InFlight(words) | Rollout::Failed(words) => {
                Some(format!(" ({})", quoted(words.trim_end_matches('.'))))
            }
            Rollout::Paused => Some(" (paused)".to_owned()),
            Rollout::Settled => None,
        })
        .unwrap_or_default();
    let message = format!(
        "cannot refresh itself: {} ticks skipped in a row{}, because {} is not settled{waits}. It goes on by itself once that is.",
        fraction(streak),
        since(context.seen, streak.since),
        quoted(&release.jobs_manager)
    );
    Some(finding(Outcome::Fail, Code::SkipStreak, message))
}

fn no_cluster(context: &Context<'_>) -> Option<Finding> {
    has_no_cluster(context.seen).then(|| {
        let message = "the refresher talks to localhost:8080: kubectl finds no in-cluster configuration in its pod (chart #634, fixed in 1.9.28)."
            .to_owned();
        finding(Outcome::Fail, Code::NoInClusterConfig, message)
    })
}

fn frozen(context: &Context<'_>) -> Option<Finding> {
    let (frozen, cron_job) = (context.frozen?, context.seen.release.cron_job()?);
    let name = quoted(&cron_job.name);
    let (outcome, message) = match frozen {
        Frozen::Suspended => (
            Outcome::Warn,
            format!("{name} is suspended: nothing moves until a person resumes it."),
        ),
        Frozen::Overdue(since) => (
            Outcome::Fail,
            format!(
                "{name} has started no run for {}, and at least two were due since.",
                ago(context.seen, *since)
            ),
        ),
        Frozen::Stuck(run, Why::PastDeadline(deadline)) => (
            Outcome::Fail,
            format!(
                "run {} is still active, past the {} that it may take.",
                quoted(&run.job),
                age(i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX))
            ),
        ),
        Frozen::Stuck(run, Why::NoPod) => (
            Outcome::Fail,
            format!(
                "run {} is active without any pod: a quota or an admission webhook refuses it ({}).",
                quoted(&run.job),
                Code::AdmissionRefused
            ),
        ),
        Frozen::Failing(count) => (
            Outcome::Fail,
            format!(
                "the last {count} runs of {name} failed{}.",
                reasons(context)
            ),
        ),
        Frozen::Unsuccessful(since) => (
            Outcome::Fail,
            format!(
                "no run of {name} has ended well for {}, though several were started.",
                ago(context.seen, *since)
            ),
        ),
    };
    Some(finding(outcome, frozen.code(), message))
}

/// `, all with BackoffLimitExceeded`.
fn reasons(context: &Context<'_>) -> String {
    let mut reasons: Vec<_> = failed(context.seen)
        .filter_map(|run| match &run.outcome {
            RunOutcome::Failed { reason, .. } => Some(quoted(reason)),
            RunOutcome::Active { .. } | RunOutcome::Complete { .. } => None,
        })
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    match &reasons[..] {
        [one] => format!(", all with {one}"),
        many => format!(", with {}", list(many)),
    }
}

fn absent(context: &Context<'_>, images: &[Judged<'_>]) -> Option<Finding> {
    let Refresher::Absent(_) = context.seen.release.refresher else {
        return None;
    };
    let is_free = |image: &&Judged<'_>| !image.is(State::Held) && !image.is(State::Mirrored);
    let free = names(images.iter().filter(is_free));
    (!free.is_empty()).then(|| {
        let message = format!("there is no refresh job: nothing here moves {free}.");
        finding(Outcome::Note, Code::NoCronJob, message)
    })
}

fn counters(context: &Context<'_>) -> Vec<Finding> {
    let Some(_) = context.seen.release.cron_job() else {
        return Vec::new();
    };
    let warn = |message| finding(Outcome::Warn, Code::CounterMalformed, message);
    let record = match &context.seen.record {
        Ok(record) => record,
        Err(blind) => {
            let message = format!(
                "the record on {} is not readable, and no counter is taken for zero: {}.",
                quoted(&context.seen.release.jobs_manager),
                quoted(&blind.0)
            );
            return vec![warn(message)];
        }
    };
    let counted = context.streaks.iter().map(|streak| streak.streak);
    counted
        .filter_map(|streak| {
            let text = quoted(record.annotations.get(streak.key())?);
            let key = streak.key();
            match record.counter(streak) {
                Counter::Malformed => {
                    Some(warn(format!("{key} is \"{text}\", which is no number and counts as 0.")))
                }
                Counter::TooLarge => Some(warn(format!(
                    "{key} is \"{text}\", more than can be counted; it is taken for the largest number."
                ))),
                Counter::Absent | Counter::Count(_) => None,
            }
        })
        .collect()
}

/// Annotations that the present refresher neither reads nor clears.
fn leftovers(context: &Context<'_>) -> Option<Finding> {
    let release = &context.seen.release;
    release.cron_job()?;
    let record = context.seen.record.as_ref().ok()?;
    let has = |capability: Capability| release.capabilities.has(capability);
    let digests = ManagedImage::ALL
        .into_iter()
        .filter(|image| !release.capabilities.manages(*image))
        .filter_map(ManagedImage::record_key);
    let counters = Streak::ALL
        .into_iter()
        .filter(|streak| !has(counted_by(*streak)))
        .map(Streak::key);
    let error = (!has(Capability::FailureStreak) || is_orphaned(record)).then_some(LAST_ERROR);
    let flap = (!has(Capability::FlapGuard)).then_some(FLAP_DETECTED);
    let keys: Vec<_> = digests
        .chain(counters)
        .chain(error)
        .chain(flap)
        .filter(|key| record.annotations.contains_key(*key))
        .collect();
    if keys.is_empty() {
        return None;
    }
    let names: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    let message = format!("leftover, ignored: {}.", list(&names));
    let mut found = finding(Outcome::Note, Code::Leftover, message);
    found.details.push(("clear", clearing(context.seen, &keys)));
    Some(found)
}

/// A last error whose counter a person removed: no tick clears it.
fn is_orphaned(record: &Record) -> bool {
    record.counter(Streak::Failures) == Counter::Absent
}
