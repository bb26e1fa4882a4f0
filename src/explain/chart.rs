//! 6xx: values of the chart that do not do what they say.

use super::commands::{DOCTOR, PULL_TEST, STATUS, STATUS_WIDE};
use super::{Command, Explanation};

const REFRESHER_ENV: Command = Command {
    command: "kubectl set env -n NAMESPACE cronjob/RELEASE-image-refresh --list",
    why: "what the refresh job is given; a proxy's address may hold a password",
};

pub(super) const PROXY_NOT_ON_CRON_JOB: Explanation = Explanation {
    seen: "A proxy is set on jobs-manager's api container and not on the refresh job. Its lookups go the direct way.",
    causes: &[
        "charts before 1.6.0 give the refresh job no proxy at all",
        "HTTP_PROXY or HTTPS_PROXY was set under env: only env.HTTP_PROXY_HOST and HTTP_PROXY_PORT reach the refresh job",
    ],
    rules_out: &["the registries, where this machine reaches them"],
    steps: &[
        "set env.HTTP_PROXY_HOST and env.HTTP_PROXY_PORT, with chart 1.6.0 or later",
        "where the direct way works for the refresh job, nothing has to be done",
    ],
    commands: &[REFRESHER_ENV, DOCTOR],
};

pub(super) const RETIRED_TAG: Explanation = Explanation {
    seen: "The refresh job polls a tag named development, staging or production. Those are words for channels, and nobody \
           publishes such tags any more.",
    causes: &["env.CLIENT_ENV holds the long word: charts before 1.9.31 poll it as it stands"],
    rules_out: &["the network: the tag would be missing from everywhere"],
    steps: &[
        "set env.CLIENT_ENV to dev, stg or prod",
        "or upgrade: later charts translate the word",
    ],
    commands: &[STATUS, REFRESHER_ENV],
};

pub(super) const LIMIT_UNUSABLE: Explanation = Explanation {
    seen: "A limit of the refresh job is no number to its script, is so large that the alarm comes too late, or is 1 or \
           less, so that one hiccup raises it.",
    causes: &[
        "a million or more in a values file is rendered as 1e+06, which the shell does not compare",
        "a word instead of a number: MAX_SKIP_TICKS is not checked by the chart's schema",
        "a schedule that runs rarely: limit times interval is when the alarm comes",
    ],
    rules_out: &["the images: this is about when somebody is told"],
    steps: &[
        "set imageRefresh.ingestorResolveFailureThreshold, maxRefreshAttempts or maxSkipTicks to a small number: 3, 3, 8 \
         by default",
    ],
    commands: &[STATUS_WIDE, REFRESHER_ENV],
};

pub(super) const MIRROR_UNKNOWN_TO_SCRIPT: Explanation = Explanation {
    seen: "The images come from a private mirror, and the refresh job (charts 1.9.15 to 1.9.34) does not know: it polls \
           docker.io, and restarts jobs-manager when docker.io moves, whatever the mirror holds.",
    causes: &["global.imageRegistry together with a chart before 1.9.40"],
    rules_out: &["a failure of the mirror"],
    steps: &[
        "upgrade to 1.9.40 or later, which stands still behind a mirror",
        "or switch the refresh job off: imageRefresh.enabled: false",
    ],
    commands: &[STATUS_WIDE],
};

pub(super) const DEADLINE_TOO_SHORT: Explanation = Explanation {
    seen: "A run may be stopped by its own deadline while it waits for a rollout: activeDeadlineSeconds is not longer than \
           the waits that the script may need, one rolloutTimeout each; from chart 1.9.40 on there are three.",
    causes: &[
        "imageRefresh.rolloutTimeout was raised and imageRefresh.activeDeadlineSeconds was not",
    ],
    rules_out: &["a failure now: it only shows when a rollout is slow"],
    steps: &[
        "set activeDeadlineSeconds above three times rolloutTimeout",
        "or lower rolloutTimeout",
    ],
    commands: &[STATUS_WIDE, REFRESHER_ENV],
};

pub(super) const UPGRADE_HELPS: Explanation = Explanation {
    seen: "From chart 1.6.0 on ingestion Jobs are spawned by tag, and the nodes look the ingestor up when they pull it. \
           Then no lookup from a pod is needed, and none can get stuck.",
    causes: &["a chart before 1.6.0, whose refresh job has to resolve the ingestor from a pod"],
    rules_out: &["a cure where the nodes are blocked too: then pulls fail instead of lookups"],
    steps: &[
        "test whether the nodes can pull from ghcr.io",
        "where they can, upgrade; where they cannot, have the hosts allowed first",
    ],
    commands: &[PULL_TEST, STATUS],
};
