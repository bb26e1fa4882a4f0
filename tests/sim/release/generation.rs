//! The generations of the chart's image refresh, and what each one brings.
//!
//! One published (or, where none was published, in-tree) version stands for each. Source: chart
//! contract, sections 1.1, 2.4, 2.5, 6 and 9.4.

use Generation::{G0, G1, G2, G2p, G3, G4, G5, G6, G7, G7b, G8, G9, G10};

/// A generation of the image refresh, oldest first, so that "since" is a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Two docker.io images, rolling restart.
    G0,
    /// An ingestor pass on ghcr.io that warns and skips for ever.
    G1,
    /// The ingestor pass counts its failures.
    G2,
    /// As `G2`, with the proxy variables; never published.
    G2p,
    /// No ingestor pass: the ingestor is spawned by tag.
    G3,
    /// Waits for a settled Deployment; its Job has a deadline.
    G4,
    /// Knows `global.imageRegistry`.
    G5,
    /// Builds its own kubeconfig; never published.
    G6,
    /// Counts its attempts.
    G7,
    /// As `G7`, polling the tag of the resolved environment.
    G7b,
    /// Sets images by digest; adds requests-proxy and resource-monitor.
    G8,
    /// Counts skipped ticks; never published.
    G9,
    /// As `G9`; failing to clear the skip streak is not fatal.
    G10,
}

/// How a generation is told which ingestor to spawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestorMode {
    /// By digest, in the api container's environment.
    EnvDigest {
        /// The digest baked into the chart.
        baseline: &'static str,
    },
    /// By tag, unless a digest pins it.
    SpawnByTag {
        /// The tag of the prod channel.
        tag: &'static str,
        /// The digest that pins prod; `None` before the chart had one.
        prod_digest: Option<&'static str>,
    },
}

const INGESTOR_V0_3_0: &str =
    "sha256:463e236748708a5e3564569eec9173ea8cb3bcf515992d4939c5b610f3807a4a";
const INGESTOR_V0_3_1_AMD64_ONLY: &str =
    "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";
const INGESTOR_V0_3_2: &str =
    "sha256:d361fa778554ab171adcc2671eaf109c32f3d2af339c7920a2d38d102ce53678";
const INGESTOR_V0_3_6: &str =
    "sha256:dfdaa7e633a8df0f46b403e9422eba5c16bdb7d9c39047e6d3738f9e38fbdba8";
const INGESTOR_PROD_1_9_6: &str =
    "sha256:9098b3c9b83951f825e262d6ff1e9c47c46c5b5cafbfc8fef1ed82ccbadebb24";
const INGESTOR_PROD_1_9_34: &str =
    "sha256:05e124945a2ef61868661a9137abb5e75dac96a090cb41a7b4e8be520c4b5873";

impl Generation {
    /// Every generation, oldest first.
    pub const ALL: [Self; 13] = [G0, G1, G2, G2p, G3, G4, G5, G6, G7, G7b, G8, G9, G10];

    /// The chart version that stands for the generation.
    pub fn chart_version(self) -> &'static str {
        match self {
            G0 => "1.4.0",
            G1 => "1.4.3",
            G2 => "1.4.5",
            G2p => "1.5.1",
            G3 => "1.6.1",
            G4 => "1.9.12",
            G5 => "1.9.15",
            G6 => "1.9.24",
            G7 => "1.9.28",
            G7b => "1.9.34",
            G8 => "1.9.40",
            G9 => "1.9.43",
            G10 => "1.9.51",
        }
    }

    pub fn ingestor_mode(self) -> IngestorMode {
        match self {
            G0 => IngestorMode::EnvDigest {
                baseline: INGESTOR_V0_3_0,
            },
            G1 => IngestorMode::EnvDigest {
                baseline: INGESTOR_V0_3_1_AMD64_ONLY,
            },
            G2 => IngestorMode::EnvDigest {
                baseline: INGESTOR_V0_3_2,
            },
            G2p => IngestorMode::EnvDigest {
                baseline: INGESTOR_V0_3_6,
            },
            G3 => IngestorMode::SpawnByTag {
                tag: "0.3",
                prod_digest: None,
            },
            G4 | G5 | G6 | G7 => IngestorMode::SpawnByTag {
                tag: "0.7",
                prod_digest: Some(INGESTOR_PROD_1_9_6),
            },
            G7b | G8 | G9 | G10 => IngestorMode::SpawnByTag {
                tag: "0.8",
                prod_digest: Some(INGESTOR_PROD_1_9_34),
            },
        }
    }

    /// The tick asks ghcr.io for the ingestor's digest.
    pub fn has_ingestor_pass(self) -> bool {
        matches!(self, G1 | G2 | G2p)
    }

    /// Failed ingestor lookups are counted in an annotation.
    pub fn has_failure_streak(self) -> bool {
        matches!(self, G2 | G2p)
    }

    /// The proxy values reach the tick and the workloads as the six usual variables.
    pub fn has_proxy_env(self) -> bool {
        self >= G2p
    }

    pub fn has_flap_guard(self) -> bool {
        self >= G7
    }

    /// The tick sets images by digest, in all three workloads, and knows a mirror.
    pub fn sets_images(self) -> bool {
        self >= G8
    }

    pub fn has_skip_streak(self) -> bool {
        self >= G9
    }

    /// The tag polled is that of the resolved environment: `staging` polls `stg`.
    pub fn resolves_client_env(self) -> bool {
        self >= G7b
    }

    /// `global.imageRegistry` moves the images of the chart.
    pub fn knows_mirror(self) -> bool {
        self >= G5
    }

    /// jobs-manager is replaced in place; older ones start the new pod first.
    pub fn recreates_jobs_manager(self) -> bool {
        self >= G4
    }

    /// The api container is probed, and pull policies follow the refresher.
    pub fn probes_api(self) -> bool {
        self >= G8
    }

    pub fn probes_requests_proxy(self) -> bool {
        self >= G7
    }

    /// `activeDeadlineSeconds` of the Job when the values say nothing; `None` when there is none.
    pub fn deadline_seconds(self) -> Option<u32> {
        match self {
            G0 | G1 | G2 | G2p | G3 => None,
            G4 | G5 | G6 | G7 | G7b => Some(1800),
            G8 | G9 | G10 => Some(3600),
        }
    }
}
