//! Lookups that the refresher itself could not do, where no look from a pod shows what bars them: counted (301, 302),
//! or in a log alone (310).

use std::collections::BTreeSet;

use super::block::{Place, View, join, view};
use super::{Case, Cause, Confidence, Gravity, explained, incident, symptoms};
use crate::checks::{Check, Outcome};
use crate::codes::Code;
use crate::health::NextStep;
use crate::reading::Unprobed;
use crate::shell::word;

/// One cause for all such checks, and the checks that are none of it.
pub(super) fn causes<'a>(case: &Case<'_>, open: Vec<&'a Check>) -> (Option<Cause>, Vec<&'a Check>) {
    let is_lookup = |check: &&&Check| {
        matches!(
            check.code,
            Some(Code::StreakBelowThreshold | Code::StreakAtThreshold | Code::SilentFailure)
        )
    };
    let images = open
        .iter()
        .filter(is_lookup)
        .filter_map(|check| check.image);
    let registries: BTreeSet<&str> = images
        .filter_map(|image| symptoms::registry(case, image))
        .collect();
    // The gravest speaks for all.
    let worst = open
        .iter()
        .filter(is_lookup)
        .filter(|check| !registries.is_empty() && check.image.is_some())
        .min_by_key(|check| {
            (
                check.outcome != Outcome::Fail,
                check.code != Some(Code::StreakAtThreshold),
            )
        });
    let Some((code, is_failure)) =
        worst.and_then(|check| Some((check.code?, check.outcome == Outcome::Fail)))
    else {
        return (None, open);
    };
    let (own, rest): (Vec<_>, Vec<_>) = open
        .into_iter()
        .partition(|check| symptoms::is_of_lookups(case, &registries, check));
    let explains = explained(&own, code);
    let hosts = join(registries.iter().copied());
    let is_open = |place| {
        registries
            .iter()
            .all(|one| view(case.readings, place, one) == View::Open)
    };
    let is_over = is_open(Place::Pods);
    let title = if is_over {
        format!("the refresher could not look up {hosts}; its pods can now")
    } else {
        format!("the refresher's pods could not look up {hosts}")
    };
    let mut reasons = Vec::new();
    if is_open(Place::Here) {
        reasons.push(format!(
            "This machine reaches {hosts}, and the images exist."
        ));
    }
    if !is_over {
        reasons.push(
            "No other pod has looked from there: nothing tells at which step it is barred, nor what bars it."
                .to_owned(),
        );
    }
    reasons.extend(own.iter().flat_map(|check| said(check)));
    if code == Code::StreakAtThreshold
        && let Some(assessment) = case.assessment
    {
        reasons.extend(incident::ruled_out(case.readings, assessment));
    }
    reasons.extend(super::evidence::follows(&explains));
    let found = Cause {
        code,
        title,
        reasons,
        evidence: own.iter().map(|check| check.id.clone()).collect(),
        explains,
        confidence: if is_over {
            Confidence::High
        } else {
            Confidence::Low
        },
        gravity: if is_failure {
            Gravity::Way
        } else {
            Gravity::Beside
        },
        advice: advice(case),
        allow: Vec::new(),
        next: if is_over {
            tick(case).into_iter().collect()
        } else {
            super::others::advised(case)
        },
    };
    (Some(found), rest)
}

/// How to learn more than the refresher's own marks tell.
fn advice(case: &Case<'_>) -> String {
    let why = case
        .readings
        .pods
        .iter()
        .find_map(|pod| pod.ways.as_ref().err());
    let advice = match why {
        Some(Unprobed::ByChoice(_)) => {
            "Run this again without --no-probe: only a pod can tell where the way is barred."
        }
        Some(Unprobed::Unable(_)) => {
            "Have somebody run this who may create Jobs (doctor --print-rbac): only a pod can tell where the way is barred."
        }
        Some(Unprobed::Failed { .. }) | None => "",
    };
    advice.to_owned()
}

/// What the annotation or the log says, verbatim.
fn said(check: &Check) -> Vec<String> {
    let details = check.details.iter();
    details
        .filter(|(label, _)| matches!(*label, "last error" | "log"))
        .map(|(label, text)| format!("{label}: {text}"))
        .collect()
}

/// The next tick would do; this one comes at once.
fn tick(case: &Case<'_>) -> Option<NextStep> {
    let seen = case.readings.release.as_ref().ok()?;
    let name = &seen.release.cron_job()?.name;
    Some(NextStep {
        command: format!(
            "kubectl create job -n {} --from=cronjob/{} {}",
            word(&seen.release.namespace),
            word(name),
            word(&format!("{name}-{}", seen.at.as_second()))
        ),
        why: "run the refresher now; its next success clears the count".to_owned(),
    })
}
