//! `doctor`: reads everything that could keep images from being refreshed, judges it, and concludes what is wrong.

mod nodes;
mod readings;

use std::time::{Duration, Instant};

use futures::future::join;

use super::left_over;
use crate::checks::judge;
use crate::cli::{self, DoctorFormat};
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::job::OwnJobs;
use crate::diagnosis::conclude;
use crate::error::{Error, Exit};
use crate::health::assess;
use crate::reading::Readings;
use crate::render::doctor::{self as drawing, Form, View};
use crate::render::json::{List, json, yaml};
use crate::render::model::doctor::{AllowList, DoctorReport, Examined, Strictness};
use crate::render::{allowlist, rbac};
use crate::terminal;

/// How long after a look that found something wrong the next one begins (`--wait`).
const AGAIN: Duration = Duration::from_secs(10);
/// How often Jobs are looked at.
const POLL: Duration = Duration::from_millis(500);

/// # Errors
///
/// Where the kubeconfig cannot be used; an API server that does not answer is a finding.
pub(crate) async fn doctor(
    args: &cli::Doctor,
    screen: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    if let Some(of) = args.print_rbac {
        return tokio::select! {
            places = readings::places(connection) => {
                terminal::print(&rbac::roles(of, &places?)).map(|()| Exit::Done)
            }
            exit = terminal::interrupted() => Ok(exit),
        };
    }
    let connected = tokio::select! {
        connected = connect(connection) => connected,
        exit = terminal::interrupted() => return Ok(exit),
    };
    let cluster = match connected {
        Ok(cluster) => cluster,
        // Its answer is missing, and everything else can still be looked at.
        Err(error @ Error::CredentialPlugin { .. }) => {
            return tokio::select! {
                looked = readings::without_cluster(connection, &error) => {
                    let started = Instant::now();
                    let reports = [report(args, &looked, started.elapsed())];
                    terminal::print(&page(args, screen, &reports)).map(|()| exit(&reports))
                }
                exit = terminal::interrupted() => Ok(exit),
            };
        }
        Err(error) => return Err(error),
    };
    let jobs = OwnJobs::new(&cluster, &cluster.namespace, POLL);
    let ended = tokio::select! {
        ended = Box::pin(rounds(args, screen, &cluster, &jobs)) => ended,
        exit = terminal::interrupted() => Ok(exit),
    };
    match super::cleared(&jobs, "probe").await {
        Ok(leftovers) => left_over(&leftovers),
        Err(exit) => return Ok(exit),
    }
    ended
}

/// Looks, and with `--wait` again until nothing is wrong.
async fn rounds(
    args: &cli::Doctor,
    screen: cli::Screen,
    cluster: &Cluster,
    jobs: &OwnJobs<'_>,
) -> Result<Exit, Error> {
    let started = Instant::now();
    loop {
        let what = "looking at the API server and the registries";
        let looked = async {
            let sweep = async {
                if args.looks_from_pods() {
                    jobs.sweep().await;
                }
            };
            let (looked, ()) = join(readings::read(args, cluster, jobs), sweep).await;
            left_over(&jobs.remove_all().await);
            looked
        };
        let looked = terminal::waiting(screen, what, Box::pin(looked)).await;
        if let Some(format) = args.allowlist {
            return hosts(format, &looked);
        }
        let reports: Vec<_> = looked
            .iter()
            .map(|readings| report(args, readings, started.elapsed()))
            .collect();
        let exit = exit(&reports);
        let left = args.wait.and_then(|wait| left(wait, started.elapsed()));
        match left {
            Some(left) if exit != Exit::Done => tokio::time::sleep(AGAIN.min(left)).await,
            _ => {
                terminal::print(&page(args, screen, &reports))?;
                return Ok(exit);
            }
        }
    }
}

/// `None` where it is time to stop.
fn left(wait: cli::Timeout, elapsed: Duration) -> Option<Duration> {
    let left = wait.0.checked_sub(elapsed);
    left.filter(|left| !left.is_zero())
}

fn report(args: &cli::Doctor, readings: &Readings, took: Duration) -> DoctorReport {
    let assessment = readings.release.as_ref().ok().map(assess);
    let checks = judge(readings, assessment.as_ref());
    let causes = conclude(readings, assessment.as_ref(), &checks);
    let examined = Examined {
        readings,
        checks: &checks,
        causes: &causes,
        took,
    };
    let strictness = if args.strict {
        Strictness::Strict
    } else {
        Strictness::Lenient
    };
    DoctorReport::new(&examined, strictness)
}

fn exit(reports: &[DoctorReport]) -> Exit {
    let exits = reports
        .iter()
        .filter_map(|report| Exit::of_code(report.summary.exit_code));
    exits.max().unwrap_or(Exit::Done)
}

fn page(args: &cli::Doctor, screen: cli::Screen, reports: &[DoctorReport]) -> String {
    let theme = terminal::theme(screen);
    let drawn = |form| -> String {
        let view = View {
            form,
            width: terminal::width(),
        };
        let pages: Vec<_> = reports
            .iter()
            .map(|report| drawing::doctor(report, &view, &theme))
            .collect();
        pages.join("\n")
    };
    match args.output {
        DoctorFormat::Table => drawn(Form::Table),
        DoctorFormat::Wide => drawn(Form::Wide),
        DoctorFormat::Short => reports
            .iter()
            .map(|report| drawing::short::short(report, &theme))
            .collect(),
        DoctorFormat::Json => match reports {
            [one] => json(one),
            many => json(&List::new(many.to_vec())),
        },
        DoctorFormat::Yaml => match reports {
            [one] => yaml(one),
            many => yaml(&List::new(many.to_vec())),
        },
    }
}

/// Only what the images need, whatever else is wrong.
fn hosts(format: cli::ListFormat, looked: &[Readings]) -> Result<Exit, Error> {
    let list = AllowList::new(looked);
    terminal::print(&match format {
        cli::ListFormat::Text => allowlist::text(&list),
        cli::ListFormat::Json => json(&list),
    })?;
    Ok(Exit::Done)
}
