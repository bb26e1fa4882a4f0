//! The first pass: the images of docker.io, and the workloads that run them.
//!
//! | pinned | latest | recorded | what is done |
//! |---|---|---|---|
//! | yes | – | – | nothing; the registry was not asked |
//! | no | unresolved | – | a warning; nothing is counted, in any generation |
//! | no | L | none | L is recorded |
//! | no | L | L | nothing |
//! | no | L | another | its workload is moved, then L is recorded |
//!
//! When anything is to be moved, from G7 on the attempts come first:
//!
//! | attempts a | what is done | exit |
//! |---|---|---|
//! | a ≥ limit | `refresh-flap-detected` = a; nothing moves, nothing is recorded | 0 |
//! | a < limit | `refresh-attempt` = a + 1 before anything is touched; both keys removed when all has rolled out | goes on |
//!
//! Source: chart contract, sections 5.2, 5.5, 5.6.

use super::policy::{ByDigest, Images};
use super::words::{assignments, because, coded, is_without_token, spelled};
use super::{Latest, Plan, Step, TickPolicy, complete, detail, say};
use crate::codes::Code;
use crate::error::Exit;
use crate::image::{Digest, ManagedImage};
use crate::lookup::Failure;
use crate::observation::Target;
use crate::record::{FLAP_DETECTED, Record, Recorded, Streak};
use crate::text::{QUOTED, printable};

/// What one image comes to.
struct Checked<'a> {
    steps: Vec<Step>,
    image: ManagedImage,
    standing: Standing<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing<'a> {
    /// Pinned, unresolved, or as recorded.
    Stays,
    FirstSeen(&'a Digest),
    Moved(&'a Digest),
}

impl<'a> Checked<'a> {
    fn to_record(&self) -> Option<(&'static str, &'a Digest)> {
        match self.standing {
            Standing::Stays => None,
            Standing::FirstSeen(digest) | Standing::Moved(digest) => {
                Some((self.image.record_key()?, digest))
            }
        }
    }

    fn moved(&self) -> Option<(ManagedImage, &'a Digest)> {
        match self.standing {
            Standing::Moved(digest) => Some((self.image, digest)),
            Standing::Stays | Standing::FirstSeen(_) => None,
        }
    }
}

/// The first pass.
pub(super) fn pass(policy: &TickPolicy, record: &Record, latest: &Latest) -> Plan {
    let checked: Vec<_> = policy
        .client_images()
        .into_iter()
        .map(|image| check(policy, image, record, latest))
        .collect();
    let moved: Vec<_> = checked.iter().filter_map(Checked::moved).collect();
    let records: Vec<_> = checked.iter().filter_map(Checked::to_record).collect();
    let lines = checked.into_iter().flat_map(|checked| checked.steps);
    Plan::go_on(lines.collect())
        .and_then(|| move_workloads(policy, record, &moved))
        .and_then(|| Plan::go_on(write_down(&records)))
}

fn check<'a>(
    policy: &TickPolicy,
    image: ManagedImage,
    record: &Record,
    latest: &'a Latest,
) -> Checked<'a> {
    let reference = policy.reference(image);
    let tag = printable(reference.tag.as_deref().unwrap_or_default(), QUOTED);
    let key = image.record_key().unwrap_or_default();
    let mut steps = vec![say(format!(
        "checking {}:{tag} (annotation={key})",
        reference.repository
    ))];
    let mut standing = Standing::Stays;
    match latest.get(&image) {
        _ if policy.is_pinned(image) => {
            steps.push(detail("pinned by digest in values; skipping"));
        }
        None => {}
        Some(Err(failure)) => steps.extend(unresolved(&reference.name(), failure)),
        Some(Ok(digest)) => {
            let (lines, found) = compare(policy, image, &record.recorded(image), digest);
            steps.extend(lines);
            standing = found;
        }
    }
    Checked {
        steps,
        image,
        standing,
    }
}

fn compare<'a>(
    policy: &TickPolicy,
    image: ManagedImage,
    recorded: &Recorded,
    latest: &'a Digest,
) -> (Vec<Step>, Standing<'a>) {
    let (without, needed) = match policy.by_digest {
        Some(_) => ("re-imaging", "re-image needed"),
        None => ("restart", "restart needed"),
    };
    let was = shown(recorded);
    let mut steps = vec![
        detail(format_args!("latest={latest}")),
        detail(format_args!("recorded={was}")),
    ];
    match recorded {
        Recorded::Absent => {
            let line = format!("first observation; recording without {without}");
            steps.push(detail(line));
            (steps, Standing::FirstSeen(latest))
        }
        Recorded::At(recorded) if recorded == latest => {
            steps.push(detail("digest unchanged since last refresh; no-op"));
            (steps, Standing::Stays)
        }
        Recorded::At(_) | Recorded::Malformed(_) => {
            let line = format!("digest changed ({was} -> {latest}); {needed}");
            steps.push(detail(line));
            let leads = policy.by_digest.is_some() && image == ManagedImage::JobsManager;
            if leads && policy.is_pinned(ManagedImage::RequestsProxy) {
                steps.push(detail(
                    "requests-proxy is pinned by images.requestsProxy.digest; it does not follow",
                ));
            }
            (steps, Standing::Moved(latest))
        }
    }
}

/// What is said where a lookup brought nothing, in a pass that does not count it.
pub(super) fn unresolved(name: &str, failure: &Failure) -> Vec<Step> {
    let mut steps = token_warning(name, failure);
    steps.push(detail(format_args!(
        "WARN: could not resolve latest digest; skipping this image in this tick {}",
        because(failure)
    )));
    steps
}

/// The line about the token, where the script would have had none.
pub(super) fn token_warning(name: &str, failure: &Failure) -> Vec<Step> {
    let line = is_without_token(failure).then(|| {
        detail(format_args!(
            "WARN: could not fetch auth token for {name} {}",
            because(failure)
        ))
    });
    line.into_iter().collect()
}

pub(super) fn shown(recorded: &Recorded) -> String {
    match recorded {
        Recorded::Absent => "<unset>".to_owned(),
        Recorded::At(digest) => digest.to_string(),
        Recorded::Malformed(text) => printable(text, QUOTED),
    }
}

/// Nothing, where no image has moved on.
fn move_workloads(policy: &TickPolicy, record: &Record, moved: &[(ManagedImage, &Digest)]) -> Plan {
    if moved.is_empty() {
        return Plan::go_on(Vec::new());
    }
    let Some(limit) = policy.max_attempts else {
        return Plan::go_on(act(policy, moved, ""));
    };
    let before = record.counter(Streak::Attempts).value();
    if before >= limit {
        return locked_out(policy, before, limit);
    }
    // Counted before anything is touched, so that a tick that dies on the way has counted.
    let count = before.saturating_add(1);
    let counted = Step::Annotate(vec![(Streak::Attempts.key(), Some(count.to_string()))]);
    let cleared = Step::Annotate(vec![(Streak::Attempts.key(), None), (FLAP_DETECTED, None)]);
    let acts = act(policy, moved, &format!(" (attempt {count}/{limit})"));
    Plan::go_on([vec![counted], acts, vec![cleared]].concat())
}

fn locked_out(policy: &TickPolicy, before: u64, limit: u64) -> Plan {
    let (deployment, key) = (spelled(&policy.jobs_manager()), Streak::Attempts.key());
    let line = format!(
        "WARN: {before} rollout(s) in a row did not end well (limit {limit}) -- FLAP DETECTED, nothing moves. MANUAL \
         ATTENTION NEEDED: look at {deployment}, then remove its annotation {key} to try again {}",
        coded(Code::FlapLockout)
    );
    let marked = Step::Annotate(vec![(FLAP_DETECTED, Some(before.to_string()))]);
    Plan::end(vec![detail(line), marked, complete()], Exit::Done)
}

fn act(policy: &TickPolicy, moved: &[(ManagedImage, &Digest)], attempt: &str) -> Vec<Step> {
    let Some(others) = &policy.by_digest else {
        let target = policy.jobs_manager();
        let line = format!("rolling restart of {}{attempt}", spelled(&target));
        let done = say("rollout complete");
        return vec![say(line), Step::Restart, Step::Wait(target), done];
    };
    let mut steps = vec![say(format!("re-imaging control-plane workloads{attempt}"))];
    for (target, images) in workloads(policy, others, moved) {
        let name = spelled(&target);
        steps.push(say(format!("set image {name}{}", assignments(&images))));
        steps.push(Step::SetImages(target.clone(), images));
        steps.push(Step::Wait(target));
        steps.push(say(format!("{name} rollout complete")));
    }
    steps.push(say("re-image complete"));
    steps
}

/// What each workload is to run, in the chart's order; none that stays as it is.
fn workloads(
    policy: &TickPolicy,
    others: &ByDigest,
    moved: &[(ManagedImage, &Digest)],
) -> Vec<(Target, Images)> {
    let image = |container, image| {
        let (_, digest) = moved.iter().find(|(moved, _)| *moved == image)?;
        let reference = policy.reference(image).at(digest);
        Some((container, reference.to_string()))
    };
    let api = image("api", ManagedImage::JobsManager);
    let pods_monitor = image("pods-monitor-container", ManagedImage::PodsMonitor);
    let monitor = image("tracebloc-resource-monitor", ManagedImage::ResourceMonitor);
    let follows = !policy.is_pinned(ManagedImage::RequestsProxy);
    let proxy = image("proxy", ManagedImage::JobsManager).filter(|_| follows);
    let some = |images: [Option<_>; 2]| images.into_iter().flatten().collect::<Images>();
    [
        (policy.jobs_manager(), some([api, pods_monitor])),
        (
            others.requests_proxy(&policy.namespace),
            some([proxy, None]),
        ),
        (others.resource_monitor(), some([monitor, None])),
    ]
    .into_iter()
    .filter(|(_, images)| !images.is_empty())
    .collect()
}

/// The last step of the pass: what was seen first, and what has been moved.
fn write_down(records: &[(&'static str, &Digest)]) -> Vec<Step> {
    if records.is_empty() {
        return Vec::new();
    }
    let pairs = records
        .iter()
        .map(|(key, digest)| format!(" {key}={digest}"));
    let line = say(format!(
        "updating deployment annotations:{}",
        pairs.collect::<String>()
    ));
    let values = records
        .iter()
        .map(|(key, digest)| (*key, Some(digest.to_string())));
    vec![line, Step::Annotate(values.collect())]
}
