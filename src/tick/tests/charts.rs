//! The environment that each generation of the chart renders is understood, and asks for what that generation asks for.

use super::*;
use crate::world::sim::release::{Generation as Chart, Release};

/// The environment of the CronJob's container.
fn rendered(chart: Chart) -> Env {
    let objects = Release::new(chart).objects();
    let cron_job = objects
        .iter()
        .find(|object| object["kind"] == "CronJob")
        .unwrap();
    let container = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let entries = container["env"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    Env(entries
        .map(|entry| {
            (
                text(&entry["name"]),
                EnvValue::Literal(text(&entry["value"])),
            )
        })
        .collect())
}

#[test]
fn every_generation_is_told_by_its_environment() {
    for chart in Chart::ALL {
        let policy = TickPolicy::read(&rendered(chart)).unwrap();
        let seen = (
            policy.ingestor.as_ref().map(|pass| pass.threshold),
            policy.max_attempts,
            policy.by_digest.is_some(),
            policy.max_skips,
        );
        let want = (
            chart
                .has_ingestor_pass()
                .then_some(chart.has_failure_streak().then_some(3)),
            chart.has_flap_guard().then_some(3),
            chart.sets_images(),
            chart.has_skip_streak().then_some(8),
        );
        assert_eq!(want, seen, "{chart:?}");
        let lookups = 2 + usize::from(chart.has_ingestor_pass()) + usize::from(chart.sets_images());
        assert_eq!(lookups, policy.lookups().len(), "{chart:?}");
    }
}
