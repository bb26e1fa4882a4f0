//! `status -A` and `status --contexts`: a line for each release, of one cluster or of several.

use super::{headers, is_named};
use crate::cli::{self, StatusFormat};
use crate::cluster::connect::{Contexts, connect};
use crate::cluster::observe::Reach;
use crate::error::{Error, Exit};
use crate::health::assess;
use crate::look::fleet::{Link, survey};
use crate::lookup::Failure;
use crate::observation::Observation;
use crate::registry::Session;
use crate::render::fleet::{self as drawing, Columns, Release, View};
use crate::render::json::{json, yaml};
use crate::render::model::{Fleet, ImageStatus, Item};
use crate::render::prometheus::metrics;
use crate::render::status::short;
use crate::terminal;

/// # Errors
///
/// Those of [`connect`], and [`Error::NoContextMatches`]. A cluster that cannot be reached is part of the answer.
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
    let reach = if args.all_namespaces {
        Reach::Everywhere
    } else {
        Reach::Namespace
    };
    let what = match links.len() {
        1 => "asking the cluster and the registries".to_owned(),
        many => format!("asking {many} clusters and the registries"),
    };
    let seen = survey(&mut links, session, args.selector.as_deref(), reach);
    let seen = terminal::waiting(screen, &what, seen).await;
    if let [member] = seen.members.as_slice()
        && args.contexts.is_empty()
        && let Err(error) = &member.seen
    {
        return Err(error.clone());
    }
    print(args, screen, seen)
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

fn print(
    args: &cli::Status,
    screen: cli::Screen,
    seen: crate::fleet::Fleet,
) -> Result<Exit, Error> {
    let theme = terminal::theme(screen);
    let judge = |seen: &Observation| {
        let status = ImageStatus::new(seen, &assess(seen));
        let named = status.only(|image| is_named(args, image));
        (!named.images.is_empty()).then_some(named)
    };
    let keep = |status: &ImageStatus| args.state.is_empty() || status.is_in(&args.state);
    let (text, exit) = match args.output {
        StatusFormat::Json | StatusFormat::Yaml | StatusFormat::Prometheus => {
            let fleet = Fleet::new(seen, judge, keep, |status| status);
            let text = match args.output {
                StatusFormat::Json => json(&fleet),
                StatusFormat::Prometheus => metrics(&fleet),
                _ => yaml(&fleet),
            };
            (text, exit(args, &fleet))
        }
        StatusFormat::Short => {
            let fleet = Fleet::new(seen, judge, keep, |status| short::short(&status, &theme));
            let lines = fleet.items.iter().map(|item| match item {
                Item::Release(line) => line.clone(),
                Item::Unreachable(context) => drawing::short(context, &theme),
            });
            (lines.collect(), exit(args, &fleet))
        }
        StatusFormat::Table | StatusFormat::Wide => {
            let fleet = Fleet::new(seen, judge, keep, |status| Release::new(&status));
            let view = View {
                columns: match args.output {
                    StatusFormat::Wide => Columns::Wide,
                    _ => Columns::Table,
                },
                width: terminal::width(),
                headers: headers(args),
            };
            (drawing::fleet(&fleet, &view, &theme), exit(args, &fleet))
        }
    };
    if !args.quiet {
        terminal::print(&text)?;
    }
    Ok(exit)
}

/// Clusters and namespaces that nobody looked at are told without `--exit-code` too, as is that there is nothing where
/// something was expected.
fn exit<T>(args: &cli::Status, fleet: &Fleet<T>) -> Exit {
    let found = Exit::of_code(fleet.summary.exit_code).filter(|_| args.exit_code || args.quiet);
    let is_empty = fleet.summary.releases.total == 0 && !args.all_namespaces;
    found
        .into_iter()
        .chain([fleet.reach()])
        .chain(is_empty.then_some(Exit::Failed))
        .max()
        .unwrap_or(Exit::Done)
}
