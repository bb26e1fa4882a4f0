//! Judges an observation: the states of each image, the findings, and what to type next. Pure.
//!
//! The table of states stands in `health/state.rs`, where it is decided.
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::capability::Limit;
use crate::codes::Code;
use crate::image::{Digest, ManagedImage, Platform};
use crate::lookup::Layer;
use crate::observation::{Observation, Seen};
use crate::record::Streak;
use crate::schedule::Timetable;

use advice::Advice;
use facts::Facts;
pub(crate) use facts::Folded;
use findings::Context;
use job::Frozen;

mod advice;
mod egress;
mod facts;
mod findings;
mod held;
mod image;
mod in_use;
mod incomplete;
mod job;
mod pods;
mod silent;
mod state;
mod streaks;

/// What an observation means.
pub(crate) fn assess(seen: &Observation) -> Assessment {
    let timetable = seen
        .release
        .cron_job()
        .and_then(|cron_job| Timetable::read(&cron_job.schedule).ok());
    let timetable = timetable.as_ref();
    let mut images: Vec<_> = seen
        .images
        .iter()
        .map(|observed| image::judge(Facts { seen, observed }))
        .collect();
    images.sort_by_key(|judged| judged.assessed.states.first().copied());
    let streaks = streaks::streaks(seen, timetable);
    let frozen = job::frozen(seen, timetable);
    let context = Context {
        seen,
        timetable,
        streaks: &streaks,
        frozen: frozen.as_ref(),
    };
    let mut assessment = Assessment {
        images: images
            .iter()
            .map(|judged| judged.assessed.clone())
            .collect(),
        frozen: frozen.as_ref().map(Frozen::code),
        refresh: job::refresh(seen, timetable, frozen.as_ref()),
        egress: egress::egress(seen, &images),
        findings: findings::findings(&context, &images),
        next: Vec::new(),
        incomplete: incomplete::incomplete(seen, &images),
        streaks: streaks.clone(),
    };
    assessment.next = Advice {
        seen,
        images: &images,
        assessment: &assessment,
        frozen: frozen.as_ref(),
    }
    .steps();
    assessment
}

/// A state of an image, worst first: the order of screens and JSON. The word is the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    /// Cannot refresh itself any more.
    Stuck,
    /// The image in use cannot run here.
    Broken,
    /// The latest differs, and a refresh would change it.
    Stale,
    /// Recorded, spec and running disagree.
    Drifted,
    /// The refresher does not run; a state of the release, shown beside its images'.
    Frozen,
    /// The latest is not known. Never shown as current.
    Unknown,
    /// Deliberately pinned.
    Held,
    /// Pulled from a private mirror: comparing with the public registry means nothing.
    Mirrored,
    /// Running = recorded = latest, and it runs on every eligible node.
    Current,
}

impl State {
    pub(crate) const ALL: [Self; 9] = [
        Self::Stuck,
        Self::Broken,
        Self::Stale,
        Self::Drifted,
        Self::Frozen,
        Self::Unknown,
        Self::Held,
        Self::Mirrored,
        Self::Current,
    ];

    /// The word in JSON and behind `--state`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Broken => "broken",
            Self::Stale => "stale",
            Self::Drifted => "drifted",
            Self::Frozen => "frozen",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Mirrored => "mirrored",
            Self::Current => "current",
        }
    }
}

/// What one look at a release means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assessment {
    /// Worst first, then in the order of `ManagedImage::ALL`.
    pub(crate) images: Vec<AssessedImage>,
    /// `Frozen`, where the refresher does not run.
    pub(crate) frozen: Option<Code>,
    /// Those that this generation counts, in the order of `Streak::ALL`.
    pub(crate) streaks: Vec<AssessedStreak>,
    /// `None` without a CronJob.
    pub(crate) refresh: Option<AssessedRefresh>,
    /// Per registry, this machine's answer and the cluster's evidence.
    pub(crate) egress: Vec<Egress>,
    /// In the order in which they are shown.
    pub(crate) findings: Vec<Finding>,
    /// Commands to type, most urgent first.
    pub(crate) next: Vec<NextStep>,
    /// What was looked for and not seen. Empty when nothing is missing that would have changed the answer.
    pub(crate) incomplete: Vec<Incomplete>,
}

/// A look that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incomplete {
    /// A few words: `ingestor: latest`, `nodes`.
    pub(crate) what: String,
    pub(crate) why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssessedImage {
    pub(crate) image: ManagedImage,
    /// At least one, in the order of `State::ALL`; `Current` only alone.
    pub(crate) states: Vec<State>,
    pub(crate) in_use: InUse,
    /// What the spec says, as a digest; the reason when it is none.
    pub(crate) spec: Seen<Digest>,
    /// `Ok(None)`: nothing is recorded.
    pub(crate) recorded: Seen<Option<Digest>>,
    /// What runs, by digest as pods show it; empty when nothing runs.
    pub(crate) running: Seen<BTreeSet<Digest>>,
    pub(crate) latest: Seen<Digest>,
    /// How what runs, what is recorded and what is set stand to the latest.
    pub(crate) to_latest: ToLatest,
    pub(crate) coverage: Coverage,
    /// Pods that wait in vain, each as what it is: 501, 502 or 503.
    pub(crate) troubles: BTreeSet<Code>,
    /// Why the state is `Unknown`, where it is; printable.
    pub(crate) unknown: Option<String>,
    /// Who pinned it and where, for a held image; goes on after "ingestor is ".
    pub(crate) held: Option<String>,
}

/// Comparisons with the latest digest. All unknown where that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToLatest {
    pub(crate) running: Folded,
    /// `None`: nothing is recorded, or this generation records nothing for the image.
    pub(crate) recorded: Option<Folded>,
    /// `None`: the spec names no digest.
    pub(crate) spec: Option<Folded>,
}

/// What a person should take for "the image in use".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InUse {
    /// All Ready pods of the newest template agree, or no pod runs and the spec names a digest.
    Digest(Digest),
    /// Ready pods of the newest template disagree.
    Several(BTreeSet<Digest>),
    /// Resolved anew at every ingestion.
    Floats,
    /// The ingestor's digest is empty (TBI-409).
    None,
    /// Nothing runs and the spec names a tag.
    Tag(String),
    Unknown(String),
}

/// Platforms of the image in use and of the latest, against the nodes that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) in_use: Seen<BTreeSet<Platform>>,
    pub(crate) latest: Seen<BTreeSet<Platform>>,
    /// The platforms of the eligible nodes.
    pub(crate) required: Seen<BTreeSet<Platform>>,
    /// Required, and not in the image in use. Empty when either is not known.
    pub(crate) missing: BTreeSet<Platform>,
    /// Required, and not in the latest.
    pub(crate) latest_missing: BTreeSet<Platform>,
    /// Names of the eligible nodes that cannot run the image in use.
    pub(crate) nodes_missing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssessedStreak {
    pub(crate) streak: Streak,
    /// `Err` when the record could not be read: never shown as zero.
    pub(crate) count: Seen<u64>,
    pub(crate) limit: Limit,
    /// Limit times the schedule's interval; `None` when either is not known.
    pub(crate) alarm_after: Option<Duration>,
    /// `None` when the count is zero or nothing tells.
    pub(crate) since: Option<Since>,
    /// The annotation, verbatim. `None` when there is none.
    pub(crate) last_error: Option<String>,
}

/// Since when a streak runs, as far as schedule and kept Jobs tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) about: Timestamp,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    About,
    /// It began then or earlier.
    AtLeast,
}

/// The refresh job's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssessedRefresh {
    pub(crate) state: JobState,
    /// The next schedule point; `None` when suspended or the schedule cannot be read.
    pub(crate) next_run: Option<Timestamp>,
    /// The usual distance of two runs; `None` when the schedule cannot be read.
    pub(crate) interval: Option<Duration>,
    /// Whether the last success was a run that a person made. `None` when the runs kept do not tell.
    pub(crate) last_success_origin: Option<crate::observation::Origin>,
    /// How many of the runs kept failed since the last success. `None` where they are not known.
    pub(crate) failed_since_success: Option<usize>,
}

/// How the refresh job does, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum JobState {
    Suspended,
    /// Runs were due and none was started.
    Overdue,
    /// A run takes longer than it may, or gets no pod.
    Stuck,
    /// The last runs did not end well.
    Failing,
    /// Behind a mirror it does nothing, on purpose.
    Inert,
    /// No run has ended yet.
    New,
    Ok,
    /// Neither its runs nor its schedule can be read.
    Unknown,
}

impl JobState {
    pub(crate) const ALL: [Self; 8] = [
        Self::Suspended,
        Self::Overdue,
        Self::Stuck,
        Self::Failing,
        Self::Inert,
        Self::New,
        Self::Ok,
        Self::Unknown,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Overdue => "overdue",
            Self::Stuck => "stuck",
            Self::Failing => "failing",
            Self::Inert => "inert",
            Self::New => "new",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of the way to one registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Egress {
    /// `docker.io`, `ghcr.io`.
    pub(crate) registry: String,
    /// `None` when this machine was not to ask.
    pub(crate) here: Option<Result<Duration, BrokenLayer>>,
    pub(crate) cluster: ClusterEvidence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokenLayer {
    pub(crate) layer: Layer,
    pub(crate) code: Option<Code>,
    pub(crate) message: String,
}

/// What the cluster's own runs say about a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClusterEvidence {
    /// `by` is what tells, in a few words: `3/3`, `last run's log`. `at` is when it was so.
    Reaches {
        by: String,
        at: Option<Timestamp>,
    },
    Fails {
        by: String,
        at: Option<Timestamp>,
    },
    /// With the reason: `no log`, …
    Nothing(String),
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    pub(crate) outcome: Outcome,
    /// `None` for a finding about the release.
    pub(crate) image: Option<ManagedImage>,
    /// One sentence or two, printable; no trailing code. Digests stand in full: a screen shortens them.
    pub(crate) message: String,
    /// Further lines: a label of a few letters and a text, verbatim but printable.
    pub(crate) details: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    Fail,
    Warn,
    Note,
}

impl Outcome {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

/// A command to type, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NextStep {
    pub(crate) command: String,
    pub(crate) why: String,
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
