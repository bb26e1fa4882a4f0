//! One look at the releases of a namespace, in two rounds of requests: everything that can be asked at once, then
//! what only the answers name (the DaemonSet's namespace, the pods whose logs are worth reading).
//!
//! Deployments and CronJobs must be readable. Everything else may be refused, and is then blind with a reason.

use std::collections::BTreeSet;

use futures::future::{join_all, join5, try_join3};
use futures::{FutureExt, join};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::batch::v1::{CronJob as KubeCronJob, Job};
use k8s_openapi::api::core::v1::{Node as KubeNode, Pod as KubePod, PodSpec};
use kube::api::{ListParams, LogParams, PartialObjectMeta};

use super::connect::Cluster;
use super::discover::{CRON_JOBS, DEPLOYMENTS, name, releases};
use super::images::{Monitor, Objects, find, images, mirror};
use super::nodes::node;
use super::pods::is_owned;
use super::read::Scope;
use super::record::record;
use super::runs::runs;
use crate::error::Error;
use crate::log::is_refreshers;
use crate::node::{Node, Standing};
use crate::observation::{
    Blind, Depth, Observation, RefreshRun, RegistryAnswers, RunLog, RunOutcome, Seen,
};
use crate::release::Release;
use crate::text::{QUOTED, printable};

mod overview;

pub(crate) use overview::{Reach, overview};

/// Control-plane pods of all releases in a namespace: they carry no label of their release.
pub(super) const PODS: &str = "app in (manager,requests-proxy)";
/// Pods of refresh Jobs.
pub(super) const TICKS: &str = "app.kubernetes.io/component=image-refresh";
/// Marks a Job that ingests data.
const INGESTION: &str = "tracebloc.io/ingestion-run";
/// Design, "Bounds": the tail of a log that is read.
const LOG_TAIL: i64 = 256 * 1024;
const LOG_LINES: i64 = 2_000;

/// What the first round saw: one namespace, all its releases.
pub(crate) struct Namespace {
    releases: Vec<Release>,
    deployments: Vec<Deployment>,
    replica_sets: Seen<Vec<PartialObjectMeta<ReplicaSet>>>,
    pods: Seen<Vec<KubePod>>,
    ticks: Seen<Vec<KubePod>>,
    jobs: Seen<Vec<Job>>,
    nodes: Seen<Vec<Node>>,
    /// Names of the nodes that are not ready.
    lost: BTreeSet<String>,
    depth: Depth,
}

/// What the second round adds for one release.
#[derive(Clone)]
pub(crate) struct Further {
    monitor: Seen<Option<Monitor>>,
    runs: Seen<Vec<RefreshRun>>,
}

/// The first round. `selector` chooses among the releases by the labels of their CronJobs and Deployments.
///
/// # Errors
///
/// When CronJobs or Deployments cannot be listed; [`Error::NoRelease`] when there is no release.
pub(crate) async fn look(cluster: &Cluster, selector: Option<&str>) -> Result<Namespace, Error> {
    let scope = Scope::Namespace(&cluster.namespace);
    let chosen = |labels: &str| {
        ListParams::default()
            .labels(&selector.map_or(labels.to_owned(), |own| format!("{labels},{own}")))
    };
    let (cron_jobs_asked, deployments_asked) = (chosen(CRON_JOBS), chosen(DEPLOYMENTS));
    let (everything, labelled) = (ListParams::default(), ListParams::default().labels(PODS));
    let ticks = ListParams::default().labels(TICKS);
    let others = join5(
        cluster.list_metadata::<ReplicaSet>(scope, &labelled, |_| ()),
        cluster.list::<KubePod>(scope, &labelled),
        cluster.list::<KubePod>(scope, &ticks),
        cluster.list::<Job>(scope, &everything),
        cluster.list::<KubeNode>(Scope::Everywhere, &everything),
    );
    // A refusal of what is required is told at once, whatever else hangs.
    let all = try_join3(
        cluster.list::<KubeCronJob>(scope, &cron_jobs_asked),
        cluster.list::<Deployment>(scope, &deployments_asked),
        others.map(Ok),
    );
    let (cron_jobs, deployments, (replica_sets, pods, ticks, jobs, nodes)) = Box::pin(all).await?;
    let releases = releases(&cron_jobs, &deployments);
    if releases.is_empty() {
        return Err(Error::NoRelease {
            namespace: cluster.namespace.clone(),
            elsewhere: elsewhere(cluster).await,
        });
    }
    let nodes = nodes
        .map(|nodes| nodes.iter().map(node).collect())
        .map_err(|error| blind(&error));
    Ok(Namespace {
        releases,
        deployments,
        replica_sets: replica_sets.map_err(|error| blind(&error)),
        pods: pods.map_err(|error| blind(&error)),
        ticks: ticks.map_err(|error| blind(&error)),
        jobs: jobs.map_err(|error| blind(&error)),
        lost: lost(&nodes),
        nodes,
        depth: Depth::Whole,
    })
}

fn lost(nodes: &Seen<Vec<Node>>) -> BTreeSet<String> {
    let lost = nodes.iter().flatten();
    lost.filter(|node| node.standing == Standing::NotReady)
        .map(|node| node.name.clone())
        .collect()
}

/// Namespaces that have a release, for the hint. Empty where listing across namespaces is not allowed.
async fn elsewhere(cluster: &Cluster) -> Vec<String> {
    let asked = ListParams::default().labels(DEPLOYMENTS);
    let found = cluster
        .list_metadata::<Deployment>(Scope::Everywhere, &asked, |_| ())
        .await
        .unwrap_or_default();
    let namespaces: BTreeSet<_> = found
        .into_iter()
        .filter(|deployment| name(&deployment.metadata).ends_with("-jobs-manager"))
        .filter_map(|deployment| deployment.metadata.namespace)
        .collect();
    namespaces.into_iter().collect()
}

impl Namespace {
    pub(crate) fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// The second round, for one release.
    pub(crate) async fn further(&self, cluster: &Cluster, release: &Release) -> Further {
        let (monitor, runs) = join!(monitor(cluster, release), self.runs(cluster, release));
        Further { monitor, runs }
    }

    /// The kept runs, with the logs of the newest completed one and of those that still run.
    async fn runs(&self, cluster: &Cluster, release: &Release) -> Seen<Vec<RefreshRun>> {
        let Some(cron_job) = release.cron_job() else {
            return Ok(Vec::new());
        };
        let jobs = self.jobs.as_ref().map_err(Clone::clone)?;
        let mut runs = runs(jobs, &cron_job.uid);
        let newest_complete = runs
            .iter()
            .position(|run| matches!(run.outcome, RunOutcome::Complete { .. }));
        let reads = runs
            .iter()
            .enumerate()
            .map(async |(place, run)| match run.outcome {
                RunOutcome::Failed { .. } => RunLog::PodDeleted,
                RunOutcome::Complete { .. } if Some(place) != newest_complete => RunLog::NotAsked,
                RunOutcome::Complete { .. } | RunOutcome::Active { .. } => {
                    let uid = jobs.iter().find(|job| name(&job.metadata) == run.job);
                    let uid = uid.and_then(|job| job.metadata.uid.as_deref());
                    self.log(cluster, uid, &run.outcome).await
                }
            });
        let logs = join_all(reads).await;
        for (run, log) in runs.iter_mut().zip(logs) {
            run.log = log;
        }
        Ok(runs)
    }

    async fn log(&self, cluster: &Cluster, job_uid: Option<&str>, outcome: &RunOutcome) -> RunLog {
        let ticks = match &self.ticks {
            Ok(ticks) => ticks,
            Err(blind) => return RunLog::NotReadable(blind.clone()),
        };
        let owned = ticks.iter().filter(|pod| is_owned(&pod.metadata, job_uid));
        let Some(pod) = owned.max_by_key(|pod| pod.metadata.creation_timestamp.clone()) else {
            return RunLog::PodDeleted;
        };
        // Without a container's name, a mesh's sidecar makes the server refuse.
        let container = pod
            .spec
            .iter()
            .flat_map(|spec| &spec.containers)
            .map(|container| container.name.as_str())
            .find(|name| *name == "refresh");
        let params = LogParams {
            container: container.map(str::to_owned),
            limit_bytes: Some(LOG_TAIL),
            tail_lines: Some(LOG_LINES),
            ..LogParams::default()
        };
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        match cluster.logs(namespace, name(&pod.metadata), &params).await {
            Ok(text) => read(text, outcome),
            Err(Error::Missing { .. }) => RunLog::PodDeleted,
            Err(error) => RunLog::NotReadable(blind(&error)),
        }
    }

    /// What both rounds say of a release, without any registry's answer.
    pub(crate) fn observation(
        &self,
        cluster: &Cluster,
        release: &Release,
        further: &Further,
        registry: RegistryAnswers,
    ) -> Observation {
        let objects = Objects {
            deployments: &self.deployments,
            replica_sets: &self.replica_sets,
            pods: &self.pods,
            monitor: &further.monitor,
            ingestion: self.newest_ingestion(),
            lost: &self.lost,
        };
        let jobs_manager = find(&self.deployments, &release.jobs_manager);
        Observation {
            at: cluster.now(),
            depth: self.depth,
            context: cluster.context.clone(),
            record: jobs_manager
                .map(|deployment| record(&deployment.metadata))
                .ok_or_else(|| {
                    Blind(format!(
                        "deployment \"{}\" is not there",
                        release.jobs_manager
                    ))
                }),
            nodes: self.nodes.clone(),
            images: images(release, &objects),
            runs: further.runs.clone(),
            registry,
            mirror: mirror(release, &self.deployments),
            unmanaged: Ok(self.unmanaged(release)),
            ingestions: self
                .jobs
                .as_ref()
                .map(|jobs| running_ingestions(jobs))
                .map_err(Clone::clone),
            proxy: super::images::proxy(release, &self.deployments),
            release: release.clone(),
        }
    }

    /// What the pod of the newest ingestion that is kept is made from.
    fn newest_ingestion(&self) -> Option<&PodSpec> {
        let jobs = self.jobs.as_ref().ok()?;
        let newest = jobs
            .iter()
            .filter(|job| is_ingestion(job))
            .max_by_key(|job| job.metadata.creation_timestamp.clone())?;
        newest.spec.as_ref()?.template.spec.as_ref()
    }

    /// Deployments of the release that its refresher does not move.
    fn unmanaged(&self, release: &Release) -> Vec<String> {
        let managed = [
            Some(release.jobs_manager.as_str()),
            release.requests_proxy.as_deref(),
        ];
        self.deployments
            .iter()
            .filter(|deployment| {
                let labels = deployment.metadata.labels.as_ref();
                let instance = labels.and_then(|labels| labels.get("app.kubernetes.io/instance"));
                instance.is_some_and(|instance| *instance == release.name)
            })
            .map(|deployment| name(&deployment.metadata))
            .filter(|name| !managed.contains(&Some(*name)))
            .map(|name| format!("deployment/{name}"))
            .collect()
    }
}

impl Further {
    /// Before the second round has answered.
    pub(crate) fn pending() -> Self {
        let pending = || Blind("not looked at yet".to_owned());
        Self {
            monitor: Err(pending()),
            runs: Err(pending()),
        }
    }
}

async fn monitor(cluster: &Cluster, release: &Release) -> Seen<Option<Monitor>> {
    let Some((set, namespace)) = &release.resource_monitor else {
        return Ok(None);
    };
    let scope = Scope::Namespace(namespace);
    let labelled = ListParams::default().labels(&format!("app={set}"));
    let (set, pods) = join!(
        cluster.get::<DaemonSet>(scope, set),
        cluster.list::<KubePod>(scope, &labelled)
    );
    match set {
        Ok(set) => Ok(Some((set, pods.map_err(|error| blind(&error))))),
        Err(Error::Missing { .. }) => Ok(None),
        Err(error) => Err(blind(&error)),
    }
}

fn is_ingestion(job: &Job) -> bool {
    job.metadata
        .labels
        .as_ref()
        .is_some_and(|labels| labels.contains_key(INGESTION))
}

fn running_ingestions(jobs: &[Job]) -> usize {
    let is_running = |job: &&Job| {
        job.status
            .as_ref()
            .is_some_and(|status| status.active.unwrap_or(0) > 0)
    };
    jobs.iter()
        .filter(|job| is_ingestion(job))
        .filter(is_running)
        .count()
}

/// Where the kubelet has lost a log, it says so in the log's place; a gateway may answer there too.
fn read(text: String, outcome: &RunOutcome) -> RunLog {
    let has_just_begun = matches!(outcome, RunOutcome::Active { .. }) && text.is_empty();
    if has_just_begun || is_refreshers(&text) {
        return RunLog::Read(text);
    }
    let said = printable(&text, QUOTED / 2);
    RunLog::NotReadable(Blind(format!(
        "what came is not the refresher's log: \"{said}\""
    )))
}

fn blind(error: &Error) -> Blind {
    Blind(printable(&error.to_string(), QUOTED))
}
