//! What to type next, most urgent first: commands that work as they stand.
//!
//! Full digests, `-n` always, and flags after the plugin's name. Where a subcommand of this plugin would do, it is
//! named; where this version has none yet, kubectl's own command is.

use super::egress::newest_completed;
use super::findings::{clearing, platforms};
use super::image::Judged;
use super::job::Frozen;
use super::{Assessment, ClusterEvidence, NextStep, State};
use crate::age::age;
use crate::capability::Capability;
use crate::codes::Code;
use crate::image::{Digest, ManagedImage};
use crate::observation::{Observation, Rollout, RunLog, WorkloadKind};
use crate::record::{FLAP_DETECTED, Streak};
use crate::shell::word;

/// Subcommands that advice may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subcommand {
    Doctor,
    Refresh,
}

/// Those that this version has.
pub(crate) const AVAILABLE: &[Subcommand] = &[Subcommand::Doctor, Subcommand::Refresh];

/// Who is advised, of what, and with which subcommands.
pub(super) struct Advice<'a> {
    pub(super) seen: &'a Observation,
    pub(super) images: &'a [Judged<'a>],
    /// As far as it is filled: egress, findings and refresh job.
    pub(super) assessment: &'a Assessment,
    pub(super) frozen: Option<&'a Frozen<'a>>,
    pub(super) available: &'a [Subcommand],
}

impl Advice<'_> {
    pub(super) fn steps(&self) -> Vec<NextStep> {
        let mut steps = self.causes();
        steps.extend(self.pods());
        steps.extend(self.moves());
        steps.extend(self.rearm());
        steps.extend(self.job());
        steps.extend(self.forget());
        steps.extend(self.upgrade());
        steps
    }

    fn has(&self, subcommand: Subcommand) -> bool {
        self.available.contains(&subcommand)
    }

    fn namespace(&self) -> String {
        word(&self.seen.release.namespace)
    }

    fn found(&self, code: Code) -> bool {
        let findings = &self.assessment.findings;
        findings
            .iter()
            .any(|finding| finding.code == code && finding.outcome == super::Outcome::Fail)
    }

    /// Where to look for the cause.
    fn causes(&self) -> Vec<NextStep> {
        let blocked = self
            .assessment
            .egress
            .iter()
            .find(|egress| matches!(egress.cluster, ClusterEvidence::Fails { .. }));
        let is_wanted = self.found(Code::StreakAtThreshold)
            || self.found(Code::SilentFailure)
            || self.found(Code::NoInClusterConfig)
            || self.found(Code::RunsFailed);
        if !is_wanted {
            return Vec::new();
        }
        let namespace = self.namespace();
        let registry = blocked.map(|egress| egress.registry.as_str());
        if self.has(Subcommand::Doctor) {
            return vec![step(
                format!("kubectl tracebloc-images doctor -n {namespace}"),
                match registry {
                    Some(registry) => format!("find where {registry} is blocked"),
                    None => "find the cause".to_owned(),
                },
            )];
        }
        let mut steps = Vec::new();
        match newest_completed(self.seen) {
            Some(run) if self.found(Code::SilentFailure) => {
                if matches!(run.log, RunLog::Read(_)) {
                    steps.push(step(
                        format!("kubectl logs -n {namespace} job/{}", word(&run.job)),
                        "read what the last completed run says".to_owned(),
                    ));
                }
            }
            _ => steps.push(step(
                format!(
                    "kubectl logs -n {namespace} -l app.kubernetes.io/component=image-refresh --tail=40"
                ),
                "read what the refresher says, where a pod of it is left".to_owned(),
            )),
        }
        if let Some(registry) = registry {
            steps.push(step(
                format!("kubectl get networkpolicies -n {namespace}"),
                format!("see whether one of them keeps pods from {registry}"),
            ));
        }
        steps
    }

    /// Pods in trouble: one for each workload.
    fn pods(&self) -> Vec<NextStep> {
        let mut steps: Vec<NextStep> = Vec::new();
        for judged in self.images {
            let (Some(trouble), Ok(workload)) = (judged.troubles.first(), judged.facts.workload())
            else {
                continue;
            };
            let command = format!(
                "kubectl describe pod -n {} {}",
                word(&workload.namespace),
                word(&trouble.pod.name)
            );
            let is_known = steps.iter().any(|step| step.command == command);
            if !is_known {
                steps.push(step(
                    command,
                    format!("see the events of {}", judged.image()),
                ));
            }
        }
        if self.found(Code::SkipStreak) && steps.is_empty() {
            let (namespace, manager) = (self.namespace(), word(&self.seen.release.jobs_manager));
            steps.push(step(
                format!("kubectl describe deploy -n {namespace} {manager}"),
                "see why it is not settled".to_owned(),
            ));
        }
        steps
    }

    /// What moves the images that are behind and will not move by themselves.
    fn moves(&self) -> Vec<NextStep> {
        let behind: Vec<_> = self
            .images
            .iter()
            .filter_map(|judged| Some((judged, target(judged)?)))
            .collect();
        if behind.is_empty() {
            return Vec::new();
        }
        if self.has(Subcommand::Refresh) {
            // A lock-out refuses it, and `rearm` moves them as well.
            let is_free = !self.found(Code::FlapLockout);
            return is_free
                .then(|| self.by_refresh(&behind))
                .into_iter()
                .collect();
        }
        if self.will_move_by_itself(&behind) {
            return self.tick().into_iter().collect();
        }
        if self.waits_for_a_rollout() {
            return Vec::new();
        }
        let mut steps: Vec<NextStep> = Vec::new();
        for (judged, latest) in behind {
            let Some(one) = self.by_kubectl(judged, &latest) else {
                continue;
            };
            if !steps.iter().any(|step| step.command == one.command) {
                steps.push(one);
            }
        }
        steps
    }

    /// One command for all of them; a requests-proxy follows jobs-manager.
    fn by_refresh(&self, behind: &[(&Judged<'_>, Digest)]) -> NextStep {
        let images = behind.iter().map(|(judged, _)| judged.image());
        let names: Vec<_> = images
            .filter(|image| *image != ManagedImage::RequestsProxy)
            .map(ManagedImage::name)
            .collect();
        let why = match behind {
            [(_, latest)] => format!("move it to {latest} from here"),
            _ => "move them to what their tags name, from here".to_owned(),
        };
        let (names, namespace) = (names.join(" "), self.namespace());
        let command = format!("kubectl tracebloc-images refresh {names} -n {namespace}");
        step(command, why)
    }

    /// A refresher that runs, resolves and is not locked out moves everything that is merely stale.
    fn will_move_by_itself(&self, behind: &[(&Judged<'_>, Digest)]) -> bool {
        use super::state::Row;

        let is_plain = |(judged, _): &(&Judged<'_>, Digest)| {
            judged.stuck_by.is_empty()
                && matches!(judged.row, Some(Row::Stale(_)))
                && !self.is_out_of_reach(judged)
        };
        self.seen.release.cron_job().is_some()
            && self.frozen.is_none()
            && !self.found(Code::SilentFailure)
            && !self.waits_for_a_rollout()
            && behind.iter().all(is_plain)
    }

    /// The pods' own lookups of its registry failed last: one more tick would only count one failure more.
    fn is_out_of_reach(&self, judged: &Judged<'_>) -> bool {
        let registry = judged.facts.observed.tracks.as_ref();
        self.assessment.egress.iter().any(|egress| {
            registry.is_some_and(|tracks| tracks.registry == egress.registry)
                && matches!(egress.cluster, ClusterEvidence::Fails { .. })
        })
    }

    /// The next tick skips while jobs-manager is not settled, and moves everything once it is.
    fn waits_for_a_rollout(&self) -> bool {
        let jobs_manager = self.seen.image(ManagedImage::JobsManager);
        let settled = jobs_manager
            .and_then(|image| image.workload.as_ref().ok())
            .is_none_or(|workload| workload.rollout == Rollout::Settled);
        self.seen.release.capabilities.has(Capability::SettledGuard) && !settled
    }

    /// `None` while a run is active: it is looking already.
    fn tick(&self) -> Option<NextStep> {
        let cron_job = self.seen.release.cron_job()?;
        if !cron_job.active.is_empty() {
            return None;
        }
        let name = &cron_job.name;
        let next = self
            .assessment
            .refresh
            .as_ref()
            .and_then(|refresh| refresh.next_run);
        let why = match next {
            Some(next) => {
                let wait = next.as_second() - self.seen.at.as_second();
                format!("run the refresher now instead of in {}", age(wait))
            }
            None => "run the refresher now".to_owned(),
        };
        let command = format!(
            "kubectl create job -n {} --from=cronjob/{} {}",
            self.namespace(),
            word(name),
            word(&format!("{name}-{}", self.seen.at.as_second()))
        );
        Some(step(command, why))
    }

    fn by_kubectl(&self, judged: &Judged<'_>, latest: &Digest) -> Option<NextStep> {
        let workload = judged.facts.workload().ok()?;
        let tracks = judged.facts.observed.tracks.as_ref()?;
        let object = match workload.kind {
            WorkloadKind::Deployment => "deploy",
            WorkloadKind::DaemonSet => "ds",
        };
        let target = format!(
            "-n {} {object}/{}",
            word(&workload.namespace),
            word(&workload.name)
        );
        let container = word(&workload.container);
        let capabilities = &self.seen.release.capabilities;
        // A person who may not see the nodes still knows them.
        let coverage = &judged.assessed.coverage;
        let provided = match (&coverage.required, &coverage.latest) {
            (Err(_), Ok(has)) => format!("; it is built for {}", platforms(has)),
            _ => String::new(),
        };
        let why = format!("move {} to {latest} from here{provided}", judged.image());
        Some(if judged.image() == ManagedImage::Ingestor {
            let command =
                format!("kubectl set env {target} -c {container} INGESTOR_IMAGE_DIGEST={latest}");
            step(command, why)
        } else if capabilities.has(Capability::SetImage) {
            let image = word(&tracks.at(latest).to_string());
            step(
                format!("kubectl set image {target} {container}={image}"),
                why,
            )
        } else {
            step(
                format!("kubectl rollout restart {target}"),
                format!("pull what {} names now", word(&tracks.to_string())),
            )
        })
    }

    fn rearm(&self) -> Option<NextStep> {
        if !self.found(Code::FlapLockout) {
            return None;
        }
        let (command, why) = if self.has(Subcommand::Refresh) {
            let namespace = self.namespace();
            (
                format!("kubectl tracebloc-images refresh --rearm -n {namespace}"),
                "clear the count and move what is behind, once the cause is gone",
            )
        } else {
            (
                clearing(self.seen, &[Streak::Attempts.key(), FLAP_DETECTED]),
                "let the refresher try again, once the cause is gone",
            )
        };
        Some(step(command, why.to_owned()))
    }

    fn job(&self) -> Option<NextStep> {
        let name = word(&self.seen.release.cron_job()?.name);
        let namespace = self.namespace();
        Some(match self.frozen? {
            Frozen::Suspended => step(
                format!(
                    "kubectl patch cronjob -n {namespace} {name} -p '{{\"spec\":{{\"suspend\":false}}}}'"
                ),
                "resume the refresh job".to_owned(),
            ),
            Frozen::Overdue(_) => step(
                format!("kubectl describe cronjob -n {namespace} {name}"),
                "see why no run was started".to_owned(),
            ),
            Frozen::Stuck(run, _) => step(
                format!("kubectl describe job -n {namespace} {}", word(&run.job)),
                "see what the run waits for".to_owned(),
            ),
            Frozen::Failing(_) | Frozen::Unsuccessful(_) => step(
                format!(
                    "kubectl get events -n {namespace} --field-selector involvedObject.kind=Job"
                ),
                "see how the last runs ended".to_owned(),
            ),
        })
    }

    /// The finding names the command: it knows the keys.
    fn forget(&self) -> Option<NextStep> {
        let mut findings = self.assessment.findings.iter();
        let leftover = findings.find(|finding| finding.code == Code::Leftover)?;
        let (_, command) = leftover.details.first()?;
        Some(step(
            command.clone(),
            "forget what another generation left behind".to_owned(),
        ))
    }

    /// No command: what ends this class of failure (TBI-606).
    fn upgrade(&self) -> Option<NextStep> {
        let is_blocked = self.images.iter().any(|judged| {
            judged.image() == ManagedImage::Ingestor
                && self.assessment.findings.iter().any(|finding| {
                    finding.image == Some(ManagedImage::Ingestor)
                        && matches!(finding.code, Code::StreakAtThreshold | Code::SilentFailure)
                })
        });
        is_blocked.then(|| {
            step(
                "chart 1.6.0 or later spawns the ingestor by tag".to_owned(),
                if self.has(Subcommand::Doctor) {
                    "only if the nodes reach ghcr.io: doctor --pull-test".to_owned()
                } else {
                    "only if the nodes reach ghcr.io".to_owned()
                },
            )
        })
    }
}

/// What an image that is behind should move to: a latest that is known and runs wherever it has to.
fn target(judged: &Judged<'_>) -> Option<Digest> {
    use super::facts::Folded;

    let is_free =
        judged.facts.is_managed() && !judged.is(State::Held) && !judged.is(State::Mirrored);
    if !is_free || judged.assessed.to_latest.running == Folded::Same || judged.is(State::Unknown) {
        return None;
    }
    // Set already: its rollout is on the way, or does not end.
    if judged.assessed.spec.is_ok() && judged.assessed.spec == judged.assessed.latest {
        return None;
    }
    let coverage = &judged.assessed.coverage;
    let runs_here = coverage.latest.is_ok() && coverage.latest_missing.is_empty();
    judged.assessed.latest.clone().ok().filter(|_| runs_here)
}

fn step(command: String, why: String) -> NextStep {
    NextStep { command, why }
}
