//! The ways to the registries, step by step and from each vantage point (2xx).

use super::{Check, Group, Outcome};
use crate::codes::Code;
use crate::reading::{Broken, Reading, Readings, Step, Taken, Vantage, Way};

pub(super) fn checks(readings: &Readings) -> Vec<Check> {
    let mut checks = Vec::new();
    for way in &readings.here {
        checks.extend(of_way(&Vantage::Workstation, way));
    }
    checks.extend(policies(readings));
    checks
}

fn of_way(vantage: &Vantage, way: &Way) -> Vec<Check> {
    let steps = way.steps.iter();
    steps
        .map(|(step, taken)| of_step(vantage, way, *step, taken))
        .collect()
}

fn of_step(vantage: &Vantage, way: &Way, step: Step, taken: &Taken) -> Check {
    let id = format!("egress.{}.{}", way.registry, step.word());
    let check = |outcome| Check {
        vantage: Some(vantage.clone()),
        target: Some(taken.target.clone()),
        took: taken.took,
        issuer: taken.issuer.clone(),
        ..Check::new(Group::Registries, id.clone(), outcome)
    };
    let wrong = |outcome, broken: &Broken| {
        // The row names the registry; another host of it has to be named.
        let is_own = way.hosts.first() == Some(&broken.host) || way.hosts.is_empty();
        let message = if is_own {
            broken.message.clone()
        } else {
            format!("{}: {}", broken.host, broken.message)
        };
        Check {
            class: Some(class(broken.cause)),
            ..check(outcome).saying(message).coded(broken.code)
        }
    };
    match &taken.reading {
        Reading::Passed => match (step, &way.budget) {
            (Step::Budget, Some(budget)) => {
                let of = budget.limit.map(|limit| format!(" of {limit}"));
                let left = format!("{}{} left", budget.left, of.unwrap_or_default());
                check(Outcome::Ok).saying(left)
            }
            _ => check(Outcome::Ok),
        },
        Reading::Odd(broken) => wrong(Outcome::Warn, broken),
        Reading::Failed(broken) => wrong(Outcome::Fail, broken),
        Reading::Needs(step) => check(Outcome::Skip(format!("needs {}", step.word()))),
        Reading::Skipped(why) => check(Outcome::Skip(why.clone())),
        Reading::Unknown(why) => check(Outcome::Unknown(why.clone())),
    }
}

/// Only where there is a refresher whose pods they could select.
fn policies(readings: &Readings) -> Option<Check> {
    let why = readings.policies.as_ref().err()?;
    let outcome = Outcome::Unknown(why.0.clone());
    Some(Check::new(Group::Registries, "egress.policies", outcome).saying("network policies"))
}

/// In the words of the chart's own reachability check, which has no others.
pub(crate) const fn class(cause: Code) -> &'static str {
    match cause {
        Code::NameRefused | Code::DnsSilent | Code::DnsSinkhole => "dns",
        Code::Refused => "refused",
        Code::Dropped | Code::TlsStalls => "timeout",
        Code::ResetAfterHello => "reset",
        Code::ProxyLogin => "proxy_auth",
        Code::ProxyCannotReach | Code::ProxyUnreachable | Code::NoProxyMismatch => {
            "proxy_unreachable"
        }
        Code::TlsIntercepted => "tls_untrusted",
        Code::WrongCertificateName | Code::CertificateDates | Code::PlainHttp => "tls_other",
        Code::ProxyDenies | Code::NotARegistry | Code::TokenPathFiltered => "http_403_block_page",
        Code::TokenRefused
        | Code::LoginRejected
        | Code::ChallengeAltered
        | Code::TokenMalformed => "auth",
        Code::QuotaUsedUp | Code::RateLimited => "rate_limited",
        Code::TagMissing | Code::RepositoryMissing | Code::DigestGone => "not_found",
        _ => "other",
    }
}
