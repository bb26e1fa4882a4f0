//! What is meant to differ from the script, and nothing else: design, section on `tick`. What needs a cluster or a
//! registry to be seen is tested there (unreadable annotations, proven digests, tokens with blanks).

use super::*;

fn failing_g2(stored: &str, threshold: &str) -> World {
    Scene {
        policy: policy(
            Generation::G2,
            &[
                ("JOBS_MANAGER_PINNED", "1"),
                ("PODS_MONITOR_PINNED", "1"),
                ("INGESTOR_RESOLVE_FAIL_THRESHOLD", threshold),
            ],
        ),
        rollout: Rollout::Settled,
        record: record(&[(FAILURES, Some(stored))]),
        in_use: A.to_owned(),
        latest: Latest::from([(ManagedImage::Ingestor, answer(None))]),
    }
    .tick(None)
}

/// The shell takes a leading zero for octal: `08` ends with status 2, `010` becomes 9. Twenty digits are no number to
/// it, and the count begins again.
#[test]
fn counters_are_decimal_and_saturate() {
    let count = |count: &str| vec![format!("annotate {FAILURES}={count}")];
    let eight = failing_g2("08", "20");
    assert_eq!(
        (count("9"), 0),
        (eight.acts, eight.exit),
        "the shell: status 2"
    );
    let ten = failing_g2("010", "20");
    assert_eq!((count("11"), 0), (ten.acts, ten.exit), "the shell: 9");
    let twenty = failing_g2(&"9".repeat(20), "3");
    assert_eq!(
        (vec![], 1),
        (twenty.acts, twenty.exit),
        "the shell: 1, exit 0"
    );
    let far = failing_g2("08", &"9".repeat(40));
    assert_eq!(
        (count("9"), 0),
        (far.acts, far.exit),
        "a limit beyond 64 bits is far away"
    );

    let skipped = |stored: &str| {
        Scene {
            policy: policy(Generation::G10, &[]),
            rollout: Rollout::InFlight("0 of 1 updated".to_owned()),
            record: record(&[(SKIPS, Some(stored))]),
            in_use: String::new(),
            latest: Latest::new(),
        }
        .tick(None)
    };
    let eight = skipped("08");
    assert_eq!(
        (vec![format!("annotate {SKIPS}=9")], 1),
        (eight.acts, eight.exit),
        "the shell: status 2"
    );
    let most = skipped(&"9".repeat(30));
    assert_eq!(
        (vec![format!("annotate {SKIPS}={}", u64::MAX)], 1),
        (most.acts, most.exit)
    );

    let locked = Scene {
        policy: policy(Generation::G7, &[]),
        rollout: Rollout::Settled,
        record: record(&[
            (ATTEMPT, Some("08")),
            (key(ManagedImage::JobsManager), Some(A)),
        ]),
        in_use: String::new(),
        latest: Latest::from([(ManagedImage::JobsManager, answer(Some(B)))]),
    }
    .tick(None);
    assert_eq!(
        (vec![format!("annotate {FLAP}=8")], 0),
        (locked.acts, locked.exit),
        "the shell: 08"
    );
}

/// The shell's comparison fails on them, and the limit never fires.
#[test]
fn an_unusable_limit_is_an_error_that_names_it() {
    for (generation, name) in [
        (Generation::G2, "INGESTOR_RESOLVE_FAIL_THRESHOLD"),
        (Generation::G7, "MAX_REFRESH_ATTEMPTS"),
        (Generation::G10, "MAX_SKIP_TICKS"),
    ] {
        for value in ["1e+06", "abc", "3.0", "0x10"] {
            let error = TickPolicy::read(&env(generation, &[(name, value)])).unwrap_err();
            let line = words::unusable(&error);
            let want = format!("ERROR: {name} is {value:?}, which is not a whole number");
            assert!(
                line.starts_with(&want) && line.ends_with("[TBI-603]"),
                "{line}"
            );
        }
    }
}

/// curl's line stood before the WARN, without a prefix, and named a number.
#[test]
fn a_warning_ends_with_the_host_the_layer_and_the_code() {
    for (failure, lines) in [
        (
            failure("auth.docker.io", Layer::Connect, Code::TokenHostBlocked),
            &[
                "WARN: could not fetch auth token for docker.io/tracebloc/jobs-manager",
                "WARN: could not resolve latest digest",
            ][..],
        ),
        (
            failure("registry-1.docker.io", Layer::Tls, Code::TlsIntercepted),
            &["WARN: could not resolve latest digest"],
        ),
        (
            failure("auth.docker.io", Layer::Token, Code::TokenMalformed),
            &[
                "WARN: could not fetch auth token for docker.io/tracebloc/jobs-manager",
                "WARN: could not resolve latest digest",
            ],
        ),
    ] {
        let code = failure.code.unwrap();
        let end = format!(
            "[{code} {}: {}: {}]",
            failure.host,
            failure.layer.word(),
            failure.message
        );
        let scene = Scene {
            policy: policy(Generation::G3, &[("PODS_MONITOR_PINNED", "1")]),
            rollout: Rollout::Settled,
            record: Record::default(),
            in_use: String::new(),
            latest: Latest::from([(ManagedImage::JobsManager, Err(failure))]),
        };
        let log = scene.tick(None).log;
        let warnings: Vec<_> = log.iter().filter(|line| line.contains("WARN")).collect();
        assert_eq!(lines.len(), warnings.len(), "{log:#?}");
        for (want, seen) in lines.iter().zip(warnings) {
            assert!(seen.contains(want) && seen.ends_with(&end), "{seen}");
        }
    }
}
