//! What keeps the refresher from moving one image: counted failures (301, 302) and uncounted ones (310).

use super::{Context, ago, on, quoted, since};
use crate::capability::{Capability, Limit};
use crate::codes::Code;
use crate::health::facts::Folded;
use crate::health::image::{Judged, counted_by};
use crate::health::silent::{Silence, silence};
use crate::health::{Finding, Outcome, State};
use crate::image::ManagedImage;
use crate::observation::Depth;
use crate::record::{Recorded, Streak};

pub(super) fn findings(context: &Context<'_>, judged: &Judged<'_>) -> Vec<Finding> {
    counted(context, judged)
        .into_iter()
        .chain(uncounted(context, judged))
        .collect()
}

/// The ingestor's failed lookups.
fn counted(context: &Context<'_>, judged: &Judged<'_>) -> Option<Finding> {
    if judged.image() != ManagedImage::Ingestor || judged.is(State::Held) {
        return None;
    }
    let streak = context
        .streaks
        .iter()
        .find(|one| one.streak == Streak::Failures)?;
    let count = *streak.count.as_ref().ok()?;
    if count == 0 {
        return None;
    }
    let registry = quoted(&judged.facts.observed.tracks.as_ref()?.registry);
    let since = since(context.seen, streak.since);
    let by_hand = match judged.assessed.to_latest.running {
        Folded::Same => " It was moved by hand; pods still cannot resolve it.",
        Folded::Other | Folded::Unknown(_) => "",
    };
    let (outcome, code, message) = match &streak.limit {
        Limit::At(limit) if judged.stuck_by.contains(&Streak::Failures) => (
            Outcome::Fail,
            Code::StreakAtThreshold,
            format!(
                "cannot refresh itself: {registry} lookups failed {count}/{limit} times in a row{since}.{by_hand}"
            ),
        ),
        Limit::At(limit) => (
            Outcome::Warn,
            Code::StreakBelowThreshold,
            format!(
                "{registry} lookups failed {count}/{limit} times in a row{since}; from {limit} on the run fails.{by_hand}"
            ),
        ),
        Limit::Unusable(_) | Limit::Elsewhere => {
            let times = if count == 1 { "time" } else { "times" };
            let from = if streak.limit == Limit::Elsewhere {
                "; from how many on the run fails cannot be read"
            } else {
                ", and no run will ever fail for it"
            };
            let message = format!(
                "{registry} lookups failed {count} {times} in a row{since}{from}.{by_hand}"
            );
            (Outcome::Warn, Code::StreakBelowThreshold, message)
        }
    };
    let mut found = on(judged.image(), outcome, code, message);
    if let Some(error) = &streak.last_error {
        found.details.push(("last error", quoted(error)));
    }
    if let Ok(Recorded::At(recorded)) = judged.facts.recorded() {
        found.details.push(("recorded", recorded.to_string()));
    }
    Some(found)
}

fn uncounted(context: &Context<'_>, judged: &Judged<'_>) -> Option<Finding> {
    const WARNED: &str = "the last completed run warned \"could not resolve latest digest\" for";

    let name = quoted(&judged.facts.observed.tracks.as_ref()?.name());
    let (outcome, message, cause) = match silence(judged, context.timetable)? {
        Silence::Warned(cause) => (
            Outcome::Fail,
            format!(
                "green but not refreshing: {WARNED} {name} and exited 0. {}",
                counts_nothing(judged)
            ),
            cause,
        ),
        // A build may be promoted long after it was made: beside many others, nobody read the log that would tell.
        Silence::Old(created) if context.seen.depth == Depth::Overview => (
            Outcome::Warn,
            format!(
                "perhaps green but not refreshing: the latest of {name} was built {} ago, runs have succeeded long after, and it is not in use. Only a look at this release alone reads the log.",
                ago(context.seen, created)
            ),
            None,
        ),
        Silence::Old(created) => (
            Outcome::Fail,
            format!(
                "green but not refreshing: the latest of {name} was built {} ago, runs have succeeded long after, and it is not in use. {}",
                ago(context.seen, created),
                counts_nothing(judged)
            ),
            None,
        ),
        Silence::Harmless(cause) => (
            Outcome::Note,
            format!("{WARNED} {name}; what runs is the latest all the same."),
            cause,
        ),
    };
    let mut found = on(judged.image(), outcome, Code::SilentFailure, message);
    if let Some(cause) = cause {
        found.details.push(("log", quoted(&cause)));
    }
    Some(found)
}

fn counts_nothing(judged: &Judged<'_>) -> &'static str {
    let capabilities = &judged.facts.seen.release.capabilities;
    let counts = |capability: Capability| capabilities.has(capability);
    if Streak::ALL.into_iter().map(counted_by).any(counts) {
        "This chart does not count these lookups and will never fail for them."
    } else {
        "This chart counts nothing and will never fail."
    }
}
