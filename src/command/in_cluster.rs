//! `refresh --in-cluster`: starts the release's own refresher as a Job, follows it, and says what its log means.

use tokio::time::Instant;

use super::stop::Stop;
use crate::cli;
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::run_now::{Followed, Happening};
use crate::cluster::tick::Workloads;
use crate::error::{Error, Exit};
use crate::look::look_at_one;
use crate::observation::{Blind, Observation, Target, WorkloadKind};
use crate::plan::Guarding;
use crate::record::Record;
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
    if !args.now && !is_attended() {
        return Err(Error::Unconfirmed);
    }
    let (started, stop) = (Instant::now(), Stop::new());
    let cluster = connect(connection).await?;
    let session = super::session(&args.lookups);
    let look = look_at_one(&cluster, session.as_ref(), args.selector.as_deref());
    let what = format!("asking {} and the registries", cluster.server);
    let looked = match stop
        .or(terminal::waiting(shown, &what, Box::pin(look)))
        .await
    {
        Ok(looked) => looked,
        Err(exit) => return Ok(exit),
    };
    let run = Run {
        args,
        shown,
        cluster: &cluster,
        seen: looked?,
        started,
        stop,
    };
    Box::pin(run.go()).await
}

struct Run<'a> {
    args: &'a cli::Refresh,
    shown: cli::Screen,
    cluster: &'a Cluster,
    seen: Observation,
    started: Instant,
    stop: Stop,
}

impl Run<'_> {
    async fn go(&self) -> Result<Exit, Error> {
        let guarding = if self.args.force {
            Guarding::Overridden
        } else {
            Guarding::Heeded
        };
        let namespace = &self.seen.release.namespace;
        let job = match decide(&self.seen, guarding) {
            Decision::Refuse(hurdles) => return self.refuse(&hurdles),
            Decision::Follow(job) => self.cluster.running(namespace, &job).await?,
            Decision::Start(past) => match self.start(&past).await? {
                Ok(job) => job,
                Err(exit) => return Ok(exit),
            },
        };
        self.print(|page| screen::followed(namespace, &job.name, page))?;
        let followed = match self.stop.or(Box::pin(self.follow(&job))).await {
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
        self.close(&job, &followed).await
    }

    fn refuse(&self, hurdles: &[Hurdle]) -> Result<Exit, Error> {
        self.print(|page| screen::refusal(&self.seen, hurdles, page))?;
        let exits = hurdles.iter().map(Hurdle::exit);
        Ok(exits.max().unwrap_or(Exit::Found))
    }

    /// The Job, or how the command ends without one.
    async fn start(&self, past: &[Hurdle]) -> Result<Result<Followed, Exit>, Error> {
        let Some(cron_job) = self.seen.release.cron_job() else {
            return Ok(Err(Exit::Found));
        };
        self.print(|page| screen::plan(&self.seen, cron_job, past, page))?;
        if !self.args.now {
            match confirm(&screen::question(&self.seen))? {
                Reply::Interrupted => return Ok(Err(Exit::Interrupted)),
                Reply::Answer(false) => {
                    terminal::print("Nothing was started.\n")?;
                    return Ok(Err(Exit::Done));
                }
                Reply::Answer(true) => {}
            }
        }
        let namespace = &self.seen.release.namespace;
        Ok(Ok(self.cluster.run_now(namespace, &cron_job.name).await?))
    }

    async fn follow(&self, job: &Followed) -> Result<(End, Heard), Error> {
        let mut ear = Ear::default();
        let limit = self.args.timeout.0.saturating_sub(self.started.elapsed());
        let end = self
            .cluster
            .follow(job, limit, |happening| {
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

    async fn close(&self, job: &Followed, (end, heard): &(End, Heard)) -> Result<Exit, Error> {
        let target = Target {
            kind: WorkloadKind::Deployment,
            namespace: job.namespace.clone(),
            name: self.seen.release.jobs_manager.clone(),
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
            before: self.seen.record.as_ref().unwrap_or(&nothing),
            after: &after,
        });
        self.print(|page| screen::outcome(&outcome, self.started.elapsed(), page))?;
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

/// Hears a run, and keeps what it takes to judge it.
#[derive(Default)]
struct Ear {
    teller: Teller,
    heard: Heard,
    /// Whether a run of the container has begun that has said nothing yet.
    is_new: bool,
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
                self.heard.runs += 1;
                self.is_new = true;
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
                if let Some(event) = event {
                    if std::mem::take(&mut self.is_new) {
                        self.heard.events.clear();
                    }
                    self.heard.events.push(event);
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
