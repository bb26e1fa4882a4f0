//! How readings are judged: one table per group.

use std::collections::BTreeSet;

use super::*;
use crate::health::assess;
use crate::observation::{Blind, Observation};
use crate::reading::fixtures::{dropped, ghcr, of, pod};
use crate::reading::{Account, Answer};
use crate::render::fixtures::seen;

mod access;
mod jobs;
mod ways;

fn judged(readings: &Readings) -> Vec<Check> {
    let assessment = readings.release.as_ref().ok().map(assess);
    judge(readings, assessment.as_ref())
}

fn check(readings: &Readings, id: &str) -> Check {
    let checks = judged(readings);
    let found = checks.iter().find(|check| check.id == id).cloned();
    found.unwrap_or_else(|| {
        let ids: Vec<_> = checks.iter().map(|check| &check.id).collect();
        panic!("no check {id}: {ids:?}")
    })
}

/// `fail TBI-103 you may not list nodes`
fn words(check: &Check) -> String {
    let outcome = match &check.outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Warn => "warn".to_owned(),
        Outcome::Fail => "fail".to_owned(),
        Outcome::Skip(why) => format!("skip ({why})"),
        Outcome::Unknown(why) => format!("unknown ({why})"),
    };
    let code = check.code.map(|code| format!(" {code}"));
    let message = check.message.as_ref().map(|text| format!(" {text}"));
    format!(
        "{outcome}{}{}",
        code.unwrap_or_default(),
        message.unwrap_or_default()
    )
}

#[test]
fn each_check_is_there_once_for_each_vantage_point() {
    for name in [
        "healthy",
        "stuck",
        "silent",
        "mirrored",
        "suspended",
        "forbidden",
        "half_rolled",
        "hostile",
    ] {
        let readings = Readings {
            pods: vec![pod(ghcr(dropped()))],
            ..of(seen(name))
        };
        let checks = judged(&readings);
        let mut known = BTreeSet::new();
        for check in &checks {
            let key = (check.id.clone(), check.vantage.clone());
            assert!(known.insert(key), "{name}: {} twice", check.id);
        }
    }
}
