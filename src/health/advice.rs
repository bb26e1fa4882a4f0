//! What to type next: complete commands that work when pasted, the most urgent first.
//!
//! Only commands that exist are named: this plugin's own, and kubectl's.

use super::{AssessedImage, Finding, NextStep, State};
use crate::capability::Capability;
use crate::codes::Code;
use crate::image::ManagedImage;
use crate::observation::{Observation, PodPhase};

/// At most this many: what is further down is said by the findings.
const MOST: usize = 4;

/// Flags come after the plugin's name, digests in full.
pub(crate) fn advice(
    seen: &Observation,
    images: &[AssessedImage],
    findings: &[Finding],
) -> Vec<NextStep> {
    let has = |code: Code| findings.iter().any(|finding| finding.code == code);
    let mut next = Vec::new();
    next.extend(move_ingestor(seen, images));
    if has(Code::FlapLockout) {
        next.push(rearm(seen));
    }
    next.extend(waiting_pod(seen, images));
    if has(Code::SkipStreak) {
        let target = format!(
            "-n {} deployment/{}",
            seen.release.namespace, seen.release.jobs_manager
        );
        next.push(step(
            format!("kubectl describe {target}"),
            "see why the rollout does not settle",
        ));
    }
    if has(Code::Suspended) {
        next.extend(resume(seen));
    } else if images.iter().any(|image| moves_by_tick(seen, image)) {
        next.extend(tick_now(seen));
    }
    if images
        .iter()
        .any(|image| image.states.contains(&State::Unknown) && image.latest.is_err())
    {
        let command = format!(
            "kubectl tracebloc-images status -n {} -v 6",
            seen.release.namespace
        );
        next.push(step(command, "see which request failed"));
    }
    if has(Code::Leftover) {
        next.extend(forget_leftovers(findings));
    }
    next.truncate(MOST);
    next
}

fn step(command: String, why: &str) -> NextStep {
    NextStep {
        command,
        why: why.to_owned(),
    }
}

/// Only what a person can set by hand and nothing else would: the ingestor in the environment.
fn move_ingestor(seen: &Observation, images: &[AssessedImage]) -> Option<NextStep> {
    let ingestor = images
        .iter()
        .find(|image| image.image == ManagedImage::Ingestor)?;
    let in_need = [State::Stuck, State::Broken, State::Stale];
    let latest = ingestor.latest.as_ref().ok()?;
    let is_needed = ingestor.states.iter().any(|state| in_need.contains(state))
        && !ingestor.states.contains(&State::Held)
        && ingestor
            .running
            .as_ref()
            .is_ok_and(|running| !running.contains(latest))
        && ingestor.coverage.latest_missing.is_empty();
    if !is_needed || !seen.release.capabilities.has(Capability::IngestorPass) {
        return None;
    }
    let (namespace, deployment) = (&seen.release.namespace, &seen.release.jobs_manager);
    Some(step(
        format!(
            "kubectl set env -n {namespace} deployment/{deployment} -c api INGESTOR_IMAGE_DIGEST={latest}"
        ),
        "move the ingestor to the latest from here; restarts jobs-manager",
    ))
}

/// The attempt counter is the only lock that no success opens.
fn rearm(seen: &Observation) -> NextStep {
    let (namespace, deployment) = (&seen.release.namespace, &seen.release.jobs_manager);
    step(
        format!(
            "kubectl annotate -n {namespace} deployment/{deployment} tracebloc.io/refresh-attempt- tracebloc.io/refresh-flap-detected-"
        ),
        "let the refresher try again, once the cause is repaired",
    )
}

fn waiting_pod(seen: &Observation, images: &[AssessedImage]) -> Option<NextStep> {
    let broken = images
        .iter()
        .filter(|image| image.states.contains(&State::Broken));
    let workloads = broken.filter_map(|image| seen.image(image.image)?.workload.as_ref().ok());
    let waits = |phase: &PodPhase| matches!(phase, PodPhase::Waiting { .. });
    workloads.into_iter().find_map(|workload| {
        let pod = workload
            .pods
            .iter()
            .flatten()
            .find(|pod| waits(&pod.phase))?;
        let command = format!(
            "kubectl describe pod -n {} {}",
            workload.namespace, pod.name
        );
        Some(step(command, "see what the kubelet says"))
    })
}

fn resume(seen: &Observation) -> Option<NextStep> {
    let (namespace, name) = (&seen.release.namespace, &seen.release.cron_job()?.name);
    let patch = r#"-p '{"spec":{"suspend":false}}'"#;
    Some(step(
        format!("kubectl patch cronjob -n {namespace} {name} {patch}"),
        "let the refresher run again",
    ))
}

/// Whether the next tick moves the image, so that a tick now helps.
fn moves_by_tick(seen: &Observation, image: &AssessedImage) -> bool {
    let is_behind = image
        .states
        .iter()
        .any(|state| matches!(state, State::Stale | State::Drifted));
    let is_locked = image
        .states
        .iter()
        .any(|state| matches!(state, State::Stuck | State::Held));
    // A tick whose pod cannot resolve the ingestor only counts one failure more.
    is_behind
        && !is_locked
        && image.image != ManagedImage::Ingestor
        && seen.release.capabilities.manages(image.image)
}

fn tick_now(seen: &Observation) -> Option<NextStep> {
    let cron_job = seen
        .release
        .cron_job()
        .filter(|cron_job| cron_job.active.is_empty())?;
    let (namespace, name) = (&seen.release.namespace, &cron_job.name);
    let job = format!("{name}-{}", seen.at.as_second());
    Some(step(
        format!("kubectl create job -n {namespace} --from=cronjob/{name} {job}"),
        "refresh now instead of at the next tick",
    ))
}

/// The findings name the commands in their details: they know the keys.
fn forget_leftovers(findings: &[Finding]) -> Option<NextStep> {
    let leftover = findings
        .iter()
        .find(|finding| finding.code == Code::Leftover)?;
    let (_, command) = leftover
        .details
        .iter()
        .find(|(_, text)| text.starts_with("kubectl "))?;
    Some(step(
        command.clone(),
        "forget what another generation has left",
    ))
}
