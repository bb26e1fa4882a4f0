//! Everything that `doctor` reads, side by side: the API server, rights and policies, and the ways from this machine.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use futures::future::{join, join_all};
use futures::join;
use jiff::Timestamp;

use super::nodes;
use crate::cli;
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::job::OwnJobs;
use crate::cluster::observe::{self, Namespace};
use crate::cluster::{access, policies};
use crate::command::left_over;
use crate::command::pods::{Pods, nowhere};
use crate::error::Error;
use crate::image::Reference;
use crate::look::{first_glance, go_on};
use crate::lookup::Failure;
use crate::observation::Observation;
use crate::probe::layers;
use crate::probe::pod::place::Reach;
use crate::reading::{Readings, Refusal, Server, Unprobed, Way};
use crate::registry::{CacheUse, Credentials, Options, Session};
use crate::render::rbac::{Agents, Places};
use crate::text::{QUOTED, printable};
use crate::wanted::tags;

/// Times of the lookups (design, "Registry lookups").
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The registries of the chart: looked at where no release says which are needed.
const REGISTRIES: &[&str] = &["docker.io", "ghcr.io"];

/// Where the chart puts node agents unless told otherwise.
const NODE_AGENTS: &str = "tracebloc-node-agents";

/// Looks once: one set of readings per release, in the order of their names; at least one.
pub(super) async fn read(
    args: &cli::Doctor,
    cluster: &Cluster,
    jobs: &OwnJobs<'_>,
) -> Vec<Readings> {
    let (server, looked) = join(
        server(cluster),
        Box::pin(observe::look(cluster, args.selector.as_deref())),
    )
    .await;
    match looked {
        Ok(namespace) => Box::pin(of_releases(args, cluster, jobs, server, &namespace)).await,
        Err(error) => vec![without_release(cluster, server, &error).await],
    }
}

/// Where Roles would be needed: the namespaces of the release, or of where one would be.
pub(super) async fn places(connection: &cli::Connection) -> Result<Places, Error> {
    let cluster = connect(connection).await?;
    let agents = match Box::pin(observe::look(&cluster, None)).await {
        Ok(namespace) => monitor(&namespace).map_or(Agents::None, |(set, namespace)| Agents::In {
            namespace,
            set,
        }),
        Err(_) => Agents::Assumed(NODE_AGENTS.to_owned()),
    };
    Ok(Places {
        release: cluster.namespace,
        agents,
    })
}

async fn server(cluster: &Cluster) -> Result<Server, Error> {
    let started = Instant::now();
    let version = cluster.version().await?;
    Ok(Server {
        version,
        took: started.elapsed(),
    })
}

async fn of_releases(
    args: &cli::Doctor,
    cluster: &Cluster,
    jobs: &OwnJobs<'_>,
    server: Result<Server, Error>,
    namespace: &Namespace,
) -> Vec<Readings> {
    let needed: Vec<BTreeSet<Reference>> =
        first_glance(cluster, namespace).iter().map(tags).collect();
    let images: BTreeSet<Reference> = needed.iter().flatten().cloned().collect();
    let (session, probe) = (open(), open());
    let pods = Pods {
        image: args.probe_image.as_deref(),
        reach: if args.all_nodes {
            Reach::All
        } else {
            Reach::One
        },
        cluster,
        jobs,
        session: probe.as_ref(),
    };
    let agents = monitor(namespace).map(|(_, namespace)| namespace);
    let releases = namespace.releases();
    let (tell, told): (Vec<_>, Vec<_>) = releases.iter().map(|_| oneshot::channel()).unzip();
    let here = async {
        let here = look_from_here(probe.as_ref(), &[], &images).await;
        for waiting in tell {
            // Who waits no longer needs no answer.
            let _ = waiting.send(here.clone());
        }
        here
    };
    let asked = releases.iter().zip(&needed).zip(told);
    let each = asked.map(async |((release, images), told)| {
        let images: Vec<_> = images.iter().cloned().collect();
        let policies = async {
            match release.cron_job() {
                Some(cron_job) => {
                    policies::of_refresher(cluster, &release.namespace, cron_job).await
                }
                None => Ok(Vec::new()),
            }
        };
        let looks = async {
            if args.looks_from_pods() {
                Box::pin(pods.look(release, &images, told)).await
            } else if images.is_empty() {
                Vec::new()
            } else {
                nowhere(Unprobed::ByChoice("--no-probe".to_owned()))
            }
        };
        join!(access::of_account(cluster, release), policies, looks)
    });
    let (seen, here, rights, each) = join!(
        go_on(cluster, session.as_ref(), namespace),
        here,
        access::of_caller(cluster, agents.as_deref()),
        join_all(each),
    );
    let server = server.map_err(|error| refusal(&error));
    let nodes = join_all(seen.iter().map(|seen| nodes::heard(cluster, seen)));
    let mut nodes = Box::pin(nodes).await;
    if args.pull_test {
        for (seen, nodes) in seen.iter().zip(&mut nodes) {
            let (tested, leftovers) = Box::pin(nodes::pulled(jobs, seen)).await;
            // A test of now is worth more than what was said before.
            nodes.pulls.retain(|pull| {
                let mut tested = tested.pulls.iter();
                !tested.any(|one| one.image.registry == pull.image.registry)
            });
            nodes.pulls.extend(tested.pulls);
            nodes.unpulled.extend(tested.unpulled);
            left_over(&leftovers);
        }
    }
    seen.into_iter()
        .zip(each)
        .zip(nodes)
        .map(|((seen, (account, policies, pods)), nodes)| Readings {
            at: seen.at,
            context: cluster.context.clone(),
            namespace: seen.release.namespace.clone(),
            server: server.clone(),
            rights: rights.clone(),
            account,
            here: of_release(&here, &seen),
            release: Ok(seen),
            policies,
            pods,
            pulls: nodes.pulls,
            unpulled: nodes.unpulled,
        })
        .collect()
}

/// The ways to the registries that this release's images come from.
fn of_release(here: &[Way], seen: &Observation) -> Vec<Way> {
    let registries: BTreeSet<String> = tags(seen).into_iter().map(|tag| tag.registry).collect();
    let is_own = |way: &&Way| registries.contains(&way.registry);
    here.iter().filter(is_own).cloned().collect()
}

/// Without a release, rights and registries still tell something.
async fn without_release(
    cluster: &Cluster,
    server: Result<Server, Error>,
    error: &Error,
) -> Readings {
    let probe = open();
    let rights = async {
        match &server {
            Ok(_) => access::of_caller(cluster, None).await,
            Err(_) => Vec::new(),
        }
    };
    let (here, rights) = join(
        look_from_here(probe.as_ref(), REGISTRIES, &BTreeSet::new()),
        rights,
    )
    .await;
    Readings {
        at: cluster.now(),
        context: cluster.context.clone(),
        namespace: cluster.namespace.clone(),
        server: server.map_err(|error| refusal(&error)),
        rights,
        account: None,
        release: Err(refusal(error)),
        policies: Ok(Vec::new()),
        here,
        pods: Vec::new(),
        pulls: Vec::new(),
        unpulled: Vec::new(),
    }
}

pub(super) async fn without_cluster(connection: &cli::Connection, error: &Error) -> Readings {
    let probe = open();
    let unknown = || "?".to_owned();
    Readings {
        at: Timestamp::now(),
        context: connection.context.clone().unwrap_or_else(unknown),
        namespace: connection.namespace.clone().unwrap_or_else(unknown),
        server: Err(refusal(error)),
        rights: Vec::new(),
        account: None,
        release: Err(refusal(error)),
        policies: Ok(Vec::new()),
        here: look_from_here(probe.as_ref(), REGISTRIES, &BTreeSet::new()).await,
        pods: Vec::new(),
        pulls: Vec::new(),
        unpulled: Vec::new(),
    }
}

/// A session of its own for each purpose: what one has asked must not make the other's steps look fast.
fn open() -> Result<Session, Failure> {
    Session::open(Options {
        credentials: Credentials::of_this_user(),
        cache: CacheUse::of_this_user(),
        connect_limit: CONNECT_LIMIT,
        lookup_limit: REQUEST_LIMIT,
    })
}

/// Nothing where this machine trusts no authority at all: then no look says anything.
async fn look_from_here(
    session: Result<&Session, &Failure>,
    registries: &[&str],
    images: &BTreeSet<Reference>,
) -> Vec<Way> {
    match session {
        Ok(session) => layers::look(session, registries, images).await,
        Err(failure) => layers::nowhere(registries, images, failure),
    }
}

/// The DaemonSet among the node agents, and its namespace.
fn monitor(namespace: &Namespace) -> Option<(String, String)> {
    let mut releases = namespace.releases().iter();
    releases.find_map(|release| release.resource_monitor.clone())
}

fn refusal(error: &Error) -> Refusal {
    Refusal {
        code: error.code(),
        message: printable(&error.to_string(), QUOTED),
        hint: error.hint().map(|hint| printable(&hint, QUOTED)),
    }
}
