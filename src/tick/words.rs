//! The words of the log that are not of one part alone. What watches the script's log goes on working: its
//! substrings stand in every line (chart contract, section 8).

use super::policy::Images;
use super::{TickPolicy, Unusable};
use crate::codes::Code;
use crate::error::Error;
use crate::lookup::{Failure, Layer};
use crate::observation::{Target, WorkloadKind};
use crate::record::Streak;
use crate::shell::word;
use crate::text::{QUOTED, printable};

/// `deployment/NAME`, as the log names a workload.
pub(super) fn spelled(target: &Target) -> String {
    let kind = match target.kind {
        WorkloadKind::Deployment => "deployment",
        WorkloadKind::DaemonSet => "daemonset",
    };
    format!("{kind}/{}", printable(&target.name, QUOTED))
}

/// What a WARN or ERROR line ends with: code, host, layer, and what was seen there.
pub(super) fn because(failure: &Failure) -> String {
    let code = failure.code.map(|code| format!("{code} "));
    let Failure {
        host,
        layer,
        message,
        ..
    } = failure;
    format!(
        "[{}{host}: {}: {message}]",
        code.unwrap_or_default(),
        layer.word()
    )
}

/// The same for what has a code and no more.
pub(super) fn coded(code: Code) -> String {
    format!("[{code}]")
}

/// Whether the script, which asks for a token first, would have had none.
pub(super) fn is_without_token(failure: &Failure) -> bool {
    let is_about_tokens = failure
        .code
        .is_some_and(|code| (Code::TokenHostBlocked..=Code::TokenMalformed).contains(&code));
    // ghcr.io gives its tokens itself: what does not reach it reaches none.
    let is_unreached = failure.layer < Layer::Http && failure.host == "ghcr.io";
    is_about_tokens || failure.layer == Layer::Token || is_unreached
}

/// Why a tick whose environment cannot be used does nothing.
pub(crate) fn unusable(why: &Unusable) -> String {
    format!("ERROR: {why}; nothing was looked at{}", at_end(why.code))
}

/// Why a tick that cannot read its Deployment fails. The script took what it could not read for absent.
pub(crate) fn unreadable(policy: &TickPolicy, error: &Error) -> String {
    let deployment = spelled(&policy.jobs_manager());
    format!(
        "ERROR: cannot read {deployment} (NotFound, RBAC denial, or API error): {error} -- not a benign skip{}",
        code_of(error)
    )
}

/// The same, of a Deployment that had been read, and was not settled.
pub(crate) fn uncounted(policy: &TickPolicy, error: &Error) -> String {
    let (deployment, key) = (spelled(&policy.jobs_manager()), Streak::Skips.key());
    if policy.max_skips.is_none() {
        return unreadable(policy, error);
    }
    format!(
        "ERROR: {deployment} is not settled, and its {key} annotation could not be read: {error} -- the skip streak cannot \
         be counted{}",
        code_of(error)
    )
}

/// Why a tick that has begun cannot go on.
pub(crate) fn failed(error: &Error) -> String {
    format!("ERROR: {error}{}", code_of(error))
}

/// A removal that did not work, and need not.
pub(crate) fn uncleared(what: &str, error: &Error) -> String {
    format!(
        "  WARNING: could not clear the {what} ({error}); the next tick tries again{}",
        code_of(error)
    )
}

/// How far a rollout is.
pub(crate) fn waiting(target: &Target, how_far: &str) -> String {
    format!("  waiting for {}: {how_far}", spelled(target))
}

fn code_of(error: &Error) -> String {
    // Whose right is missing: the CronJob's account is not the reader's.
    let code = match error {
        Error::Forbidden { .. } => Some(Code::AccountRightMissing),
        other => other.code(),
    };
    at_end(code)
}

fn at_end(code: Option<Code>) -> String {
    code.map_or_else(String::new, |code| format!(" {}", coded(code)))
}

pub(super) fn mirrored(host: &str) -> [String; 4] {
    let host = printable(host, QUOTED);
    [
        format!("NOTE: images are served from private mirror '{host}', not from docker.io"),
        "  what docker.io's tags name says nothing about what this release pulls".to_owned(),
        "  image refresh is INERT here: nothing is looked up, nothing is changed".to_owned(),
        "  to move to a new build, pull it into the mirror and restart the workloads".to_owned(),
    ]
}

/// What to check where pods get no digest of the ingestor, and what to run.
pub(super) fn checks(namespace: &str) -> [String; 6] {
    [
        "check from a pod of this namespace, in this order:".to_owned(),
        "egress: TCP 443 to ghcr.io (firewall, egress gateway, NetworkPolicy), and its name in DNS"
            .to_owned(),
        "token endpoint: https://ghcr.io/token answers with JSON, not with a page".to_owned(),
        "proxy: HTTPS_PROXY and NO_PROXY of this container, if the site has a proxy".to_owned(),
        "TLS interception: a gateway's own certificate authority is not trusted in this container"
            .to_owned(),
        format!(
            "then run: kubectl tracebloc-images doctor -n {}",
            word(namespace)
        ),
    ]
}

/// `set image deployment/x api=…`: what `kubectl set image` would be told.
pub(super) fn assignments(images: &Images) -> String {
    let words = images
        .iter()
        .map(|(container, image)| format!(" {container}={image}"));
    words.collect()
}
