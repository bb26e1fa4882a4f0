//! The points in time at which a CronJob is to run: before now, after now, and how far apart.
//!
//! A schedule that cannot be read is unknown, never a failure: Kubernetes takes forms (`@every 90m`, `TZ=…`) that
//! name no points on a calendar.

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::release::Schedule;
use crate::text::{QUOTED, printable};

/// How many points are walked back at most; beyond them an answer is a bound.
const FARTHEST: u64 = 1_000;

/// How many of the next gaps the usual distance is taken from: a working day of an hourly schedule, and the night.
const GAPS: usize = 9;

#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    cron: Cron,
    zone: TimeZone,
}

/// A point some way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    At(Timestamp),
    /// As far as was walked.
    BeforeThat(Timestamp),
}

impl Timetable {
    /// # Errors
    ///
    /// Why it cannot be read, in one printable line.
    pub(crate) fn read(schedule: &Schedule) -> Result<Self, String> {
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            // `5/15` is every 15 minutes from minute 5, as in Kubernetes.
            .sloppy_ranges(true)
            .build()
            .parse(&schedule.cron)
            .map_err(|_| {
                let cron = printable(&schedule.cron, QUOTED);
                format!("schedule \"{cron}\" names no points that are understood here")
            })?;
        let zone = match &schedule.zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| {
                let name = printable(name, QUOTED);
                format!("time zone \"{name}\" is not known on this machine")
            })?,
        };
        Ok(Self { cron, zone })
    }

    /// The first point after `at`. `None` when there is none: the 31st of February.
    pub(crate) fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let from = at.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&from, false).ok()?;
        Some(next.timestamp())
    }

    /// The last point before `at`.
    pub(crate) fn before(&self, at: Timestamp) -> Option<Timestamp> {
        let from = at.to_zoned(self.zone.clone());
        let last = self.cron.find_previous_occurrence(&from, false).ok()?;
        Some(last.timestamp())
    }

    /// The last point that is not after `at`: the one a run that was busy then belongs to.
    pub(crate) fn of(&self, at: Timestamp) -> Option<Timestamp> {
        let after = self.after(at)?;
        self.before(after)
    }

    /// The point that lies `points` before this one.
    pub(crate) fn back(&self, point: Timestamp, points: u64) -> Option<Back> {
        let mut at = point;
        for _ in 0..points.min(FARTHEST) {
            at = self.before(at)?;
        }
        Some(if points > FARTHEST {
            Back::BeforeThat(at)
        } else {
            Back::At(at)
        })
    }

    /// The `points`th point after `at`.
    pub(crate) fn ahead(&self, at: Timestamp, points: u64) -> Option<Timestamp> {
        (0..points.min(FARTHEST)).try_fold(at, |at, _| self.after(at))
    }

    /// The usual distance of two runs, from `at` on: the median, so that a night or a weekend does not count.
    pub(crate) fn interval(&self, at: Timestamp) -> Option<Duration> {
        let first = self.after(at)?;
        let points = std::iter::successors(Some(first), |point| self.after(*point));
        let points: Vec<_> = points.take(GAPS + 1).collect();
        let mut gaps: Vec<_> = points
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]))
            .collect();
        gaps.sort_unstable();
        Duration::try_from(*gaps.get(gaps.len() / 2)?).ok()
    }
}

#[cfg(test)]
mod tests;
