//! Every step and every ending as a snapshot, and what holds for all of them.

use insta::assert_snapshot;

use super::*;
use crate::render::digests::DigestForm;
use crate::render::fixtures::{self, Reported};
use crate::render::theme::Theme;

const PLAIN: Theme = Theme::plain();

const PAGE: Page<'static> = Page {
    theme: &PLAIN,
    width: Some(100),
    digests: DigestForm::Short,
};

/// The steps as they happen, then the ending.
fn drawn(reported: &Reported, page: &Page<'_>) -> String {
    let steps = reported.report.steps.iter().map(|taken| step(taken, page));
    steps.collect::<String>() + &ending(&reported.model(), page)
}

#[test]
fn every_report() {
    for (name, reported) in fixtures::reports() {
        assert_snapshot!(name, drawn(&reported, &PAGE));
    }
}

#[test]
fn a_line_per_change_where_nobody_watches() {
    let at = fixtures::at("2026-06-06T10:01:07Z");
    let lines: String = fixtures::reports()
        .iter()
        .flat_map(|(_, reported)| &reported.report.steps)
        .map(|taken| piped(taken, at))
        .collect();
    assert_snapshot!("piped", lines);
}

#[test]
fn the_live_line_keeps_its_clock_and_fits_the_page() {
    let target = fixtures::target("berlin-jobs-manager");
    let line = |width| {
        let words = "0/1 updated, new pod ContainerCreating";
        let (elapsed, limit) = (Duration::from_secs(7), Duration::from_secs(600));
        live(Step::Wait, Some(&target), words, elapsed, limit, width)
    };
    let whole =
        "rolling   deploy/berlin-jobs-manager   0/1 updated, new pod ContainerCreating   7s / 10m";
    for (want, width) in [
        (whole, None),
        (whole, Some(whole.len())),
        (
            "rolling   deploy/berlin-jobs-manager   0/1 updated,   7s / 10m",
            Some(62),
        ),
        ("   7s / 10m", Some(0)),
    ] {
        assert_eq!(want, line(width), "{width:?}");
    }
}
