//! 5xx: rollouts: pods that do not run, and changes that met somebody else's.

use super::commands::{DESCRIBE_POD, DOCTOR, PULL_TEST, STATUS_WIDE};
use super::{Command, Explanation};

const EVENTS: Command = Command {
    command: "kubectl get events -n NAMESPACE --sort-by=.lastTimestamp",
    why: "who refused what, the newest last",
};

pub(super) const CANNOT_PULL: Explanation = Explanation {
    seen: "A container waits because its node cannot pull the image. The kubelet's own words stand in the finding.",
    causes: &[
        "the node's way to the registry or to its layers is blocked: its runtime has a proxy, a CA and DNS of its own",
        "the digest or tag does not exist there, or a pull secret is missing",
        "no build for the node's platform (TBI-401)",
        "Docker Hub's pulls are used up (TBI-253)",
    ],
    rules_out: &["the container's own code: it never started"],
    steps: &[
        "read the first message, not the last: later ones only say that it backs off",
        "test a pull on a node: lookups from a pod go another way",
        "with strategy Recreate the old pod is gone: set the image back with the undo that refresh printed",
    ],
    commands: &[DESCRIBE_POD, PULL_TEST],
};

pub(super) const CRASHES: Explanation = Explanation {
    seen: "The image was pulled, and its container ends again and again (CrashLoopBackOff).",
    causes: &[
        "the new build does not work with this site's configuration",
        "a database, volume or secret that it needs is missing",
        "a build for another platform: \"exec format error\"",
        "too little memory: OOMKilled",
    ],
    rules_out: &["the registries and the pull"],
    steps: &[
        "read the log of the container that ended",
        "where the build is at fault, set the previous digest back and say so",
    ],
    commands: &[
        Command {
            command: "kubectl logs -n NAMESPACE POD -c CONTAINER --previous",
            why: "its last words",
        },
        DESCRIBE_POD,
    ],
};

pub(super) const UNSCHEDULABLE: Explanation = Explanation {
    seen: "A pod finds no node. The scheduler's own words stand in the finding.",
    causes: &[
        "too little CPU or memory is free",
        "node selector, affinity or taints leave no node",
        "its volume is bound to a node that is full or gone",
    ],
    rules_out: &["the image: nothing was pulled yet"],
    steps: &[
        "read which node was refused for which reason",
        "free room, or change what the pod demands",
    ],
    commands: &[DESCRIBE_POD, STATUS_WIDE],
};

pub(super) const PROGRESS_DEADLINE: Explanation = Explanation {
    seen: "The rollout has made no progress for longer than its deadline, ten minutes by default, and no pod says why.",
    causes: &[
        "pods that run and never become Ready: a probe fails",
        "pods that cannot be made: quota or admission (TBI-506)",
        "an old pod that does not end",
    ],
    rules_out: &["a pull that fails or a container that crashes: those are findings of their own"],
    steps: &["read the conditions of the Deployment and the events of its pods"],
    commands: &[
        Command {
            command: "kubectl describe deploy -n NAMESPACE DEPLOYMENT",
            why: "its conditions and events",
        },
        STATUS_WIDE,
    ],
};

pub(super) const DEADLOCK: Explanation = Explanation {
    seen: "The new pod waits for something that the old one holds, or the old one is gone and the new one cannot start.",
    causes: &[
        "a ReadWriteOnce volume that is still attached to another node",
        "with strategy Recreate the old pod ends first: if the new one cannot run, nothing does",
        "charts up to 1.9.9 start the new pod beside the old one, and both need the volume",
    ],
    rules_out: &["the registries"],
    steps: &[
        "see where the volume is attached, and which pod uses it",
        "where the old node is gone, have the volume detached",
        "otherwise go back with the undo that refresh printed",
    ],
    commands: &[DESCRIBE_POD, EVENTS],
};

pub(super) const ADMISSION_REFUSED: Explanation = Explanation {
    seen: "The API server took the object, and no pod was made of it: a quota or an admission webhook refused. A Job is \
           then active without any pod.",
    causes: &[
        "a ResourceQuota that is used up, or that wants limits on every pod",
        "a LimitRange, a policy engine or Pod Security that refuses the template",
        "on OpenShift, no security context constraint that fits the account",
    ],
    rules_out: &[
        "your rights: the refusal is about the pod",
        "the image: nothing was pulled yet",
    ],
    steps: &[
        "read the FailedCreate event: it names who refused, and why",
        "have an exception made for this account, or raise the quota",
    ],
    commands: &[
        EVENTS,
        Command {
            command: "kubectl describe resourcequota -n NAMESPACE",
            why: "what is used up",
        },
    ],
};

pub(super) const NOT_RUNNING_WHAT_WAS_SET: Explanation = Explanation {
    seen: "The rollout ended, and a Ready pod runs other content than was set. Nothing was recorded.",
    causes: &[
        "a webhook or policy engine rewrites images, for instance to a mirror",
        "a mirror or the node's cache served another build",
        "somebody changed the workload meanwhile",
    ],
    rules_out: &["the same build under another digest: that is recognised and passes"],
    steps: &[
        "compare spec and imageID of the pod",
        "see who rewrites images in this cluster",
    ],
    commands: &[
        STATUS_WIDE,
        Command {
            command: "kubectl get mutatingwebhookconfigurations",
            why: "who may rewrite what is stored",
        },
    ],
};

pub(super) const CHANGED_UNDERNEATH: Explanation = Explanation {
    seen: "Somebody else changed the object between the plan and the patch. The patch named the version that was seen \
           and was refused, so nothing was overwritten. The message names the writer.",
    causes: &[
        "a chart upgrade: auto-upgrade runs hourly",
        "the refresh job's own tick",
        "a GitOps controller or another person",
    ],
    rules_out: &["a lost change: yours was not applied"],
    steps: &[
        "wait until the other rollout has settled",
        "run refresh again: it makes a new plan",
    ],
    commands: &[
        Command {
            command: "kubectl get deploy -n NAMESPACE DEPLOYMENT -o yaml --show-managed-fields",
            why: "who wrote which field, and when",
        },
        DOCTOR,
    ],
};
