//! Rollouts of a simulated cluster, looked at over a real connection.

use serde_json::{Value, json};

use super::*;
use crate::codes::Code;
use crate::rollout::Settled;
use crate::world::sim::api::players::{rollouts, serves, waits};
use crate::world::sim::api::store::{At, Store};
use crate::world::sim::api::{Cluster as Sim, Transport};

mod endings;
mod silence;

pub(super) const NS: &str = "tracebloc";
const OLD: &str = "docker.io/tracebloc/web:prod";
pub(super) const NEW: &str = "docker.io/tracebloc/web@sha256:1db49be156bbc1a2f3d4b5c6978812d3e4f5a6b7c8d9eaf0b1c2d3e4f5a6b7c8";
const DIGEST: &str = "sha256:1db49be156bbc1a2f3d4b5c6978812d3e4f5a6b7c8d9eaf0b1c2d3e4f5a6b7c8";

pub(super) const GET: &str = "/deployments/web";
pub(super) const LIST: &str = "/pods?";
pub(super) const EVENTS: &str = "/events?";

/// Fast, and patient: nothing but looks.
pub(super) const PACE: Pace = Pace {
    interval: Duration::from_millis(5),
    answer: Duration::from_secs(10),
    events_after: Duration::from_secs(600),
    api_lost: Duration::from_secs(60),
    steady: 3,
};
const LONG: Duration = Duration::from_secs(20);

/// The workload `web` with this spec beside its template; its new pods fare as `fares` says.
pub(super) fn site(kind: &str, spec: &Value, fares: fn(&Value) -> Value) -> Sim {
    let sim = Sim::start(Transport::Plain);
    sim.on(rollouts(move |container| {
        match container["image"].as_str() {
            Some(OLD) => serves(OLD, "sha256:0"),
            _ => fares(container),
        }
    }));
    let mut web = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": NS},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "api", "image": OLD}]}}},
    });
    for (field, value) in spec.as_object().unwrap() {
        web["spec"][field] = value.clone();
    }
    sim.put(web);
    sim
}

pub(super) fn set(store: &mut Store, kind: &str, manager: &str, image: &str) {
    store.edit_as(manager, &At::new(kind, NS, "web"), |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    });
}

/// The Deployment of [`site`], set to the new image.
pub(super) fn deployment(spec: &Value, fares: fn(&Value) -> Value) -> Sim {
    let sim = site("Deployment", spec, fares);
    sim.store(|store| set(store, "Deployment", "kubectl-tracebloc-images", NEW));
    sim
}

pub(super) fn ready(_: &Value) -> Value {
    serves(NEW, DIGEST)
}

pub(super) fn creating(_: &Value) -> Value {
    waits("ContainerCreating", "")
}

/// The new pods of the workload from now on.
pub(super) fn fare(store: &mut Store, status: &Value) {
    let pods = store.all(At::new("Pod", "", "").resource, Some(NS));
    for pod in pods
        .iter()
        .filter(|pod| pod["spec"]["containers"][0]["image"] == NEW)
    {
        let mut status = status.clone();
        status["name"] = "api".into();
        status["image"] = NEW.into();
        store.edit(&At::of(pod), |pod| {
            pod["status"]["containerStatuses"] = json!([status]);
        });
    }
}

pub(super) fn target(kind: WorkloadKind) -> Target {
    Target {
        kind,
        namespace: NS.to_owned(),
        name: "web".to_owned(),
    }
}

pub(super) fn marks() -> [Mark; 1] {
    [Mark::Image {
        container: "api".to_owned(),
        image: NEW.to_owned(),
    }]
}

/// Waits for `web` on this site; says how it ended, and every word on the way.
pub(super) fn waited(
    sim: &Sim,
    (kind, lost): (WorkloadKind, &[&str]),
    (pace, limit): (Pace, Duration),
) -> (Result<Look, Error>, Vec<String>) {
    let (target, marks) = (target(kind), marks());
    let lost = lost.iter().map(|node| (*node).to_owned()).collect();
    let awaited = Awaited {
        target: &target,
        uid: None,
        marks: &marks,
        lost: &lost,
    };
    crate::cluster::fixture::with(sim, &[], async |cluster| {
        let mut words = Vec::new();
        let say = |text: &str| words.push(text.to_owned());
        let ended = wait(&cluster, &awaited, limit, &pace, say).await;
        (ended, words)
    })
}

pub(super) const WEB: (WorkloadKind, &[&str]) = (WorkloadKind::Deployment, &[]);

pub(super) fn settled(ended: Result<Look, Error>) -> Settled {
    match ended {
        Ok(Look {
            verdict: Verdict::Settled(settled),
            ..
        }) => settled,
        other => panic!("{other:?}"),
    }
}

/// Code, reason and message.
pub(super) fn failed(ended: Result<Look, Error>) -> (Code, String, String) {
    match ended {
        Ok(Look {
            verdict: Verdict::Failed(failed),
            ..
        }) => (failed.code, failed.reason, failed.message),
        other => panic!("{other:?}"),
    }
}
