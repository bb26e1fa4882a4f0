//! What is wrong and no barred way explains: each code once, with what its checks say and what the assessment advises.

use super::{Case, Cause, Confidence, Gravity};
use crate::checks::{Check, Group, Outcome};
use crate::codes::Code;
use crate::health::NextStep;

pub(super) fn causes(case: &Case<'_>, open: &[&Check]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for check in open {
        let Some(code) = check.code else {
            continue;
        };
        let gravity = gravity(check);
        match causes.iter_mut().find(|cause| cause.code == code) {
            Some(cause) => {
                cause.reasons.extend(check.message.clone());
                cause.evidence.push(check.id.clone());
                cause.gravity = cause.gravity.min(gravity);
            }
            None => causes.push(Cause {
                code,
                title: check.message.clone().unwrap_or_else(|| check.id.clone()),
                reasons: reasons(case, check, code),
                evidence: vec![check.id.clone()],
                explains: Vec::new(),
                confidence: Confidence::Medium,
                gravity,
                advice: hint(check),
                allow: Vec::new(),
                next: next(case, check),
            }),
        }
    }
    causes
}

fn gravity(check: &Check) -> Gravity {
    match (check.group, &check.outcome) {
        (_, Outcome::Warn) => Gravity::Beside,
        (Group::Access, _) => Gravity::Access,
        (Group::Registries, _) => Gravity::Way,
        (Group::Images | Group::RefreshJob | Group::Chart, _) => Gravity::Release,
    }
}

/// A failed lookup that no look from a pod explains has been seen by the refresher alone.
fn reasons(case: &Case<'_>, check: &Check, code: Code) -> Vec<String> {
    let is_lookup = matches!(
        code,
        Code::StreakBelowThreshold | Code::StreakAtThreshold | Code::SilentFailure
    );
    if !is_lookup {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let has_looked = case.readings.pods.iter().any(|pod| pod.ways.is_ok());
    reasons.push(if has_looked {
        "The pods reach the registry now: the next tick that looks it up clears this.".to_owned()
    } else {
        "The refresher's own pods could not look it up; no other pod has looked from there."
            .to_owned()
    });
    if code == Code::StreakAtThreshold
        && let Some(assessment) = case.assessment
    {
        reasons.extend(super::incident::ruled_out(case.readings, assessment));
    }
    let details = check.details.iter();
    reasons.extend(details.map(|(label, text)| format!("{label}: {text}")));
    reasons
}

fn hint(check: &Check) -> String {
    let hint = check.details.iter().find(|(label, _)| *label == "hint");
    hint.map(|(_, text)| text.clone()).unwrap_or_default()
}

/// What the assessment advises; a look of its own is not advised here.
fn next(case: &Case<'_>, check: &Check) -> Vec<NextStep> {
    if matches!(check.group, Group::Access | Group::Registries) {
        return Vec::new();
    }
    let steps = case
        .assessment
        .iter()
        .flat_map(|assessment| &assessment.next);
    steps
        .filter(|step| !step.command.starts_with("kubectl tracebloc-images doctor"))
        .cloned()
        .collect()
}
