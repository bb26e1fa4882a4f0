//! Refreshers that have stopped, or that something stops.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::{
    Digests, Event, Generation, Outcome, PodState, Release, Revision, Running, Scene, Tick,
};
use super::{NODES, SETTLED_FOR, Story, at_rest, healthy, schedule_points, tick, tick_log};

const ATTEMPT: &str = "tracebloc.io/refresh-attempt";
const FLAP: &str = "tracebloc.io/refresh-flap-detected";
const SKIPS: &str = "tracebloc.io/refresh-skip-streak";

/// Locked out: the resource monitor crashes on its newest build, so one run used up all three
/// attempts, waiting ten minutes each time. jobs-manager already runs the newest build; nothing of
/// it is recorded. Green since.
pub fn flap_g10(latest: &Digests, before: &Digests, now: Timestamp) -> Scene {
    let release = Release::new(Generation::G10);
    let mut scene = at_rest(&release, before, now);
    let points = schedule_points(now, 4);
    scene.annotate(&release, ATTEMPT, "3", points[0]);
    begin_roll_out(&mut scene, &release, latest, points[0]);
    let crashing = Running::crashing(&latest.resource_monitor);
    begin_spread(&mut scene, &release, latest, (points[0], crashing));
    let failed = Tick {
        took: SignedDuration::from_mins(31),
        ..Tick::failed(points[0], NODES[0].0)
    };
    scene.run(&release, &failed);
    scene.annotate(&release, FLAP, "3", points[3]);
    let story = Story::LockedOut {
        from: before.clone(),
    };
    tick(&mut scene, &release, latest, &story);
    scene
}

/// Frozen: jobs-manager runs and never becomes Ready. Seven ticks skipped; the next two failed,
/// and each of their three runs counted on, to 13 of 8.
pub fn skips_g10(running: &Digests, now: Timestamp) -> Scene {
    let release = Release::new(Generation::G10);
    let mut scene = at_rest(&release, running, now);
    let points = schedule_points(now, 9);
    let since = points[0] - SignedDuration::from_mins(5);
    let state = vec![
        Running::unready(&running.jobs_manager),
        Running::ready(&running.pods_monitor),
    ];
    restart(&mut scene, &release, (since, state));
    scene.annotate(&release, SKIPS, "13", points[8]);
    let log = tick_log(&release, running, &Story::Unsettled { skips_before: 6 });
    scene.run(&release, &Tick::complete(points[6], NODES[0].0, log));
    for &at in &points[7..] {
        scene.run(&release, &Tick::failed(at, NODES[0].0));
    }
    scene
}

/// Suspended six days ago.
pub fn suspended(release: &Release, running: &Digests, now: Timestamp) -> Scene {
    let mut release = release.clone();
    release.values.refresh.suspend = true;
    last_run_days_ago(&release, running, 6, now)
}

/// Not suspended, and no run has started for a day.
pub fn overdue(release: &Release, running: &Digests, now: Timestamp) -> Scene {
    last_run_days_ago(release, running, 1, now)
}

fn last_run_days_ago(release: &Release, running: &Digests, days: i64, now: Timestamp) -> Scene {
    let mut scene = at_rest(release, running, now);
    let then = scene.ago(SignedDuration::from_hours(24 * days));
    let log = tick_log(release, running, &Story::Unchanged);
    for at in schedule_points(then, 1) {
        scene.run(release, &Tick::complete(at, NODES[0].0, log.clone()));
    }
    scene
}

/// A run that began with the newest schedule point and is not done.
pub fn running_tick(release: &Release, latest: &Digests, now: Timestamp) -> Scene {
    let points = schedule_points(now, 2);
    let mut scene = at_rest(release, latest, now);
    let log = tick_log(release, latest, &Story::Unchanged);
    scene.run(release, &Tick::complete(points[0], NODES[0].0, log.clone()));
    let so_far = log.split_inclusive('\n').take(3).collect();
    let outcome = Outcome::Running {
        log: so_far,
        failed_runs: Vec::new(),
    };
    scene.run(release, &Tick::running(points[1], NODES[0].0, outcome));
    scene
}

/// A quota refuses the pod of the newest run, which stays active without one.
pub fn no_pod(release: &Release, running: &Digests, now: Timestamp) -> Scene {
    let mut scene = healthy(release, running, now - SignedDuration::from_mins(15));
    scene.now = now;
    let name = release.refresher_name();
    let refusal = format!(
        "Error creating: pods \"{name}\" is forbidden: exceeded quota: site, requested: pods=1, \
         used: pods=10, limited: pods=10"
    );
    let outcome = Outcome::NoPod { refusal };
    for at in schedule_points(now, 1) {
        let tick = Tick::running(at, NODES[0].0, outcome.clone());
        scene.run(release, &tick);
    }
    scene
}

/// jobs-manager is replaced in place and its node cannot pull the new build: nothing serves, the
/// attempt is counted, and since then one tick was skipped.
pub fn not_pulled_g10(latest: &Digests, before: &Digests, now: Timestamp) -> Scene {
    let release = Release::new(Generation::G10);
    let mut scene = at_rest(&release, before, now);
    let points = schedule_points(now, 2);
    let (namespace, name) = ("tracebloc", release.jobs_manager_name());
    scene.annotate(&release, ATTEMPT, "1", points[0]);
    let old = scene.object("Deployment", namespace, &name)["spec"]["template"].clone();
    scene.move_workload(
        &release,
        latest,
        ("Deployment", namespace, &name),
        points[0],
    );
    let image = format!("docker.io/tracebloc/jobs-manager@{}", latest.jobs_manager);
    let cause = format!(
        "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": \
         failed to do request: Head \"https://registry-1.docker.io/v2/tracebloc/jobs-manager/\
         manifests/{}\": dial tcp: i/o timeout",
        latest.jobs_manager
    );
    let containers = vec![
        Running::not_pulled(&image, &cause),
        Running::ready(&latest.pods_monitor),
    ];
    let pod = PodState::new(NODES[0].0, points[0], containers);
    renew(&mut scene, "Deployment", namespace, &name);
    let then = scene.ago(SETTLED_FOR);
    let revisions = [
        Revision::earlier(old, then, Vec::new()),
        Revision::newest(points[0], vec![pod]),
    ];
    scene.roll_out(namespace, &name, &revisions);
    let pod = scene
        .all("Pod")
        .find(|pod| pod["status"]["phase"] == "Pending")
        .cloned();
    let message = format!("Failed to pull image \"{image}\": {cause}");
    if let Some(pod) = pod {
        let event = Event {
            level: "Warning",
            reason: "Failed",
            message: &message,
            component: "kubelet",
        };
        scene.report(&pod, &event, points[0]);
    }
    scene.annotate(&release, SKIPS, "1", points[1]);
    let log = tick_log(&release, latest, &Story::Unsettled { skips_before: 0 });
    scene.run(&release, &Tick::complete(points[1], NODES[0].0, log));
    scene
}

/// Moves both Deployments to these digests, with Ready pods.
fn begin_roll_out(scene: &mut Scene, release: &Release, to: &Digests, at: Timestamp) {
    let namespace = release.values.namespace.clone();
    let then = scene.ago(SETTLED_FOR);
    let manager = vec![
        Running::ready(&to.jobs_manager),
        Running::ready(&to.pods_monitor),
    ];
    let proxy = vec![Running::ready(&to.jobs_manager)];
    for (name, containers) in [
        (release.jobs_manager_name(), manager),
        (release.requests_proxy_name(), proxy),
    ] {
        let old = scene.object("Deployment", &namespace, &name)["spec"]["template"].clone();
        scene.move_workload(release, to, ("Deployment", &namespace, &name), at);
        renew(scene, "Deployment", &namespace, &name);
        let pod = PodState::new(NODES[0].0, at, containers);
        let revisions = [
            Revision::earlier(old, then, Vec::new()),
            Revision::newest(at, vec![pod]),
        ];
        scene.roll_out(&namespace, &name, &revisions);
    }
}

/// Moves the `DaemonSet`: one node has the new build, the others wait for it.
fn begin_spread(
    scene: &mut Scene,
    release: &Release,
    to: &Digests,
    (at, first): (Timestamp, Running),
) {
    let (namespace, name) = (
        release.values.node_agents_namespace.clone(),
        release.resource_monitor_name(),
    );
    let then = scene.ago(SETTLED_FOR);
    let old = scene.object("DaemonSet", &namespace, &name)["spec"]["template"].clone();
    let digest = old["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap_or_default();
    let digest = digest.rsplit('@').next().unwrap_or_default().to_owned();
    scene.move_workload(release, to, ("DaemonSet", &namespace, &name), at);
    renew(scene, "DaemonSet", &namespace, &name);
    let waiting = NODES[1..].iter();
    let waiting = waiting.map(|(node, _)| PodState::new(node, then, vec![Running::ready(&digest)]));
    let revisions = [
        Revision::earlier(old, then, waiting.collect()),
        Revision::newest(at, vec![PodState::new(NODES[0].0, at, vec![first])]),
    ];
    scene.spread(&namespace, &name, &revisions);
}

/// Replaces the pod of jobs-manager by one in this state.
fn restart(scene: &mut Scene, release: &Release, (at, state): (Timestamp, Vec<Running>)) {
    let (namespace, name) = (
        release.values.namespace.clone(),
        release.jobs_manager_name(),
    );
    renew(scene, "Deployment", &namespace, &name);
    let pod = PodState::new(NODES[0].0, at, state);
    scene.roll_out(&namespace, &name, &[Revision::newest(at, vec![pod])]);
}

/// Takes away what the controllers had made of a workload, down to its pods.
fn renew(scene: &mut Scene, kind: &str, namespace: &str, name: &str) {
    let mut gone = vec![scene.object(kind, namespace, name)["metadata"]["uid"].clone()];
    let is_owned = |object: &Value, owners: &[Value]| {
        owners.contains(&object["metadata"]["ownerReferences"][0]["uid"])
    };
    let sets = scene
        .objects
        .iter()
        .filter(|object| is_owned(object, &gone));
    let sets: Vec<_> = sets.map(|set| set["metadata"]["uid"].clone()).collect();
    gone.extend(sets);
    scene.objects.retain(|object| !is_owned(object, &gone));
}
