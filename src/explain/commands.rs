//! Commands that more than one text ends with.

use super::Command;

pub(super) const STATUS: Command = Command {
    command: "kubectl tracebloc-images status -n NAMESPACE",
    why: "the states of the images, the counters and the refresh job",
};

pub(super) const STATUS_WIDE: Command = Command {
    command: "kubectl tracebloc-images status -n NAMESPACE -o wide",
    why: "the way of each image from its tag to its pods, and the runs that are kept",
};

pub(super) const DOCTOR: Command = Command {
    command: "kubectl tracebloc-images doctor -n NAMESPACE",
    why: "each step to each registry, from this machine and from a pod",
};

pub(super) const PULL_TEST: Command = Command {
    command: "kubectl tracebloc-images doctor --pull-test -n NAMESPACE",
    why: "whether the nodes can pull, which no lookup from a pod tells",
};

pub(super) const ALLOWLIST: Command = Command {
    command: "kubectl tracebloc-images doctor --allowlist -n NAMESPACE",
    why: "hosts and ports to send to whoever runs the firewall",
};

pub(super) const PRINT_RBAC: Command = Command {
    command: "kubectl tracebloc-images doctor --print-rbac",
    why: "the Roles that the commands of this plugin need, as YAML",
};

pub(super) const REFRESH: Command = Command {
    command: "kubectl tracebloc-images refresh IMAGE -n NAMESPACE",
    why: "moves it from here: shows a plan, asks, and pulls before it changes anything",
};

pub(super) const TICK_LOG: Command = Command {
    command: "kubectl logs -n NAMESPACE -l app.kubernetes.io/component=image-refresh --tail=40",
    why: "what the refresher says, where a pod of it is left",
};

pub(super) const DESCRIBE_CRON_JOB: Command = Command {
    command: "kubectl describe cronjob -n NAMESPACE RELEASE-image-refresh",
    why: "its schedule, its last runs and its events",
};

pub(super) const DESCRIBE_POD: Command = Command {
    command: "kubectl describe pod -n NAMESPACE POD",
    why: "the words of the kubelet and the scheduler",
};

pub(super) const NETWORK_POLICIES: Command = Command {
    command: "kubectl get networkpolicies -n NAMESPACE",
    why: "whether one of them selects the pods of the refresh job",
};
