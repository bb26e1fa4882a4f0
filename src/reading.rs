//! What `doctor` reads: the way to the registries from each point it looks from, rights, policies. Plain data.
//!
//! A way has steps that are crossed in order. The first that breaks is the reading; what needs it says so, and is
//! neither a success nor a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::codes::Code;
use crate::image::{Digest, Reference};
use crate::lookup::{Failure, Layer};
use crate::observation::{Observation, Seen};
use crate::rights::Rule;

/// Everything that one look of `doctor` at one release saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Readings {
    /// The API server's clock; this machine's where none answered.
    pub(crate) at: Timestamp,
    pub(crate) context: String,
    pub(crate) namespace: String,
    pub(crate) server: Result<Server, Refusal>,
    /// What the caller may do of what commands need; empty where nobody could be asked.
    pub(crate) rights: Vec<Right>,
    /// What the refresher's account may do. `None` without a refresher.
    pub(crate) account: Option<Account>,
    pub(crate) release: Result<Observation, Refusal>,
    /// Those that select the refresher's pods. Empty without a refresher.
    pub(crate) policies: Seen<Vec<Policy>>,
    /// From this machine, by the names of the registries.
    pub(crate) here: Vec<Way>,
    /// From pods of the refresher's kind, one per node that was looked from.
    pub(crate) pods: Vec<PodLook>,
    /// What nodes themselves pulled, or could not.
    pub(crate) pulls: Vec<NodePull>,
    /// Why a pull tells nothing of the way, each.
    pub(crate) unpulled: Vec<Unprobed>,
}

/// What a probe pod saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodLook {
    /// The node it stood on. `None` where it came to stand on none.
    pub(crate) node: Option<String>,
    pub(crate) ways: Result<Vec<Way>, Unprobed>,
}

/// Why no pod has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unprobed {
    /// Nobody wanted it to: `--no-probe`.
    ByChoice(String),
    /// It could not be tried: no right, no refresher to copy.
    Unable(String),
    /// It was tried, and something kept it from starting or from answering, in the words of whoever did.
    Failed { code: Option<Code>, message: String },
}

/// One image that a node pulled, or could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodePull {
    pub(crate) node: String,
    pub(crate) image: Reference,
    pub(crate) result: Result<(), Broken>,
    /// What tells: `event 3m ago`, `pull test`.
    pub(crate) by: String,
}

/// The API server that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// As it calls itself: `v1.30.4`.
    pub(crate) version: String,
    pub(crate) took: Duration,
}

/// Why something that everything else hangs on is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Option<Code>,
    /// One printable line.
    pub(crate) message: String,
    /// The next thing to do; `None` rather than something vague.
    pub(crate) hint: Option<String>,
}

/// One right, and whether somebody has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) rule: &'static Rule,
    pub(crate) verb: &'static str,
    /// `None` for a right that holds in the whole cluster.
    pub(crate) namespace: Option<String>,
    pub(crate) answer: Answer,
}

/// What an authorizer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed,
    Denied,
    /// It could not be asked, and why.
    Unknown(String),
}

/// A service account, and what it may do of what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) rights: Vec<Right>,
}

/// A `NetworkPolicy` that governs what leaves the refresher's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    /// What it lets out, one entry per rule; empty when it lets out nothing.
    pub(crate) allows: Vec<String>,
}

/// Where a probe stood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Vantage {
    Workstation,
    /// In a pod on this node; empty where it came to stand on none.
    Pod(String),
    /// This node's container runtime.
    Node(String),
}

impl Vantage {
    /// As identifiers have it: `workstation`.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Workstation => "workstation".to_owned(),
            Self::Pod(node) if node.is_empty() => "pod".to_owned(),
            Self::Pod(node) => format!("pod/{node}"),
            Self::Node(node) => format!("node/{node}"),
        }
    }
}

/// The steps to an image, in the order in which they are crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The name of the registry's own host.
    Dns,
    /// The proxy where there is one, TCP, TLS, and whether a registry greets (`/v2/`).
    Connect,
    /// Leave to pull, from the token host.
    Token,
    /// What the tags name.
    Manifest,
    /// A layer, from the host that keeps them.
    Layers,
    /// The pulls that are left. Only where the registry counts them.
    Budget,
}

impl Step {
    pub(crate) const ALL: [Self; 6] = [
        Self::Dns,
        Self::Connect,
        Self::Token,
        Self::Manifest,
        Self::Layers,
        Self::Budget,
    ];

    /// The word in identifiers and behind "needs".
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Token => "token",
            Self::Manifest => "manifest",
            Self::Layers => "layers",
            Self::Budget => "budget",
        }
    }
}

/// What broke, at which host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) code: Code,
    /// The same at the registry's own host: 201 where `code` is 241 or 261.
    pub(crate) cause: Code,
    pub(crate) host: String,
    /// One line, at most 200 characters, without control characters.
    pub(crate) message: String,
}

impl Broken {
    /// A failed lookup. `None` where nothing was asked.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        let code = failure.code?;
        Some(Self {
            code,
            cause: match (code, failure.layer) {
                (Code::TokenHostBlocked | Code::LayerHostBlocked, layer) => usual(layer),
                (code, _) => code,
            },
            host: failure.host.clone(),
            message: failure.message.clone(),
        })
    }
}

/// What a layer that broke is called where nothing tells more.
const fn usual(layer: Layer) -> Code {
    match layer {
        Layer::Dns => Code::NameRefused,
        Layer::Proxy => Code::ProxyCannotReach,
        Layer::Connect => Code::Dropped,
        Layer::Tls => Code::TlsIntercepted,
        Layer::None | Layer::Http | Layer::Token | Layer::Manifest | Layer::Blob => {
            Code::RegistryError
        }
    }
}

/// What one step showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Passed,
    /// Passed, with something about it that is not as it should be.
    Odd(Broken),
    Failed(Broken),
    /// Not taken: this one before it failed.
    Needs(Step),
    /// Not taken, and nothing is wrong about that: what stands in for it, or whose choice it was.
    Skipped(String),
    /// It could not be taken, and why.
    Unknown(String),
}

/// One step, as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// `ghcr.io:443`, `ghcr.io/token`, `pkg-containers.githubusercontent.com:443`.
    pub(crate) target: String,
    pub(crate) reading: Reading,
    /// `None` where it was not taken.
    pub(crate) took: Option<Duration>,
    /// Who issued the certificate that was shown, of the steps that meet one.
    pub(crate) issuer: Option<String>,
}

/// The host that keeps a registry's layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerHost {
    pub(crate) host: String,
    pub(crate) known: Known,
}

/// How a host is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The registry sent us there.
    Observed,
    /// It has been there, the last time somebody wrote it down.
    Expected,
}

/// What is left of the pulls of the address that is seen outside, as the registry counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) left: u64,
    pub(crate) limit: Option<u64>,
    /// The address that is counted.
    pub(crate) source: Option<String>,
}

/// The way to one registry from one vantage point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// As references spell it: `docker.io`.
    pub(crate) registry: String,
    pub(crate) steps: BTreeMap<Step, Taken>,
    /// The hosts of the API and of the tokens, one where they are the same.
    pub(crate) hosts: Vec<String>,
    pub(crate) layers: Vec<LayerHost>,
    /// `host:port` of the proxy on the way. `None` without one.
    pub(crate) proxy: Option<String>,
    pub(crate) budget: Option<Budget>,
    /// What the tags name from here, as far as they were resolved.
    pub(crate) digests: BTreeMap<Reference, Digest>,
}

impl Way {
    /// The step that broke, the first if several did.
    pub(crate) fn broken(&self) -> Option<(Step, &Taken, &Broken)> {
        self.steps
            .iter()
            .find_map(|(step, taken)| match &taken.reading {
                Reading::Failed(broken) => Some((*step, taken, broken)),
                Reading::Passed
                | Reading::Odd(_)
                | Reading::Needs(_)
                | Reading::Skipped(_)
                | Reading::Unknown(_) => None,
            })
    }

    pub(crate) fn has_passed(&self, step: Step) -> bool {
        let reading = self.steps.get(&step).map(|taken| &taken.reading);
        matches!(reading, Some(Reading::Passed | Reading::Odd(_)))
    }

    /// Whether nothing is in the way, from the name to the layers.
    pub(crate) fn is_open(&self) -> bool {
        let is_reached = self.has_passed(Step::Manifest) && self.has_passed(Step::Layers);
        is_reached && self.broken().is_none_or(|(step, ..)| step == Step::Budget)
    }
}

#[cfg(test)]
pub(crate) mod fixtures;
