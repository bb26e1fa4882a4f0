//! Pods that do not run and rollouts that do not end, in the words of the kubelet and the scheduler (501 to 504).

use super::{on, quoted};
use crate::codes::Code;
use crate::health::image::Judged;
use crate::health::pods::Trouble;
use crate::health::{Finding, Outcome};
use crate::image::ManagedImage;
use crate::observation::{Rollout, Workload};

pub(super) fn findings(judged: &Judged<'_>, images: &[Judged<'_>]) -> Vec<Finding> {
    let troubles = [
        (Code::CannotPull, "cannot be pulled"),
        (Code::Crashes, "does not stay up"),
        (Code::Unschedulable, "finds no node"),
    ];
    let mut found: Vec<_> = troubles
        .into_iter()
        .filter_map(|(code, what)| waiting(judged, code, what))
        .collect();
    if found.is_empty() {
        found.extend(deadline(judged, images));
    }
    found
}

/// One finding for all pods with the same trouble: the first speaks for the others.
fn waiting(judged: &Judged<'_>, code: Code, what: &str) -> Option<Finding> {
    let alike: Vec<&Trouble<'_>> = judged
        .troubles
        .iter()
        .filter(|trouble| trouble.code == code)
        .collect();
    let first = alike.first()?;
    let others = match alike.len() - 1 {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        more => format!(" and {more} others"),
    };
    let node = match &first.pod.node {
        Some(node) => format!(" on {}", quoted(node)),
        None => String::new(),
    };
    let container = match judged.facts.workload() {
        Ok(workload) => format!(", container {}", quoted(&workload.container)),
        Err(_) => String::new(),
    };
    let message = format!(
        "{what}: pod {}{node}{others}{container}: {}.",
        quoted(&first.pod.name),
        quoted(first.reason)
    );
    let outcome = if first.is_fatal() {
        Outcome::Fail
    } else {
        Outcome::Warn
    };
    let mut found = on(judged.image(), outcome, code, message);
    let words = quoted(first.message);
    if !words.is_empty() {
        let who = if first.is_fatal() {
            "kubelet"
        } else {
            "scheduler"
        };
        found.details.push((who, words));
    }
    Some(found)
}

/// Said once for each workload, on the first of its images that has no better explanation.
fn deadline(judged: &Judged<'_>, images: &[Judged<'_>]) -> Option<Finding> {
    let workload = judged.facts.workload().ok()?;
    let Rollout::Failed(words) = &workload.rollout else {
        return None;
    };
    let is_same = |other: &Workload| {
        (other.kind, &other.namespace, &other.name)
            == (workload.kind, &workload.namespace, &workload.name)
    };
    let first = images.iter().find(|image| {
        image.image() != ManagedImage::Ingestor && image.facts.workload().is_ok_and(is_same)
    })?;
    let is_explained = images
        .iter()
        .any(|image| !image.troubles.is_empty() && image.facts.workload().is_ok_and(is_same));
    if first.image() != judged.image() || is_explained {
        return None;
    }
    let message = format!(
        "the rollout of {} does not end: {}.",
        quoted(&workload.name),
        quoted(words.trim_end_matches('.'))
    );
    Some(on(
        judged.image(),
        Outcome::Warn,
        Code::ProgressDeadline,
        message,
    ))
}
