//! The life of the Jobs that this plugin makes itself: made, looked at, removed, whatever happens to the command.
//!
//! They belong to nobody but their run: no owner, above all not the CronJob, whose history limit would delete them. A
//! label with the run's id finds them again; the names come from it, so that a repeated request cannot make a second.
//! What a run made is kept apart from the future that makes it: who drops that future can still remove everything.

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event as KubeEvent, Pod as KubePod};
use kube::api::ListParams;
use serde_json::{Value, json};

use super::connect::Cluster;
use super::read::Scope;
use super::write::FIELD_MANAGER;
use crate::error::Error;
use crate::observation::own_job::{Event, OwnJob};
use crate::observation::{Blind, Seen};
use crate::text::{QUOTED, printable};

mod seen;

/// Carried by every Job of this plugin and by its pods; the value is the run's id.
pub(super) const RUN: &str = "images.tracebloc.io/run";
/// Tells a Job of ours from one that merely bears the label of a run.
const MADE_BY: &str = "app.kubernetes.io/managed-by";

/// Seconds after its end when the cluster itself removes a Job that nobody removed.
const TTL: u64 = 300;

/// How long a Job of another run may have ended before it is a leftover: its own run reads it for a moment.
const READ_OUT: SignedDuration = SignedDuration::from_secs(120);
/// How far a Job of another run may be past its own deadline before it is a leftover.
const OVERRUN: SignedDuration = SignedDuration::from_secs(60);

/// How often a request is sent, or an object looked for, whose fate is not known.
const TRIES: usize = 3;
/// How long everything may take that is removed at the end.
const REMOVAL: Duration = Duration::from_secs(15);

/// The Jobs of one run of a command, those included that it may have made without learning it.
pub(crate) struct OwnJobs<'a> {
    cluster: &'a Cluster,
    namespace: String,
    run: String,
    poll: Duration,
    made: RefCell<Vec<Made>>,
    /// How many Jobs were begun: no two have one name, be one of them gone.
    begun: Cell<usize>,
    /// Why events are not asked for again.
    no_events: OnceCell<Blind>,
}

#[derive(Clone)]
struct Made {
    name: String,
    /// `None` while nothing proves that it exists.
    uid: Option<String>,
}

/// A Job that could not be removed. It ends by its own deadline, and the cluster removes it five minutes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// One printable line.
    pub(crate) why: String,
}

impl<'a> OwnJobs<'a> {
    /// A run without Jobs yet. `poll` is how often they are looked at.
    pub(crate) fn new(cluster: &'a Cluster, namespace: &str, poll: Duration) -> Self {
        // Every RandomState hashes differently. Two runs need to differ, nothing more.
        let random = RandomState::new().build_hasher().finish();
        Self {
            cluster,
            namespace: namespace.to_owned(),
            run: format!("{:012x}", random >> 16),
            poll,
            made: RefCell::default(),
            begun: Cell::new(0),
            no_events: OnceCell::new(),
        }
    }

    /// Makes a Job of one pod that is never tried again, and says what it is called.
    ///
    /// `word` says in its name what it is for. The template keeps its labels and gets the run's. `deadline` counts from
    /// the Job's start, in whole seconds, at least one.
    ///
    /// # Errors
    ///
    /// As [`Cluster::create`]. A lost answer is one only where the Job cannot be found; it is removed with the others
    /// all the same, should it turn up.
    pub(crate) async fn create(
        &self,
        word: &str,
        deadline: Duration,
        mut template: Value,
    ) -> Result<String, Error> {
        let number = self.begun.get();
        self.begun.set(number + 1);
        let name = format!("tracebloc-images-{word}-{}-{number}", self.run);
        template["metadata"]["labels"][RUN] = self.run.as_str().into();
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": {RUN: self.run, MADE_BY: FIELD_MANAGER},
            },
            "spec": {
                "activeDeadlineSeconds": deadline.as_secs().max(1),
                "backoffLimit": 0,
                "ttlSecondsAfterFinished": TTL,
                "template": template,
            },
        });
        // Before the request: from here on it may exist.
        self.made.borrow_mut().push(Made {
            name: name.clone(),
            uid: None,
        });
        match self.made_once(&name, &job).await {
            Ok(uid) => {
                for made in self.made.borrow_mut().iter_mut() {
                    if made.name == name {
                        made.uid = Some(uid.clone());
                    }
                }
                Ok(name)
            }
            Err(error) => {
                if !error.may_have_happened() {
                    self.forget(&name);
                }
                Err(error)
            }
        }
    }

    /// The uid of the Job. Sent again only where the one before is lost and left nothing: by its name it cannot be
    /// made twice.
    async fn made_once(&self, name: &str, job: &Value) -> Result<String, Error> {
        let mut left = TRIES;
        loop {
            left -= 1;
            let made = self.cluster.create::<Job>(self.scope(), job).await;
            let error = match made {
                Ok(job) => return Ok(job.metadata.uid.unwrap_or_default()),
                Err(error) => error,
            };
            let is_open = error.may_have_happened() || matches!(error, Error::Exists { .. });
            if !is_open {
                return Err(error);
            }
            match self.find(name).await {
                Ok(Some(uid)) => return Ok(uid),
                Ok(None) if error.may_have_happened() && left > 0 => self.pause().await,
                Ok(None) | Err(_) => return Err(error),
            }
        }
    }

    /// The uid of the run's own Job of this name; `None` where there is none.
    async fn find(&self, name: &str) -> Result<Option<String>, Error> {
        match self.cluster.get::<Job>(self.scope(), name).await {
            Ok(job) => {
                let labels = job.metadata.labels.unwrap_or_default();
                let is_own = labels.get(RUN) == Some(&self.run);
                Ok(job.metadata.uid.filter(|_| is_own))
            }
            Err(Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The Jobs of this run as they are now, in the order of their names. One that is missing has been deleted.
    ///
    /// # Errors
    ///
    /// As [`Cluster::list`], for Jobs and pods. Events that cannot be read are part of the answer.
    pub(crate) async fn look(&self) -> Result<Vec<OwnJob>, Error> {
        let own = ListParams::default().labels(&format!("{RUN}={}", self.run));
        let (jobs, pods) = join(
            self.cluster.list::<Job>(self.scope(), &own),
            self.cluster.list::<KubePod>(self.scope(), &own),
        )
        .await;
        let (jobs, pods) = (jobs?, pods?);
        let looks = jobs
            .iter()
            .map(async |job| seen::own_job(job, &pods, self.events(job, &pods).await));
        Ok(join_all(looks).await)
    }

    /// What was said about the Job's pods; about the Job itself while it has none.
    async fn events(&self, job: &Job, pods: &[KubePod]) -> Seen<Vec<Event>> {
        let mut about: Vec<_> = seen::pods_of(job, pods)
            .filter_map(|pod| pod.metadata.uid.as_deref())
            .collect();
        if about.is_empty() {
            about.extend(job.metadata.uid.as_deref());
        }
        let mut all = Vec::new();
        for uid in about {
            if let Some(blind) = self.no_events.get() {
                return Err(blind.clone());
            }
            let asked = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
            match self.cluster.list::<KubeEvent>(self.scope(), &asked).await {
                Ok(events) => all.extend(events),
                Err(error) => {
                    let blind = Blind(printable(&error.to_string(), QUOTED));
                    if matches!(error, Error::Forbidden { .. }) {
                        // A right does not appear from one second to the next.
                        let _ = self.no_events.set(blind.clone());
                    }
                    return Err(blind);
                }
            }
        }
        Ok(seen::in_order(all))
    }

    /// Until the next look.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep(self.poll).await;
    }

    /// Removes everything that this run made or may have made, and says what it could not remove.
    ///
    /// Ends within a quarter of a minute, whatever the API server does.
    pub(crate) async fn remove_all(&self) -> Vec<Leftover> {
        let made = self.made.borrow().clone();
        let removals = made.into_iter().map(async |made| {
            let why = match tokio::time::timeout(REMOVAL, self.remove(&made)).await {
                Ok(Ok(())) => {
                    self.forget(&made.name);
                    return None;
                }
                Ok(Err(error)) => printable(&error.to_string(), QUOTED),
                Err(_) => format!("no answer within {}s", REMOVAL.as_secs()),
            };
            Some(Leftover {
                namespace: self.namespace.clone(),
                name: made.name,
                why,
            })
        });
        join_all(removals).await.into_iter().flatten().collect()
    }

    async fn remove(&self, made: &Made) -> Result<(), Error> {
        let uid = match &made.uid {
            Some(uid) => uid.clone(),
            None => match self.turned_up(&made.name).await? {
                Some(uid) => uid,
                None => return Ok(()),
            },
        };
        let mut left = TRIES;
        loop {
            left -= 1;
            let deleted = self
                .cluster
                .delete::<Job>(self.scope(), &made.name, &uid)
                .await;
            match deleted {
                // Another's by now: ours is gone.
                Ok(()) | Err(Error::Conflict { .. }) => return Ok(()),
                Err(error) => {
                    let is_busy = matches!(error, Error::Busy { .. });
                    if left == 0 || !(is_busy || error.may_have_happened()) {
                        return Err(error);
                    }
                    self.pause().await;
                }
            }
        }
    }

    /// As [`OwnJobs::find`], for one whose request was lost or dropped: the server may still be at it.
    async fn turned_up(&self, name: &str) -> Result<Option<String>, Error> {
        let mut left = TRIES;
        loop {
            left -= 1;
            match self.find(name).await {
                Ok(None) if left > 0 => self.pause().await,
                Err(error) if error.may_have_happened() && left > 0 => self.pause().await,
                found => return found,
            }
        }
    }

    /// Removes what other runs have left in the namespace. A run that still reads its Job loses nothing.
    ///
    /// It is a favour: what cannot be removed is the cluster's to remove.
    pub(crate) async fn sweep(&self) {
        let _ = tokio::time::timeout(REMOVAL, self.remove_leftovers()).await;
    }

    async fn remove_leftovers(&self) {
        let ours = ListParams::default().labels(&format!("{RUN},{MADE_BY}={FIELD_MANAGER}"));
        let Ok(jobs) = self.cluster.list::<Job>(self.scope(), &ours).await else {
            return;
        };
        let now = self.cluster.now();
        let removals = jobs
            .iter()
            .filter(|job| is_leftover(job, now))
            .map(async |job| {
                let (name, uid) = (&job.metadata.name, &job.metadata.uid);
                if let (Some(name), Some(uid)) = (name, uid) {
                    let _ = self.cluster.delete::<Job>(self.scope(), name, uid).await;
                }
            });
        join_all(removals).await;
    }

    fn scope(&self) -> Scope<'_> {
        Scope::Namespace(&self.namespace)
    }

    fn forget(&self, name: &str) {
        self.made.borrow_mut().retain(|made| made.name != name);
    }
}

/// Whether nobody reads the Job any more, by the API server's clock.
fn is_leftover(job: &Job, now: Timestamp) -> bool {
    if let Some(ended) = seen::ended(job) {
        return now.duration_since(ended) > READ_OUT;
    }
    let status = job.status.as_ref();
    let started = status
        .and_then(|status| status.start_time.as_ref())
        .or(job.metadata.creation_timestamp.as_ref());
    let deadline = job
        .spec
        .as_ref()
        .and_then(|spec| spec.active_deadline_seconds);
    match (started, deadline) {
        (Some(started), Some(deadline)) => {
            now.duration_since(started.0)
                > SignedDuration::from_secs(deadline).saturating_add(OVERRUN)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
