//! The second pass: the ingestor of ghcr.io, whose digest is a setting of `api` (G1, G2).
//!
//! | lookup | stored failures p, threshold T | writes | exit |
//! |---|---|---|---|
//! | failed, G1 | – | – | 0 |
//! | failed | p ≥ T | – | 1 |
//! | failed | p + 1 < T | counter = p + 1 | 0 |
//! | failed | p + 1 ≥ T | counter = p + 1, then the last error | 1 |
//! | ok | counter present | counter and last error are cleared; failing to costs nothing | goes on |
//!
//! | | recorded | in use | what is done | recorded afterwards |
//! |---|---|---|---|---|
//! | D1 | none | C | wait | C, not the latest |
//! | D2 | none | none | set L, wait | L |
//! | D3 | R ≠ L | any | set L, wait | L |
//! | D4 | L | another, or none | set L, wait | as it was |
//! | D5 | L | L | wait: the Deployment has to be healthy | as it was |
//!
//! Source: chart contract, section 5.3.

use super::client_images::{shown, token_warning, unresolved};
use super::policy::IngestorPass;
use super::words::{because, checks};
use super::{Latest, Plan, Seen, Step, TickPolicy, detail, say};
use crate::error::Exit;
use crate::image::{Digest, ManagedImage};
use crate::lookup::Failure;
use crate::record::{LAST_ERROR, Record, Recorded, Streak};
use crate::text::{QUOTED, printable};

const IMAGE: ManagedImage = ManagedImage::Ingestor;

/// The second pass.
pub(super) fn pass(
    policy: &TickPolicy,
    pass: &IngestorPass,
    seen: Seen<'_>,
    latest: &Latest,
) -> Plan {
    let name = policy.reference(IMAGE).name();
    let shown = format!("{name}:{}", printable(&pass.tag, QUOTED));
    let checking = say(format!(
        "checking {shown} (env=INGESTOR_IMAGE_DIGEST on container=api)"
    ));
    let plan = match (latest.get(&IMAGE), pass.threshold) {
        _ if policy.is_pinned(IMAGE) => Plan::go_on(vec![detail(
            "ingestor.autoRefresh: false in values; skipping",
        )]),
        (None, _) => Plan::go_on(Vec::new()),
        (Some(Err(failure)), None) => Plan::go_on(unresolved(&name, failure)),
        (Some(Err(failure)), Some(threshold)) => {
            let warning = Plan::go_on(token_warning(&name, failure));
            let failed = Failed {
                // The annotation holds the tag as it stands in the environment, the log what can be shown of it.
                image: format!("{name}:{}", pass.tag),
                shown,
                failure,
                threshold,
            };
            warning.and_then(|| count(policy, &failed, seen.record))
        }
        (Some(Ok(digest)), threshold) => {
            let mut steps = Vec::new();
            if threshold.is_some() && seen.record.has(Streak::Failures.key()) {
                steps.push(detail(
                    "ingestor digest resolved; clearing prior failure streak",
                ));
                steps.push(Step::Clear {
                    keys: const { &[Streak::Failures.key(), LAST_ERROR] },
                    what: "failure streak",
                });
            }
            steps.extend(reconcile(policy, seen, digest));
            Plan::go_on(steps)
        }
    };
    Plan::go_on(vec![checking]).and_then(|| plan)
}

/// A lookup that is counted.
struct Failed<'a> {
    image: String,
    shown: String,
    failure: &'a Failure,
    threshold: u64,
}

impl Failed<'_> {
    /// The ERROR line, what to check and what to run.
    fn alarm(&self, policy: &TickPolicy, line: &str) -> impl Iterator<Item = Step> {
        let line = say(format!("ERROR: {line} {}", because(self.failure)));
        let checks = checks(&policy.namespace).into_iter().map(detail);
        std::iter::once(line).chain(checks)
    }
}

fn count(policy: &TickPolicy, failed: &Failed<'_>, record: &Record) -> Plan {
    let Failed {
        shown, threshold, ..
    } = failed;
    let before = record.counter(Streak::Failures).value();
    if before >= *threshold {
        let line = format!("still cannot resolve {shown} (>= {threshold} consecutive failures)");
        return Plan::end(failed.alarm(policy, &line).collect(), Exit::Failed);
    }
    let failures = before + 1;
    let counted = Step::Annotate(vec![(Streak::Failures.key(), Some(failures.to_string()))]);
    if failures < *threshold {
        let line = format!(
            "WARN: could not resolve latest ingestor digest (failure {failures}/{threshold}; the digest in use stays) {}",
            because(failed.failure)
        );
        return Plan::go_on(vec![counted, detail(line)]);
    }
    let ticks = format!("for {failures} consecutive ticks");
    let error = format!("could not resolve {} {ticks}", failed.image);
    let line = format!("could not resolve {shown} {ticks} (threshold {threshold})");
    let mut steps = vec![counted, Step::Annotate(vec![(LAST_ERROR, Some(error))])];
    steps.extend(failed.alarm(policy, &line));
    Plan::end(steps, Exit::Failed)
}

fn reconcile(policy: &TickPolicy, seen: Seen<'_>, latest: &Digest) -> Vec<Step> {
    let recorded = seen.record.recorded(IMAGE);
    let was = shown(&recorded);
    let in_use = match seen.in_use {
        "" => "<empty>".to_owned(),
        digest => printable(digest, QUOTED),
    };
    let mut steps = vec![
        detail(format_args!("latest={latest}")),
        detail(format_args!("recorded={was}")),
        detail(format_args!("current={in_use}")),
    ];
    let wait = Step::Wait(policy.jobs_manager());
    let record = |digest: &str| {
        let key = IMAGE.record_key().map(|key| (key, Some(digest.to_owned())));
        Step::Annotate(key.into_iter().collect())
    };
    let set = |line: String| {
        let set = Step::SetIngestor(latest.clone());
        vec![detail(line), set, wait.clone()]
    };
    let moved = |line: String| {
        let recorded = [record(latest.as_str()), detail("ingestor refresh complete")];
        [set(line), recorded.to_vec()].concat()
    };
    steps.extend(match &recorded {
        Recorded::Absent if seen.in_use.is_empty() => {
            moved("first observation; spec env empty, setting it".to_owned())
        }
        Recorded::Absent => vec![
            detail("first observation; adopting spec env"),
            wait,
            record(seen.in_use),
        ],
        Recorded::At(recorded) if recorded != latest => moved(changed(&was, latest)),
        Recorded::Malformed(_) => moved(changed(&was, latest)),
        Recorded::At(_) if seen.in_use == latest.as_str() => vec![
            detail("verifying deployment health"),
            wait,
            detail("fully in sync; no-op"),
        ],
        Recorded::At(_) => {
            let line =
                format!("spec env drifted (recorded={was} but current={in_use}); set env + wait");
            [set(line), vec![detail("ingestor env re-applied")]].concat()
        }
    });
    steps
}

fn changed(was: &str, latest: &Digest) -> String {
    format!("digest changed ({was} -> {latest}); set env + wait for rollout")
}
