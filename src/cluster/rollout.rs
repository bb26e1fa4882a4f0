//! Looks at a rollout: a GET of the workload and a LIST of its pods, once or until there is a verdict.
//!
//! No watch: a rollout is short, and a look that failed is repeated without any state to repair. Events are asked for
//! only where objects are silent about the cause, and whoever may not list them gets the verdict without it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{Event as KubeEvent, Pod as KubePod};
use kube::api::ListParams;
use kube::core::Selector;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::connect::Cluster;
use super::ownership::{Field, Writer, last_writer};
use super::read::{Scope, right};
use crate::error::{Call, Error};
use crate::observation::{Target, WorkloadKind};
use crate::rollout::{Mark, Puzzle, Sight, Verdict, judge, with_events};

use patience::{Patience, Steady};
use reading::{Workload, event, is_of, pod};

mod patience;
mod reading;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awaited<'a> {
    pub(crate) target: &'a Target,
    /// Of the object that was seen before. `None` takes whichever bears the name.
    pub(crate) uid: Option<&'a str>,
    /// Empty for a rollout that somebody else began: then a new pod is one that has what the template has.
    pub(crate) marks: &'a [Mark],
    /// Names of the nodes that were not ready when the plan was made.
    pub(crate) lost: &'a BTreeSet<String>,
}

/// A verdict, and the object it is about, as the look's GET showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) uid: String,
    pub(crate) resource_version: String,
    pub(crate) generation: i64,
    /// How many pods are available, of whatever template, and how many there are to be.
    pub(crate) available: u32,
    pub(crate) wanted: u32,
    pub(crate) verdict: Verdict,
    /// Who last set a field of the marks, with [`Verdict::Superseded`] and where that is known.
    pub(crate) changed_by: Option<Writer>,
}

/// How long things may take while waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// From the beginning of a look to that of the next.
    pub(crate) interval: Duration,
    /// For one look; longer counts as no answer.
    pub(crate) answer: Duration,
    /// How long a pod is being made before its events are asked for, and from one time to the next.
    pub(crate) events_after: Duration,
    /// How long the API server may be silent.
    pub(crate) api_lost: Duration,
    /// How many looks in a row have to agree that a rollout is settled, or that its controller gave up.
    pub(crate) steady: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            answer: Duration::from_secs(10),
            events_after: Duration::from_secs(5),
            api_lost: Duration::from_secs(60),
            steady: 3,
        }
    }
}

/// One GET and one LIST.
///
/// # Errors
///
/// As [`Cluster::get`] of the workload and [`Cluster::list`] of the pods; [`Error::Missing`] when the workload is
/// gone.
#[cfg(test)]
pub(crate) async fn look(cluster: &Cluster, awaited: &Awaited<'_>) -> Result<Look, Error> {
    Ok(see(cluster, awaited).await?.0)
}

/// Looks until the verdict is final, or for as long as `limit`: then it is still [`Verdict::Rolling`].
///
/// A pod that will not run ends it at once. `say` is told each change of the words, and why the API server does not
/// answer.
///
/// # Errors
///
/// As [`look`], at once where asking again would not help; an API server that is silent, after [`Pace::api_lost`] or
/// at the limit.
pub(crate) async fn wait(
    cluster: &Cluster,
    awaited: &Awaited<'_>,
    limit: Duration,
    pace: &Pace,
    mut say: impl FnMut(&str),
) -> Result<Look, Error> {
    // Events have whole seconds.
    let began = cluster.now() - SignedDuration::from_secs(1);
    let end = Instant::now() + limit;
    let mut ticks = interval(pace.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::new(pace.events_after);
    let mut steady = Steady::default();
    let mut silent_since = None;
    let mut said = String::new();
    let mut tell = |words: &str| {
        if said != words {
            words.clone_into(&mut said);
            say(words);
        }
    };
    loop {
        ticks.tick().await;
        let seen = timeout(pace.answer, see(cluster, awaited)).await;
        let is_over = Instant::now() >= end;
        let (mut look, sight) =
            match seen.unwrap_or_else(|_| Err(no_answer(cluster, awaited.target, pace))) {
                Ok(seen) => seen,
                Err(error) => {
                    let since = *silent_since.get_or_insert_with(Instant::now);
                    if is_over || !error.is_passing() || since.elapsed() >= pace.api_lost {
                        return Err(error);
                    }
                    tell(&format!("{error}; looking again"));
                    continue;
                }
            };
        silent_since = None;
        if let Some(about) = patience.question(&look.verdict, &sight, awaited.lost) {
            let asked = ask(cluster, awaited.target, &sight, &about, began);
            // Whoever may not list events, or gets none in time, is told what the objects say.
            let events = timeout(pace.answer, asked).await;
            patience.learn(events.ok().and_then(Result::ok).unwrap_or_default());
        }
        look.verdict = with_events(look.verdict, &sight, awaited.lost, patience.events());
        match &look.verdict {
            Verdict::Rolling(words) => tell(words),
            Verdict::Settled(settled) => tell(&settled.words()),
            Verdict::Failed(_)
            | Verdict::Paused
            | Verdict::OnDelete(_)
            | Verdict::Gone
            | Verdict::Superseded => {}
        }
        if is_over || steady.is_final(&look.verdict, pace.steady) {
            return Ok(look);
        }
    }
}

async fn see(cluster: &Cluster, awaited: &Awaited<'_>) -> Result<(Look, Sight), Error> {
    let Target {
        kind,
        namespace,
        name,
    } = awaited.target;
    let scope = Scope::Namespace(namespace);
    let workload = match kind {
        WorkloadKind::Deployment => Workload::from(cluster.get::<Deployment>(scope, name).await?),
        WorkloadKind::DaemonSet => Workload::from(cluster.get::<DaemonSet>(scope, name).await?),
    };
    // A selector that cannot be parsed selects too much, and every pod is looked at anyway.
    let selector = Selector::try_from(workload.selector.clone()).unwrap_or_default();
    let params = ListParams::default().labels_from(&selector);
    let pods = cluster.list::<KubePod>(scope, &params).await?;
    let own;
    let marks = match awaited.marks {
        [] => {
            own = workload.marks();
            &own
        }
        marks => marks,
    };
    let sight = Sight {
        kind: *kind,
        uid: workload.metadata.uid.clone().unwrap_or_default(),
        template: workload.template(marks),
        status: workload.status.clone(),
        pods: pods
            .iter()
            .filter(|one| is_of(one, &workload))
            .map(|one| pod(one, marks))
            .collect(),
    };
    let verdict = match awaited.uid {
        Some(uid) if uid != sight.uid => Verdict::Gone,
        _ => judge(&sight, awaited.lost),
    };
    let fields: Vec<_> = awaited.marks.iter().map(Field::from).collect();
    let changed_by = (verdict == Verdict::Superseded)
        .then(|| last_writer(&workload.metadata, &fields))
        .flatten();
    let look = Look {
        uid: sight.uid.clone(),
        resource_version: workload.metadata.resource_version.unwrap_or_default(),
        generation: sight.status.generation,
        available: sight.status.available,
        wanted: sight.status.wanted,
        verdict,
        changed_by,
    };
    Ok((look, sight))
}

/// The warnings about one object. Of a DaemonSet, which may be years old, only those of this wait.
async fn ask(
    cluster: &Cluster,
    target: &Target,
    sight: &Sight,
    about: &Puzzle,
    began: Timestamp,
) -> Result<Vec<crate::rollout::Event>, Error> {
    let (uid, since) = match about {
        Puzzle::Pod(uid) => (uid, None),
        Puzzle::DaemonSet => (&sight.uid, Some(began)),
    };
    let params = ListParams::default().fields(&format!("involvedObject.uid={uid},type=Warning"));
    let scope = Scope::Namespace(&target.namespace);
    let events = cluster.list::<KubeEvent>(scope, &params).await?;
    Ok(events
        .iter()
        .filter(|one| since.is_none() || reading::last(one) >= since)
        .map(event)
        .collect())
}

fn no_answer(cluster: &Cluster, target: &Target, pace: &Pace) -> Error {
    let scope = Scope::Namespace(&target.namespace);
    Error::TimedOut {
        call: Call {
            doing: format!("look at {target}{scope}"),
            right: match target.kind {
                WorkloadKind::Deployment => right::<Deployment>("get", scope),
                WorkloadKind::DaemonSet => right::<DaemonSet>("get", scope),
            },
        },
        server: cluster.server.clone(),
        limit: pace.answer,
    }
}

#[cfg(test)]
mod tests;
