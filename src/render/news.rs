//! What has changed since the look before: as documents with an event, and as lines of text, one for each change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::digests::{DigestForm, ShownDigests};
use super::model::{Event, Form, Image, ImageStatus, Item, StreakKind, Time, Unreachable, Verdict};
use super::status::word;
use crate::image::Digest;
use crate::text::{QUOTED, printable};

/// Context, namespace and name.
type Key = (String, String, String);

/// Something that is new, not as it was, or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    event: Event,
    item: Item,
    /// What was shown before; `None` where nothing was.
    before: Option<Box<ImageStatus>>,
}

/// Everything that was shown last.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    releases: BTreeMap<Key, Box<ImageStatus>>,
    away: BTreeMap<String, Unreachable>,
}

impl Shown {
    /// What differs from what was shown, which is brought up to date. Nothing is gone only because its cluster is out
    /// of reach.
    pub(crate) fn update(&mut self, items: Vec<Item>) -> Vec<News> {
        let mut news = Vec::new();
        let mut gone = std::mem::take(&mut self.releases);
        let mut back = std::mem::take(&mut self.away);
        for item in items {
            match item {
                Item::Release(status) => {
                    let before = gone.remove(&key(&status));
                    let event = match &before {
                        None => Some(Event::Added),
                        Some(before) if before.looks_like(&status) => None,
                        Some(_) => Some(Event::Changed),
                    };
                    news.extend(event.map(|event| News::of(event, status.clone(), before)));
                    self.releases.insert(key(&status), status);
                }
                Item::Unreachable(context) => {
                    let event = match back.remove(&context.metadata.context) {
                        None => Some(Event::Added),
                        Some(before) if before == context => None,
                        Some(_) => Some(Event::Changed),
                    };
                    news.extend(event.map(|event| News::of_context(event, context.clone())));
                    self.away.insert(context.metadata.context.clone(), context);
                }
            }
        }
        for (key, status) in gone {
            if self.away.contains_key(&key.0) {
                self.releases.insert(key, status);
            } else {
                news.push(News::of(Event::Removed, status, None));
            }
        }
        let back = back.into_values();
        news.extend(back.map(|context| News::of_context(Event::Removed, context)));
        news
    }
}

fn key(status: &ImageStatus) -> Key {
    let metadata = &status.metadata;
    (
        metadata.context.clone(),
        metadata.namespace.clone(),
        metadata.name.clone(),
    )
}

impl News {
    fn of(event: Event, mut status: Box<ImageStatus>, before: Option<Box<ImageStatus>>) -> Self {
        status.event = Some(event);
        Self {
            event,
            item: Item::Release(status),
            before,
        }
    }

    fn of_context(event: Event, mut context: Unreachable) -> Self {
        context.event = Some(event);
        Self {
            event,
            item: Item::Unreachable(context),
            before: None,
        }
    }

    /// What `-o json` prints on a line of its own.
    pub(crate) fn document(&self) -> &impl Serialize {
        &self.item
    }

    /// A line for each change, behind its time and the release that it is about.
    pub(crate) fn lines(&self, at: Timestamp, form: DigestForm) -> String {
        let (who, changes) = match &self.item {
            Item::Release(status) => {
                let metadata = &status.metadata;
                let who = format!(
                    "{} {}/{}",
                    metadata.context, metadata.namespace, metadata.name
                );
                (who, self.changes(status, form))
            }
            Item::Unreachable(context) => {
                let what = match self.event {
                    Event::Removed => "in reach again".to_owned(),
                    Event::Added | Event::Changed => format!("unreachable: {}", context.message),
                };
                (context.metadata.context.clone(), vec![what])
            }
        };
        let time = Time(at);
        changes
            .iter()
            .map(|change| {
                let line = format!("{time} {who} {change}");
                printable(&line, usize::MAX) + "\n"
            })
            .collect()
    }

    fn changes(&self, status: &ImageStatus, form: DigestForm) -> Vec<String> {
        let state = word(status.state());
        match (self.event, &self.before) {
            (Event::Removed, _) => vec!["removed".to_owned()],
            (Event::Changed, Some(before)) => differences(before, status, form),
            (Event::Added | Event::Changed, _) => vec![format!("added {state}")],
        }
    }
}

/// `ingestor current -> stale`, in the order of the facts.
fn differences(before: &ImageStatus, after: &ImageStatus, form: DigestForm) -> Vec<String> {
    let all: BTreeSet<Digest> = [before, after]
        .into_iter()
        .flat_map(|status| status.images.iter().flat_map(Image::digests).cloned())
        .collect();
    let digests = ShownDigests::new(all, form);
    let mut old = facts(before, &digests);
    let mut lines = Vec::new();
    for (name, now) in facts(after, &digests) {
        let was = old.iter().position(|(other, _)| *other == name);
        let was = was.map(|place| old.remove(place).1);
        match was {
            Some(was) if was == now => {}
            Some(was) => lines.push(format!("{name} {was} -> {now}")),
            None => lines.push(format!("{name} {now}")),
        }
    }
    lines.extend(
        old.into_iter()
            .map(|(name, was)| format!("{name} {was} -> -")),
    );
    lines
}

/// What a person watches for, by name.
fn facts(release: &ImageStatus, digests: &ShownDigests) -> Vec<(String, String)> {
    let mut facts = vec![("release".to_owned(), word(release.state()))];
    for image in &release.images {
        let states: Vec<_> = image.states.iter().map(|state| word(*state)).collect();
        let latest = image.digests.latest.as_ref();
        let latest = latest.map_or("?", |digest| digests.show(digest));
        facts.extend([
            (image.name.to_string(), states.join(",")),
            (format!("{} in use", image.name), in_use(image, digests)),
            (format!("{} latest", image.name), latest.to_owned()),
        ]);
    }
    for streak in &release.streaks {
        let what = match streak.kind {
            StreakKind::IngestorResolve => "ingestor lookups failed",
            StreakKind::RolloutAttempts => "rollouts failed",
            StreakKind::SkippedTicks => "ticks skipped",
        };
        let number = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let count = format!("{}/{}", number(streak.count), number(streak.limit));
        facts.push((what.to_owned(), count));
    }
    if let Some(job) = &release.refresh_job {
        facts.push(("refresh job".to_owned(), job.state.word().to_owned()));
        if let Some(time) = job.last_success {
            facts.push(("last success".to_owned(), time.to_string()));
        }
    }
    for way in &release.egress {
        let here = way.workstation.as_ref().map(|answer| answer.result);
        let here = verdict(here.unwrap_or(Verdict::Unknown));
        let there = verdict(way.cluster.result);
        facts.extend([
            (format!("{} from this machine", way.registry), here),
            (format!("{} from the cluster", way.registry), there),
        ]);
    }
    let codes: BTreeSet<_> = release
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
    facts.push(("findings".to_owned(), none_or(codes.join(","))));
    let gaps = release.incomplete.iter().map(|gap| gap.what.as_str());
    let gaps = gaps.collect::<Vec<_>>().join(", ");
    facts.push(("not seen".to_owned(), none_or(printable(&gaps, QUOTED))));
    facts
}

fn in_use(image: &Image, digests: &ShownDigests) -> String {
    let all = image.in_use.digests.iter().flatten();
    let all: Vec<_> = all.map(|digest| digests.show(digest)).collect();
    match image.in_use.form {
        Form::Digest | Form::Several => all.join(","),
        Form::Floats => "floats".to_owned(),
        Form::None => "none".to_owned(),
        Form::Tag => format!(":{}", image.in_use.tag.as_deref().unwrap_or("?")),
        Form::Unknown => "?".to_owned(),
    }
}

fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Fail => "blocked",
        Verdict::Unknown => "?",
    }
    .to_owned()
}

fn none_or(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

/// The last line of a page that is drawn again and again.
pub(crate) fn footer(seen_at: Timestamp, trouble: Option<&str>) -> String {
    let time = Time(seen_at);
    match trouble {
        None => format!("Seen {time}. Ctrl-C ends."),
        Some(why) => printable(&format!("Seen {time}; {why}"), usize::MAX),
    }
}

#[cfg(test)]
mod tests;
