//! What a refresh does, piece by piece as it happens, and how it ended.

use std::time::Duration;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::digests::{ShownDigests, digests_in};
use super::flow::{Flow, Line, Margins};
use super::model::report::{End, Report, took};
use super::page::{Page, painted, words};
use super::plan::undo;
use super::theme::{Mark, TEXT};
use crate::age::age;
use crate::observation::Target;
use crate::report::{Step, StepResult, Taken};
use crate::text::printable;

/// Where the texts behind the verbs begin.
const TEXTS: usize = 15;

/// Where times and codes end.
const EDGE: usize = 90;

/// Where the commands of the way back begin, as those behind `Next` do.
const COMMANDS: usize = 7;

/// One step that was taken, with what whoever refused has to say.
pub(crate) fn step(taken: &Taken, page: &Page<'_>) -> String {
    let texts = std::iter::once(&taken.words).chain(&taken.details);
    let all = texts.flat_map(|text| digests_in(text)).collect();
    let digests = ShownDigests::new(all, page.digests);
    let (glyph, style) = page.glyph(mark(taken.result));
    let edge = page.width.map_or(EDGE, |width| width.min(EDGE));
    let text = Flow::default()
        .item(0, [(verb(taken).to_owned(), TEXT)])
        .append(0, subject(taken, |text| digests.show_in(text)));
    let lines = subject(taken, |text| digests.show_in(text)).lines(Margins {
        first: TEXTS,
        hang: TEXTS,
        width: page.width,
    });
    drop(text);
    let mut lines: Vec<_> = lines
        .into_iter()
        .enumerate()
        .map(|(at, line)| if at == 0 { (line, true) } else { (line, false) })
        .map(|(mut line, is_first)| {
            if is_first {
                line.label(&format!("  {glyph} {}", verb(taken)));
            }
            line
        })
        .collect();
    let _ = style;
    let end = match taken.result {
        StepResult::Failed(Some(code)) => code.to_string(),
        StepResult::Failed(None)
        | StepResult::Done
        | StepResult::Doubtful
        | StepResult::CutShort => took(taken.took),
    };
    page.at_edge(&mut lines, edge, &end);
    for detail in &taken.details {
        lines.extend(words(&digests.show_in(detail)).lines(page.margins(TEXTS, TEXTS)));
    }
    painted(&lines)
}
