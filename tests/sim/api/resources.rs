//! The kinds this server stores, and what discovery, paths and selectors need to know of each.

use serde_json::Value;

/// Where objects of a kind live.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Cluster,
    Namespaced,
}

/// One row of the table of kinds.
pub(crate) struct Resource {
    /// Empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) scope: Scope,
    pub(crate) subresources: &'static [&'static str],
    /// Field selectors beyond `metadata.name` and `metadata.namespace`.
    pub(crate) fields: &'static [&'static str],
}

const fn row(
    (group, version): (&'static str, &'static str),
    (plural, kind): (&'static str, &'static str),
    scope: Scope,
    subresources: &'static [&'static str],
    fields: &'static [&'static str],
) -> Resource {
    Resource {
        group,
        version,
        plural,
        kind,
        scope,
        subresources,
        fields,
    }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const BATCH: (&str, &str) = ("batch", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");
const REVIEWS: (&str, &str) = ("authorization.k8s.io", "v1");
const STATUS: &[&str] = &["status"];
const POD_FIELDS: &[&str] = &["spec.nodeName", "status.phase"];
const EVENT_FIELDS: &[&str] = &[
    "involvedObject.apiVersion",
    "involvedObject.fieldPath",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
    "reason",
    "type",
];

/// Every kind of this server.
pub(crate) static RESOURCES: [Resource; 22] = {
    use Scope::{Cluster, Namespaced};
    [
        row(CORE, ("configmaps", "ConfigMap"), Namespaced, &[], &[]),
        row(CORE, ("events", "Event"), Namespaced, &[], EVENT_FIELDS),
        row(
            CORE,
            ("namespaces", "Namespace"),
            Cluster,
            STATUS,
            &["status.phase"],
        ),
        row(
            CORE,
            ("nodes", "Node"),
            Cluster,
            STATUS,
            &["spec.unschedulable"],
        ),
        row(
            CORE,
            ("pods", "Pod"),
            Namespaced,
            &["log", "status"],
            POD_FIELDS,
        ),
        row(CORE, ("secrets", "Secret"), Namespaced, &[], &["type"]),
        row(
            CORE,
            ("serviceaccounts", "ServiceAccount"),
            Namespaced,
            &[],
            &[],
        ),
        row(
            APPS,
            ("controllerrevisions", "ControllerRevision"),
            Namespaced,
            &[],
            &[],
        ),
        row(APPS, ("daemonsets", "DaemonSet"), Namespaced, STATUS, &[]),
        row(APPS, ("deployments", "Deployment"), Namespaced, STATUS, &[]),
        row(APPS, ("replicasets", "ReplicaSet"), Namespaced, STATUS, &[]),
        row(BATCH, ("cronjobs", "CronJob"), Namespaced, STATUS, &[]),
        row(
            BATCH,
            ("jobs", "Job"),
            Namespaced,
            STATUS,
            &["status.successful"],
        ),
        row(
            ("networking.k8s.io", "v1"),
            ("networkpolicies", "NetworkPolicy"),
            Namespaced,
            &[],
            &[],
        ),
        row(
            ("policy", "v1"),
            ("poddisruptionbudgets", "PodDisruptionBudget"),
            Namespaced,
            STATUS,
            &[],
        ),
        row(
            RBAC,
            ("clusterrolebindings", "ClusterRoleBinding"),
            Cluster,
            &[],
            &[],
        ),
        row(RBAC, ("clusterroles", "ClusterRole"), Cluster, &[], &[]),
        row(RBAC, ("rolebindings", "RoleBinding"), Namespaced, &[], &[]),
        row(RBAC, ("roles", "Role"), Namespaced, &[], &[]),
        row(
            REVIEWS,
            ("localsubjectaccessreviews", "LocalSubjectAccessReview"),
            Namespaced,
            &[],
            &[],
        ),
        row(
            REVIEWS,
            ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
            Cluster,
            &[],
            &[],
        ),
        row(
            REVIEWS,
            ("subjectaccessreviews", "SubjectAccessReview"),
            Cluster,
            &[],
            &[],
        ),
    ]
};

impl Resource {
    /// The row a path names. `None` when this server has no such kind.
    pub(crate) fn at(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        RESOURCES
            .iter()
            .find(|row| (row.group, row.version, row.plural) == (group, version, plural))
    }

    /// The row of a kind, which is unique in this table.
    pub(crate) fn of_kind(kind: &str) -> &'static Self {
        RESOURCES
            .iter()
            .find(|row| row.kind == kind)
            .unwrap_or_else(|| panic!("the simulated API server has no kind {kind:?}"))
    }

    /// The row of a whole object, by its `kind`.
    pub(crate) fn of(object: &Value) -> &'static Self {
        let row = Self::of_kind(object["kind"].as_str().unwrap_or_default());
        assert_eq!(object["apiVersion"], row.api_version(), "of a {}", row.kind);
        row
    }

    /// `v1`, `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    pub(crate) fn has(&self, subresource: &str) -> bool {
        self.subresources.contains(&subresource)
    }

    /// Whether changes of the spec are counted in `metadata.generation`.
    pub(crate) fn has_generation(&self) -> bool {
        matches!(self.group, "apps" | "batch" | "networking.k8s.io") || self.kind == "Pod"
    }
}
