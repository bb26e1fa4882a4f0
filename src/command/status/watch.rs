//! `status --watch`: looks again after each change in the cluster, and now and then for the tags.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use tokio::time::sleep;

use super::{observed, page};
use crate::cli::{self, StatusFormat};
use crate::cluster::connect::Cluster;
use crate::cluster::watch::changes;
use crate::error::{Error, Exit};
use crate::lookup::Failure;
use crate::registry::Session;
use crate::render::json::json_line;
use crate::render::model::{Event, ImageStatus};
use crate::terminal::{self, Reader};

/// A tag moves without any change in the cluster.
const TAGS_AFTER: Duration = Duration::from_secs(60);
/// One act in the cluster changes several objects; they are looked at together.
const SETTLING: Duration = Duration::from_millis(500);

/// Prints the first look, and from then on every release that looks different.
///
/// # Errors
///
/// Those of the first look. Later ones are said on stderr, and looked again.
pub(super) async fn watch(
    args: &cli::Status,
    screen: cli::Screen,
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
) -> Result<Exit, Error> {
    let mut changes = pin!(changes(cluster));
    let mut shown = BTreeMap::new();
    let mut statuses = observed(args, cluster, session).await?;
    loop {
        for status in news(&mut shown, statuses) {
            let text = match args.output {
                StatusFormat::Json => json_line(&status),
                StatusFormat::Table
                | StatusFormat::Wide
                | StatusFormat::Yaml
                | StatusFormat::Short
                | StatusFormat::Prometheus => page(args, screen, &[status]),
            };
            if terminal::print_more(&text)? == Reader::HasLeft {
                return Ok(Exit::Done);
            }
        }
        statuses = loop {
            tokio::select! {
                _ = changes.next() => sleep(SETTLING).await,
                () = sleep(TAGS_AFTER) => {}
            }
            while changes.next().now_or_never().flatten().is_some() {}
            match observed(args, cluster, session).await {
                Ok(statuses) => break statuses,
                Err(Error::NoRelease { .. }) => break Vec::new(),
                Err(error) => terminal::say(&error.message()),
            }
        };
    }
}

/// What differs from what was shown last, with what happened to it; `shown` is brought up to date.
fn news(shown: &mut BTreeMap<String, ImageStatus>, statuses: Vec<ImageStatus>) -> Vec<ImageStatus> {
    let mut news = Vec::new();
    let mut gone = std::mem::take(shown);
    for status in statuses {
        let name = status.metadata.name.clone();
        let event = match gone.remove(&name) {
            None => Some(Event::Added),
            Some(before) if before.looks_like(&status) => None,
            Some(_) => Some(Event::Changed),
        };
        news.extend(event.map(|event| ImageStatus {
            event: Some(event),
            ..status.clone()
        }));
        shown.insert(name, status);
    }
    news.extend(gone.into_values().map(|status| ImageStatus {
        event: Some(Event::Removed),
        ..status
    }));
    news
}
