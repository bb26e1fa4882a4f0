//! 231 to 262: what a registry answers: the API, tokens, manifests, layers.

use super::commands::{ALLOWLIST, DOCTOR, PULL_TEST, STATUS};
use super::{Command, Explanation};

const CRED_HELPERS: Command = Command {
    command: "docker logout REGISTRY",
    why: "forgets the login that is stored on this machine",
};

pub(super) const NOT_A_REGISTRY: Explanation = Explanation {
    seen: "Somebody answers under the registry's name, with a web page or a redirect instead of what a registry says.",
    causes: &[
        "a page that says what is blocked",
        "a captive portal",
        "a download scanner that shows a page first",
    ],
    rules_out: &["DNS, blocked addresses and TLS"],
    steps: &[
        "read the title and the host in the message: they tell whose page it is",
        "have the registry's hosts exempted there, by name and with all their paths",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const MIRROR_ANSWERS: Explanation = Explanation {
    seen: "Under the public registry's name something answers that wants no token, as the registry itself always does.",
    causes: &["a transparent cache or mirror that answers for it"],
    rules_out: &["a registry that cannot be reached"],
    steps: &[
        "take its digests with care: they may be older than the registry's own",
        "compare them with this machine's answer, which doctor shows beside it",
    ],
    commands: &[DOCTOR],
};

pub(super) const CHALLENGE_ALTERED: Explanation = Explanation {
    seen: "The registry refused as it should (401), but the header that says where to get a token is missing, or names \
           a place that may not be trusted with a login.",
    causes: &[
        "a proxy that strips or rewrites WWW-Authenticate",
        "a mirror that is set up wrongly",
    ],
    rules_out: &[
        "DNS, blocked addresses and TLS",
        "a wrong login: none was sent",
    ],
    steps: &[
        "have the proxy pass the header on unchanged",
        "where a mirror answers, fix its realm",
    ],
    commands: &[DOCTOR],
};

pub(super) const REGISTRY_ERROR: Explanation = Explanation {
    seen: "The registry answered with an error of its own (5xx), broke off, or did not answer in time.",
    causes: &[
        "an outage of the registry",
        "a proxy in between that is overloaded or cuts long answers",
    ],
    rules_out: &[
        "DNS, blocked addresses and TLS",
        "a missing image: that would be a clear answer",
    ],
    steps: &[
        "wait and look again; nothing is lost, the refresher tries again at its next tick",
        "where it lasts, compare with another network: status pages of the registries tell of outages",
    ],
    commands: &[DOCTOR, STATUS],
};

pub(super) const TOKEN_HOST_BLOCKED: Explanation = Explanation {
    seen: "The registry itself can be reached, and the host that gives out its tokens cannot. Without a token no lookup \
           and no pull works. For docker.io that host is auth.docker.io.",
    causes: &[
        "the allow-list names the registry and forgets its token host",
        "DNS or the proxy treat the two hosts differently",
    ],
    rules_out: &[
        "the registry's own host",
        "the image and its tag: they were not asked for",
    ],
    steps: &[
        "have the token host allowed like the registry: auth.docker.io, TCP 443",
        "the layer of the failure (dns, connect, tls, proxy) stands in the message; its own code says more",
    ],
    commands: &[ALLOWLIST, DOCTOR],
};

pub(super) const TOKEN_PATH_FILTERED: Explanation = Explanation {
    seen: "The registry's host can be reached, and its path for tokens answers with a page or a redirect. ghcr.io gives \
           out tokens at ghcr.io/token.",
    causes: &["a filter by path or category behind TLS inspection"],
    rules_out: &[
        "DNS, blocked addresses and TLS",
        "a private image: the registry would refuse in its own words",
    ],
    steps: &["have the whole host allowed, not only some of its paths"],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const TOKEN_REFUSED: Explanation = Explanation {
    seen: "The registry gives no token for this image without a login (401 or 403, in its own words).",
    causes: &[
        "the repository is private",
        "it does not exist under this name",
    ],
    rules_out: &["the network: the registry answered"],
    steps: &[
        "check the name of the repository",
        "where it is private on purpose: the refresh job asks without a login and cannot follow it",
    ],
    commands: &[STATUS, DOCTOR],
};

pub(super) const LOGIN_REJECTED: Explanation = Explanation {
    seen: "The registry rejected a login that is stored here, for an image that it may give to anybody.",
    causes: &[
        "an access token that has expired or was revoked",
        "a password that has changed",
    ],
    rules_out: &[
        "the network",
        "the image: without the login it may well be there",
    ],
    steps: &[
        "forget or renew the stored login",
        "in the cluster, renew the pull secret RELEASE-regcred in the same way",
    ],
    commands: &[CRED_HELPERS, DOCTOR],
};

pub(super) const TOKEN_MALFORMED: Explanation = Explanation {
    seen: "The token host answered 200, and what it sent holds no token that can be used.",
    causes: &[
        "something in between rewrites the answer",
        "for the refresh job: its script reads only \"token\":\"...\" without a blank, so JSON that was written anew \
         counts as no token",
    ],
    rules_out: &["DNS, blocked addresses and TLS"],
    steps: &["have the answer passed on unchanged: exempt the host from inspection"],
    commands: &[DOCTOR],
};

pub(super) const TAG_MISSING: Explanation = Explanation {
    seen: "The repository exists and has no such tag.",
    causes: &[
        "a channel that was renamed or retired",
        "a typing error in env.CLIENT_ENV or images.ingestor.tag",
        "a mirror that does not hold the tag",
    ],
    rules_out: &["the network, the token and the repository"],
    steps: &[
        "check the tag under TRACKS against what is published",
        "correct the values and upgrade the release",
    ],
    commands: &[STATUS],
};

pub(super) const REPOSITORY_MISSING: Explanation = Explanation {
    seen: "The registry does not know the repository, or does not show it to anonymous clients: most answer the same to \
           both.",
    causes: &[
        "a wrong name",
        "a private repository",
        "a mirror without this repository",
    ],
    rules_out: &["the network: the registry answered"],
    steps: &[
        "check the repository under TRACKS",
        "where it is private, use a login that may read it",
    ],
    commands: &[STATUS, DOCTOR],
};

pub(super) const QUOTA_USED_UP: Explanation = Explanation {
    seen: "Docker Hub counts pulls by address, and for this one none are left (429).",
    causes: &[
        "everybody behind the same address shares 100 anonymous pulls in six hours",
        "nodes that pull again and again, for instance in ImagePullBackOff",
    ],
    rules_out: &[
        "this plugin's lookups and the refresh job's: asking for a tag's digest costs no pull",
    ],
    steps: &[
        "pull with a login, or through a mirror or cache",
        "or wait: the count covers the last six hours",
    ],
    commands: &[DOCTOR],
};

pub(super) const RATE_LIMITED: Explanation = Explanation {
    seen: "The registry or its token host asks to slow down (429). It is no quota of pulls: it lasts for minutes.",
    causes: &["many requests from one address in a short time, not necessarily from this cluster"],
    rules_out: &["a missing or private image: nothing was said about it"],
    steps: &[
        "wait a few minutes; where the answer says how long, the message does too",
        "behind a shared address spread the schedule: imageRefresh.schedule: \"7,27,47 * * * *\"",
    ],
    commands: &[STATUS],
};

pub(super) const DIGEST_NOT_PROVABLE: Explanation = Explanation {
    seen: "The registry named a digest, and what it sent does not hash to it, or is no manifest that can be judged.",
    causes: &[
        "a proxy or cache that changes or mixes up answers",
        "an image of a kind that is not known here",
    ],
    rules_out: &["a network that is down"],
    steps: &[
        "ask again past the cache: --no-cache",
        "have the registry's host exempted from inspection and caching",
    ],
    commands: &[DOCTOR],
};

pub(super) const DIGEST_DIFFERS: Explanation = Explanation {
    seen: "The same tag names different digests, depending on where the question was asked.",
    causes: &[
        "a mirror or cache on one of the ways that is behind",
        "a tag that moved between the two questions",
    ],
    rules_out: &["a registry that cannot be reached"],
    steps: &[
        "ask once more: a tag that has just moved agrees then",
        "where it stays, find the mirror on the way that names the older digest",
    ],
    commands: &[DOCTOR],
};

pub(super) const LAYER_HOST_BLOCKED: Explanation = Explanation {
    seen: "Digests resolve, and the host that serves the layers cannot be reached. Lookups succeed, pulls fail.",
    causes: &[
        "the allow-list names the registry and forgets the host that it redirects to",
        "that host has moved: registries change their content networks",
    ],
    rules_out: &[
        "the registry and its token host",
        "the image: its manifest was read",
    ],
    steps: &[
        "have the host in the message allowed: for ghcr.io pkg-containers.githubusercontent.com, for docker.io \
         production.cloudfront.docker.com as of 2026",
        "allow it by name: its addresses change",
    ],
    commands: &[ALLOWLIST, PULL_TEST],
};

pub(super) const LAYER_REQUEST_ALTERED: Explanation = Explanation {
    seen: "The host that serves the layers refuses the request that the registry had signed (403).",
    causes: &[
        "a proxy that rewrites the query of URLs",
        "a clock that is wrong: such signatures live for minutes",
    ],
    rules_out: &[
        "DNS, blocked addresses and TLS",
        "the registry and its token host",
    ],
    steps: &[
        "have the host exempted from rewriting and inspection",
        "check the clock where the pull runs",
    ],
    commands: &[DOCTOR, PULL_TEST],
};
