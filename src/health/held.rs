//! Who pinned an image, and where: as words that go on after "ingestor is ".

use super::facts::Facts;
use crate::capability::Capability;
use crate::image::{Digest, ManagedImage};
use crate::observation::Spec;
use crate::release::{Absence, CronJob, Refresher};

/// Digests that charts bring along as `images.ingestor.prodDigest`: from 1.9.6 and from 1.9.34 on.
const BY_CHART: [&str; 2] = [
    "9098b3c9b83951f825e262d6ff1e9c47c46c5b5cafbfc8fef1ed82ccbadebb24",
    "05e124945a2ef61868661a9137abb5e75dac96a090cb41a7b4e8be520c4b5873",
];

/// `None` when the image is free to move.
pub(super) fn held(facts: &Facts<'_>) -> Option<String> {
    let workload = facts.workload().ok()?;
    let release = &facts.seen.release;
    if facts.image() == ManagedImage::Ingestor {
        return ingestor(facts);
    }
    let Some(cron_job) = release.cron_job() else {
        // A refresher that cannot be read may move them.
        if release.refresher == Refresher::Absent(Absence::NoContainer) {
            return None;
        }
        return matches!(workload.spec, Spec::Pinned { .. }).then(|| by_values(facts.image()));
    };
    let holders: &[ManagedImage] = match facts.image() {
        ManagedImage::RequestsProxy => &[ManagedImage::RequestsProxy, ManagedImage::JobsManager],
        ManagedImage::Ingestor => &[],
        ManagedImage::JobsManager => &[ManagedImage::JobsManager],
        ManagedImage::PodsMonitor => &[ManagedImage::PodsMonitor],
        ManagedImage::ResourceMonitor => &[ManagedImage::ResourceMonitor],
    };
    let holder = holders.iter().find(|image| cron_job.pinned.contains(image));
    holder.map(|image| by_values(*image))
}

fn by_values(image: ManagedImage) -> String {
    let key = match image {
        ManagedImage::Ingestor => "ingestor",
        ManagedImage::JobsManager => "jobsManager",
        ManagedImage::PodsMonitor => "podsMonitor",
        ManagedImage::ResourceMonitor => "resourceMonitor",
        ManagedImage::RequestsProxy => "requestsProxy",
    };
    format!("pinned by values (images.{key}.digest)")
}

fn ingestor(facts: &Facts<'_>) -> Option<String> {
    let workload = facts.workload().ok()?;
    let release = &facts.seen.release;
    let by_env = || "set by values (env.INGESTOR_IMAGE_DIGEST)".to_owned();
    let has = |capability| release.capabilities.has(capability);
    if has(Capability::IngestorPass) {
        let is_pinned = |cron_job: &CronJob| cron_job.pinned.contains(&facts.image());
        if release.cron_job().is_some_and(is_pinned) {
            return Some("pinned by values (images.ingestor.autoRefresh: false)".to_owned());
        }
        // What comes from elsewhere, or stands there twice, no patch can set.
        let is_fixed = workload.is_from_elsewhere() || workload.duplicate_entries > 0;
        return is_fixed.then(by_env);
    }
    match &workload.spec {
        Spec::Pinned { .. } if workload.duplicate_entries > 0 => Some(by_env()),
        Spec::Pinned { digest, .. } if has(Capability::SpawnByTag) => Some(spawned_at(digest)),
        Spec::Pinned { .. } => Some(
            "set by chart or values (images.ingestor.digest); nothing here refreshes it".to_owned(),
        ),
        Spec::Tagged { .. } | Spec::Floats(_) | Spec::Empty | Spec::Unreadable(_) => None,
    }
}

fn spawned_at(digest: &Digest) -> String {
    if BY_CHART.contains(&digest.hex()) {
        "pinned by the chart (images.ingestor.prodDigest); it moves with the chart".to_owned()
    } else {
        "pinned by values or chart (images.ingestor.digest, or else prodDigest)".to_owned()
    }
}
