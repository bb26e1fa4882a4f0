//! Patterns for names: `*` stands for any characters, `?` for one.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// So many names are suggested where none matches.
const SUGGESTED: usize = 3;

/// A pattern; every text is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob(String);

impl Glob {
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (pattern, name): (Vec<_>, Vec<_>) = (self.0.chars().collect(), name.chars().collect());
        let (mut at, mut here) = (0, 0);
        // Where the last star stands, and how much of the name it has taken so far.
        let mut star = None;
        while here < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, here));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == name[here] => {
                    at += 1;
                    here += 1;
                }
                _ => {
                    let Some((place, taken)) = star else {
                        return false;
                    };
                    star = Some((place, taken + 1));
                    at = place + 1;
                    here = taken + 1;
                }
            }
        }
        pattern[at..].iter().all(|c| *c == '*')
    }

    /// The names that are most like the pattern, the nearest first; for one that matches none.
    pub(crate) fn nearest<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let letters = self.0.replace(['*', '?'], "");
        let likeness = |name: &str| strsim::jaro_winkler(&letters, name);
        let mut names: Vec<_> = names.map(|name| (likeness(name), name)).collect();
        names.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let names = names.into_iter().take(SUGGESTED);
        names.map(|(_, name)| name.to_owned()).collect()
    }
}

impl FromStr for Glob {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(text: &str) -> Glob {
        Glob(text.to_owned())
    }

    #[test]
    fn stars_and_question_marks_match_as_in_a_shell() {
        for (pattern, name, want) in [
            ("edge-1", "edge-1", true),
            ("edge-1", "edge-10", false),
            ("edge-*", "edge-", true),
            ("edge-*", "edge-10", true),
            ("edge-*", "lab-edge-10", false),
            ("*-edge", "berlin-edge-edge", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("edge-??", "edge-10", true),
            ("edge-??", "edge-1", false),
            ("?", "ä", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            // A context's name may hold what steers other patterns.
            ("arn:aws:eks:*/edge", "arn:aws:eks:eu:1:cluster/edge", true),
            ("[a]", "a", false),
        ] {
            assert_eq!(want, glob(pattern).matches(name), "{pattern} {name}");
        }
    }

    #[test]
    fn the_nearest_names_come_first() {
        let names = ["lab", "berlin-edge", "berlin-lab", "munich-edge"];
        assert_eq!(
            vec!["berlin-edge", "berlin-lab", "munich-edge"],
            glob("berln-edge*").nearest(names.into_iter())
        );
        assert_eq!(Vec::<String>::new(), glob("x").nearest([].into_iter()));
    }

    proptest! {
        #[test]
        fn a_name_matches_itself_and_any_part_of_it_starred(name in "[a-z]{0,12}", cut in 0..12_usize) {
            let cut = cut.min(name.len());
            let (head, tail) = name.split_at(cut);
            let marks = "?".repeat(name.len());
            let alike = [name.clone(), format!("{head}*"), format!("*{tail}"), format!("*{tail}*"), marks.clone()];
            for pattern in alike {
                prop_assert!(glob(&pattern).matches(&name), "{}", pattern);
            }
            let longer = format!("{marks}?");
            prop_assert!(!glob(&longer).matches(&name));
        }
    }
}
