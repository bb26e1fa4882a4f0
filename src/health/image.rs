//! One image, judged: its terms, its states, and what it is shown as.

use super::facts::{Facts, Folded};
use super::held::held;
use super::in_use::{cannot_run, coverage, in_use};
use super::pods::{self, Trouble};
use super::state::{
    Agreement, Alarms, Digests, Fitness, Flap, Hold, LatestRuns, Level, Recorded as RecordTerm,
    Relation, Row, Source, SpecTerm, Terms, row, states, stuck_by,
};
use super::{AssessedImage, Coverage, InUse, State, ToLatest};
use crate::capability::Capability;
use crate::image::{Digest, ManagedImage};
use crate::observation::{Blind, Running, Spec};
use crate::record::{FLAP_DETECTED, Recorded, Streak};

/// What was judged, and what of it findings and advice build on.
pub(super) struct Judged<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) assessed: AssessedImage,
    /// `None` where the row decides nothing: held or mirrored.
    pub(super) row: Option<Row>,
    pub(super) troubles: Vec<Trouble<'a>>,
    /// The counters that keep it from refreshing itself.
    pub(super) stuck_by: Vec<Streak>,
}

impl Judged<'_> {
    pub(super) fn is(&self, state: State) -> bool {
        self.assessed.states.contains(&state)
    }

    pub(super) fn image(&self) -> ManagedImage {
        self.facts.image()
    }
}

pub(super) fn judge(facts: Facts<'_>) -> Judged<'_> {
    let in_use = in_use(&facts);
    let coverage = coverage(&facts, &in_use);
    let troubles = pods::troubles(&facts);
    let held = held(&facts);
    let to_latest = to_latest(&facts);
    let digests = digests(&facts, &coverage, &to_latest);
    let is_broken = cannot_run(&facts, &coverage)
        || in_use == InUse::None
        || troubles.iter().any(Trouble::is_fatal);
    let terms = Terms {
        source: match facts.mirror() {
            Some(_) => Source::Mirror,
            None => Source::Public,
        },
        hold: match held {
            Some(_) => Hold::Held,
            None => Hold::Free,
        },
        alarms: alarms(&facts),
        fitness: if is_broken {
            Fitness::Broken
        } else {
            Fitness::Runs
        },
        digests,
    };
    let states = states(&terms);
    let is_compared = terms.source == Source::Public && terms.hold == Hold::Free;
    let row = is_compared.then(|| row(digests));
    let unknown = states
        .contains(&State::Unknown)
        .then(|| why_unknown(&facts, row, &coverage, &to_latest));
    Judged {
        assessed: AssessedImage {
            image: facts.image(),
            states,
            in_use,
            spec: spec(&facts).map_err(Blind),
            recorded: recorded(&facts).map_err(Blind),
            running: running(&facts).map_err(Blind),
            latest: facts.latest().map_err(Blind),
            to_latest,
            coverage,
            troubles: troubles.iter().map(|trouble| trouble.code).collect(),
            unknown,
            held: held.filter(|_| terms.source == Source::Public),
        },
        row,
        troubles,
        stuck_by: stuck_by(&terms),
        facts,
    }
}

fn to_latest(facts: &Facts<'_>) -> ToLatest {
    let recorded = match facts.recorded() {
        Ok(Recorded::Absent) => None,
        Ok(Recorded::Malformed(_)) => Some(Folded::Other),
        Ok(Recorded::At(digest)) => Some(against_latest(facts, &digest)),
        Err(why) => Some(Folded::Unknown(why)),
    };
    ToLatest {
        running: match facts.latest() {
            Ok(latest) => facts.runs_against(&latest),
            Err(why) => Folded::Unknown(why),
        },
        recorded,
        spec: match facts.workload().map(|workload| &workload.spec) {
            Ok(Spec::Unreadable(why)) => Some(Folded::Unknown(why.clone())),
            _ => facts.spec().map(|digest| against_latest(facts, digest)),
        },
    }
}

fn against_latest(facts: &Facts<'_>, digest: &Digest) -> Folded {
    match facts.latest() {
        Ok(latest) => facts.compare_digests(digest, &latest).into(),
        Err(why) => Folded::Unknown(why),
    }
}

fn digests(facts: &Facts<'_>, coverage: &Coverage, to_latest: &ToLatest) -> Digests {
    if facts
        .workload()
        .is_ok_and(|workload| matches!(workload.spec, Spec::Floats(_)))
    {
        return Digests::Floats(match (&coverage.latest, &coverage.required) {
            (Ok(_), Ok(_)) if coverage.latest_missing.is_empty() => LatestRuns::Everywhere,
            (Ok(_), Ok(_)) => LatestRuns::NotEverywhere,
            _ => LatestRuns::Unknown,
        });
    }
    if facts.latest().is_err() {
        return Digests::LatestUnknown(agreement(disagree(facts)));
    }
    let running = term(&to_latest.running);
    let against_record = match (facts.recorded(), running, facts.spec()) {
        (Err(_), _, _) => None,
        (Ok(recorded), Relation::Unknown, Some(spec)) => digest_against(facts, spec, &recorded),
        (Ok(recorded), _, _) => facts.runs_against_record(&recorded),
    };
    let recorded = to_latest.recorded.as_ref();
    let spec = to_latest.spec.as_ref();
    Digests::LatestKnown {
        running,
        recorded: recorded.map_or(RecordTerm::Absent, |folded| RecordTerm::Is(term(folded))),
        spec: spec.map_or(SpecTerm::NoDigest, |folded| SpecTerm::Is(term(folded))),
        record: agreement(against_record == Some(Folded::Other)),
    }
}

/// Whether any two of spec, record and what runs are proven to differ.
fn disagree(facts: &Facts<'_>) -> bool {
    let recorded = facts.recorded().unwrap_or(Recorded::Absent);
    let pairs = [
        facts
            .spec()
            .and_then(|spec| digest_against(facts, spec, &recorded)),
        facts.spec().map(|spec| facts.runs_against(spec)),
        facts.runs_against_record(&recorded),
    ];
    pairs.contains(&Some(Folded::Other))
}

fn digest_against(facts: &Facts<'_>, digest: &Digest, recorded: &Recorded) -> Option<Folded> {
    match recorded {
        Recorded::Absent => None,
        Recorded::At(recorded) => Some(facts.compare_digests(digest, recorded).into()),
        Recorded::Malformed(_) => Some(Folded::Other),
    }
}

fn term(folded: &Folded) -> Relation {
    match folded {
        Folded::Same => Relation::Same,
        Folded::Other => Relation::Other,
        Folded::Unknown(_) => Relation::Unknown,
    }
}

fn agreement(differ: bool) -> Agreement {
    if differ {
        Agreement::Disagree
    } else {
        Agreement::Agree
    }
}

fn alarms(facts: &Facts<'_>) -> Alarms {
    let seen = facts.seen;
    let (Some(cron_job), Ok(record), true) =
        (seen.release.cron_job(), &seen.record, facts.is_managed())
    else {
        return Alarms {
            failures: Level::Below,
            skips: Level::Below,
            attempts: Level::Below,
            flap: Flap::Unmarked,
        };
    };
    let level = |streak: Streak, least: u64| {
        let count = record.counter(streak).value();
        let is_counted = seen.release.capabilities.has(counted_by(streak));
        if is_counted && count >= least && limit(cron_job, streak).reached_by(count) {
            Level::AtLimit
        } else {
            Level::Below
        }
    };
    Alarms {
        failures: match facts.image() {
            ManagedImage::Ingestor => level(Streak::Failures, 1),
            ManagedImage::JobsManager
            | ManagedImage::PodsMonitor
            | ManagedImage::ResourceMonitor
            | ManagedImage::RequestsProxy => Level::Below,
        },
        skips: level(Streak::Skips, 1),
        // A limit of 0 locks out before the first attempt.
        attempts: level(Streak::Attempts, 0),
        flap: if record.has(FLAP_DETECTED) {
            Flap::Marked
        } else {
            Flap::Unmarked
        },
    }
}

pub(super) const fn counted_by(streak: Streak) -> Capability {
    match streak {
        Streak::Failures => Capability::FailureStreak,
        Streak::Attempts => Capability::FlapGuard,
        Streak::Skips => Capability::SkipStreak,
    }
}

pub(super) const fn limit(
    cron_job: &crate::release::CronJob,
    streak: Streak,
) -> &crate::capability::Limit {
    match streak {
        Streak::Failures => &cron_job.limits.failures,
        Streak::Attempts => &cron_job.limits.attempts,
        Streak::Skips => &cron_job.limits.skips,
    }
}

fn why_unknown(
    facts: &Facts<'_>,
    row: Option<Row>,
    coverage: &Coverage,
    to_latest: &ToLatest,
) -> String {
    if let Err(why) = facts.latest() {
        return why;
    }
    if let Some(Row::Floats(_)) = row {
        let blind = [
            coverage.latest.as_ref().err(),
            coverage.required.as_ref().err(),
        ];
        return blind
            .into_iter()
            .flatten()
            .map(|blind| blind.0.clone())
            .next()
            .unwrap_or_default();
    }
    let ToLatest {
        running,
        recorded,
        spec,
    } = to_latest;
    match (running, recorded, spec) {
        (Folded::Unknown(why), _, _) => why.clone(),
        (_, Some(Folded::Unknown(why)), _) => match facts.recorded() {
            Ok(_) => format!("recorded digest: {why}"),
            Err(why) => why,
        },
        (_, _, Some(Folded::Unknown(why))) => format!("the spec: {why}"),
        _ => String::new(),
    }
}

fn spec(facts: &Facts<'_>) -> Result<Digest, String> {
    match &facts.workload()?.spec {
        Spec::Pinned { digest, .. } => Ok(digest.clone()),
        Spec::Tagged { reference, .. } => Err(format!("names the tag {reference}")),
        Spec::Floats(reference) => Err(format!("floats with the tag {reference}")),
        Spec::Empty => Err("empty".to_owned()),
        Spec::Unreadable(why) => Err(why.clone()),
    }
}

fn recorded(facts: &Facts<'_>) -> Result<Option<Digest>, String> {
    match facts.recorded()? {
        Recorded::Absent => Ok(None),
        Recorded::At(digest) => Ok(Some(digest)),
        Recorded::Malformed(text) => Err(format!(
            "not a digest: {}",
            crate::text::printable(&text, crate::text::QUOTED)
        )),
    }
}

/// Digests as pods show them, those of configs among them.
fn running(facts: &Facts<'_>) -> Result<std::collections::BTreeSet<Digest>, String> {
    let mut digests = std::collections::BTreeSet::new();
    let mut unknown = None;
    for pod in facts.pods()? {
        match &pod.running {
            Running::Manifest(digest) | Running::Config(digest) => {
                digests.insert(digest.clone());
            }
            Running::Empty => {}
            Running::Unknown(why) => unknown = Some(format!("pod {}: {why}", pod.name)),
        }
    }
    match unknown {
        Some(why) if digests.is_empty() => Err(why),
        _ => Ok(digests),
    }
}
