//! Every screen as a snapshot, and what holds for all of them.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use super::short::short;
use super::*;
use crate::image::ManagedImage;
use crate::observation::Running;
use crate::render::fixtures::{self, Case, visible, without_escapes};
use crate::render::json::{json, yaml};
use crate::render::theme::Glyphs;

mod same_facts;

const PAGE: View = View {
    form: Form::Table,
    width: Some(100),
    digests: DigestForm::Short,
    headers: Headers::Shown,
};

const WIDE: View = View {
    form: Form::Wide,
    ..PAGE
};

fn drawn(case: &Case, view: View) -> String {
    status(&case.model(), &view, &Theme::plain())
}

#[test]
fn every_release_as_a_table() {
    for (name, case) in fixtures::all() {
        assert_snapshot!(name, drawn(&case, PAGE));
    }
}

#[test]
fn every_release_in_the_wide_form() {
    for (name, case) in fixtures::all() {
        assert_snapshot!(format!("{name}_wide"), drawn(&case, WIDE));
    }
}

#[test]
fn a_line_per_release() {
    let lines: String = fixtures::all()
        .iter()
        .map(|(_, case)| short(&case.model(), &Theme::plain()))
        .collect();
    assert_snapshot!("short", lines);
}

#[test]
fn narrower_pages_say_the_same_in_less_room() {
    for width in [Some(80), Some(50), None] {
        let name = width.map_or("piped".to_owned(), |width| format!("at_{width}"));
        assert_snapshot!(
            format!("stuck_{name}"),
            drawn(&fixtures::stuck(), View { width, ..PAGE })
        );
        assert_snapshot!(
            format!("long_names_{name}"),
            drawn(&fixtures::long_names(), View { width, ..PAGE })
        );
    }
}

#[test]
fn a_page_under_sixty_holds_no_table_even_where_it_would_fit() {
    let drawn = |width| {
        let view = View {
            width: Some(width),
            ..PAGE
        };
        drawn(&fixtures::mirrored(), view)
    };
    assert!(drawn(60).contains("IMAGE"));
    assert!(!drawn(59).contains("IMAGE"));
}

#[test]
fn the_registry_goes_before_the_latest_does() {
    let view = View {
        width: Some(80),
        ..PAGE
    };
    let text = drawn(&fixtures::healthy(), view);
    assert!(
        text.contains("LATEST") && !text.contains("docker.io :prod"),
        "{text}"
    );
}

#[test]
fn a_platform_s_image_is_as_good_as_the_index_that_names_it() {
    let run = |digest: &str| {
        let mut case = fixtures::healthy();
        let workload = case.workload(ManagedImage::PodsMonitor);
        let pods = workload.pods.as_mut().unwrap();
        pods[0].running = Running::Manifest(fixtures::digest(digest));
        drawn(&case, WIDE)
    };
    assert!(!run("c18d5e2a3b107c").contains("not the latest"));
    assert!(run("c18d5e2a3b107d").contains("not the latest"));
}

#[test]
fn a_latest_that_cannot_run_either_is_not_praised() {
    let mut case = fixtures::stuck();
    assert!(drawn(&case, PAGE).contains("✔ latest"));
    case.image(ManagedImage::Ingestor).coverage.latest_missing = fixtures::platforms(&["arm64"]);
    assert!(!drawn(&case, PAGE).contains("✔ latest"));
}

#[test]
fn in_colour() {
    for (name, case) in [
        ("stuck", fixtures::stuck()),
        ("healthy", fixtures::healthy()),
        ("suspended", fixtures::suspended()),
        ("forbidden", fixtures::forbidden()),
        ("half_rolled", fixtures::half_rolled()),
    ] {
        let text = status(&case.model(), &PAGE, &Theme::coloured());
        assert_snapshot!(format!("{name}_coloured"), visible(&text));
    }
    let text = short(&fixtures::stuck().model(), &Theme::coloured());
    assert_snapshot!("short_coloured", visible(&text));
}

#[test]
fn in_ascii() {
    let theme = Theme::plain().with_glyphs(Glyphs::ASCII);
    let text = status(&fixtures::stuck().model(), &PAGE, &theme);
    assert_snapshot!("stuck_ascii", text);
}

#[test]
fn with_full_digests() {
    let view = View {
        digests: DigestForm::Full,
        width: None,
        ..PAGE
    };
    assert_snapshot!("stuck_no_trunc", drawn(&fixtures::stuck(), view));
}

#[test]
fn without_column_titles() {
    let view = View {
        headers: Headers::Hidden,
        ..PAGE
    };
    assert_snapshot!("healthy_no_headers", drawn(&fixtures::healthy(), view));
}

#[test]
fn one_image_and_no_image() {
    let model = fixtures::stuck().model();
    let one = model
        .clone()
        .only(|image| image.name.name() == "pods-monitor");
    assert_snapshot!("one_image", status(&one, &PAGE, &Theme::plain()));
    let none = model.only(|_| false);
    assert_snapshot!("no_image", status(&none, &PAGE, &Theme::plain()));
}

#[test]
fn as_json_and_yaml() {
    for (name, case) in [
        ("healthy", fixtures::healthy()),
        ("stuck", fixtures::stuck()),
        ("unknown", fixtures::unknown()),
        ("hostile", fixtures::hostile()),
    ] {
        assert_snapshot!(format!("{name}_json"), json(&case.model()));
    }
    for (name, case) in [
        ("stuck", fixtures::stuck()),
        ("hostile", fixtures::hostile()),
    ] {
        assert_snapshot!(format!("{name}_yaml"), yaml(&case.model()));
    }
}

fn every_view() -> impl Iterator<Item = View> {
    let widths = [
        Some(50),
        Some(59),
        Some(60),
        Some(80),
        Some(99),
        Some(100),
        Some(200),
        None,
    ];
    widths.into_iter().flat_map(|width| {
        [Form::Table, Form::Wide].map(|form| View {
            form,
            width,
            ..PAGE
        })
    })
}

#[test]
fn no_line_is_wider_than_the_page() {
    for (name, case) in fixtures::all() {
        let model = case.model();
        // A command and a digest in full are there to be copied: they are never broken.
        let commands: Vec<_> = model.next.iter().map(|next| clean(&next.command)).collect();
        for view in every_view() {
            let Some(width) = view.width else { continue };
            let text = status(&model, &view, &Theme::plain());
            for line in text.lines().filter(|line| line.width() > width) {
                // A word that fills the page by itself cannot be helped; the terminal wraps it.
                let longest = line.split_whitespace().map(UnicodeWidthStr::width).max();
                assert!(
                    commands.iter().any(|command| line.contains(command.trim()))
                        || longest.unwrap_or(0) + LEAD > width,
                    "{name} at {width}: {line}"
                );
            }
        }
    }
}

/// The widest thing that stands before a text.
const LEAD: usize = 15;

fn clean(text: &str) -> String {
    text.replace(crate::text::is_unprintable, " ")
}

#[test]
fn without_a_width_nothing_is_wrapped() {
    for (name, case) in fixtures::all() {
        let piped = drawn(
            &case,
            View {
                width: None,
                ..PAGE
            },
        );
        let endless = drawn(
            &case,
            View {
                width: Some(10_000),
                ..PAGE
            },
        );
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&endless), words(&piped), "{name}");
        let lines = |text: &str| text.lines().count();
        assert!(lines(&piped) <= lines(&endless), "{name}");
    }
}

#[test]
fn nothing_that_a_terminal_obeys_reaches_it() {
    for (name, case) in fixtures::all() {
        let model = case.model();
        let texts = every_view().map(|view| status(&model, &view, &Theme::plain()));
        for text in texts.chain([short(&model, &Theme::plain()), json(&model), yaml(&model)]) {
            let bad = text
                .chars()
                .find(|c| *c != '\n' && crate::text::is_unprintable(*c));
            assert_eq!(None, bad, "{name}: {}", visible(&text));
        }
    }
}

#[test]
fn colour_adds_escapes_and_changes_nothing_else() {
    for (name, case) in fixtures::all() {
        let model = case.model();
        for view in every_view() {
            let coloured = status(&model, &view, &Theme::coloured());
            assert!(coloured.contains('\u{1b}'), "{name}");
            assert_eq!(
                status(&model, &view, &Theme::plain()),
                without_escapes(&coloured),
                "{name}"
            );
        }
    }
}

#[test]
fn the_ascii_set_is_enough_for_ascii_data() {
    let theme = Theme::plain().with_glyphs(Glyphs::ASCII);
    for (name, case) in fixtures::all() {
        let model = case.model();
        for view in every_view() {
            let text = status(&model, &view, &theme);
            assert_eq!(None, text.chars().find(|c| !c.is_ascii()), "{name}");
        }
    }
}

#[test]
fn lines_have_no_blanks_at_their_end_and_no_two_empty_ones_follow() {
    for (name, case) in fixtures::all() {
        for view in every_view() {
            let text = drawn(&case, view);
            assert!(!text.contains(" \n"), "{name}");
            assert!(!text.contains("\n\n\n"), "{name}");
            assert!(!text.starts_with('\n') && !text.ends_with("\n\n"), "{name}");
        }
    }
}
