//! One line per release, made for chat.

use owo_colors::OwoColorize;

use super::images::word;
use super::{mark, overall};
use crate::render::model::{Image, ImageStatus};
use crate::render::theme::{Mark, Theme};
use crate::text::{QUOTED, printable};

/// `✖ tracebloc/berlin STUCK ingestor 3/3 ghcr.io (chart 1.4.5)`
pub(crate) fn short(status: &ImageStatus, theme: &Theme) -> String {
    let state = status.summary.state;
    let (mark, is_fine) = (overall(status), mark(state) == Mark::Ok);
    let mut words = vec![
        format!("{}/{}", status.metadata.namespace, status.metadata.name),
        word(state),
    ];
    let is_bad = |image: &&Image| image.is(state) && !is_fine;
    let images: Vec<_> = status.images.iter().filter(is_bad).collect();
    if !images.is_empty() {
        let names: Vec<_> = images.iter().map(|image| image.name.name()).collect();
        words.push(names.join(","));
    }
    let streaks = images
        .iter()
        .filter_map(|image| image.refresh_streak.as_ref());
    for (count, limit) in streaks.filter_map(|streak| Some((streak.count?, streak.limit?))) {
        if count > 0 {
            words.push(format!("{count}/{limit}"));
        }
    }
    let mut registries: Vec<_> = images
        .iter()
        .filter_map(|image| Some(image.tracks.as_ref()?.registry.as_str()))
        .collect();
    registries.dedup();
    if !registries.is_empty() {
        words.push(registries.join(","));
    }
    if let Some(code) = status.summary.frozen {
        words.push(code.to_string());
    }
    if is_fine && mark == Mark::Unknown {
        words.push("as far as could be seen".to_owned());
    }
    let chart = status.chart.version.as_deref().unwrap_or("?");
    words.push(format!("(chart {chart})"));
    format!(
        "{} {}\n",
        theme.glyphs.of(mark).style(theme.style(mark)),
        printable(&words.join(" "), QUOTED)
    )
}
