//! A second statement of G10, in one piece and in the order of the script, written from chart contract 5.5. It shares
//! nothing with the implementation.

use std::fmt::Write as _;

use super::World;
use super::oracle_g2::Image;

#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) registry: &'static str,
    pub(super) is_settled: bool,
    pub(super) skips: Option<&'static str>,
    pub(super) max_skips: u64,
    pub(super) jobs_manager: Image,
    pub(super) pods_monitor: Image,
    pub(super) resource_monitor: Image,
    pub(super) proxy_pinned: bool,
    pub(super) attempt: Option<&'static str>,
    pub(super) max_attempts: u64,
}

/// What the script does, with this act of its failing.
pub(super) fn g10(input: &Input, fails: Option<usize>) -> World {
    let number = |stored: Option<&str>| -> u64 {
        let stored = stored.unwrap_or("");
        if stored.is_empty() || stored.chars().any(|c| !c.is_ascii_digit()) {
            return 0;
        }
        stored.parse().unwrap()
    };
    let mut world = World::failing(fails);
    world.exit = 1;
    world.say("release=berlin namespace=tracebloc deployment=berlin-jobs-manager");
    world.say("client images:");
    world.say("also reconciling:");
    if input.registry != "docker.io" {
        let host = input.registry;
        world.say(format!(
            "NOTE: images are served from private mirror '{host}'"
        ));
        world.say("INERT");
        world.say("tick complete");
        world.exit = 0;
        return world;
    }

    let deployment = "deployment/berlin-jobs-manager";
    let skips_key = "tracebloc.io/refresh-skip-streak";
    if input.is_settled {
        if let Some(stored) = input.skips.filter(|stored| !stored.is_empty()) {
            world.say(format!(
                "{deployment} is settled again after {stored} skipped tick(s)"
            ));
            let _logged = world.act(format!("annotate {skips_key}-"));
        }
    } else {
        let (k, max) = (number(input.skips) + 1, input.max_skips);
        if !world.act(format!("annotate {skips_key}={k}")) {
            return world;
        }
        if k < max {
            world.say(format!(
                "{deployment} not settled (rollout in progress or pod not Ready) -- skipping this refresh tick {k}/{max}"
            ));
            world.exit = 0;
            return world;
        }
        world.say(format!(
            "ERROR: {deployment} has been unsettled for {k} consecutive ticks"
        ));
        return world;
    }

    let mut records = String::new();
    let (mut api, mut proxy, mut pods_monitor, mut monitor) = (None, None, None, None);
    for (name, image) in [
        ("jobs-manager", input.jobs_manager),
        ("pods-monitor", input.pods_monitor),
        ("resource-monitor", input.resource_monitor),
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
        let recorded = image.recorded.unwrap_or("");
        if recorded.is_empty() {
            world.say("recorded=<unset>");
            world.say("first observation; recording without re-imaging");
            let _ = write!(records, " {key}={latest}");
            continue;
        }
        world.say(format!("recorded={recorded}"));
        if recorded == latest {
            world.say("digest unchanged since last refresh");
            continue;
        }
        world.say(format!(
            "digest changed ({recorded} -> {latest}); re-image needed"
        ));
        let _ = write!(records, " {key}={latest}");
        match name {
            "jobs-manager" => {
                api = Some(latest);
                if input.proxy_pinned {
                    world.say("requests-proxy is pinned by images.requestsProxy.digest");
                } else {
                    proxy = Some(latest);
                }
            }
            "pods-monitor" => pods_monitor = Some(latest),
            _ => monitor = Some(latest),
        }
    }

    let has_drifted = api.is_some() || pods_monitor.is_some() || monitor.is_some();
    let (attempt_key, flap_key) = (
        "tracebloc.io/refresh-attempt",
        "tracebloc.io/refresh-flap-detected",
    );
    if has_drifted {
        let (a, max) = (number(input.attempt), input.max_attempts);
        if a >= max {
            world.say("WARN: | FLAP DETECTED | MANUAL ATTENTION NEEDED");
            if !world.act(format!("annotate {flap_key}={a}")) {
                return world;
            }
            world.say("tick complete");
            world.exit = 0;
            return world;
        }
        let count = a + 1;
        if !world.act(format!("annotate {attempt_key}={count}")) {
            return world;
        }
        world.say(format!(
            "re-imaging control-plane workloads (attempt {count}/{max})"
        ));
        let hub = "docker.io/tracebloc";
        let mut first = String::new();
        if let Some(digest) = api {
            let _ = write!(first, " api={hub}/jobs-manager@{digest}");
        }
        if let Some(digest) = pods_monitor {
            let _ = write!(first, " pods-monitor-container={hub}/pods-monitor@{digest}");
        }
        let second = proxy.map_or(String::new(), |digest| {
            format!(" proxy={hub}/jobs-manager@{digest}")
        });
        let third = monitor.map_or(String::new(), |digest| {
            format!(" tracebloc-resource-monitor={hub}/resource-monitor@{digest}")
        });
        for (kind, namespace, name, images) in [
            ("deployment", "tracebloc", "berlin-jobs-manager", first),
            ("deployment", "tracebloc", "berlin-requests-proxy", second),
            (
                "daemonset",
                "tracebloc-node-agents",
                "berlin-resource-monitor",
                third,
            ),
        ] {
            if images.is_empty() {
                continue;
            }
            world.say(format!("set image {kind}/{name}{images}"));
            if !world.act(format!("set image {kind}/{namespace}/{name}{images}")) {
                return world;
            }
            if !world.act(format!("wait {kind}/{namespace}/{name}")) {
                return world;
            }
            world.say(format!("{kind}/{name} rollout complete"));
        }
        world.say("re-image complete");
        if !world.act(format!("annotate {attempt_key}- {flap_key}-")) {
            return world;
        }
    }
    if !records.is_empty() {
        world.say("updating deployment annotations:");
        if !world.act(format!("annotate{records}")) {
            return world;
        }
    }
    world.say("tick complete");
    world.exit = 0;
    world
}
