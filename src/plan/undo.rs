//! The way back, as commands that work when they are pasted. Never `rollout undo`: it brings back the old ReplicaSet's
//! annotations, and where pods follow a tag it pulls the new build again.

use super::{Change, Fate, Means, Row, Stage, Undo};
use crate::health::{Assessment, InUse};
use crate::image::{Digest, INGESTOR_DIGEST, ManagedImage, Reference};
use crate::observation::Observation;
use crate::patch::{Edit, Field};
use crate::record::{Recorded, Streak};
use crate::release::Run;
use crate::shell::word;

/// The commands, in the order in which they are to be run.
pub(super) fn undo(
    seen: &Observation,
    assessed: &Assessment,
    changes: &[Change],
    rows: &[Row],
) -> Vec<Undo> {
    let mut back: Vec<Undo> = changes
        .iter()
        .flat_map(|change| match change.stage {
            Stage::Patch => {
                let mut back = of_change(change, assessed);
                back.extend(of_siblings(seen, change, rows));
                back
            }
            Stage::Resume => Vec::new(),
            Stage::Retest => to_record(seen, change),
        })
        .collect();
    if !back.is_empty() && changes.iter().any(|change| is_redone(seen, change)) {
        back.splice(0..0, suspend(seen));
    }
    back
}

/// Keeps the refresher from doing it again.
fn suspend(seen: &Observation) -> Option<Undo> {
    let cron_job = seen.release.cron_job()?;
    (cron_job.run == Run::Scheduled).then(|| Undo {
        target: None,
        command: Some(format!(
            "kubectl patch cronjob -n {} {} -p '{{\"spec\":{{\"suspend\":true}}}}'",
            word(&seen.release.namespace),
            word(&cron_job.name)
        )),
        note: "so that no tick interferes".to_owned(),
    })
}

/// Whether the next tick would set what was set here. A restart it cannot bring about: the tag is pinned by then. An
/// ingestor that pods cannot look up it leaves alone.
fn is_redone(seen: &Observation, change: &Change) -> bool {
    let failures = seen
        .record
        .as_ref()
        .map_or(0, |record| record.counter(Streak::Failures).value());
    change.edits.iter().any(|edit| match edit.field {
        Field::Image { .. } => true,
        Field::Env { .. } => failures == 0,
        Field::Restart => false,
    })
}

fn of_change(change: &Change, assessed: &Assessment) -> Vec<Undo> {
    let target = flags(change);
    let images: Vec<_> = change.edits.iter().filter_map(previous_image).collect();
    let mut back = Vec::new();
    if !images.is_empty() {
        let command = format!("kubectl set image {target} {}", images.join(" "));
        back.push(plain(change, command));
    }
    back.extend(change.edits.iter().filter_map(|edit| match &edit.field {
        Field::Env { container, name } => {
            let value = edit.from.as_deref().unwrap_or_default();
            Some(env(change, container, name, value))
        }
        Field::Image { .. } | Field::Restart => None,
    }));
    // What a restart pulled anew can only be brought back by its digest.
    let followed = change.moves.iter().filter(|one| one.means == Means::Tag);
    for one in followed {
        let mut images = assessed.images.iter();
        let image = images.find(|assessed| assessed.image == one.image);
        back.push(match image.map(|assessed| &assessed.in_use) {
            Some(InUse::Digest(digest)) => pinned(change, &one.container, &one.tracks, digest),
            _ => unknown(change, one.image),
        });
    }
    back
}

/// Containers that restart beside the changed ones, whose tags are pulled anew for a build that nobody here knows.
fn of_siblings(seen: &Observation, change: &Change, rows: &[Row]) -> Vec<Undo> {
    let is_sibling = |row: &&Row| row.target == change.target && row.fate == Fate::Unresolved;
    let siblings = rows.iter().filter(is_sibling).map(|row| {
        let mut images = seen.images.iter();
        let image = images.find(|image| image.image == row.image);
        match (image.and_then(|image| image.tracks.as_ref()), &row.now) {
            (Some(tracks), Some(now)) => pinned(change, &row.container, tracks, now),
            _ => unknown(change, row.image),
        }
    });
    siblings.collect()
}

/// What is set cannot run, and what ran before it is told by the record alone.
fn to_record(seen: &Observation, change: &Change) -> Vec<Undo> {
    let back = change.moves.iter().map(|one| {
        let recorded = seen
            .record
            .as_ref()
            .map(|record| record.recorded(one.image));
        let Ok(Recorded::At(digest)) = recorded else {
            return unknown(change, one.image);
        };
        match one.means {
            _ if digest == one.to => unknown(change, one.image),
            Means::Env => env(change, &one.container, INGESTOR_DIGEST, &digest.to_string()),
            Means::Image => {
                let image = word(&format!("{}={}", one.container, one.tracks.at(&digest)));
                let command = format!("kubectl set image {} {image}", flags(change));
                plain(change, command)
            }
            Means::Tag | Means::None => pinned(change, &one.container, &one.tracks, &digest),
        }
    });
    back.collect()
}

/// Names the workload.
fn flags(change: &Change) -> String {
    format!(
        "-n {} {}",
        word(&change.target.namespace),
        word(&change.target.to_string())
    )
}

fn env(change: &Change, container: &str, name: &str, value: &str) -> Undo {
    let command = format!(
        "kubectl set env {} -c {} {}",
        flags(change),
        word(container),
        word(&format!("{name}={value}"))
    );
    plain(change, command)
}

fn unknown(change: &Change, image: ManagedImage) -> Undo {
    Undo {
        target: Some(change.target.clone()),
        command: None,
        note: format!("no undo for {image}: previous build not known"),
    }
}

fn pinned(change: &Change, container: &str, tracks: &Reference, digest: &Digest) -> Undo {
    Undo {
        target: Some(change.target.clone()),
        command: Some(format!(
            "kubectl set image {} {}",
            flags(change),
            word(&format!("{container}={}", tracks.at(digest)))
        )),
        note: "stays pinned until the next chart upgrade".to_owned(),
    }
}

fn previous_image(edit: &Edit) -> Option<String> {
    match (&edit.field, &edit.from) {
        (Field::Image { container }, Some(from)) => Some(word(&format!("{container}={from}"))),
        _ => None,
    }
}

fn plain(change: &Change, command: String) -> Undo {
    Undo {
        target: Some(change.target.clone()),
        command: Some(command),
        note: String::new(),
    }
}
