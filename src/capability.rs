//! What this generation of the chart can do, read from the environment it gave its containers.
//!
//! Chart versions decide nothing: labels lie (a source build of 1.4.4 is not the published 1.4.4), environment
//! variables do not (chart contract, section 1.2).

use std::collections::BTreeSet;

use crate::image::ManagedImage;

/// The environment of a container, in the order of its spec. A name may stand there twice; the last one wins, as
/// in the kubelet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Env(pub(crate) Vec<(String, EnvValue)>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnvValue {
    /// An entry without a value is an empty literal, as in the API.
    Literal(String),
    /// `valueFrom`: what it holds cannot be read from the spec.
    Elsewhere,
}

impl Env {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// The value that the container sees. `None` when the name is absent.
    pub(crate) fn get(&self, name: &str) -> Option<&EnvValue> {
        self.0
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
    }

    /// Whether the container sees a value that is not empty; what comes from elsewhere is taken for one.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.is_elsewhere(name) || self.literal(name).is_some()
    }

    /// Whether its value cannot be read from the spec.
    pub(crate) fn is_elsewhere(&self, name: &str) -> bool {
        self.get(name) == Some(&EnvValue::Elsewhere)
    }

    /// The literal value. `None` when absent, empty or from elsewhere: the chart treats the first two alike.
    pub(crate) fn literal(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            EnvValue::Literal(value) if !value.is_empty() => Some(value),
            EnvValue::Literal(_) | EnvValue::Elsewhere => None,
        }
    }

    /// The images whose `*_PINNED` is `1`.
    pub(crate) fn pinned(&self) -> BTreeSet<ManagedImage> {
        ManagedImage::ALL
            .into_iter()
            .filter(|image| self.literal(pinned_by(*image)) == Some("1"))
            .collect()
    }

    /// How many entries bear the name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(n, _)| n == name).count()
    }
}

/// Why a setting is not known.
pub(crate) fn from_elsewhere(name: &str) -> String {
    format!("{name} is set by valueFrom")
}

/// The variable that keeps the refresher from an image.
pub(crate) const fn pinned_by(image: ManagedImage) -> &'static str {
    match image {
        ManagedImage::JobsManager => "JOBS_MANAGER_PINNED",
        ManagedImage::PodsMonitor => "PODS_MONITOR_PINNED",
        ManagedImage::Ingestor => "INGESTOR_PINNED",
        ManagedImage::ResourceMonitor => "RESOURCE_MONITOR_PINNED",
        ManagedImage::RequestsProxy => "REQUESTS_PROXY_PINNED",
    }
}

/// Something that the refresher of a release does, or does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Capability {
    /// Keeps `INGESTOR_IMAGE_DIGEST` at the ingestor's tag (G1, G2).
    IngestorPass,
    /// Counts failed ingestor lookups and fails at a threshold (G2).
    FailureStreak,
    /// Skips a tick while the rollout is not settled (G4 on, seen by the Job's deadline).
    SettledGuard,
    /// Counts attempts and locks itself out (G7 on).
    FlapGuard,
    /// Sets `repo@digest` instead of restarting, follows with requests-proxy and resource-monitor, and stands still
    /// behind a mirror (G8 on).
    SetImage,
    /// Counts skipped ticks and fails at a limit (G9 on).
    SkipStreak,
    /// Ingestion Jobs are spawned by tag; no digest is kept on the Deployment (G3 on).
    SpawnByTag,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    /// From the environments of the `refresh` container and of the `api` container; `deadline` is the Job's
    /// `activeDeadlineSeconds`, which is the only trace that the settled guard of G4 to G6 leaves.
    pub(crate) fn read(refresh: &Env, api: &Env, deadline: Option<i64>) -> Self {
        use Capability::{
            FailureStreak, FlapGuard, IngestorPass, SetImage, SettledGuard, SkipStreak, SpawnByTag,
        };

        let spawn = api.has("INGESTOR_IMAGE_TAG") || api.has("INGESTOR_IMAGE_REPOSITORY");
        let set = [
            (IngestorPass, refresh.has("INGESTOR_TAG")),
            (
                FailureStreak,
                refresh.has("INGESTOR_RESOLVE_FAIL_THRESHOLD"),
            ),
            (
                SettledGuard,
                deadline.is_some() || refresh.has("MAX_REFRESH_ATTEMPTS"),
            ),
            (FlapGuard, refresh.has("MAX_REFRESH_ATTEMPTS")),
            (SetImage, refresh.has("IMAGE_REGISTRY")),
            (SkipStreak, refresh.has("MAX_SKIP_TICKS")),
            (SpawnByTag, spawn),
        ];
        Self(
            set.into_iter()
                .filter(|(_, present)| *present)
                .map(|(capability, _)| capability)
                .collect(),
        )
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }

    /// The generation that these capabilities are those of, for display alone: `G4-G6` where nothing tells more.
    pub(crate) fn generation(&self) -> &'static str {
        use Capability::{
            FailureStreak, FlapGuard, IngestorPass, SetImage, SettledGuard, SkipStreak, SpawnByTag,
        };

        [
            (SkipStreak, "G9-G10"),
            (SetImage, "G8"),
            (FlapGuard, "G7"),
            (FailureStreak, "G2"),
            (IngestorPass, "G1"),
            (SettledGuard, "G4-G6"),
            (SpawnByTag, "G3"),
        ]
        .into_iter()
        .find_map(|(capability, name)| self.has(capability).then_some(name))
        .unwrap_or("G0")
    }

    /// Whether the refresher of this generation moves the image at all.
    pub(crate) fn manages(&self, image: ManagedImage) -> bool {
        match image {
            ManagedImage::JobsManager | ManagedImage::PodsMonitor => true,
            ManagedImage::Ingestor => self.has(Capability::IngestorPass),
            ManagedImage::ResourceMonitor | ManagedImage::RequestsProxy => {
                self.has(Capability::SetImage)
            }
        }
    }
}

/// A limit from the environment of the refresher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    At(u64),
    /// What stands there is no number: the shell's comparison fails and the limit never fires.
    Unusable(String),
    /// `valueFrom`: the refresher knows it, and the spec does not tell.
    Elsewhere,
}

impl Limit {
    /// Unset and empty mean `default`, as in the script.
    pub(crate) fn read(env: &Env, name: &str, default: u64) -> Self {
        match env.get(name) {
            None => Self::At(default),
            Some(EnvValue::Elsewhere) => Self::Elsewhere,
            Some(EnvValue::Literal(text)) if text.is_empty() => Self::At(default),
            // The shell's comparison takes blanks around a number.
            Some(EnvValue::Literal(text)) => match text.trim().parse::<i128>() {
                // Every count has reached a negative limit.
                Ok(limit) => Self::At(u64::try_from(limit.max(0)).unwrap_or(u64::MAX)),
                Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => Self::At(u64::MAX),
                Err(_) => Self::Unusable(text.clone()),
            },
        }
    }

    /// `None` where it never fires, and where it cannot be read.
    pub(crate) const fn number(&self) -> Option<u64> {
        match self {
            Self::At(limit) => Some(*limit),
            Self::Unusable(_) | Self::Elsewhere => None,
        }
    }

    /// Whether `count` has reached it, as far as is known. An unusable limit is never reached.
    pub(crate) fn reached_by(&self, count: u64) -> bool {
        self.number().is_some_and(|limit| count >= limit)
    }
}

#[cfg(test)]
mod tests;
