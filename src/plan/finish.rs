//! What is counted first and recorded last.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{Candidate, Choice, Wish};
use super::{Attempt, Change, Counters, Finish, Guarding, Request, Stage};
use crate::capability::Capability;
use crate::health::Folded;
use crate::image::{Digest, ManagedImage};
use crate::observation::{Observation, Target, WorkloadKind};
use crate::record::{FLAP_DETECTED, Streak};
use crate::rollout::Strategy;

pub(super) fn finish(
    seen: &Observation,
    candidates: &[Candidate<'_>],
    changes: &[Change],
) -> Finish {
    let is_moving = |image| {
        let mut moves = changes.iter().flat_map(|change| &change.moves);
        moves.any(|one| one.image == image)
    };
    let records: BTreeMap<_, _> = candidates
        .iter()
        .filter(|candidate| candidate.choice == Choice::Chosen && !is_moving(candidate.image()))
        .filter_map(|candidate| match &candidate.wish {
            Wish::Record(digest) => Some((candidate.image(), digest.clone())),
            Wish::Move(_)
            | Wish::Settle(_)
            | Wish::RecordLater(_)
            | Wish::Nothing
            | Wish::Refused { .. } => None,
        })
        .collect();
    let jobs_manager = candidates
        .iter()
        .find(|candidate| candidate.image() == ManagedImage::JobsManager)
        .and_then(|candidate| candidate.workload());
    Finish {
        target: Target {
            kind: WorkloadKind::Deployment,
            namespace: seen.release.namespace.clone(),
            name: seen.release.jobs_manager.clone(),
        },
        object: jobs_manager.map(|workload| workload.object.clone()),
        annotations: annotations(seen),
        counters: counters(seen, candidates, changes, &records),
        records,
    }
}

fn annotations(seen: &Observation) -> BTreeMap<String, String> {
    let record = seen.record.as_ref();
    record.map_or_else(|_| BTreeMap::new(), |record| record.annotations.clone())
}

/// Cleared, unless another image that moves by itself is still behind its record: then the refresher has not finished.
fn counters(
    seen: &Observation,
    candidates: &[Candidate<'_>],
    changes: &[Change],
    records: &BTreeMap<ManagedImage, Digest>,
) -> Counters {
    if !seen.release.capabilities.has(Capability::FlapGuard) {
        return Counters::None;
    }
    let moves = changes
        .iter()
        .filter(|change| change.object.strategy != Strategy::OnDelete)
        .flat_map(|change| &change.moves);
    let recorded: BTreeSet<_> = moves
        .map(|one| one.image)
        .chain(records.keys().copied())
        .collect();
    let is_behind = |candidate: &Candidate<'_>| {
        candidate.image().record_key().is_some()
            && candidate.assessed.held.is_none()
            && !recorded.contains(&candidate.image())
            && candidate.assessed.to_latest.recorded == Some(Folded::Other)
    };
    if candidates.iter().any(is_behind) {
        Counters::Restore(attempts(seen))
    } else {
        Counters::Clear
    }
}

/// The annotation, verbatim.
fn attempts(seen: &Observation) -> Option<String> {
    let record = seen.record.as_ref().ok()?;
    record.annotations.get(Streak::Attempts.key()).cloned()
}

/// Counted when a workload is patched, unless the count is overridden, or nobody would wait for the outcome.
pub(super) fn attempt(
    seen: &Observation,
    changes: &[Change],
    request: &Request,
) -> Option<Attempt> {
    let record = seen.record.as_ref().ok()?;
    let limits = &seen.release.cron_job()?.limits;
    let begins = changes
        .iter()
        .any(|change| change.stage == Stage::Patch && change.object.strategy != Strategy::OnDelete);
    if !begins || !seen.release.capabilities.has(Capability::FlapGuard) {
        return None;
    }
    let count = record.counter(Streak::Attempts).value();
    if request.guarding == Guarding::Overridden && limits.attempts.reached_by(count) {
        return None;
    }
    Some(Attempt {
        before: attempts(seen),
        number: count.saturating_add(1),
    })
}

impl Finish {
    /// The annotations of the one patch that ends a refresh; `None` removes a key. `verified` are the digests that
    /// the changes brought and pods prove.
    pub(crate) fn written(
        &self,
        verified: &BTreeMap<ManagedImage, Digest>,
    ) -> BTreeMap<String, Option<String>> {
        let mut annotations = BTreeMap::new();
        match &self.counters {
            Counters::None => {}
            Counters::Clear => {
                annotations.insert(Streak::Attempts.key().to_owned(), None);
                annotations.insert(FLAP_DETECTED.to_owned(), None);
            }
            Counters::Restore(before) => {
                annotations.insert(Streak::Attempts.key().to_owned(), before.clone());
            }
        }
        let records = self.records.iter().chain(verified);
        annotations.extend(records.filter_map(|(image, digest)| {
            Some((image.record_key()?.to_owned(), Some(digest.to_string())))
        }));
        annotations
    }
}
