//! What a screen says must come from JSON: every word with a digit, a capital or a sign in it stands for a value.
//!
//! Prose in small letters is the screen's own. Times, ages, durations, counts and short digests are worked out from
//! the values here a second time, so that a figure from anywhere else is caught.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

/// The words with capitals or signs that the screen itself writes.
const OWN: &str = "IMAGE TRACKS IN USE LATEST ARCH STATE Refresh Streaks Egress Mirror Held Marks Unseen Nodes Others \
                   Next All Looked It This Ingestion Jobs The = # Nothing Kubernetes Restarting";

/// # Panics
///
/// When the page has a word that no value of the document explains.
pub(super) fn assert_within(document: &Value, page: &str) {
    let known = Known::new(document);
    for line in page.lines() {
        for word in line.split_whitespace() {
            let explained = known.explains(word)
                || word
                    .split(['/', ':', '(', ')', '=', ','])
                    .all(|part| known.explains(part));
            assert!(explained, "{word:?} in {line:?}");
        }
    }
}

struct Known {
    /// Every word of every value, and every key.
    words: BTreeSet<String>,
    digests: Vec<String>,
    /// Lengths of all arrays, and how many of their items share an architecture.
    counts: BTreeSet<usize>,
    /// Between the look and each time of the document, and every number of seconds in it.
    seconds: Vec<i64>,
}

impl Known {
    fn new(document: &Value) -> Self {
        let mut known = Self {
            words: OWN.split_whitespace().map(str::to_owned).collect(),
            digests: Vec::new(),
            counts: BTreeSet::new(),
            seconds: Vec::new(),
        };
        let observed: Timestamp = document["metadata"]["observedAt"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        known.gather(document, "", observed);
        let nodes = document["nodes"].as_array().into_iter().flatten();
        let archs: Vec<_> = nodes.map(|node| node["arch"].clone()).collect();
        for arch in &archs {
            known
                .counts
                .insert(archs.iter().filter(|other| *other == arch).count());
        }
        known
    }

    fn gather(&mut self, value: &Value, key: &str, observed: Timestamp) {
        match value {
            Value::String(text) => self.text(text, observed),
            Value::Number(number) => {
                self.words.insert(number.to_string());
                if key.ends_with("Seconds") {
                    self.seconds.extend(number.as_i64());
                }
            }
            Value::Array(items) => {
                self.counts.insert(items.len());
                for item in items {
                    self.gather(item, key, observed);
                }
            }
            Value::Object(entries) => {
                for (key, value) in entries {
                    self.text(key, observed);
                    self.gather(value, key, observed);
                }
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn text(&mut self, text: &str, observed: Timestamp) {
        if let Ok(time) = text.parse::<Timestamp>() {
            self.seconds
                .push((observed.as_second() - time.as_second()).abs());
            let (date, clock) = text.split_once('T').unwrap();
            self.words
                .extend([date.to_owned(), clock.replace(":00Z", "Z")]);
        }
        for part in text.split_inclusive("sha256:").skip(1) {
            let end = part
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(part.len());
            self.digests.push(part[..end].to_owned());
        }
        self.digests
            .extend(text.strip_prefix("sha256:").map(str::to_owned));
        for word in text.split_whitespace() {
            self.words.insert(word.to_owned());
            self.words.insert(word.to_uppercase());
            self.words.extend(
                word.split(['/', ':', '(', ')', '=', ','])
                    .map(str::to_owned),
            );
            self.words
                .extend(word.rsplit_once('-').map(|(_, suffix)| suffix.to_owned()));
        }
    }

    fn explains(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c| ",.;:\"()".contains(c));
        is_prose(bare)
            || self.words.contains(word)
            || self.words.contains(bare)
            || bare.parse().is_ok_and(|count| self.counts.contains(&count))
            || self.is_digest(bare)
            || self.is_age(bare)
            || is_latency(bare)
    }

    fn is_digest(&self, word: &str) -> bool {
        word.len() >= 12 && self.digests.iter().any(|digest| digest.starts_with(word))
    }

    /// `4m`, `2d4h`: within its last unit of an age.
    fn is_age(&self, word: &str) -> bool {
        let Some((least, precision)) = age(word) else {
            return false;
        };
        self.seconds
            .iter()
            .any(|seconds| (least..least + precision).contains(seconds))
    }
}

/// How long registries took, which no second look repeats: `112ms`, `0.6s`.
fn is_latency(word: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    word.strip_suffix("ms").is_some_and(is_number)
        || word
            .strip_suffix('s')
            .is_some_and(|text| text.contains('.') && is_number(text))
}

/// Small letters, a hyphen or an apostrophe between them, or a sign of the screen.
fn is_prose(word: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || "-'".contains(c);
    matches!(word, "✔" | "✖" | "!" | "?" | "-" | "~" | "…" | "0")
        || !word.chars().any(|c| !is_letter(c))
}

/// The seconds that an age says at least, and how exactly.
fn age(word: &str) -> Option<(i64, i64)> {
    let unit = |c: char| match c {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86400),
        'y' => Some(365 * 86400),
        _ => None,
    };
    let (mut seconds, mut precision, mut digits) = (0, None, String::new());
    for c in word.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            precision = Some(unit(c)?);
            seconds += digits.parse::<i64>().ok()? * unit(c)?;
            digits.clear();
        }
    }
    (digits.is_empty()).then_some((seconds, precision?))
}
