//! G2 against its oracle, over everything that a tick can meet and every act that can fail.

use std::collections::BTreeMap;

use super::oracle_g2::{Image, Input, g2};
use super::*;

/// As many ticks are compared: an enumeration that has shrunk proves less.
pub(super) const CASES: usize = 35_948;

const NUMBERS: [Option<&str>; 12] = [
    None,
    Some(""),
    Some("0"),
    Some("1"),
    Some("2"),
    Some("3"),
    Some("4"),
    Some("007"),
    Some("abc"),
    Some("-1"),
    Some("2.0"),
    Some("2 "),
];

/// Pinned, unresolved, first seen, unchanged, moved on.
pub(super) const IMAGES: [Image; 5] = [
    image(true, Some(B), Some(A)),
    image(false, None, Some(A)),
    image(false, Some(B), None),
    image(false, Some(B), Some(B)),
    image(false, Some(B), Some(A)),
];

const fn image(
    pinned: bool,
    latest: Option<&'static str>,
    recorded: Option<&'static str>,
) -> Image {
    Image {
        pinned,
        latest,
        recorded,
    }
}

/// Everything about the ingestor, with this in the first pass.
fn inputs(jobs_manager: Image, pods_monitor: Image) -> Vec<Input> {
    let of = |counter, last_error: bool| Input {
        jobs_manager,
        pods_monitor,
        ingestor_pinned: false,
        ingestor_latest: Some(B),
        ingestor_recorded: Some(B),
        ingestor_env: B,
        counter,
        last_error: last_error.then_some("of an older tick"),
        threshold: 3,
    };
    let mut inputs = Vec::new();
    for last_error in [false, true] {
        inputs.push(Input {
            ingestor_pinned: true,
            ..of(Some("3"), last_error)
        });
        for counter in NUMBERS {
            for threshold in [0, 1, 2, 3, 5] {
                inputs.push(Input {
                    ingestor_latest: None,
                    threshold,
                    ..of(counter, last_error)
                });
            }
        }
        for counter in [None, Some(""), Some("3"), Some("abc")] {
            for ingestor_recorded in [None, Some(""), Some(A), Some(B), Some("not a digest")] {
                for ingestor_env in ["", A, B, C, "not a digest"] {
                    inputs.push(Input {
                        ingestor_recorded,
                        ingestor_env,
                        ..of(counter, last_error)
                    });
                }
            }
        }
    }
    inputs
}

fn scene(input: &Input) -> Scene {
    let flag = |is_set: bool| if is_set { "1" } else { "0" };
    let policy = policy(
        Generation::G2,
        &[
            ("JOBS_MANAGER_PINNED", flag(input.jobs_manager.pinned)),
            ("PODS_MONITOR_PINNED", flag(input.pods_monitor.pinned)),
            ("INGESTOR_PINNED", flag(input.ingestor_pinned)),
            (
                "INGESTOR_RESOLVE_FAIL_THRESHOLD",
                &input.threshold.to_string(),
            ),
        ],
    );
    let record = record(&[
        (key(ManagedImage::JobsManager), input.jobs_manager.recorded),
        (key(ManagedImage::PodsMonitor), input.pods_monitor.recorded),
        (key(ManagedImage::Ingestor), input.ingestor_recorded),
        (FAILURES, input.counter),
        (LAST_ERROR, input.last_error),
    ]);
    let latest = [
        (ManagedImage::JobsManager, input.jobs_manager.latest),
        (ManagedImage::PodsMonitor, input.pods_monitor.latest),
        (ManagedImage::Ingestor, input.ingestor_latest),
    ];
    let latest: BTreeMap<_, _> = latest
        .into_iter()
        .map(|(image, latest)| (image, answer(latest)))
        .collect();
    Scene {
        policy,
        // G2 has no settled guard: that something is under way is nothing to it.
        rollout: Rollout::InFlight("0 of 1 updated".to_owned()),
        record,
        in_use: input.ingestor_env.to_owned(),
        latest,
    }
}

#[test]
fn every_tick_of_g2_does_what_the_oracle_says() {
    let mut cases = 0;
    for jobs_manager in IMAGES {
        for pods_monitor in IMAGES {
            for input in inputs(jobs_manager, pods_monitor) {
                let scene = scene(&input);
                let whole = g2(&input, None).acts.len();
                for fails in std::iter::once(None).chain((0..whole).map(Some)) {
                    let (want, seen) = (g2(&input, fails), scene.tick(fails));
                    assert_agrees(&want, &seen, || format!("{input:?}, act {fails:?} fails"));
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(CASES, cases);
}
