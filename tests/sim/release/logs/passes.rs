//! The first pass of a tick: the docker.io images, and what it does when they have moved.

use super::super::{Digests, Generation, Release, is_pinned};
use super::{End, Script, Story};

/// How the lookups of the first pass go.
#[derive(Clone, Copy)]
pub(super) enum Lookups<'a> {
    Succeed,
    /// A token, and no digest; what curl wrote.
    WithoutDigest(&'a str),
    WithoutToken(&'a str),
}

/// An image of the first pass.
struct Image<'a> {
    name: &'static str,
    is_pinned: bool,
    latest: &'a str,
    /// `None` before the first observation.
    recorded: Option<&'a str>,
}

impl Image<'_> {
    fn has_moved(&self) -> bool {
        !self.is_pinned
            && self
                .recorded
                .is_some_and(|recorded| recorded != self.latest)
    }

    fn key(&self) -> String {
        format!("tracebloc.io/last-refreshed-{}-digest", self.name)
    }
}

fn images<'a>(
    release: &Release,
    latest: &'a Digests,
    recorded: Option<&'a Digests>,
) -> Vec<Image<'a>> {
    type Pick = fn(&Digests) -> &String;
    let pins = &release.values.images;
    let rows: [(_, _, Pick); 3] = [
        (
            "jobs-manager",
            is_pinned(pins.jobs_manager.as_ref()),
            |digests| &digests.jobs_manager,
        ),
        (
            "pods-monitor",
            is_pinned(pins.pods_monitor.as_ref()),
            |digests| &digests.pods_monitor,
        ),
        (
            "resource-monitor",
            !release.monitor_is_refreshed(),
            |digests| &digests.resource_monitor,
        ),
    ];
    let count = if release.generation.sets_images() {
        3
    } else {
        2
    };
    let image = |(name, is_pinned, pick): (_, _, Pick)| Image {
        name,
        is_pinned,
        latest: pick(latest),
        recorded: recorded.map(|recorded| pick(recorded).as_str()),
    };
    rows.into_iter().take(count).map(image).collect()
}

impl Script<'_> {
    pub(super) fn passes(&mut self, story: &Story) -> End {
        let latest = self.latest;
        let (recorded, lookups) = match story {
            Story::FirstTick => (None, Lookups::Succeed),
            Story::Moved { from }
            | Story::Recovered { from }
            | Story::NotRolledOut { from, .. }
            | Story::LockedOut { from } => (Some(from), Lookups::Succeed),
            Story::DockerUnresolved { curl } => (Some(latest), Lookups::WithoutDigest(curl)),
            Story::TokenRefused { curl } => (Some(latest), Lookups::WithoutToken(curl)),
            _ => (Some(latest), Lookups::Succeed),
        };
        self.first_pass(recorded, lookups);
        let images = images(self.release, latest, recorded);
        let moved: Vec<_> = images.iter().filter(|image| image.has_moved()).collect();
        let looked_up = matches!(lookups, Lookups::Succeed);
        if looked_up && !moved.is_empty() {
            match story {
                Story::LockedOut { .. } => return self.locked_out(),
                Story::NotRolledOut {
                    attempts_before, ..
                } => {
                    self.begin_move(&moved, *attempts_before);
                    self.foreign("error: timed out waiting for the condition");
                    return End::Short;
                }
                _ => self.move_all(&moved),
            }
        }
        let to_record = images
            .iter()
            .filter(|image| image.recorded != Some(image.latest));
        let to_record: Vec<_> = to_record.filter(|image| !image.is_pinned).collect();
        if looked_up && !to_record.is_empty() {
            self.say("updating deployment annotations:");
            for image in to_record {
                self.detail(format_args!("{}={}", image.key(), image.latest));
            }
            self.annotated();
        }
        if self.release.generation.has_ingestor_pass() {
            self.second_pass(story, recorded)
        } else {
            End::Complete
        }
    }

    /// `None` finds no annotation at all.
    pub(super) fn first_pass(&mut self, recorded: Option<&Digests>, lookups: Lookups) {
        let release = self.release;
        let (without, needed) = if release.generation.sets_images() {
            ("re-imaging", "re-image needed")
        } else {
            ("restart", "restart needed")
        };
        for image in images(release, self.latest, recorded) {
            let repository = format!("tracebloc/{}", image.name);
            let (tag, key) = (release.image_tag(), image.key());
            self.say(format_args!(
                "checking {repository}:{tag} (annotation={key})"
            ));
            if image.is_pinned {
                self.detail("pinned by digest in values");
                continue;
            }
            if let Lookups::WithoutToken(curl) = lookups {
                self.no_token("docker.io", &repository, curl);
            }
            if let Lookups::WithoutDigest(curl) = lookups {
                self.foreign(curl);
            }
            if !matches!(lookups, Lookups::Succeed) {
                self.detail("WARN: could not resolve latest digest");
                continue;
            }
            self.detail(format_args!("latest={}", image.latest));
            self.detail(format_args!(
                "recorded={}",
                image.recorded.unwrap_or("<unset>")
            ));
            match image.recorded {
                None => {
                    self.detail(format_args!(
                        "first observation; recording without {without}"
                    ));
                }
                Some(recorded) if recorded == image.latest => {
                    self.detail("digest unchanged since last refresh; no-op");
                }
                Some(recorded) => {
                    let latest = image.latest;
                    self.detail(format_args!(
                        "digest changed ({recorded} -> {latest}); {needed}"
                    ));
                    if image.name == "jobs-manager" && release.has_pinned_proxy() {
                        let key = "images.requestsProxy.digest";
                        self.detail(format_args!("requests-proxy is pinned by {key}"));
                    }
                }
            }
        }
    }

    pub(super) fn no_token(&mut self, registry: &str, repository: &str, curl: &str) {
        let registry = match self.release.generation {
            Generation::G0 => String::new(),
            _ => format!("{registry}/"),
        };
        self.foreign(curl);
        self.detail(format_args!(
            "WARN: could not fetch auth token for {registry}{repository}"
        ));
    }

    pub(super) fn annotated(&mut self) {
        let deployment = self.release.jobs_manager_name();
        self.foreign(format_args!("deployment.apps/{deployment} annotated"));
    }

    fn locked_out(&mut self) -> End {
        let deployment = self.release.jobs_manager_name();
        self.annotated();
        self.say(format_args!(
            "WARN: deployment/{deployment} FLAP DETECTED -- MANUAL ATTENTION NEEDED"
        ));
        End::Complete
    }

    /// The workloads to move, in the chart's order: kind, name, and what `set image` is told.
    fn workloads(&self, moved: &[&Image]) -> Vec<(&'static str, String, String)> {
        let release = self.release;
        let moved = |name: &str| moved.iter().find(|image| image.name == name);
        let image = |container: &str, image: &Image, repository: &str| {
            format!(
                " {container}=docker.io/tracebloc/{repository}@{}",
                image.latest
            )
        };
        let (manager, monitor) = (moved("jobs-manager"), moved("pods-monitor"));
        let mut first = String::new();
        first.extend(manager.map(|moved| image("api", moved, "jobs-manager")));
        first.extend(monitor.map(|moved| image("pods-monitor-container", moved, "pods-monitor")));
        let follower = manager.filter(|_| !release.has_pinned_proxy());
        let proxy = follower.map(|moved| image("proxy", moved, "jobs-manager"));
        let agent = moved("resource-monitor");
        let agent =
            agent.map(|moved| image("tracebloc-resource-monitor", moved, "resource-monitor"));
        let rows = [
            ("deployment", release.jobs_manager_name(), first),
            (
                "deployment",
                release.requests_proxy_name(),
                proxy.unwrap_or_default(),
            ),
            (
                "daemonset",
                release.resource_monitor_name(),
                agent.unwrap_or_default(),
            ),
        ];
        rows.into_iter()
            .filter(|(.., images)| !images.is_empty())
            .collect()
    }

    /// Everything up to the first wait.
    fn begin_move(&mut self, moved: &[&Image], attempts_before: u32) {
        let release = self.release;
        let deployment = release.jobs_manager_name();
        let attempt = format!(
            "(attempt {}/{})",
            attempts_before + 1,
            release.values.refresh.max_refresh_attempts
        );
        if release.generation.has_flap_guard() {
            self.annotated();
        }
        if !release.generation.sets_images() {
            let attempt = if release.generation.has_flap_guard() {
                format!(" {attempt}")
            } else {
                String::new()
            };
            self.say(format_args!(
                "rolling restart of deployment/{deployment}{attempt}"
            ));
            self.foreign(format_args!("deployment.apps/{deployment} restarted"));
            return self.waiting("deployment", &deployment);
        }
        self.say(format_args!("re-imaging control-plane workloads {attempt}"));
        if let Some((kind, name, images)) = self.workloads(moved).first() {
            self.set_image(kind, name, images);
            self.waiting(kind, name);
        }
    }

    fn set_image(&mut self, kind: &str, name: &str, images: &str) {
        self.say(format_args!("set image {kind}/{name}{images}"));
        self.foreign(format_args!("{kind}.apps/{name} image updated"));
    }

    fn waiting(&mut self, kind: &str, name: &str) {
        self.foreign(format_args!(
            "Waiting for {kind} \"{name}\" rollout to finish"
        ));
    }

    pub(super) fn rolled_out(&mut self, kind: &str, name: &str) {
        self.foreign(format_args!("{kind} \"{name}\" successfully rolled out"));
    }

    fn move_all(&mut self, moved: &[&Image]) {
        let release = self.release;
        let manager = release.jobs_manager_name();
        self.begin_move(moved, 0);
        if !release.generation.sets_images() {
            self.rolled_out("deployment", &manager);
            return self.say("rollout complete");
        }
        for (index, (kind, name, images)) in self.workloads(moved).iter().enumerate() {
            if index > 0 {
                self.set_image(kind, name, images);
                self.waiting(kind, name);
            }
            self.rolled_out(kind, name);
            self.say(format_args!("{kind}/{name} rollout complete"));
        }
        self.say("re-image complete");
        self.annotated();
    }
}
