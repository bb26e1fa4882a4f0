//! `refresh --in-cluster`: starts the release's own refresher as a Job, follows it, and says what its log means.

use std::time::Duration;

use tokio::time::Instant;

use super::stop::Stop;
use crate::cli;
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::run_now::{Followed, Happening};
use crate::cluster::tick::Workloads;
use crate::error::{Error, Exit};
use crate::health::assess;
use crate::log::Event;
use crate::look::look_at_one;
use crate::lookup::Failure;
use crate::observation::{Blind, Observation, Target, WorkloadKind};
use crate::plan::Guarding;
use crate::record::Record;
use crate::registry::Session;
use crate::render::digests::DigestForm;
use crate::render::in_cluster as screen;
use crate::render::page::Page;
use crate::run_now::{Account, Decision, End, Heard, Hurdle, Teller, Told, Tone, conclude, decide};
use crate::terminal::prompt::{Reply, confirm};
use crate::terminal::{self, is_attended};
use crate::text::{QUOTED, printable};

/// # Errors
///
/// Those of [`connect`], of a look, and of a Job that cannot be made or followed; [`Error::Unconfirmed`].
pub(crate) async fn in_cluster(
    args: &cli::Refresh,
    shown: cli::Screen,
    connection: &cli::Connection,
) -> Result<Exit, Error> {
    if !args.now
        && let Err(why) = is_attended()
    {
        return Err(Error::Unconfirmed { why, or: "" });
    }
    let cluster = connect(connection).await?;
    let session = super::session(&args.lookups);
    let run = Run {
        args,
        shown,
        cluster: &cluster,
        session: session.as_ref(),
        stop: Stop::new(),
    };
    match Box::pin(run.job()).await? {
        Ok((seen, job)) => Box::pin(run.follow_to_its_end(&seen, &job)).await,
        Err(exit) => Ok(exit),
    }
}

struct Run<'a> {
    args: &'a cli::Refresh,
    shown: cli::Screen,
    cluster: &'a Cluster,
    session: Result<&'a Session, &'a Failure>,
    stop: Stop,
}

impl Run<'_> {
    /// The Job to follow, and what was seen before it; `Err` is how the command ends without one.
    async fn job(&self) -> Result<Result<(Observation, Followed), Exit>, Error> {
        let mut is_shown = false;
        loop {
            let seen = match self.look().await {
                Ok(seen) => seen?,
                Err(exit) => return Ok(Err(exit)),
            };
            let namespace = &seen.release.namespace;
            let job = match (decide(&seen, self.guarding()), seen.release.cron_job()) {
                (Decision::Refuse(hurdles), _) => return self.refuse(&seen, &hurdles).map(Err),
                (Decision::Follow(job), _) => self.cluster.running(namespace, &job).await?,
                (Decision::Start(past), Some(cron_job)) => {
                    if !is_shown {
                        self.print(|page| screen::plan(&seen, cron_job, &past, page))?;
                        is_shown = true;
                        if !self.args.now {
                            if let Some(exit) = declined(&seen)? {
                                return Ok(Err(exit));
                            }
                            // A run may have begun while the question stood there.
                            continue;
                        }
                    }
                    self.cluster.run_now(namespace, &cron_job.name).await?
                }
                (Decision::Start(_), None) => return Ok(Err(Exit::Found)),
            };
            return Ok(Ok((seen, job)));
        }
    }

    async fn look(&self) -> Result<Result<Observation, Error>, Exit> {
        let what = format!("asking {} and the registries", self.cluster.server);
        let look = look_at_one(self.cluster, self.session, self.args.selector.as_deref());
        let looked = terminal::waiting(self.shown, &what, Box::pin(look));
        self.stop.or(looked).await
    }

    fn guarding(&self) -> Guarding {
        if self.args.force {
            Guarding::Overridden
        } else {
            Guarding::Heeded
        }
    }

    fn refuse(&self, seen: &Observation, hurdles: &[Hurdle]) -> Result<Exit, Error> {
        let next = assess(seen).next;
        self.print(|page| screen::refusal(seen, hurdles, &next, page))?;
        let exits = hurdles.iter().map(Hurdle::exit);
        Ok(exits.max().unwrap_or(Exit::Found))
    }

    async fn follow_to_its_end(&self, seen: &Observation, job: &Followed) -> Result<Exit, Error> {
        // Not before: a person may have been asked first.
        let began = Instant::now();
        self.print(|page| screen::followed(&job.namespace, &job.name, page))?;
        let followed = match self.stop.or(Box::pin(self.follow(job))).await {
            Ok(followed) => followed?,
            Err(exit) => {
                let words = format!(
                    "interrupted: job/{} goes on; this command follows it again",
                    job.name
                );
                terminal::say(&format!("{}\n", printable(&words, QUOTED)));
                return Ok(exit);
            }
        };
        self.close(seen, job, &followed, began.elapsed()).await
    }

    async fn follow(&self, job: &Followed) -> Result<(End, Heard), Error> {
        let mut ear = Ear::default();
        let end = self
            .cluster
            .follow(job, self.args.timeout.0, |happening| {
                for told in ear.hear(happening) {
                    // A reader that has left does not stop what was begun.
                    let _ = self.tell(&told);
                }
            })
            .await?;
        for told in ear.teller.end() {
            self.tell(&told)?;
        }
        Ok((end, ear.heard))
    }

    async fn close(
        &self,
        seen: &Observation,
        job: &Followed,
        (end, heard): &(End, Heard),
        took: Duration,
    ) -> Result<Exit, Error> {
        let target = Target {
            kind: WorkloadKind::Deployment,
            namespace: job.namespace.clone(),
            name: seen.release.jobs_manager.clone(),
        };
        let after = Workloads::read(self.cluster, target).await;
        let after = after
            .map(|workloads| workloads.record())
            .map_err(|error| Blind(printable(&error.to_string(), QUOTED)));
        let nothing = Record::default();
        let outcome = conclude(&Account {
            namespace: &job.namespace,
            job: &job.name,
            end,
            heard,
            before: seen.record.as_ref().unwrap_or(&nothing),
            after: &after,
        });
        self.print(|page| screen::outcome(&outcome, took, page))?;
        Ok(outcome.exit)
    }

    fn tell(&self, told: &Told) -> Result<(), Error> {
        if terminal::width().is_none() {
            return terminal::print(&screen::piped(told, self.cluster.now()));
        }
        self.print(|page| screen::told(told, page))
    }

    fn print(&self, draw: impl FnOnce(&Page<'_>) -> String) -> Result<(), Error> {
        let theme = terminal::theme(self.shown);
        terminal::print(&draw(&Page {
            theme: &theme,
            width: terminal::width(),
            digests: DigestForm::Short,
        }))
    }
}

/// Asks; how the command ends without a yes.
fn declined(seen: &Observation) -> Result<Option<Exit>, Error> {
    Ok(match confirm(&screen::question(seen))? {
        Reply::Answer(true) => None,
        Reply::Answer(false) => {
            terminal::print("Nothing was started.\n")?;
            Some(Exit::Done)
        }
        Reply::Interrupted => Some(Exit::Interrupted),
    })
}

/// Hears a run, and keeps what it takes to judge it.
#[derive(Default)]
struct Ear {
    teller: Teller,
    heard: Heard,
}

impl Ear {
    fn hear(&mut self, happening: Happening) -> Vec<Told> {
        let about_run = |tone, words| Told {
            tone,
            image: None,
            words,
            code: None,
            said: Vec::new(),
        };
        match happening {
            Happening::Waiting(why) => vec![about_run(Tone::Quiet, format!("waiting: {why}"))],
            Happening::Unread(why) => vec![about_run(Tone::Warn, format!("not read: {why}"))],
            Happening::Started { run, pod, node } => {
                self.heard.runs.push(Vec::new());
                let pod = printable(&pod, QUOTED);
                let node = node.map(|node| format!(" on {}", printable(&node, QUOTED)));
                let words = format!(
                    "run {run} of its container, pod {pod}{}",
                    node.unwrap_or_default()
                );
                vec![about_run(Tone::Quiet, words)]
            }
            Happening::Line(line) => {
                let (event, told) = self.teller.hear(&line);
                if let (Some(event), Some(run)) = (event, self.heard.runs.last_mut()) {
                    run.push(event);
                }
                if event == Some(Event::DeploymentUnreadable) {
                    let mut codes = told.iter().rev().filter_map(|told| told.code.as_deref());
                    self.heard.unreadable = codes.find_map(|code| code.parse().ok());
                }
                told
            }
            Happening::Ended { exit_code } => {
                let mut told = self.teller.end();
                if let Some(code) = exit_code.filter(|code| *code != 0) {
                    told.push(about_run(
                        Tone::Warn,
                        format!("this run ended with exit code {code}"),
                    ));
                }
                told
            }
        }
    }
}
