//! What a tick is told by its environment, checked before anything else: chart contract, section 3.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Step, detail, say};
use crate::capability::{Env, EnvValue, Limit};
use crate::codes::Code;
use crate::image::{ManagedImage, Reference};
use crate::observation::{Target, WorkloadKind};
use crate::text::{QUOTED, printable};

/// How long a rollout may take when nothing is said.
const ROLLOUT_LIMIT: &str = "10m";

/// Containers and what they are to run.
pub(super) type Images = Vec<(&'static str, String)>;

/// A variable that the tick cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {why}")]
pub(crate) struct Unusable {
    name: &'static str,
    /// One printable line.
    why: String,
    /// Of a limit that is there and cannot be read.
    pub(super) code: Option<Code>,
}

impl Unusable {
    fn missing(name: &'static str, why: impl Into<String>) -> Self {
        Self {
            name,
            why: why.into(),
            code: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TickPolicy {
    release: String,
    pub(super) namespace: String,
    pub(super) deployment: String,
    tag: String,
    pinned: BTreeSet<ManagedImage>,
    /// For one workload.
    pub(crate) rollout_limit: Duration,
    /// `None` without an ingestor pass.
    pub(super) ingestor: Option<IngestorPass>,
    /// Rollouts that may be begun in a row without ending well. `None` before G7: neither flap guard nor settled guard.
    pub(super) max_attempts: Option<u64>,
    /// Ticks that may be skipped in a row. `None` before G9: they are not counted.
    pub(super) max_skips: Option<u64>,
    /// `None` before G8: the pods follow the tag, and are restarted.
    pub(super) by_digest: Option<ByDigest>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IngestorPass {
    pub(super) tag: String,
    /// Failed lookups in a row that fail the tick. `None` in G1: they are not counted.
    pub(super) threshold: Option<u64>,
}

/// The workloads that are moved by digest, beside jobs-manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByDigest {
    registry: String,
    pub(super) requests_proxy: String,
    pub(super) resource_monitor: String,
    node_agents: String,
}

impl TickPolicy {
    /// Unset and empty mean the default, where there is one.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing or cannot be read.
    pub(crate) fn read(env: &Env) -> Result<Self, Unusable> {
        let by_digest = by_digest(env)?;
        let limit = |name, default| env.has(name).then(|| limit(env, name, default)).transpose();
        let max_attempts = match by_digest {
            // The script has the guard from G7 on, and the same default.
            Some(_) => Some(self::limit(env, "MAX_REFRESH_ATTEMPTS", 3)?),
            None => limit("MAX_REFRESH_ATTEMPTS", 3)?,
        };
        let threshold = limit("INGESTOR_RESOLVE_FAIL_THRESHOLD", 3)?;
        Ok(Self {
            release: required(env, "RELEASE_NAME")?,
            namespace: required(env, "RELEASE_NAMESPACE")?,
            deployment: required(env, "DEPLOYMENT_NAME")?,
            tag: env.literal("IMAGE_TAG").unwrap_or("prod").to_owned(),
            pinned: env.pinned(),
            rollout_limit: duration(env, "ROLLOUT_TIMEOUT", ROLLOUT_LIMIT)?,
            ingestor: env.has("INGESTOR_TAG").then(|| IngestorPass {
                tag: env.literal("INGESTOR_TAG").unwrap_or("0.3").to_owned(),
                threshold,
            }),
            max_attempts,
            max_skips: limit("MAX_SKIP_TICKS", 8)?,
            by_digest,
        })
    }

    /// The images to look up, in the order in which the tick deals with them.
    pub(crate) fn lookups(&self) -> Vec<(ManagedImage, Reference)> {
        let ingestor = self.ingestor.is_some().then_some(ManagedImage::Ingestor);
        self.client_images()
            .into_iter()
            .chain(ingestor)
            .filter(|image| !self.is_pinned(*image))
            .map(|image| (image, self.reference(image)))
            .collect()
    }

    /// The images of the first pass.
    pub(super) fn client_images(&self) -> Vec<ManagedImage> {
        let monitor = self.by_digest.is_some();
        [ManagedImage::JobsManager, ManagedImage::PodsMonitor]
            .into_iter()
            .chain(monitor.then_some(ManagedImage::ResourceMonitor))
            .collect()
    }

    pub(super) fn is_pinned(&self, image: ManagedImage) -> bool {
        self.pinned.contains(&image)
    }

    /// What is polled; of requests-proxy, what it follows.
    pub(super) fn reference(&self, image: ManagedImage) -> Reference {
        let of_hub =
            |name: &str| Reference::tagged("docker.io", &format!("tracebloc/{name}"), &self.tag);
        match (image, &self.ingestor) {
            (ManagedImage::Ingestor, Some(pass)) => {
                Reference::tagged("ghcr.io", "tracebloc/ingestor", &pass.tag)
            }
            (ManagedImage::RequestsProxy, _) => of_hub(ManagedImage::JobsManager.name()),
            (image, _) => of_hub(image.name()),
        }
    }

    /// The registry that the pods pull from, where it is not docker.io.
    pub(super) fn mirror(&self) -> Option<&str> {
        let registry = self.by_digest.as_ref()?.registry.as_str();
        (registry != "docker.io").then_some(registry)
    }

    /// Whether a rollout that is under way is left alone: from G7 on.
    pub(crate) const fn waits_for_settled(&self) -> bool {
        self.max_attempts.is_some()
    }

    pub(crate) fn jobs_manager(&self) -> Target {
        Target {
            kind: WorkloadKind::Deployment,
            namespace: self.namespace.clone(),
            name: self.deployment.clone(),
        }
    }

    pub(super) fn banner(&self) -> Vec<Step> {
        let shown = |text: &str| printable(text, QUOTED);
        let (release, namespace) = (shown(&self.release), shown(&self.namespace));
        let names: Vec<_> = self
            .client_images()
            .iter()
            .map(|image| image.name())
            .collect();
        let mut lines = vec![
            say(format!(
                "release={release} namespace={namespace} deployment={}",
                shown(&self.deployment)
            )),
            detail(format_args!(
                "client images: tracebloc/{{{}}} on docker.io under tag={}",
                names.join(","),
                shown(&self.tag)
            )),
        ];
        if let Some(pass) = &self.ingestor {
            let pinned = u8::from(self.is_pinned(ManagedImage::Ingestor));
            lines.push(detail(format_args!(
                "ingestor image: tracebloc/ingestor on ghcr.io under tag={} (pinned={pinned})",
                shown(&pass.tag)
            )));
        }
        if let Some(others) = &self.by_digest {
            lines.push(detail(format_args!(
                "also reconciling: deployment/{} daemonset/{} (namespace {})",
                shown(&others.requests_proxy),
                shown(&others.resource_monitor),
                shown(&others.node_agents)
            )));
        }
        lines
    }
}

impl ByDigest {
    pub(super) fn requests_proxy(&self, namespace: &str) -> Target {
        Target {
            kind: WorkloadKind::Deployment,
            namespace: namespace.to_owned(),
            name: self.requests_proxy.clone(),
        }
    }

    pub(super) fn resource_monitor(&self) -> Target {
        Target {
            kind: WorkloadKind::DaemonSet,
            namespace: self.node_agents.clone(),
            name: self.resource_monitor.clone(),
        }
    }
}

/// From G8 on these stand together: a part of them is a broken chart, not an older one.
fn by_digest(env: &Env) -> Result<Option<ByDigest>, Unusable> {
    const OTHERS: [&str; 4] = [
        "REQUESTS_PROXY_DEPLOYMENT",
        "RESOURCE_MONITOR_DAEMONSET",
        "NODE_AGENTS_NAMESPACE",
        "MAX_SKIP_TICKS",
    ];

    let Some(registry) = env.get("IMAGE_REGISTRY") else {
        return match OTHERS.into_iter().find(|name| env.has(name)) {
            None => Ok(None),
            Some(other) => Err(Unusable::missing(
                "IMAGE_REGISTRY",
                format!("is not set, although {other} is"),
            )),
        };
    };
    Ok(Some(ByDigest {
        // Empty is a mirror without a name, as in the script.
        registry: match registry {
            EnvValue::Literal(host) => host.clone(),
            EnvValue::Elsewhere => String::new(),
        },
        requests_proxy: required(env, "REQUESTS_PROXY_DEPLOYMENT")?,
        resource_monitor: required(env, "RESOURCE_MONITOR_DAEMONSET")?,
        node_agents: required(env, "NODE_AGENTS_NAMESPACE")?,
    }))
}

fn required(env: &Env, name: &'static str) -> Result<String, Unusable> {
    let value = env.literal(name).map(str::to_owned);
    value.ok_or_else(|| Unusable::missing(name, "is not set"))
}

fn limit(env: &Env, name: &'static str, default: u64) -> Result<u64, Unusable> {
    match Limit::read(env, name, default) {
        Limit::At(limit) => Ok(limit),
        Limit::Unusable(text) => Err(unreadable(name, &text, "a whole number")),
        Limit::Elsewhere => Err(unreadable(name, "valueFrom", "a whole number")),
    }
}

/// Digits and a unit, as the chart's schema has it. Zero waits for ever, as for kubectl.
fn duration(env: &Env, name: &'static str, default: &str) -> Result<Duration, Unusable> {
    let text = env.literal(name).unwrap_or(default);
    let wrong = || {
        unreadable(
            name,
            text,
            "a number of seconds, minutes or hours, as in 10m",
        )
    };
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let seconds = digits.parse().unwrap_or(u64::MAX).saturating_mul(unit);
    Ok(match seconds {
        0 => Duration::MAX,
        seconds => Duration::from_secs(seconds),
    })
}

fn unreadable(name: &'static str, text: &str, what: &str) -> Unusable {
    Unusable {
        name,
        why: format!("is {:?}, which is not {what}", printable(text, QUOTED)),
        code: Some(Code::LimitUnusable),
    }
}
