//! What whoever carries a plan out must be allowed to do, and a plan whose caller may not.

use std::collections::BTreeSet;

use super::{Guard, Obstacle, RefreshPlan, Stage, Verdict};
use crate::observation::{Target, WorkloadKind};
use crate::rights::{self, Wanted};

impl RefreshPlan {
    /// What it takes to patch what it patches. Empty for a plan that writes nothing.
    pub(crate) fn patches(&self) -> Vec<Wanted> {
        let changed = self.changes.iter();
        let changed = changed.filter(|change| change.stage == Stage::Patch);
        let mut targets: BTreeSet<&Target> = changed.map(|change| &change.target).collect();
        if !self.is_empty() {
            targets.insert(&self.finish.target);
        }
        let wanted = |target: &&Target| {
            let (rule, verb) = rights::of_refresh("patch", resource(target.kind))?;
            Some(Wanted {
                rule,
                verb,
                namespace: target.namespace.clone(),
                object: Some(target.name.clone()),
            })
        };
        targets.iter().filter_map(wanted).collect()
    }

    /// What it takes to have nodes pull beforehand, and to clear up.
    pub(crate) fn pull_tests(&self) -> Vec<Wanted> {
        let verbs = ["create", "delete"].into_iter();
        verbs
            .filter_map(|verb| rights::of_refresh(verb, "jobs"))
            .map(|(rule, verb)| Wanted {
                rule,
                verb,
                namespace: self.namespace.clone(),
                object: None,
            })
            .collect()
    }

    /// Stopped, where its caller may not patch what it patches; `denied` as `kubectl auth can-i` takes it.
    pub(crate) fn without(mut self, denied: Vec<String>) -> Self {
        if !denied.is_empty() {
            let guard = Guard {
                obstacle: Obstacle::Forbidden(denied),
                verdict: Verdict::Fail,
            };
            self.guards.insert(0, guard);
        }
        self
    }
}

const fn resource(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "deployments",
        WorkloadKind::DaemonSet => "daemonsets",
    }
}
