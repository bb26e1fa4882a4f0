//! The text of the metrics, held to its grammar.

use std::collections::BTreeSet;

use super::*;
use crate::render::fixtures;

fn text() -> String {
    metrics(&fixtures::fleet())
}

/// The samples of a family, as `labels value`.
fn family<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("tracebloc_images_{name}");
    let lines = text.lines().filter_map(|line| line.strip_prefix(&start));
    lines.filter(|rest| rest.starts_with(['{', ' '])).collect()
}

#[test]
fn one_stuck_release_in_numbers() {
    let stuck = fixtures::statuses().swap_remove(1);
    let fleet = Fleet::of_namespace(vec![stuck]);
    insta::assert_snapshot!("stuck", metrics(&fleet));
}

#[test]
fn every_family_is_described_once_before_its_samples_and_no_series_comes_twice() {
    let text = text();
    let (mut families, mut series) = (Vec::new(), BTreeSet::new());
    for line in text.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => {
                assert!(!families.contains(&name), "{name} comes twice");
                assert!(help.ends_with('.'), "{line}");
                families.push(name);
            }
            ["#", "TYPE", name, kind] => {
                assert_eq!(Some(&name), families.last(), "{line}");
                assert_eq!("gauge", kind, "{line}");
            }
            ["#", "EOF"] => {}
            _ => {
                let (key, value) = line.rsplit_once(' ').unwrap();
                let name = key.split('{').next().unwrap();
                assert_eq!(Some(&name), families.last(), "{line}");
                assert!(value.parse::<i64>().is_ok(), "{line}");
                assert!(series.insert(key.to_owned()), "{key} comes twice");
            }
        }
    }
    assert!(series.len() > 500, "{}", series.len());
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn a_state_is_one_series_for_each_word() {
    let text = text();
    for name in ["release_state", "refresh_job_state"] {
        for context in ["tb-berlin", "tb-clinic", "tb-pinned"] {
            let own = family(&text, name)
                .into_iter()
                .filter(|line| line.contains(context));
            let ones = own.filter(|line| line.ends_with(" 1"));
            assert_eq!(1, ones.count(), "{name} of {context}");
        }
    }
}

#[test]
fn what_is_not_known_has_no_number() {
    let text = text();
    let of_eu = |name| {
        let lines = family(&text, name).into_iter();
        lines.filter(|line| line.contains("\"tb-eu\"")).count()
    };
    assert_eq!(0, of_eu("streak"), "its annotations are not readable");
    assert!(of_eu("gaps") > 0);
}

#[test]
fn a_context_that_was_not_reached_is_a_zero() {
    let text = text();
    let contexts = family(&text, "context_reachable");
    assert!(
        contexts.contains(&"{context=\"edge-07\"} 0"),
        "{contexts:?}"
    );
    assert!(
        contexts.contains(&"{context=\"edge-09\"} 1"),
        "{contexts:?}"
    );
}

#[test]
fn names_cannot_break_out_of_their_quotes() {
    for (name, want) in [
        ("a\"b", "a\\\"b"),
        ("a\\b", "a\\\\b"),
        ("a\nb\u{1b}[31m", "a b [31m"),
        ("arn:aws:eks:eu/edge", "arn:aws:eks:eu/edge"),
    ] {
        assert_eq!(want, escaped(name));
    }
}

#[test]
fn a_fleet_of_nothing_is_still_a_whole_file() {
    let empty = metrics(&Fleet::of_namespace(Vec::new()));
    assert_eq!(
        "# HELP tracebloc_images_places_not_looked_at Namespaces that were asked for and that nobody could look at, or groups of them.\n\
         # TYPE tracebloc_images_places_not_looked_at gauge\n\
         tracebloc_images_places_not_looked_at 0\n\
         # EOF\n",
        empty
    );
}
