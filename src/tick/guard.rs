//! The settled guard: a rollout that is under way, or a pod that is not Ready, is left alone (G7 on), and from G9 on
//! the ticks skipped for it are counted.
//!
//! | rollout | stored skips | k = stored + 1 | writes | exit |
//! |---|---|---|---|---|
//! | settled | absent | – | – | goes on |
//! | settled | present | – | the counter is cleared; failing to costs nothing | goes on |
//! | not settled | any | k < limit, or not counted | counter = k | 0, without `tick complete` |
//! | not settled | any | k ≥ limit | counter = k, beyond the limit too | 1 |
//!
//! Source: chart contract, section 5.5.

use super::words::{coded, spelled};
use super::{Plan, Step, TickPolicy, detail, say};
use crate::codes::Code;
use crate::error::Exit;
use crate::observation::Rollout;
use crate::record::{Record, Streak};
use crate::shell::word;
use crate::text::{QUOTED, printable};

/// What to do about a Deployment whose rollout was given ten seconds to be over. For a policy that
/// [waits for that](TickPolicy::waits_for_settled).
pub(crate) fn guard(policy: &TickPolicy, rollout: &Rollout, record: &Record) -> Plan {
    let deployment = spelled(&policy.jobs_manager());
    match rollout {
        Rollout::Settled => Plan::go_on(settled(policy, &deployment, record)),
        Rollout::InFlight(why) | Rollout::Failed(why) => {
            unsettled(policy, &deployment, why, record)
        }
        Rollout::Paused => unsettled(policy, &deployment, "the Deployment is paused", record),
    }
}

fn settled(policy: &TickPolicy, deployment: &str, record: &Record) -> Vec<Step> {
    let key = Streak::Skips.key();
    let stored = record
        .annotations
        .get(key)
        .filter(|stored| !stored.is_empty());
    match (policy.max_skips, stored) {
        (Some(_), Some(stored)) => vec![
            say(format!(
                "{deployment} is settled again after {} skipped tick(s)",
                printable(stored, QUOTED)
            )),
            Step::Clear {
                keys: const { &[Streak::Skips.key()] },
                what: "skip streak",
            },
        ],
        _ => Vec::new(),
    }
}

fn unsettled(policy: &TickPolicy, deployment: &str, why: &str, record: &Record) -> Plan {
    let skips = format!(
        "{deployment} not settled (rollout in progress or pod not Ready) -- skipping this refresh tick"
    );
    let Some(limit) = policy.max_skips else {
        return Plan::end(vec![say(format!("{skips}: {why}"))], Exit::Done);
    };
    let count = record.counter(Streak::Skips).value().saturating_add(1);
    let mut steps = vec![Step::Annotate(vec![(
        Streak::Skips.key(),
        Some(count.to_string()),
    )])];
    if count < limit {
        steps.push(say(format!("{skips} {count}/{limit}: {why}")));
        return Plan::end(steps, Exit::Done);
    }
    steps.extend(frozen(policy, deployment, count, why));
    Plan::end(steps, Exit::Failed)
}

fn frozen(policy: &TickPolicy, deployment: &str, count: u64, why: &str) -> Vec<Step> {
    let namespace = word(&policy.namespace);
    let others = policy.by_digest.as_ref().map(|others| {
        format!(
            " Nor do {} and {} move.",
            spelled(&others.requests_proxy(&policy.namespace)),
            spelled(&others.resource_monitor())
        )
    });
    vec![
        say(format!(
            "ERROR: {deployment} has been unsettled for {count} consecutive ticks ({why}); IMAGE REFRESH IS FROZEN until \
             it is settled.{} {}",
            others.unwrap_or_default(),
            coded(Code::SkipStreak)
        )),
        detail(format_args!(
            "its pods: kubectl get pods -n {namespace} -l app=manager"
        )),
        detail(format_args!(
            "what they say: kubectl logs -n {namespace} {deployment} --all-containers --tail=50"
        )),
        detail(format_args!(
            "what happened to them: kubectl get events -n {namespace} --sort-by=.lastTimestamp"
        )),
        detail(
            "running, and never Ready: port 8080 of api does not open (ingestion-authz.yaml, database rights, port taken)",
        ),
    ]
}
