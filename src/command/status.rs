//! `status`: looks at the releases of a namespace, judges what it sees, and prints it.

mod watch;

use crate::cli::{self, StatusFormat};
use crate::cluster::connect::{Cluster, connect};
use crate::error::{Error, Exit};
use crate::health::assess;
use crate::look::look;
use crate::lookup::Failure;
use crate::registry::Session;
use crate::render::digests::DigestForm;
use crate::render::json::{List, json, yaml};
use crate::render::model::{Image, ImageStatus};
use crate::render::status::{self as drawing, Form, View};
use crate::render::table::Headers;
use crate::terminal;

/// # Errors
///
/// Those of [`connect`] and [`look`].
pub(crate) async fn status(
    args: &cli::Status,
    screen: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    let cluster = connect(connection).await?;
    let session = super::session(&args.lookups);
    if args.watch {
        return watch::watch(args, screen, &cluster, session.as_ref()).await;
    }
    let what = format!("asking {} and the registries", cluster.server);
    let statuses =
        terminal::waiting(screen, &what, observed(args, &cluster, session.as_ref())).await?;
    terminal::print(&page(args, screen, &statuses))?;
    Ok(exit(args, &statuses))
}

/// What there is to show: one status per release, with the images that were asked for.
async fn observed(
    args: &cli::Status,
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
) -> Result<Vec<ImageStatus>, Error> {
    // Boxed: a look is a large future, and watching holds it across every wait.
    let seen = Box::pin(look(cluster, session, args.selector.as_deref())).await?;
    let statuses = seen
        .iter()
        .map(|seen| ImageStatus::new(seen, &assess(seen)));
    Ok(statuses
        .map(|status| status.only(|image| is_asked_for(args, image)))
        .collect())
}

/// Without a name every image is, and without a state every state.
fn is_asked_for(args: &cli::Status, image: &Image) -> bool {
    let named = args.images.is_empty() || image.names().any(|name| args.images.contains(&name));
    let in_state =
        args.state.is_empty() || image.states.iter().any(|state| args.state.contains(state));
    named && in_state
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
            many => json(&List::new(many.to_vec())),
        },
        StatusFormat::Yaml => match statuses {
            [one] => yaml(one),
            many => yaml(&List::new(many.to_vec())),
        },
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
