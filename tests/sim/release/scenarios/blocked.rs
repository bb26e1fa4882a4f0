//! A registry that the pods cannot reach, in generations that count it and in others.

use jiff::{SignedDuration, Timestamp};

use super::super::{Digests, Generation, Node, Outcome, Release, Scene, Tick, Values};
use super::{NODES, SETTLED_FOR, Story, at_rest, curl_timeout, schedule_points, tick, tick_log};

const FAILURES: &str = "tracebloc.io/ingestor-refresh-consecutive-failures";
const LAST_ERROR: &str = "tracebloc.io/ingestor-refresh-last-error";

/// The one node of the incident, of an architecture that the stuck digest lacks.
const NODE: &str = "edge-01";

/// The incident as the second generation shows it: `stuck` is in use, the streak stands at 3 of 3
/// with its error, the last run that exited 0 was 2d4h ago, and the failed runs kept have no pods.
pub fn incident_g2(latest: &Digests, stuck: &str, now: Timestamp) -> Scene {
    let (release, mut scene) = stuck_ingestor(Generation::G2, latest, stuck, now);
    let in_use = Digests {
        ingestor: stuck.to_owned(),
        ..latest.clone()
    };
    let at = scene.ago(SETTLED_FOR);
    scene.record(&release, &in_use, at);
    // The second failure still exited 0: the third one is where the job began to fail.
    let last_success = schedule_points(scene.ago(SignedDuration::from_hours(52)), 1)[0];
    let story = unresolved(1);
    let log = tick_log(&release, &in_use, &story);
    scene.run(&release, &Tick::complete(last_success, NODE, log));
    let crossing = last_success + SignedDuration::from_mins(15);
    scene.annotate(&release, FAILURES, "3", crossing);
    let error = "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks";
    scene.annotate(&release, LAST_ERROR, error, crossing);
    for at in schedule_points(now, 3) {
        scene.run(&release, &Tick::failed(at, NODE));
    }
    scene
}

/// The incident as the first generation hides it: every run is green, and only the log of the
/// newest one says that ghcr.io did not answer. The ingestor has never been recorded.
pub fn silent_g1(latest: &Digests, stuck: &str, now: Timestamp) -> Scene {
    let (release, mut scene) = stuck_ingestor(Generation::G1, latest, stuck, now);
    let at = scene.ago(SETTLED_FOR);
    for (image, digest) in [
        ("jobs-manager", &latest.jobs_manager),
        ("pods-monitor", &latest.pods_monitor),
    ] {
        let key = format!("tracebloc.io/last-refreshed-{image}-digest");
        scene.annotate(&release, &key, digest, at);
    }
    tick(&mut scene, &release, latest, &unresolved(0));
    scene
}

/// The second generation below its threshold of 3: so many failures, and still green.
pub fn warned_g2(latest: &Digests, stuck: &str, failures: u32, now: Timestamp) -> Scene {
    let (release, mut scene) = stuck_ingestor(Generation::G2, latest, stuck, now);
    let in_use = Digests {
        ingestor: stuck.to_owned(),
        ..latest.clone()
    };
    let at = scene.ago(SETTLED_FOR);
    scene.record(&release, &in_use, at);
    tick(&mut scene, &release, &in_use, &unresolved(failures - 1));
    let counted = schedule_points(now, 1)[0];
    scene.annotate(&release, FAILURES, &failures.to_string(), counted);
    scene
}

/// docker.io does not answer the pods: the tick warns, exits 0, and `running` stays for ever.
pub fn docker_blocked(release: &Release, running: &Digests, now: Timestamp) -> Scene {
    let mut scene = at_rest(release, running, now);
    let curl = curl_timeout("registry-1.docker.io");
    tick(
        &mut scene,
        release,
        running,
        &Story::DockerUnresolved { curl },
    );
    scene
}

/// kubectl in the tick talks to localhost:8080 (chart #634): the runs fail, their pods are gone,
/// and the newest one is on its last try. For the generations before the sixth.
pub fn no_server(release: &Release, running: &Digests, now: Timestamp) -> Scene {
    let mut scene = at_rest(release, running, now);
    let points = schedule_points(now, 4);
    for &at in &points[..3] {
        scene.run(release, &Tick::failed(at, NODES[0].0));
    }
    let log = tick_log(release, running, &Story::NoServer);
    let outcome = Outcome::Running {
        log: log.clone(),
        failed_runs: vec![log],
    };
    scene.run(release, &Tick::running(points[3], NODES[0].0, outcome));
    scene
}

/// One arm64 node; the docker.io images are current, the ingestor is at `stuck` by the values.
fn stuck_ingestor(
    generation: Generation,
    latest: &Digests,
    stuck: &str,
    now: Timestamp,
) -> (Release, Scene) {
    let keep = |values: &mut Values| values.images.ingestor.digest = Some(stuck.to_owned());
    let release = Release::with(generation, keep);
    let mut scene = Scene::new(now);
    scene.add_node(&Node::new(NODE, "arm64"));
    let in_use = Digests {
        ingestor: stuck.to_owned(),
        ..latest.clone()
    };
    let at = scene.ago(SETTLED_FOR);
    scene.install(&release, at - SignedDuration::from_hours(24));
    scene.settle(&release, &in_use, &[NODE], at);
    (release, scene)
}

fn unresolved(failures_before: u32) -> Story {
    Story::IngestorUnresolved {
        failures_before,
        curl: curl_timeout("ghcr.io"),
    }
}
