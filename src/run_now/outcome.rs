//! What a run came to: told by its log where there is one, by its Job and the annotations where there is none.
//!
//! | the Job | the last run of its container | exit |
//! |---|---|---|
//! | failed | – | 3 |
//! | complete | says that it is locked out; without a log: the marker was written | 3 |
//! | complete | warned, skipped, or was not heard to its end | 5 |
//! | complete | neither | 0 |
//! | deleted while it ran | – | 3 |
//! | still active when the time was over | – | 7 |

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::error::Exit;
use crate::log::Event;
use crate::observation::Seen;
use crate::record::{FLAP_DETECTED, LAST_ERROR, Record, Streak};
use crate::shell::word;
use crate::text::{QUOTED, printable};

use super::Tone;

/// How following a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    /// With the reason of the Job's condition.
    Failed(String),
    /// The Job is gone.
    Deleted,
    /// With what it was waiting for; empty while it was at work.
    TimedOut(String),
}

/// What the log said, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// What each run of the container said, in their order; empty where nothing of it was heard.
    pub(crate) runs: Vec<Vec<Event>>,
    /// Whose fault it was that the Deployment could not be read, as the line said last that told it.
    pub(crate) unreadable: Option<Code>,
}

impl Heard {
    /// The last run that was heard at all; empty when none was.
    fn last(&self) -> &[Event] {
        let mut runs = self.runs.iter().rev();
        runs.find(|run| !run.is_empty()).map_or(&[], Vec::as_slice)
    }
}

/// A run that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) job: &'a str,
    pub(crate) end: &'a End,
    pub(crate) heard: &'a Heard,
    pub(crate) before: &'a Record,
    pub(crate) after: &'a Seen<Record>,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    pub(crate) tone: Tone,
    pub(crate) words: String,
    pub(crate) code: Option<Code>,
    /// Annotations of the mechanism that the run changed, by key: what stood there, and what stands there now.
    pub(crate) marks: Vec<Change>,
    /// Why the annotations are not known, if they are not.
    pub(crate) unseen: Option<String>,
    /// Commands, each with its reason.
    pub(crate) next: Vec<(String, &'static str)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) before: Option<String>,
    pub(crate) now: Option<String>,
}

/// Judges a run that was followed to its end, or as long as there was time.
pub(crate) fn conclude(account: &Account<'_>) -> Outcome {
    let marks = account
        .after
        .as_ref()
        .map(|after| changes(account.before, after));
    let unseen = marks.as_ref().err().map(|blind| blind.0.clone());
    let marks = marks.unwrap_or_default();
    let (exit, tone, words, code) = judge(account, &marks);
    Outcome {
        exit,
        tone,
        words,
        code,
        next: next(account, exit),
        marks,
        unseen,
    }
}

type Judgement = (Exit, Tone, String, Option<Code>);

fn judge(account: &Account<'_>, marks: &[Change]) -> Judgement {
    let found = |words: String, code| (Exit::Found, Tone::Bad, words, code);
    let tries = match account.heard.runs.len() {
        0 | 1 => String::new(),
        runs => format!(" after {runs} runs of its container"),
    };
    match account.end {
        End::Failed(reason) => {
            let (why, code) = reason_of_failure(account, marks);
            found(
                format!("failed{tries}: {why} ({})", printable(reason, QUOTED)),
                code,
            )
        }
        End::Deleted => found("deleted by somebody while it ran".to_owned(), None),
        End::TimedOut(waiting) => {
            let why = match waiting.as_str() {
                "" => "it is still at work".to_owned(),
                waiting => waiting.to_owned(),
            };
            let words = format!("not over in time: {why}; it goes on");
            (Exit::TimedOut, Tone::Warn, words, None)
        }
        End::Complete => complete(account, marks, &tries),
    }
}

fn complete(account: &Account<'_>, marks: &[Change], tries: &str) -> Judgement {
    let events = account.heard.last();
    let is_marked = |key: &str| {
        marks
            .iter()
            .any(|change| change.key == key && change.now.is_some())
    };
    let incomplete = |words: &str| {
        (
            Exit::Incomplete,
            Tone::Warn,
            format!("complete{tries}, but {words}"),
            None,
        )
    };
    if events.contains(&Event::LockedOut) || (events.is_empty() && is_marked(FLAP_DETECTED)) {
        let words = format!("complete{tries}, and locked out: nothing moves any more");
        return (Exit::Found, Tone::Bad, words, Some(Code::FlapLockout));
    }
    if events
        .iter()
        .any(|event| matches!(event, Event::Skipped { .. }))
    {
        return incomplete("it was skipped: jobs-manager has not settled");
    }
    if events.is_empty() {
        return match marks.iter().find_map(|change| counted(change)) {
            Some(words) => incomplete(words),
            None => incomplete("its log could not be read"),
        };
    }
    let has_warned = |event: &Event| {
        matches!(
            event,
            Event::TokenFailed
                | Event::Unresolved
                | Event::FailureCounted { .. }
                | Event::AttemptUnreadable
                | Event::ClearFailed
                | Event::Warned
                | Event::Failed
        )
    };
    if events.iter().any(has_warned) {
        return incomplete("with warnings");
    }
    // G0 says nothing after it has recorded.
    let is_whole = events.contains(&Event::Completed) || events.last() == Some(&Event::Recording);
    if !is_whole {
        return incomplete("the end of its log could not be read");
    }
    if account.after.is_err() {
        return incomplete("what it changed could not be read");
    }
    let words = match moved(marks) {
        0 => "nothing to move".to_owned(),
        1 => "1 digest recorded".to_owned(),
        count => format!("{count} digests recorded"),
    };
    (
        Exit::Done,
        Tone::Good,
        format!("complete{tries}: {words}"),
        None,
    )
}

fn reason_of_failure(account: &Account<'_>, marks: &[Change]) -> (String, Option<Code>) {
    // The run that uses up the Job's tries is ended before it has said why: then one before it has.
    let said = account.heard.runs.iter().flatten().rev().find_map(|event| {
        Some(match event {
            Event::ThresholdReached | Event::AboveThreshold => (
                "the ingestor cannot be resolved from pods",
                Some(Code::StreakAtThreshold),
            ),
            Event::Frozen => ("jobs-manager does not settle", Some(Code::SkipStreak)),
            Event::SkipsUncounted => ("a counter could not be read", Some(Code::CounterMalformed)),
            Event::DeploymentUnreadable => (
                "the run cannot read its Deployment",
                account.heard.unreadable,
            ),
            _ => return None,
        })
    });
    if let Some((words, code)) = said {
        return (words.to_owned(), code);
    }
    let by_marks = marks.iter().find_map(|change| {
        let words = match change.key.as_str() {
            LAST_ERROR => change.now.clone()?,
            _ => counted(change)?.to_owned(),
        };
        Some(printable(&words, QUOTED))
    });
    if let Some(words) = by_marks {
        return (words, None);
    }
    let words = if account.heard.last().is_empty() {
        "its log is gone with its pod, and no counter has moved"
    } else {
        "it ended in the step that its log names last"
    };
    (words.to_owned(), None)
}

/// What a counter that has moved says.
fn counted(change: &Change) -> Option<&'static str> {
    change.now.as_ref()?;
    let of = |streak: Streak| change.key == streak.key();
    if of(Streak::Failures) {
        Some("the ingestor was not resolved")
    } else if of(Streak::Attempts) {
        Some("a rollout was begun and did not end well")
    } else if of(Streak::Skips) {
        Some("it was skipped: jobs-manager has not settled")
    } else {
        None
    }
}

fn moved(marks: &[Change]) -> usize {
    let is_digest = |change: &&Change| change.key.starts_with("tracebloc.io/last-refreshed-");
    marks.iter().filter(is_digest).count()
}

fn changes(before: &Record, after: &Record) -> Vec<Change> {
    let keys: BTreeMap<_, _> = before
        .annotations
        .keys()
        .chain(after.annotations.keys())
        .map(|key| {
            (
                key,
                (before.annotations.get(key), after.annotations.get(key)),
            )
        })
        .collect();
    keys.into_iter()
        .filter(|(_, (before, now))| before != now)
        .map(|(key, (before, now))| Change {
            key: key.clone(),
            before: before.cloned(),
            now: now.cloned(),
        })
        .collect()
}

fn next(account: &Account<'_>, exit: Exit) -> Vec<(String, &'static str)> {
    let (namespace, job) = (word(account.namespace), word(account.job));
    let status = || format!("kubectl tracebloc-images status -n {namespace}");
    let doctor = || format!("kubectl tracebloc-images doctor -n {namespace}");
    match (exit, account.end) {
        (Exit::Done, _) => Vec::new(),
        (_, End::TimedOut(_)) => vec![
            (
                format!("kubectl tracebloc-images refresh --in-cluster -n {namespace}"),
                "follow it on",
            ),
            (
                format!("kubectl describe -n {namespace} job/{job}"),
                "see what keeps it",
            ),
        ],
        (_, End::Complete) => vec![
            (status(), "see what it means for each image"),
            (
                format!("kubectl logs -n {namespace} job/{job}"),
                "read its whole log",
            ),
        ],
        (_, End::Failed(_)) => vec![(doctor(), "find the cause")],
        _ => vec![(status(), "see what it means for each image")],
    }
}
