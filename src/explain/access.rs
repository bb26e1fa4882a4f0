//! 1xx: access to the cluster, this machine's and the refresh job's.

use super::commands::{DOCTOR, PRINT_RBAC, TICK_LOG};
use super::{Command, Explanation};

pub(super) const API_UNREACHABLE: Explanation = Explanation {
    seen: "The API server of the context did not answer: no connection, or no answer within --request-timeout.",
    causes: &[
        "the VPN or tunnel to the site is down",
        "the context points at another cluster, or at an address that has moved",
        "HTTPS_PROXY, NO_PROXY or the kubeconfig's proxy-url sends the request the wrong way",
        "the API server is down or overloaded",
    ],
    rules_out: &["a missing right: a server that refuses does answer"],
    steps: &[
        "run kubectl cluster-info in the same shell: where it fails too, the cause is not this plugin",
        "check the context and the server's address",
        "where it is only slow, give it longer with --request-timeout",
    ],
    commands: &[
        Command {
            command: "kubectl cluster-info",
            why: "whether kubectl reaches it over the same way",
        },
        Command {
            command: "kubectl tracebloc-images status -n NAMESPACE -v 6",
            why: "each request, how long it took and how it failed",
        },
    ],
};

pub(super) const NO_IN_CLUSTER_CONFIG: Explanation = Explanation {
    seen: "The log of a refresh run names localhost:8080. kubectl uses that address when it finds no configuration, so \
           in its pod it found neither a kubeconfig nor the account's token.",
    causes: &[
        "a chart before 1.9.28, whose script relies on kubectl finding the account by itself (chart #634)",
        "automountServiceAccountToken: false on the account or in the namespace's policy",
    ],
    rules_out: &["the registries: such a run never gets as far as a change"],
    steps: &[
        "upgrade the chart to 1.9.28 or later, whose script writes its own kubeconfig",
        "check that the pod of the refresh job has /var/run/secrets/kubernetes.io/serviceaccount",
        "until then move the images from here",
    ],
    commands: &[TICK_LOG, DOCTOR],
};

pub(super) const RIGHT_MISSING: Explanation = Explanation {
    seen: "The API server knows you and refused one request (403). The message names verb, resource and namespace.",
    causes: &[
        "no Role or ClusterRole that is bound to you grants it",
        "the Role is bound in another namespace than the one that was asked for",
        "--as or the context acts as somebody else",
    ],
    rules_out: &[
        "the network and the login: the server answered, and knows who asked",
        "the refresh job's account, which has rights of its own",
    ],
    steps: &[
        "check who you are: kubectl auth whoami",
        "send what --print-rbac prints to whoever grants rights here",
        "go on without it: what depends on it is shown as ? with the reason",
    ],
    commands: &[
        PRINT_RBAC,
        Command {
            command: "kubectl auth can-i --list -n NAMESPACE",
            why: "what you may do there",
        },
    ],
};

pub(super) const ACCOUNT_RIGHT_MISSING: Explanation = Explanation {
    seen: "The account that the refresh job runs under may not do what the job needs: get, list, watch and patch \
           Deployments in its namespace, and from chart 1.9.40 on get and patch the resource-monitor's DaemonSet in \
           the namespace of the node agents.",
    causes: &[
        "the Role or RoleBinding RELEASE-image-refresh was edited or deleted",
        "the account was replaced, and the binding names the old one",
        "the Role in the node agents' namespace was never made, or that namespace was made anew",
    ],
    rules_out: &["your own rights: the job does not use them"],
    steps: &[
        "run helm upgrade with the same chart and values: it renders Roles and bindings again",
        "where a policy engine strips them, have it make an exception for this account",
    ],
    commands: &[
        Command {
            command: "kubectl auth can-i patch deployments.apps -n NAMESPACE --as=system:serviceaccount:NAMESPACE:RELEASE-image-refresh",
            why: "what the server says about the account",
        },
        DOCTOR,
    ],
};

pub(super) const NO_RELEASE: Explanation = Explanation {
    seen: "The namespace holds neither a CronJob labelled app.kubernetes.io/component=image-refresh nor a jobs-manager \
           Deployment that Helm manages under the name client.",
    causes: &[
        "the release is in another namespace than the context's",
        "the context is another cluster's",
        "-l selects none of the releases",
        "the manifests were applied without their labels",
    ],
    rules_out: &["missing rights: both kinds were listed"],
    steps: &[
        "name the namespace with -n, or look at all of them with -A",
        "check the context",
    ],
    commands: &[
        Command {
            command: "kubectl tracebloc-images status -A",
            why: "every release of the cluster, one line each",
        },
        Command {
            command: "helm list -A",
            why: "what Helm has installed, and where",
        },
    ],
};

pub(super) const CREDENTIAL_PLUGIN: Explanation = Explanation {
    seen: "The kubeconfig's user logs in with a command (exec). It was not found, failed, printed no credential, or \
           needed a terminal that it could not have.",
    causes: &[
        "the plugin is not installed, or not on PATH",
        "its own session has expired: a cloud or single-sign-on login",
        "it must ask for something, and standard input is not a terminal or several contexts are looked at",
    ],
    rules_out: &["the API server: it was not asked yet"],
    steps: &[
        "log in with the plugin's own command, then run this again",
        "run kubectl get namespaces with the same context: it runs the same plugin",
    ],
    commands: &[
        Command {
            command: "kubectl config view --minify",
            why: "the command and its arguments, under users",
        },
        Command {
            command: "kubectl auth whoami",
            why: "whether kubectl gets through with it",
        },
    ],
};

pub(super) const API_CERTIFICATE: Explanation = Explanation {
    seen: "The API server's certificate is signed by an authority that is not trusted, is for another name, or is not \
           valid at this machine's time. The message names who issued it.",
    causes: &[
        "the kubeconfig is old, and the cluster has a new CA",
        "a proxy between here and there inspects TLS and signs with its own CA",
        "the server is reached by a name or address that its certificate lacks",
        "this machine's clock is wrong",
    ],
    rules_out: &["a missing right or a wrong login: none was sent"],
    steps: &[
        "fetch the kubeconfig again",
        "compare the issuer in the message with the cluster's CA; where it is a company's, have the proxy leave this host alone",
        "name the CA with --certificate-authority, another name with --tls-server-name",
    ],
    commands: &[Command {
        command: "kubectl cluster-info",
        why: "whether kubectl trusts it",
    }],
};
