//! 4xx: images: platforms, digests that disagree, pins.

use super::commands::{DOCTOR, PULL_TEST, REFRESH, STATUS, STATUS_WIDE};
use super::{Command, Explanation};

pub(super) const PLATFORM_MISSING: Explanation = Explanation {
    seen: "The image in use has no build for the platform of a node that it must run on, or a pod runs the build of \
           another platform. Pods there fail with \"no match for platform in manifest\" or \"exec format error\".",
    causes: &[
        "the digest is from before the image was built for several platforms, and nothing moved it since",
        "a digest of one platform was pinned instead of the index over all",
        "a node of a new platform joined the cluster",
    ],
    rules_out: &[
        "the network: pulling again gets the same",
        "the node: it can run what is built for it",
    ],
    steps: &[
        "where the latest has the platform, move the image to it",
        "where it has not, keep the workload off such nodes (kubernetes.io/arch) or ask for a build",
    ],
    commands: &[REFRESH, STATUS_WIDE],
};

pub(super) const LATEST_LACKS_PLATFORM: Explanation = Explanation {
    seen: "What the tag names now has no build for the platform of a node that it must run on. Moving to it would break \
           what runs.",
    causes: &[
        "the image was published for one platform only, perhaps by mistake",
        "it was never built for this platform",
    ],
    rules_out: &["the digest in use: it is judged apart"],
    steps: &[
        "do not refresh it; refresh refuses too",
        "tell whoever publishes the image which platform is missing",
        "pin the digest that works in the values, so that the refresh job does not move it either",
    ],
    commands: &[STATUS_WIDE],
};

pub(super) const STALE: Explanation = Explanation {
    seen: "The tag names another digest than the one in use, and a refresh would change it.",
    causes: &[
        "it was published after the last tick: the next one moves it",
        "nothing is recorded yet: the first tick records the latest without moving anything",
        "the refresh job does not run, or cannot look the image up: another finding says so",
    ],
    rules_out: &[
        "a wrong platform: that is TBI-401 or TBI-402",
        "a pin: that is held",
    ],
    steps: &[
        "wait for the next tick where the refresh job is well",
        "otherwise move it from here",
    ],
    commands: &[STATUS, REFRESH],
};

pub(super) const DISAGREE: Explanation = Explanation {
    seen: "What is recorded, what the spec names and what runs are not the same. The refresher compares the registry \
           with its record alone, and may believe that it is done.",
    causes: &[
        "a chart upgrade rendered its own digest or tag again",
        "kubectl rollout undo, which brings the old annotations back with the old pods",
        "a pod restart that pulled a newer build of the tag",
        "a rollout that is under way or stuck",
    ],
    rules_out: &["the registries: the comparison is among what the cluster shows"],
    steps: &[
        "read in the finding which of them is old",
        "let refresh put it right: it records what is proven to run",
    ],
    commands: &[STATUS_WIDE, REFRESH],
};

pub(super) const OLD_BUILD_POSSIBLE: Explanation = Explanation {
    seen: "The spec names a tag with imagePullPolicy IfNotPresent. A node that has an older build of the tag starts that \
           one, though the record says that the latest was set.",
    causes: &[
        "charts from 1.9.40 on render the tag at each upgrade; the refresher sets a digest again only when the tag moves",
    ],
    rules_out: &["a fault of the registry"],
    steps: &[
        "compare what runs with the latest in the wide form",
        "refresh sets the digest, so that no node can choose",
    ],
    commands: &[STATUS_WIDE, REFRESH],
};

pub(super) const HELD: Explanation = Explanation {
    seen: "The image is pinned on purpose: a digest in the values or the chart's own pin. It is shown and never moved.",
    causes: &[
        "images.<image>.digest in the values",
        "images.ingestor.prodDigest: from 1.9.6 on charts pin the ingestor on prod, deliberately behind its tag",
        "images.ingestor.autoRefresh: false (charts 1.4.1 to 1.5.1)",
    ],
    rules_out: &["an error: a newer latest beside a pin is what pins are for"],
    steps: &["leave it, or change the values and upgrade; refresh refuses with this reason"],
    commands: &[
        Command {
            command: "helm get values -n NAMESPACE RELEASE",
            why: "whether the values pin it; the chart's own pin is not among them",
        },
        STATUS,
    ],
};

pub(super) const MIRRORED: Explanation = Explanation {
    seen: "The pods pull from a private mirror. What the public registry's tag names says nothing about it, so the two \
           are not compared, and charts from 1.9.40 on do not refresh behind a mirror.",
    causes: &[
        "global.imageRegistry in the values",
        "images.ingestor.repository, for the ingestor alone",
    ],
    rules_out: &["an error: the refresh job stands still on purpose"],
    steps: &[
        "bring new builds into the mirror, then restart or upgrade the release",
        "an empty mirror in the environment counts as one too: remove it where none is meant",
    ],
    commands: &[STATUS_WIDE],
};

pub(super) const DIGEST_GONE: Explanation = Explanation {
    seen: "The digest in use is no longer in its registry. What runs goes on, but a node that has not got it cannot \
           pull it.",
    causes: &[
        "old builds were cleaned up",
        "the repository was moved or made anew",
        "a mirror that keeps only what is new",
    ],
    rules_out: &["the network: the registry answered that it has no such manifest"],
    steps: &[
        "move the image to the latest before a pod is scheduled elsewhere",
        "have pinned digests kept in the registry",
    ],
    commands: &[REFRESH, STATUS_WIDE],
};

pub(super) const INGESTOR_DIGEST_EMPTY: Explanation = Explanation {
    seen: "INGESTOR_IMAGE_DIGEST on the api container is empty or absent. Before chart 1.6.0 submitting an ingestion \
           answers 503 then.",
    causes: &[
        "images.ingestor.digest is empty in the values, and no tick has set it yet",
        "the refresh job cannot look the ingestor up",
    ],
    rules_out: &["an image that cannot be pulled: there is none to pull"],
    steps: &[
        "where the tag can be resolved from here, let refresh set it",
        "otherwise find out why the tick does not",
    ],
    commands: &[REFRESH, DOCTOR, PULL_TEST],
};
