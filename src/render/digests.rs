//! Digests as a screen shows them: as short as they may be, or in full.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::Digest;

/// Docker's length of a short ID, in hex digits.
const SHORT: usize = 12;

const FULL: usize = "sha256:".len() + 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigestForm {
    Short,
    /// `--no-trunc`
    Full,
}

/// How long each digest has to be so that no two on one screen look alike.
#[derive(Clone, Debug)]
pub(super) struct ShownDigests {
    form: DigestForm,
    /// In hex digits.
    lengths: BTreeMap<Digest, usize>,
}

impl ShownDigests {
    pub(super) fn new(all: BTreeSet<Digest>, form: DigestForm) -> Self {
        // Sorted, so what a digest has most in common, it has with a neighbour.
        let sorted: Vec<Digest> = all.into_iter().collect();
        let mut lengths: BTreeMap<Digest, usize> = sorted
            .iter()
            .map(|digest| (digest.clone(), SHORT))
            .collect();
        for pair in sorted.windows(2) {
            let common = pair[0]
                .hex()
                .bytes()
                .zip(pair[1].hex().bytes())
                .take_while(|(a, b)| a == b)
                .count();
            for digest in pair {
                lengths
                    .entry(digest.clone())
                    .and_modify(|length| *length = (*length).max(common + 1));
            }
        }
        Self { form, lengths }
    }

    pub(super) fn show<'a>(&self, digest: &'a Digest) -> &'a str {
        match self.form {
            DigestForm::Full => digest.as_str(),
            DigestForm::Short => {
                &digest.hex()[..self.lengths.get(digest).copied().unwrap_or(SHORT)]
            }
        }
    }

    /// The text with each digest in it as it is shown.
    pub(super) fn show_in(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((at, digest)) = next_in(rest) {
            out.push_str(&rest[..at]);
            out.push_str(self.show(&digest));
            rest = &rest[at + FULL..];
        }
        out + rest
    }
}

/// All digests that stand in the text in full.
pub(super) fn digests_in(text: &str) -> Vec<Digest> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((at, digest)) = next_in(rest) {
        all.push(digest);
        rest = &rest[at + FULL..];
    }
    all
}

fn next_in(text: &str) -> Option<(usize, Digest)> {
    text.match_indices("sha256:")
        .find_map(|(at, _)| Some((at, text.get(at..at + FULL)?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixtures::digest;

    fn shown(starts: &[&str], form: DigestForm) -> Vec<String> {
        let all: Vec<_> = starts.iter().map(|start| digest(start)).collect();
        let shown = ShownDigests::new(all.iter().cloned().collect(), form);
        all.iter()
            .map(|digest| shown.show(digest).to_owned())
            .collect()
    }

    #[test]
    fn digests_that_would_look_alike_are_lengthened_until_they_differ() {
        for (name, starts, want) in [
            ("one", vec!["a0861ea9fbf4653"], vec!["a0861ea9fbf4"]),
            (
                "alike in 14 digits, and one that is not",
                vec!["a0861ea9fbf465a", "a0861ea9fbf465b", "d361fa77855"],
                vec!["a0861ea9fbf465a", "a0861ea9fbf465b", "d361fa778550"],
            ),
            (
                "three in a chain",
                vec!["aaaaaaaaaaaa11", "aaaaaaaaaaaa12", "aaaaaaaaaaaa2"],
                vec!["aaaaaaaaaaaa11", "aaaaaaaaaaaa12", "aaaaaaaaaaaa2"],
            ),
            (
                "the same twice",
                vec!["a0861ea9fbf4", "a0861ea9fbf4"],
                vec!["a0861ea9fbf4", "a0861ea9fbf4"],
            ),
        ] {
            assert_eq!(want, shown(&starts, DigestForm::Short), "{name}");
        }
        assert_eq!(
            vec![digest("a0861ea9fbf4").to_string()],
            shown(&["a0861ea9fbf4"], DigestForm::Full)
        );
    }

    #[test]
    fn digests_inside_a_text_are_shortened_and_what_only_looks_like_one_is_not() {
        let (a, b) = (digest("a0861ea9fbf4"), digest("d361fa778554"));
        let shown = ShownDigests::new(BTreeSet::from([a.clone(), b.clone()]), DigestForm::Short);
        for (text, want) in [
            (
                format!("from {a} to {b}."),
                "from a0861ea9fbf4 to d361fa778554.",
            ),
            (format!("sha256:zz {a}"), "sha256:zz a0861ea9fbf4"),
            ("sha256:1234 äöü".to_owned(), "sha256:1234 äöü"),
        ] {
            assert_eq!(want, shown.show_in(&text));
        }
        assert_eq!(
            vec![b, a.clone()],
            digests_in(&format!("{} {a}", digest("d361fa778554")))
        );
    }
}
