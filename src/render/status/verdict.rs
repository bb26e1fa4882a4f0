//! The last lines: what it all comes to, and what to type.

use std::collections::BTreeSet;

use super::{Screen, list, place};
use crate::health::State;
use crate::render::flow::{Flow, Line};
use crate::render::model::Image;

impl Screen<'_> {
    pub(super) fn verdict(&self) -> Vec<Line> {
        let more = self.unaffected().or_else(|| self.looked_up());
        let text = [self.counts(), more.unwrap_or_default()].join(" ");
        Flow::default()
            .words(&text, self.theme.bold)
            .lines(self.margins(0, 2))
    }

    fn counts(&self) -> String {
        let counts = &self.status.summary.images;
        let total = counts.total;
        let mut parts: Vec<_> = State::ALL
            .into_iter()
            .filter(|state| !is_fine(*state))
            .map(|state| (state, counts.of(state)))
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {}", state.word()))
            .collect();
        if let Some(first) = parts.first_mut()
            && let Some((count, word)) = first.split_once(' ')
        {
            let images = if total == 1 { "image" } else { "images" };
            *first = format!("{count} of {total} {images} {word}");
        }
        let images = match parts.as_slice() {
            [] if total > 0 && counts.held == total => "All images held".to_owned(),
            [] => "All images current".to_owned(),
            parts => parts.join(", "),
        };
        let images = if parts.is_empty() && !self.status.incomplete.is_empty() {
            format!("{images}, as far as could be seen")
        } else {
            images
        };
        match self.status.summary.frozen {
            None => format!("{images}."),
            Some(code) => {
                let but = if parts.is_empty() { ", but" } else { ";" };
                format!("{images}{but} the refresh job does not run ({code}).")
            }
        }
    }

    /// Registries that no image in trouble comes from, where there is such a difference.
    fn unaffected(&self) -> Option<String> {
        let (fine, troubled): (Vec<_>, Vec<_>) = self.status.images.iter().partition(|image| {
            // A pin whose tag could not be looked up may be held up by the same block.
            image.states.iter().all(|state| is_fine(*state)) && image.digests.latest.is_some()
        });
        let of = |images: &[&Image]| -> BTreeSet<String> {
            let tracks = images.iter().filter_map(|image| image.tracks.as_ref());
            tracks.map(|tracks| tracks.registry.clone()).collect()
        };
        if troubled
            .iter()
            .all(|image| image.states.iter().all(|state| is_fine(*state)))
        {
            return None;
        }
        let troubled = of(&troubled);
        let fine = of(&fine);
        let fine: Vec<_> = fine.difference(&troubled).map(String::as_str).collect();
        (!troubled.is_empty() && !fine.is_empty())
            .then(|| format!("{} images are unaffected.", list(&fine)))
    }

    fn looked_up(&self) -> Option<String> {
        let lookup = &self.status.lookup;
        let is_any = |image: &Image| image.latest_resolved_from.is_some();
        self.status.images.iter().any(is_any).then(|| {
            let (seconds, tenths) = (lookup.took_ms / 1000, lookup.took_ms % 1000 / 100);
            format!(
                "Looked up from {} in {seconds}.{tenths}s.",
                place(lookup.from)
            )
        })
    }

    pub(super) fn next(&self) -> Vec<Line> {
        let shown: Vec<_> = self
            .status
            .next
            .iter()
            .map(|next| self.digests.show_in(&next.why))
            .collect();
        let steps = self.status.next.iter().zip(&shown);
        let steps = steps.map(|(next, why)| (next.command.as_str(), why.as_str()));
        self.page().commands("Next", &steps.collect::<Vec<_>>())
    }
}

const fn is_fine(state: State) -> bool {
    matches!(state, State::Current | State::Held)
}
