//! `status --from=cluster`: a pod of the refresher's kind says what tags name.

use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{join, join_all};

use crate::cluster::connect::Cluster;
use crate::cluster::job::OwnJobs;
use crate::cluster::observe::{self, Namespace};
use crate::command::pods::Pods;
use crate::command::{cleared, left_over};
use crate::error::{Error, Exit};
use crate::image::Reference;
use crate::look::{Latest, first_glance, with_latest};
use crate::lookup::{Failure, Layer, Resolved, Vantage};
use crate::observation::Observation;
use crate::probe::pod::place::Reach;
use crate::reading::{PodLook, Reading, Step, Unprobed, Way};
use crate::registry::Session;
use crate::terminal;
use crate::wanted::tags;

/// How often the Job is looked at.
const POLL: Duration = Duration::from_millis(500);

/// As [`crate::look::look`]; `Err` of the inner result where somebody ended it. The Job is gone either way.
///
/// # Errors
///
/// As [`crate::look::look`]. A pod that could not look is part of the observation.
pub(super) async fn look(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    selector: Option<&str>,
) -> Result<Result<Vec<Observation>, Exit>, Error> {
    let jobs = OwnJobs::new(cluster, &cluster.namespace, POLL);
    let looked = async {
        let namespace = Box::pin(observe::look(cluster, selector)).await?;
        let first = first_glance(cluster, &namespace);
        let latest = latest(cluster, session, &jobs, &namespace, &first);
        let from = (Vantage::Cluster, latest);
        let seen = Box::pin(with_latest(cluster, session, &namespace, &first, from));
        // What an earlier run has left is swept beside.
        Ok(join(seen, jobs.sweep()).await.0)
    };
    let ended = tokio::select! {
        looked = looked => looked.map(Ok),
        exit = terminal::interrupted() => Ok(Err(exit)),
    };
    match cleared(&jobs, "probe").await {
        Ok(leftovers) => left_over(&leftovers),
        Err(exit) => return Ok(Err(exit)),
    }
    ended
}

/// What the tags of each release name, as a pod of its refresher's kind sees it: one Job for a release.
async fn latest(
    cluster: &Cluster,
    session: Result<&Session, &Failure>,
    jobs: &OwnJobs<'_>,
    namespace: &Namespace,
    first: &[Observation],
) -> Latest {
    let pods = Pods {
        image: None,
        reach: Reach::One,
        cluster,
        jobs,
        session,
    };
    let looks = namespace.releases().iter().zip(first);
    let looks = looks.map(async |(release, seen)| {
        let images: Vec<Reference> = tags(seen).into_iter().collect();
        // Nobody looks from here, so there is nothing to wait for.
        let (_, nothing) = oneshot::channel();
        let looks = Box::pin(pods.look(release, &images, nothing)).await;
        told(&looks, &images)
    });
    join_all(looks).await.into_iter().flatten().collect()
}

/// What one look says of these images.
fn told(looks: &[PodLook], images: &[Reference]) -> Latest {
    let of_image = |image: &Reference| match looks.first().map(|look| &look.ways) {
        None => Err(unseen(image, None, "no pod has looked")),
        Some(Err(why)) => Err(unprobed(image, why)),
        Some(Ok(ways)) => {
            let mut ways = ways.iter();
            let way = ways.find(|way| way.registry == image.registry);
            way.map_or_else(
                || Err(unseen(image, None, "the pod was not asked for it")),
                |way| resolved(way, image),
            )
        }
    };
    images
        .iter()
        .map(|image| (image.clone(), of_image(image)))
        .collect()
}

fn resolved(way: &Way, image: &Reference) -> Result<Resolved, Failure> {
    if let Some(digest) = way.digests.get(image) {
        let took = way.steps.get(&Step::Manifest).and_then(|taken| taken.took);
        return Ok(Resolved {
            digest: digest.clone(),
            took: took.unwrap_or_default(),
        });
    }
    if let Some((step, _, broken)) = way.broken() {
        return Err(Failure {
            code: Some(broken.code),
            layer: layer(step),
            host: broken.host.clone(),
            message: format!("from a pod: {}", broken.message),
            retry_after: None,
        });
    }
    let unknown = way.steps.values().find_map(|taken| match &taken.reading {
        Reading::Unknown(why) => Some(why.as_str()),
        Reading::Passed
        | Reading::Odd(_)
        | Reading::Failed(_)
        | Reading::Needs(_)
        | Reading::Skipped(_) => None,
    });
    Err(unseen(
        image,
        None,
        unknown.unwrap_or("the pod has not come that far"),
    ))
}

const fn layer(step: Step) -> Layer {
    match step {
        Step::Dns => Layer::Dns,
        Step::Connect => Layer::Connect,
        Step::Token => Layer::Token,
        Step::Manifest | Step::Budget => Layer::Manifest,
        Step::Layers => Layer::Blob,
    }
}

fn unprobed(image: &Reference, why: &Unprobed) -> Failure {
    match why {
        Unprobed::ByChoice(why) | Unprobed::Unable(why) => unseen(image, None, why),
        Unprobed::Failed { code, message } => unseen(image, *code, message),
    }
}

/// No registry was asked.
fn unseen(image: &Reference, code: Option<crate::codes::Code>, why: &str) -> Failure {
    Failure {
        code,
        layer: Layer::None,
        host: image.registry.clone(),
        message: format!("from a pod: {why}"),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests;
