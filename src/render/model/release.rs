//! What concerns the release as a whole, and the object around it all.

use std::collections::BTreeMap;

use super::egress::millis;
use super::image::{Image, images};
use super::{
    API_VERSION, Chart, Counts, Detail, Egress, Finding, ImageStatus, Incomplete, Lookup, Metadata,
    Next, Node, Reasons, RefreshJob, Streak, Summary, Time, known,
};
use crate::capability::{Capabilities, Capability};
use crate::codes::Code;
use crate::health::{Assessment, Outcome, State};
use crate::image::ManagedImage;
use crate::node::Standing;
use crate::observation::Observation;
use crate::record::{FLAP_DETECTED, LAST_ERROR, Streak as Counted};
use crate::release::Refresher;

pub(super) fn status(seen: &Observation, judged: &Assessment) -> ImageStatus {
    let mut reasons = Reasons::new();
    let release = &seen.release;
    let images = images(seen, judged);
    let annotations = known(
        &mut reasons,
        "annotations",
        seen.record
            .as_ref()
            .map(|record| record.annotations.clone())
            .map_err(Clone::clone),
    );
    ImageStatus {
        api_version: API_VERSION,
        kind: "ImageStatus",
        event: None,
        metadata: Metadata {
            name: release.name.clone(),
            namespace: release.namespace.clone(),
            context: seen.context.clone(),
            observed_at: Time(seen.at),
        },
        summary: summary(judged, &images),
        chart: Chart {
            version: release.chart_version.clone(),
            generation: release.capabilities.generation(),
            ingestor_managed_by_cron_job: release.capabilities.manages(ManagedImage::Ingestor),
            mirror: seen.mirror.clone(),
            cron_job_absence: match &release.refresher {
                Refresher::CronJob(_) => None,
                Refresher::Absent(why) => Some(*why),
            },
        },
        nodes: known(&mut reasons, "nodes", nodes(seen)),
        lookup: Lookup {
            from: seen.registry.from,
            took_ms: millis(seen.registry.took),
        },
        streaks: judged.streaks.iter().map(Streak::new).collect(),
        egress: judged.egress.iter().map(Egress::new).collect(),
        refresh_job: release
            .cron_job()
            .map(|cron_job| RefreshJob::new(cron_job, judged.refresh.as_ref(), &seen.runs)),
        leftover_annotations: annotations
            .as_ref()
            .map(|all| leftover(&release.capabilities, all))
            .unwrap_or_default(),
        annotations,
        unmanaged: known(&mut reasons, "unmanaged", seen.unmanaged.clone()),
        findings: judged.findings.iter().map(Finding::new).collect(),
        images,
        incomplete: judged
            .incomplete
            .iter()
            .map(|blind| Incomplete {
                what: blind.what.clone(),
                reason: blind.why.clone(),
            })
            .collect(),
        next: judged
            .next
            .iter()
            .map(|step| Next {
                command: step.command.clone(),
                why: step.why.clone(),
            })
            .collect(),
        reasons,
    }
}

pub(super) fn nodes(seen: &Observation) -> crate::observation::Seen<Vec<Node>> {
    let nodes = seen.nodes.as_ref().map_err(Clone::clone)?;
    Ok(nodes
        .iter()
        .map(|node| Node {
            name: node.name.clone(),
            os: node.platform.os.clone(),
            arch: node.platform.arch.clone(),
            ready: node.standing != Standing::NotReady,
            schedulable: node.standing == Standing::Ready,
        })
        .collect())
}

impl Finding {
    fn new(judged: &crate::health::Finding) -> Self {
        Self {
            code: judged.code,
            outcome: judged.outcome,
            image: judged.image,
            message: judged.message.clone(),
            details: judged
                .details
                .iter()
                .map(|(label, text)| Detail {
                    label,
                    text: text.clone(),
                })
                .collect(),
        }
    }
}

/// Of the images, and of the release where its refresher does not run.
pub(super) fn states(images: &[Image], frozen: Option<Code>) -> Vec<State> {
    images
        .iter()
        .flat_map(|image| image.states.iter().copied())
        .chain(frozen.map(|_| State::Frozen))
        .collect()
}

fn summary(judged: &Assessment, images: &[Image]) -> Summary {
    let states = states(images, judged.frozen);
    Summary {
        state: worst(&states),
        exit_code: exit_code(judged, &states),
        images: counts(images),
        frozen: judged.frozen,
    }
}

/// Each image under its first state.
pub(super) fn counts(images: &[Image]) -> Counts {
    let first = images.iter().filter_map(|image| image.states.first());
    Counts::of_states(first.copied())
}

/// A pin is on purpose: it is the state of a release only where everything is pinned.
pub(super) fn worst(states: &[State]) -> State {
    let unpinned = states.iter().filter(|state| **state != State::Held).min();
    let worst = unpinned.or(states.first());
    worst.copied().unwrap_or(State::Unknown)
}

/// As `help exit-codes` says, where several apply: 3, then 5, then 4.
fn exit_code(judged: &Assessment, states: &[State]) -> u8 {
    let any = |wanted: &[State]| states.iter().any(|state| wanted.contains(state));
    let is_silent = judged
        .findings
        .iter()
        .any(|finding| finding.code == Code::SilentFailure && finding.outcome == Outcome::Fail);
    if is_silent || any(&[State::Stuck, State::Broken]) {
        3
    } else if states.is_empty() || !judged.incomplete.is_empty() || any(&[State::Unknown]) {
        5
    } else if any(&[State::Stale, State::Drifted, State::Frozen]) {
        4
    } else {
        0
    }
}

/// Annotations are never garbage-collected: those that this generation does not write are of another.
pub(super) fn leftover(
    capabilities: &Capabilities,
    annotations: &BTreeMap<String, String>,
) -> Vec<String> {
    let written = [
        (Counted::Failures.key(), Capability::FailureStreak),
        (LAST_ERROR, Capability::FailureStreak),
        (Counted::Attempts.key(), Capability::FlapGuard),
        (FLAP_DETECTED, Capability::FlapGuard),
        (Counted::Skips.key(), Capability::SkipStreak),
    ];
    let by_images = ManagedImage::ALL
        .into_iter()
        .filter_map(|image| Some((image.record_key()?, image)))
        .filter(|(_, image)| !capabilities.manages(*image))
        .map(|(key, _)| key);
    written
        .into_iter()
        .filter(|(_, capability)| !capabilities.has(*capability))
        .map(|(key, _)| key)
        .chain(by_images)
        .filter(|key| annotations.contains_key(*key))
        .map(str::to_owned)
        .collect()
}
