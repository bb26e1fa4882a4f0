//! The screen of a fleet: empty, one, many, too wide, half seen.

use super::*;
use crate::render::fixtures::{self, statuses};
use crate::render::model::{ImageStatus, Incomplete};

const PAGE: View = View {
    columns: Columns::Table,
    width: None,
    headers: Headers::Shown,
};

fn of(statuses: Vec<ImageStatus>) -> Fleet {
    Fleet::of_namespace(statuses)
}

fn page(fleet: &Fleet, view: View, theme: &Theme) -> String {
    super::fleet(fleet, &view, theme)
}

#[test]
fn many_releases_stand_worst_first() {
    insta::assert_snapshot!("many", page(&of(statuses()), PAGE, &Theme::plain()));
}

#[test]
fn the_wide_form_adds_generation_and_codes() {
    let wide = View {
        columns: Columns::Wide,
        ..PAGE
    };
    insta::assert_snapshot!("wide", page(&of(statuses()), wide, &Theme::plain()));
}

#[test]
fn colour_marks_what_is_wrong() {
    insta::assert_snapshot!("coloured", page(&of(statuses()), PAGE, &Theme::coloured()));
}

#[test]
fn one_healthy_release_needs_no_next_step() {
    let one = of(statuses().drain(..1).collect());
    insta::assert_snapshot!("one", page(&one, PAGE, &Theme::plain()));
}

#[test]
fn nothing_found_is_said() {
    assert_eq!(
        "No tracebloc release found\n",
        page(&of(Vec::new()), PAGE, &Theme::plain())
    );
}

#[test]
fn a_narrow_page_drops_columns_before_it_breaks() {
    let fleet = of(statuses());
    for (width, gone) in [
        (200, vec![]),
        (95, vec!["CHART"]),
        (88, vec!["CHART", "LAST OK"]),
        (20, vec!["CHART", "LAST OK", "IMAGES", "ARCH"]),
    ] {
        let view = View {
            width: Some(width),
            ..PAGE
        };
        let page = page(&fleet, view, &Theme::plain());
        let head = page.lines().next().unwrap();
        let missing: Vec<_> = ["CHART", "LAST OK", "IMAGES", "ARCH"]
            .into_iter()
            .filter(|title| !head.contains(title))
            .collect();
        assert_eq!(gone, missing, "{width}: {head}");
    }
}

#[test]
fn without_headers_the_first_line_is_a_release() {
    let view = View {
        headers: Headers::Hidden,
        ..PAGE
    };
    let page = page(&of(statuses()), view, &Theme::plain());
    assert!(page.starts_with("✖  tb-berlin"), "{page}");
}

fn several() -> Fleet {
    fixtures::fleet()
}

#[test]
fn a_context_that_cannot_be_reached_is_a_row_and_a_note() {
    insta::assert_snapshot!("several", page(&several(), PAGE, &Theme::plain()));
}

#[test]
fn signs_can_be_ascii_alone() {
    let theme = Theme::plain().with_glyphs(crate::render::theme::Glyphs::ASCII);
    assert!(page(&several(), PAGE, &theme).is_ascii());
}

#[test]
fn more_notes_than_anybody_reads_are_counted() {
    let mut fleet = of(statuses());
    fleet.incomplete = (0..20)
        .map(|number| Incomplete {
            what: format!("namespace n{number}"),
            reason: format!("reason {number}"),
        })
        .collect();
    let page = page(&fleet, PAGE, &Theme::plain());
    assert!(page.contains("more: -o json has all"), "{page}");
    let notes = page
        .lines()
        .filter(|line| line.starts_with("not looked at"));
    assert_eq!(NOTED, notes.count());
}
