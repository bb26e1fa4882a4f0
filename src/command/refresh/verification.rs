//! Whether the pods that came up run what was set, and what of it may be recorded.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::Run;
use super::planning::Planned;
use crate::codes::Code;
use crate::image::{Digest, INGESTOR_DIGEST, ManagedImage};
use crate::observation::{RegistryAnswers, Running};
use crate::plan::{Change, Means, Move};
use crate::report::{Ending, Step, StepResult};
use crate::rollout::Settled;
use crate::rollout::verify::{Expected, Verified, verify};

/// What a look at the new pods comes to.
pub(super) struct Outcome {
    pub(super) result: StepResult,
    pub(super) words: String,
    pub(super) details: Vec<String>,
    /// What may be recorded.
    pub(super) digests: BTreeMap<ManagedImage, Digest>,
}

/// What is found of one image.
enum Found {
    Proven(Digest),
    /// The tag moved after the plan; this is what runs instead.
    Moved(Digest),
    NothingRuns(Digest),
    Contradicted {
        pod: String,
        running: String,
    },
    Unproven(String),
}

impl Run<'_> {
    /// The digests that a workload's new pods prove.
    ///
    /// # Errors
    ///
    /// The ending of the run, where a pod runs something else (TBI-507) or does not show what.
    pub(super) async fn verify(
        &self,
        planned: &Planned,
        change: &Change,
        settled: &Settled,
    ) -> Result<BTreeMap<ManagedImage, Digest>, Ending> {
        self.journal.begin(Step::Verify, Some(&change.target));
        let mut found = Vec::new();
        for one in &change.moves {
            found.push((one, self.find(planned, one, settled).await));
        }
        self.outcome(outcome(&found))
    }

    async fn find(&self, planned: &Planned, one: &Move, settled: &Settled) -> Found {
        let nodes = planned.seen.nodes.as_deref().unwrap_or_default();
        let against = |expected, answers: &RegistryAnswers| {
            verify(settled, &one.container, expected, nodes, answers)
        };
        if matches!(one.means, Means::Image | Means::Env) {
            return found(one, against(Expected::AsSet, &RegistryAnswers::default()));
        }
        let mut answers = planned.seen.registry.clone();
        self.learn(&mut answers, one, &running(settled, one)).await;
        let verified = against(Expected::Content(&one.to), &answers);
        if !matches!(verified, Verified::Contradicted { .. }) {
            return found(one, verified);
        }
        // The pod followed its tag: where that has moved meanwhile, the newer content is what was asked for.
        let latest = match self.session {
            Ok(session) => session
                .lookup_all(std::slice::from_ref(&one.tracks))
                .await
                .pop(),
            Err(_) => None,
        };
        let Some(Ok(latest)) =
            latest.filter(|latest| latest.as_ref().is_ok_and(|latest| latest.digest != one.to))
        else {
            return found(one, verified);
        };
        self.learn(&mut answers, one, &BTreeSet::from([latest.digest.clone()]))
            .await;
        match against(Expected::Content(&latest.digest), &answers) {
            Verified::Proven => Found::Moved(latest.digest),
            _ => found(one, verified),
        }
    }

    /// What these digests contain, as far as the registry says.
    async fn learn(&self, answers: &mut RegistryAnswers, one: &Move, digests: &BTreeSet<Digest>) {
        let Ok(session) = self.session else {
            return;
        };
        let unknown: Vec<_> = digests
            .iter()
            .filter(|digest| !answers.manifests.contains_key(digest))
            .collect();
        let asked = unknown
            .into_iter()
            .map(async |digest| (digest.clone(), session.manifest(&one.tracks, digest).await));
        let known = join_all(asked).await;
        answers.manifests.extend(known);
    }

    /// Puts together what verification found.
    fn outcome(&self, outcome: Outcome) -> Result<BTreeMap<ManagedImage, Digest>, Ending> {
        let Outcome {
            result,
            words,
            details,
            digests,
        } = outcome;
        let is_failed = matches!(result, StepResult::Failed(_));
        self.journal.end(result, words, details);
        if is_failed {
            return Err(Ending::Failed);
        }
        Ok(digests)
    }
}

fn running(settled: &Settled, one: &Move) -> BTreeSet<Digest> {
    let containers = settled.proofs.iter().flat_map(|proof| &proof.containers);
    containers
        .filter(|container| container.name == one.container)
        .filter_map(|container| match &container.running {
            Running::Manifest(digest) => Some(digest.clone()),
            Running::Config(_) | Running::Empty | Running::Unknown(_) => None,
        })
        .collect()
}

fn found(one: &Move, verified: Verified) -> Found {
    match verified {
        Verified::Proven => Found::Proven(one.to.clone()),
        Verified::NothingRuns => Found::NothingRuns(one.to.clone()),
        Verified::Contradicted { pod, running } => Found::Contradicted { pod, running },
        Verified::Unproven(why) => Found::Unproven(why),
    }
}

fn outcome(found: &[(&Move, Found)]) -> Outcome {
    let mut outcome = Outcome {
        result: StepResult::Done,
        words: String::new(),
        details: Vec::new(),
        digests: BTreeMap::new(),
    };
    let mut said = Vec::new();
    for (one, found) in found {
        match found {
            Found::Proven(digest) => {
                said.push(match one.means {
                    Means::Env => format!("running pod has {INGESTOR_DIGEST} {digest}"),
                    Means::Image | Means::Tag | Means::None => {
                        format!("{} runs {digest}", one.image)
                    }
                });
                outcome.digests.insert(one.image, digest.clone());
            }
            Found::Moved(digest) => {
                outcome.result = outcome.result.max(StepResult::Doubtful);
                said.push(format!("{} runs {digest}", one.image));
                outcome.details.push(format!(
                    "{} moved on after the plan was shown; what runs is recorded",
                    one.tracks
                ));
                outcome.digests.insert(one.image, digest.clone());
            }
            Found::NothingRuns(digest) => {
                outcome.result = outcome.result.max(StepResult::Doubtful);
                said.push(format!("{}: nothing runs it yet", one.image));
                outcome.digests.insert(one.image, digest.clone());
            }
            Found::Contradicted { pod, running } => {
                outcome.result = StepResult::Failed(Some(Code::NotRunningWhatWasSet));
                outcome
                    .details
                    .push(format!("pod {pod} runs {running}, not {}", one.to));
            }
            Found::Unproven(why) => {
                outcome.result = StepResult::Failed(Some(Code::NotRunningWhatWasSet));
                outcome.details.push(format!("{}: {why}", one.image));
            }
        }
    }
    outcome.words = said.join(", ");
    outcome
}
