//! A second statement of G2, in one piece and in the order of the script, written from chart contract 5.1 to 5.3. It
//! shares nothing with the implementation.

use std::fmt::Write as _;

use super::World;

/// An image of the first pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub(super) pinned: bool,
    /// `None`: unresolved.
    pub(super) latest: Option<&'static str>,
    pub(super) recorded: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) jobs_manager: Image,
    pub(super) pods_monitor: Image,
    pub(super) ingestor_pinned: bool,
    pub(super) ingestor_latest: Option<&'static str>,
    pub(super) ingestor_recorded: Option<&'static str>,
    /// Empty: absent or empty.
    pub(super) ingestor_env: &'static str,
    pub(super) counter: Option<&'static str>,
    pub(super) last_error: Option<&'static str>,
    pub(super) threshold: u64,
}

/// What the script does, with this act of its failing.
pub(super) fn g2(input: &Input, fails: Option<usize>) -> World {
    let mut world = World::failing(fails);
    world.exit = 1;
    world.say("release=berlin namespace=tracebloc deployment=berlin-jobs-manager");
    world.say("client images:");
    let pinned = if input.ingestor_pinned { "1" } else { "0" };
    world.say(format!(
        "ingestor image: tracebloc/ingestor on ghcr.io under tag=0.3 (pinned={pinned})"
    ));

    let mut annotate_args = String::new();
    let mut restart = false;
    for (name, image) in [
        ("jobs-manager", input.jobs_manager),
        ("pods-monitor", input.pods_monitor),
    ] {
        let key = format!("tracebloc.io/last-refreshed-{name}-digest");
        world.say(format!("checking tracebloc/{name}:prod (annotation={key})"));
        if image.pinned {
            world.say("pinned by digest in values");
            continue;
        }
        let Some(latest) = image.latest else {
            world.say("WARN: could not resolve latest digest");
            continue;
        };
        world.say(format!("latest={latest}"));
        match image.recorded {
            None | Some("") => {
                world.say("recorded=<unset>");
                world.say("first observation; recording without restart");
                let _ = write!(annotate_args, " {key}={latest}");
            }
            Some(recorded) if recorded == latest => {
                world.say(format!("recorded={recorded}"));
                world.say("digest unchanged since last refresh");
            }
            Some(recorded) => {
                world.say(format!("recorded={recorded}"));
                world.say(format!(
                    "digest changed ({recorded} -> {latest}); restart needed"
                ));
                let _ = write!(annotate_args, " {key}={latest}");
                restart = true;
            }
        }
    }
    let wait = "wait deployment/tracebloc/berlin-jobs-manager";
    if restart {
        world.say("rolling restart of deployment/berlin-jobs-manager");
        if !world.act("restart") || !world.act(wait) {
            return world;
        }
        world.say("rollout complete");
    }
    if !annotate_args.is_empty() {
        world.say("updating deployment annotations:");
        if !world.act(format!("annotate{annotate_args}")) {
            return world;
        }
    }

    let image = "ghcr.io/tracebloc/ingestor:0.3";
    let counter_key = "tracebloc.io/ingestor-refresh-consecutive-failures";
    let error_key = "tracebloc.io/ingestor-refresh-last-error";
    let record_key = "tracebloc.io/last-refreshed-ingestor-digest";
    world.say(format!(
        "checking {image} (env=INGESTOR_IMAGE_DIGEST on container=api)"
    ));
    if input.ingestor_pinned {
        world.say("ingestor.autoRefresh: false in values");
        world.say("tick complete");
        world.exit = 0;
        return world;
    }
    let Some(latest) = input.ingestor_latest else {
        let stored = input.counter.unwrap_or("");
        let is_number = !stored.is_empty() && stored.chars().all(|c| c.is_ascii_digit());
        let p: u64 = if is_number {
            stored.parse().unwrap()
        } else {
            0
        };
        let threshold = input.threshold;
        if p >= threshold {
            world.say(format!(
                "ERROR: still cannot resolve {image} (>= {threshold} consecutive failures)"
            ));
            return world;
        }
        let n = p + 1;
        if !world.act(format!("annotate {counter_key}={n}")) {
            return world;
        }
        if n < threshold {
            world.say(format!(
                "WARN: could not resolve latest ingestor digest (failure {n}/{threshold};"
            ));
            world.say("tick complete");
            world.exit = 0;
            return world;
        }
        let error = format!("could not resolve {image} for {n} consecutive ticks");
        if !world.act(format!("annotate {error_key}={error}")) {
            return world;
        }
        world.say(format!("ERROR: {error} (threshold {threshold})"));
        return world;
    };
    if input.counter.is_some_and(|stored| !stored.is_empty()) {
        world.say("ingestor digest resolved; clearing prior failure streak");
        let _ignored = world.act(format!("annotate {counter_key}- {error_key}-"));
    }
    let recorded = input.ingestor_recorded.unwrap_or("");
    let current = input.ingestor_env;
    world.say(format!("latest={latest}"));
    world.say(format!(
        "recorded={}",
        if recorded.is_empty() {
            "<unset>"
        } else {
            recorded
        }
    ));
    world.say(format!(
        "current={}",
        if current.is_empty() {
            "<empty>"
        } else {
            current
        }
    ));
    if recorded.is_empty() && !current.is_empty() {
        world.say("first observation; adopting spec env");
        if !world.act(wait) || !world.act(format!("annotate {record_key}={current}")) {
            return world;
        }
    } else if recorded.is_empty() {
        world.say("first observation; spec env empty");
        if !world.act(format!("set env {latest}")) || !world.act(wait) {
            return world;
        }
        if !world.act(format!("annotate {record_key}={latest}")) {
            return world;
        }
        world.say("ingestor refresh complete");
    } else if recorded != latest {
        world.say(format!(
            "digest changed ({recorded} -> {latest}); set env + wait for rollout"
        ));
        if !world.act(format!("set env {latest}")) || !world.act(wait) {
            return world;
        }
        if !world.act(format!("annotate {record_key}={latest}")) {
            return world;
        }
        world.say("ingestor refresh complete");
    } else if current != recorded {
        let current = if current.is_empty() {
            "<empty>"
        } else {
            current
        };
        world.say(format!(
            "spec env drifted (recorded={recorded} but current={current})"
        ));
        if !world.act(format!("set env {recorded}")) || !world.act(wait) {
            return world;
        }
        world.say("ingestor env re-applied");
    } else {
        world.say("verifying deployment health");
        if !world.act(wait) {
            return world;
        }
        world.say("fully in sync; no-op");
    }
    world.say("tick complete");
    world.exit = 0;
    world
}
