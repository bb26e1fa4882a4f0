//! The log of a run as what it means, told line by line while it comes.
//!
//! What curl, kubectl and the shell say in between is kept word for word, and told with the WARN or ERROR that it
//! belongs to (chart contract, section 8).

use crate::codes::Code;
use crate::log::{Event, read, reference};
use crate::text::{QUOTED, printable};

/// How many of the tools' lines are kept for the line that explains them; more are told as they come.
const KEPT: usize = 20;

/// How a line is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tone {
    Good,
    /// Under way, or left alone on purpose.
    Quiet,
    Change,
    Warn,
    Bad,
    /// Nobody knows what it means.
    Verbatim,
}

/// One thing that the run says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) tone: Tone,
    /// The image that it is about, by its short name. `None` where it is about the run.
    pub(crate) image: Option<String>,
    /// Printable.
    pub(crate) words: String,
    pub(crate) code: Option<String>,
    /// The tools' own words for it, printable, in their order.
    pub(crate) said: Vec<String>,
}

/// What is known of the run so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Teller {
    image: Option<String>,
    latest: Option<String>,
    recorded: Option<String>,
    /// What the tools said that belongs to a line still to come.
    tools: Vec<String>,
    /// Whether the last line embeds a tool's words, which may go on below.
    goes_on: bool,
}

impl Teller {
    /// What the line means: nothing, or more than one thing where it shows what lines before it meant. With the event,
    /// if it is one of the script's.
    pub(crate) fn hear(&mut self, line: &str) -> (Option<Event>, Vec<Told>) {
        let Some((text, event)) = read(line) else {
            return (None, Vec::new());
        };
        match event {
            Event::ToolOutput => (None, Vec::new()),
            Event::ToolError => (None, self.keep(text)),
            event => (Some(event), self.tell(text, event)),
        }
    }

    /// What was kept for a line that did not come.
    pub(crate) fn end(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.tools)
            .into_iter()
            .map(verbatim)
            .collect()
    }

    fn keep(&mut self, text: &str) -> Vec<Told> {
        let line = printable(text, QUOTED);
        if self.goes_on || self.tools.len() == KEPT {
            let mut told = self.end();
            told.push(verbatim(line));
            return told;
        }
        self.tools.push(line);
        Vec::new()
    }

    fn tell(&mut self, text: &str, event: Event) -> Vec<Told> {
        self.goes_on = matches!(event, Event::DeploymentUnreadable | Event::ClearFailed);
        self.place(text, event);
        let Some((tone, words, code)) = self.meaning(text, event) else {
            return self.end();
        };
        let mut told = Vec::new();
        let mut said = Vec::new();
        if matches!(tone, Tone::Warn | Tone::Bad) {
            said = std::mem::take(&mut self.tools);
        } else {
            told = self.end();
        }
        let (bracket, cause) = cause(text);
        said.extend(cause);
        told.push(Told {
            tone,
            image: self.subject(text, event),
            words,
            code: bracket.or(code.map(|code| code.to_string())),
            said,
        });
        told
    }

    /// Keeps count of what the lines are about.
    fn place(&mut self, text: &str, event: Event) {
        let value = || text.split_once('=').map(|(_, value)| short(value));
        match event {
            Event::Started | Event::Checking => {
                *self = Self {
                    image: reference(text).map(name),
                    tools: std::mem::take(&mut self.tools),
                    ..Self::default()
                };
            }
            Event::Latest => self.latest = value(),
            Event::Recorded => self.recorded = value(),
            _ => {}
        }
    }

    /// The image that a line is about: that of the last `checking` line, if it is about one at all.
    fn subject(&self, text: &str, event: Event) -> Option<String> {
        let is_of_image = match event {
            Event::Pinned
            | Event::TokenFailed
            | Event::Unresolved
            | Event::StreakCleared
            | Event::FirstObservation
            | Event::Unchanged
            | Event::Drifted => true,
            Event::FailureCounted { .. } | Event::ThresholdReached | Event::AboveThreshold => {
                return Some("ingestor".to_owned());
            }
            Event::Done => text.contains("ingestor") || text.contains("in sync"),
            _ => false,
        };
        self.image.clone().filter(|_| is_of_image)
    }

    /// `None` for lines that only prepare others.
    fn meaning(&self, text: &str, event: Event) -> Option<(Tone, String, Option<Code>)> {
        let plain = |tone, words: &str| Some((tone, words.to_owned(), None));
        let coded = |tone, words: String, code| Some((tone, words, Some(code)));
        let own = |tone| Some((tone, stated(text), None));
        match event {
            Event::Started
            | Event::Announced
            | Event::Checking
            | Event::Latest
            | Event::Recorded
            | Event::InUse
            | Event::Completed
            | Event::ToolOutput
            | Event::ToolError => None,
            Event::Pinned => plain(Tone::Quiet, "pinned in the values, left alone"),
            Event::TokenFailed => plain(Tone::Warn, "no token for it"),
            Event::Unresolved => plain(Tone::Warn, "not resolved, skipped in this run; nobody counts it"),
            Event::FailureCounted { count, threshold } => coded(
                Tone::Warn,
                format!("not resolved, {count} of {threshold} in a row; at {threshold} the run fails"),
                Code::StreakBelowThreshold,
            ),
            Event::ThresholdReached => coded(
                Tone::Bad,
                "not resolved as often in a row as its threshold allows: the run fails".to_owned(),
                Code::StreakAtThreshold,
            ),
            Event::AboveThreshold => coded(
                Tone::Bad,
                "still not resolved; the streak stays at its threshold, and the run fails".to_owned(),
                Code::StreakAtThreshold,
            ),
            Event::StreakCleared => plain(Tone::Good, "resolved again; its streak of failures is cleared"),
            Event::FirstObservation if text.contains("spec env empty") => {
                plain(Tone::Change, "no digest is set; it is set to the latest")
            }
            Event::FirstObservation if text.contains("adopting") => {
                plain(Tone::Good, "seen for the first time: the digest in use is recorded, the latest is left to the next run")
            }
            Event::FirstObservation => plain(Tone::Good, "seen for the first time: recorded, not moved"),
            Event::Unchanged => Some((Tone::Good, with(self.latest.as_deref(), "unchanged"), None)),
            Event::Drifted if text.contains("spec env drifted") => {
                plain(Tone::Change, "somebody else has set its digest; the recorded one is set again")
            }
            Event::Drifted => Some((Tone::Change, self.moved(), None)),
            Event::Acting => own(Tone::Change),
            Event::Done => own(Tone::Good),
            Event::Recording => plain(Tone::Good, "recorded on the Deployment"),
            Event::Skipped { count, limit } => {
                let counted = count.zip(limit);
                let counted = counted.map(|(count, limit)| format!(" ({count} of {limit} in a row)"));
                let counted = counted.unwrap_or_default();
                Some((Tone::Warn, format!("skipped: jobs-manager has not settled{counted}"), None))
            }
            Event::DeploymentUnreadable => coded(Tone::Bad, stated(text), unreadable(text, &self.tools)),
            Event::LockedOut => coded(
                Tone::Bad,
                "locked out: rollouts kept failing, so nothing moves until a person removes the count".to_owned(),
                Code::FlapLockout,
            ),
            Event::Frozen => coded(
                Tone::Bad,
                "frozen: jobs-manager has not settled for as many runs as its limit allows".to_owned(),
                Code::SkipStreak,
            ),
            Event::AttemptUnreadable | Event::SkipsUncounted => {
                coded(Tone::Bad, stated(text), Code::CounterMalformed)
            }
            Event::SettledAgain => plain(Tone::Good, "jobs-manager has settled again; the count of skipped runs is cleared"),
            Event::ClearFailed | Event::Warned => own(Tone::Warn),
            Event::Mirrored => coded(
                Tone::Quiet,
                "the images come from a private mirror: nothing is looked up".to_owned(),
                Code::Mirrored,
            ),
            Event::Failed => own(Tone::Bad),
            Event::Said => Some((Tone::Verbatim, printable(text, QUOTED), None)),
        }
    }

    fn moved(&self) -> String {
        match (&self.recorded, &self.latest) {
            (Some(recorded), Some(latest)) => format!("has moved: {recorded} -> {latest}"),
            _ => "has moved".to_owned(),
        }
    }
}

fn verbatim(words: String) -> Told {
    Told {
        tone: Tone::Verbatim,
        image: None,
        words,
        code: None,
        said: Vec::new(),
    }
}

/// Without the level, which the tone says, and without what stands in brackets at the end.
fn stated(text: &str) -> String {
    let text = text.trim();
    let text = ["ERROR: ", "WARNING: ", "WARN: ", "NOTE: "]
        .into_iter()
        .find_map(|level| text.strip_prefix(level))
        .unwrap_or(text);
    let text = match text.rfind(" [TBI-") {
        Some(end) if text.ends_with(']') => &text[..end],
        _ => text,
    };
    printable(&with_short_digests(text), QUOTED)
}

/// Digests by their first twelve digits, as on every screen.
fn with_short_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(part.len());
        let (hex, rest) = part.split_at(end);
        shown.push_str(hex.get(..12).unwrap_or(hex));
        shown.push_str(rest);
    }
    shown
}

/// `[TBI-201 ghcr.io: connect: refused]` at the end of a line of this plugin's own tick: the code, and the rest.
fn cause(text: &str) -> (Option<String>, Option<String>) {
    let bracket = text
        .trim_end()
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once(" [TBI-"));
    let Some((_, inside)) = bracket else {
        return (None, None);
    };
    let (number, rest) = inside.split_once(' ').unwrap_or((inside, ""));
    if number.len() != 3 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return (None, None);
    }
    let rest = (!rest.is_empty()).then(|| printable(rest, QUOTED));
    (Some(format!("TBI-{number}")), rest)
}

/// Whose fault it is that the Deployment cannot be read, by the line and what kubectl said before it.
fn unreadable(text: &str, tools: &[String]) -> Code {
    let says = |words: &str| text.contains(words) || tools.iter().any(|line| line.contains(words));
    if says("localhost:8080") {
        Code::NoInClusterConfig
    } else if says("orbidden") {
        Code::AccountRightMissing
    } else {
        Code::ApiUnreachable
    }
}

/// `unchanged, 1db49be156bb`.
fn with(digest: Option<&str>, words: &str) -> String {
    digest.map_or_else(|| words.to_owned(), |digest| format!("{words}, {digest}"))
}

/// A value of the log.
fn short(value: &str) -> String {
    printable(&with_short_digests(value), QUOTED)
}

/// `ingestor` of `ghcr.io/tracebloc/ingestor:0.3`.
fn name(reference: &str) -> String {
    let path = reference.rsplit('/').next().unwrap_or(reference);
    printable(path.split(':').next().unwrap_or(path), QUOTED)
}
