//! The log of a refresh run, line by line, as what it means.
//!
//! Lines are recognised by the substrings of the chart contract, section 8, never by whole lines. A line that is not
//! recognised is kept as it is. Lines without the script's prefix are the tools': an error belongs to the WARN or
//! ERROR that follows it, except after the two messages that embed kubectl's own words and go on over several lines.

/// What every line of the script begins with.
pub(crate) const PREFIX: &str = "[image-refresh] ";

/// One line, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Without the prefix, otherwise as it stands: not fit for a terminal.
    pub(crate) text: &'a str,
    pub(crate) event: Event,
    /// The reference whose `checking …` line came last; `None` before the first.
    pub(crate) image: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// The first line of each run of the container.
    Started,
    /// Banner: what is looked at in this run.
    Announced,
    Checking,
    Latest,
    Recorded,
    /// The ingestor's environment.
    InUse,
    Pinned,
    TokenFailed,
    Unresolved,
    /// Ingestor lookup failed, below the threshold.
    FailureCounted {
        count: u64,
        threshold: u64,
    },
    ThresholdReached,
    AboveThreshold,
    StreakCleared,
    FirstObservation,
    Unchanged,
    Drifted,
    /// Something is about to be changed or waited for.
    Acting,
    /// What was begun has ended well.
    Done,
    Recording,
    /// `count` of `limit` ticks skipped; without both before G9.
    Skipped {
        count: Option<u64>,
        limit: Option<u64>,
    },
    DeploymentUnreadable,
    LockedOut,
    AttemptUnreadable,
    Frozen,
    SkipsUncounted,
    SettledAgain,
    ClearFailed,
    Mirrored,
    /// An ERROR that no other event is for: what could not be done, in the words of whoever refused.
    Failed,
    /// The same of a WARN.
    Warned,
    Completed,
    /// Detail of the line above, or prefixed words that no generation is known to say.
    Said,
    /// What kubectl says when all is well.
    ToolOutput,
    /// An error of curl, kubectl or the shell; [`cause_of`] finds the line it belongs to.
    ToolError,
}

/// Substring and meaning. The first that matches counts: longer ones stand before what they contain.
const KNOWN: &[(&str, Event)] = &[
    ("WARN: could not fetch auth token for ", Event::TokenFailed),
    ("WARN: could not resolve latest digest", Event::Unresolved),
    (
        "ERROR: could not resolve ghcr.io/tracebloc/ingestor:",
        Event::ThresholdReached,
    ),
    (
        "ERROR: still cannot resolve ghcr.io/tracebloc/ingestor:",
        Event::AboveThreshold,
    ),
    ("clearing prior failure streak", Event::StreakCleared),
    (
        "first observation; recording without",
        Event::FirstObservation,
    ),
    (
        "first observation; adopting spec env",
        Event::FirstObservation,
    ),
    ("first observation; spec env empty", Event::FirstObservation),
    ("digest unchanged since last refresh", Event::Unchanged),
    ("restart needed", Event::Drifted),
    ("re-image needed", Event::Drifted),
    ("set env + wait for rollout", Event::Drifted),
    ("spec env drifted (", Event::Drifted),
    ("ingestor env re-applied", Event::Done),
    ("verifying deployment health", Event::Acting),
    ("fully in sync; no-op", Event::Done),
    ("IMAGE REFRESH IS FROZEN", Event::Frozen),
    ("skip streak cannot be counted", Event::SkipsUncounted),
    ("is settled again after", Event::SettledAgain),
    ("WARNING: could not clear", Event::ClearFailed),
    ("FLAP DETECTED", Event::LockedOut),
    (
        "could not read tracebloc.io/refresh-attempt",
        Event::AttemptUnreadable,
    ),
    (
        "ERROR: cannot read deployment/",
        Event::DeploymentUnreadable,
    ),
    ("rolling restart of deployment/", Event::Acting),
    ("waiting for deployment/", Event::Acting),
    ("waiting for daemonset/", Event::Acting),
    ("re-imaging control-plane workloads", Event::Acting),
    ("set image deployment/", Event::Acting),
    ("set image daemonset/", Event::Acting),
    ("re-image complete", Event::Done),
    ("ingestor refresh complete", Event::Done),
    ("rollout complete", Event::Done),
    ("updating deployment annotations:", Event::Recording),
    (
        "NOTE: images are served from private mirror",
        Event::Mirrored,
    ),
    ("INERT", Event::Mirrored),
    ("ingestor.autoRefresh: false in values", Event::Pinned),
    ("pinned by digest in values", Event::Pinned),
    ("nothing to record or restart", Event::Completed),
    ("tick complete", Event::Completed),
    ("client images:", Event::Announced),
    ("also reconciling:", Event::Announced),
    ("ingestor image: tracebloc/ingestor", Event::Announced),
    ("checking ", Event::Checking),
    ("latest=", Event::Latest),
    ("recorded=", Event::Recorded),
    ("current=", Event::InUse),
    ("release=", Event::Started),
];

/// kubectl's ordinary words.
const ORDINARY: &[&str] = &[
    " restarted",
    " annotated",
    " image updated",
    " env updated",
    "Waiting for deployment",
    "Waiting for daemon",
    " successfully rolled out",
    "annotation \"",
];

/// Whether the script has written any of it. Its first line is written before anything can fail.
pub(crate) fn is_refreshers(log: &str) -> bool {
    log.lines().any(|line| line.starts_with(PREFIX))
}

/// The lines of a log, none left out but empty ones.
pub(crate) fn decode(log: &str) -> Vec<Entry<'_>> {
    let mut image = None;
    let mut entries = Vec::new();
    for (text, event) in log.lines().filter_map(read) {
        match event {
            Event::Started => image = None,
            Event::Checking => image = reference(text),
            _ => {}
        }
        entries.push(Entry { text, event, image });
    }
    entries
}

/// One line without the prefix, and what it means. `None` for an empty one.
pub(crate) fn read(line: &str) -> Option<(&str, Event)> {
    if line.trim().is_empty() {
        return None;
    }
    Some(match line.strip_prefix(PREFIX) {
        Some(text) => (text, said(text)),
        None if ORDINARY.iter().any(|words| line.contains(words)) => (line, Event::ToolOutput),
        None => (line, Event::ToolError),
    })
}

fn said(text: &str) -> Event {
    if let Some(rest) = after(
        text,
        "WARN: could not resolve latest ingestor digest (failure ",
    ) {
        return fraction(rest).map_or(Event::Unresolved, |(count, threshold)| {
            Event::FailureCounted { count, threshold }
        });
    }
    if let Some(rest) = after(text, "not settled (rollout in progress or pod not Ready)") {
        let counted = rest.split_whitespace().find_map(fraction);
        return Event::Skipped {
            count: counted.map(|(count, _)| count),
            limit: counted.map(|(_, limit)| limit),
        };
    }
    let known = KNOWN.iter().find(|(words, _)| text.contains(words));
    let text = text.trim_start();
    match known {
        Some((_, event)) => *event,
        None if text.starts_with("ERROR: ") => Event::Failed,
        None if text.starts_with("WARN") => Event::Warned,
        None => Event::Said,
    }
}

fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.split_once(words).map(|(_, rest)| rest)
}

/// `2/3`, with anything but a digit behind it.
fn fraction(text: &str) -> Option<(u64, u64)> {
    let (count, rest) = text.split_once('/')?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((count.parse().ok()?, rest[..end].parse().ok()?))
}

/// The reference of a `checking REFERENCE (…)` line.
pub(crate) fn reference(text: &str) -> Option<&str> {
    after(text, "checking ")?.split_whitespace().next()
}

/// The tools' lines that say why the entry at `place` failed, in their order. Empty when they said nothing.
pub(crate) fn cause_of<'a>(entries: &[Entry<'a>], place: usize) -> Vec<&'a str> {
    let is_error = |entry: &&Entry<'a>| entry.event == Event::ToolError;
    let mut lines: Vec<&str> = entries[..place]
        .iter()
        .rev()
        .take_while(is_error)
        .map(|entry| entry.text)
        .collect();
    lines.reverse();
    // These two embed kubectl's words, which may go on below (chart contract, section 8).
    if matches!(
        entries[place].event,
        Event::DeploymentUnreadable | Event::ClearFailed
    ) {
        lines.extend(
            entries[place + 1..]
                .iter()
                .take_while(is_error)
                .map(|entry| entry.text),
        );
    }
    lines
}

#[cfg(test)]
mod tests;
