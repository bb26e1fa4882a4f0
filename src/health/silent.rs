//! Green but not refreshing (TBI-310): lookups that fail without being counted, behind a Job that completes.

use jiff::Timestamp;

use super::State;
use super::egress::{Looked, looked, newest_log};
use super::facts::Folded;
use super::image::Judged;
use crate::capability::Capability;
use crate::image::ManagedImage;
use crate::lookup::Failure;
use crate::schedule::Timetable;
use crate::wanted::dated;

/// So many points may pass between a build and the run that moves to it: two ticks of a fresh install, twice.
const POINTS: u64 = 4;

/// What gives it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The newest completed run warned, with the words of the tool that failed.
    Warned(Option<String>),
    /// It warned, and what runs is the latest all the same.
    Harmless(Option<String>),
    /// No log tells; the latest was built then, and runs have succeeded long after.
    Old(Timestamp),
}

pub(super) fn silence(judged: &Judged<'_>, timetable: Option<&Timetable>) -> Option<Silence> {
    let facts = judged.facts;
    let seen = facts.seen;
    if !may_be_silent(judged) {
        return None;
    }
    let latest = facts.latest();
    if let Some(log) = newest_log(seen) {
        let Looked::Failed(cause) = looked(log, facts.observed.tracks.as_ref()?) else {
            return None;
        };
        return match (&latest, &judged.assessed.to_latest.running) {
            (Err(_), _) | (Ok(_), Folded::Other) => Some(Silence::Warned(cause)),
            (Ok(_), Folded::Same) => Some(Silence::Harmless(cause)),
            (Ok(_), Folded::Unknown(_)) => None,
        };
    }
    if judged.assessed.to_latest.running != Folded::Other {
        return None;
    }
    let config = seen.registry.configs.get(&dated(seen, &latest.ok()?)?)?;
    let created = config.as_ref().ok()?.created?;
    let noticed = timetable?.ahead(created, POINTS)?;
    (seen.release.cron_job()?.last_success? > noticed).then_some(Silence::Old(created))
}

/// Why the latest's age is not known, where that alone would tell.
pub(super) fn untold<'a>(judged: &Judged<'a>) -> Option<&'a Failure> {
    let facts = judged.facts;
    let by_age = may_be_silent(judged)
        && newest_log(facts.seen).is_none()
        && judged.assessed.to_latest.running == Folded::Other;
    let dated = dated(facts.seen, &facts.latest().ok()?)?;
    facts.content_failure(&dated).filter(|_| by_age)
}

fn may_be_silent(judged: &Judged<'_>) -> bool {
    judged.facts.is_managed()
        && is_uncounted(judged)
        && !judged.is(State::Held)
        && !judged.is(State::Mirrored)
}

/// Whose failed lookups no generation, or not this one, counts. requests-proxy is not looked up at all.
fn is_uncounted(judged: &Judged<'_>) -> bool {
    match judged.image() {
        ManagedImage::Ingestor => {
            let capabilities = &judged.facts.seen.release.capabilities;
            !capabilities.has(Capability::FailureStreak)
        }
        ManagedImage::JobsManager | ManagedImage::PodsMonitor | ManagedImage::ResourceMonitor => {
            true
        }
        ManagedImage::RequestsProxy => false,
    }
}
