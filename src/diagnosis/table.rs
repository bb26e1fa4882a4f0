//! The decision table: for each code on the way to a registry what it is called, what was observed, what that rules
//! out and means, and what to ask for.
//!
//! In the texts `{who}` is what the way is barred for, `{hosts}` the registries, `{host}` the host that failed,
//! `{said}` what the failure said, `{issuer}` who issued the certificate that was shown, `{fine}` the registries that
//! are reached from the same place.

use crate::codes::Code;

/// One row.
pub(super) struct Row {
    pub(super) code: Code,
    pub(super) title: &'static str,
    /// A clause about what was observed.
    pub(super) observed: &'static str,
    /// What it is not, in the order in which one would suspect it.
    pub(super) not: &'static [&'static str],
    /// A sentence for where another registry is reached from the same place. Empty where that tells nothing.
    pub(super) means: &'static str,
    pub(super) advice: &'static str,
    /// Whether letting hosts through helps.
    pub(super) allows: bool,
}

pub(super) const TABLE: &[Row] = &[
    Row {
        code: Code::Dropped,
        title: "something between {who} and the internet drops {hosts}",
        observed: "From {who} the name resolves, and port 443 times out",
        not: &["DNS", "TLS", "a proxy"],
        means: "A firewall or egress policy allows {fine} and not {hosts}.",
        advice: "Ask whoever runs the firewall to allow TCP 443 from {who} to:",
        allows: true,
    },
    Row {
        code: Code::Refused,
        title: "something between {who} and the internet refuses {hosts}",
        observed: "From {who} the name resolves, and port 443 is refused",
        not: &["DNS", "TLS", "a proxy"],
        means: "A firewall or egress policy allows {fine} and not {hosts}.",
        advice: "Ask whoever runs the firewall to allow TCP 443 from {who} to:",
        allows: true,
    },
    Row {
        code: Code::NameRefused,
        title: "DNS tells {who} that there is no {hosts}",
        observed: "From {who} the name of {host} does not exist",
        not: &["TLS", "a proxy"],
        means: "The DNS that answers there filters names.",
        advice: "Ask whoever runs DNS to let {who} resolve these names, and the firewall to allow TCP 443 to them:",
        allows: true,
    },
    Row {
        code: Code::DnsSilent,
        title: "DNS does not answer {who}",
        observed: "From {who} no name server answers for {host}",
        not: &["TLS", "a proxy"],
        means: "DNS answers for {fine} and not for {hosts}.",
        advice: "See why DNS is silent: for pods kubectl -n kube-system logs -l k8s-app=kube-dns, and whether they may send to UDP and TCP 53.",
        allows: false,
    },
    Row {
        code: Code::DnsSinkhole,
        title: "DNS sends {who} elsewhere than to {hosts}",
        observed: "From {who}: {said}",
        not: &["the registry"],
        means: "The DNS that answers there replaces names that it filters.",
        advice: "Ask whoever runs DNS to answer these names as the internet does, and the firewall to allow TCP 443 to them:",
        allows: true,
    },
    Row {
        code: Code::NoAddressFamily,
        title: "no address of {hosts} can be reached from {who}",
        observed: "From {who} the name resolves, and there is no route to its addresses",
        not: &["DNS", "TLS"],
        means: "{fine} has addresses of a family that is routed, {hosts} has not: ghcr.io has no IPv6.",
        advice: "Give {who} a route to an address of these, over NAT64 where there is only IPv6, or use a mirror:",
        allows: true,
    },
    Row {
        code: Code::ResetAfterHello,
        title: "a filter between {who} and the internet resets TLS to {hosts}",
        observed: "From {who} port 443 opens, and the connection ends at the name in the TLS hello",
        not: &["DNS", "a closed port"],
        means: "The filter reads names: allowing addresses is not enough.",
        advice: "Ask whoever runs the filter to allow these names, not addresses, for {who}:",
        allows: true,
    },
    Row {
        code: Code::TlsStalls,
        title: "TLS between {who} and {hosts} stalls",
        observed: "From {who} port 443 opens, and TLS does not answer",
        not: &["DNS", "a closed port"],
        means: "Something on the way to {hosts}, and not to {fine}, loses the packets of a handshake or lets them wait.",
        advice: "Compare the MTU of {who} with the uplink's (ping -M do -s 1372), and ask whether a filter inspects TLS to:",
        allows: true,
    },
    Row {
        code: Code::TlsIntercepted,
        title: "TLS between {who} and {hosts} is intercepted",
        observed: "From {who} the certificate of {host} is issued by {issuer}, which is not trusted there",
        not: &["DNS", "a closed port"],
        means: "The inspection spares {fine} and not {hosts}.",
        advice: "Have these exempted from TLS inspection, or give {who} its CA (SSL_CERT_FILE; in pods mounted, with CURL_CA_BUNDLE; on nodes in certs.d of the runtime, then restart it):",
        allows: true,
    },
    Row {
        code: Code::WrongCertificateName,
        title: "something else answers {who} as {hosts}",
        observed: "From {who}: {said}",
        not: &["a closed port"],
        means: "A block page or a wrong proxy stands in for {hosts} and not for {fine}.",
        advice: "Ask whoever runs the filter or the DNS to let {who} through to:",
        allows: true,
    },
    Row {
        code: Code::CertificateDates,
        title: "the certificate of {hosts} is out of its dates for {who}",
        observed: "From {who}: {said} (issued by {issuer})",
        not: &["DNS", "a closed port"],
        means: "The clock is right enough for {fine}: it is the certificate of {hosts} that is old.",
        advice: "Compare the clock there with another (date -u); if it is right, an inspection shows an old certificate for:",
        allows: true,
    },
    Row {
        code: Code::PlainHttp,
        title: "port 443 of {hosts} speaks plain HTTP to {who}",
        observed: "From {who} port 443 opens and answers without TLS",
        not: &["DNS", "a closed port"],
        means: "A portal stands in for {hosts} and not for {fine}.",
        advice: "Log in at the portal, or correct the port in HTTPS_PROXY; then allow from {who}:",
        allows: true,
    },
    Row {
        code: Code::ProxyLogin,
        title: "the proxy of {who} wants a login",
        observed: "From {who}: {said}",
        not: &["DNS", "the registry"],
        means: "The proxy lets {fine} through without.",
        advice: "Put user and password into HTTPS_PROXY, percent-encoded, or have the proxy let these through without (NTLM and Negotiate are not spoken):",
        allows: true,
    },
    Row {
        code: Code::ProxyDenies,
        title: "the proxy of {who} denies {hosts}",
        observed: "From {who}: {said}",
        not: &["DNS", "the registry"],
        means: "The proxy's list has {fine} and not {hosts}.",
        advice: "Ask whoever runs the proxy to allow CONNECT to port 443 of:",
        allows: true,
    },
    Row {
        code: Code::ProxyCannotReach,
        title: "the proxy of {who} cannot reach {hosts}",
        observed: "From {who}: {said}",
        not: &["the way to the proxy"],
        means: "The proxy reaches {fine} and not {hosts}.",
        advice: "Ask whoever runs the proxy why it does not reach port 443 of:",
        allows: true,
    },
    Row {
        code: Code::ProxyUnreachable,
        title: "the proxy of {who} cannot be reached",
        observed: "From {who}: {said}",
        not: &["the registry"],
        means: "{fine} does not go through it.",
        advice: "Correct HTTPS_PROXY for {who}: a proxy that serves a desk is often not routed from pods.",
        allows: false,
    },
    Row {
        code: Code::NoProxyMismatch,
        title: "NO_PROXY keeps {who} from the proxy that leads to {hosts}",
        observed: "From {who}: {said}",
        not: &["the registry"],
        means: "{fine} is no exception.",
        advice: "Take that entry out of NO_PROXY for {who}, or allow TCP 443 without the proxy to:",
        allows: true,
    },
    Row {
        code: Code::NotARegistry,
        title: "a web page answers {who} in place of {hosts}",
        observed: "From {who} {host} {said}",
        not: &["DNS", "a closed port", "TLS"],
        means: "A block page or a portal stands in for {hosts} and not for {fine}.",
        advice: "Ask whoever runs the web filter to let {who} through to the whole of:",
        allows: true,
    },
    Row {
        code: Code::MirrorAnswers,
        title: "a mirror answers {who} in place of {hosts}",
        observed: "From {who} {host} {said}",
        not: &["a closed port", "TLS"],
        means: "",
        advice: "Compare the digests below with another vantage point: a mirror may be behind.",
        allows: false,
    },
    Row {
        code: Code::ChallengeAltered,
        title: "something between {who} and {hosts} rewrites its answers",
        observed: "From {who} {host}: {said}",
        not: &["DNS", "a closed port", "TLS"],
        means: "",
        advice: "Have these exempted from whatever rewrites HTTP between {who} and the internet:",
        allows: true,
    },
    Row {
        code: Code::RegistryError,
        title: "{hosts} answers {who} with errors",
        observed: "From {who} {host}: {said}",
        not: &["DNS", "a closed port", "TLS"],
        means: "",
        advice: "Wait and run this again (doctor --wait 10m); see https://status.docker.com or https://www.githubstatus.com.",
        allows: false,
    },
    Row {
        code: Code::TokenHostBlocked,
        title: "the token host {host} is blocked for {who}, the registry itself is not",
        observed: "From {who} the registry answers, and its token host does not: {said}",
        not: &["the registry"],
        means: "",
        advice: "Every lookup and every pull needs a token first. Ask for what the registry has already, from {who} to:",
        allows: true,
    },
    Row {
        code: Code::TokenPathFiltered,
        title: "the token path of {hosts} is filtered for {who}",
        observed: "From {who} the registry answers, and its token endpoint does not: {host} {said}",
        not: &["DNS", "a closed port", "TLS"],
        means: "",
        advice: "Ask whoever runs the web filter to allow the whole host, not paths, from {who}:",
        allows: true,
    },
    Row {
        code: Code::TokenRefused,
        title: "{hosts} gives nobody in particular a token",
        observed: "From {who} {host}: {said}",
        not: &["the network"],
        means: "",
        advice: "Check the repository's name; if it is private, the pods need a pull secret, and docker login helps here.",
        allows: false,
    },
    Row {
        code: Code::LoginRejected,
        title: "the login stored for {hosts} is rejected",
        observed: "From {who} {host}: {said}",
        not: &["the network"],
        means: "",
        advice: "Log in anew (docker login), or forget the login (docker logout): public images need none.",
        allows: false,
    },
    Row {
        code: Code::TokenMalformed,
        title: "what answers {who} for the tokens of {hosts} gives none that can be used",
        observed: "From {who} {host}: {said}",
        not: &["DNS", "a closed port"],
        means: "",
        advice: "Have these exempted from whatever rewrites HTTP between {who} and the internet:",
        allows: true,
    },
    Row {
        code: Code::TagMissing,
        title: "a tag is missing at {hosts}",
        observed: "From {who} {host}: {said}",
        not: &["the network"],
        means: "",
        advice: "Check the tag in the chart's values: a channel may have been renamed.",
        allows: false,
    },
    Row {
        code: Code::RepositoryMissing,
        title: "a repository of {hosts} is missing or private",
        observed: "From {who} {host}: {said}",
        not: &["the network"],
        means: "",
        advice: "Check the repository's name; if it is private, the pods need a pull secret, and docker login helps here.",
        allows: false,
    },
    Row {
        code: Code::QuotaUsedUp,
        title: "the pulls of {hosts} are used up for {who}",
        observed: "From {who} {host}: {said}",
        not: &["the network"],
        means: "",
        advice: "Log in, use a mirror, or wait: the pulls are counted for everybody behind one address, over six hours. Looking up digests costs none.",
        allows: false,
    },
    Row {
        code: Code::RateLimited,
        title: "{hosts} limits the requests of {who}",
        observed: "From {who} {host}: {said}",
        not: &["a closed port", "TLS"],
        means: "",
        advice: "Wait some minutes and run this again (doctor --wait 10m): the limit is on requests from one address.",
        allows: false,
    },
    Row {
        code: Code::DigestNotProvable,
        title: "what answers {who} as {hosts} cannot be proven",
        observed: "From {who} {host}: {said}",
        not: &["a closed port", "TLS"],
        means: "",
        advice: "Have these exempted from whatever caches or rewrites HTTP between {who} and the internet:",
        allows: true,
    },
    Row {
        code: Code::LayerHostBlocked,
        title: "the layer host {host} is blocked for {who}, the registry itself is not",
        observed: "From {who} digests can be looked up, and layers cannot be pulled: {said}",
        not: &["the registry"],
        means: "",
        advice: "Lists of hosts age: layers have moved before. Ask whoever runs the firewall to allow TCP 443 from {who} to:",
        allows: true,
    },
    Row {
        code: Code::LayerRequestAltered,
        title: "the signed requests of {who} to {host} are altered",
        observed: "From {who} {host}: {said}",
        not: &["a closed port", "TLS"],
        means: "",
        advice: "Compare the clock there with another (date -u), and have this exempted from whatever rewrites addresses:",
        allows: true,
    },
];

/// The row of a code.
///
/// Codes that are none of the way have the row of a registry that fails: nothing leads there.
pub(super) fn row(code: Code) -> &'static Row {
    let of = |code: Code| TABLE.iter().find(|row| row.code == code);
    of(code)
        .or_else(|| of(Code::RegistryError))
        .unwrap_or(&TABLE[0])
}

/// What a text's placeholders stand for.
pub(super) struct Words {
    pub(super) who: String,
    pub(super) hosts: String,
    pub(super) host: String,
    pub(super) said: String,
    pub(super) issuer: String,
    /// Empty where no other registry is reached.
    pub(super) fine: String,
}

pub(super) fn fill(text: &str, words: &Words) -> String {
    let mut filled = String::new();
    let mut rest = text;
    // One pass: what is filled in comes from outside, and may hold braces itself.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(match name {
            "who" => &words.who,
            "hosts" => &words.hosts,
            "host" => &words.host,
            "said" => &words.said,
            "issuer" => &words.issuer,
            "fine" => &words.fine,
            other => other,
        });
        rest = after;
    }
    filled + rest
}
