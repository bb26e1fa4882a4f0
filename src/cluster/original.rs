//! The pod that a probe is copied from, and where such pods stand.

use futures::join;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob as KubeCronJob;
use k8s_openapi::api::core::v1::{Node as KubeNode, Pod as KubePod, PodTemplateSpec};
use kube::api::ListParams;
use serde_json::{Value, json};

use super::connect::Cluster;
use super::discover::API;
use super::job::RUN;
use super::nodes::node;
use super::read::Scope;
use super::workload::{container, scheduling};
use crate::error::Error;
use crate::observation::Blind;
use crate::probe::pod::place::Site;
use crate::probe::pod::template::Original;
use crate::release::{CronJob, Release};
use crate::text::{QUOTED, printable};

/// The refresher's pod, with another image where one is given.
///
/// # Errors
///
/// As [`Cluster::get`]. Where pods stand, and which nodes there are, is part of the site, known or not.
pub(crate) async fn of_refresher(
    cluster: &Cluster,
    release: &Release,
    cron_job: &CronJob,
    image: Option<&str>,
) -> Result<(Original, Site), Error> {
    let scope = Scope::Namespace(&release.namespace);
    let (found, site) = join!(
        cluster.get::<KubeCronJob>(scope, &cron_job.name),
        site(cluster, release, Some(cron_job)),
    );
    let spec = found?.spec.job_template.spec;
    let template = spec.map(|spec| spec.template).unwrap_or_default();
    let pod_spec = template.spec.as_ref();
    let own = container(pod_spec, "refresh").or_else(|| pod_spec?.containers.first());
    let own_image = own.and_then(|own| own.image.clone()).unwrap_or_default();
    let original = Original {
        container: own.map_or_else(|| "probe".to_owned(), |own| own.name.clone()),
        image: image.map_or(own_image, str::to_owned),
        template: value(&template),
    };
    Ok((original, site.for_pods_of(&template)))
}

/// A pod with nothing of jobs-manager's but its proxy, its pull secrets and where it may stand: what is left to look
/// from where there is no refresher.
///
/// # Errors
///
/// As [`of_refresher`].
pub(crate) async fn of_jobs_manager(
    cluster: &Cluster,
    release: &Release,
    image: &str,
) -> Result<(Original, Site), Error> {
    const PROXY: [&str; 6] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];
    let scope = Scope::Namespace(&release.namespace);
    let (found, site) = join!(
        cluster.get::<Deployment>(scope, &release.jobs_manager),
        site(cluster, release, None),
    );
    let template = found?.spec.template;
    let pod_spec = template.spec.as_ref();
    let env = container(pod_spec, API).and_then(|api| api.env.clone());
    let env = env.into_iter().flatten();
    let env: Vec<_> = env
        .filter(|one| PROXY.contains(&one.name.as_str()))
        .collect();
    let whole = value(&template);
    let mut spec = json!({"containers": [{"name": "probe", "env": env}]});
    for key in [
        "imagePullSecrets",
        "tolerations",
        "nodeSelector",
        "affinity",
    ] {
        if !whole["spec"][key].is_null() {
            spec[key] = whole["spec"][key].clone();
        }
    }
    let original = Original {
        template: json!({"metadata": {}, "spec": spec}),
        container: "probe".to_owned(),
        image: image.to_owned(),
    };
    Ok((original, site.for_pods_of(&template)))
}

/// A typed object is JSON again without a loss that this plugin could know of.
fn value(template: &PodTemplateSpec) -> Value {
    serde_json::to_value(template).unwrap_or_default()
}

impl Site {
    fn for_pods_of(mut self, template: &PodTemplateSpec) -> Self {
        self.scheduling = scheduling(template.spec.as_ref());
        self
    }
}

async fn site(cluster: &Cluster, release: &Release, cron_job: Option<&CronJob>) -> Site {
    let scope = Scope::Namespace(&release.namespace);
    let ticks = async {
        let labels = &cron_job?.pod_labels;
        if labels.is_empty() {
            return None;
        }
        let words = labels.iter().map(|(key, value)| format!("{key}={value}"));
        // Probes bear the same labels, and this one besides.
        let words: Vec<_> = words.chain([format!("!{RUN}")]).collect();
        let params = ListParams::default().labels(&words.join(","));
        cluster.list::<KubePod>(scope, &params).await.ok()
    };
    let managers = ListParams::default().labels("app=manager");
    let all = ListParams::default();
    let (ticks, managers, nodes) = join!(
        ticks,
        cluster.list::<KubePod>(scope, &managers),
        cluster.list::<KubeNode>(Scope::Everywhere, &all),
    );
    let mut ticks = ticks.unwrap_or_default();
    ticks.sort_by_key(|pod| {
        pod.metadata
            .creation_timestamp
            .as_ref()
            .map(|time| std::cmp::Reverse(time.0))
    });
    let prefix = format!("{}-", release.jobs_manager);
    let mut managers = managers.unwrap_or_default();
    managers.retain(|pod| {
        pod.metadata
            .name
            .as_deref()
            .is_some_and(|name| name.starts_with(&prefix))
    });
    let used = ticks.iter().chain(&managers);
    Site {
        used: used
            .filter_map(|pod| pod.spec.as_ref()?.node_name.clone())
            .collect(),
        nodes: nodes
            .map(|nodes| nodes.iter().map(node).collect())
            .map_err(|error| Blind(printable(&error.to_string(), QUOTED))),
        scheduling: crate::node::Scheduling::default(),
    }
}
