//! Words of commands that a person is to type.

use crate::text::{QUOTED, printable};

/// The text as one word of a shell: as it is where that is safe, else in single quotes.
///
/// Names of Kubernetes objects are safe; what stands in an environment variable, and is used as a name, need not be.
pub(crate) fn word(text: &str) -> String {
    let text = printable(text, QUOTED);
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-._/:@=,".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_safe) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word_and_runs_nothing() {
        for (want, text) in [
            ("berlin-jobs-manager", "berlin-jobs-manager"),
            (
                "docker.io/tracebloc/x@sha256:0",
                "docker.io/tracebloc/x@sha256:0",
            ),
            ("''", ""),
            ("'a b'", "a b"),
            ("'x; rm -rf /'", "x; rm -rf /"),
            ("'$(id)'", "$(id)"),
            (r"'it'\''s'", "it's"),
            ("'--all'", "--all"),
            ("'a b'", "a\n\u{1b}b"),
        ] {
            assert_eq!(want, word(text), "{text:?}");
        }
    }
}
