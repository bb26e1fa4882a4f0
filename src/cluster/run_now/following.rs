//! Where one is in the log of a run, and how it goes on: from one run of the container to the next, to the Job's end.

use std::time::Duration;

use futures::AsyncReadExt as _;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::ListParams;
use tokio::time::{Instant, sleep, sleep_until};

use super::reading::{Lines, PodSeen, State, Which, ended, seen};
use super::{Followed, Happening};
use crate::cluster::connect::Cluster;
use crate::cluster::read::Scope;
use crate::error::Error;
use crate::run_now::End;
use crate::text::{QUOTED, printable};

/// On every pod of a Job, in old and new versions alike.
const OF_JOB: &str = "job-name";

/// What may be the matter, which events would tell.
const NO_POD: &str = "no pod of it yet; a quota or an admission policy may refuse it";

/// Between two looks at the Job and its pod.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long a log may say nothing before it is asked whether its container is still there.
const SILENCE: Duration = Duration::from_secs(2);

/// Of one run of the container, how much of the log is read, in bytes.
const LOG_READ: u64 = 8 * 1024 * 1024;
const TOO_LONG: &str = "the log is longer than 8 MiB; the rest of this run is not told";

/// Where one is in the log.
pub(super) struct Following<'a> {
    cluster: &'a Cluster,
    job: &'a Followed,
    deadline: Instant,
    /// The pod whose container was looked at last.
    pod: String,
    /// Which run of its container, counted from 0 as the kubelet counts restarts.
    run: u32,
    /// Lines of it that have been told.
    lines: usize,
    standing: Standing,
    /// Whether its log is beyond [`LOG_READ`].
    is_too_long: bool,
    /// The last words about a wait.
    waiting: String,
}

/// How far a run of the container has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ahead,
    Begun,
    Ended,
}

impl<'a> Following<'a> {
    pub(super) fn new(cluster: &'a Cluster, job: &'a Followed, limit: Duration) -> Self {
        Self {
            cluster,
            job,
            deadline: Instant::now() + limit,
            pod: String::new(),
            run: 0,
            lines: 0,
            standing: Standing::Ahead,
            is_too_long: false,
            waiting: String::new(),
        }
    }

    /// As [`Cluster::follow`].
    pub(super) async fn follow(&mut self, tell: &mut impl FnMut(Happening)) -> Result<End, Error> {
        loop {
            match self.look().await {
                Ok(look) => {
                    let is_new = match (&look.pod, &look.end) {
                        (Some(pod), _) => self.catch_up(pod, tell).await,
                        (None, Some(_)) => false,
                        (None, None) => {
                            self.wait_for(NO_POD.to_owned(), tell);
                            false
                        }
                    };
                    if let Some(end) = look.end {
                        return Ok(end);
                    }
                    if is_new {
                        continue;
                    }
                }
                Err(error) if error.is_passing() => self.wait_for(error.to_string(), tell),
                Err(error) => return Err(error),
            }
            if Instant::now() >= self.deadline {
                return Ok(End::TimedOut(std::mem::take(&mut self.waiting)));
            }
            sleep(INTERVAL).await;
        }
    }

    async fn look(&self) -> Result<Look, Error> {
        let scope = Scope::Namespace(&self.job.namespace);
        let job = match self.cluster.get::<Job>(scope, &self.job.name).await {
            Err(Error::Missing { .. }) => None,
            job => Some(job?).filter(|job| job.uid().as_deref() == Some(self.job.uid.as_str())),
        };
        let Some(job) = job else {
            return Ok(Look {
                end: Some(End::Deleted),
                pod: None,
            });
        };
        Ok(Look {
            end: ended(&job),
            pod: self.newest_pod().await?,
        })
    }

    async fn newest_pod(&self) -> Result<Option<PodSeen>, Error> {
        let scope = Scope::Namespace(&self.job.namespace);
        let labelled = ListParams::default().labels(&format!("{OF_JOB}={}", self.job.name));
        let pods: Vec<Pod> = self.cluster.list(scope, &labelled).await?;
        let newest = pods.iter().max_by_key(|pod| pod.creation_timestamp());
        Ok(newest.map(seen))
    }

    /// Tells what is new of the pod's container. Whether anything was.
    async fn catch_up(&mut self, pod: &PodSeen, tell: &mut impl FnMut(Happening)) -> bool {
        if pod.name != self.pod {
            self.pod.clone_from(&pod.name);
            self.turn_to(0);
        }
        if pod.restarts > self.run {
            self.leave(pod, tell).await;
        }
        match &pod.state {
            State::Waiting(why) => {
                self.wait_for(why.clone(), tell);
                false
            }
            State::Running => {
                self.begin(pod, tell);
                self.read(pod, Which::Current, tell).await != Read::Nothing
            }
            State::Ended(exit_code) => {
                if self.standing == Standing::Ended {
                    return false;
                }
                self.begin(pod, tell);
                if self.read(pod, Which::Current, tell).await != Read::Another {
                    self.finish(*exit_code, tell);
                }
                true
            }
        }
    }

    /// Nothing of this run of the container has been told.
    fn turn_to(&mut self, run: u32) {
        (self.run, self.lines, self.standing) = (run, 0, Standing::Ahead);
        self.is_too_long = false;
    }

    /// The container has been started anew: what was not told of the run before stands in the previous log.
    async fn leave(&mut self, pod: &PodSeen, tell: &mut impl FnMut(Happening)) {
        let untold = pod.restarts - self.run - u32::from(self.standing == Standing::Ended);
        if untold > 1 {
            tell(lost(untold - 1));
        }
        if untold > 0 {
            if untold > 1 {
                self.turn_to(pod.restarts - 1);
            }
            self.begin(pod, tell);
            if self.read(pod, Which::Previous, tell).await == Read::Another {
                tell(lost(1));
            }
            self.finish(pod.previous_exit, tell);
        }
        self.turn_to(pod.restarts);
    }

    /// Tells the lines of a run of the container that have not been told, until it ends.
    async fn read(
        &mut self,
        pod: &PodSeen,
        which: Which,
        tell: &mut impl FnMut(Happening),
    ) -> Read {
        if self.is_too_long {
            return Read::Nothing;
        }
        let opened = self.cluster.log_of(self.job, &pod.name, which).await;
        let stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                let words = printable(&error.to_string(), QUOTED);
                if self.waiting != words {
                    self.waiting.clone_from(&words);
                    tell(Happening::Unread(words));
                }
                return Read::Nothing;
            }
        };
        if self.is_started_anew(pod).await {
            return Read::Another;
        }
        self.waiting.clear();
        let mut lines = Lines {
            stream: stream.take(LOG_READ),
            line: Vec::new(),
        };
        let (mut skipped, mut read) = (0, Read::Nothing);
        loop {
            tokio::select! {
                biased;
                line = lines.next() => match line {
                    None => {
                        self.is_too_long = lines.stream.limit() == 0;
                        if self.is_too_long {
                            tell(Happening::Unread(TOO_LONG.to_owned()));
                        }
                        return read;
                    }
                    Some(_) if skipped < self.lines => skipped += 1,
                    Some(line) => {
                        (skipped, self.lines, read) = (skipped + 1, self.lines + 1, Read::Lines);
                        tell(Happening::Line(line));
                    }
                },
                () = sleep_until(self.deadline) => return read,
                // A pod that is deleted may leave its log open.
                () = sleep(SILENCE) => if self.is_past(pod).await {
                    return read;
                },
            }
        }
    }

    /// Whether the container has been started anew since it was looked at: a log tells of no run whether it is its own, so
    /// it is believed only where the same run stands before and after it was opened.
    async fn is_started_anew(&self, pod: &PodSeen) -> bool {
        let now = self.newest_pod().await.ok().flatten();
        now.is_some_and(|now| now.name == pod.name && now.restarts != pod.restarts)
    }

    /// Whether this run of the container is no longer what there is to follow.
    async fn is_past(&self, pod: &PodSeen) -> bool {
        let is_another = |now: &PodSeen| now.name != pod.name || now.restarts != pod.restarts;
        match self.look().await {
            Ok(look) => look.end.is_some() || look.pod.as_ref().is_none_or(is_another),
            Err(_) => false,
        }
    }

    fn begin(&mut self, pod: &PodSeen, tell: &mut impl FnMut(Happening)) {
        if self.standing == Standing::Ahead {
            self.standing = Standing::Begun;
            tell(Happening::Started {
                run: self.run + 1,
                pod: pod.name.clone(),
                node: pod.node.clone(),
            });
        }
    }

    fn finish(&mut self, exit_code: Option<i32>, tell: &mut impl FnMut(Happening)) {
        self.standing = Standing::Ended;
        tell(Happening::Ended { exit_code });
    }

    fn wait_for(&mut self, why: String, tell: &mut impl FnMut(Happening)) {
        if why != self.waiting {
            self.waiting.clone_from(&why);
            tell(Happening::Waiting(why));
        }
    }
}

/// What a log has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Nothing,
    Lines,
    /// It is that of another run.
    Another,
}

fn lost(runs: u32) -> Happening {
    let runs = match runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    Happening::Unread(format!("{runs} of the container left no log behind"))
}

/// What one look sees.
struct Look {
    /// `None` while the Job is active.
    end: Option<End>,
    pod: Option<PodSeen>,
}
