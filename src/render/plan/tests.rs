//! Every plan as a snapshot, and what holds for all of them.

use insta::assert_snapshot;

use super::*;
use crate::render::digests::DigestForm;
use crate::render::fixtures::{self, Planned};
use crate::render::theme::Theme;

const PLAIN: Theme = Theme::plain();

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
