//! The one model behind every form of `status`: table, short, YAML and JSON.
//!
//! A `null` with an entry in `reasons` of the same object is not known; a `null` without one means that there is
//! none. No key is ever left out. Digests are full and times are RFC 3339; whoever draws a screen shortens.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::codes::Code;
use crate::health::{Assessment, Bound, JobState, Outcome, State};
use crate::image::ManagedImage;
use crate::lookup::Vantage;
use crate::observation::{Observation, Seen};
use crate::release::Absence;

pub(crate) mod doctor;
mod egress;
mod fleet;
mod image;
mod job;
pub(crate) mod plan;
mod release;
pub(crate) mod report;
mod streak;
mod workload;

pub(crate) use egress::{Egress, Verdict};
#[cfg(test)]
pub(crate) use fleet::Context;
pub(crate) use fleet::{Fleet, Item, Unreachable};
pub(crate) use image::{Child, Form, Image};
pub(crate) use job::{LOG_GONE, LOG_NOT_ASKED, RefreshJob, Run, RunResult, absence};
pub(crate) use streak::{NO_NUMBER, Streak, StreakKind};
pub(crate) use workload::{DigestOf, Pod};

pub(crate) const API_VERSION: &str = "images.tracebloc.io/v1alpha1";

/// Why something is not known, by the path of its key within the object.
pub(crate) type Reasons = BTreeMap<String, String>;

/// What one look at one release showed and means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageStatus {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    /// `None` outside `-w`.
    pub(crate) event: Option<Event>,
    pub(crate) metadata: Metadata,
    pub(crate) summary: Summary,
    pub(crate) chart: Chart,
    pub(crate) nodes: Option<Vec<Node>>,
    pub(crate) lookup: Lookup,
    /// Worst first.
    pub(crate) images: Vec<Image>,
    /// Those that this generation counts.
    pub(crate) streaks: Vec<Streak>,
    pub(crate) egress: Vec<Egress>,
    /// `None` without a `CronJob`; `chart.cronJobAbsence` says why.
    pub(crate) refresh_job: Option<RefreshJob>,
    /// All of the mechanism's, verbatim.
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    /// Keys of annotations that another generation left behind.
    pub(crate) leftover_annotations: Vec<String>,
    /// Workloads of the release that this mechanism does not refresh.
    pub(crate) unmanaged: Option<Vec<String>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) incomplete: Vec<Incomplete>,
    pub(crate) next: Vec<Next>,
    pub(crate) reasons: Reasons,
}

/// What happened to the release since the line before, in `-w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Event {
    Added,
    Changed,
    Removed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) context: String,
    pub(crate) observed_at: Time,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The worst of the images' and the release's; `held` only where every image is.
    pub(crate) state: State,
    /// What `--exit-code` gives.
    pub(crate) exit_code: u8,
    pub(crate) images: Counts,
    /// Why the refresher does not run, where it does not.
    pub(crate) frozen: Option<Code>,
}

/// Each image under its first state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) total: usize,
    pub(crate) stuck: usize,
    pub(crate) broken: usize,
    pub(crate) stale: usize,
    pub(crate) drifted: usize,
    pub(crate) unknown: usize,
    pub(crate) held: usize,
    pub(crate) mirrored: usize,
    pub(crate) frozen: usize,
    pub(crate) current: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chart {
    /// From a label; decides nothing.
    pub(crate) version: Option<String>,
    pub(crate) generation: &'static str,
    pub(crate) ingestor_managed_by_cron_job: bool,
    /// Host of the private mirror that the pods pull from.
    pub(crate) mirror: Option<String>,
    /// `None` where there is a `CronJob`.
    pub(crate) cron_job_absence: Option<Absence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) os: String,
    pub(crate) arch: String,
    pub(crate) ready: bool,
    pub(crate) schedulable: bool,
}

/// How the registries were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lookup {
    pub(crate) from: Vantage,
    pub(crate) took_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    pub(crate) outcome: Outcome,
    /// `None` for a finding about the release.
    pub(crate) image: Option<ManagedImage>,
    pub(crate) message: String,
    pub(crate) details: Vec<Detail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Detail {
    pub(crate) label: &'static str,
    pub(crate) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Incomplete {
    pub(crate) what: String,
    pub(crate) reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    pub(crate) command: String,
    pub(crate) why: String,
}

/// A point in time, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Counts {
    pub(crate) fn of_states(states: impl Iterator<Item = State>) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.total += 1;
            *counts.place(state) += 1;
        }
        counts
    }

    const fn place(&mut self, state: State) -> &mut usize {
        match state {
            State::Stuck => &mut self.stuck,
            State::Broken => &mut self.broken,
            State::Stale => &mut self.stale,
            State::Drifted => &mut self.drifted,
            State::Frozen => &mut self.frozen,
            State::Unknown => &mut self.unknown,
            State::Held => &mut self.held,
            State::Mirrored => &mut self.mirrored,
            State::Current => &mut self.current,
        }
    }

    pub(crate) const fn of(&self, state: State) -> usize {
        let mut counts = *self;
        *counts.place(state)
    }
}

impl ImageStatus {
    pub(crate) fn new(seen: &Observation, judged: &Assessment) -> Self {
        release::status(seen, judged)
    }

    /// Only these images, and what was found about them; everything else as it is, the summary too.
    #[must_use]
    pub(crate) fn only(mut self, keep: impl Fn(&Image) -> bool) -> Self {
        self.images.retain(&keep);
        let kept: Vec<_> = self.images.iter().flat_map(Image::names).collect();
        self.findings
            .retain(|finding| finding.image.is_none_or(|image| kept.contains(&image)));
        self
    }

    /// The worst of the images that are left, and of the release.
    pub(crate) fn state(&self) -> State {
        release::worst(&release::states(&self.images, self.summary.frozen))
    }

    /// Whether one of its images, or the release, is in one of these states.
    pub(crate) fn is_in(&self, wanted: &[State]) -> bool {
        let states = release::states(&self.images, self.summary.frozen);
        states.iter().any(|state| wanted.contains(state))
    }

    /// Whether lookups fail behind a green refresh job (TBI-310): for sure, perhaps, or harmlessly. `None` where
    /// nothing says so.
    pub(crate) fn silence(&self) -> Option<Outcome> {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.code == Code::SilentFailure)
            .map(|finding| finding.outcome)
            .min()
    }

    /// Whether nothing differs but the time of the look and how long its answers took.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.timeless() == other.timeless()
    }

    fn timeless(&self) -> Self {
        let mut status = self.clone();
        status.event = None;
        status.metadata.observed_at = Time(Timestamp::UNIX_EPOCH);
        status.lookup.took_ms = 0;
        for answer in status
            .egress
            .iter_mut()
            .filter_map(|egress| egress.workstation.as_mut())
        {
            answer.latency_ms = None;
        }
        status
    }

    #[cfg(test)]
    pub(crate) fn image(&self, name: ManagedImage) -> Option<&Image> {
        self.images
            .iter()
            .find(|image| image.names().any(|n| n == name))
    }
}

/// The value, or `None` and an entry under `key`.
fn known<T>(reasons: &mut Reasons, key: &str, seen: Seen<T>) -> Option<T> {
    seen.map_err(|why| reasons.insert(key.to_owned(), why.0))
        .ok()
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Serialize for JobState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ManagedImage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Absence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::AllPinned => "allPinned",
            Self::Disabled => "disabled",
            Self::BeforeRefresh => "beforeRefresh",
            Self::NoContainer => "noContainer",
        })
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::About => "about",
            Self::AtLeast => "atLeast",
        })
    }
}

impl Serialize for Vantage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Workstation => "workstation",
            Self::Cluster => "cluster",
        })
    }
}

#[cfg(test)]
mod tests;
