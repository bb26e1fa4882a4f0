//! Generations from environments, and limits from what people write into them.

use super::*;

fn env(names: &[&str]) -> Env {
    Env(names
        .iter()
        .map(|name| ((*name).to_owned(), EnvValue::Literal("1".to_owned())))
        .collect())
}

#[test]
fn every_generation_is_known_by_its_environment() {
    let api_new = env(&["INGESTOR_IMAGE_TAG", "INGESTOR_IMAGE_DIGEST"]);
    let api_old = env(&["INGESTOR_IMAGE_DIGEST"]);
    for (want, refresh, api, deadline) in [
        ("G0", env(&["IMAGE_TAG"]), &api_old, None),
        ("G1", env(&["IMAGE_TAG", "INGESTOR_TAG"]), &api_old, None),
        (
            "G2",
            env(&["INGESTOR_TAG", "INGESTOR_RESOLVE_FAIL_THRESHOLD"]),
            &api_old,
            None,
        ),
        ("G3", env(&["IMAGE_TAG"]), &api_new, None),
        ("G4-G6", env(&["IMAGE_TAG"]), &api_new, Some(1800)),
        ("G7", env(&["MAX_REFRESH_ATTEMPTS"]), &api_new, Some(1800)),
        (
            "G8",
            env(&["MAX_REFRESH_ATTEMPTS", "IMAGE_REGISTRY"]),
            &api_new,
            Some(3600),
        ),
        (
            "G9-G10",
            env(&["MAX_REFRESH_ATTEMPTS", "IMAGE_REGISTRY", "MAX_SKIP_TICKS"]),
            &api_new,
            Some(3600),
        ),
    ] {
        assert_eq!(
            want,
            Capabilities::read(&refresh, api, deadline).generation()
        );
    }
}

#[test]
fn the_last_of_two_entries_is_what_the_container_sees() {
    let value = |text: &str| EnvValue::Literal(text.to_owned());
    let env = Env(vec![
        ("A".into(), value("1")),
        ("A".into(), value("2")),
        ("B".into(), EnvValue::Elsewhere),
    ]);
    assert_eq!((Some("2"), 2), (env.literal("A"), env.count("A")));
    assert_eq!((None, true), (env.literal("B"), env.has("B")));
}

#[test]
fn a_limit_that_the_shell_cannot_compare_never_fires() {
    let limit = |text: &str| {
        Limit::read(
            &Env(vec![("MAX".into(), EnvValue::Literal(text.to_owned()))]),
            "MAX",
            8,
        )
    };
    for (text, want) in [
        ("3", Limit::At(3)),
        ("", Limit::At(8)),
        ("-1", Limit::At(0)),
        ("007", Limit::At(7)),
        (" 3 ", Limit::At(3)),
        (&"9".repeat(20), Limit::At(u64::MAX)),
        (&"9".repeat(40), Limit::At(u64::MAX)),
        ("1e+06", Limit::Unusable("1e+06".to_owned())),
        ("abc", Limit::Unusable("abc".to_owned())),
    ] {
        assert_eq!(want, limit(text));
    }
    assert_eq!(Limit::At(8), Limit::read(&Env::default(), "MAX", 8));
    assert!(
        !limit("abc").reached_by(u64::MAX) && limit("3").reached_by(3) && !limit("3").reached_by(2)
    );
}
