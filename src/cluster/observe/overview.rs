//! A look at many releases at once, no closer than one row for each needs: no Jobs and no logs.
//!
//! One LIST per kind for the whole cluster, page by page, however many releases it holds; and the pods of each
//! namespace that node agents run in, of which most clusters have one. Where listing across the cluster is refused,
//! the same in each namespace that contexts of the kubeconfig name; and where nobody looked is said.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::{join, join4, try_join};
use futures::{StreamExt as _, stream};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::batch::v1::CronJob as KubeCronJob;
use k8s_openapi::api::core::v1::{Namespace as KubeNamespace, Node as KubeNode, Pod as KubePod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{ListParams, PartialObjectMeta};

use super::{CRON_JOBS, DEPLOYMENTS, Further, Namespace, PODS, blind, lost, name, node, releases};
use crate::cluster::connect::Cluster;
use crate::cluster::images::Monitor;
use crate::cluster::lean;
use crate::cluster::read::Scope;
use crate::error::Error;
use crate::fleet::{Overview, Unseen};
use crate::observation::{Blind, Depth, RegistryAnswers, Seen};
use crate::release::Release;

/// Namespaces that are asked at a time, where each is asked on its own.
const AT_ONCE: usize = 8;

/// The label of node agents' pods; each release's have a value of their own.
const AGENTS: &str = "app";

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In the namespace of the connection.
    Namespace,
    /// In all; where that is refused, in those that contexts of this cluster name.
    Everywhere,
}

/// What releases are read from, of one namespace or of all.
struct Lists {
    cron_jobs: Vec<KubeCronJob>,
    deployments: Vec<Deployment>,
    replica_sets: Seen<Vec<PartialObjectMeta<ReplicaSet>>>,
    pods: Seen<Vec<KubePod>>,
    /// Of all namespaces; `Err` where only one is looked at.
    daemon_sets: Seen<Vec<DaemonSet>>,
}

/// The node agents of one namespace.
struct Agents {
    /// By name.
    sets: Seen<HashMap<String, DaemonSet>>,
    /// By the uid of the set that owns them.
    pods: Seen<HashMap<String, Vec<KubePod>>>,
}

/// Looks once. No release at all is an empty overview.
///
/// # Errors
///
/// When CronJobs or Deployments cannot be listed, be it in none of the namespaces that could be tried.
pub(crate) async fn overview(
    cluster: &Cluster,
    selector: Option<&str>,
    reach: Reach,
) -> Result<Overview, Error> {
    let everything = ListParams::default();
    let nodes = cluster.list_lean::<KubeNode>(Scope::Everywhere, &everything, lean::node);
    let found = Box::pin(reached(cluster, selector, reach));
    let (found, nodes) = join(found, nodes).await;
    let (mut found, unseen) = found?;
    let nodes = nodes
        .map(|nodes| nodes.iter().map(node).collect())
        .map_err(|error| blind(&error));
    let sets = match found.as_mut_slice() {
        [everywhere] => std::mem::replace(&mut everywhere.daemon_sets, Err(not_asked())).ok(),
        _ => None,
    };
    let lost = lost(&nodes);
    let namespaces: Vec<_> = found
        .into_iter()
        .flat_map(|lists| by_namespace(lists, &lost))
        .collect();
    let agents = agents(cluster, &namespaces, sets).await;
    let mut releases = Vec::new();
    // One after the other, so that what a namespace was read from is gone before the next.
    for namespace in namespaces {
        releases.extend(namespace.releases.iter().map(|release| {
            let further = Further {
                monitor: monitor(&agents, release),
                runs: Err(not_asked()),
            };
            namespace.observation(cluster, release, &further, RegistryAnswers::default())
        }));
    }
    Ok(Overview {
        releases,
        nodes,
        unseen,
    })
}

fn not_asked() -> Blind {
    Blind("not asked for in an overview".to_owned())
}

/// The lists, cut into namespaces that hold a release.
fn by_namespace(lists: Lists, lost: &BTreeSet<String>) -> Vec<Namespace> {
    let mut cron_jobs = grouped(lists.cron_jobs, |it| &it.metadata);
    let mut deployments = grouped(lists.deployments, |it| &it.metadata);
    let mut replica_sets = lists
        .replica_sets
        .map(|sets| grouped(sets, |it| &it.metadata));
    let mut pods = lists.pods.map(|pods| grouped(pods, |it| &it.metadata));
    let names: BTreeSet<_> = cron_jobs
        .keys()
        .chain(deployments.keys())
        .cloned()
        .collect();
    names
        .into_iter()
        .filter_map(|name| {
            let cron_jobs = cron_jobs.remove(&name).unwrap_or_default();
            let deployments = deployments.remove(&name).unwrap_or_default();
            let releases = releases(&cron_jobs, &deployments);
            (!releases.is_empty()).then(|| Namespace {
                releases,
                deployments,
                replica_sets: of(&mut replica_sets, &name),
                pods: of(&mut pods, &name),
                ticks: Err(not_asked()),
                jobs: Err(not_asked()),
                nodes: Ok(Vec::new()),
                lost: lost.clone(),
                depth: Depth::Overview,
            })
        })
        .collect()
}

type ByName<T> = HashMap<String, Vec<T>>;

fn grouped<T>(objects: Vec<T>, metadata: fn(&T) -> &ObjectMeta) -> ByName<T> {
    let mut groups = ByName::new();
    for object in objects {
        let namespace = metadata(&object).namespace.clone().unwrap_or_default();
        groups.entry(namespace).or_default().push(object);
    }
    groups
}

fn of<T>(groups: &mut Seen<ByName<T>>, name: &str) -> Seen<Vec<T>> {
    match groups {
        Ok(groups) => Ok(groups.remove(name).unwrap_or_default()),
        Err(blind) => Err(blind.clone()),
    }
}

/// The node agents of each namespace that a release's run in. `sets` are those of all namespaces, where they are
/// known already.
async fn agents(
    cluster: &Cluster,
    namespaces: &[Namespace],
    sets: Option<Vec<DaemonSet>>,
) -> BTreeMap<String, Agents> {
    let names: BTreeSet<_> = namespaces
        .iter()
        .flat_map(|namespace| &namespace.releases)
        .filter_map(|release| Some(release.resource_monitor.as_ref()?.1.clone()))
        .collect();
    let mut sets = sets.map(|sets| grouped(sets, |set| &set.metadata));
    let names: Vec<_> = names
        .into_iter()
        .map(|name| {
            let known = sets
                .as_mut()
                .map(|sets| sets.remove(&name).unwrap_or_default());
            (name, known)
        })
        .collect();
    stream::iter(names)
        .map(async |(name, known)| {
            let agents = agents_in(cluster, &name, known).await;
            (name, agents)
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn agents_in(cluster: &Cluster, namespace: &str, known: Option<Vec<DaemonSet>>) -> Agents {
    let scope = Scope::Namespace(namespace);
    let labelled = ListParams::default().labels(AGENTS);
    let released = ListParams::default().labels(DEPLOYMENTS);
    let sets = async {
        match known {
            Some(sets) => Ok(sets),
            None => cluster.list_lean(scope, &released, lean::daemon_set).await,
        }
    };
    let pods = cluster.list_lean(scope, &labelled, lean::pod);
    let (sets, pods) = join(sets, pods).await;
    Agents {
        sets: sets.map_err(|error| blind(&error)).map(|sets| {
            let named = |set: DaemonSet| (name(&set.metadata).to_owned(), set);
            sets.into_iter().map(named).collect()
        }),
        pods: pods.map_err(|error| blind(&error)).map(by_owner),
    }
}

fn by_owner(pods: Vec<KubePod>) -> HashMap<String, Vec<KubePod>> {
    let mut groups = HashMap::<_, Vec<_>>::new();
    for pod in pods {
        let owners = pod.metadata.owner_references.as_deref();
        let owner = owners.and_then(|owners| owners.first());
        if let Some(uid) = owner.map(|owner| owner.uid.clone()) {
            groups.entry(uid).or_default().push(pod);
        }
    }
    groups
}

/// The resource-monitor of one release.
fn monitor(agents: &BTreeMap<String, Agents>, release: &Release) -> Seen<Option<Monitor>> {
    let Some((set, namespace)) = &release.resource_monitor else {
        return Ok(None);
    };
    let Some(agents) = agents.get(namespace) else {
        return Err(not_asked());
    };
    let Some(set) = agents.sets.as_ref().map_err(Clone::clone)?.get(set) else {
        return Ok(None);
    };
    let uid = set.metadata.uid.as_deref().unwrap_or_default();
    let pods = match &agents.pods {
        Ok(pods) => Ok(pods.get(uid).cloned().unwrap_or_default()),
        Err(blind) => Err(blind.clone()),
    };
    Ok(Some((set.clone(), pods)))
}

/// What was found, and where nobody could look.
async fn reached(
    cluster: &Cluster,
    selector: Option<&str>,
    reach: Reach,
) -> Result<(Vec<Lists>, Vec<Unseen>), Error> {
    let scope = match reach {
        Reach::Namespace => Scope::Namespace(&cluster.namespace),
        Reach::Everywhere => Scope::Everywhere,
    };
    match lists(cluster, selector, scope).await {
        Err(refused @ Error::Forbidden { .. }) if reach == Reach::Everywhere => {
            one_by_one(cluster, selector, refused).await
        }
        found => Ok((vec![found?], Vec::new())),
    }
}

/// In each namespace that a context names, after listing across the cluster was refused.
async fn one_by_one(
    cluster: &Cluster,
    selector: Option<&str>,
    refused: Error,
) -> Result<(Vec<Lists>, Vec<Unseen>), Error> {
    let asked = stream::iter(&cluster.namespaces)
        .map(async |name| {
            let scope = Scope::Namespace(name);
            (name, lists(cluster, selector, scope).await)
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let everything = ListParams::default();
    let all = cluster.list_metadata::<KubeNamespace>(Scope::Everywhere, &everything, |namespace| {
        lean::metadata(&mut namespace.metadata);
    });
    let (tried, all) = join(asked, all).await;
    let (mut found, mut unseen) = (Vec::new(), Vec::new());
    for (name, lists) in tried {
        match lists {
            Ok(lists) => found.push(lists),
            Err(error) => unseen.push(Unseen {
                namespace: Some(name.clone()),
                why: blind(&error),
            }),
        }
    }
    if found.is_empty() {
        return Err(refused);
    }
    let why = blind(&refused);
    let other = |namespace| Unseen {
        namespace,
        why: why.clone(),
    };
    match all {
        Ok(all) => {
            let names = all.iter().map(|namespace| name(&namespace.metadata));
            let others = names.filter(|name| !cluster.namespaces.iter().any(|one| one == name));
            unseen.extend(others.map(|name| other(Some(name.to_owned()))));
        }
        Err(_) => unseen.push(other(None)),
    }
    Ok((found, unseen))
}

async fn lists(
    cluster: &Cluster,
    selector: Option<&str>,
    scope: Scope<'_>,
) -> Result<Lists, Error> {
    let labelled = |labels: &str| ListParams::default().labels(labels);
    let chosen = |labels: &str| match selector {
        Some(own) => labelled(&format!("{labels},{own}")),
        None => labelled(labels),
    };
    let (cron_jobs, deployments, pods) = (chosen(CRON_JOBS), chosen(DEPLOYMENTS), labelled(PODS));
    let required = try_join(
        cluster.list_lean(scope, &cron_jobs, |cron_job: &mut KubeCronJob| {
            lean::metadata(&mut cron_job.metadata);
        }),
        cluster.list_lean(scope, &deployments, lean::deployment),
    );
    let released = labelled(DEPLOYMENTS);
    let daemon_sets = async {
        match scope {
            Scope::Everywhere => {
                let sets = cluster.list_lean(scope, &released, lean::daemon_set).await;
                sets.map_err(|error| blind(&error))
            }
            Scope::Namespace(_) => Err(not_asked()),
        }
    };
    let (required, replica_sets, pods, daemon_sets) = join4(
        required,
        cluster.list_metadata::<ReplicaSet>(scope, &pods, lean::replica_set),
        cluster.list_lean(scope, &pods, lean::pod),
        daemon_sets,
    )
    .await;
    let (cron_jobs, deployments) = required?;
    Ok(Lists {
        cron_jobs,
        deployments,
        replica_sets: replica_sets.map_err(|error| blind(&error)),
        pods: pods.map_err(|error| blind(&error)),
        daemon_sets,
    })
}
