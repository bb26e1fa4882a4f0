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
            Some(known) => {
                let message = check.message.iter().filter(|text| **text != known.title);
                known.reasons.extend(message.cloned());
                known.evidence.push(check.id.clone());
                known.gravity = known.gravity.min(gravity);
            }
            None => causes.push(Cause {
                code,
                title: check.message.clone().unwrap_or_else(|| check.id.clone()),
                reasons: Vec::new(),
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

fn hint(check: &Check) -> String {
    let known = match (check.id.as_str(), check.code) {
        ("egress.probe", _) => "See to what kept the pod from looking; --no-probe leaves it out.",
        (_, Some(Code::RightMissing)) => {
            "Ask for these rights: doctor --print-rbac prints the Roles."
        }
        (_, Some(Code::AccountRightMissing)) => {
            "The chart's Role or its binding was changed: the next helm upgrade puts it back."
        }
        (_, Some(Code::DigestDiffers)) => {
            "A tag that has just moved may differ for a moment: run this again. Otherwise a mirror or a cache on one of the ways is behind."
        }
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let hint = check.details.iter().find(|(label, _)| *label == "hint");
    hint.map(|(_, text)| text.clone()).unwrap_or_default()
}

/// What the assessment advises, for what it has judged.
fn next(case: &Case<'_>, check: &Check) -> Vec<NextStep> {
    match check.group {
        Group::Access | Group::Registries => Vec::new(),
        Group::Images | Group::RefreshJob | Group::Chart => advised(case),
    }
}

/// A look of its own is not advised here.
pub(super) fn advised(case: &Case<'_>) -> Vec<NextStep> {
    let steps = case
        .assessment
        .iter()
        .flat_map(|assessment| &assessment.next);
    steps
        .filter(|step| !step.command.starts_with("kubectl tracebloc-images doctor"))
        .cloned()
        .collect()
}
