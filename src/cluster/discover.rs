//! Finds the releases of a namespace: from their refresh CronJobs, else from their jobs-manager Deployments.
//!
//! Names and namespaces come from the CronJob's environment (chart contract, section 2.2), never from a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob as KubeCronJob;
use k8s_openapi::api::core::v1::Container;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::workload::{container, env, spec};
use crate::capability::{Capabilities, Env, EnvValue, Limit};
use crate::observation::Spec;
use crate::release::{Absence, CronJob, Limits, Refresher, Release, Resources, Run, Schedule};

/// Label selectors of the two kinds of object that a release is found by.
pub(super) const CRON_JOBS: &str = "app.kubernetes.io/component=image-refresh";
pub(super) const DEPLOYMENTS: &str =
    "app.kubernetes.io/name=client,app.kubernetes.io/managed-by=Helm";

/// The container of jobs-manager that spawns ingestions and carries their image in its environment.
pub(super) const API: &str = "api";
pub(super) const PODS_MONITOR: &str = "pods-monitor-container";

/// The releases that these objects make up, by name.
pub(super) fn releases(cron_jobs: &[KubeCronJob], deployments: &[Deployment]) -> Vec<Release> {
    let mut releases: Vec<_> = cron_jobs
        .iter()
        .filter_map(|cron_job| refreshed(cron_job, deployments))
        .collect();
    let known: BTreeSet<_> = releases
        .iter()
        .map(|release| release.jobs_manager.clone())
        .collect();
    let others = deployments.iter().filter(|deployment| {
        let name = name(&deployment.metadata);
        name.ends_with("-jobs-manager") && !known.contains(name)
    });
    releases.extend(others.map(unrefreshed));
    releases.sort_by(|a, b| a.name.cmp(&b.name));
    releases
}

/// A release with a CronJob. `None` when neither its environment nor its name tells which release it is of.
fn refreshed(cron_job: &KubeCronJob, deployments: &[Deployment]) -> Option<Release> {
    let metadata = &cron_job.metadata;
    let job_spec = cron_job.spec.job_template.spec.as_ref();
    let pod_spec = job_spec.and_then(|spec| spec.template.spec.as_ref());
    let refresh = container(pod_spec, "refresh").or_else(|| pod_spec?.containers.first());
    let refresh_env = env(refresh);
    let release_name = refresh_env
        .literal("RELEASE_NAME")
        .or_else(|| label(metadata, "app.kubernetes.io/instance"))
        .or_else(|| name(metadata).strip_suffix("-image-refresh"))?
        .to_owned();
    let jobs_manager = refresh_env
        .literal("DEPLOYMENT_NAME")
        .map_or_else(|| format!("{release_name}-jobs-manager"), str::to_owned);
    let api_env = deployments
        .iter()
        .find(|deployment| name(&deployment.metadata) == jobs_manager)
        .map(|deployment| env(container(deployment.spec.template.spec.as_ref(), API)))
        .unwrap_or_default();
    let deadline = job_spec.and_then(|spec| spec.active_deadline_seconds);
    let monitor = refresh_env
        .literal("RESOURCE_MONITOR_DAEMONSET")
        .zip(refresh_env.literal("NODE_AGENTS_NAMESPACE"));
    Some(Release {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        chart_version: chart_version(metadata),
        requests_proxy: refresh_env
            .literal("REQUESTS_PROXY_DEPLOYMENT")
            .map(str::to_owned),
        resource_monitor: monitor.map(|(set, namespace)| (set.to_owned(), namespace.to_owned())),
        capabilities: Capabilities::read(&refresh_env, &api_env, deadline),
        refresher: match refresh {
            Some(container) => {
                Refresher::CronJob(refresher(cron_job, container, refresh_env, deadline))
            }
            None => Refresher::Absent(Absence::NoContainer),
        },
        name: release_name,
        jobs_manager,
    })
}

fn refresher(
    cron_job: &KubeCronJob,
    container: &Container,
    env: Env,
    deadline: Option<i64>,
) -> CronJob {
    let (spec, status) = (&cron_job.spec, cron_job.status.clone().unwrap_or_default());
    let template = spec.job_template.spec.as_ref().map(|spec| &spec.template);
    let account = template
        .and_then(|template| template.spec.as_ref()?.service_account_name.clone())
        .filter(|name| !name.is_empty());
    let pod_labels = template.and_then(|template| template.metadata.as_ref()?.labels.clone());
    let seconds = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    CronJob {
        name: name(&cron_job.metadata).to_owned(),
        uid: cron_job.metadata.uid.clone().unwrap_or_default(),
        created: cron_job
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0),
        account: account.unwrap_or_else(|| "default".to_owned()),
        pod_labels: pod_labels.unwrap_or_default(),
        schedule: Schedule {
            cron: spec.schedule.clone(),
            zone: spec.time_zone.clone(),
        },
        run: if spec.suspend == Some(true) {
            Run::Suspended
        } else {
            Run::Scheduled
        },
        starting_deadline: spec.starting_deadline_seconds.map(seconds),
        active_deadline: deadline.map(seconds),
        last_schedule: status.last_schedule_time.map(|time| time.0),
        last_success: status.last_successful_time.map(|time| time.0),
        active: status
            .active
            .into_iter()
            .flatten()
            .filter_map(|job| job.name)
            .collect(),
        tag: text(&env, "IMAGE_TAG", "prod"),
        ingestor_tag: env
            .has("INGESTOR_TAG")
            .then(|| text(&env, "INGESTOR_TAG", "0.3"))
            .flatten(),
        pinned: env.pinned(),
        limits: Limits {
            failures: Limit::read(&env, "INGESTOR_RESOLVE_FAIL_THRESHOLD", 3),
            attempts: Limit::read(&env, "MAX_REFRESH_ATTEMPTS", 3),
            skips: Limit::read(&env, "MAX_SKIP_TICKS", 8),
        },
        resources: resources(container),
        env,
    }
}

fn resources(container: &Container) -> Resources {
    let asked = container.resources.clone().unwrap_or_default();
    let quantities = |by_name: Option<BTreeMap<String, Quantity>>| {
        by_name
            .into_iter()
            .flatten()
            .map(|(name, quantity)| (name, quantity.0))
            .collect()
    };
    Resources {
        requests: quantities(asked.requests),
        limits: quantities(asked.limits),
    }
}

/// A setting of the refresher, which takes the default where it is absent or empty. `None` where it cannot be read.
fn text(env: &Env, name: &str, default: &str) -> Option<String> {
    match env.get(name) {
        Some(EnvValue::Elsewhere) => None,
        _ => Some(env.literal(name).unwrap_or(default).to_owned()),
    }
}

/// A release whose CronJob is absent, and why as far as its jobs-manager tells.
fn unrefreshed(deployment: &Deployment) -> Release {
    let metadata = &deployment.metadata;
    let pod_spec = deployment.spec.template.spec.as_ref();
    let chart_version = chart_version(metadata);
    let is_pinned = |container: &Container| matches!(spec(container), Spec::Pinned { .. });
    let managed = [API, PODS_MONITOR].map(|name| container(pod_spec, name));
    let absence = if managed
        .iter()
        .all(|container| container.is_some_and(is_pinned))
    {
        Absence::AllPinned
    } else if chart_version.as_deref().is_some_and(is_before_refresh) {
        Absence::BeforeRefresh
    } else {
        Absence::Disabled
    };
    let own = name(metadata);
    Release {
        name: label(metadata, "app.kubernetes.io/instance")
            .or_else(|| own.strip_suffix("-jobs-manager"))
            .unwrap_or(own)
            .to_owned(),
        namespace: metadata.namespace.clone().unwrap_or_default(),
        chart_version,
        jobs_manager: own.to_owned(),
        requests_proxy: None,
        resource_monitor: None,
        capabilities: Capabilities::read(&Env::default(), &env(container(pod_spec, API)), None),
        refresher: Refresher::Absent(absence),
    }
}

/// Charts up to 1.3.5 have no image refresh at all. This chooses words, not behaviour.
fn is_before_refresh(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    matches!(
        (numbers.next().flatten(), numbers.next().flatten()),
        (Some(0), _) | (Some(1), Some(0..=3))
    )
}

pub(super) fn chart_version(metadata: &ObjectMeta) -> Option<String> {
    label(metadata, "helm.sh/chart")?
        .strip_prefix("client-")
        .map(str::to_owned)
}

fn label<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.labels.as_ref()?.get(key).map(String::as_str)
}

pub(super) fn name(metadata: &ObjectMeta) -> &str {
    metadata.name.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests;
