//! `status` as a screen, drawn from the model alone.
//!
//! From top to bottom: the release, its images, what was found on each, the refresh job, the counters, the ways to
//! the registries, one verdict, and what to type next. A section without anything to say is left out.

use std::collections::BTreeSet;

use crate::age::age;
use crate::health::State;
use crate::image::Digest;
use crate::lookup::Vantage;
use crate::text::{QUOTED, printable};

use super::digests::{DigestForm, ShownDigests, digests_in};
use super::flow::{Flow, Line, Margins};
use super::model::{Image, ImageStatus, Time};
use super::page::{Page, list, paragraphs, words};
use super::table::Headers;
use super::theme::{Mark, TEXT, Theme};

mod findings;
mod images;
mod path;
mod refresh;
mod registries;
pub(crate) mod short;
mod verdict;

pub(super) use images::word;

/// How much of the model is drawn, and on how wide a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) form: Form,
    /// In cells; `None` where nothing has to fit.
    pub(crate) width: Option<usize>,
    pub(crate) digests: DigestForm,
    pub(crate) headers: Headers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    /// Everything that the table folds away.
    Wide,
}

/// One status about to be drawn.
struct Screen<'a> {
    status: &'a ImageStatus,
    view: &'a View,
    theme: &'a Theme,
    digests: ShownDigests,
}

/// The whole screen, with a line feed at the end.
pub(crate) fn status(status: &ImageStatus, view: &View, theme: &Theme) -> String {
    let screen = Screen {
        status,
        view,
        theme,
        digests: ShownDigests::new(digests(status), view.digests),
    };
    let mut parts = vec![screen.header(), screen.images()];
    parts.extend(screen.blocks());
    parts.push(
        [
            screen.refresh(),
            screen.streaks(),
            screen.egress(),
            screen.mirrors(),
            screen.held(),
            screen.marks(),
            screen.unseen(),
            screen.nodes(),
            screen.others(),
        ]
        .concat(),
    );
    parts.push([screen.verdict(), screen.next()].concat());
    paragraphs(&parts)
}

/// All that may stand on the screen.
fn digests(status: &ImageStatus) -> BTreeSet<Digest> {
    let of_images = status.images.iter().flat_map(Image::digests).cloned();
    let texts = status
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .chain(status.next.iter().map(|next| next.why.as_str()));
    of_images.chain(texts.flat_map(digests_in)).collect()
}

impl Screen<'_> {
    fn header(&self) -> Vec<Line> {
        let status = self.status;
        let plain = |text: String| [(text, TEXT)];
        let metadata = &status.metadata;
        let mut flow = Flow::default()
            .item(0, [self.glyph(overall(status))])
            .item(1, plain(metadata.name.clone()))
            .item(3, plain(format!("namespace {}", metadata.namespace)))
            .item(3, plain(format!("context {}", metadata.context)))
            .item(
                3,
                plain(format!(
                    "chart {}",
                    status.chart.version.as_deref().unwrap_or("?")
                )),
            );
        flow = flow.item(3, plain(self.node_counts()));
        flow.lines(self.margins(0, 2))
    }

    fn node_counts(&self) -> String {
        let Some(nodes) = &self.status.nodes else {
            return "nodes ?".to_owned();
        };
        let archs: BTreeSet<_> = nodes.iter().map(|node| node.arch.as_str()).collect();
        let count = |arch: &str| nodes.iter().filter(|node| node.arch == arch).count();
        match (nodes.len(), archs.len()) {
            (0, _) => "no nodes".to_owned(),
            (1, _) => format!("1 node: {}", nodes[0].arch),
            (total, 1) => format!("{total} nodes: {}", nodes[0].arch),
            (total, _) => {
                let each: Vec<_> = archs
                    .iter()
                    .map(|arch| format!("{} {arch}", count(arch)))
                    .collect();
                format!("{total} nodes: {}", each.join(", "))
            }
        }
    }

    fn is_wide(&self) -> bool {
        self.view.form == Form::Wide
    }

    fn page(&self) -> Page<'_> {
        Page {
            theme: self.theme,
            width: self.view.width,
            digests: self.view.digests,
        }
    }

    fn glyph(&self, mark: Mark) -> (String, owo_colors::Style) {
        self.page().glyph(mark)
    }

    fn margins(&self, first: usize, hang: usize) -> Margins {
        self.page().margins(first, hang)
    }

    fn section(&self, label: &str, rows: impl IntoIterator<Item = Flow>) -> Vec<Line> {
        self.page().section(label, rows)
    }

    /// How long before the look something was.
    fn ago(&self, time: Time) -> String {
        age(self.status.metadata.observed_at.0.as_second() - time.0.as_second())
    }

    /// How long after the look something will be.
    fn ahead(&self, time: Time) -> String {
        age(time.0.as_second() - self.status.metadata.observed_at.0.as_second())
    }
}

/// Foreign text, as much of it as a screen may quote.
fn quoted(text: &str) -> String {
    printable(text, QUOTED)
}

/// The mark of the whole release: what could not be seen is not fine.
fn overall(status: &ImageStatus) -> Mark {
    match mark(status.summary.state) {
        Mark::Ok | Mark::Skip if !status.incomplete.is_empty() => Mark::Unknown,
        mark => mark,
    }
}

pub(super) const fn mark(state: State) -> Mark {
    match state {
        State::Stuck | State::Broken => Mark::Bad,
        State::Stale | State::Drifted | State::Frozen => Mark::Warn,
        State::Unknown => Mark::Unknown,
        State::Held | State::Mirrored => Mark::Skip,
        State::Current => Mark::Ok,
    }
}

const fn place(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::Workstation => "this machine",
        Vantage::Cluster => "a pod",
    }
}

#[cfg(test)]
mod tests;
