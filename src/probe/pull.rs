//! Runs pull tests: all of a run side by side, within a limit, and removes everything at the end.

use std::time::{Duration, Instant};

use futures::future::{join, join_all};

use crate::cluster::job::{Leftover, OwnJobs};
use crate::codes::Code;
use crate::error::Error;
use crate::image::Reference;
use crate::observation::own_job::OwnJob;
use crate::probe::node::judge::{Verdict, judge, refused, stopped};
use crate::probe::node::template::template;
use crate::probe::node::{Before, Outcome, PullTest};
use crate::release::Resources;

/// How long pull tests may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How long a Job may be without a pod, or its pod without a node.
    pub(crate) start: Duration,
    /// For all tests together.
    pub(crate) limit: Duration,
}

impl Patience {
    /// `left` is what is left of `--timeout`: at least half of it is kept for the rollout.
    pub(crate) fn within(left: Duration) -> Self {
        Self {
            start: Duration::from_secs(20),
            limit: left / 2,
        }
    }
}

/// What the tests of a run have shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PullReport {
    /// In the order in which they were asked for, each with the time from its Job's making to its outcome.
    pub(crate) outcomes: Vec<(Outcome, Duration)>,
    /// Jobs that could not be removed.
    pub(crate) leftovers: Vec<Leftover>,
}

/// A test that has its Job and no outcome yet.
struct Running {
    /// Its place among the tests.
    at: usize,
    job: String,
    image: Reference,
    before: Before,
    made: Instant,
    /// What it would be, were the time up.
    so_far: Outcome,
}

/// Has every test's node pull, and says what became of each. Whatever goes wrong is an outcome. In the end everything
/// is removed that `jobs` has made: a probe that runs meanwhile has its own.
pub(crate) async fn pull_test(
    jobs: &OwnJobs<'_>,
    tests: &[PullTest],
    resources: &Resources,
    patience: Patience,
) -> PullReport {
    let (outcomes, ()) = join(run(jobs, tests, resources, patience), jobs.sweep()).await;
    PullReport {
        outcomes,
        leftovers: jobs.remove_all().await,
    }
}

async fn run(
    jobs: &OwnJobs<'_>,
    tests: &[PullTest],
    resources: &Resources,
    patience: Patience,
) -> Vec<(Outcome, Duration)> {
    let started = Instant::now();
    let begun = tests.iter().enumerate().map(async |(at, test)| {
        begin(jobs, at, test, resources, patience)
            .await
            .map_err(|outcome| (at, outcome, started.elapsed()))
    });
    let mut running = Vec::new();
    let mut ended = Vec::new();
    for begun in join_all(begun).await {
        match begun {
            Ok(test) => running.push(test),
            Err(outcome) => ended.push(outcome),
        }
    }
    while !running.is_empty() {
        let left = patience.limit.saturating_sub(started.elapsed());
        let look = tokio::time::timeout(left, jobs.look()).await;
        let is_over = look.is_err();
        let mut waiting = Vec::new();
        for mut test in running {
            let outcome = match &look {
                Ok(Ok(seen)) => test.judge(seen, patience.start),
                Ok(Err(error)) => test.unseen(error),
                Err(_) => Some(test.so_far.clone()),
            };
            match outcome {
                Some(outcome) => ended.push((test.at, outcome, test.made.elapsed())),
                None => waiting.push(test),
            }
        }
        running = waiting;
        if !running.is_empty() && !is_over {
            jobs.pause().await;
        }
    }
    ended.sort_by_key(|(at, ..)| *at);
    ended
        .into_iter()
        .map(|(_, outcome, took)| (outcome, took))
        .collect()
}

async fn begin(
    jobs: &OwnJobs<'_>,
    at: usize,
    test: &PullTest,
    resources: &Resources,
    patience: Patience,
) -> Result<Running, Outcome> {
    let place = test
        .place
        .as_ref()
        .map_err(|blind| stopped(None, &blind.0))?;
    let image = test.image();
    let image = image
        .parse()
        .map_err(|why| stopped(None, &format!("image {image:?}: {why}")))?;
    let template = template(test, place, resources);
    let made = Instant::now();
    let create = jobs.create("pull", patience.limit, template);
    let unanswered = |_| {
        let why = "the API server has not answered the request to make the Job";
        stopped(Some(Code::ApiUnreachable), why)
    };
    let created = tokio::time::timeout(patience.limit, create).await;
    let job = created.map_err(unanswered)?.map_err(refused)?;
    Ok(Running {
        at,
        job,
        image,
        before: place.before,
        made,
        so_far: stopped(Some(Code::ApiUnreachable), "the Job could not be looked at"),
    })
}

impl Running {
    /// `None` while it is open.
    fn judge(&mut self, seen: &[OwnJob], patience: Duration) -> Option<Outcome> {
        let Some(job) = seen.iter().find(|job| job.name == self.job) else {
            let why = format!("Job {} was deleted while it ran", self.job);
            return Some(self.pulled().unwrap_or_else(|| stopped(None, &why)));
        };
        match judge(job, &self.image, self.before, self.made.elapsed(), patience) {
            // The event that tells time and size comes a moment later than the state.
            Verdict::Ended(outcome @ Outcome::Pulled { took: None, .. })
                if job.events.is_ok() && self.pulled().is_none() =>
            {
                self.so_far = outcome;
                None
            }
            Verdict::Ended(outcome) => Some(outcome),
            Verdict::TimeUp => Some(self.so_far.clone()),
            Verdict::Waiting(outcome) => {
                if self.pulled().is_none() {
                    self.so_far = outcome;
                }
                None
            }
        }
    }

    fn pulled(&self) -> Option<Outcome> {
        matches!(self.so_far, Outcome::Pulled { .. }).then(|| self.so_far.clone())
    }

    /// A look that was not answered says nothing about a pull that has begun.
    fn unseen(&mut self, error: &Error) -> Option<Outcome> {
        if matches!(error, Error::Forbidden { .. }) {
            return Some(refused(error.clone()));
        }
        if matches!(self.so_far, Outcome::CouldNotStart { .. }) {
            self.so_far = refused(error.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests;
