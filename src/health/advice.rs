//! What to type next, most urgent first: commands that work as they stand.
//!
//! Full digests, `-n` always, and flags after the plugin's name; this plugin's own subcommands wherever one would do.

use super::findings::platforms;
use super::image::Judged;
use super::job::Frozen;
use super::{Assessment, ClusterEvidence, NextStep, State};
use crate::codes::Code;
use crate::image::{Digest, ManagedImage};
use crate::observation::Observation;
use crate::shell::word;

/// Who is advised, and of what.
pub(super) struct Advice<'a> {
    pub(super) seen: &'a Observation,
    pub(super) images: &'a [Judged<'a>],
    /// As far as it is filled: egress, findings and refresh job.
    pub(super) assessment: &'a Assessment,
    pub(super) frozen: Option<&'a Frozen<'a>>,
}

impl Advice<'_> {
    pub(super) fn steps(&self) -> Vec<NextStep> {
        let mut steps: Vec<_> = self.causes().into_iter().collect();
        steps.extend(self.pods());
        steps.extend(self.moves());
        steps.extend(self.rearm());
        steps.extend(self.job());
        steps.extend(self.forget());
        steps.extend(self.upgrade());
        steps
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
    fn causes(&self) -> Option<NextStep> {
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
            return None;
        }
        let why = match blocked {
            Some(egress) => format!("find where {} is blocked", egress.registry),
            None => "find the cause".to_owned(),
        };
        let command = format!("kubectl tracebloc-images doctor -n {}", self.namespace());
        Some(step(command, why))
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

    /// What moves the images that are behind.
    fn moves(&self) -> Option<NextStep> {
        // A lock-out refuses it, and `rearm` moves them as well.
        if self.found(Code::FlapLockout) {
            return None;
        }
        let judged = self.images.iter();
        let behind: Vec<_> = judged
            .filter_map(|judged| Some((judged, target(judged)?)))
            .collect();
        (!behind.is_empty()).then(|| self.by_refresh(&behind))
    }

    /// One command for all of them; a requests-proxy follows jobs-manager.
    fn by_refresh(&self, behind: &[(&Judged<'_>, Digest)]) -> NextStep {
        let images = behind.iter().map(|(judged, _)| judged.image());
        let named = images.filter(|image| *image != ManagedImage::RequestsProxy);
        let words: Vec<_> = std::iter::once("kubectl tracebloc-images refresh")
            .chain(named.map(ManagedImage::name))
            .collect();
        let why = match behind {
            [(judged, latest)] => {
                // A person who may not see the nodes still knows them.
                let coverage = &judged.assessed.coverage;
                let provided = match (&coverage.required, &coverage.latest) {
                    (Err(_), Ok(has)) => format!("; it is built for {}", platforms(has)),
                    _ => String::new(),
                };
                format!("move it to {latest} from here{provided}")
            }
            _ => "move them to what their tags name, from here".to_owned(),
        };
        let command = format!("{} -n {}", words.join(" "), self.namespace());
        step(command, why)
    }

    fn rearm(&self) -> Option<NextStep> {
        self.found(Code::FlapLockout).then(|| {
            step(
                format!(
                    "kubectl tracebloc-images refresh --rearm -n {}",
                    self.namespace()
                ),
                "clear the count and move what is behind, once the cause is gone".to_owned(),
            )
        })
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
                "only if the nodes reach ghcr.io: doctor --pull-test".to_owned(),
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
