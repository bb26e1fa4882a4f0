//! What a screen says must come from JSON: every word with a digit, a capital or a sign in it stands for a value.
//!
//! The row of each image is compared word by word. Elsewhere, prose in small letters is the screen's own. Times, ages, durations, counts and short digests are worked out from
//! the values here a second time, so that a figure from anywhere else is caught.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

/// The words with capitals or signs that the screen itself writes.
const OWN: &str = "IMAGE TRACKS IN USE LATEST ARCH STATE Refresh Streaks Egress Mirror Held Marks Unseen Nodes Others \
                   imageRefresh.enabled \
                   Next All Looked It This Ingestion Jobs The = # Nothing Kubernetes Restarting";

/// # Panics
///
/// When the page has a word that no value of the document explains.
pub(super) fn assert_within(document: &Value, page: &str) {
    assert_rows(document, page);
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

/// Each image has one row, and each of its cells is what the document says.
fn assert_rows(document: &Value, page: &str) {
    let rows: Vec<Vec<&str>> = page
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for image in document["images"].as_array().unwrap() {
        let name = image["name"].as_str().unwrap();
        let want = cells(image);
        let is_row =
            |row: &&Vec<&str>| row.len() > 3 && row[1] == name && row[0].chars().count() == 1;
        let found: Vec<_> = rows.iter().filter(is_row).collect();
        let [row] = found[..] else {
            panic!("{} rows of {name}:\n{page}", found.len());
        };
        let is_same = |(word, want): (&&str, &String)| {
            let is_digest = word.len() >= 12 && want.len() == 64 && want.starts_with(word);
            is_digest || word == want
        };
        assert!(
            row.len() == want.len() + 1 && row[1..].iter().zip(&want).all(is_same),
            "{row:?} is not {want:?}"
        );
    }
}

/// What the row of an image must say, word by word; digests in full.
fn cells(image: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let hex = |value: &Value| text(value).trim_start_matches("sha256:").to_owned();
    let list = |value: &Value| -> Option<Vec<String>> {
        let items = value.as_array()?.iter();
        Some(
            items
                .map(|item| text(item).trim_start_matches("linux/").to_owned())
                .collect(),
        )
    };
    let tracks = match &image["tracks"] {
        Value::Null => "-".to_owned(),
        tracks => format!("{} :{}", text(&tracks["registry"]), text(&tracks["tag"])),
    };
    let states = list(&image["states"]).unwrap();
    let is_mirrored = states.iter().any(|state| state == "mirrored");
    let digests = &image["inUse"]["digests"];
    let in_use = match text(&image["inUse"]["form"]).as_str() {
        "digest" => hex(&digests[0]),
        "several" => format!("{} digests", digests.as_array().unwrap().len()),
        "tag" => format!(":{}", text(&image["inUse"]["tag"])),
        "unknown" => "?".to_owned(),
        other => other.to_owned(),
    };
    let latest = match &image["digests"]["latest"] {
        Value::Null if is_mirrored => "-".to_owned(),
        latest => hex(latest),
    };
    let platforms = &image["platforms"];
    let missing = list(&platforms["missing"]).unwrap_or_default();
    let arch = match (list(&platforms["inUse"]), list(&platforms["required"])) {
        (None, _) if is_mirrored => "-".to_owned(),
        (None, _) | (_, None) => "?".to_owned(),
        (Some(has), _) if !missing.is_empty() && has.len() < 3 => format!("{} only", has.join(" ")),
        (Some(_), _) if !missing.is_empty() => format!("no {}", missing.join(" ")),
        (Some(has), Some(required)) if required.is_empty() => has.join(" "),
        (_, Some(required)) => required.join(" "),
    };
    let states = states.iter().take(2).map(|state| match state.as_str() {
        "stuck" | "broken" => state.to_uppercase(),
        _ => state.clone(),
    });
    let states = states.collect::<Vec<_>>().join(", ");
    let row = [text(&image["name"]), tracks, in_use, latest, arch, states].join(" ");
    row.split_whitespace().map(str::to_owned).collect()
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
