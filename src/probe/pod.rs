//! Looks at the registries from pods like the refresher's own: all of them side by side, within a limit.
//!
//! Only a pod has the policies, the DNS, the proxy and the routes that the refresher has. The probe is a Job whose pod
//! is the refresher's with another command: the image is on the node, so nothing is pulled, and what it saw comes back
//! in its termination message, so nobody needs the right to read logs.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::cluster::job::OwnJobs;
use crate::codes::Code;
use crate::error::Error;
use crate::reading::{PodLook, Unprobed};
use judge::{Verdict, failed, judge, unmade};
use question::Question;
use template::{Original, template};

pub(crate) mod judge;
pub(crate) mod place;
pub(crate) mod question;
pub(crate) mod result;
pub(crate) mod template;
mod transport;
pub(crate) mod ways;

/// How long probes may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How long a Job may be without a pod, or its pod without a node.
    pub(crate) start: Duration,
    /// For one probe. The script stops itself well before.
    pub(crate) limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(20),
            limit: Duration::from_secs(90),
        }
    }
}

/// How many probes run at the same time.
const ABREAST: usize = 20;

/// Looks from each of these nodes. One look per node, in their order; whatever goes wrong is part of it.
pub(crate) async fn look(
    jobs: &OwnJobs<'_>,
    original: &Original,
    questions: &[Question],
    nodes: &[Option<String>],
    patience: Patience,
) -> Vec<PodLook> {
    let words: Vec<String> = questions.iter().map(Question::word).collect();
    let mut looks = Vec::new();
    for some in nodes.chunks(ABREAST) {
        let batch = Batch {
            jobs,
            original,
            words: &words,
            patience,
        };
        let told = batch.run(some).await;
        looks.extend(told.into_iter().map(|(node, told)| PodLook {
            node,
            ways: told.map(|told| ways::ways(questions, &told)),
        }));
    }
    looks
}

struct Batch<'a> {
    jobs: &'a OwnJobs<'a>,
    original: &'a Original,
    words: &'a [String],
    patience: Patience,
}

/// A probe that has its Job and no result yet.
struct Running {
    /// Its place in the batch.
    at: usize,
    job: String,
    made: Instant,
    node: Option<String>,
    so_far: Unprobed,
}

type Ended = (Option<String>, Result<result::Told, Unprobed>);

impl Batch<'_> {
    async fn run(&self, nodes: &[Option<String>]) -> Vec<Ended> {
        let begun = nodes
            .iter()
            .enumerate()
            .map(async |(at, node)| (node, self.begin(at, node.as_deref()).await));
        let mut running = Vec::new();
        let mut ended: Vec<(usize, Ended)> = Vec::new();
        for (at, (node, begun)) in join_all(begun).await.into_iter().enumerate() {
            match begun {
                Ok(probe) => running.push(probe),
                Err(why) => ended.push((at, (node.clone(), Err(why)))),
            }
        }
        let started = Instant::now();
        while !running.is_empty() {
            let left = self.patience.limit.saturating_sub(started.elapsed());
            let look = tokio::time::timeout(left, self.jobs.look()).await;
            let mut waiting = Vec::new();
            for mut probe in running {
                let told = match &look {
                    Ok(Ok(seen)) => probe.judge(seen, &self.original.container, self.patience),
                    Ok(Err(error)) => probe.unseen(error),
                    Err(_) => Some(Err(probe.so_far.clone())),
                };
                match told {
                    Some(told) => ended.push((probe.at, (probe.node, told))),
                    None => waiting.push(probe),
                }
            }
            running = waiting;
            if !running.is_empty() {
                self.jobs.pause().await;
            }
        }
        ended.sort_by_key(|(at, _)| *at);
        ended.into_iter().map(|(_, ended)| ended).collect()
    }

    async fn begin(&self, at: usize, node: Option<&str>) -> Result<Running, Unprobed> {
        let template = template(self.original, self.words, node);
        let made = Instant::now();
        let create = self.jobs.create("probe", self.patience.limit, template);
        let created = tokio::time::timeout(self.patience.limit, create).await;
        let unanswered = |_| {
            let why = "the API server has not answered the request to make the Job";
            failed(Some(Code::ApiUnreachable), why)
        };
        Ok(Running {
            at,
            job: created.map_err(unanswered)?.map_err(unmade)?,
            made,
            node: node.map(str::to_owned),
            so_far: failed(Some(Code::ApiUnreachable), "the Job could not be looked at"),
        })
    }
}

impl Running {
    /// `None` while it is open.
    fn judge(
        &mut self,
        seen: &[crate::observation::own_job::OwnJob],
        container: &str,
        patience: Patience,
    ) -> Option<Result<result::Told, Unprobed>> {
        let Some(job) = seen.iter().find(|job| job.name == self.job) else {
            let why = format!("Job {} was deleted while it ran", self.job);
            return Some(Err(failed(None, &why)));
        };
        if let Some(node) = job.pods.first().and_then(|pod| pod.node.clone()) {
            self.node = Some(node);
        }
        match judge(job, container, self.made.elapsed(), patience.start) {
            Verdict::Ended(told) => Some(told),
            Verdict::Waiting(so_far) => {
                self.so_far = so_far;
                None
            }
        }
    }

    /// A look that was not answered says nothing about a probe that runs.
    fn unseen(&mut self, error: &Error) -> Option<Result<result::Told, Unprobed>> {
        let why = unmade(error.clone());
        if matches!(error, Error::Forbidden { .. }) {
            return Some(Err(why));
        }
        self.so_far = why;
        None
    }
}
