//! `explain`: one code as a page and as a document, and the list of all.

use serde::Serialize;

use super::flow::{Flow, Line, Margins};
use super::model::API_VERSION;
use super::theme::{TEXT, Theme};
use crate::codes::Code;
use crate::explain::{Command, Explanation, GROUPS, explanation};

/// Where the texts of the sections begin.
const LABEL: usize = 11;
/// Where the titles in the list begin.
const TITLE: usize = 11;

/// Everything about one code, with a line feed at the end.
pub(crate) fn page(code: Code, width: Option<usize>, theme: &Theme) -> String {
    let text = explanation(code);
    let margins = |first, hang| Margins { first, hang, width };
    let section = |label: &str, mut lines: Vec<Line>| {
        if let Some(first) = lines.first_mut() {
            first.label(label);
        }
        lines
    };
    let items = |marks: &dyn Fn(usize) -> String, all: &[&str]| -> Vec<Line> {
        all.iter()
            .enumerate()
            .flat_map(|(place, item)| {
                let mark = marks(place);
                let hang = LABEL + mark.len() + 1;
                Flow::default()
                    .item(0, [(mark, TEXT)])
                    .words(item, TEXT)
                    .lines(margins(LABEL, hang))
            })
            .collect()
    };
    let dash = |_| "-".to_owned();
    let number = |place: usize| format!("{}.", place + 1);
    let title = Flow::default()
        .item(0, [(code.to_string(), theme.bold)])
        .item(
            LABEL - code.to_string().len(),
            [(code.title().to_owned(), theme.bold)],
        );
    let seen = Flow::default().words(text.seen, TEXT);
    let parts = [
        title.lines(margins(0, LABEL)),
        section("Seen", seen.lines(margins(LABEL, LABEL))),
        section("Causes", items(&dash, text.causes)),
        section("Rules out", items(&dash, text.rules_out)),
        section("Do", items(&number, text.steps)),
        section(
            "More",
            text.commands
                .iter()
                .flat_map(|one| command(one, width, theme))
                .collect(),
        ),
    ];
    let mut page = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !page.is_empty() {
            page.push('\n');
        }
        for line in part {
            page.push_str(&line.paint());
            page.push('\n');
        }
    }
    page
}

/// The command stands as it is to be typed, however narrow the page, and what it shows below.
fn command(one: &Command, width: Option<usize>, theme: &Theme) -> Vec<Line> {
    let margins = |first| Margins {
        first,
        hang: first,
        width,
    };
    let mut lines = Flow::default()
        .item(0, [(one.command.to_owned(), theme.bold)])
        .lines(margins(LABEL));
    lines.extend(
        Flow::default()
            .words(one.why, theme.dim)
            .lines(margins(LABEL + 2)),
    );
    lines
}

/// The codes and their titles, by range.
pub(crate) fn list(width: Option<usize>, theme: &Theme) -> String {
    let mut lines = Vec::new();
    for (group, name) in GROUPS {
        let heading = format!("{group}xx  {name}");
        lines.extend(
            Flow::default()
                .item(0, [(heading, theme.bold)])
                .lines(Margins {
                    first: 0,
                    hang: 0,
                    width,
                }),
        );
        for code in Code::ALL.iter().filter(|code| code.group() == group) {
            let mut rows = Flow::default().words(code.title(), TEXT).lines(Margins {
                first: TITLE,
                hang: TITLE,
                width,
            });
            if let Some(first) = rows.first_mut() {
                first.label(&format!("  {code}"));
            }
            lines.extend(rows);
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| line.paint() + "\n").collect();
    format!(
        "{}\nMore about one: kubectl tracebloc-images explain CODE\n",
        lines.concat()
    )
}

/// What `-o json` prints about a code.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    api_version: &'static str,
    kind: &'static str,
    code: Code,
    title: &'static str,
    group: &'static str,
    seen: &'static str,
    causes: &'static [&'static str],
    rules_out: &'static [&'static str],
    steps: &'static [&'static str],
    commands: Vec<Next>,
}

#[derive(Debug, Serialize)]
struct Next {
    command: &'static str,
    why: &'static str,
}

pub(crate) fn document(code: Code) -> Document {
    let Explanation {
        seen,
        causes,
        rules_out,
        steps,
        commands,
    } = explanation(code);
    let group = GROUPS.iter().find(|(group, _)| *group == code.group());
    Document {
        api_version: API_VERSION,
        kind: "Explanation",
        code,
        title: code.title(),
        group: group.map_or("", |(_, name)| name),
        seen,
        causes,
        rules_out,
        steps,
        commands: commands
            .iter()
            .map(|Command { command, why }| Next { command, why })
            .collect(),
    }
}
