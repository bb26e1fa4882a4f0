//! `status`: looks at the releases of a namespace, judges what it sees, and prints it.

mod fleet;
mod from_cluster;
mod watch;

use crate::cli::{self, StatusFormat};
use crate::cluster::connect::connect;
use crate::error::{Error, Exit};
use crate::health::{State, assess};
use crate::look::look;
use crate::observation::Observation;
use crate::render::digests::DigestForm;
use crate::render::json::{json, yaml};
use crate::render::model::{Fleet, Image, ImageStatus};
use crate::render::prometheus::metrics;
use crate::render::status::{self as drawing, Form, View};
use crate::render::table::Headers;
use crate::terminal;
use watch::Source;

/// # Errors
///
/// Those of [`connect`] and [`look`].
pub(crate) async fn status(
    args: &cli::Status,
    screen: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    let session = super::session(&args.lookups);
    let session = if args.watch {
        session.map(|session| session.remembering(watch::TAGS_AFTER))
    } else {
        session
    };
    if args.all_namespaces || !args.contexts.is_empty() {
        return fleet::fleet(args, screen, connection, session.as_ref()).await;
    }
    let cluster = connect(connection).await?;
    if args.watch {
        let source = Source::Namespace(Box::new(cluster));
        return watch::watch(args, screen, source, session.as_ref()).await;
    }
    let what = format!("asking {} and the registries", cluster.server);
    // Boxed: a look is a large future.
    let selector = args.selector.as_deref();
    let seen = if args.lookups.from == cli::From::Cluster {
        let look = Box::pin(from_cluster::look(&cluster, session.as_ref(), selector));
        match terminal::waiting(screen, &what, look).await? {
            Ok(seen) => seen,
            Err(exit) => return Ok(exit),
        }
    } else {
        let look = Box::pin(look(&cluster, session.as_ref(), selector));
        terminal::waiting(screen, &what, look).await?
    };
    let statuses = judged(args, &seen);
    terminal::print(&page(args, screen, &statuses))?;
    Ok(exit(args, &statuses))
}

/// What there is to show: one status per release, with the images that were asked for.
fn judged(args: &cli::Status, seen: &[Observation]) -> Vec<ImageStatus> {
    let statuses = seen
        .iter()
        .map(|seen| ImageStatus::new(seen, &assess(seen)));
    statuses
        .map(|status| {
            // No image is frozen: the release is, with all of its images.
            let is_frozen = status.summary.frozen.is_some() && args.state.contains(&State::Frozen);
            status.only(|image| is_named(args, image) && (is_frozen || is_in_state(args, image)))
        })
        .collect()
}

/// Without a state every image is.
fn is_in_state(args: &cli::Status, image: &Image) -> bool {
    args.state.is_empty() || image.states.iter().any(|state| args.state.contains(state))
}

/// Without a name every image is.
fn is_named(args: &cli::Status, image: &Image) -> bool {
    args.images.is_empty() || image.names().any(|name| args.images.contains(&name))
}

fn page(args: &cli::Status, screen: cli::Screen, statuses: &[ImageStatus]) -> String {
    if args.quiet {
        return String::new();
    }
    let theme = terminal::theme(screen);
    let drawn = |form| -> String {
        let view = View {
            form,
            width: terminal::width(),
            digests: digests(args),
            headers: headers(args),
        };
        let pages: Vec<_> = statuses
            .iter()
            .map(|status| drawing::status(status, &view, &theme))
            .collect();
        pages.join("\n")
    };
    match args.output {
        StatusFormat::Table => drawn(Form::Table),
        StatusFormat::Wide => drawn(Form::Wide),
        StatusFormat::Short => statuses
            .iter()
            .map(|status| drawing::short::short(status, &theme))
            .collect(),
        StatusFormat::Json => match statuses {
            [one] => json(one),
            many => json(&Fleet::of_namespace(many.to_vec())),
        },
        StatusFormat::Yaml => match statuses {
            [one] => yaml(one),
            many => yaml(&Fleet::of_namespace(many.to_vec())),
        },
        StatusFormat::Prometheus => metrics(&Fleet::of_namespace(statuses.to_vec())),
    }
}

/// `--quiet` has no other answer than its exit code.
fn exit(args: &cli::Status, statuses: &[ImageStatus]) -> Exit {
    if !(args.exit_code || args.quiet) {
        return Exit::Done;
    }
    statuses
        .iter()
        .filter_map(|status| Exit::of_code(status.summary.exit_code))
        .max()
        .unwrap_or(Exit::Done)
}

fn digests(args: &cli::Status) -> DigestForm {
    if args.no_trunc {
        DigestForm::Full
    } else {
        DigestForm::Short
    }
}

fn headers(args: &cli::Status) -> Headers {
    if args.no_headers {
        Headers::Hidden
    } else {
        Headers::Shown
    }
}
