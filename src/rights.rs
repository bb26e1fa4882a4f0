//! What each command may do at the API server, as data: what `doctor` asks for, and what `--print-rbac` grants.

use std::fmt;

/// Where a right has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// The release's namespace.
    Release,
    /// The namespace of the node agents; may be the release's.
    NodeAgents,
    Cluster,
}

/// What becomes of a command without the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// There is no answer.
    Required,
    /// There is one, but for this.
    Helps(&'static str),
}

/// Verbs on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) place: Place,
    /// Empty for the core group.
    pub(crate) group: &'static str,
    /// With its subresource: `pods/log`.
    pub(crate) resource: &'static str,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) need: Need,
}

const fn rule(
    place: Place,
    (group, resource): (&'static str, &'static str),
    verbs: &'static [&'static str],
    need: Need,
) -> Rule {
    Rule {
        place,
        group,
        resource,
        verbs,
        need,
    }
}

/// One right on one object, or on all of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) rule: &'static Rule,
    pub(crate) verb: &'static str,
    pub(crate) namespace: String,
    pub(crate) object: Option<String>,
}

/// `patch deployments.apps/berlin-jobs-manager -n tracebloc`
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule {
            resource, group, ..
        } = self.rule;
        write!(f, "{} {resource}.{group}", self.verb)?;
        if let Some(object) = &self.object {
            write!(f, "/{object}")?;
        }
        write!(f, " -n {}", self.namespace)
    }
}

use Need::{Helps, Required};
use Place::{Cluster, NodeAgents, Release};

const DEPLOYMENTS: (&str, &str) = ("apps", "deployments");
const DAEMON_SETS: (&str, &str) = ("apps", "daemonsets");
const CRON_JOBS: (&str, &str) = ("batch", "cronjobs");
const JOBS: (&str, &str) = ("batch", "jobs");
const PODS: (&str, &str) = ("", "pods");
const REVIEWS: &str = "authorization.k8s.io";

pub(crate) const STATUS: &[Rule] = &[
    rule(Release, DEPLOYMENTS, &["get", "list"], Required),
    rule(Release, CRON_JOBS, &["get", "list"], Required),
    rule(
        Release,
        JOBS,
        &["list"],
        Helps("the runs of the refresh job"),
    ),
    rule(Release, PODS, &["list"], Helps("what runs")),
    rule(
        Release,
        ("", "pods/log"),
        &["get"],
        Helps("what the runs say"),
    ),
    rule(
        Release,
        ("apps", "replicasets"),
        &["list"],
        Helps("what runs"),
    ),
    rule(NodeAgents, DAEMON_SETS, &["get"], Helps("resource-monitor")),
    rule(
        NodeAgents,
        PODS,
        &["list"],
        Helps("what runs of resource-monitor"),
    ),
    rule(
        Cluster,
        ("", "nodes"),
        &["list"],
        Helps("the platforms of the nodes"),
    ),
];

const CHANGES: Need = Helps("status -w: without, everything is read anew every ten minutes");

/// Beside those of `STATUS`, for `-w`.
pub(crate) const WATCH: &[Rule] = &[
    rule(Release, DEPLOYMENTS, &["watch"], CHANGES),
    rule(Release, CRON_JOBS, &["watch"], CHANGES),
    rule(Release, JOBS, &["watch"], CHANGES),
    rule(Release, PODS, &["watch"], CHANGES),
    rule(NodeAgents, DAEMON_SETS, &["watch"], CHANGES),
];

/// Beside those of `STATUS`.
pub(crate) const DOCTOR: &[Rule] = &[
    rule(
        Release,
        JOBS,
        &["create", "delete", "get"],
        Helps("looking from a pod"),
    ),
    rule(
        Release,
        ("", "events"),
        &["list"],
        Helps("what the kubelets say of pulls"),
    ),
    rule(
        Release,
        ("networking.k8s.io", "networkpolicies"),
        &["list"],
        Helps("what keeps pods from the registries"),
    ),
    rule(
        Release,
        (REVIEWS, "localsubjectaccessreviews"),
        &["create"],
        Helps("the rights of the refresher's account"),
    ),
    rule(
        NodeAgents,
        (REVIEWS, "localsubjectaccessreviews"),
        &["create"],
        Helps("the rights of the refresher's account"),
    ),
];

pub(crate) const REFRESH: &[Rule] = &[
    rule(Release, DEPLOYMENTS, &["get", "list", "patch"], Required),
    rule(Release, CRON_JOBS, &["get", "list"], Required),
    rule(
        Release,
        JOBS,
        &["create", "delete", "get", "list"],
        Required,
    ),
    rule(Release, PODS, &["list"], Required),
    rule(
        Release,
        ("", "pods/log"),
        &["get"],
        Helps("what a run of the refresh job says"),
    ),
    rule(Release, ("apps", "replicasets"), &["list"], Required),
    rule(
        Release,
        ("", "events"),
        &["list"],
        Helps("what a pull test says"),
    ),
    rule(
        NodeAgents,
        DAEMON_SETS,
        &["get", "patch"],
        Helps("resource-monitor"),
    ),
    rule(NodeAgents, PODS, &["list"], Helps("resource-monitor")),
    rule(
        Cluster,
        ("", "nodes"),
        &["list"],
        Helps("the platforms of the nodes"),
    ),
];

/// The chart's own Roles (chart contract, section 2.3): what a refresher needs.
pub(crate) const TICK: &[Rule] = &[
    rule(
        Release,
        DEPLOYMENTS,
        &["get", "list", "patch", "watch"],
        Required,
    ),
    rule(
        NodeAgents,
        DAEMON_SETS,
        &["get", "list", "patch", "watch"],
        Required,
    ),
];

/// What `doctor` tells its caller about: what it needs itself, and what its remedy needs.
pub(crate) fn of_caller() -> impl Iterator<Item = (&'static Rule, &'static str)> {
    const REMEDY: &[Rule] = &[rule(
        Release,
        DEPLOYMENTS,
        &["patch"],
        Helps("moving images from here"),
    )];
    [STATUS, DOCTOR, REMEDY]
        .into_iter()
        .flatten()
        // Whether others' rights may be asked for shows when they are.
        .filter(|rule| rule.group != REVIEWS)
        .flat_map(verbs)
}

/// The rule of `REFRESH` that a request falls under.
pub(crate) fn of_refresh(verb: &str, resource: &str) -> Option<(&'static Rule, &'static str)> {
    let mut rules = REFRESH.iter().flat_map(verbs);
    rules.find(|(rule, one)| rule.resource == resource && *one == verb)
}

/// What the refresher's account needs.
pub(crate) fn of_account() -> impl Iterator<Item = (&'static Rule, &'static str)> {
    TICK.iter().flat_map(verbs)
}

fn verbs(rule: &'static Rule) -> impl Iterator<Item = (&'static Rule, &'static str)> {
    rule.verbs.iter().map(move |verb| (rule, *verb))
}
