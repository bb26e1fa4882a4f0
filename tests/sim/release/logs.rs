//! What the script of each generation writes in a tick, outcome by outcome.
//!
//! The substrings by which outcomes are told apart are the chart's own (chart contract, sections 5
//! and 8); the words around them are neutral. Lines without the prefix are curl's and kubectl's.

use std::fmt::{Display, Write as _};

use super::{Digests, Generation, Release};

mod ingestor;
mod passes;

const UNSETTLED: &str = "not settled (rollout in progress or pod not Ready)";
const NO_SERVER: &str = "The connection to the server localhost:8080 was refused - did you \
                         specify the right host or port?";

/// What a tick met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Story {
    /// Every lookup succeeded and nothing has moved.
    Unchanged,
    /// Nothing is recorded yet.
    FirstTick,
    /// Some tags have moved on from these digests, and everything rolled out.
    Moved { from: Digests },
    /// As `Moved`, and the ingestor, which could not be resolved before, can be again.
    Recovered { from: Digests },
    /// As `Moved`, and the first workload that has to move does not become Ready.
    NotRolledOut { from: Digests, attempts_before: u32 },
    /// Some tags have moved on, and the attempts are used up.
    LockedOut { from: Digests },
    /// No digest for the docker.io images; what curl said.
    DockerUnresolved { curl: String },
    /// No token for the docker.io images.
    TokenRefused { curl: String },
    /// No token, hence no digest, for the ingestor.
    IngestorUnresolved { failures_before: u32, curl: String },
    /// jobs-manager is not settled.
    Unsettled { skips_before: u32 },
    /// The images come from a mirror.
    Mirrored,
    /// The API server refuses to show the Deployment, in these words.
    Unreadable { error: String },
    /// kubectl has no in-cluster configuration (chart #634).
    NoServer,
}

/// What curl writes when a host's packets are dropped.
pub fn curl_timeout(host: &str) -> String {
    format!("curl: (28) Failed to connect to {host} port 443 after 10001 ms: Timeout was reached")
}

/// The log of one run of the container that found `latest` on the registries.
///
/// # Panics
///
/// When the generation cannot meet the story: a mirror before it knew of mirrors.
pub fn tick_log(release: &Release, latest: &Digests, story: &Story) -> String {
    let mut script = Script {
        release,
        latest,
        text: String::new(),
    };
    script.tick(story);
    script.text
}

/// A run of the script: whose, what it finds, and what it has written.
struct Script<'a> {
    release: &'a Release,
    latest: &'a Digests,
    text: String,
}

/// How the script ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With exit 0 and the closing line.
    Complete,
    /// Without the closing line: a skip, or an exit that is not 0.
    Short,
}

impl Script<'_> {
    fn say(&mut self, line: impl Display) {
        let _ = writeln!(self.text, "[image-refresh] {line}");
    }

    fn detail(&mut self, line: impl Display) {
        self.say(format_args!("  {line}"));
    }

    /// A line of curl or kubectl.
    fn foreign(&mut self, line: impl Display) {
        let _ = writeln!(self.text, "{line}");
    }

    fn tick(&mut self, story: &Story) {
        self.banner();
        let end = match story {
            Story::Mirrored => self.mirrored(),
            Story::Unsettled { skips_before } => self.unsettled(*skips_before),
            Story::Unreadable { error } => self.unreadable(error),
            Story::NoServer => self.no_server(),
            _ => self.passes(story),
        };
        match (end, self.release.generation) {
            (End::Short, _) => {}
            (End::Complete, Generation::G0) => {
                if !self.text.contains("updating deployment annotations:") {
                    self.say("nothing to record or restart");
                }
            }
            (End::Complete, _) => self.say("tick complete"),
        }
    }

    fn banner(&mut self) {
        let release = self.release;
        let (generation, values) = (release.generation, &release.values);
        let (tag, deployment) = (release.image_tag(), release.jobs_manager_name());
        let mut first = format!(
            "release={} namespace={} deployment={deployment}",
            values.name, values.namespace
        );
        if generation == Generation::G0 {
            let _ = write!(first, " tag={tag}");
            return self.say(first);
        }
        self.say(first);
        let images = if generation.sets_images() {
            "jobs-manager pods-monitor resource-monitor"
        } else {
            "jobs-manager pods-monitor"
        };
        self.say(format_args!(
            "client images: {images} on docker.io under tag={tag}"
        ));
        if generation.has_ingestor_pass() {
            let tag = release.ingestor_tag();
            let pinned = u8::from(!values.images.ingestor.auto_refresh);
            self.say(format_args!(
                "ingestor image: tracebloc/ingestor on ghcr.io under tag={tag} (pinned={pinned})"
            ));
        }
        if generation.sets_images() {
            let (proxy, monitor) = (
                release.requests_proxy_name(),
                release.resource_monitor_name(),
            );
            self.say(format_args!(
                "also reconciling: deployment/{proxy} daemonset/{monitor}"
            ));
        }
    }

    fn mirrored(&mut self) -> End {
        let host = self.release.mirror();
        assert!(
            self.release.generation.sets_images(),
            "no mirror gate before the eighth"
        );
        let host = host.unwrap_or_default();
        self.say(format_args!(
            "NOTE: images are served from private mirror '{host}'"
        ));
        self.detail("docker.io does not name what this release runs");
        self.detail("image refresh is INERT here");
        self.detail("the mirror decides what a pull brings");
        End::Complete
    }

    fn unsettled(&mut self, skips_before: u32) -> End {
        let release = self.release;
        assert!(
            release.generation >= Generation::G4,
            "no settled guard before the fourth"
        );
        let deployment = release.jobs_manager_name();
        if !release.generation.has_skip_streak() {
            self.say(format_args!(
                "deployment/{deployment} {UNSETTLED} -- skipping this refresh tick"
            ));
            return End::Short;
        }
        let (skips, limit) = (skips_before + 1, &release.values.refresh.max_skip_ticks);
        self.foreign(format_args!("deployment.apps/{deployment} annotated"));
        // The shell's comparison: a limit that is no number is never reached.
        if limit.parse().is_ok_and(|limit: u32| skips >= limit) {
            self.say(format_args!(
                "ERROR: deployment/{deployment} has been unsettled for {skips} consecutive ticks"
            ));
            self.detail("IMAGE REFRESH IS FROZEN until it is settled");
            for advice in [
                "look at the pods",
                "look at the events",
                "look at the logs",
                "then wait",
            ] {
                self.detail(advice);
            }
        } else {
            self.say(format_args!(
                "deployment/{deployment} {UNSETTLED} -- skipping this refresh tick {skips}/{limit}"
            ));
        }
        End::Short
    }

    fn unreadable(&mut self, error: &str) -> End {
        let release = self.release;
        assert!(
            release.generation >= Generation::G4,
            "no settled guard before the fourth"
        );
        let deployment = release.jobs_manager_name();
        let cause =
            format!("cannot read deployment/{deployment} (NotFound, RBAC denial, or API error)");
        if release.generation >= Generation::G6 {
            self.say(format_args!("ERROR: {cause}: {error} -- not a benign skip"));
        } else {
            self.foreign(error);
            self.say(format_args!("ERROR: {cause} -- not a benign skip"));
        }
        End::Short
    }

    /// kubectl without its in-cluster configuration: chart contract, section 5.6.
    fn no_server(&mut self) -> End {
        assert!(
            self.release.generation < Generation::G6,
            "fixed in the sixth"
        );
        if self.release.generation >= Generation::G4 {
            return self.unreadable(NO_SERVER);
        }
        self.first_pass(None, passes::Lookups::Succeed);
        self.say("updating deployment annotations:");
        self.foreign(NO_SERVER);
        End::Short
    }
}
