//! 201 to 225: names, connections, TLS and proxies on the way to a registry's API host.

use super::commands::{ALLOWLIST, DOCTOR, NETWORK_POLICIES, PULL_TEST};
use super::{Command, Explanation};

const PROXY_ENV: Command = Command {
    command: "kubectl set env -n NAMESPACE cronjob/RELEASE-image-refresh --list",
    why: "the proxy that the refresh job is given; it may hold a password",
};

const DNS_LOG: Command = Command {
    command: "kubectl logs -n kube-system -l k8s-app=kube-dns --tail=40",
    why: "what the cluster's DNS says about its upstream",
};

pub(super) const DROPPED: Explanation = Explanation {
    seen: "The name was resolved, and the connection to port 443 got no answer at all: neither accepted nor refused, \
           until the time was up.",
    causes: &[
        "a firewall or egress policy drops packets to this host; often docker.io is allowed and ghcr.io is not",
        "a NetworkPolicy selects the pod and allows no egress to it",
        "an allow-list of IP addresses that the registry no longer uses",
    ],
    rules_out: &[
        "DNS: the name was resolved",
        "TLS inspection and page filters: they answer",
        "a missing image or login: nothing was asked yet",
    ],
    steps: &[
        "have TCP 443 allowed to the host by name, and to the hosts of its layers too",
        "where pods fail and nodes do not, look for NetworkPolicies, an egress gateway or a mesh",
        "where the nodes can pull, move the image from here meanwhile",
    ],
    commands: &[DOCTOR, ALLOWLIST, NETWORK_POLICIES],
};

pub(super) const REFUSED: Explanation = Explanation {
    seen: "The name was resolved, and the connection to port 443 was refused at once.",
    causes: &[
        "a firewall that rejects instead of dropping",
        "DNS names an address of its own for this host, where nothing listens",
    ],
    rules_out: &[
        "a slow or broken line: somebody answered",
        "a missing image or login: nothing was asked yet",
    ],
    steps: &[
        "compare the address with what the name resolves to elsewhere",
        "have TCP 443 allowed to the host by name, and to the hosts of its layers too",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const NAME_REFUSED: Explanation = Explanation {
    seen: "DNS answered that the name does not exist (NXDOMAIN).",
    causes: &[
        "a DNS filter that knows only the names on its list",
        "behind a proxy that resolves names itself, DNS inside knows no name of the internet: then nothing is wrong, \
         but the lookup must go over the proxy",
        "a private zone that covers the registry's domain",
    ],
    rules_out: &[
        "DNS being down: it answered",
        "firewalls behind it: no connection was tried",
    ],
    steps: &[
        "ask whoever runs DNS to let the name through, and the names of the layer hosts with it",
        "where a proxy resolves names, check that the proxy is set where the lookup runs",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const DNS_SILENT: Explanation = Explanation {
    seen: "DNS gave no answer in time, or answered that it could not find out (SERVFAIL).",
    causes: &[
        "the cluster's DNS cannot reach its upstream: UDP and TCP 53 are blocked",
        "a NetworkPolicy keeps the pod from the cluster's DNS",
        "the cluster's DNS is down or overloaded",
    ],
    rules_out: &[
        "a filter for this one name, where other names fail too",
        "firewalls behind it: no connection was tried",
    ],
    steps: &[
        "see whether other names resolve from the same place",
        "read the log of the cluster's DNS for timeouts towards its upstream",
    ],
    commands: &[DNS_LOG, DOCTOR, NETWORK_POLICIES],
};

pub(super) const DNS_SINKHOLE: Explanation = Explanation {
    seen: "The name resolves to an address that cannot be the registry's (0.0.0.0, loopback, a private network, or the \
           one that made-up names get too), and a later step failed. Where everything else works, this is no finding.",
    causes: &[
        "a DNS filter that answers with an address of its own",
        "a search domain with a wildcard: with ndots:5 it is tried before the name itself",
    ],
    rules_out: &[
        "DNS being down: it answered",
        "a firewall at the registry's address: that address was never used",
    ],
    steps: &[
        "ask whoever runs DNS to let the name through",
        "try the name with a dot at its end; where that works, the search domain has a wildcard",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const NO_ADDRESS_FAMILY: Explanation = Explanation {
    seen: "None of the name's addresses can be reached from here: there is no route for that kind of address.",
    causes: &[
        "the network speaks IPv6 alone, and ghcr.io has no IPv6 address",
        "no default route",
    ],
    rules_out: &["filters: no packet left for the registry"],
    steps: &[
        "give the network NAT64 and DNS64, or pull through a mirror that it reaches",
        "check the default route of the node",
    ],
    commands: &[DOCTOR],
};

pub(super) const RESET_AFTER_HELLO: Explanation = Explanation {
    seen: "The connection was made, and was reset as soon as the TLS hello named the host.",
    causes: &["a filter that reads the name in the TLS hello (SNI) and ends what it does not know"],
    rules_out: &[
        "DNS and blocked addresses: the connection stood",
        "TLS inspection: it would show a certificate",
    ],
    steps: &[
        "have the host allowed by name: allowing its addresses is not enough here",
        "have the hosts of its layers allowed by name too",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const TLS_STALLS: Explanation = Explanation {
    seen: "The connection was made, and the TLS handshake got no further until the time was up.",
    causes: &[
        "large packets get lost: the MTU of the pod network is larger than the way allows",
        "a middlebox that drops large or unusual TLS hellos",
    ],
    rules_out: &[
        "DNS and blocked addresses: the connection stood",
        "a wrong certificate: none arrived",
    ],
    steps: &[
        "send large packets that may not be cut: ping -M do -s 1372 HOST, and smaller until one arrives",
        "set the pod network's MTU to what the uplink allows",
        "where a node works and its pods do not, the overlay's MTU is the likelier cause",
    ],
    commands: &[DOCTOR],
};

pub(super) const TLS_INTERCEPTED: Explanation = Explanation {
    seen: "The certificate for the registry's name is signed by an authority that is not trusted where the lookup ran. \
           The message names the issuer.",
    causes: &[
        "a proxy or firewall inspects TLS and signs with the company's CA",
        "the trusted authorities there are old or missing",
    ],
    rules_out: &[
        "DNS and blocked addresses",
        "the registry: its own certificate is not what was shown",
    ],
    steps: &[
        "have this host, its token host and its layer hosts exempted from inspection: the chart's refresh job mounts no CA",
        "for the nodes' own pulls, trust the CA in the container runtime (registries.yaml, certs.d) and restart it",
        "for this machine, add the CA to the system's trusted authorities",
    ],
    commands: &[DOCTOR, PULL_TEST],
};

pub(super) const WRONG_CERTIFICATE_NAME: Explanation = Explanation {
    seen: "Somebody answers at the registry's address with a certificate for other names.",
    causes: &[
        "a page that says why something is blocked, or a login page",
        "DNS names a wrong address",
        "a proxy's address was taken for the registry's",
    ],
    rules_out: &["a network that is down: somebody answered"],
    steps: &[
        "read the names in the message: they tell whose it is",
        "ask whoever runs that host to let the registry through",
    ],
    commands: &[DOCTOR, ALLOWLIST],
};

pub(super) const CERTIFICATE_DATES: Explanation = Explanation {
    seen: "The certificate is not valid yet, or no longer, by the clock where the lookup ran.",
    causes: &[
        "the clock of the node or of this machine is wrong",
        "the certificate of an inspecting proxy has expired",
    ],
    rules_out: &["DNS, blocked addresses and filters by name"],
    steps: &[
        "compare the clock there with the right time, and set it (NTP)",
        "where the clock is right, look at the issuer: a registry's own certificates do not expire unnoticed",
    ],
    commands: &[
        Command {
            command: "kubectl get --raw /version -v 8",
            why: "the API server's time, in the header Date of its answer",
        },
        DOCTOR,
    ],
};

pub(super) const PLAIN_HTTP: Explanation = Explanation {
    seen: "Port 443 answered in plain HTTP instead of TLS.",
    causes: &[
        "a captive portal or a page that says what is blocked",
        "HTTPS_PROXY points at a port that is no proxy, or has the wrong scheme",
        "a private registry that speaks no TLS",
    ],
    rules_out: &["DNS and blocked addresses: somebody answered"],
    steps: &[
        "check the scheme and the port in HTTPS_PROXY",
        "log in to the portal, or have the host exempted from it",
    ],
    commands: &[DOCTOR, PROXY_ENV],
};

pub(super) const PROXY_LOGIN: Explanation = Explanation {
    seen: "The proxy was reached and wants a login (407).",
    causes: &[
        "the proxy's address holds no user and password, or old ones",
        "a character in the password is not percent-encoded: the chart encodes none",
        "the proxy wants NTLM or Negotiate, which container runtimes do not speak either",
    ],
    rules_out: &[
        "DNS and firewalls up to the proxy",
        "the registry: the proxy did not ask it",
    ],
    steps: &[
        "have the proxy let these hosts through without a login, which also keeps the password out of the cluster",
        "or put user and password into the proxy's settings, percent-encoded",
    ],
    commands: &[DOCTOR, ALLOWLIST, PROXY_ENV],
};

pub(super) const PROXY_DENIES: Explanation = Explanation {
    seen: "The proxy was reached and refuses to connect to this host (403).",
    causes: &["the host, or the category that the proxy files it under, is not allowed"],
    rules_out: &[
        "DNS and firewalls up to the proxy",
        "the login at the proxy: that would be 407",
    ],
    steps: &[
        "ask whoever runs the proxy to allow the hosts that --allowlist prints, all of them",
        "name the host, the port and the time: its log has the reason",
    ],
    commands: &[ALLOWLIST, DOCTOR],
};

pub(super) const PROXY_CANNOT_REACH: Explanation = Explanation {
    seen: "The proxy was reached and could not connect to the host itself (5xx), closed the connection, or did not \
           answer in time.",
    causes: &[
        "the proxy's own DNS or its way out is broken",
        "a firewall behind the proxy",
        "a proxy before it that denies",
    ],
    rules_out: &["everything up to the proxy"],
    steps: &[
        "try the same host over the same proxy from another machine",
        "send host and time to whoever runs the proxy",
    ],
    commands: &[DOCTOR, PROXY_ENV],
};

pub(super) const PROXY_UNREACHABLE: Explanation = Explanation {
    seen: "The proxy itself could not be reached: its name, its address or its port.",
    causes: &[
        "a proxy that laptops reach and pods do not",
        "a typing error in its address, or a proxy that has moved",
        "a NetworkPolicy that does not allow the proxy",
    ],
    rules_out: &["the registry: nothing got that far"],
    steps: &[
        "check the address in env.HTTP_PROXY_HOST and HTTP_PROXY_PORT of the values",
        "allow the proxy from the pods, or name one that they reach",
    ],
    commands: &[DOCTOR, PROXY_ENV, NETWORK_POLICIES],
};

pub(super) const NO_PROXY_MISMATCH: Explanation = Explanation {
    seen: "With the proxy the lookup fails and without it works, or the other way round, and NO_PROXY decides which way \
           is taken.",
    causes: &[
        "NO_PROXY names the registry, or a domain that it is under, though only the proxy gets out",
        "NO_PROXY leaves out a host that only the direct way reaches, such as the API server or a mirror",
        "curl, Go and others read dots, wildcards and networks in NO_PROXY differently",
    ],
    rules_out: &["the registry being down: one of the two ways works"],
    steps: &[
        "write plain host names and suffixes, without wildcards and blanks",
        "keep the cluster's networks and .svc in it",
    ],
    commands: &[DOCTOR, PROXY_ENV],
};
