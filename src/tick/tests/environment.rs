//! Environments: defaults, durations, and what cannot be used.

use std::time::Duration;

use super::*;

fn refused(env: &Env) -> String {
    TickPolicy::read(env).unwrap_err().to_string()
}

#[test]
fn unset_and_empty_mean_the_default() {
    let defaults = |generation, names: &[&str]| {
        let empty: Vec<_> = names.iter().map(|name| (*name, "")).collect();
        let mut unset = env(generation, &[]);
        unset.0.retain(|(name, _)| !names.contains(&name.as_str()));
        let whole = policy(generation, &[]);
        assert_eq!(whole, policy(generation, &empty), "{names:?} empty");
        assert_eq!(whole, TickPolicy::read(&unset).unwrap(), "{names:?} unset");
    };
    defaults(
        Generation::G3,
        &["IMAGE_TAG", "ROLLOUT_TIMEOUT", "JOBS_MANAGER_PINNED"],
    );
    defaults(
        Generation::G10,
        &["MAX_REFRESH_ATTEMPTS", "REQUESTS_PROXY_PINNED"],
    );
    for (generation, name) in [
        (Generation::G2, "INGESTOR_RESOLVE_FAIL_THRESHOLD"),
        (Generation::G2, "INGESTOR_TAG"),
        (Generation::G7, "MAX_REFRESH_ATTEMPTS"),
        (Generation::G10, "MAX_SKIP_TICKS"),
    ] {
        assert_eq!(
            policy(generation, &[]),
            policy(generation, &[(name, "")]),
            "{name}"
        );
    }
}

#[test]
fn durations_are_a_number_and_a_unit() {
    let limit = |text: &str| policy(Generation::G3, &[("ROLLOUT_TIMEOUT", text)]).rollout_limit;
    for (text, want) in [
        ("10m", Duration::from_secs(600)),
        ("45s", Duration::from_secs(45)),
        ("2h", Duration::from_secs(7200)),
        ("007s", Duration::from_secs(7)),
        ("0s", Duration::MAX),
        ("99999999999999999999h", Duration::from_secs(u64::MAX)),
    ] {
        assert_eq!(want, limit(text), "{text}");
    }
    for text in [
        "10", "m", "10 m", "10min", "-1m", "1.5h", "10M", "1e3s", "ß",
    ] {
        let why = refused(&env(Generation::G3, &[("ROLLOUT_TIMEOUT", text)]));
        assert!(why.starts_with("ROLLOUT_TIMEOUT is "), "{text}: {why}");
    }
}

#[test]
fn what_has_no_default_must_be_there() {
    for name in ["RELEASE_NAME", "RELEASE_NAMESPACE", "DEPLOYMENT_NAME"] {
        let mut unset = env(Generation::G2, &[]);
        unset.0.retain(|(other, _)| other != name);
        assert_eq!(format!("{name} is not set"), refused(&unset));
        assert_eq!(
            format!("{name} is not set"),
            refused(&env(Generation::G2, &[(name, "")]))
        );
    }
    for name in [
        "REQUESTS_PROXY_DEPLOYMENT",
        "RESOURCE_MONITOR_DAEMONSET",
        "NODE_AGENTS_NAMESPACE",
    ] {
        assert_eq!(
            format!("{name} is not set"),
            refused(&env(Generation::G8, &[(name, "")]))
        );
        let only = refused(&env(Generation::G7, &[(name, "x")]));
        assert_eq!(
            format!("IMAGE_REGISTRY is not set, although {name} is"),
            only
        );
    }
    let why = refused(&env(Generation::G3, &[("MAX_SKIP_TICKS", "8")]));
    assert_eq!("IMAGE_REGISTRY is not set, although MAX_SKIP_TICKS is", why);
}

#[test]
fn only_a_limit_has_the_code_of_limits() {
    let line = |name: &str| {
        let env = env(Generation::G10, &[(name, "")]);
        words::unusable(&TickPolicy::read(&env).unwrap_err())
    };
    assert_eq!(
        "ERROR: RELEASE_NAME is not set; nothing was looked at",
        line("RELEASE_NAME")
    );
}

#[test]
fn a_negative_limit_is_reached_at_once() {
    let scene = Scene {
        policy: policy(Generation::G10, &[("MAX_SKIP_TICKS", "-1")]),
        rollout: Rollout::InFlight("0 of 1 updated".to_owned()),
        record: Record::default(),
        in_use: String::new(),
        latest: Latest::new(),
    };
    assert_eq!(1, scene.tick(None).exit);
}

#[test]
fn an_unusable_value_is_shown_on_one_line() {
    let hostile = "3\u{1b}[31m\nERROR";
    let error = TickPolicy::read(&env(Generation::G7, &[("MAX_REFRESH_ATTEMPTS", hostile)]));
    let line = words::unusable(&error.unwrap_err());
    assert!(!line.contains(crate::text::is_unprintable), "{line:?}");
}

#[test]
fn only_what_is_not_pinned_is_looked_up() {
    let names = |policy: &TickPolicy| -> Vec<String> {
        policy
            .lookups()
            .iter()
            .map(|(_, reference)| reference.to_string())
            .collect()
    };
    assert_eq!(
        vec![
            "docker.io/tracebloc/jobs-manager:prod",
            "docker.io/tracebloc/pods-monitor:prod",
            "ghcr.io/tracebloc/ingestor:0.3",
        ],
        names(&policy(Generation::G2, &[]))
    );
    let pins = [
        ("JOBS_MANAGER_PINNED", "1"),
        ("RESOURCE_MONITOR_PINNED", "1"),
    ];
    assert_eq!(
        vec!["docker.io/tracebloc/pods-monitor:stg"],
        names(&policy(
            Generation::G10,
            &[&pins[..], &[("IMAGE_TAG", "stg")]].concat()
        ))
    );
    let pinned = policy(Generation::G2, &[("INGESTOR_PINNED", "1")]);
    assert_eq!(2, names(&pinned).len());
}
