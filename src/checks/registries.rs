//! The ways to the registries, step by step and from each vantage point (2xx).

use super::{Check, Group, Outcome};
use crate::codes::Code;
use crate::reading::{Broken, NodePull, Reading, Readings, Step, Taken, Unprobed, Vantage, Way};

pub(super) fn checks(readings: &Readings) -> Vec<Check> {
    let mut checks = Vec::new();
    for way in &readings.here {
        let of_way = of_way(&Vantage::Workstation, way);
        checks.extend(
            of_way
                .into_iter()
                .map(|check| where_pods_pass(readings, way, check)),
        );
    }
    for pod in &readings.pods {
        let vantage = Vantage::Pod(pod.node.clone().unwrap_or_default());
        match &pod.ways {
            Ok(ways) => checks.extend(ways.iter().flat_map(|way| of_way(&vantage, way))),
            Err(why) => checks.push(unprobed(&vantage, why)),
        }
    }
    checks.extend(readings.pulls.iter().map(pulled));
    checks.extend(readings.unpulled.iter().map(unpulled));
    checks.extend(digests(readings));
    checks.extend(mirrored(readings));
    checks.extend(policies(readings));
    checks
}

fn of_way(vantage: &Vantage, way: &Way) -> Vec<Check> {
    let steps = way.steps.iter();
    steps
        .map(|(step, taken)| of_step(vantage, way, *step, taken))
        .collect()
}

/// What bars this machine alone keeps nothing from being refreshed.
fn where_pods_pass(readings: &Readings, way: &Way, check: Check) -> Check {
    let mut looks = readings
        .pods
        .iter()
        .filter_map(|pod| pod.ways.as_ref().ok())
        .peekable();
    let has_looked = looks.peek().is_some();
    let is_open = |ways: &Vec<Way>| {
        let mut same = ways.iter().filter(|one| one.registry == way.registry);
        same.any(Way::is_open)
    };
    if check.outcome == Outcome::Fail && has_looked && looks.all(is_open) {
        return Check {
            outcome: Outcome::Warn,
            ..check
        };
    }
    check
}

fn unprobed(vantage: &Vantage, why: &Unprobed) -> Check {
    let check = |outcome| Check {
        vantage: Some(vantage.clone()),
        ..Check::new(Group::Registries, "egress.probe", outcome).saying("probe pod")
    };
    match why {
        Unprobed::ByChoice(why) => check(Outcome::Skip(why.clone())),
        Unprobed::Unable(why) => check(Outcome::Unknown(why.clone())),
        Unprobed::Failed { code, message } => Check {
            code: *code,
            ..check(Outcome::Fail).saying(format!("the probe pod could not look: {message}"))
        },
    }
}

fn pulled(pull: &NodePull) -> Check {
    let registry = &pull.image.registry;
    let check = |outcome| Check {
        vantage: Some(Vantage::Node(pull.node.clone())),
        target: Some(pull.image.to_string()),
        nodes: vec![pull.node.clone()],
        ..Check::new(
            Group::Registries,
            format!("egress.{registry}.pull"),
            outcome,
        )
    };
    let (node, image, by) = (&pull.node, &pull.image, &pull.by);
    match &pull.result {
        Ok(()) => check(Outcome::Ok).saying(format!("node {node} has pulled {image} ({by})")),
        Err(broken) => Check {
            class: Some(class(broken.cause)),
            ..check(Outcome::Fail)
                .saying(format!(
                    "node {node} cannot pull {image} ({by}): {}",
                    broken.message
                ))
                .coded(broken.code)
        },
    }
}

/// A pull that failed otherwise than on its way, or was not tested.
fn unpulled(why: &Unprobed) -> Check {
    let check = |outcome| Check::new(Group::Registries, "egress.pull", outcome);
    match why {
        Unprobed::ByChoice(why) => check(Outcome::Skip(why.clone())).saying("pull test"),
        Unprobed::Unable(why) => check(Outcome::Unknown(why.clone())).saying("pull test"),
        Unprobed::Failed { code, message } => Check {
            code: *code,
            ..check(Outcome::Fail).saying(message.clone())
        },
    }
}

/// One tag, and two contents: a mirror or a cache on one of the ways is behind.
fn digests(readings: &Readings) -> Vec<Check> {
    let mut checks = Vec::new();
    for (pod, ways) in readings
        .pods
        .iter()
        .filter_map(|pod| Some((pod, pod.ways.as_ref().ok()?)))
    {
        let there = ways.iter().flat_map(|way| &way.digests);
        for (image, digest) in there {
            let here = readings.here.iter().find_map(|way| way.digests.get(image));
            let Some(here) = here.filter(|here| *here != digest) else {
                continue;
            };
            let message = format!("{image} is {here} from this machine and {digest} from the pod");
            let vantage = Vantage::Pod(pod.node.clone().unwrap_or_default());
            checks.push(Check {
                vantage: Some(vantage),
                target: Some(image.to_string()),
                ..Check::new(Group::Registries, "egress.digests", Outcome::Warn)
                    .saying(message)
                    .coded(Code::DigestDiffers)
            });
        }
    }
    checks
}

/// Where every image comes from a mirror, no registry is asked.
fn mirrored(readings: &Readings) -> Option<Check> {
    let mirror = readings.release.as_ref().ok()?.mirror.as_ref()?;
    if !readings.here.is_empty() {
        return None;
    }
    let why = format!("images come from the mirror '{mirror}'");
    Some(Check::new(Group::Registries, "egress.mirror", Outcome::Skip(why)).saying("not asked"))
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
        let message = match &taken.issuer {
            Some(issuer) if broken.cause == Code::TlsIntercepted => {
                format!("{} (issued by \"{issuer}\")", broken.message)
            }
            _ => broken.message.clone(),
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
