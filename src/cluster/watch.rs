//! Tells when something of a release has changed, by the watch API.
//!
//! A watch ends for many reasons: the server renews it, a proxy cuts it, its version is too old (410), a login has run
//! out. It is begun again where it ended, and from what there is where that is not possible; nothing is missed between.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{BoxStream, select_all};
use futures::{StreamExt as _, stream};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use kube::{Client, Resource};
use serde::Deserialize;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::{Instant, sleep, timeout};

use super::connect::Cluster;
use super::discover::{CRON_JOBS, DEPLOYMENTS};
use super::observe::{Namespace, PODS, Reach, TICKS};

/// How long the server is asked to keep a watch.
const RENEWAL: Duration = Duration::from_secs(60);
/// A connection that says nothing for so long, not even that the watch is over, is dead.
const DEAD: Duration = Duration::from_secs(75);
/// Before a watch that ended at once, or failed, is begun again: at least, and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

/// An item after each change to what a release is made of, and whenever a watch begins anew, for what changed before it
/// did; never ends.
///
/// Of one namespace also Jobs, the pods of runs, and the node agents of its releases. What may not be watched is
/// silent: the caller looks again now and then anyway.
pub(crate) fn changes(cluster: &Cluster, namespace: &Namespace) -> BoxStream<'static, ()> {
    let here = Some(cluster.namespace.as_str());
    let agents = namespace.releases().iter();
    let agents: BTreeSet<_> = agents
        .filter_map(|release| Some(release.resource_monitor.as_ref()?.1.as_str()))
        .collect();
    let mut streams = vec![
        of::<CronJob>(cluster, here, CRON_JOBS),
        of::<Deployment>(cluster, here, DEPLOYMENTS),
        of::<Pod>(cluster, here, PODS),
        of::<Job>(cluster, here, ""),
        of::<Pod>(cluster, here, TICKS),
    ];
    let sets = agents
        .into_iter()
        .map(|agents| of::<DaemonSet>(cluster, Some(agents), DEPLOYMENTS));
    streams.extend(sets);
    select_all(streams).boxed()
}

/// As [`changes`], of what an overview reads.
pub(crate) fn changes_of_many(cluster: &Cluster, reach: Reach) -> BoxStream<'static, ()> {
    let place = match reach {
        Reach::Namespace => Some(cluster.namespace.as_str()),
        Reach::Everywhere => None,
    };
    select_all([
        of::<CronJob>(cluster, place, CRON_JOBS),
        of::<Deployment>(cluster, place, DEPLOYMENTS),
        of::<Pod>(cluster, place, PODS),
        // Node agents have a namespace of their own.
        of::<DaemonSet>(cluster, None, DEPLOYMENTS),
    ])
    .boxed()
}

/// Of one kind, in this namespace or in all.
fn of<K>(cluster: &Cluster, namespace: Option<&str>, labels: &str) -> BoxStream<'static, ()>
where
    K: Resource<DynamicType = ()>,
{
    let watch = Watch {
        client: cluster.client.clone(),
        request: Request::new(K::url_path(&(), namespace)),
        params: WatchParams::default()
            .labels(labels)
            .timeout(u32::try_from(RENEWAL.as_secs()).unwrap_or(u32::MAX)),
        version: String::new(),
        events: None,
        pause: Duration::ZERO,
    };
    told(watch)
}

/// The changes that a watch sees. It sees to itself in a task of its own: a look that holds up whoever reads this must
/// not hold up a login that the look then waits for.
fn told(mut watch: Watch) -> BoxStream<'static, ()> {
    let (tell, mut changes) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            watch.next().await;
            // One that nobody has seen yet tells of this one too.
            if let Err(TrySendError::Closed(())) = tell.try_send(()) {
                return;
            }
        }
    });
    stream::poll_fn(move |context| changes.poll_recv(context)).boxed()
}

/// One kind under watch.
struct Watch {
    client: Client,
    request: Request,
    params: WatchParams,
    /// Where to go on; empty begins with what there is.
    version: String,
    /// `None` while no connection is open.
    events: Option<Events>,
    /// Before the next is opened.
    pause: Duration,
}

type Events = BoxStream<'static, kube::Result<WatchEvent<Versioned>>>;

/// All that is read of an object.
#[derive(Clone, Deserialize)]
struct Versioned {
    metadata: Version,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    resource_version: String,
}

impl Watch {
    /// Waits for the next change, however often the watch has to be begun again.
    async fn next(&mut self) {
        loop {
            let began = Instant::now();
            if self.events.is_none() {
                sleep(self.pause).await;
                self.events = self.open().await;
                if self.events.is_none() {
                    self.pause = (self.pause * 2).clamp(PAUSES[0], PAUSES[1]);
                    continue;
                }
            }
            while let Some(event) = self.event().await {
                match event {
                    WatchEvent::Added(object)
                    | WatchEvent::Modified(object)
                    | WatchEvent::Deleted(object) => {
                        self.version = object.metadata.resource_version;
                        return;
                    }
                    WatchEvent::Bookmark(bookmark) => {
                        self.version = bookmark.metadata.resource_version;
                    }
                    // 410, too old; and of any other it is not known what was missed.
                    WatchEvent::Error(_) => {
                        self.version.clear();
                        break;
                    }
                }
            }
            self.events = None;
            // A server that ends every watch at once is not asked again at once.
            let has_lasted = began.elapsed() >= PAUSES[0];
            self.pause = if has_lasted {
                Duration::ZERO
            } else {
                PAUSES[0]
            };
        }
    }

    /// `None` when the watch is over, however it ended.
    async fn event(&mut self) -> Option<WatchEvent<Versioned>> {
        let next = timeout(DEAD, self.events.as_mut()?.next()).await;
        next.ok()??.ok()
    }

    /// A new connection. `None` where there is none to be had.
    async fn open(&mut self) -> Option<Events> {
        let request = self
            .request
            .watch_metadata(&self.params, &self.version)
            .ok()?;
        let asked = self.client.request_events::<Versioned>(request);
        match timeout(DEAD, asked).await {
            Ok(Ok(events)) => Some(events.boxed()),
            Ok(Err(kube::Error::Api(status))) if status.code == 410 => {
                self.version.clear();
                None
            }
            Ok(Err(_)) | Err(_) => None,
        }
    }
}
