//! The way to one registry, as this machine and as the cluster know it.

use std::time::Duration;

use serde::Serialize;

use super::{Reasons, Time};
use crate::codes::Code;
use crate::health::{self, BrokenLayer, ClusterEvidence};

/// The way to one registry, as this machine and as the cluster know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Egress {
    pub(crate) registry: String,
    /// `None` when this machine was not to ask.
    pub(crate) workstation: Option<Answer>,
    pub(crate) cluster: Evidence,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) result: Verdict,
    pub(crate) latency_ms: Option<u64>,
    /// The layer that broke.
    pub(crate) layer: Option<&'static str>,
    pub(crate) code: Option<Code>,
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Evidence {
    pub(crate) result: Verdict,
    /// What tells.
    pub(crate) by: Option<String>,
    pub(crate) at: Option<Time>,
    pub(crate) reasons: Reasons,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    Ok,
    Fail,
    Unknown,
}

impl Egress {
    pub(super) fn new(judged: &health::Egress) -> Self {
        let mut reasons = Reasons::new();
        let (result, by, at) = match &judged.cluster {
            ClusterEvidence::Reaches { by, at } => (Verdict::Ok, Some(by.clone()), *at),
            ClusterEvidence::Fails { by, at } => (Verdict::Fail, Some(by.clone()), *at),
            ClusterEvidence::Nothing(why) => {
                reasons.insert("result".to_owned(), why.clone());
                (Verdict::Unknown, None, None)
            }
        };
        Self {
            registry: judged.registry.clone(),
            workstation: judged.here.as_ref().map(Answer::new),
            cluster: Evidence {
                result,
                by,
                at: at.map(Time),
                reasons,
            },
        }
    }
}

impl Answer {
    fn new(here: &Result<Duration, BrokenLayer>) -> Self {
        match here {
            Ok(took) => Self {
                result: Verdict::Ok,
                latency_ms: Some(millis(*took)),
                layer: None,
                code: None,
                message: None,
            },
            Err(broken) => Self {
                result: Verdict::Fail,
                latency_ms: None,
                layer: Some(broken.layer.word()),
                code: broken.code,
                message: Some(broken.message.clone()),
            },
        }
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
