//! Every plan as a snapshot, and what holds for all of them.

use insta::assert_snapshot;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::render::fixtures::{self, Planned, visible, without_escapes};
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

/// The screen, and below it the question.
fn drawn(planned: &Planned, page: Page<'_>) -> String {
    let model = planned.model();
    let question = question(&model).map(|question| question + " [y/N]\n");
    plan(&model, &page) + &question.unwrap_or_default()
}

#[test]
fn every_plan() {
    for (name, planned) in fixtures::plans() {
        assert_snapshot!(name, drawn(&planned, PAGE));
    }
}

#[test]
fn narrower_pages_say_the_same_in_less_room() {
    for width in [Some(80), Some(50), None] {
        let at = width.map_or("piped".to_owned(), |width| format!("at_{width}"));
        let page = Page { width, ..PAGE };
        for (name, planned) in [
            ("incident", fixtures::incident()),
            ("newest", fixtures::newest()),
            ("restart", fixtures::restart()),
            ("records", fixtures::records()),
        ] {
            assert_snapshot!(format!("{name}_{at}"), drawn(&planned, page));
        }
    }
}

#[test]
fn in_colour() {
    let page = Page {
        theme: &COLOURED,
        ..PAGE
    };
    for (name, planned) in [
        ("incident", fixtures::incident()),
        ("newest", fixtures::newest()),
        ("locked_out", fixtures::guard("locked_out")),
        ("restart", fixtures::restart()),
    ] {
        assert_snapshot!(format!("{name}_coloured"), visible(&drawn(&planned, page)));
    }
}

#[test]
fn in_ascii() {
    let page = Page {
        theme: &ASCII,
        ..PAGE
    };
    assert_snapshot!("incident_ascii", drawn(&fixtures::incident(), page));
}

#[test]
fn with_full_digests() {
    let page = Page {
        width: None,
        digests: DigestForm::Full,
        ..PAGE
    };
    assert_snapshot!("incident_no_trunc", drawn(&fixtures::incident(), page));
}

#[test]
fn as_json_and_yaml() {
    for (name, planned) in [
        ("incident", fixtures::incident()),
        ("restart", fixtures::restart()),
        ("newest", fixtures::newest()),
    ] {
        assert_snapshot!(format!("{name}_json"), json(&planned.model()));
    }
    assert_snapshot!("newest_yaml", yaml(&fixtures::newest().model()));
    assert_snapshot!("records_yaml", yaml(&fixtures::records().model()));
}

fn every_page(theme: &Theme) -> impl Iterator<Item = Page<'_>> {
    let widths = [Some(50), Some(59), Some(60), Some(80), Some(100), None];
    widths.into_iter().map(move |width| Page {
        theme,
        width,
        ..PAGE
    })
}

#[test]
fn no_line_is_wider_than_the_page() {
    for (name, planned) in fixtures::plans() {
        let model = planned.model();
        let commands = model.undo.iter().filter_map(|undo| undo.command.as_deref());
        let commands: Vec<_> = commands.collect();
        for page in every_page(&PLAIN) {
            let Some(width) = page.width else { continue };
            for line in plan(&model, &page)
                .lines()
                .filter(|line| line.width() > width)
            {
                let is_command = commands.iter().any(|command| line.contains(command));
                let longest = line.split_whitespace().map(UnicodeWidthStr::width).max();
                let is_one_name = name == "hostile" || longest.unwrap_or(0) + 15 > width;
                assert!(is_command || is_one_name, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn colour_adds_escapes_and_changes_nothing_else() {
    for (name, planned) in fixtures::plans() {
        let model = planned.model();
        for (plain, coloured) in every_page(&PLAIN).zip(every_page(&COLOURED)) {
            let text = plan(&model, &coloured);
            assert!(text.contains('\u{1b}'), "{name}");
            assert_eq!(plan(&model, &plain), without_escapes(&text), "{name}");
        }
    }
}

#[test]
fn nothing_that_a_terminal_obeys_reaches_it() {
    for (name, planned) in fixtures::plans() {
        let model = planned.model();
        let pages = every_page(&PLAIN).map(|page| drawn(&planned, page));
        for text in pages.chain([json(&model), yaml(&model)]) {
            let bad = |c: &char| *c != '\n' && crate::text::is_unprintable(*c);
            assert_eq!(None, text.chars().find(bad), "{name}: {}", visible(&text));
        }
    }
}

#[test]
fn the_ascii_set_is_enough_for_ascii_data() {
    for (name, planned) in fixtures::plans() {
        for page in every_page(&ASCII) {
            let text = drawn(&planned, page);
            assert_eq!(None, text.chars().find(|c| !c.is_ascii()), "{name}");
        }
    }
}

#[test]
fn lines_have_no_blanks_at_their_end_and_no_two_empty_ones_follow() {
    for (name, planned) in fixtures::plans() {
        for page in every_page(&PLAIN) {
            let text = drawn(&planned, page);
            assert!(!text.contains(" \n"), "{name}: {text}");
            assert!(!text.contains("\n\n\n"), "{name}: {text}");
            assert!(!text.starts_with('\n') && !text.ends_with("\n\n"), "{name}");
        }
    }
}

/// The words that the screen itself writes.
const OWN: &str = "
    ! - = ? ~ ok x Plan for resolved this machine WORKLOAD WHAT Checked Held Leftover Not moved Will Undo
    Nothing to refresh Looked ago. move; write write. Change setting Restart Remove Wait Write and on all the same? [y/N]
    same also moves because pod restarts is set already: already waits for its then running runs only record follows
    tag anew, latest known known) may start an older build of another generation, ignored)
    covers every node: node not cover you deployments create jobs patch in your rights are do seen
    no Job Jobs running; next tick ticks wait while a rollout way chart does
    keeps old one new Ready Ready; serving until somebody deletes them; it patched counted counted, waited or recorded
    OnDelete: Recreate: down from back fall if can pull having other after rolling update update: has run:
    first first, (size MB MB) fails, changed images) attempt before without (--pull-test=skip) change, goes be
    what that they then now changed. nothing restart pulled up yet workloads remove change Pull
";

#[test]
fn nothing_on_the_screen_is_missing_in_the_json() {
    for (name, planned) in fixtures::plans() {
        let model = planned.model();
        let document = serde_json::to_value(&model).unwrap();
        let mut known = fixtures::known(&document, model.metadata.observed_at.0);
        for node in model.pull_test.pulls.iter().map(|pull| &pull.node) {
            let pulls = model
                .pull_test
                .pulls
                .iter()
                .filter(|pull| pull.node == *node);
            let together = super::super::size::size(pulls.filter_map(|pull| pull.size_bytes).sum());
            known.extend(together.split_whitespace().map(str::to_owned));
        }
        let page = Page {
            theme: &ASCII,
            width: None,
            ..PAGE
        };
        let unfounded = fixtures::unfounded(&drawn(&planned, page), &known, OWN);
        assert_eq!(Vec::<(String, String)>::new(), unfounded, "{name}");
    }
}

#[test]
fn a_plan_that_stops_asks_nothing() {
    for which in ["locked_out", "paused", "unsettled", "unreadable"] {
        assert_eq!(None, question(&fixtures::guard(which).model()), "{which}");
    }
    let named = Planned::new(fixtures::healthy());
    assert_eq!(None, question(&named.model()), "nothing to do");
}

#[test]
fn undo_commands_stand_in_full_however_short_the_page_and_its_digests() {
    for (name, planned) in fixtures::plans() {
        let model = planned.model();
        if model.stopped_by().is_some() || model.pull_test.mode == Mode::Only || name == "hostile" {
            continue;
        }
        for page in every_page(&PLAIN) {
            let text = plan(&model, &page);
            for command in model.undo.iter().filter_map(|undo| undo.command.as_deref()) {
                assert!(text.contains(command), "{name}: {command}");
            }
        }
    }
}

#[test]
fn steps_stand_in_the_order_in_which_they_are_taken() {
    use crate::render::model::plan::Kind::{CountAttempt, Patch, Rearm, Record, Verify, Wait};

    let one = [Patch, Wait, Verify];
    for (name, want) in [
        ("incident", [one.as_slice(), &[Record]].concat()),
        (
            "newest",
            [&[CountAttempt], one.as_slice(), &one, &one, &[Record]].concat(),
        ),
        ("on_delete", vec![Patch]),
        ("resumed", vec![Wait, Verify, Wait, Verify, Record]),
        ("records", vec![Record]),
        ("rearmed", [&[Rearm], one.as_slice(), &[Record]].concat()),
        ("nothing", Vec::new()),
    ] {
        let mut plans = fixtures::plans().into_iter();
        let (_, planned) = plans.find(|(known, _)| *known == name).unwrap();
        let steps = planned.model().steps.into_iter();
        assert_eq!(
            want,
            steps.map(|step| step.kind).collect::<Vec<_>>(),
            "{name}"
        );
    }
}

#[test]
fn a_choice_names_the_image_and_both_digests() {
    let model = fixtures::newest().model();
    assert_eq!(
        "pods-monitor   8d5e2a3b107c -> b2c3d4e5f6a7",
        choice(&model, ManagedImage::PodsMonitor)
    );
}
