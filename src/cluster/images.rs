//! The managed images of a release, as its workloads, pods and environments show them.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod as KubePod, PodSpec};
use kube::core::PartialObjectMeta;

use super::discover::{API, PODS_MONITOR, name};
use super::pods::{Source, of_daemon_set, of_deployment};
use super::workload::{
    container, credentials, daemon_set_state, daemon_set_status, deployment_state,
    deployment_status, env, scheduling, spec,
};
use crate::capability::{Capability, Env, EnvValue, from_elsewhere, pinned_by};
use crate::image::{INGESTOR_DIGEST, ManagedImage, Reference};
use crate::observation::{Blind, ObservedImage, ProxySettings, Seen, Spec, Workload, WorkloadKind};
use crate::release::Release;
use crate::text::{QUOTED, printable};

const INGESTOR_REPOSITORY: &str = "ghcr.io/tracebloc/ingestor";

/// The resource-monitor's DaemonSet, and the pods that bear its label.
pub(super) type Monitor = (DaemonSet, Seen<Vec<KubePod>>);

/// The objects that images are read from. What could not be listed says why.
pub(super) struct Objects<'a> {
    pub(super) deployments: &'a [Deployment],
    pub(super) replica_sets: &'a Seen<Vec<PartialObjectMeta<ReplicaSet>>>,
    pub(super) pods: &'a Seen<Vec<KubePod>>,
    /// The DaemonSet and its pods; `Ok(None)` when it is absent.
    pub(super) monitor: &'a Seen<Option<Monitor>>,
    /// What the newest ingestion's pod is made from; `None` when none is kept.
    pub(super) ingestion: Option<&'a PodSpec>,
    /// Names of the nodes that are not ready.
    pub(super) lost: &'a BTreeSet<String>,
}

/// The host that the pods pull docker.io images from, where it is a private mirror. Empty when the environment
/// names an empty one, which the refresher takes for a mirror too. Where the environment does not tell, the spec does.
pub(super) fn mirror(release: &Release, deployments: &[Deployment]) -> Option<String> {
    let public = |host: &str| host == "docker.io";
    if release.capabilities.has(Capability::SetImage) {
        let env = &release.cron_job()?.env;
        if !env.is_elsewhere("IMAGE_REGISTRY") {
            let named = env.literal("IMAGE_REGISTRY").unwrap_or_default();
            return (!public(named)).then(|| printable(named, QUOTED));
        }
    }
    let api = container(pod_spec(find(deployments, &release.jobs_manager)?), API)?;
    match spec(api) {
        Spec::Tagged { reference, .. } => {
            (!public(&reference.registry)).then_some(reference.registry)
        }
        Spec::Pinned { repository, .. } => {
            let host = repository.split('/').next().unwrap_or_default();
            (!public(host)).then(|| host.to_owned())
        }
        Spec::Floats(_) | Spec::Empty | Spec::Unreadable(_) => None,
    }
}

/// Where a proxy is set, of the two places that matter to the refresher (chart contract, section 9.3).
pub(super) fn proxy(release: &Release, deployments: &[Deployment]) -> ProxySettings {
    let set = |env: &Env, names: &[&str]| names.iter().any(|name| env.is_set(name));
    let on_cron_job = release
        .cron_job()
        .is_some_and(|cron_job| set(&cron_job.env, &["HTTPS_PROXY", "https_proxy"]));
    let api = find(deployments, &release.jobs_manager)
        .map(|deployment| env(container(pod_spec(deployment), API)));
    let on_api =
        api.is_some_and(|api| set(&api, &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY_HOST"]));
    match (on_cron_job, on_api) {
        (true, _) => ProxySettings::CronJob,
        (false, true) => ProxySettings::ApiOnly,
        (false, false) => ProxySettings::None,
    }
}

/// The images that the release has, in the order of `ManagedImage::ALL`.
pub(super) fn images(release: &Release, objects: &Objects<'_>) -> Vec<ObservedImage> {
    ManagedImage::ALL
        .into_iter()
        .filter_map(|image| observed(release, objects, image))
        .collect()
}

fn observed(
    release: &Release,
    objects: &Objects<'_>,
    image: ManagedImage,
) -> Option<ObservedImage> {
    let jobs_manager = release.jobs_manager.as_str();
    let workload = match image {
        ManagedImage::Ingestor => return ingestor(release, objects),
        ManagedImage::JobsManager => deployment(objects, jobs_manager, API),
        ManagedImage::PodsMonitor => deployment(objects, jobs_manager, PODS_MONITOR),
        ManagedImage::RequestsProxy => match &release.requests_proxy {
            Some(name) => deployment(objects, name, "proxy"),
            None => Err(unnamed(release, &["REQUESTS_PROXY_DEPLOYMENT"])?),
        },
        ManagedImage::ResourceMonitor if release.resource_monitor.is_none() => {
            let names = ["RESOURCE_MONITOR_DAEMONSET", "NODE_AGENTS_NAMESPACE"];
            Err(unnamed(release, &names)?)
        }
        ManagedImage::ResourceMonitor => {
            let pinned = release
                .cron_job()
                .is_some_and(|cron_job| cron_job.pinned.contains(&image));
            // `resourceMonitor: false` leaves the names in the environment, and PINNED=1 beside them.
            if pinned && matches!(objects.monitor, Ok(None)) {
                return None;
            }
            daemon_set(release, objects)
        }
    };
    let tracks = match release.cron_job() {
        Some(cron_job) => {
            let repository = match image {
                ManagedImage::RequestsProxy => ManagedImage::JobsManager.name(),
                other => other.name(),
            };
            let repository = format!("tracebloc/{repository}");
            let tag = cron_job.tag.as_deref();
            tag.map(|tag| Reference::tagged("docker.io", &repository, tag))
        }
        None => workload
            .as_ref()
            .ok()
            .and_then(|workload| own_tag(&workload.spec)),
    };
    Some(ObservedImage {
        image,
        tracks,
        workload: known_pin(release, image).and(workload),
        mirror: None,
    })
}

/// The first of the refresher's settings that comes from elsewhere, so that a workload which may be there has no name.
fn unnamed(release: &Release, names: &[&str]) -> Option<Blind> {
    let env = &release.cron_job()?.env;
    let name = names.iter().find(|name| env.is_elsewhere(name))?;
    Some(Blind(from_elsewhere(name)))
}

/// An image of which nobody can tell whether it is meant to stay is not judged.
fn known_pin(release: &Release, image: ManagedImage) -> Seen<()> {
    unnamed(release, &[pinned_by(image)]).map_or(Ok(()), Err)
}

/// Without a refresher, the tag that the spec itself names.
fn own_tag(spec: &Spec) -> Option<Reference> {
    match spec {
        Spec::Tagged { reference, .. } | Spec::Floats(reference) => Some(reference.clone()),
        Spec::Pinned { .. } | Spec::Empty | Spec::Unreadable(_) => None,
    }
}

fn deployment(objects: &Objects<'_>, wanted: &str, container_name: &str) -> Seen<Workload> {
    let deployment = find(objects.deployments, wanted).ok_or_else(|| {
        Blind(format!(
            "deployment \"{}\" is not there",
            printable(wanted, QUOTED)
        ))
    })?;
    let container = container(pod_spec(deployment), container_name).ok_or_else(|| {
        Blind(format!(
            "deployment \"{wanted}\" has no container \"{container_name}\""
        ))
    })?;
    Ok(on_deployment(
        deployment,
        objects,
        (spec(container), container.image.clone()),
        Source::Image(container_name),
    ))
}

fn on_deployment(
    deployment: &Deployment,
    objects: &Objects<'_>,
    (spec, written): (Spec, Option<String>),
    source: Source<'_>,
) -> Workload {
    let pods = match (objects.replica_sets, objects.pods) {
        (Ok(replica_sets), Ok(pods)) => Ok(of_deployment(
            deployment,
            replica_sets,
            pods,
            objects.lost,
            source,
        )),
        (Err(blind), _) | (_, Err(blind)) => Err(blind.clone()),
    };
    Workload {
        kind: WorkloadKind::Deployment,
        namespace: deployment.metadata.namespace.clone().unwrap_or_default(),
        name: name(&deployment.metadata).to_owned(),
        container: match source {
            Source::Image(container) | Source::Env { container, .. } => container.to_owned(),
        },
        object: deployment_state(deployment),
        spec,
        written: written.unwrap_or_default(),
        duplicate_entries: 0,
        scheduling: scheduling(pod_spec(deployment)),
        credentials: credentials(pod_spec(deployment)),
        replicas: Some(u32::try_from(deployment.spec.replicas.unwrap_or(1)).unwrap_or(0)),
        rollout: deployment_status(deployment).rollout(),
        pods,
    }
}

fn daemon_set(release: &Release, objects: &Objects<'_>) -> Seen<Workload> {
    const CONTAINER: &str = "tracebloc-resource-monitor";

    let (set, pods) = match objects.monitor {
        Err(blind) => return Err(blind.clone()),
        Ok(None) => {
            let (name, namespace) = release.resource_monitor.clone().unwrap_or_default();
            return Err(Blind(format!(
                "daemonset \"{name}\" is not there in namespace \"{namespace}\""
            )));
        }
        Ok(Some((set, pods))) => (set, pods),
    };
    let template = set.spec.template.spec.as_ref();
    let container = container(template, CONTAINER).ok_or_else(|| {
        Blind(format!(
            "daemonset \"{}\" has no container \"{CONTAINER}\"",
            name(&set.metadata)
        ))
    })?;
    Ok(Workload {
        kind: WorkloadKind::DaemonSet,
        namespace: set.metadata.namespace.clone().unwrap_or_default(),
        name: name(&set.metadata).to_owned(),
        container: CONTAINER.to_owned(),
        object: daemon_set_state(set),
        spec: spec(container),
        written: container.image.clone().unwrap_or_default(),
        duplicate_entries: 0,
        scheduling: scheduling(template),
        credentials: credentials(template),
        replicas: None,
        rollout: daemon_set_status(set).rollout(),
        pods: pods
            .as_ref()
            .map(|pods| of_daemon_set(set, pods, objects.lost, Source::Image(CONTAINER)))
            .map_err(Clone::clone),
    })
}

/// The ingestor: no workload of its own, but an entry in the environment of `api`. `None` when that has none.
fn ingestor(release: &Release, objects: &Objects<'_>) -> Option<ObservedImage> {
    let image = ManagedImage::Ingestor;
    let spawned = release.capabilities.has(Capability::SpawnByTag);
    let passed = release.capabilities.has(Capability::IngestorPass);
    let polled = release
        .cron_job()
        .and_then(|cron_job| cron_job.ingestor_tag.as_deref());
    let Some(deployment) = find(objects.deployments, &release.jobs_manager) else {
        let blind = Blind(format!(
            "deployment \"{}\" is not there",
            release.jobs_manager
        ));
        let tracks = polled.map(|tag| Reference::tagged("ghcr.io", "tracebloc/ingestor", tag));
        return passed.then_some(ObservedImage {
            image,
            tracks,
            workload: Err(blind),
            mirror: None,
        });
    };
    let api_env = env(container(pod_spec(deployment), API));
    if !spawned && !passed && !api_env.has(INGESTOR_DIGEST) {
        return None;
    }
    let is_named = !api_env.is_elsewhere("INGESTOR_IMAGE_REPOSITORY");
    let repository = api_env
        .literal("INGESTOR_IMAGE_REPOSITORY")
        .unwrap_or(INGESTOR_REPOSITORY);
    let tag = if spawned {
        api_env.literal("INGESTOR_IMAGE_TAG")
    } else {
        polled
    };
    let tag = tag.filter(|_| is_named);
    let tracks: Option<Reference> = tag.and_then(|tag| format!("{repository}:{tag}").parse().ok());
    let spec = ingestor_spec(&api_env, spawned, repository, tracks.as_ref());
    let mut workload = on_deployment(
        deployment,
        objects,
        (spec, api_env.literal(INGESTOR_DIGEST).map(str::to_owned)),
        Source::Env {
            container: API,
            name: INGESTOR_DIGEST,
        },
    );
    workload.duplicate_entries = api_env.count(INGESTOR_DIGEST).saturating_sub(1);
    workload.scheduling = scheduling(objects.ingestion);
    if objects.ingestion.is_some() {
        workload.credentials = credentials(objects.ingestion);
    }
    let mirror = tracks
        .as_ref()
        .filter(|_| spawned)
        .map(|tracks| tracks.registry.clone())
        .filter(|host| !matches!(host.as_str(), "ghcr.io" | "docker.io"));
    Some(ObservedImage {
        image,
        tracks,
        workload: known_pin(release, image).map(|()| workload),
        mirror,
    })
}

fn ingestor_spec(env: &Env, spawned: bool, repository: &str, tracks: Option<&Reference>) -> Spec {
    match env.get(INGESTOR_DIGEST) {
        Some(EnvValue::Elsewhere) => Spec::Unreadable(from_elsewhere(INGESTOR_DIGEST)),
        Some(EnvValue::Literal(text)) if !text.is_empty() => match text.parse() {
            Ok(digest) => Spec::Pinned {
                repository: printable(repository, QUOTED),
                digest,
            },
            Err(_) => Spec::Unreadable(format!(
                "{INGESTOR_DIGEST} is no digest: {}",
                printable(text, QUOTED)
            )),
        },
        None | Some(EnvValue::Literal(_)) => match (spawned, tracks) {
            (false, _) => Spec::Empty,
            (true, Some(reference)) => Spec::Floats(reference.clone()),
            (true, None) => {
                let names = ["INGESTOR_IMAGE_REPOSITORY", "INGESTOR_IMAGE_TAG"];
                let elsewhere = names.into_iter().find(|name| env.is_elsewhere(name));
                let no_tag = || "INGESTOR_IMAGE_TAG names no tag".to_owned();
                Spec::Unreadable(elsewhere.map_or_else(no_tag, from_elsewhere))
            }
        },
    }
}

pub(super) fn find<'a>(deployments: &'a [Deployment], wanted: &str) -> Option<&'a Deployment> {
    deployments
        .iter()
        .find(|deployment| name(&deployment.metadata) == wanted)
}

pub(super) fn pod_spec(deployment: &Deployment) -> Option<&PodSpec> {
    deployment.spec.template.spec.as_ref()
}

#[cfg(test)]
mod tests;
