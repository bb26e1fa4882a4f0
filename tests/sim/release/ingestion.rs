//! Ingestion runs: Jobs that jobs-manager spawns, with the ingestor as their image.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Release;
use super::alive::born;
use super::pod::{PodState, Running, pod};
use super::scene::Scene;

/// An ingestion run, and where its pod went.
#[derive(Clone, Debug)]
pub struct Ingestion {
    pub name: String,
    pub created: Timestamp,
    /// `repo@digest` or `repo:tag`, as the spawn rule of the chart makes it.
    pub image: String,
    /// The Job's `nodeSelector`.
    pub node_selector: Vec<(String, String)>,
    pub node: String,
    pub running: Running,
}

impl Scene {
    /// Adds the Job and its pod, both labelled `tracebloc.io/ingestion-run`.
    pub fn ingest(&mut self, release: &Release, ingestion: &Ingestion) {
        let labels = json!({ "tracebloc.io/ingestion-run": ingestion.name });
        let selector: serde_json::Map<_, _> = ingestion
            .node_selector
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect();
        let policy = if ingestion.image.contains('@') {
            "IfNotPresent"
        } else {
            "Always"
        };
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": ingestion.name,
                "namespace": release.values.namespace,
                "labels": labels,
            },
            "spec": { "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "restartPolicy": "Never",
                    "nodeSelector": selector,
                    "containers": [{
                        "name": "ingestor",
                        "image": ingestion.image,
                        "imagePullPolicy": policy,
                    }],
                },
            } },
            "status": { "active": 1 },
        });
        let job = born(job, "jobs-manager", ingestion.created);
        let state = PodState::new(
            &ingestion.node,
            ingestion.created,
            vec![ingestion.running.clone()],
        );
        let pod = pod(&job, &job["spec"]["template"], &state, 0);
        self.objects.extend([job, pod]);
    }
}
