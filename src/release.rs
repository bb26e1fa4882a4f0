//! One Helm release of the client chart, and the CronJob that refreshes it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::capability::{Capabilities, Env, Limit};
use crate::image::ManagedImage;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// From the label `helm.sh/chart`; shown, and decides nothing.
    pub(crate) chart_version: Option<String>,
    /// Name of the Deployment that carries the record.
    pub(crate) jobs_manager: String,
    /// Names outside the Deployment itself: present from G8 on.
    pub(crate) requests_proxy: Option<String>,
    /// DaemonSet and namespace, from G8 on.
    pub(crate) resource_monitor: Option<(String, String)>,
    pub(crate) capabilities: Capabilities,
    pub(crate) refresher: Refresher,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per release, and nearly always the large one"
)]
pub(crate) enum Refresher {
    CronJob(CronJob),
    /// No CronJob, and why, as far as the workloads tell.
    Absent(Absence),
}

/// Why a release has no CronJob (chart contract, section 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Absence {
    /// Every managed image is pinned by digest.
    AllPinned,
    /// `imageRefresh.enabled: false`, or values reused from a chart that did not know the key.
    Disabled,
    /// A chart before 1.4.0 has none.
    BeforeRefresh,
    /// The CronJob exists and has no container to read.
    NoContainer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CronJob {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// Bounds how long a CronJob that never ran has failed to.
    pub(crate) created: Option<Timestamp>,
    pub(crate) env: Env,
    /// The service account of its pods.
    pub(crate) account: String,
    /// The labels of its pods.
    pub(crate) pod_labels: BTreeMap<String, String>,
    pub(crate) schedule: Schedule,
    pub(crate) run: Run,
    pub(crate) starting_deadline: Option<Duration>,
    /// `activeDeadlineSeconds` of the Job template.
    pub(crate) active_deadline: Option<Duration>,
    pub(crate) last_schedule: Option<Timestamp>,
    pub(crate) last_success: Option<Timestamp>,
    /// Names of the Jobs that the controller counts as running.
    pub(crate) active: Vec<String>,
    /// Docker Hub's tag that is polled; `None` where it is set from elsewhere (`valueFrom`).
    pub(crate) tag: Option<String>,
    /// The tag of the ingestor that is polled; `None` without an ingestor pass, or where it is set from elsewhere.
    pub(crate) ingestor_tag: Option<String>,
    /// Images whose `*_PINNED` is `1`.
    pub(crate) pinned: BTreeSet<ManagedImage>,
    pub(crate) limits: Limits,
    /// What its container asks for: quotas and limit ranges of the site let that through.
    pub(crate) resources: Resources,
}

/// Quantities by resource, as Kubernetes writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) requests: BTreeMap<String, String>,
    pub(crate) limits: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Run {
    Scheduled,
    Suspended,
}

/// `spec.schedule` and `spec.timeZone`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) cron: String,
    /// `None`: the controller's zone, which is UTC almost everywhere and shown as assumed.
    pub(crate) zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) failures: Limit,
    pub(crate) attempts: Limit,
    pub(crate) skips: Limit,
}

impl Release {
    pub(crate) const fn cron_job(&self) -> Option<&CronJob> {
        match &self.refresher {
            Refresher::CronJob(cron_job) => Some(cron_job),
            Refresher::Absent(_) => None,
        }
    }
}
