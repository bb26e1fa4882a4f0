//! What each role of the text looks like. Plain by default; colour is something that a caller turns on.
//!
//! The 16 colours of a terminal alone, and never as the only bearer of a meaning: a glyph or a word says it too.

use owo_colors::Style;

/// Text that plays no role.
pub(crate) const TEXT: Style = Style::new();

/// Looks of the roles, and the glyphs beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Theme {
    pub(crate) good: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    /// Secondary text.
    pub(crate) dim: Style,
    pub(crate) bold: Style,
    pub(crate) glyphs: Glyphs,
}

/// One glyph per [`Mark`]. Not equally wide: `ok` needs two cells, and whoever aligns has to pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyphs {
    ok: &'static str,
    bad: &'static str,
    warn: &'static str,
    unknown: &'static str,
    skip: &'static str,
    change: &'static str,
    same: &'static str,
}

/// How a line is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    Bad,
    Warn,
    Unknown,
    /// Not judged, on purpose.
    Skip,
    /// About to be another.
    Change,
    /// To stay as it is.
    Same,
    Ok,
}

impl Glyphs {
    /// Each one cell wide in every locale: all are East-Asian-Neutral.
    pub(crate) const UNICODE: Self = Self {
        ok: "✔",
        bad: "✖",
        warn: "!",
        unknown: "?",
        skip: "-",
        change: "~",
        same: "=",
    };

    pub(crate) const ASCII: Self = Self {
        ok: "ok",
        bad: "x",
        warn: "!",
        unknown: "?",
        skip: "-",
        change: "~",
        same: "=",
    };

    /// Cells that the widest of the set takes.
    pub(crate) const fn width(self) -> usize {
        // Both sets consist of characters of one cell; only `ok` is longer than one.
        if self.ok.is_ascii() { self.ok.len() } else { 1 }
    }

    pub(crate) const fn of(self, mark: Mark) -> &'static str {
        match mark {
            Mark::Ok => self.ok,
            Mark::Bad => self.bad,
            Mark::Warn => self.warn,
            Mark::Unknown => self.unknown,
            Mark::Skip => self.skip,
            Mark::Change => self.change,
            Mark::Same => self.same,
        }
    }
}

impl Theme {
    /// No escape codes at all.
    pub(crate) const fn plain() -> Self {
        Self {
            good: Style::new(),
            warn: Style::new(),
            bad: Style::new(),
            dim: Style::new(),
            bold: Style::new(),
            glyphs: Glyphs::UNICODE,
        }
    }

    pub(crate) const fn coloured() -> Self {
        Self {
            good: Style::new().green(),
            warn: Style::new().yellow(),
            bad: Style::new().red().bold(),
            dim: Style::new().dimmed(),
            bold: Style::new().bold(),
            glyphs: Glyphs::UNICODE,
        }
    }

    pub(crate) const fn with_glyphs(self, glyphs: Glyphs) -> Self {
        Self { glyphs, ..self }
    }

    pub(crate) const fn style(&self, mark: Mark) -> Style {
        match mark {
            Mark::Ok => self.good,
            Mark::Warn | Mark::Unknown | Mark::Change => self.warn,
            Mark::Bad => self.bad,
            Mark::Skip | Mark::Same => self.dim,
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::plain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Mark; 7] = [
        Mark::Bad,
        Mark::Warn,
        Mark::Unknown,
        Mark::Skip,
        Mark::Change,
        Mark::Same,
        Mark::Ok,
    ];

    #[test]
    fn the_default_theme_has_no_escape_codes() {
        for mark in ALL {
            assert!(Theme::default().style(mark).is_plain(), "{mark:?}");
        }
    }

    #[test]
    fn colour_never_carries_the_meaning_alone() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let mut seen: Vec<_> = ALL.map(|mark| glyphs.of(mark)).to_vec();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(ALL.len(), seen.len());
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        for mark in ALL {
            assert!(Glyphs::ASCII.of(mark).is_ascii(), "{mark:?}");
        }
    }
}
