//! G10 against its oracle, over everything that a tick can meet and every act that can fail.

use super::enumeration_g2::IMAGES;
use super::oracle_g2::Image;
use super::oracle_g10::{Input, g10};
use super::*;

/// As many ticks are compared: an enumeration that has shrunk proves less.
pub(super) const CASES: usize = 49_756;

const PLAIN: Input = Input {
    registry: "docker.io",
    is_settled: true,
    skips: None,
    max_skips: 8,
    jobs_manager: IMAGES[4],
    pods_monitor: IMAGES[4],
    resource_monitor: IMAGES[4],
    proxy_pinned: false,
    attempt: None,
    max_attempts: 3,
};

fn scene(input: &Input) -> Scene {
    let flag = |is_set: bool| if is_set { "1" } else { "0" };
    let policy = policy(
        Generation::G10,
        &[
            ("IMAGE_REGISTRY", input.registry),
            ("JOBS_MANAGER_PINNED", flag(input.jobs_manager.pinned)),
            ("PODS_MONITOR_PINNED", flag(input.pods_monitor.pinned)),
            (
                "RESOURCE_MONITOR_PINNED",
                flag(input.resource_monitor.pinned),
            ),
            ("REQUESTS_PROXY_PINNED", flag(input.proxy_pinned)),
            ("MAX_REFRESH_ATTEMPTS", &input.max_attempts.to_string()),
            ("MAX_SKIP_TICKS", &input.max_skips.to_string()),
        ],
    );
    let images = [
        (ManagedImage::JobsManager, input.jobs_manager),
        (ManagedImage::PodsMonitor, input.pods_monitor),
        (ManagedImage::ResourceMonitor, input.resource_monitor),
    ];
    let mut values = images.map(|(image, of)| (key(image), of.recorded)).to_vec();
    values.extend([
        (SKIPS, input.skips),
        (ATTEMPT, input.attempt),
        // What a later tick leaves behind decides nothing.
        (FLAP, input.attempt),
    ]);
    Scene {
        policy,
        rollout: if input.is_settled {
            Rollout::Settled
        } else {
            Rollout::Failed("progress deadline exceeded".to_owned())
        },
        record: record(&values),
        in_use: String::new(),
        latest: images
            .into_iter()
            .map(|(image, of)| (image, answer(of.latest)))
            .collect(),
    }
}

/// How many ways of one input were compared.
fn compare(input: &Input) -> usize {
    let scene = scene(input);
    let whole = g10(input, None).acts.len();
    for fails in std::iter::once(None).chain((0..whole).map(Some)) {
        let (want, seen) = (g10(input, fails), scene.tick(fails));
        assert_agrees(&want, &seen, || format!("{input:?}, act {fails:?} fails"));
    }
    whole + 1
}

fn images() -> Vec<[Image; 3]> {
    let pairs = IMAGES.into_iter().flat_map(|a| IMAGES.map(|b| (a, b)));
    pairs.flat_map(|(a, b)| IMAGES.map(|c| [a, b, c])).collect()
}

#[test]
fn every_tick_of_g10_does_what_the_oracle_says() {
    let mut cases = 0;
    for [jobs_manager, pods_monitor, resource_monitor] in images() {
        let input = Input {
            jobs_manager,
            pods_monitor,
            resource_monitor,
            ..PLAIN
        };
        for registry in ["", "mirror.corp.example/hub", "https://docker.io"] {
            for is_settled in [false, true] {
                cases += compare(&Input {
                    registry,
                    is_settled,
                    skips: Some("3"),
                    ..input
                });
            }
        }
        for skips in [
            None,
            Some(""),
            Some("0"),
            Some("6"),
            Some("7"),
            Some("8"),
            Some("007"),
            Some("zz"),
        ] {
            for max_skips in [0, 1, 8] {
                for is_settled in [false, true] {
                    cases += compare(&Input {
                        is_settled,
                        skips,
                        max_skips,
                        ..input
                    });
                }
            }
        }
        for attempt in [
            None,
            Some(""),
            Some("0"),
            Some("2"),
            Some("3"),
            Some("4"),
            Some("002"),
            Some("x"),
        ] {
            for max_attempts in [0, 1, 3] {
                for (proxy_pinned, skips) in [(false, None), (true, None), (false, Some("5"))] {
                    cases += compare(&Input {
                        skips,
                        proxy_pinned,
                        attempt,
                        max_attempts,
                        ..input
                    });
                }
            }
        }
    }
    assert_eq!(CASES, cases);
}
