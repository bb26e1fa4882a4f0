//! The words by which a script knows the states of a plan.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::observation::{Target, WorkloadKind};
use crate::plan::{Fate, Stage, Undo, Verdict};
use crate::rollout::Strategy;

/// By kind, namespace and name, as in an object reference.
impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.kind {
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::DaemonSet => "DaemonSet",
        };
        let mut target = serializer.serialize_struct("Target", 3)?;
        target.serialize_field("kind", kind)?;
        target.serialize_field("namespace", &self.namespace)?;
        target.serialize_field("name", &self.name)?;
        target.end()
    }
}

/// A note is null where the command speaks for itself.
impl Serialize for Undo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let note = Some(&self.note).filter(|note| !note.is_empty());
        let mut undo = serializer.serialize_struct("Undo", 2)?;
        undo.serialize_field("command", &self.command)?;
        undo.serialize_field("note", &note)?;
        undo.end()
    }
}

impl Serialize for Fate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Moves => "moves",
            Self::AlsoMoves => "alsoMoves",
            Self::Settles => "settles",
            Self::Recorded => "recorded",
            Self::Same => "same",
            Self::Unresolved => "unresolved",
            Self::MayBeOld => "mayBeOld",
        })
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Patch => "patch",
            Self::Resume => "resume",
            Self::Retest => "retest",
        })
    }
}

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::RollingUpdate => "rollingUpdate",
            Self::Recreate => "recreate",
            Self::OnDelete => "onDelete",
            Self::Paused => "paused",
        })
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Fail => "fail",
            Self::Refuse => "refuse",
            Self::Wait => "wait",
            Self::Follow => "follow",
            Self::Ask => "ask",
            Self::Go => "go",
        })
    }
}
