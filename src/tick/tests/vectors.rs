//! What was seen by running the chart's scripts: chart contract, section 12, row by row.

use super::*;

/// The ingestor's pass alone: the images of docker.io are pinned.
fn g2(
    changes: &[(&str, &str)],
    stored: &[(&str, Option<&str>)],
    in_use: &str,
    latest: Option<&str>,
) -> World {
    let pinned = [("JOBS_MANAGER_PINNED", "1"), ("PODS_MONITOR_PINNED", "1")];
    let scene = Scene {
        policy: policy(Generation::G2, &[&pinned, changes].concat()),
        rollout: Rollout::Settled,
        record: record(stored),
        in_use: in_use.to_owned(),
        latest: Latest::from([(ManagedImage::Ingestor, answer(latest))]),
    };
    scene.tick(None)
}

#[test]
fn unresolved_ingestors_are_counted_to_the_threshold() {
    let crossed = format!(
        "annotate {LAST_ERROR}=could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks"
    );
    let count = |count: u64| format!("annotate {FAILURES}={count}");
    for (stored, acts, exit) in [
        (None, vec![count(1)], 0),
        (Some("0"), vec![count(1)], 0),
        (Some("1"), vec![count(2)], 0),
        (Some("2"), vec![count(3), crossed], 1),
        (Some("3"), vec![], 1),
        (Some("4"), vec![], 1),
        (Some("abc"), vec![count(1)], 0),
        (Some(""), vec![count(1)], 0),
        (Some("-1"), vec![count(1)], 0),
        (Some("2.0"), vec![count(1)], 0),
        (Some("2 "), vec![count(1)], 0),
        (Some("007"), vec![], 1),
        (Some("08"), vec![], 1),
    ] {
        let world = g2(&[], &[(FAILURES, stored)], A, None);
        assert_eq!((acts, exit), (world.acts, world.exit), "stored {stored:?}");
    }
    let once = g2(&[("INGESTOR_RESOLVE_FAIL_THRESHOLD", "1")], &[], A, None);
    assert_eq!(
        (2, 1),
        (once.acts.len(), once.exit),
        "a threshold of 1 fails the first time"
    );
    let empty = g2(
        &[("INGESTOR_RESOLVE_FAIL_THRESHOLD", "")],
        &[(FAILURES, Some("2"))],
        A,
        None,
    );
    assert_eq!(
        (2, 1),
        (empty.acts.len(), empty.exit),
        "an empty threshold is 3"
    );
}

#[test]
fn a_resolved_ingestor_clears_its_streak() {
    let rec = (key(ManagedImage::Ingestor), Some(B));
    let clear = format!("annotate {FAILURES}- {LAST_ERROR}-");
    let wait = "wait deployment/tracebloc/berlin-jobs-manager".to_owned();
    let both = g2(
        &[],
        &[(FAILURES, Some("3")), (LAST_ERROR, Some("x")), rec],
        B,
        Some(B),
    );
    assert_eq!((vec![clear, wait.clone()], 0), (both.acts, both.exit));
    let alone = g2(&[], &[(LAST_ERROR, Some("x")), rec], B, Some(B));
    assert_eq!(
        (vec![wait], 0),
        (alone.acts, alone.exit),
        "the last error alone is kept"
    );
}

#[test]
fn rows_d1_to_d5_of_the_ingestor() {
    let wait = || "wait deployment/tracebloc/berlin-jobs-manager".to_owned();
    let rec = |digest: &str| format!("annotate {}={digest}", key(ManagedImage::Ingestor));
    let set = |digest: &str| format!("set env {digest}");
    for (name, recorded, in_use, latest, acts) in [
        ("D1", None, A, B, vec![wait(), rec(A)]),
        ("D2", None, "", B, vec![set(B), wait(), rec(B)]),
        ("D3", Some(A), A, B, vec![set(B), wait(), rec(B)]),
        (
            "D3, set by hand",
            Some(A),
            B,
            B,
            vec![set(B), wait(), rec(B)],
        ),
        ("D4", Some(A), C, A, vec![set(A), wait()]),
        ("D4, emptied", Some(A), "", A, vec![set(A), wait()]),
        ("D5", Some(A), A, A, vec![wait()]),
    ] {
        let world = g2(
            &[],
            &[(key(ManagedImage::Ingestor), recorded)],
            in_use,
            Some(latest),
        );
        assert_eq!((acts, 0), (world.acts, world.exit), "{name}");
    }
    let sick = Scene {
        policy: policy(
            Generation::G2,
            &[("JOBS_MANAGER_PINNED", "1"), ("PODS_MONITOR_PINNED", "1")],
        ),
        rollout: Rollout::Settled,
        record: record(&[(key(ManagedImage::Ingestor), Some(A))]),
        in_use: A.to_owned(),
        latest: Latest::from([(ManagedImage::Ingestor, answer(Some(A)))]),
    }
    .tick(Some(0));
    assert_eq!(1, sick.exit, "D5: an unhealthy Deployment fails the tick");
}

fn g10(rollout: Rollout, stored: &[(&str, Option<&str>)], moved: &[ManagedImage]) -> Scene {
    let images = [
        ManagedImage::JobsManager,
        ManagedImage::PodsMonitor,
        ManagedImage::ResourceMonitor,
    ];
    let mut values = stored.to_vec();
    values.extend(images.map(|image| {
        let recorded = if moved.contains(&image) { A } else { B };
        (key(image), Some(recorded))
    }));
    Scene {
        policy: policy(Generation::G10, &[]),
        rollout,
        record: record(&values),
        in_use: String::new(),
        latest: images.map(|image| (image, answer(Some(B)))).into(),
    }
}

#[test]
fn skipped_ticks_are_counted_to_the_limit_and_beyond() {
    let unsettled = || Rollout::InFlight("0 of 1 updated".to_owned());
    for (stored, count, exit) in [
        (None, 1, 0),
        (Some("6"), 7, 0),
        (Some("7"), 8, 1),
        (Some("8"), 9, 1),
        (Some("zz"), 1, 0),
    ] {
        let world = g10(unsettled(), &[(SKIPS, stored)], &[]).tick(None);
        let acts = vec![format!("annotate {SKIPS}={count}")];
        assert_eq!((acts, exit), (world.acts, world.exit), "stored {stored:?}");
        assert!(!world.log.iter().any(|line| line.contains("tick complete")));
    }
    let cleared = g10(Rollout::Settled, &[(SKIPS, Some("5"))], &[]);
    for fails in [None, Some(0)] {
        let world = cleared.tick(fails);
        assert_eq!(
            (vec![format!("annotate {SKIPS}-")], 0),
            (world.acts, world.exit)
        );
    }
}

#[test]
fn attempts_are_counted_before_and_cleared_after() {
    let moved = [ManagedImage::JobsManager];
    for (stored, count) in [(None, 1), (Some("2"), 3), (Some("x"), 1)] {
        let world = g10(Rollout::Settled, &[(ATTEMPT, stored)], &moved).tick(None);
        let counted = format!("annotate {ATTEMPT}={count}");
        assert_eq!(
            (Some(&counted), 0),
            (world.acts.first(), world.exit),
            "stored {stored:?}"
        );
        let cleared = format!("annotate {ATTEMPT}- {FLAP}-");
        let recorded = format!("annotate {}={B}", key(ManagedImage::JobsManager));
        assert_eq!([cleared, recorded], world.acts[world.acts.len() - 2..]);
    }
    let locked = g10(Rollout::Settled, &[(ATTEMPT, Some("3"))], &moved).tick(None);
    assert_eq!(
        (vec![format!("annotate {FLAP}=3")], 0),
        (locked.acts, locked.exit)
    );
}

#[test]
fn what_fails_leaves_the_attempt_and_records_nothing() {
    let all = [
        ManagedImage::JobsManager,
        ManagedImage::PodsMonitor,
        ManagedImage::ResourceMonitor,
    ];
    // counted, set, waited; set, waited: the wait for requests-proxy is the fifth.
    let world = g10(Rollout::Settled, &[], &all).tick(Some(4));
    assert_eq!((5, 1), (world.acts.len(), world.exit));
    assert_eq!(
        "wait deployment/tracebloc/berlin-requests-proxy",
        world.acts[4]
    );
    let world = g10(Rollout::Settled, &[], &all[..1]).tick(Some(1));
    assert_eq!((2, 1), (world.acts.len(), world.exit), "set image fails");
    let nothing = g10(
        Rollout::Settled,
        &[(ATTEMPT, Some("2")), (FLAP, Some("3"))],
        &[],
    )
    .tick(None);
    assert_eq!(
        (0, 0),
        (nothing.acts.len(), nothing.exit),
        "nothing drifted"
    );
}

#[test]
fn behind_a_mirror_nothing_is_asked_and_nothing_written() {
    let scene = Scene {
        policy: policy(
            Generation::G10,
            &[("IMAGE_REGISTRY", "mirror.corp.example")],
        ),
        ..g10(
            Rollout::Settled,
            &[(SKIPS, Some("5"))],
            &[ManagedImage::JobsManager],
        )
    };
    let world = scene.tick(None);
    assert_eq!((0, 0), (world.acts.len(), world.exit));
    assert_eq!(Then::End(Exit::Done), begin(&scene.policy).then);
}

/// Runs of the container in one Job: what one writes, the next one reads.
fn job(
    mut scene: Scene,
    runs: usize,
    fails: impl Fn(&Scene) -> Option<usize>,
) -> (Scene, Vec<World>) {
    let mut worlds = Vec::new();
    for _ in 0..runs {
        let world = scene.tick(fails(&scene));
        for act in world
            .acts
            .iter()
            .filter_map(|act| act.strip_prefix("annotate "))
        {
            for word in act.split(' ') {
                if let Some((key, value)) = word.split_once('=') {
                    scene
                        .record
                        .annotations
                        .insert(key.to_owned(), value.to_owned());
                }
            }
        }
        let is_over = world.exit == 0;
        worlds.push(world);
        if is_over {
            break;
        }
    }
    (scene, worlds)
}

#[test]
fn one_job_can_use_up_the_attempts_of_a_monitor_that_does_not_roll_out() {
    let scene = g10(Rollout::Settled, &[], &[ManagedImage::ResourceMonitor]);
    // Counted, set, and the wait fails.
    let (scene, worlds) = job(scene, 3, |_| Some(2));
    let exits: Vec<_> = worlds.iter().map(|world| world.exit).collect();
    assert_eq!(vec![1, 1, 1], exits);
    assert_eq!(
        Some("3"),
        scene.record.annotations.get(ATTEMPT).map(String::as_str)
    );
    let next = scene.tick(None);
    assert_eq!(
        (vec![format!("annotate {FLAP}=3")], 0),
        (next.acts, next.exit)
    );
}

#[test]
fn a_rollout_that_fails_is_green_once_the_next_run_finds_it_unsettled() {
    let first = g10(Rollout::Settled, &[], &[ManagedImage::JobsManager]);
    let (mut scene, worlds) = job(first, 1, |_| Some(2));
    assert_eq!(1, worlds[0].exit);
    scene.rollout = Rollout::InFlight("0 of 1 updated".to_owned());
    let second = scene.tick(None);
    assert_eq!(
        (vec![format!("annotate {SKIPS}=1")], 0),
        (second.acts, second.exit)
    );
    assert_eq!(
        Some("1"),
        scene.record.annotations.get(ATTEMPT).map(String::as_str)
    );
}

#[test]
fn g3_restarts_in_every_run_of_a_job_whose_rollout_fails() {
    let images = [ManagedImage::JobsManager, ManagedImage::PodsMonitor];
    let scene = Scene {
        policy: policy(Generation::G3, &[]),
        rollout: Rollout::InFlight("0 of 1 updated".to_owned()),
        record: record(&images.map(|image| (key(image), Some(A)))),
        in_use: String::new(),
        latest: images.map(|image| (image, answer(Some(B)))).into(),
    };
    let (_, worlds) = job(scene, 3, |_| Some(1));
    let restarts = worlds
        .iter()
        .filter(|world| world.acts[0] == "restart")
        .count();
    assert_eq!((3, 3), (worlds.len(), restarts));
}

#[test]
fn a_first_observation_is_recorded_with_the_drift_of_another_after_its_restart() {
    let scene = Scene {
        policy: policy(Generation::G2, &[("INGESTOR_PINNED", "1")]),
        rollout: Rollout::Settled,
        record: record(&[(key(ManagedImage::PodsMonitor), Some(A))]),
        in_use: A.to_owned(),
        latest: [ManagedImage::JobsManager, ManagedImage::PodsMonitor]
            .map(|image| (image, answer(Some(B))))
            .into(),
    };
    let both = format!(
        "annotate {}={B} {}={B}",
        key(ManagedImage::JobsManager),
        key(ManagedImage::PodsMonitor)
    );
    let wait = "wait deployment/tracebloc/berlin-jobs-manager".to_owned();
    assert_eq!(
        vec!["restart".to_owned(), wait, both],
        scene.tick(None).acts
    );
}
