//! `status --watch`: looks again after each change in the cluster, and now and then for the tags.
//!
//! Objects are watched, not polled. Between two changes what was read of them is kept, and only what moves without any
//! change in the cluster is asked for again: what tags name, and the time.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{BoxStream, SelectAll};
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::{digests, fleet, judged, page};
use crate::cli::{self, StatusFormat};
use crate::cluster::connect::Cluster;
use crate::cluster::observe::{self, Namespace};
use crate::cluster::watch::{changes, changes_of_many};
use crate::error::{Error, Exit};
use crate::fleet::Fleet as Members;
use crate::look::fleet::{Link, ask_again, survey};
use crate::look::go_on;
use crate::lookup::Failure;
use crate::registry::Session;
use crate::render::json::{json_line, yaml};
use crate::render::model::{Fleet, ImageStatus, Item};
use crate::render::news::{News, Shown, footer};
use crate::terminal::canvas::{Canvas, resized};
use crate::terminal::{self, Reader};

/// A tag moves without any change in the cluster.
pub(super) const TAGS_AFTER: Duration = Duration::from_secs(60);
/// After so many looks for tags alone everything is read anew: what changed unseen is seen then.
const EVERYTHING_AFTER: u32 = 10;
/// After a look that failed.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// One act in the cluster changes several objects; they are looked at together. A look that takes longer than this is
/// not begun more often than it takes.
const SETTLING: Duration = Duration::from_millis(500);

/// Where to look.
pub(super) enum Source<'a> {
    Namespace(Box<Cluster>),
    Fleet(Vec<Link<'a>>),
}

/// What was read of the clusters last.
enum Kept {
    Nothing,
    Namespace(Box<Namespace>),
    Members(Members),
}

/// What it means.
enum Seen {
    Releases(Vec<ImageStatus>),
    Fleet(Fleet),
}

struct Watch<'a> {
    args: &'a cli::Status,
    screen: cli::Screen,
    session: Result<&'a Session, &'a Failure>,
    source: Source<'a>,
    kept: Kept,
    changes: SelectAll<BoxStream<'static, ()>>,
    /// Places of the links whose changes are among them.
    watched: BTreeSet<usize>,
    /// How long the last look at everything took, and how often tags alone were asked for since.
    took: Duration,
    looks: u32,
}

/// Shows the first look, and from then on what changes.
///
/// # Errors
///
/// Those of the first look. Later ones are said, and looked again.
pub(super) async fn watch(
    args: &cli::Status,
    screen: cli::Screen,
    source: Source<'_>,
    session: Result<&Session, &Failure>,
) -> Result<Exit, Error> {
    let mut watch = Watch {
        args,
        screen,
        session,
        source,
        kept: Kept::Nothing,
        changes: SelectAll::new(),
        watched: BTreeSet::new(),
        took: Duration::ZERO,
        looks: 0,
    };
    let first = Box::pin(watch.look());
    let mut seen = terminal::waiting(screen, "looking for the first time", first).await?;
    if let Kept::Members(members) = &watch.kept {
        fleet::only_failure(args, members)?;
    }
    let mut canvas = watch.is_drawn().then(Canvas::new).flatten();
    let mut shown = Shown::default();
    loop {
        let news = shown.update(seen.items());
        let reader = match &mut canvas {
            Some(canvas) => watch.draw(canvas, &seen, None)?,
            None => terminal::print_more(&watch.text(&news))?,
        };
        if reader == Reader::HasLeft {
            return Ok(Exit::Done);
        }
        seen = watch.next(seen, canvas.as_mut()).await?;
    }
}

impl Watch<'_> {
    /// Waits for a reason to look, and looks, until something can be seen again.
    async fn next(&mut self, before: Seen, mut canvas: Option<&mut Canvas>) -> Result<Seen, Error> {
        let mut due = Instant::now() + TAGS_AFTER;
        loop {
            tokio::select! {
                Some(()) = self.changes.next() => {
                    sleep(SETTLING.max(self.took)).await;
                    while self.changes.next().now_or_never().flatten().is_some() {}
                }
                () = sleep_until(due) => {
                    self.looks += 1;
                    if self.looks < EVERYTHING_AFTER && let Some(seen) = self.ask_again().await {
                        return Ok(seen);
                    }
                }
                () = resized(), if canvas.is_some() => {
                    if let Some(canvas) = &mut canvas {
                        self.draw(canvas, &before, None)?;
                    }
                    continue;
                }
            }
            match Box::pin(self.look()).await {
                Ok(seen) => return Ok(seen),
                Err(error) => {
                    match &mut canvas {
                        Some(canvas) => drop(self.draw(canvas, &before, Some(&error))?),
                        None => terminal::say(&error.message()),
                    }
                    self.kept = Kept::Nothing;
                    due = Instant::now() + RETRY_AFTER;
                }
            }
        }
    }

    /// Reads everything.
    async fn look(&mut self) -> Result<Seen, Error> {
        let began = Instant::now();
        let selector = self.args.selector.as_deref();
        let seen = match &mut self.source {
            Source::Namespace(cluster) => {
                let namespace = match observe::look(cluster, selector).await {
                    Err(Error::NoRelease { .. }) if !self.changes.is_empty() => {
                        return Ok(Seen::Releases(Vec::new()));
                    }
                    namespace => namespace?,
                };
                if self.watched.insert(0) {
                    self.changes.push(changes(cluster, &namespace));
                }
                let seen = go_on(cluster, self.session, &namespace).await;
                self.kept = Kept::Namespace(Box::new(namespace));
                Seen::Releases(judged(self.args, &seen))
            }
            Source::Fleet(links) => {
                let reach = fleet::reach(self.args);
                let mut members = survey(links, self.session, selector, reach).await;
                for (place, link) in links.iter().enumerate() {
                    if let Some(cluster) = link.cluster()
                        && self.watched.insert(place)
                    {
                        self.changes.push(changes_of_many(cluster, reach));
                    }
                }
                let seen = fleet::judged(self.args, &mut members);
                self.kept = Kept::Members(members);
                Seen::Fleet(seen)
            }
        };
        (self.took, self.looks) = (began.elapsed(), 0);
        Ok(seen)
    }

    /// What was read, with what the registries say now. `None` where nothing was.
    async fn ask_again(&mut self) -> Option<Seen> {
        Some(match (&self.source, &mut self.kept) {
            (Source::Namespace(cluster), Kept::Namespace(namespace)) => {
                let seen = go_on(cluster, self.session, namespace).await;
                Seen::Releases(judged(self.args, &seen))
            }
            (Source::Fleet(links), Kept::Members(members)) => {
                ask_again(members, links, self.session).await;
                Seen::Fleet(fleet::judged(self.args, members))
            }
            _ => return None,
        })
    }

    /// Whether the format is for a person who looks at it.
    const fn is_drawn(&self) -> bool {
        let is_page = matches!(
            self.args.output,
            StatusFormat::Table | StatusFormat::Wide | StatusFormat::Short
        );
        is_page && !self.args.quiet
    }

    fn draw(
        &self,
        canvas: &mut Canvas,
        seen: &Seen,
        trouble: Option<&Error>,
    ) -> Result<Reader, Error> {
        let page = match seen {
            Seen::Releases(statuses) => page(self.args, self.screen, statuses),
            Seen::Fleet(fleet) => fleet::page(self.args, self.screen, fleet),
        };
        let trouble = trouble.map(ToString::to_string);
        canvas.draw(&page, &footer(Timestamp::now(), trouble.as_deref()))
    }

    /// Where nothing can be drawn: a document for each release that is not as it was, or a line for each change.
    fn text(&self, news: &[News]) -> String {
        if self.args.quiet {
            return String::new();
        }
        let now = Timestamp::now();
        let one = |news: &News| match self.args.output {
            StatusFormat::Json => json_line(news.document()),
            StatusFormat::Yaml => format!("---\n{}", yaml(news.document())),
            StatusFormat::Table
            | StatusFormat::Wide
            | StatusFormat::Short
            | StatusFormat::Prometheus => news.lines(now, digests(self.args)),
        };
        news.iter().map(one).collect()
    }
}

impl Seen {
    fn items(&self) -> Vec<Item> {
        match self {
            Self::Releases(statuses) => {
                let boxed = statuses.iter().cloned().map(Box::new);
                boxed.map(Item::Release).collect()
            }
            Self::Fleet(fleet) => fleet.items.clone(),
        }
    }
}
