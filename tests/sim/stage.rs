//! A scene of a release put on the simulated API server.

use super::api::Cluster;
use super::api::logs::Run;
use super::release::{self, Scene};

/// Serves a scene: its objects as they stand, its logs, and its time, which stands still.
pub(crate) fn stage(cluster: &Cluster, scene: &Scene) {
    cluster.stop_clock(scene.now);
    for object in &scene.objects {
        cluster.put(object.clone());
    }
    for log in &scene.logs {
        let run = match log.run {
            release::Run::Current => Run::Current,
            release::Run::Previous => Run::Previous,
        };
        let pod = (log.namespace.as_str(), log.pod.as_str());
        cluster.append_log(pod, &log.container, run, &log.text);
    }
}
