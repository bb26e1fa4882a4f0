//! `refresh`: looks, plans, asks, has a node pull, patches, waits, verifies, records.

mod execution;
mod journal;
mod others;
mod planning;
mod pulling;
mod rehearsal;
mod renewal;
mod verification;
mod waiting;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{self, RefreshFormat};
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::job::OwnJobs;
use crate::cluster::rollout::Pace;
use crate::error::{Error, Exit};
use crate::image::ManagedImage;
use crate::lookup::Failure;
use crate::plan::{Because, Consent, Guarding, Rearm, Request, Verdict};
use crate::registry::Session;
use crate::render::model::plan::Plan;
use crate::render::plan::{choice, question};
use crate::report::Ending;
use crate::terminal::prompt::{Reply, choose, confirm};
use crate::terminal::{self, is_attended};

use journal::Journal;
use planning::Planned;

/// What can be had without a yes.
const PLAN_ALONE: &str = ", or with --dry-run to see the plan";

/// One run of the command: who is asked, and until when.
struct Run<'a> {
    args: &'a cli::Refresh,
    screen: cli::Screen,
    cluster: &'a Cluster,
    session: Result<&'a Session, &'a Failure>,
    jobs: &'a OwnJobs<'a>,
    journal: &'a Journal<'a>,
    pace: Pace,
    started: Instant,
    /// How long questions have stood.
    asking: Cell<Duration>,
    /// Whether a plan was made anew because something changed underneath.
    renewed: Cell<bool>,
}

/// # Errors
///
/// Those of [`connect`] and of a look; [`Error::SeveralReleases`] and [`Error::Unconfirmed`]. What goes wrong after
/// something was changed is in the report.
pub(crate) async fn refresh(
    args: &cli::Refresh,
    screen: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    let session = super::session(&args.lookups);
    refresh_through(session.as_ref(), Pace::default(), args, screen, connection).await
}

/// As [`refresh`]; `pace` says how often Jobs, pods and workloads are looked at.
async fn refresh_through(
    session: Result<&Session, &Failure>,
    pace: Pace,
    args: &cli::Refresh,
    screen: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    let is_asked = !args.now && args.dry_run.is_none();
    if is_asked && args.output != RefreshFormat::Table {
        return Err(Error::Unconfirmed {
            why: "-o json and -o yaml leave no room for a question".to_owned(),
            or: PLAN_ALONE,
        });
    }
    if is_asked && let Err(why) = is_attended() {
        let or = if args.rearm { "" } else { PLAN_ALONE };
        return Err(Error::Unconfirmed { why, or });
    }
    let cluster = connect(connection).await?;
    let jobs = OwnJobs::new(&cluster, &cluster.namespace, pace.interval);
    let journal = Journal::new(&cluster, args.output, screen);
    let run = Run {
        args,
        screen,
        cluster: &cluster,
        session,
        jobs: &jobs,
        journal: &journal,
        pace,
        started: Instant::now(),
        asking: Cell::new(Duration::ZERO),
        renewed: Cell::new(false),
    };
    let ended = tokio::select! {
        ended = Box::pin(run.go()) => ended,
        exit = terminal::interrupted() => Ok(Ending::Interrupted(exit)),
    };
    let leftovers = match super::cleared(&jobs, "pull test").await {
        Ok(leftovers) => leftovers,
        Err(exit) => return Ok(exit),
    };
    journal.close(ended, &leftovers, run.started.elapsed())
}

impl Run<'_> {
    /// What is left of `--timeout`, which does not run while a person is asked.
    fn left(&self) -> Duration {
        let taken = self.started.elapsed().saturating_sub(self.asking.get());
        self.args.timeout.0.saturating_sub(taken)
    }

    /// Asks a person, who may take their time.
    fn ask<T>(&self, question: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let answer = question();
        self.asking.set(self.asking.get() + began.elapsed());
        answer
    }

    fn request(&self) -> Request {
        Request {
            images: self.args.images.iter().copied().collect(),
            consent: if self.args.now {
                Consent::Given
            } else {
                Consent::Asked
            },
            guarding: if self.args.force {
                Guarding::Overridden
            } else {
                Guarding::Heeded
            },
            counters: if self.args.rearm {
                Rearm::First
            } else {
                Rearm::No
            },
        }
    }

    async fn go(&self) -> Result<Ending, Error> {
        let mut request = self.request();
        let planned = loop {
            let planned = self.plan(&request).await?;
            if let Some(dry_run) = self.args.dry_run {
                return self.rehearse(&planned, dry_run).await;
            }
            if let Some(ending) = self.refused(&planned) {
                return Ok(ending);
            }
            match Box::pin(self.others(&planned)).await? {
                others::Way::Free => {}
                others::Way::Anew => continue,
                others::Way::Closed(ending) => return Ok(ending),
            }
            match self.choose(&planned)? {
                Reply::Interrupted => return Ok(Ending::Interrupted(Exit::Interrupted)),
                Reply::Answer(None) => break planned,
                Reply::Answer(Some(images)) if images.is_empty() => {
                    self.journal.adopt(&planned);
                    return Ok(Ending::Declined);
                }
                Reply::Answer(Some(images)) => {
                    request.images = images;
                    let chosen = self.planned(planned.seen, &request).await;
                    if let Some(ending) = self.refused(&chosen) {
                        return Ok(ending);
                    }
                    break chosen;
                }
            }
        };
        self.journal.show(&planned)?;
        match self.consent(&planned)? {
            Reply::Interrupted => Ok(Ending::Interrupted(Exit::Interrupted)),
            Reply::Answer(false) => Ok(Ending::Declined),
            Reply::Answer(true) => Box::pin(self.execute(planned)).await,
        }
    }

    /// Why nothing is to be done, or can be.
    fn refused(&self, planned: &Planned) -> Option<Ending> {
        let ending = self.refusal(planned)?;
        self.journal.adopt(planned);
        Some(ending)
    }

    fn refusal(&self, planned: &Planned) -> Option<Ending> {
        let plan = &planned.plan;
        let only_pulls = self.args.pull_test == cli::PullTest::Only;
        let is_idle = plan.is_empty() || (only_pulls && plan.choices().is_empty());
        Some(
            if !self.args.images.is_empty() && !plan.refused.is_empty() {
                Ending::Refused(Exit::Found)
            } else if let Some(guard) = plan.stopped_by() {
                Ending::Refused(match guard.verdict {
                    Verdict::Fail => Exit::Failed,
                    Verdict::Refuse
                    | Verdict::Wait
                    | Verdict::Follow
                    | Verdict::Ask
                    | Verdict::Go => Exit::Found,
                })
            } else if !is_idle {
                return None;
            } else if is_nothing_resolvable(planned) {
                Ending::Refused(Exit::Found)
            } else {
                Ending::NothingToDo
            },
        )
    }

    /// Which images, where a person may choose; `None` where there is nothing to choose.
    fn choose(&self, planned: &Planned) -> Result<Reply<Option<BTreeSet<ManagedImage>>>, Error> {
        let choices: Vec<_> = planned.plan.choices().into_iter().collect();
        if self.args.now || !self.args.images.is_empty() || choices.len() < 2 {
            return Ok(Reply::Answer(None));
        }
        let document = Plan::new(&planned.view());
        let items: Vec<_> = choices
            .iter()
            .map(|image| choice(&document, *image))
            .collect();
        let question = "Which images? (space marks, enter goes on)";
        Ok(match self.ask(|| choose(question, &items))? {
            Reply::Interrupted => Reply::Interrupted,
            Reply::Answer(chosen) if chosen.len() == choices.len() => Reply::Answer(None),
            Reply::Answer(chosen) => Reply::Answer(Some(
                chosen.into_iter().map(|place| choices[place]).collect(),
            )),
        })
    }

    fn consent(&self, planned: &Planned) -> Result<Reply<bool>, Error> {
        if self.args.now {
            return Ok(Reply::Answer(true));
        }
        match question(&Plan::new(&planned.view())) {
            Some(question) => self.ask(|| confirm(&question)),
            None => Ok(Reply::Answer(true)),
        }
    }
}

fn is_nothing_resolvable(planned: &Planned) -> bool {
    let refused = &planned.plan.refused;
    let is_unable = |one: &crate::plan::Refused| one.because == Because::Unable;
    planned.plan.rows.is_empty() && refused.iter().any(is_unable)
}

#[cfg(test)]
mod tests;
