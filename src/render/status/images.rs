//! The table of images; on a narrow page without what is said elsewhere, on a very narrow one a block per image.

use owo_colors::Style;

use super::{Screen, mark, words};
use crate::health::State;
use crate::render::flow::{Flow, Line};
use crate::render::model::{Form, Image};
use crate::render::table::{Column, Row, table};
use crate::render::theme::TEXT;

/// A page narrower than this holds no table.
const NARROW: usize = 60;

/// Where the values of a record begin.
const RECORD: usize = 13;

/// What of a row is left out, in this order, until it fits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    Nothing,
    Registry,
    Latest,
}

const IMAGE: Column = Column {
    title: "IMAGE",
    least: 16,
    gap: 3,
};
const TRACKS: Column = column("TRACKS", 3);
const IN_USE: Column = column("IN USE", 2);
const LATEST: Column = column("LATEST", 2);
const ARCH: Column = column("ARCH", 3);
const STATE: Column = column("STATE", 0);

const fn column(title: &'static str, gap: u16) -> Column {
    Column {
        title,
        least: 0,
        gap,
    }
}

impl Screen<'_> {
    pub(super) fn images(&self) -> Vec<Line> {
        if self.status.images.is_empty() {
            return words("no image matches").lines(self.margins(0, 0));
        }
        let Some(width) = self.view.width else {
            return self.table(Fold::Nothing);
        };
        [Fold::Nothing, Fold::Registry, Fold::Latest]
            .into_iter()
            .filter(|_| width >= NARROW)
            .map(|fold| self.table(fold))
            .find(|lines| lines.iter().all(|line| line.width() <= width))
            .unwrap_or_else(|| self.records())
    }

    fn table(&self, fold: Fold) -> Vec<Line> {
        let (columns, rows): (&[Column], _) = match fold {
            Fold::Nothing | Fold::Registry => (
                &[IMAGE, TRACKS, IN_USE, LATEST, ARCH, STATE],
                self.rows(fold),
            ),
            Fold::Latest => (&[IMAGE, TRACKS, IN_USE, ARCH, STATE], self.rows(fold)),
        };
        table(columns, &rows, self.view.headers, self.theme)
    }

    fn rows(&self, fold: Fold) -> Vec<Row> {
        self.status
            .images
            .iter()
            .map(|image| {
                let plain = |text: String| (text, TEXT);
                let mut cells = vec![
                    plain(image.name.to_string()),
                    plain(tracks(image, fold)),
                    plain(self.in_use(image)),
                ];
                if fold != Fold::Latest {
                    cells.push(plain(self.latest(image)));
                }
                cells.extend([self.arch(image), self.state(image)]);
                Row {
                    mark: mark(first(image)),
                    cells,
                }
            })
            .collect()
    }

    fn records(&self) -> Vec<Line> {
        let plain = |text: String| (text, TEXT);
        self.status
            .images
            .iter()
            .flat_map(|image| {
                let title = Flow::default()
                    .item(0, [self.glyph(mark(first(image)))])
                    .item(1, [plain(image.name.to_string())])
                    .item(3, [self.state(image)]);
                let cells = [
                    ("tracks", plain(tracks(image, Fold::Nothing))),
                    ("in use", plain(self.in_use(image))),
                    ("latest", plain(self.latest(image))),
                    ("arch", self.arch(image)),
                ];
                let cells = cells.map(|(label, (text, style))| {
                    let mut lines = Flow::default()
                        .words(&text, style)
                        .lines(self.margins(RECORD, RECORD));
                    if let Some(first) = lines.first_mut() {
                        first.label(&format!("    {label}"));
                    }
                    lines
                });
                [title.lines(self.margins(0, 4)), cells.concat()].concat()
            })
            .collect()
    }

    fn in_use(&self, image: &Image) -> String {
        let digests = image.in_use.digests.as_deref().unwrap_or_default();
        match image.in_use.form {
            Form::Digest => digests
                .first()
                .map_or_else(|| "?".to_owned(), |digest| self.shown(digest)),
            Form::Several => format!("{} digests", digests.len()),
            Form::Floats => "floats".to_owned(),
            Form::None => "none".to_owned(),
            Form::Tag => format!(":{}", image.in_use.tag.as_deref().unwrap_or("?")),
            Form::Unknown => "?".to_owned(),
        }
    }

    fn latest(&self, image: &Image) -> String {
        match &image.digests.latest {
            Some(digest) => self.shown(digest),
            None if image.is(State::Mirrored) => "-".to_owned(),
            None => "?".to_owned(),
        }
    }

    /// What the nodes need, or what the image has where that is not enough.
    fn arch(&self, image: &Image) -> (String, Style) {
        let platforms = &image.platforms;
        let Some(has) = &platforms.in_use else {
            return match first(image) {
                State::Mirrored => ("-".to_owned(), self.theme.dim),
                _ => ("?".to_owned(), self.theme.warn),
            };
        };
        match (&platforms.required, platforms.missing.as_deref()) {
            (None, _) => ("?".to_owned(), self.theme.warn),
            (_, Some(missing @ [_, ..])) => {
                let text = match has.len() {
                    1 | 2 => format!("{} only", archs(has)),
                    _ => format!("no {}", archs(missing)),
                };
                (text, self.theme.bad)
            }
            (Some(required), _) if !required.is_empty() => (archs(required), self.theme.good),
            _ => (archs(has), TEXT),
        }
    }

    /// The two worst; the worst two words stand in capitals.
    fn state(&self, image: &Image) -> (String, Style) {
        let words: Vec<_> = image.states.iter().take(2).map(|s| word(*s)).collect();
        (words.join(", "), self.theme.style(mark(first(image))))
    }

    pub(super) fn shown(&self, digest: &crate::image::Digest) -> String {
        self.digests.show(digest).to_owned()
    }
}

fn first(image: &Image) -> State {
    image.states.first().copied().unwrap_or(State::Unknown)
}

pub(in crate::render) fn word(state: State) -> String {
    match state {
        State::Stuck | State::Broken => state.word().to_uppercase(),
        _ => state.word().to_owned(),
    }
}

fn tracks(image: &Image, fold: Fold) -> String {
    match &image.tracks {
        None => "-".to_owned(),
        Some(tracks) => {
            let tag = tracks.tag.as_deref().unwrap_or("-");
            match fold {
                Fold::Nothing => format!("{} :{tag}", tracks.registry),
                Fold::Registry | Fold::Latest => format!(":{tag}"),
            }
        }
    }
}

/// Architectures without the operating system, which is Linux on all nodes of the chart.
fn archs(platforms: &[String]) -> String {
    let short: Vec<_> = platforms
        .iter()
        .map(|platform| platform.strip_prefix("linux/").unwrap_or(platform))
        .collect();
    short.join(" ")
}
