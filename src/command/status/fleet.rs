//! `status -A` and `status --contexts`: a line for each release, of one cluster or of several.

use super::watch::{self, Source};
use super::{headers, is_named};
use crate::cli::{self, StatusFormat};
use crate::cluster::connect::{Contexts, connect};
use crate::cluster::observe::Reach;
use crate::error::{Error, Exit};
use crate::fleet;
use crate::health::assess;
use crate::look::fleet::{Link, survey};
use crate::lookup::Failure;
use crate::observation::Observation;
use crate::registry::Session;
use crate::render::fleet::{self as drawing, Columns, View};
use crate::render::json::{json, yaml};
use crate::render::model::{Fleet, ImageStatus, Item};
use crate::render::prometheus::metrics;
use crate::render::status::short::short;
use crate::terminal;

/// # Errors
///
/// Those of [`connect`], and [`Error::NoContextMatches`]. Of several clusters, one that cannot be reached is part of the
/// answer.
pub(super) async fn fleet(
    args: &cli::Status,
    screen: cli::Screen,
    connection: &cli::Connection,
    session: Result<&Session, &Failure>,
) -> Result<Exit, Error> {
    let contexts;
    let mut links = if args.contexts.is_empty() {
        vec![connect(connection).await?.into()]
    } else {
        contexts = Contexts::read(connection)?;
        chosen(&contexts, args)?
    };
    if args.watch {
        return watch::watch(args, screen, Source::Fleet(links), session).await;
    }
    let what = match links.len() {
        1 => "asking the cluster and the registries".to_owned(),
        many => format!("asking {many} clusters and the registries"),
    };
    let seen = survey(&mut links, session, args.selector.as_deref(), reach(args));
    let mut seen = terminal::waiting(screen, &what, seen).await;
    only_failure(args, &seen)?;
    let judged = judged(args, &mut seen);
    terminal::print(&page(args, screen, &judged))?;
    Ok(exit(args, &judged))
}

/// The contexts that the patterns name, in the order of the kubeconfig, each once.
fn chosen<'a>(contexts: &'a Contexts<'a>, args: &cli::Status) -> Result<Vec<Link<'a>>, Error> {
    for glob in &args.contexts {
        if !contexts.names().any(|name| glob.matches(name)) {
            return Err(Error::NoContextMatches {
                glob: glob.to_string(),
                near: glob.nearest(contexts.names()),
            });
        }
    }
    let is_chosen = |name: &&str| args.contexts.iter().any(|glob| glob.matches(name));
    let names = contexts.names().filter(is_chosen);
    Ok(names.map(|name| Link::to(contexts, name)).collect())
}

pub(super) fn reach(args: &cli::Status) -> Reach {
    if args.all_namespaces {
        Reach::Everywhere
    } else {
        Reach::Namespace
    }
}

/// Without `--contexts`, what the one cluster says is the answer.
pub(super) fn only_failure(args: &cli::Status, seen: &fleet::Fleet) -> Result<(), Error> {
    match seen.members.as_slice() {
        [member] if args.contexts.is_empty() => match &member.seen {
            Ok(_) => Ok(()),
            Err(error) => Err(error.clone()),
        },
        _ => Ok(()),
    }
}

pub(super) fn judged(args: &cli::Status, seen: &mut fleet::Fleet) -> Fleet {
    let judge = |seen: &Observation| {
        let status = ImageStatus::new(seen, &assess(seen));
        let named = status.only(|image| is_named(args, image));
        (!named.images.is_empty()).then_some(named)
    };
    let keep = |status: &ImageStatus| args.state.is_empty() || status.is_in(&args.state);
    Fleet::new(seen, judge, keep)
}

pub(super) fn page(args: &cli::Status, screen: cli::Screen, fleet: &Fleet) -> String {
    if args.quiet {
        return String::new();
    }
    let theme = terminal::theme(screen);
    let drawn = |columns| {
        let view = View {
            columns,
            width: terminal::width(),
            headers: headers(args),
        };
        drawing::fleet(fleet, &view, &theme)
    };
    match args.output {
        StatusFormat::Table => drawn(Columns::Table),
        StatusFormat::Wide => drawn(Columns::Wide),
        StatusFormat::Json => json(fleet),
        StatusFormat::Yaml => yaml(fleet),
        StatusFormat::Prometheus => metrics(fleet),
        StatusFormat::Short => {
            let lines = fleet.items.iter().map(|item| match item {
                Item::Release(status) => short(status, &theme),
                Item::Unreachable(context) => drawing::short(context, &theme),
            });
            lines.collect()
        }
    }
}

/// Clusters and namespaces that nobody looked at are told without `--exit-code` too, as is that there is nothing where
/// something was expected.
fn exit(args: &cli::Status, fleet: &Fleet) -> Exit {
    let found = Exit::of_code(fleet.summary.exit_code).filter(|_| args.exit_code || args.quiet);
    let is_empty = fleet.found() == 0 && !args.all_namespaces;
    found
        .into_iter()
        .chain([fleet.reach()])
        .chain(is_empty.then_some(Exit::Failed))
        .max()
        .unwrap_or(Exit::Done)
}
