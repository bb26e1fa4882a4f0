//! A release at rest: every workload rolled out, every digest recorded.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::alive::{Owner, own, owned, stamp};
use super::edits::set_env;
use super::pod::{PodState, Running};
use super::rollout::Revision;
use super::scene::Scene;
use super::{Digests, Release};

const AGENT: &str = "tracebloc-resource-monitor";

impl Scene {
    /// Rolls every workload out with these digests, the Deployments on the first node and the
    /// `DaemonSet` on all of them: as the chart renders it first, then as the last tick left it.
    pub fn settle(&mut self, release: &Release, running: &Digests, nodes: &[&str], at: Timestamp) {
        let installed = at - SignedDuration::from_hours(24);
        let node = nodes.first().copied().unwrap_or_default();
        let namespace = release.values.namespace.as_str();
        let (manager, proxy) = (release.jobs_manager_name(), release.requests_proxy_name());
        for (name, containers) in [
            (manager, ["api", "pods-monitor-container"].as_slice()),
            (proxy, &["proxy"]),
        ] {
            let earlier = self.object("Deployment", namespace, &name)["spec"]["template"].clone();
            self.move_workload(release, running, ("Deployment", namespace, &name), at);
            let workload = self.object("Deployment", namespace, &name);
            let containers = containers
                .iter()
                .map(|container| Running::ready(&in_use(release, running, container)));
            let pod = PodState::new(node, at, containers.collect());
            let mut revisions = vec![Revision::newest(at, vec![pod])];
            if workload["spec"]["template"] != earlier {
                revisions.insert(0, Revision::earlier(earlier, installed, Vec::new()));
            }
            self.roll_out(namespace, &name, &revisions);
        }
        if !release.values.resource_monitor {
            return;
        }
        let (namespace, name) = (
            &release.values.node_agents_namespace,
            release.resource_monitor_name(),
        );
        let earlier = self.object("DaemonSet", namespace, &name)["spec"]["template"].clone();
        self.move_workload(release, running, ("DaemonSet", namespace, &name), at);
        let workload = self.object("DaemonSet", namespace, &name);
        let has_moved = workload["spec"]["template"] != earlier;
        let pods = nodes.iter().map(|node| {
            let agent = Running::ready(&in_use(release, running, AGENT));
            PodState::new(node, at, vec![agent])
        });
        let mut revisions = vec![Revision::newest(at, pods.collect())];
        if has_moved {
            revisions.insert(0, Revision::earlier(earlier, installed, Vec::new()));
        }
        self.spread(namespace, &name, &revisions);
    }

    /// What the tick has done to a template: images by digest, or a restart and the ingestor's
    /// digest. Nothing under a mirror, without a refresher, or to a pinned image.
    pub fn move_workload(
        &mut self,
        release: &Release,
        to: &Digests,
        (kind, namespace, name): (&str, &str, &str),
        at: Timestamp,
    ) {
        if !release.has_refresher() || release.mirror().is_some_and(|host| host != "docker.io") {
            return;
        }
        let is_manager = name == release.jobs_manager_name();
        let workload = self.object_mut(kind, namespace, name);
        let template = &mut workload["spec"]["template"];
        let mut set = json!({});
        if release.generation.sets_images() {
            for container in template["spec"]["containers"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                let name = container["name"].as_str().unwrap_or_default();
                if is_free(release, name) {
                    let digest = of_container(to, name);
                    let image = format!("docker.io/tracebloc/{}@{digest}", image_of(name));
                    set[item(name)] = json!({ "f:image": {} });
                    container["image"] = image.into();
                }
            }
        } else if is_manager {
            let key = "kubectl.kubernetes.io/restartedAt";
            template["metadata"]["annotations"] = json!({ key: stamp(at) });
            let restart = owned(&json!({ "spec": { "template": {
                "metadata": { "annotations": { key: "" } },
            } } }));
            own(workload, &Owner::of_object("kubectl-rollout"), restart, at);
        }
        let moves_ingestor = release.generation.has_ingestor_pass();
        if is_manager && moves_ingestor && release.values.images.ingestor.auto_refresh {
            let (template, name) = (&mut workload["spec"]["template"], "INGESTOR_IMAGE_DIGEST");
            set_env(template, "api", name, &to.ingestor);
            set[item("api")] = json!({ "f:env": { item(name): { "f:value": {} } } });
        }
        if set == json!({}) {
            return;
        }
        let set = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": set } } } });
        let fields = set.as_object().cloned().unwrap_or_default();
        own(workload, &Owner::of_object("kubectl-set"), fields, at);
    }

    /// Records these digests, as far as the generation records them.
    pub fn record(&mut self, release: &Release, digests: &Digests, at: Timestamp) {
        if !release.has_refresher() || release.mirror().is_some_and(|host| host != "docker.io") {
            return;
        }
        let pins = &release.values.images;
        let ingestor = release.generation.has_ingestor_pass() && pins.ingestor.auto_refresh;
        let agent = release.generation.sets_images() && is_free(release, AGENT);
        for (name, digest, is_recorded) in [
            (
                "jobs-manager",
                &digests.jobs_manager,
                is_free(release, "api"),
            ),
            (
                "pods-monitor",
                &digests.pods_monitor,
                is_free(release, "pods-monitor-container"),
            ),
            ("resource-monitor", &digests.resource_monitor, agent),
            ("ingestor", &digests.ingestor, ingestor),
        ] {
            if is_recorded {
                let key = format!("tracebloc.io/last-refreshed-{name}-digest");
                self.annotate(release, &key, digest, at);
            }
        }
    }
}

/// The item of a named list, in the form of `fieldsV1`.
fn item(name: &str) -> String {
    format!("k:{}", json!({ "name": name }))
}

/// The repository that a managed container runs, under `tracebloc/`.
fn image_of(container: &str) -> &'static str {
    match container {
        "pods-monitor-container" => "pods-monitor",
        AGENT => "resource-monitor",
        _ => "jobs-manager",
    }
}

fn of_container<'a>(digests: &'a Digests, container: &str) -> &'a str {
    match image_of(container) {
        "pods-monitor" => &digests.pods_monitor,
        "resource-monitor" => &digests.resource_monitor,
        _ => &digests.jobs_manager,
    }
}

fn pin_of<'a>(release: &'a Release, container: &str) -> Option<&'a String> {
    let images = &release.values.images;
    let pin = match container {
        "api" => images.jobs_manager.as_ref(),
        "pods-monitor-container" => images.pods_monitor.as_ref(),
        AGENT => images.resource_monitor.as_ref(),
        _ => release.proxy_pin(),
    };
    pin.filter(|digest| !digest.is_empty())
}

fn is_free(release: &Release, container: &str) -> bool {
    pin_of(release, container).is_none()
}

/// What a container runs: its pin, or what the tick moved it to.
fn in_use(release: &Release, running: &Digests, container: &str) -> String {
    match pin_of(release, container) {
        Some(pin) => pin.clone(),
        None => of_container(running, container).to_owned(),
    }
}
