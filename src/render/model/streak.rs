//! How often in a row something failed, against the limit at which it counts.

use serde::Serialize;

use super::{Reasons, Time, known};
use crate::capability::{Limit, from_elsewhere};
use crate::health::{AssessedStreak, Assessment, Bound};
use crate::observation::Blind;
use crate::record;

/// The reason for a limit that never fires.
pub(crate) const NO_NUMBER: &str = "not a number";

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Streak {
    pub(crate) kind: StreakKind,
    pub(crate) count: Option<u64>,
    /// Not known, with the reason: [`NO_NUMBER`], and it never fires, or what keeps it from being read.
    pub(crate) limit: Option<u64>,
    pub(crate) alarm_after_seconds: Option<u64>,
    pub(crate) since_about: Option<Time>,
    pub(crate) since_bound: Option<Bound>,
    pub(crate) last_error: Option<String>,
    /// Whether success alone clears it once the limit is reached.
    pub(crate) clears_itself: bool,
    pub(crate) reasons: Reasons,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StreakKind {
    IngestorResolve,
    RolloutAttempts,
    SkippedTicks,
}

/// That of the ingestor's lookups, where this generation counts them.
pub(super) fn ingestor(judged: &Assessment) -> Option<Streak> {
    judged
        .streaks
        .iter()
        .find(|streak| streak.streak == record::Streak::Failures)
        .map(Streak::new)
}

impl Streak {
    pub(super) fn new(judged: &AssessedStreak) -> Self {
        let mut reasons = Reasons::new();
        let unusable = |what: &str| Blind(what.to_owned());
        Self {
            kind: match judged.streak {
                record::Streak::Failures => StreakKind::IngestorResolve,
                record::Streak::Attempts => StreakKind::RolloutAttempts,
                record::Streak::Skips => StreakKind::SkippedTicks,
            },
            count: known(&mut reasons, "count", judged.count.clone()),
            limit: known(
                &mut reasons,
                "limit",
                match &judged.limit {
                    Limit::At(limit) => Ok(*limit),
                    Limit::Unusable(_) => Err(unusable(NO_NUMBER)),
                    Limit::Elsewhere => Err(Blind(from_elsewhere(judged.streak.limited_by()))),
                },
            ),
            alarm_after_seconds: known(
                &mut reasons,
                "alarmAfterSeconds",
                judged
                    .alarm_after
                    .map(|after| after.as_secs())
                    .ok_or_else(|| unusable("limit or schedule not understood")),
            ),
            since_about: judged.since.map(|since| Time(since.about)),
            since_bound: judged.since.map(|since| since.bound),
            last_error: judged.last_error.clone(),
            clears_itself: judged.streak != record::Streak::Attempts,
            reasons,
        }
    }
}
