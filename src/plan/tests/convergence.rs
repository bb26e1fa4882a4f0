//! Carried out on plain data, a plan leaves nothing to do; broken off anywhere, it leaves nothing lost.

use super::*;
use crate::observation::Running;
use crate::patch::Field;

/// Where a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    Counted,
    Patched(usize),
    RolledOut(usize),
    End,
}

/// What a site looks like after a plan was carried out so far.
fn carried_out(site: &Site, plan: &RefreshPlan, until: Until) -> Site {
    let mut site = site.clone();
    if let Some(attempt) = &plan.attempt {
        site.annotate(Streak::Attempts.key(), &attempt.number.to_string());
    }
    for (place, change) in plan.changes.iter().enumerate() {
        if until < Until::Patched(place) {
            return site;
        }
        let is_over = until > Until::Patched(place);
        for one in &change.moves {
            let workload = site.workload(one.image);
            let written = match one.means {
                Means::Env => Some(one.to.to_string()),
                Means::Image => Some(one.tracks.at(&one.to).to_string()),
                Means::Tag | Means::None => None,
            };
            if let Some(written) = written {
                workload.written = written;
                workload.spec = Spec::Pinned {
                    repository: one.tracks.name(),
                    digest: one.to.clone(),
                };
            }
            if is_over {
                for pod in workload.pods.iter_mut().flatten() {
                    pod.running = Running::Manifest(one.to.clone());
                }
            }
        }
        let restart = change
            .edits
            .iter()
            .find(|edit| edit.field == Field::Restart);
        for observed in &mut site.0.images {
            let Ok(workload) = &mut observed.workload else {
                continue;
            };
            if workload.target() == change.target {
                workload.object.restarted = restart.map(|edit| edit.to.clone());
                workload.rollout = if is_over {
                    Rollout::Settled
                } else {
                    Rollout::InFlight("0 of 1 updated".to_owned())
                };
            }
        }
    }
    if until == Until::End {
        let moves = plan.changes.iter().flat_map(|change| &change.moves);
        let verified = moves.map(|one| (one.image, one.to.clone())).collect();
        for (key, value) in plan.finish.written(&verified) {
            let annotations = &mut site.0.record.as_mut().expect("a record").annotations;
            match value {
                Some(value) => annotations.insert(key, value),
                None => annotations.remove(&key),
            };
        }
    }
    site
}

/// Every generation, with every set of its images behind, old records or no records, and each choice of images.
fn all() -> impl Iterator<Item = (String, Site, Vec<ManagedImage>)> {
    let sites = [
        ("g1", Site::g1 as fn() -> Site),
        ("g2", Site::g2),
        ("g7", Site::g7),
        ("g10", Site::g10),
    ];
    let choices = [
        vec![],
        vec![Ingestor],
        vec![JobsManager],
        vec![ResourceMonitor],
        vec![PodsMonitor, ResourceMonitor],
    ];
    sites.into_iter().flat_map(move |(name, new)| {
        let choices = choices.clone();
        (0..16_u8).flat_map(move |behind| {
            let choices = choices.clone();
            (0..16_u8).flat_map(move |unrecorded| {
                choices.clone().into_iter().filter_map(move |choice| {
                    let mut site = new();
                    let images = [Ingestor, JobsManager, PodsMonitor, ResourceMonitor];
                    for (place, image) in images.into_iter().enumerate() {
                        let is = |set: u8| set & (1 << place) != 0;
                        if site.0.image(image).is_none() {
                            if is(behind) || is(unrecorded) || choice.contains(&image) {
                                return None;
                            }
                            continue;
                        }
                        if is(behind) {
                            site.publish(image, &format!("{NEW}{place}"), BOTH);
                        }
                        if is(unrecorded) {
                            let annotations = &mut site.0.record.as_mut().ok()?.annotations;
                            annotations.remove(image.record_key()?);
                        }
                    }
                    let name = format!(
                        "{name} behind={behind:04b} unrecorded={unrecorded:04b} {choice:?}"
                    );
                    Some((name, site, choice))
                })
            })
        })
    })
}

#[test]
fn a_finished_plan_leaves_nothing_to_do_and_no_counter() {
    let mut cases = 0;
    for (name, site, choice) in all() {
        let first = plan(&site, &choice);
        let after = carried_out(&site, &first, Until::End);
        let second = plan(&after, &choice);
        assert!(second.is_empty(), "{name}: {second:#?}");
        let record = after.0.record.as_ref().expect("a record");
        assert!(!record.has(Streak::Attempts.key()), "{name}");
        cases += 1;
    }
    assert!(cases > 1_000, "{cases}");
}

#[test]
fn a_run_that_dies_anywhere_is_completed_by_the_next() {
    let mut cases = 0;
    for (name, site, choice) in all() {
        let first = plan(&site, &choice);
        let whole = carried_out(&site, &first, Until::End);
        let cuts = (0..first.changes.len())
            .flat_map(|place| [Until::Patched(place), Until::RolledOut(place)]);
        for cut in [Until::Counted].into_iter().chain(cuts) {
            let cut_short = carried_out(&site, &first, cut);
            let second = plan(&cut_short, &choice);
            assert_eq!(None, second.stopped_by(), "{name} {cut:?}");
            let resumed = carried_out(&cut_short, &second, Until::End);
            let record = |site: &Site| {
                let mut annotations = site.0.record.clone().expect("a record").annotations;
                // Each run that is cut short may cost one attempt.
                annotations.remove(Streak::Attempts.key());
                annotations
            };
            assert_eq!(record(&whole), record(&resumed), "{name} {cut:?}");
            assert!(plan(&resumed, &choice).is_empty(), "{name} {cut:?}");
            cases += 1;
        }
    }
    assert!(cases > 1_000, "{cases}");
}

#[test]
fn nothing_is_recorded_that_is_not_moved_or_proven_and_nothing_held_is_touched() {
    for (name, mut site, choice) in all() {
        if site.0.image(ResourceMonitor).is_none() {
            continue;
        }
        site.cron_job().pinned.insert(PodsMonitor);
        let plan = plan(&site, &choice);
        let held = |image: ManagedImage| image == PodsMonitor;
        let moves = plan.changes.iter().flat_map(|change| &change.moves);
        assert!(!moves.clone().any(|one| held(one.image)), "{name}");
        assert!(!plan.finish.records.contains_key(&PodsMonitor), "{name}");
        let edits = plan.changes.iter().flat_map(|change| &change.edits);
        assert!(
            !edits.clone().any(|edit| matches!(&edit.field, Field::Image { container } if container == "pods-monitor-container")),
            "{name}"
        );
    }
}
