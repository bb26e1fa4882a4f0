//! What a person should take for the image in use, and whether the nodes can run it.

use std::collections::BTreeSet;

use super::facts::{Facts, Folded, Run, of_pod};
use super::{Coverage, InUse};
use crate::image::{Digest, ManagedImage, Platform};
use crate::observation::{Blind, PodPhase, Pull, Running, Seen, Spec, Template, WorkloadKind};
use crate::record::Recorded;

pub(super) fn in_use(facts: &Facts<'_>) -> InUse {
    let spec = match facts.workload() {
        Ok(workload) => &workload.spec,
        Err(why) => return InUse::Unknown(why),
    };
    if let Spec::Floats(_) = spec {
        return InUse::Floats;
    }
    let runs = facts.runs().unwrap_or_default();
    if let Some(tier) = best_tier(&runs) {
        return shown(facts, &tier);
    }
    if facts
        .workload()
        .is_ok_and(|workload| workload.replicas != Some(0))
        && let Err(why) = facts.pods()
    {
        return InUse::Unknown(why);
    }
    match spec {
        Spec::Pinned { digest, .. } => InUse::Digest(digest.clone()),
        Spec::Tagged { reference, .. } => InUse::Tag(reference.tag.clone().unwrap_or_default()),
        Spec::Empty => InUse::None,
        Spec::Unreadable(why) => InUse::Unknown(why.clone()),
        Spec::Floats(_) => InUse::Floats,
    }
}

/// The pods that count most: those that serve by the newest template, else those that serve, else those that run at
/// all. `None` when none does.
fn best_tier<'a, 'b>(runs: &'b [Run<'a>]) -> Option<Vec<&'b Run<'a>>> {
    let pods = || runs.iter().filter_map(|run| run.pod.map(|pod| (pod, run)));
    let is_ready = |phase: &PodPhase| *phase == PodPhase::Ready;
    let newest = pods().filter(|(pod, _)| is_ready(&pod.phase) && pod.template == Template::Newest);
    let serving = pods().filter(|(pod, _)| is_ready(&pod.phase));
    let known = pods().filter(|(_, run)| !matches!(run.running, Running::Unknown(_)));
    [
        newest.map(|(_, run)| run).collect::<Vec<_>>(),
        serving.map(|(_, run)| run).collect(),
        known.map(|(_, run)| run).collect(),
    ]
    .into_iter()
    .find(|tier| !tier.is_empty())
}

fn shown(facts: &Facts<'_>, tier: &[&Run<'_>]) -> InUse {
    let mut digests = BTreeSet::new();
    for run in tier.iter().filter(|run| run.running != Running::Empty) {
        match index_of(facts, run) {
            Ok(digest) => digests.insert(digest),
            Err(why) => return InUse::Unknown(why),
        };
    }
    let mut all = digests.iter();
    match (all.next(), all.next()) {
        (None, _) => InUse::None,
        (Some(digest), None) => InUse::Digest(digest.clone()),
        (Some(_), Some(_)) => InUse::Several(digests),
    }
}

/// The digest that a person knows the running content by: of the latest, the spec or the record the first that is
/// the same; else its own.
fn index_of(facts: &Facts<'_>, run: &Run<'_>) -> Result<Digest, String> {
    let recorded = match facts.recorded() {
        Ok(Recorded::At(digest)) => Some(digest),
        Ok(Recorded::Absent | Recorded::Malformed(_)) | Err(_) => None,
    };
    let named = [facts.latest().ok(), facts.spec().cloned(), recorded];
    let same = |digest: &Digest| Folded::from(facts.run_against(run, digest)) == Folded::Same;
    if let Some(digest) = named.into_iter().flatten().find(same) {
        return Ok(digest);
    }
    match &run.running {
        Running::Manifest(digest) => Ok(digest.clone()),
        Running::Config(digest) => Err(format!("only its image ID is known: {digest}")),
        Running::Empty => Err("nothing is set".to_owned()),
        Running::Unknown(why) => Err(of_pod(run.pod, why)),
    }
}

pub(super) fn coverage(facts: &Facts<'_>, in_use: &InUse) -> Coverage {
    let latest = facts.latest().and_then(|latest| platforms(facts, &latest));
    let has = match in_use {
        InUse::Digest(digest) => platforms(facts, digest),
        InUse::Several(digests) => of_all(facts, digests),
        InUse::Floats => latest.clone(),
        InUse::Tag(_) if is_pulled_anew(facts) => latest.clone(),
        InUse::Tag(_) => Err("nothing runs, and a node may have an older build".to_owned()),
        InUse::None => Err("nothing is set".to_owned()),
        InUse::Unknown(why) => Err(why.clone()),
    };
    let required = facts.required();
    let without = |has: &Result<BTreeSet<Platform>, String>| match (&required, has) {
        (Ok(required), Ok(has)) => required
            .iter()
            .filter(|node| !runs_on(has, node))
            .cloned()
            .collect(),
        _ => BTreeSet::new(),
    };
    let (missing, latest_missing) = (without(&has), without(&latest));
    let nodes = facts.eligible().unwrap_or_default();
    Coverage {
        nodes_missing: nodes
            .iter()
            .filter(|node| missing.contains(&node.platform))
            .map(|node| node.name.clone())
            .collect(),
        in_use: seen(has),
        latest: seen(latest),
        required: seen(required),
        missing,
        latest_missing,
    }
}

fn seen<T>(result: Result<T, String>) -> Seen<T> {
    result.map_err(Blind)
}

fn platforms(facts: &Facts<'_>, digest: &Digest) -> Result<BTreeSet<Platform>, String> {
    match facts.mirror() {
        Some(host) => Err(format!("not asked: it comes from the mirror '{host}'")),
        None => facts.seen.registry.platforms(digest),
    }
}

/// What all of them have.
fn of_all(facts: &Facts<'_>, digests: &BTreeSet<Digest>) -> Result<BTreeSet<Platform>, String> {
    let mut common: Option<BTreeSet<Platform>> = None;
    for digest in digests {
        let has = platforms(facts, digest)?;
        common = Some(match common {
            Some(common) => common.intersection(&has).cloned().collect(),
            None => has,
        });
    }
    Ok(common.unwrap_or_default())
}

fn is_pulled_anew(facts: &Facts<'_>) -> bool {
    facts.workload().is_ok_and(|workload| match &workload.spec {
        Spec::Tagged { reference, pull } => {
            *pull == Pull::Always && Some(reference) == facts.observed.tracks.as_ref()
        }
        Spec::Pinned { .. } | Spec::Floats(_) | Spec::Empty | Spec::Unreadable(_) => false,
    })
}

fn runs_on(has: &BTreeSet<Platform>, node: &Platform) -> bool {
    has.iter().any(|platform| platform.runs_on(node))
}

/// Whether platforms alone keep the image in use from running: a Deployment's pod finds another node, a `DaemonSet`
/// and an ingestion have to run wherever they are put.
pub(super) fn cannot_run(facts: &Facts<'_>, coverage: &Coverage) -> bool {
    let is_anywhere = facts.image() == ManagedImage::Ingestor
        || facts
            .workload()
            .is_ok_and(|workload| workload.kind == WorkloadKind::DaemonSet);
    let nowhere = coverage
        .required
        .as_ref()
        .is_ok_and(|required| *required == coverage.missing);
    !coverage.missing.is_empty() && (is_anywhere || nowhere)
}
