//! What a tick does, held to the chart contract: vectors that were seen by running the scripts, two oracles that state
//! the same rules a second time, and the list of what is meant to differ.

mod charts;
mod differences;
mod enumeration_g10;
mod enumeration_g2;
mod environment;
mod lines;
mod oracle_g10;
mod oracle_g2;
mod vectors;

use std::collections::BTreeMap;

use super::*;
use crate::capability::{Env, EnvValue};
use crate::codes::Code;
use crate::lookup::Layer;
use crate::observation::{Rollout, WorkloadKind};

/// Three contents, as annotations, environments and registries name them.
const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

const FAILURES: &str = "tracebloc.io/ingestor-refresh-consecutive-failures";
const LAST_ERROR: &str = "tracebloc.io/ingestor-refresh-last-error";
const ATTEMPT: &str = "tracebloc.io/refresh-attempt";
const FLAP: &str = "tracebloc.io/refresh-flap-detected";
const SKIPS: &str = "tracebloc.io/refresh-skip-streak";

/// A world that does what it is told, but for one act, and remembers both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    /// What was done, or tried, in order.
    acts: Vec<String>,
    /// The log, line by line, without its prefix.
    log: Vec<String>,
    /// Which act fails, counted from 0.
    fails: Option<usize>,
    exit: u8,
}

impl World {
    fn failing(fails: Option<usize>) -> Self {
        Self {
            fails,
            ..Self::default()
        }
    }

    /// Whether it worked.
    fn act(&mut self, what: impl Into<String>) -> bool {
        self.acts.push(what.into());
        self.fails != Some(self.acts.len() - 1)
    }

    fn say(&mut self, line: impl Into<String>) {
        self.log.push(line.into());
    }

    /// Carries a plan out as a tick does.
    fn play(&mut self, plan: Plan) -> Then {
        for step in plan.steps {
            let (what, is_needed) = match step {
                Step::Say(line) => {
                    self.say(line);
                    continue;
                }
                Step::Annotate(values) => (annotate(&values), true),
                Step::Clear { keys, .. } => {
                    let values: Vec<_> = keys.iter().map(|key| (*key, None)).collect();
                    (annotate(&values), false)
                }
                Step::Restart => ("restart".to_owned(), true),
                Step::SetIngestor(digest) => (format!("set env {digest}"), true),
                Step::SetImages(target, images) => {
                    let images = images
                        .iter()
                        .map(|(name, image)| format!(" {name}={image}"));
                    let images: String = images.collect();
                    (format!("set image {}{images}", spelled(&target)), true)
                }
                Step::Wait(target) => (format!("wait {}", spelled(&target)), true),
            };
            if !self.act(what) && is_needed {
                return Then::End(Exit::Failed);
            }
        }
        plan.then
    }
}

fn annotate(values: &[(&str, Option<String>)]) -> String {
    let word = |(key, value): &(&str, Option<String>)| match value {
        Some(value) => format!(" {key}={value}"),
        None => format!(" {key}-"),
    };
    let words: String = values.iter().map(word).collect();
    format!("annotate{words}")
}

/// With the namespace, so that a workload of another one is noticed.
fn spelled(target: &Target) -> String {
    let kind = match target.kind {
        WorkloadKind::Deployment => "deployment",
        WorkloadKind::DaemonSet => "daemonset",
    };
    format!("{kind}/{}/{}", target.namespace, target.name)
}

/// What a whole tick sees.
#[derive(Clone, Debug)]
struct Scene {
    policy: TickPolicy,
    rollout: Rollout,
    record: Record,
    in_use: String,
    latest: Latest,
}

impl Scene {
    fn tick(&self, fails: Option<usize>) -> World {
        let mut world = World::failing(fails);
        let seen = Seen {
            record: &self.record,
            in_use: &self.in_use,
        };
        let mut then = world.play(begin(&self.policy));
        if then == Then::Look && self.policy.waits_for_settled() {
            then = world.play(guard(&self.policy, &self.rollout, &self.record));
        }
        if then == Then::Look {
            then = world.play(refresh(&self.policy, seen, &self.latest));
        }
        let Then::End(exit) = then else {
            panic!("a tick without an end: {world:?}")
        };
        world.exit = exit.code();
        world
    }
}

/// The environment of the CronJob of a generation, as the chart renders it, with some of it changed.
fn env(generation: Generation, changes: &[(&str, &str)]) -> Env {
    let names = |names: &[(&str, &str)]| -> Vec<(String, EnvValue)> {
        let literal = |value: &str| EnvValue::Literal(value.to_owned());
        names
            .iter()
            .map(|(name, value)| ((*name).to_owned(), literal(value)))
            .collect()
    };
    let base = [
        ("RELEASE_NAME", "berlin"),
        ("RELEASE_NAMESPACE", "tracebloc"),
        ("DEPLOYMENT_NAME", "berlin-jobs-manager"),
        ("IMAGE_TAG", "prod"),
        ("ROLLOUT_TIMEOUT", "10m"),
        ("JOBS_MANAGER_PINNED", "0"),
        ("PODS_MONITOR_PINNED", "0"),
    ];
    let ingestor = [("INGESTOR_PINNED", "0"), ("INGESTOR_TAG", "0.3")];
    let images = [
        ("REQUESTS_PROXY_DEPLOYMENT", "berlin-requests-proxy"),
        ("RESOURCE_MONITOR_DAEMONSET", "berlin-resource-monitor"),
        ("NODE_AGENTS_NAMESPACE", "tracebloc-node-agents"),
        ("IMAGE_REGISTRY", "docker.io"),
        ("RESOURCE_MONITOR_PINNED", "0"),
        ("REQUESTS_PROXY_PINNED", "0"),
    ];
    let more: Vec<&[(&str, &str)]> = match generation {
        Generation::G3 => vec![],
        Generation::G1 => vec![&ingestor],
        Generation::G2 => vec![&ingestor, &[("INGESTOR_RESOLVE_FAIL_THRESHOLD", "3")]],
        Generation::G7 => vec![&[("MAX_REFRESH_ATTEMPTS", "3")]],
        Generation::G8 => vec![&[("MAX_REFRESH_ATTEMPTS", "3")], &images],
        Generation::G10 => vec![
            &[("MAX_REFRESH_ATTEMPTS", "3"), ("MAX_SKIP_TICKS", "8")],
            &images,
        ],
    };
    let mut env = names(&base);
    env.extend(more.into_iter().flat_map(names));
    for change in names(changes) {
        env.retain(|(name, _)| *name != change.0);
        env.push(change);
    }
    Env(env)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    G1,
    G2,
    /// As G0.
    G3,
    G7,
    G8,
    /// As G9.
    G10,
}

fn policy(generation: Generation, changes: &[(&str, &str)]) -> TickPolicy {
    TickPolicy::read(&env(generation, changes)).unwrap()
}

/// Absent where `None`.
fn record(values: &[(&str, Option<&str>)]) -> Record {
    let annotations: BTreeMap<_, _> = values
        .iter()
        .filter_map(|(key, value)| Some(((*key).to_owned(), (*value)?.to_owned())))
        .collect();
    Record {
        annotations,
        ..Record::default()
    }
}

/// What the tag names; where `None`, the registry was reached and does not know it.
fn answer(latest: Option<&str>) -> Result<Digest, Failure> {
    let failure = || failure("registry-1.docker.io", Layer::Manifest, Code::TagMissing);
    latest
        .map(|digest| digest.parse().unwrap())
        .ok_or_else(failure)
}

fn failure(host: &str, layer: Layer, code: Code) -> Failure {
    Failure {
        code: Some(code),
        layer,
        host: host.to_owned(),
        message: "in the words of whoever refused".to_owned(),
        retry_after: None,
    }
}

/// Fails unless both did the same, ended the same, and said the same: every line of `want` stands in a line of `seen`
/// (where it has parts, all of them in one), in this order, and no line of those that tell outcomes apart is said more often.
fn assert_agrees(want: &World, seen: &World, about: impl Fn() -> String) {
    const TELLING: [&str; 15] = [
        "WARN",
        "ERROR",
        "NOTE",
        "tick complete",
        "not settled",
        "settled again",
        "first observation",
        "digest unchanged",
        "digest changed",
        "updating deployment annotations:",
        "rollout complete",
        "re-image complete",
        "clearing prior failure streak",
        "FLAP DETECTED",
        "requests-proxy is pinned",
    ];
    assert_eq!(
        (&want.acts, want.exit),
        (&seen.acts, seen.exit),
        "{}",
        about()
    );
    let mut lines = seen.log.iter();
    for line in &want.log {
        let is_said = lines.any(|seen| line.split(" | ").all(|words| seen.contains(words)));
        assert!(
            is_said,
            "{}\nnot said, or not there: {line}\n{:#?}",
            about(),
            seen.log
        );
    }
    if seen.fails.is_some() {
        // The beginning of a whole tick, which has been compared.
        return;
    }
    for words in TELLING {
        let count = |world: &World| world.log.iter().filter(|line| line.contains(words)).count();
        assert_eq!(
            count(want),
            count(seen),
            "{words}: {}\n{:#?}",
            about(),
            seen.log
        );
    }
}

fn key(image: ManagedImage) -> &'static str {
    image.record_key().unwrap()
}

#[test]
fn the_readme_says_how_many_ticks_were_compared() {
    let thousands = |cases: usize| format!("{},{:03}", cases / 1000, cases % 1000);
    let (old, new) = (enumeration_g2::CASES, enumeration_g10::CASES);
    let sentence = format!(
        "{} ticks of the first and {} of the second",
        thousands(old),
        thousands(new)
    );
    let readme = include_str!("../../README.md").replace('\n', " ");
    assert!(
        readme.contains(&sentence),
        "README.md does not say: {sentence}"
    );
}
