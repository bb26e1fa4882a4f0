//! Every step and every ending as a snapshot, and what holds for all of them.

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::render::digests::DigestForm;
use crate::render::fixtures::{self, Reported, visible, without_escapes};
use crate::render::json::{json, yaml};
use crate::render::theme::{Glyphs, Theme};

const PLAIN: Theme = Theme::plain();
const COLOURED: Theme = Theme::coloured();
const ASCII: Theme = Theme::plain().with_glyphs(Glyphs::ASCII);

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
fn narrower_pages_say_the_same_in_less_room() {
    for width in [Some(80), Some(50), None] {
        let at = width.map_or("piped".to_owned(), |width| format!("at_{width}"));
        let page = Page { width, ..PAGE };
        for (name, reported) in [
            ("finished", fixtures::finished()),
            ("second_fails", fixtures::second_fails()),
        ] {
            assert_snapshot!(format!("{name}_{at}"), drawn(&reported, &page));
        }
    }
}

#[test]
fn in_colour_and_in_ascii() {
    for (name, reported) in [
        ("finished", fixtures::finished()),
        ("timed_out", fixtures::timed_out()),
        ("second_fails", fixtures::second_fails()),
    ] {
        let on = |theme| drawn(&reported, &Page { theme, ..PAGE });
        assert_snapshot!(format!("{name}_coloured"), visible(&on(&COLOURED)));
        assert_snapshot!(format!("{name}_ascii"), on(&ASCII));
    }
}

#[test]
fn as_json_and_yaml() {
    assert_snapshot!("finished_json", json(&fixtures::finished().model()));
    assert_snapshot!("second_fails_yaml", yaml(&fixtures::second_fails().model()));
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

fn every_page(theme: &Theme) -> impl Iterator<Item = Page<'_>> {
    let widths = [Some(50), Some(60), Some(80), Some(100), None];
    widths.into_iter().map(move |width| Page {
        theme,
        width,
        ..PAGE
    })
}

#[test]
fn no_line_is_wider_than_the_page() {
    for (name, reported) in fixtures::reports() {
        let model = reported.model();
        let commands: Vec<_> = model
            .undo
            .iter()
            .filter_map(|undo| undo.command.as_deref())
            .chain(model.next.iter().map(|next| next.command.as_str()))
            .collect();
        for page in every_page(&PLAIN) {
            let Some(width) = page.width else { continue };
            let text = drawn(&reported, &page);
            for line in text.lines().filter(|line| line.width() > width) {
                let is_command = commands.iter().any(|command| line.contains(command));
                let longest = line.split_whitespace().map(UnicodeWidthStr::width).max();
                let is_one_name = name == "hostile" || longest.unwrap_or(0) + 16 > width;
                assert!(is_command || is_one_name, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn colour_adds_escapes_and_changes_nothing_else() {
    for (name, reported) in fixtures::reports() {
        for (plain, coloured) in every_page(&PLAIN).zip(every_page(&COLOURED)) {
            let text = drawn(&reported, &coloured);
            assert_eq!(drawn(&reported, &plain), without_escapes(&text), "{name}");
        }
    }
}

#[test]
fn nothing_that_a_terminal_obeys_reaches_it() {
    let at = fixtures::at("2026-06-06T10:01:07Z");
    for (name, reported) in fixtures::reports() {
        let model = reported.model();
        let pages = every_page(&PLAIN).map(|page| drawn(&reported, &page));
        let lines = reported.report.steps.iter().map(|taken| piped(taken, at));
        for text in pages.chain(lines).chain([json(&model), yaml(&model)]) {
            let bad = |c: &char| *c != '\n' && crate::text::is_unprintable(*c);
            assert_eq!(None, text.chars().find(bad), "{name}: {}", visible(&text));
        }
    }
    let evil = "a\u{1b}[2J\r\nb";
    let line = live(Step::Wait, None, evil, Duration::ZERO, Duration::ZERO, None);
    assert_eq!("rolling   a [2J b   0s / 0s", line);
}

#[test]
fn the_ascii_set_is_enough_for_ascii_data() {
    for (name, reported) in fixtures::reports() {
        for page in every_page(&ASCII) {
            let text = drawn(&reported, &page);
            assert_eq!(None, text.chars().find(|c| !c.is_ascii()), "{name}");
        }
    }
}

/// The words that the screens themselves write.
const OWN: &str = "
    ! ok x Not fixed: Undo Next pull pulled counted patched rolled out rollout verified
";

#[test]
fn nothing_on_the_screen_is_missing_in_the_json() {
    for (name, reported) in fixtures::reports() {
        let model = reported.model();
        let document = serde_json::to_value(&model).unwrap();
        let known = fixtures::known(&document, model.metadata.observed_at.0);
        let page = Page {
            theme: &ASCII,
            width: None,
            ..PAGE
        };
        let unfounded = fixtures::unfounded(&drawn(&reported, &page), &known, OWN);
        assert_eq!(Vec::<(String, String)>::new(), unfounded, "{name}");
    }
}

#[test]
fn every_end_that_is_none_says_what_was_changed_and_what_comes_next() {
    use crate::render::model::report::End::{Declined, Failed, Interrupted, Refused, TimedOut};

    for (name, reported) in fixtures::reports() {
        let model = reported.model();
        let said = model.messages.join(" ");
        let tells = |any: &[&str]| any.iter().any(|words| said.contains(words));
        let is_told = tells(&["othing was changed", "othing was recorded", "Recorded:"]);
        let ending = model.summary.ending;
        if matches!(ending, Declined | Refused | Failed | TimedOut | Interrupted) {
            assert!(is_told, "{name}: {said}");
        }
        if matches!(ending, Failed | TimedOut | Interrupted) {
            assert!(tells(&["Running this again"]), "{name}: {said}");
        }
    }
}

#[test]
fn the_way_back_is_that_of_what_is_set_alone() {
    let undo = |reported: Reported| -> Vec<_> {
        let model = reported.model();
        let targets = model.undo.iter().map(|undo| undo.target.as_ref());
        targets
            .map(|target| target.map(ToString::to_string))
            .collect()
    };
    let named = |name: &str| Some(name.to_owned());
    for (name, want, reported) in [
        (
            "two of three patched",
            vec![
                None,
                named("deploy/edge-jobs-manager"),
                named("deploy/edge-requests-proxy"),
            ],
            fixtures::second_fails(),
        ),
        (
            "none patched",
            Vec::new(),
            fixtures::reports()
                .into_iter()
                .find(|(name, _)| *name == "interrupted_early")
                .unwrap()
                .1,
        ),
    ] {
        assert_eq!(want, undo(reported), "{name}");
    }
}
