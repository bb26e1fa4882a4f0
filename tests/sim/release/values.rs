//! The values of the chart that matter to the image refresh, with the chart's own defaults.

use super::neighbours::Neighbour;

/// The values of one release, as `values.yaml` would have them.
#[derive(Clone, Debug)]
pub struct Values {
    /// The Helm release name; the tick needs at most 38 characters.
    pub name: String,
    pub namespace: String,
    /// `nodeAgents.namespace.name`; may be the release's own.
    pub node_agents_namespace: String,
    /// The version in the labels; `None` takes the generation's. Decides nothing else.
    pub chart_version: Option<String>,
    /// `env.CLIENT_ENV`.
    pub client_env: String,
    /// The rest of `env`, passed on to both containers of jobs-manager, after the chart's own.
    pub env: Vec<(String, String)>,
    pub proxy: Option<Proxy>,
    /// `global.imageRegistry`; `None` leaves it unset.
    pub mirror: Option<String>,
    pub credentials: Credentials,
    pub refresh: Refresh,
    pub images: Images,
    pub resource_monitor: bool,
    /// `hostPath.enabled`: an init container; without it a `PodDisruptionBudget`.
    pub host_path: bool,
    /// Workloads of the chart that the tick does not refresh; none unless asked for.
    pub neighbours: Vec<Neighbour>,
}

/// `imageRefresh`. Limits are texts, because what Helm renders need not be a number (`1e+06`).
#[derive(Clone, Debug)]
pub struct Refresh {
    pub enabled: bool,
    pub suspend: bool,
    pub schedule: String,
    /// Set by hand, never by the chart.
    pub time_zone: Option<String>,
    pub starting_deadline_seconds: u32,
    /// Read by the chart only from `G8`; `None` takes the generation's.
    pub active_deadline_seconds: Option<u32>,
    pub successful_jobs_history_limit: u32,
    pub failed_jobs_history_limit: u32,
    pub rollout_timeout: String,
    pub ingestor_resolve_failure_threshold: String,
    pub max_refresh_attempts: String,
    pub max_skip_ticks: String,
    /// Repository and tag of the runner, without a registry.
    pub image: String,
    /// The text of `image-refresh.sh`; `None` puts a stand-in there that only says `tick complete`.
    pub script: Option<String>,
}

/// `images.*`: a digest is a pin, `None` lets the tag float.
#[derive(Clone, Debug, Default)]
pub struct Images {
    pub jobs_manager: Option<String>,
    pub pods_monitor: Option<String>,
    pub resource_monitor: Option<String>,
    pub requests_proxy: Option<String>,
    pub ingestor: Ingestor,
}

/// `images.ingestor`.
#[derive(Clone, Debug)]
pub struct Ingestor {
    /// Before 1.6.0 the baseline of the environment, afterwards a pin; `None` takes the chart's,
    /// an empty text none at all.
    pub digest: Option<String>,
    /// `None` takes the tag of the channel.
    pub tag: Option<String>,
    pub repository: Option<String>,
    /// `false` pins the ingestor of `G1` and `G2`.
    pub auto_refresh: bool,
    /// `false` lets the ingestor float on prod too.
    pub prod_pin: bool,
}

/// `env.HTTP_PROXY_HOST` and its companions.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub host: String,
    pub port: Option<u16>,
    /// User and password, rendered in clear and without percent-encoding, as the chart does.
    pub login: Option<(String, String)>,
    /// `env.NO_PROXY`, in front of the chart's list.
    pub no_proxy: Option<String>,
}

/// `dockerRegistry`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    #[default]
    None,
    /// The chart makes the Secret `<release>-regcred`.
    Create {
        /// A URL, as the chart demands.
        server: String,
    },
    /// The operator made it; read from 1.9.48.
    Existing(String),
}

impl Default for Values {
    fn default() -> Self {
        Self {
            name: "berlin".to_owned(),
            namespace: "tracebloc".to_owned(),
            node_agents_namespace: "tracebloc-node-agents".to_owned(),
            chart_version: None,
            client_env: "prod".to_owned(),
            env: Vec::new(),
            proxy: None,
            mirror: None,
            credentials: Credentials::None,
            refresh: Refresh::default(),
            images: Images::default(),
            resource_monitor: true,
            host_path: true,
            neighbours: Vec::new(),
        }
    }
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            enabled: true,
            suspend: false,
            schedule: "7,22,37,52 * * * *".to_owned(),
            time_zone: None,
            starting_deadline_seconds: 300,
            active_deadline_seconds: None,
            successful_jobs_history_limit: 1,
            failed_jobs_history_limit: 3,
            rollout_timeout: "10m".to_owned(),
            ingestor_resolve_failure_threshold: "3".to_owned(),
            max_refresh_attempts: "3".to_owned(),
            max_skip_ticks: "8".to_owned(),
            image: "alpine/k8s:1.30.5".to_owned(),
            script: None,
        }
    }
}

impl Default for Ingestor {
    fn default() -> Self {
        Self {
            digest: None,
            tag: None,
            repository: None,
            auto_refresh: true,
            prod_pin: true,
        }
    }
}
