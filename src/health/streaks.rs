//! How far each counter is, when it will raise the alarm, and since when it runs.

use std::time::Duration;

use jiff::Timestamp;

use super::image::{counted_by, limit};
use super::job::last_success_origin;
use super::{AssessedStreak, Bound, Since};
use crate::capability::Limit;
use crate::observation::{Observation, Origin, RunOutcome};
use crate::record::{LAST_ERROR, Record, Streak};
use crate::release::CronJob;
use crate::schedule::{Back, Timetable};

/// Those that this generation counts, in the order of `Streak::ALL`.
pub(super) fn streaks(seen: &Observation, timetable: Option<&Timetable>) -> Vec<AssessedStreak> {
    let Some(cron_job) = seen.release.cron_job() else {
        return Vec::new();
    };
    let interval = timetable.and_then(|timetable| timetable.interval(seen.at));
    Streak::ALL
        .into_iter()
        .filter(|streak| seen.release.capabilities.has(counted_by(*streak)))
        .map(|streak| {
            let limit = limit(cron_job, streak);
            let record = seen.record.as_ref();
            AssessedStreak {
                streak,
                count: record
                    .map(|record| record.counter(streak).value())
                    .map_err(Clone::clone),
                limit: limit.clone(),
                alarm_after: alarm_after(limit.number(), interval),
                since: record
                    .ok()
                    .and_then(|record| since(seen, cron_job, record, streak, timetable)),
                last_error: record
                    .ok()
                    .filter(|record| streak == Streak::Failures && record.has(LAST_ERROR))
                    .and_then(|record| record.annotations.get(LAST_ERROR).cloned()),
            }
        })
        .collect()
}

pub(super) fn alarm_after(limit: Option<u64>, interval: Option<Duration>) -> Option<Duration> {
    interval?.checked_mul(u32::try_from(limit?).ok()?)
}

/// Below the limit every tick was a success, so the runs are counted back from the last; at the limit they fail, so
/// the streak began that many successes before the last one.
fn since(
    seen: &Observation,
    cron_job: &CronJob,
    record: &Record,
    streak: Streak,
    timetable: Option<&Timetable>,
) -> Option<Since> {
    let count = record.counter(streak).value();
    if count == 0 {
        return None;
    }
    let written = record.written.get(streak.key()).copied();
    let by_schedule = match streak {
        // Attempts are made when something moved, not at every point.
        Streak::Attempts => None,
        Streak::Failures | Streak::Skips => match limit(cron_job, streak) {
            Limit::At(limit) if count >= *limit => at_limit(seen, cron_job, *limit, timetable),
            Limit::At(_) | Limit::Unusable(_) | Limit::Elsewhere => {
                back(timetable, cron_job.last_schedule, count.saturating_sub(1))
            }
        },
    };
    match (by_schedule, written) {
        (Some(since), Some(written)) => Some(Since {
            about: since.about.min(written),
            ..since
        }),
        (Some(since), None) => Some(since),
        (None, written) => written.map(at_least),
    }
}

fn at_limit(
    seen: &Observation,
    cron_job: &CronJob,
    limit: u64,
    timetable: Option<&Timetable>,
) -> Option<Since> {
    let success = cron_job
        .last_success
        .filter(|_| last_success_origin(seen) != Some(Origin::Manual));
    let Some(success) = success else {
        return earliest_failure(seen).map(at_least);
    };
    if limit < 2 {
        return timetable?.after(success).map(about);
    }
    let point = timetable?.of(success);
    back(timetable, point, limit - 2)
}

fn back(timetable: Option<&Timetable>, point: Option<Timestamp>, points: u64) -> Option<Since> {
    match timetable?.back(point?, points)? {
        Back::At(time) => Some(about(time)),
        Back::BeforeThat(time) => Some(at_least(time)),
    }
}

fn earliest_failure(seen: &Observation) -> Option<Timestamp> {
    let runs = seen.runs.iter().flatten();
    runs.filter(|run| matches!(run.outcome, RunOutcome::Failed { .. }))
        .filter_map(|run| run.scheduled.or(run.started))
        .min()
}

const fn about(about: Timestamp) -> Since {
    Since {
        about,
        bound: Bound::About,
    }
}

const fn at_least(about: Timestamp) -> Since {
    Since {
        about,
        bound: Bound::AtLeast,
    }
}
