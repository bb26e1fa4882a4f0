//! Controllers and nodes of a site: pods of a new template run what their image names, and pull tests pull it.

use serde_json::{Value, json};

use super::super::api::players::{jobs, rollouts, serves};
use super::super::release::Digests;
use super::Site;

impl Site {
    /// With them at work.
    pub(crate) fn with_controllers(self) -> Self {
        let latest = self.latest.clone();
        self.cluster
            .on(rollouts(move |container| runs(container, &latest)));
        let latest = self.latest.clone();
        self.cluster
            .on(jobs(move |container| pulls(container, &latest)));
        self
    }
}

/// The status of a container of a new pod.
fn runs(container: &Value, latest: &Digests) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    serves(image, &named(image, latest))
}

/// The status of the container of a pull test: its command exists nowhere.
fn pulls(container: &Value, latest: &Digests) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let mut status = serves(image, &named(image, latest));
    status["ready"] = false.into();
    status["state"] = json!({"terminated": {"exitCode": 128, "reason": "StartError"}});
    status
}

/// The digest in an image, or what its tag names.
fn named(image: &str, latest: &Digests) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    let digest = match image {
        _ if image.contains("jobs-manager") => &latest.jobs_manager,
        _ if image.contains("pods-monitor") => &latest.pods_monitor,
        _ if image.contains("resource-monitor") => &latest.resource_monitor,
        _ => &latest.ingestor,
    };
    digest.clone()
}
