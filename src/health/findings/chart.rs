//! Values of the chart that do not do what they say (601 to 605).

use std::time::Duration;

use super::{Context, finding, quoted};
use crate::age::age;
use crate::capability::{Capability, Limit};
use crate::codes::Code;
use crate::health::image::{counted_by, limit};
use crate::health::job::rollout_timeout;
use crate::health::streaks::alarm_after;
use crate::health::{Finding, Outcome};
use crate::observation::ProxySettings;
use crate::record::Streak;
use crate::release::CronJob;

/// Alarms that come later than this are no alarms.
const LATEST_ALARM: Duration = Duration::from_secs(24 * 60 * 60);

/// Channel words whose tag nobody publishes, and the tag that was meant.
const RETIRED: [(&str, &str); 3] = [
    ("development", "dev"),
    ("staging", "stg"),
    ("production", "prod"),
];

pub(super) fn findings(context: &Context<'_>) -> Vec<Finding> {
    let Some(cron_job) = context.seen.release.cron_job() else {
        return Vec::new();
    };
    let mut found: Vec<_> = [
        proxy(context),
        retired(cron_job),
        mirror(context),
        deadline(context, cron_job),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(limits(context, cron_job));
    found
}

fn proxy(context: &Context<'_>) -> Option<Finding> {
    (context.seen.proxy == ProxySettings::ApiOnly).then(|| {
        let message = "a proxy is set on the api container but not on the refresh job, whose lookups go without it."
            .to_owned();
        finding(Outcome::Warn, Code::ProxyNotOnCronJob, message)
    })
}

fn retired(cron_job: &CronJob) -> Option<Finding> {
    let polled = cron_job.tag.as_deref()?;
    let (tag, meant) = RETIRED.iter().find(|(tag, _)| *tag == polled)?;
    let message = format!(
        "the refresher polls the tag {tag}, which nobody publishes any more; env.CLIENT_ENV: {meant} is meant."
    );
    Some(finding(Outcome::Warn, Code::RetiredTag, message))
}

fn mirror(context: &Context<'_>) -> Option<Finding> {
    let host = context.seen.mirror.as_ref()?;
    if context.seen.release.capabilities.has(Capability::SetImage) {
        return None;
    }
    let message = format!(
        "images come from the mirror '{}', and this refresher does not know: it restarts when docker.io moves.",
        quoted(host)
    );
    Some(finding(Outcome::Warn, Code::MirrorUnknownToScript, message))
}

fn deadline(context: &Context<'_>, cron_job: &CronJob) -> Option<Finding> {
    let capabilities = &context.seen.release.capabilities;
    let waits = if capabilities.has(Capability::SetImage) {
        3
    } else {
        1
    };
    let needed = rollout_timeout(cron_job).saturating_mul(waits);
    let deadline = cron_job
        .active_deadline
        .filter(|deadline| *deadline <= needed)?;
    let message = format!(
        "a run may take {}, and waiting for its rollouts alone up to {}: it may be stopped while it waits.",
        words(deadline),
        words(needed)
    );
    Some(finding(Outcome::Warn, Code::DeadlineTooShort, message))
}

fn limits(context: &Context<'_>, cron_job: &CronJob) -> Vec<Finding> {
    let interval = context
        .timetable
        .and_then(|timetable| timetable.interval(context.seen.at));
    Streak::ALL
        .into_iter()
        .filter(|streak| context.seen.release.capabilities.has(counted_by(*streak)))
        .filter_map(|streak| {
            let name = streak.limited_by();
            let (outcome, message) = match limit(cron_job, streak) {
                Limit::Unusable(text) => {
                    let text = quoted(text);
                    let message = format!("{name} is \"{text}\", which is no number to the refresher: the limit never fires.");
                    (Outcome::Warn, message)
                }
                // What could not be read is told as such.
                Limit::Elsewhere => return None,
                Limit::At(0) => (Outcome::Warn, format!("{name} is below 1: the limit fires at once.")),
                Limit::At(1) => {
                    (Outcome::Note, format!("{name} is 1: a single hiccup raises the alarm."))
                }
                Limit::At(limit) => match (interval, alarm_after(Some(*limit), interval)) {
                    (_, Some(after)) if after > LATEST_ALARM => (
                        Outcome::Warn,
                        format!("{name} is {limit}: the alarm comes only after {}.", words(after)),
                    ),
                    // More than a duration holds.
                    (Some(_), None) => {
                        (Outcome::Warn, format!("{name} is {limit}: the alarm never comes."))
                    }
                    (_, Some(_)) | (None, None) => return None,
                },
            };
            Some(finding(outcome, Code::LimitUnusable, message))
        })
        .collect()
}

fn words(duration: Duration) -> String {
    age(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
