//! Every screen as a snapshot, and what holds for all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use super::fixtures::{
    all, green, here_alone, incident, no_release, no_server, not_allowed, report,
};
use super::short::short;
use super::*;
use crate::checks::judge;
use crate::health::assess;
use crate::reading::fixtures::unprobed;
use crate::reading::{Readings, Unprobed};
use crate::render::json::{json, yaml};
use crate::render::model::doctor::{AllowList, Examined, Strictness};
use crate::render::theme::Glyphs;

const PAGE: View = View {
    form: Form::Table,
    width: Some(100),
};

const WIDE: View = View {
    form: Form::Wide,
    ..PAGE
};

fn drawn(readings: &Readings, view: View) -> String {
    doctor(&report(readings), &view, &Theme::plain())
}

/// Escape characters that a diff shows.
fn visible(text: &str) -> String {
    text.replace('\u{1b}', "␛")
}

#[test]
fn every_site_as_a_screen() {
    for (name, readings) in all() {
        assert_snapshot!(name, drawn(&readings, PAGE));
    }
}

#[test]
fn every_site_for_a_ticket() {
    for (name, readings) in all() {
        let text = short(&report(&readings), &Theme::plain());
        assert_snapshot!(format!("{name}_short"), text);
    }
}

#[test]
fn the_incident_in_every_other_form() {
    let readings = incident();
    assert_snapshot!("incident_wide", drawn(&readings, WIDE));
    for width in [80, 50] {
        let view = View {
            width: Some(width),
            ..PAGE
        };
        assert_snapshot!(format!("incident_at_{width}"), drawn(&readings, view));
    }
    let piped = View {
        width: None,
        ..PAGE
    };
    assert_snapshot!("incident_piped", drawn(&readings, piped));
    let coloured = doctor(&report(&readings), &PAGE, &Theme::coloured());
    assert_snapshot!("incident_coloured", visible(&coloured));
    let ascii = Theme::plain().with_glyphs(Glyphs::ASCII);
    assert_snapshot!("incident_ascii", doctor(&report(&readings), &PAGE, &ascii));
    assert_snapshot!("incident_json", json(&report(&readings)));
    assert_snapshot!("incident_yaml", yaml(&report(&readings)));
    assert_snapshot!("green_wide", drawn(&green(), WIDE));
    let narrow = View {
        width: Some(60),
        ..PAGE
    };
    assert_snapshot!("green_at_60", drawn(&green(), narrow));
}

#[test]
fn the_hosts_of_the_incident_for_whoever_runs_the_firewall() {
    let list = AllowList::new(&[incident(), green()]);
    assert_snapshot!("allowlist", crate::render::allowlist::text(&list));
    assert_snapshot!("allowlist_json", json(&list));
}

#[test]
fn nothing_steers_a_terminal_and_pages_keep_their_width() {
    for (name, readings) in all() {
        for width in [Some(120), Some(100), Some(80), Some(60), Some(50), None] {
            for form in [Form::Table, Form::Wide] {
                let text = drawn(&readings, View { form, width });
                let steering = text.find(|c: char| c != '\n' && crate::text::is_unprintable(c));
                assert_eq!(None, steering, "{name} at {width:?}");
                let Some(width) = width else {
                    continue;
                };
                for line in text.lines() {
                    // A word that is longer than the page sticks out, alone, and so does a command.
                    let words = line.split_whitespace().count();
                    let causes = report(&readings).diagnosis;
                    let mut commands = causes.iter().flat_map(|cause| &cause.next);
                    let is_command = commands.any(|next| line.contains(&next.command));
                    assert!(
                        line.width() <= width || words <= 2 || is_command,
                        "{name} at {width}: {line}"
                    );
                }
            }
        }
        let text = short(&report(&readings), &Theme::plain());
        assert!(
            !text.contains(|c: char| c != '\n' && crate::text::is_unprintable(c)),
            "{name}"
        );
    }
}

#[test]
fn without_colours_the_coloured_screen_is_the_plain_one() {
    for (name, readings) in all() {
        let coloured = doctor(&report(&readings), &PAGE, &Theme::coloured());
        let mut bare = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            bare.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        assert_eq!(drawn(&readings, PAGE), bare + rest, "{name}");
    }
}

#[test]
fn the_exit_code_is_that_of_the_gravest_result() {
    let code = |readings: &Readings, strictness| {
        let assessment = readings.release.as_ref().ok().map(assess);
        let checks = judge(readings, assessment.as_ref());
        let examined = Examined {
            readings,
            checks: &checks,
            causes: &[],
            took: Duration::ZERO,
        };
        DoctorReport::new(&examined, strictness).summary.exit_code
    };
    for (name, readings, want, strict) in [
        ("all fine", green(), 0, 0),
        ("failures", incident(), 3, 3),
        ("warnings alone", here_alone(), 0, 4),
        (
            "skipped by choice",
            Readings {
                pods: vec![unprobed(Unprobed::ByChoice("--no-probe".to_owned()))],
                ..green()
            },
            0,
            0,
        ),
        (
            "not allowed to look",
            Readings {
                pods: vec![unprobed(Unprobed::Unable("no right".to_owned()))],
                ..green()
            },
            5,
            5,
        ),
        ("something unknown beside a failure", not_allowed(), 3, 3),
        ("no API server", no_server(), 3, 3),
        ("no release", no_release(), 3, 3),
    ] {
        assert_eq!(
            (want, strict),
            (
                code(&readings, Strictness::Lenient),
                code(&readings, Strictness::Strict)
            ),
            "{name}"
        );
    }
}

/// Everything a person is shown of the checks stands in the document, too.
#[test]
fn the_document_has_what_the_screen_has() {
    for (name, readings) in all() {
        let report = report(&readings);
        let document = json(&report);
        let told: BTreeSet<&str> = report
            .checks
            .iter()
            .flat_map(|check| [check.message.as_deref(), check.reason.as_deref()])
            .chain(
                report
                    .diagnosis
                    .iter()
                    .map(|cause| Some(cause.title.as_str())),
            )
            .flatten()
            .collect();
        for text in told {
            let quoted = serde_json::to_string(text).unwrap();
            let escaped = json(&text);
            assert!(
                document.contains(&quoted) || document.contains(escaped.trim_end()),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn open_ways_are_summed_up_and_barred_ones_are_not() {
    let green = drawn(&green(), PAGE);
    assert!(green.contains("✔ all 5 steps, 112ms"), "{green}");
    assert!(!drawn(&incident(), PAGE).contains("all 5 steps"));
}
