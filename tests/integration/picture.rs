//! The picture at the top of the README: what the demo's site prints, drawn from what really stood on a terminal.
#![cfg(unix)]

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::harness::Plugin;
use crate::status::terminals::shown;
use crate::world::sim::release::scenarios::incident_g2;
use crate::world::sim::site::Site;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/incident.svg");

const COLUMNS: usize = 100;

/// Of a character, in pixels.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 19.0;
const MARGIN: f32 = 20.0;

const PAPER: &str = "#0d1117";
const INK: &str = "#d1d7e0";

/// A stretch of a line in one look.
struct Stretch {
    /// Characters before it.
    column: usize,
    look: Look,
    text: String,
}

/// What the codes of colours (ECMA-48, SGR) come to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: &'static str,
    weight: &'static str,
}

const PLAIN: Look = Look {
    ink: INK,
    weight: "normal",
};

impl Look {
    fn with(self, code: &str) -> Self {
        let ink = |ink| Self { ink, ..self };
        match code {
            "0" => PLAIN,
            "1" => Self {
                weight: "bold",
                ..self
            },
            "2" => ink("#7d8590"),
            "31" => ink("#f47067"),
            "32" => ink("#57ab5a"),
            "33" => ink("#daaa3f"),
            other => panic!("a code that the picture has no look for: {other}"),
        }
    }
}

/// The stretches of a line, blanks left out.
fn stretches(line: &str) -> Vec<Stretch> {
    let mut found = Vec::new();
    let (mut look, mut column) = (PLAIN, 0);
    for (place, part) in line.split("\u{1b}[").enumerate() {
        let mut text = part;
        if place > 0 {
            let (codes, rest) = part.split_once('m').unwrap();
            look = codes.split(';').fold(look, Look::with);
            text = rest;
        }
        let blanks = text.len() - text.trim_start().len();
        if !text.trim().is_empty() {
            found.push(Stretch {
                column: column + blanks,
                look,
                text: text.trim().to_owned(),
            });
        }
        column += text.chars().count();
    }
    found
}

/// How long a lookup took differs from run to run.
fn timeless(text: &str) -> String {
    let word = |word: &str| match word.strip_suffix("ms") {
        Some(number) if number.parse::<u32>().is_ok() => "35ms".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn draw(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let at = |count: usize, size: f32| f32::from(u16::try_from(count).unwrap()) * size;
    let width = at(COLUMNS, WIDTH) + 2.0 * MARGIN;
    let height = at(lines.len(), HEIGHT) + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">\n\
         <title>kubectl tracebloc-images status: the incident</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        for Stretch { column, look, text } in stretches(line) {
            // Every stretch is as wide as its characters, whatever font there is.
            let length = at(text.chars().count(), WIDTH);
            let (x, y) = (
                MARGIN + at(column, WIDTH),
                MARGIN + at(row + 1, HEIGHT) - 5.0,
            );
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{}\" font-weight=\"{}\" textLength=\"{length:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">{escaped}</text>",
                look.ink, look.weight
            )
            .unwrap();
        }
    }
    svg + "</svg>\n"
}

#[test]
fn the_readmes_picture_is_what_the_plugin_prints() {
    let site = Site::new(incident_g2).with_controllers();
    let plugin = Plugin::new().args(["status"]);
    let variables = site.env().into_iter();
    let plugin = variables.fold(plugin, |plugin, (name, value)| plugin.env(name, value));
    let printed = shown(&plugin, COLUMNS);
    let drawn = draw(&timeless(&format!(
        "$ kubectl tracebloc-images status\n{printed}"
    )));
    if env::var_os("DRAW").is_some() {
        fs::write(PICTURE, &drawn).unwrap();
    }
    assert!(
        fs::read_to_string(Path::new(PICTURE)).unwrap_or_default() == drawn,
        "draw it again with: DRAW=1 cargo test --test integration picture"
    );
}
