//! 3xx: the refresh job, its counters, and whether it runs.

use super::commands::{
    DESCRIBE_CRON_JOB, DOCTOR, PULL_TEST, REFRESH, STATUS, STATUS_WIDE, TICK_LOG,
};
use super::{Command, Explanation};

const REARM: Command = Command {
    command: "kubectl tracebloc-images refresh --rearm -n NAMESPACE",
    why: "clears the counters that lock the refresher out, after showing them",
};

pub(super) const STREAK_BELOW_THRESHOLD: Explanation = Explanation {
    seen: "The refresh job (charts 1.4.5 to 1.5.1) could not resolve the ingestor's tag on ghcr.io, so many times in a \
           row. Below the threshold a run only warns and ends well: the CronJob is green, and its last success is \
           recent.",
    causes: &[
        "a short outage or a rate limit",
        "ghcr.io is blocked for pods, and the counter has not reached its limit yet",
    ],
    rules_out: &[
        "docker.io: its lookups are not counted at all",
        "the rollout: the count is about lookups alone",
    ],
    steps: &[
        "look again after a tick or two: one successful lookup clears the count",
        "where it goes up, find out what is blocked before it reaches the limit",
    ],
    commands: &[STATUS, DOCTOR, TICK_LOG],
};

pub(super) const STREAK_AT_THRESHOLD: Explanation = Explanation {
    seen: "The refresh job (charts 1.4.5 to 1.5.1) could not resolve the ingestor's tag on ghcr.io as many times in a \
           row as imageRefresh.ingestorResolveFailureThreshold allows. Each run fails now, and the ingestor stays on \
           the digest that it had.",
    causes: &[
        "ghcr.io, or its path /token, is blocked for pods; docker.io often is not",
        "DNS, a proxy or TLS inspection between the pods and ghcr.io",
        "a proxy that is set for the api container and not for the refresh job (TBI-601)",
    ],
    rules_out: &[
        "an upgrade that put the old digest back: the count goes up only when a lookup fails",
        "a resolver that misreads multi-platform images: it gets no answer at all",
        "a chart without ingestor refresh: such a chart counts nothing",
    ],
    steps: &[
        "find the layer that fails from a pod, and have the hosts allowed",
        "meanwhile move the ingestor from here, if the nodes can pull it",
        "do not clear the counter by hand: that only silences the alarm; a successful lookup clears it",
    ],
    commands: &[DOCTOR, REFRESH, PULL_TEST],
};

pub(super) const FLAP_LOCKOUT: Explanation = Explanation {
    seen: "The refresh job (chart 1.9.28 or later) has tried to move the images as often as \
           imageRefresh.maxRefreshAttempts allows, and no attempt ended well. It tries no more: each run says FLAP \
           DETECTED, changes nothing and ends well.",
    causes: &[
        "the new image does not become Ready: it crashes, cannot be pulled, or its probe fails",
        "one workload of several does not settle, for instance resource-monitor on a sick node",
        "a rollout that takes longer than imageRefresh.rolloutTimeout",
    ],
    rules_out: &[
        "the registries: the new digest was resolved",
        "a cause that goes away by itself: a person has to clear the count",
    ],
    steps: &[
        "find out why the rollout did not end: pods, events, probes",
        "mend that, then clear the count",
        "removing refresh-flap-detected alone does nothing: refresh-attempt is what counts",
    ],
    commands: &[STATUS_WIDE, REARM],
};

pub(super) const SKIP_STREAK: Explanation = Explanation {
    seen: "The refresh job (chart 1.9.44 or later) moves nothing while jobs-manager is not settled, and has skipped as \
           many ticks in a row as imageRefresh.maxSkipTicks allows. Each run fails now.",
    causes: &[
        "a jobs-manager pod that runs and never becomes Ready: its port 8080 does not open",
        "a pod that crashes, cannot be pulled or finds no node",
        "a rollout of something else that does not end",
    ],
    rules_out: &[
        "the registries: they were not asked",
        "a person having to clear it: the count ends with the first settled tick",
    ],
    steps: &[
        "see why jobs-manager is not Ready: its pods, their events, the log of the container api",
        "malformed ingestion-authz.yaml, a database user without rights and a busy port keep 8080 closed",
    ],
    commands: &[
        Command {
            command: "kubectl describe deploy -n NAMESPACE RELEASE-jobs-manager",
            why: "what the rollout waits for",
        },
        Command {
            command: "kubectl logs -n NAMESPACE deploy/RELEASE-jobs-manager -c api --tail=40",
            why: "why it is not Ready",
        },
    ],
};

pub(super) const SUSPENDED: Explanation = Explanation {
    seen: "The CronJob is suspended (spec.suspend). No run is started, and nothing moves.",
    causes: &[
        "a person suspended it, perhaps during an incident",
        "imageRefresh.suspend: true in the values",
    ],
    rules_out: &["an error: somebody set this"],
    steps: &[
        "find out who set it and why before you resume it: kubectl get cronjob -o yaml --show-managed-fields tells the writer",
        "resume it by patch, or in the values: an upgrade sets what they say",
    ],
    commands: &[
        Command {
            command: "kubectl patch cronjob -n NAMESPACE RELEASE-image-refresh -p '{\"spec\":{\"suspend\":false}}'",
            why: "resumes it",
        },
        STATUS,
    ],
};

pub(super) const OVERDUE: Explanation = Explanation {
    seen: "At least two runs were due and none was started, though the CronJob is not suspended and no run is active.",
    causes: &[
        "the CronJob controller does not run, or is far behind",
        "the clock of the control plane is wrong",
        "the schedule or its time zone cannot be read there",
        "starts came later than startingDeadlineSeconds allows and were dropped",
    ],
    rules_out: &[
        "the registries and the images: no run got that far",
        "failing runs: those are started",
    ],
    steps: &[
        "read the CronJob's events",
        "see whether other CronJobs of the cluster run",
    ],
    commands: &[DESCRIBE_CRON_JOB, STATUS_WIDE],
};

pub(super) const RUNS_FAILED: Explanation = Explanation {
    seen: "Every failed run that is kept, at least three, failed since the last success. A failed Job's pod is removed \
           when its last retry fails, and its log with it.",
    causes: &[
        "a rollout that does not end in time",
        "the Deployment cannot be read or patched: rights, admission, the API server",
        "the Job is stopped by its own deadline (TBI-605)",
        "its pod cannot be made: quota or admission",
    ],
    rules_out: &[
        "failed lookups of docker.io images: they never fail a run",
        "a streak of the ingestor, where none is shown beside it",
    ],
    steps: &[
        "catch the log while a run is active: follow the next one",
        "read how the Jobs ended: BackoffLimitExceeded or DeadlineExceeded",
    ],
    commands: &[
        Command {
            command: "kubectl tracebloc-images refresh --in-cluster -n NAMESPACE",
            why: "starts a run now, follows its log and says what it means",
        },
        STATUS_WIDE,
        Command {
            command: "kubectl get events -n NAMESPACE --field-selector involvedObject.kind=Job",
            why: "how the last runs ended",
        },
    ],
};

pub(super) const RUN_STUCK: Explanation = Explanation {
    seen: "A run is still active past the time that it may take, or is active without any pod. While it is, the next \
           one does not start.",
    causes: &[
        "no pod can be made: a quota, a LimitRange or an admission webhook refuses it (TBI-506)",
        "charts before 1.9.12 set no deadline, and a rollout never ends",
        "the node of its pod is gone",
    ],
    rules_out: &["the schedule: the run was started"],
    steps: &[
        "read the Job's events: FailedCreate names who refused",
        "once the cause is gone, delete the Job; the next point in time starts a new one",
    ],
    commands: &[
        Command {
            command: "kubectl describe job -n NAMESPACE JOB",
            why: "what it waits for",
        },
        STATUS_WIDE,
    ],
};

pub(super) const NO_CRON_JOB: Explanation = Explanation {
    seen: "The release has no refresh CronJob. Nothing in the cluster moves its images.",
    causes: &[
        "imageRefresh.enabled: false",
        "helm upgrade --reuse-values from a chart that did not know the key: absent counts as off",
        "every image is pinned by digest in the values",
        "a chart before 1.4.0",
    ],
    rules_out: &["an error of the refresher: there is none"],
    steps: &[
        "where it was not on purpose, upgrade with --reset-then-reuse-values or set imageRefresh.enabled: true",
        "where it was, move images with chart upgrades",
    ],
    commands: &[
        STATUS,
        Command {
            command: "helm get values -n NAMESPACE RELEASE",
            why: "what was set when it was installed",
        },
    ],
};

pub(super) const SILENT_FAILURE: Explanation = Explanation {
    seen: "Runs end well, and an image is not refreshed. Either the newest completed run warned that it could not look \
           the image up, or no log is left, and the latest is older than runs that succeeded after it and is still not \
           in use.",
    causes: &[
        "the registry is blocked for pods, and this chart counts no such failure: charts 1.4.1 to 1.4.4 for the \
         ingestor, every chart for docker.io",
        "a rate limit on the address that the pods share",
        "a pod restart or rollback that put an older build back without the record noticing",
    ],
    rules_out: &[
        "a failing CronJob: it is green, and will stay so",
        "the image missing on the registry, where this machine resolves it",
    ],
    steps: &[
        "read the log of the last completed run: the line before the warning is curl's own reason",
        "find the layer that fails from a pod, and have the hosts allowed",
        "move the image from here meanwhile",
        "upgrade: from 1.4.5 on the ingestor's failures are counted, from 1.6.0 on it is spawned by tag",
    ],
    commands: &[DOCTOR, TICK_LOG, REFRESH],
};

pub(super) const COUNTER_MALFORMED: Explanation = Explanation {
    seen: "A counter on the jobs-manager Deployment is no number, or could not be read. What is no number counts as 0 \
           for the refresher; what could not be read is never taken for 0 here.",
    causes: &[
        "a person edited the annotation",
        "two tools write the same key",
        "you may not read the Deployment",
    ],
    rules_out: &[],
    steps: &[
        "look at the annotation and remove it: the refresher starts it anew",
        "a number with zeros in front makes the chart's script fail: remove those too",
    ],
    commands: &[
        Command {
            command: "kubectl annotate --list -n NAMESPACE deploy/RELEASE-jobs-manager",
            why: "all annotations as they stand",
        },
        STATUS,
    ],
};

pub(super) const LEFTOVER: Explanation = Explanation {
    seen: "Annotations of another generation of the chart stand on the jobs-manager Deployment. Nothing reads or clears \
           them any more, and Helm does not remove what it did not write.",
    causes: &[
        "an upgrade from a chart that counted something else",
        "a person removed the counter and left the last error beside it",
    ],
    rules_out: &["a failure now: they tell of the past"],
    steps: &["remove them with the command that status prints; nothing depends on them"],
    commands: &[STATUS_WIDE],
};
