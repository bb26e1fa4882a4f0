//! The one model behind every form of `doctor`: screens, short, YAML and JSON.

mod hosts;

use std::time::Duration;

use serde::Serialize;

use super::egress::millis;
use super::{API_VERSION, Detail, Next, Node, Reasons, Time, known};
use crate::checks::{self, Group};
use crate::codes::Code;
use crate::diagnosis::{self, Cause, Confidence};
use crate::error::Exit;
use crate::image::ManagedImage;
use crate::observation::Blind;
use crate::reading::{Known, Readings, Vantage, Way};
use hosts::hosts;

pub(crate) use hosts::{AllowList, Host};

/// What one look of `doctor` at one release showed and means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoctorReport {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) metadata: Metadata,
    pub(crate) versions: Versions,
    pub(crate) summary: Summary,
    pub(crate) nodes: Option<Vec<Node>>,
    pub(crate) vantage_points: Vec<VantagePoint>,
    /// In the order of the screen.
    pub(crate) checks: Vec<Check>,
    /// Those that select the refresher's pods.
    pub(crate) network_policies: Option<Vec<Policy>>,
    /// Everything that the images of the release need, whether it is reached or not.
    pub(crate) hosts: Vec<Host>,
    /// The worst first.
    pub(crate) diagnosis: Vec<Diagnosis>,
    pub(crate) reasons: Reasons,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    /// `None` where no release was found.
    pub(crate) name: Option<String>,
    pub(crate) namespace: String,
    pub(crate) context: String,
    pub(crate) observed_at: Time,
    pub(crate) duration_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Versions {
    pub(crate) plugin: &'static str,
    /// From a label; decides nothing.
    pub(crate) chart: Option<String>,
    pub(crate) server: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The worst result.
    pub(crate) verdict: CheckResult,
    pub(crate) exit_code: u8,
    pub(crate) ok: usize,
    pub(crate) warn: usize,
    pub(crate) fail: usize,
    pub(crate) unknown: usize,
    pub(crate) skipped: usize,
    /// As many as fail.
    pub(crate) problems: usize,
    /// That problems follow from.
    pub(crate) causes: usize,
}

/// The worst first, as verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CheckResult {
    Fail,
    Unknown,
    Warn,
    Ok,
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VantagePoint {
    /// `workstation`, `pod/edge-01`, `node/edge-01`.
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) node: Option<String>,
    /// `host:port` of the proxy on the ways from there.
    pub(crate) proxy: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    pub(crate) id: String,
    pub(crate) group: Group,
    pub(crate) vantage: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) result: CheckResult,
    pub(crate) code: Option<Code>,
    pub(crate) class: Option<&'static str>,
    pub(crate) latency_ms: Option<u64>,
    pub(crate) tls_issuer: Option<String>,
    /// What is wrong, or what is fine; why it was skipped or is unknown stands in `reason`.
    pub(crate) message: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) details: Vec<Detail>,
    pub(crate) image: Option<ManagedImage>,
    pub(crate) missing: Vec<String>,
    pub(crate) nodes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) allows: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Diagnosis {
    pub(crate) code: Code,
    pub(crate) title: String,
    pub(crate) confidence: &'static str,
    pub(crate) reasons: Vec<String>,
    pub(crate) evidence: Vec<String>,
    pub(crate) explains: Vec<Code>,
    pub(crate) advice: Option<String>,
    pub(crate) allow: Vec<Allow>,
    pub(crate) next: Vec<Next>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Allow {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) observed: bool,
}

/// What decides about the exit code beside the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Warnings alone end with 0.
    Lenient,
    /// `--strict`
    Strict,
}

/// A release, looked at and judged.
pub(crate) struct Examined<'a> {
    pub(crate) readings: &'a Readings,
    pub(crate) checks: &'a [checks::Check],
    pub(crate) causes: &'a [Cause],
    pub(crate) took: Duration,
}

impl DoctorReport {
    pub(crate) fn new(examined: &Examined<'_>, strictness: Strictness) -> Self {
        let readings = examined.readings;
        let seen = readings.release.as_ref().ok();
        let mut reasons = Reasons::new();
        let checks: Vec<Check> = examined.checks.iter().map(Check::new).collect();
        let absent = |what: &str| Blind(format!("{what} not known: no release was read"));
        let nodes = match seen {
            Some(seen) => super::release::nodes(seen),
            None => Err(absent("nodes")),
        };
        let policies = readings.policies.as_ref().map(|policies| {
            let policies = policies.iter().map(|policy| Policy {
                name: policy.name.clone(),
                allows: policy.allows.clone(),
            });
            policies.collect()
        });
        let server = readings.server.as_ref();
        let server = server.map(|server| server.version.clone());
        let server = server.map_err(|refusal| Blind(refusal.message.clone()));
        Self {
            api_version: API_VERSION,
            kind: "DoctorReport",
            metadata: Metadata {
                name: seen.map(|seen| seen.release.name.clone()),
                namespace: readings.namespace.clone(),
                context: readings.context.clone(),
                observed_at: Time(readings.at),
                duration_ms: millis(examined.took),
            },
            versions: Versions {
                plugin: env!("CARGO_PKG_VERSION"),
                chart: seen.and_then(|seen| seen.release.chart_version.clone()),
                server: known(&mut reasons, "versions.server", server),
            },
            summary: Summary::new(&checks, examined.causes, strictness),
            nodes: known(&mut reasons, "nodes", nodes),
            vantage_points: vantage_points(readings),
            network_policies: known(
                &mut reasons,
                "networkPolicies",
                policies.map_err(Clone::clone),
            ),
            hosts: hosts(readings),
            diagnosis: examined.causes.iter().map(Diagnosis::new).collect(),
            checks,
            reasons,
        }
    }
}

impl Summary {
    fn new(checks: &[Check], causes: &[Cause], strictness: Strictness) -> Self {
        let count = |result| checks.iter().filter(|check| check.result == result).count();
        let (fail, unknown, warn) = (
            count(CheckResult::Fail),
            count(CheckResult::Unknown),
            count(CheckResult::Warn),
        );
        let exit = match (fail, unknown, warn, strictness) {
            (1.., ..) => Exit::Found,
            (0, 1.., ..) => Exit::Incomplete,
            (0, 0, 1.., Strictness::Strict) => Exit::Behind,
            (0, 0, _, _) => Exit::Done,
        };
        let worst = checks.iter().map(|check| check.result).min();
        Self {
            verdict: worst.unwrap_or(CheckResult::Ok).min(CheckResult::Ok),
            exit_code: exit.code(),
            ok: count(CheckResult::Ok),
            warn,
            fail,
            unknown,
            skipped: count(CheckResult::Skipped),
            problems: fail,
            causes: causes
                .iter()
                .filter(|cause| cause.gravity != diagnosis::Gravity::Beside)
                .count(),
        }
    }
}

impl Check {
    fn new(check: &checks::Check) -> Self {
        use checks::Outcome;

        let (result, reason) = match &check.outcome {
            Outcome::Ok => (CheckResult::Ok, None),
            Outcome::Warn => (CheckResult::Warn, None),
            Outcome::Fail => (CheckResult::Fail, None),
            Outcome::Skip(why) => (CheckResult::Skipped, Some(why.clone())),
            Outcome::Unknown(why) => (CheckResult::Unknown, Some(why.clone())),
        };
        Self {
            id: check.id.clone(),
            group: check.group,
            vantage: check.vantage.as_ref().map(Vantage::id),
            target: check.target.clone(),
            result,
            code: check.code,
            class: check.class,
            latency_ms: check.took.map(millis),
            tls_issuer: check.issuer.clone(),
            message: check.message.clone(),
            reason,
            details: check
                .details
                .iter()
                .map(|(label, text)| Detail {
                    label,
                    text: text.clone(),
                })
                .collect(),
            image: check.image,
            missing: check.missing.iter().map(ToString::to_string).collect(),
            nodes: check.nodes.clone(),
        }
    }
}

impl Diagnosis {
    fn new(cause: &Cause) -> Self {
        Self {
            code: cause.code,
            title: cause.title.clone(),
            confidence: match cause.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            reasons: cause.reasons.clone(),
            evidence: cause.evidence.clone(),
            explains: cause.explains.clone(),
            advice: (!cause.advice.is_empty()).then(|| cause.advice.clone()),
            allow: cause
                .allow
                .iter()
                .map(|host| Allow {
                    host: host.host.clone(),
                    port: host.port,
                    observed: host.known == Known::Observed,
                })
                .collect(),
            next: cause
                .next
                .iter()
                .map(|step| Next {
                    command: step.command.clone(),
                    why: step.why.clone(),
                })
                .collect(),
        }
    }
}

fn vantage_points(readings: &Readings) -> Vec<VantagePoint> {
    let proxy = |ways: &[Way]| ways.iter().find_map(|way| way.proxy.clone());
    let mut points = vec![VantagePoint {
        id: Vantage::Workstation.id(),
        kind: "workstation",
        node: None,
        proxy: proxy(&readings.here),
    }];
    points.extend(readings.pods.iter().map(|pod| VantagePoint {
        id: Vantage::Pod(pod.node.clone().unwrap_or_default()).id(),
        kind: "pod",
        node: pod.node.clone(),
        proxy: pod.ways.as_ref().ok().and_then(|ways| proxy(ways)),
    }));
    let mut nodes: Vec<&str> = readings
        .pulls
        .iter()
        .map(|pull| pull.node.as_str())
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    points.extend(nodes.into_iter().map(|node| VantagePoint {
        id: Vantage::Node(node.to_owned()).id(),
        kind: "node",
        node: Some(node.to_owned()),
        proxy: None,
    }));
    points
}
