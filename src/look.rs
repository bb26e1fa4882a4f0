//! One look at the releases of a namespace: the cluster and the registries, side by side.
//!
//! The first round of requests to the API server names the tags; they are resolved while the second round runs, and
//! content that spec, record or pods name is fetched beside them. What the answers make necessary comes after.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures::future::{join, join_all, join3};

use crate::cluster::connect::Cluster;
use crate::cluster::observe::{self, Further, Namespace};
use crate::codes::Code;
use crate::error::Error;
use crate::image::Reference;
use crate::lookup::{Failure, Resolved, Vantage};
use crate::observation::{Observation, RegistryAnswers};
use crate::registry::Session;
use crate::wanted::{Wanted, tags, wanted};

pub(crate) mod fleet;

/// Looks once. One observation per release, in the order of their names; at least one.
///
/// Without a session no registry is asked, and every latest is unknown for the reason given instead.
///
/// # Errors
///
/// As [`observe::look`]. A registry that does not answer is part of the observation.
pub(crate) async fn look(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    selector: Option<&str>,
) -> Result<Vec<Observation>, Error> {
    let namespace = Box::pin(observe::look(cluster, selector)).await?;
    Ok(go_on(cluster, session, &namespace).await)
}

/// What the first round alone tells of each release: enough to name its tags.
pub(crate) fn first_glance(cluster: &Cluster, namespace: &Namespace) -> Vec<Observation> {
    let releases = namespace.releases().iter();
    releases
        .map(|release| {
            let nothing = RegistryAnswers::default();
            namespace.observation(cluster, release, &Further::pending(), nothing)
        })
        .collect()
}

/// Everything that follows the first round.
pub(crate) async fn go_on(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    namespace: &Namespace,
) -> Vec<Observation> {
    let first = first_glance(cluster, namespace);
    let references: BTreeSet<_> = first.iter().flat_map(tags).collect();
    let latest = resolve(session, &references);
    let from = (Vantage::Workstation, latest);
    with_latest(cluster, session, namespace, &first, from).await
}

/// As [`go_on`] from a first glance, where somebody else says what tags name. What a digest names proves itself, whoever fetches it.
pub(crate) async fn with_latest(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    namespace: &Namespace,
    first: &[Observation],
    (from, latest): (Vantage, impl Future<Output = Latest>),
) -> Vec<Observation> {
    let releases = namespace.releases();
    let started = Instant::now();
    let mut answers = RegistryAnswers {
        from,
        ..RegistryAnswers::default()
    };
    let further = join_all(
        releases
            .iter()
            .map(|release| namespace.further(cluster, release)),
    );
    let known = all_wanted(first);
    let (further, latest, contents) = join3(further, latest, fetch(session, &known)).await;
    answers.latest = latest;
    merge(&mut answers, contents);
    loop {
        disprove(&mut answers);
        answers.took = started.elapsed();
        let seen: Vec<_> = releases
            .iter()
            .zip(&further)
            .map(|(release, further)| {
                namespace.observation(cluster, release, further, answers.clone())
            })
            .collect();
        let missing = all_wanted(&seen);
        if missing.is_empty() {
            return seen;
        }
        merge(&mut answers, fetch(session, &missing).await);
    }
}

/// As [`look`], where there may be one release alone.
///
/// # Errors
///
/// As [`look`]; [`Error::SeveralReleases`].
pub(crate) async fn look_at_one(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    selector: Option<&str>,
) -> Result<Observation, Error> {
    let mut seen = look(cluster, session, selector).await?;
    match (seen.pop(), seen.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let all = seen.into_iter().chain(last);
            let mut names: Vec<_> = all.map(|seen| seen.release.name).collect();
            names.sort();
            Err(Error::SeveralReleases {
                namespace: cluster.namespace.clone(),
                names,
            })
        }
    }
}

fn all_wanted(seen: &[Observation]) -> Wanted {
    let mut all = Wanted::default();
    seen.iter().map(wanted).for_each(|one| all.extend(one));
    all
}

/// What tags name, or why that is not known.
pub(crate) type Latest = BTreeMap<Reference, Result<Resolved, Failure>>;

async fn resolve(session: Result<&Session, &Failure>, references: &BTreeSet<Reference>) -> Latest {
    let references: Vec<_> = references.iter().cloned().collect();
    let found = match session {
        Ok(session) => session.latest_of(&references).await,
        Err(why) => references
            .iter()
            .map(|reference| Err(not_asked(why, reference)))
            .collect(),
    };
    references.into_iter().zip(found).collect()
}

/// Every wanted thing is in the result, be it with a failure: nothing is wanted twice.
async fn fetch(session: Result<&Session, &Failure>, wanted: &Wanted) -> RegistryAnswers {
    let manifests = wanted.manifests.iter().map(async |(digest, repository)| {
        let answer = match session {
            Ok(session) => session.manifest(repository, digest).await,
            Err(why) => Err(not_asked(why, repository)),
        };
        (digest.clone(), answer)
    });
    let configs = wanted
        .configs
        .iter()
        .map(async |(manifest, (repository, config))| {
            let answer = match session {
                Ok(session) => session.config(repository, config).await,
                Err(why) => Err(not_asked(why, repository)),
            };
            (manifest.clone(), answer)
        });
    let (manifests, configs) = join(join_all(manifests), join_all(configs)).await;
    RegistryAnswers {
        manifests: manifests.into_iter().collect(),
        configs: configs.into_iter().collect(),
        ..RegistryAnswers::default()
    }
}

fn merge(answers: &mut RegistryAnswers, more: RegistryAnswers) {
    answers.manifests.extend(more.manifests);
    answers.configs.extend(more.configs);
}

/// A tag that names what its own registry does not have, or gives something else for, names nothing.
fn disprove(answers: &mut RegistryAnswers) {
    for latest in answers.latest.values_mut() {
        let Ok(resolved) = latest else { continue };
        let Some(Err(failure)) = answers.manifests.get(&resolved.digest) else {
            continue;
        };
        let message = match failure.code {
            Some(Code::DigestGone) => "the tag names a digest that the registry does not have",
            Some(Code::DigestNotProvable) => failure.message.as_str(),
            _ => continue,
        };
        *latest = Err(Failure {
            code: Some(Code::DigestNotProvable),
            message: message.to_owned(),
            ..failure.clone()
        });
    }
}

/// The same reason for every image, under the name of its own registry.
fn not_asked(why: &Failure, reference: &Reference) -> Failure {
    Failure {
        host: reference.registry.clone(),
        ..why.clone()
    }
}
