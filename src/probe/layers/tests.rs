//! The layered look at the simulated internet: every fault stops the right step, at the right host, under the right
//! code, and everything that does not need it is still looked at.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::future::join_all;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::*;
use crate::registry::Options;
use crate::registry::tests::{INGESTOR, JOBS_MANAGER, Site};
use crate::world::sim::registries::PROXY;
use crate::world::sim::registries::fault::{Fault, INTERCEPTOR};
use crate::world::sim::registries::rules::{At, Kind, at};

const DOCKER: &str = "registry-1.docker.io";
const DOCKER_LAYERS: &str = "production.cloudfront.docker.com";
const GHCR_LAYERS: &str = "pkg-containers.githubusercontent.com";

fn images() -> BTreeSet<Reference> {
    [INGESTOR, JOBS_MANAGER]
        .into_iter()
        .map(|text| text.parse().unwrap())
        .collect()
}

/// `dns +, connect TBI-202 ghcr.io: connection refused, token <connect`: passed, failed, not taken.
fn words(way: &Way) -> String {
    let steps = way.steps.iter().map(|(step, taken)| {
        let reading = match &taken.reading {
            Reading::Passed => "+".to_owned(),
            Reading::Odd(odd) => format!("odd {} {}: {}", odd.code, odd.host, odd.message),
            Reading::Failed(broken) => {
                let cause = if broken.cause == broken.code {
                    String::new()
                } else {
                    format!("({})", broken.cause)
                };
                format!("{}{cause} {}: {}", broken.code, broken.host, broken.message)
            }
            Reading::Needs(step) => format!("<{}", step.word()),
            Reading::Skipped(why) => format!("- {why}"),
            Reading::Unknown(why) => format!("? {why}"),
        };
        format!("{} {reading}", step.word())
    });
    steps.collect::<Vec<_>>().join(", ")
}

const DIRECT: &str = "
ghcr.io              | refuse            | dns +, connect TBI-202 ghcr.io: connection refused, token <connect, manifest <connect, layers <connect
ghcr.io              | unreachable       | dns +, connect TBI-206 ghcr.io: network is unreachable, token <connect, manifest <connect, layers <connect
ghcr.io              | nxdomain          | dns TBI-203 ghcr.io: name not known (NXDOMAIN), connect <dns, token <dns, manifest <dns, layers <dns
ghcr.io              | servfail          | dns TBI-204 ghcr.io: DNS does not answer for it, connect <dns, token <dns, manifest <dns, layers <dns
ghcr.io              | sinkhole 0.0.0.0  | dns +, connect TBI-205 ghcr.io: connection refused; DNS answers 0.0.0.0, which leads nowhere, token <connect, manifest <connect, layers <connect
ghcr.io              | reset-after-hello | dns +, connect TBI-211 ghcr.io: reset right after the TLS hello, token <connect, manifest <connect, layers <connect
ghcr.io              | close-after-hello | dns +, connect TBI-211 ghcr.io: closed right after the TLS hello, token <connect, manifest <connect, layers <connect
ghcr.io              | intercept         | dns +, connect TBI-213 ghcr.io: certificate issued by an authority that this machine does not trust, token <connect, manifest <connect, layers <connect
ghcr.io              | wrongname         | dns +, connect TBI-214 ghcr.io: certificate is for gateway.acme.example, token <connect, manifest <connect, layers <connect
ghcr.io              | expired           | dns +, connect TBI-215 ghcr.io: certificate has expired, token <connect, manifest <connect, layers <connect
ghcr.io              | longchain         | dns +, connect +, token +, manifest +, layers +
ghcr.io              | plainhttp         | dns +, connect TBI-216 ghcr.io: answers in plain text where TLS is expected, token <connect, manifest <connect, layers <connect
ghcr.io              | blockpage         | dns +, connect TBI-231 ghcr.io: answered 200 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway), token <connect, manifest <connect, layers <connect
ghcr.io              | blockpage403      | dns +, connect TBI-231 ghcr.io: answered 403 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway), token <connect, manifest <connect, layers <connect
ghcr.io pings        | 401               | dns +, connect TBI-233 ghcr.io: its challenge is missing or not its own, token <connect, manifest <connect, layers <connect
ghcr.io              | nochallenge       | dns +, connect TBI-233 ghcr.io: its challenge is missing or not its own, token <connect, manifest <connect, layers <connect
ghcr.io pings        | 503               | dns +, connect TBI-234 ghcr.io: answered 503, token <connect, manifest <connect, layers <connect
ghcr.io              | tokenpath         | dns +, connect +, token TBI-242 ghcr.io: answered 403 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway), manifest <token, layers <token
ghcr.io              | token403          | dns +, connect +, token TBI-243 ghcr.io: anonymous token refused (403): private or missing, manifest <token, layers <token
ghcr.io              | token-missing     | dns +, connect +, token TBI-245 ghcr.io: an answer without a token, manifest <token, layers <token
ghcr.io manifests    | 429               | dns +, connect +, token +, manifest TBI-254 ghcr.io: too many requests (429), layers <manifest
ghcr.io manifests    | empty 404         | dns +, connect +, token +, manifest TBI-231 ghcr.io: answered 404 with no content type, layers <manifest
ghcr.io              | garbage-digest    | dns +, connect +, token +, manifest TBI-255 ghcr.io: the digest that it names is not a sha256 digest, layers <manifest
pkg-containers.githubusercontent.com | refuse       | dns +, connect +, token +, manifest +, layers TBI-261(TBI-202) pkg-containers.githubusercontent.com: connection refused
pkg-containers.githubusercontent.com | nxdomain     | dns +, connect +, token +, manifest +, layers TBI-261(TBI-203) pkg-containers.githubusercontent.com: name not known (NXDOMAIN)
pkg-containers.githubusercontent.com | intercept    | dns +, connect +, token +, manifest +, layers TBI-261(TBI-213) pkg-containers.githubusercontent.com: certificate issued by an authority that this machine does not trust
pkg-containers.githubusercontent.com | blockpage403 | dns +, connect +, token +, manifest +, layers TBI-261(TBI-234) pkg-containers.githubusercontent.com: answered 403 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway)
pkg-containers.githubusercontent.com | 403          | dns +, connect +, token +, manifest +, layers TBI-262 pkg-containers.githubusercontent.com: the signed request was refused (403): altered on its way, or a wrong clock
registry-1.docker.io | refuse            | dns +, connect TBI-202 registry-1.docker.io: connection refused, token +, manifest <connect, layers <connect
auth.docker.io       | refuse            | dns +, connect +, token TBI-241(TBI-202) auth.docker.io: connection refused, manifest <token, layers <token
auth.docker.io       | nxdomain          | dns +, connect +, token TBI-241(TBI-203) auth.docker.io: name not known (NXDOMAIN), manifest <token, layers <token
auth.docker.io       | intercept         | dns +, connect +, token TBI-241(TBI-213) auth.docker.io: certificate issued by an authority that this machine does not trust, manifest <token, layers <token
registry-1.docker.io | quota             | dns +, connect +, token +, manifest TBI-253 registry-1.docker.io: the pull quota of this address is used up (429), layers <manifest, budget TBI-253 registry-1.docker.io: no pulls are left for this address
registry-1.docker.io | quotaget          | dns +, connect +, token +, manifest +, layers TBI-253 registry-1.docker.io: the pull quota of this address is used up (429), budget TBI-253 registry-1.docker.io: no pulls are left for this address
";

const SILENT: &str = "
ghcr.io              | drop               | dns +, connect TBI-201 ghcr.io: connection timed out after 3s, token <connect, manifest <connect, layers <connect
ghcr.io              | dnstimeout         | dns TBI-204 ghcr.io: DNS did not answer within 2.4s, connect <dns, token <dns, manifest <dns, layers <dns
ghcr.io              | stall-after-accept | dns +, connect TBI-212 ghcr.io: TLS handshake timed out after 3s, token <connect, manifest <connect, layers <connect
auth.docker.io       | drop               | dns +, connect +, token TBI-241(TBI-201) auth.docker.io: connection timed out after 3s, manifest <token, layers <token
pkg-containers.githubusercontent.com | drop | dns +, connect +, token +, manifest +, layers TBI-261(TBI-201) pkg-containers.githubusercontent.com: connection timed out after 3s
";

const PROXIED: &str = "
ghcr.io            | proxy407           | dns - the proxy resolves it, connect TBI-221 ghcr.io: proxy P wants a login (407): Proxy Authentication Required, by Basic, Zscaler/6.2, \"Proxy authentication required\", token <connect, manifest <connect, layers <connect
ghcr.io            | proxy407-negotiate | dns - the proxy resolves it, connect TBI-221 ghcr.io: proxy P wants a login (407): Proxy Authentication Required, by Negotiate or NTLM, Zscaler/6.2, \"Proxy authentication required\", token <connect, manifest <connect, layers <connect
ghcr.io            | proxy403           | dns - the proxy resolves it, connect TBI-222 ghcr.io: proxy P denies it (403): Forbidden, Zscaler/6.2, \"Acme Web Gateway: access denied\", token <connect, manifest <connect, layers <connect
ghcr.io            | proxy502           | dns - the proxy resolves it, connect TBI-223 ghcr.io: proxy P cannot reach it (502): Bad Gateway, Zscaler/6.2, \"502 Bad Gateway\", token <connect, manifest <connect, layers <connect
ghcr.io            | proxyclose         | dns - the proxy resolves it, connect TBI-223 ghcr.io: proxy P ended the connection without an answer, token <connect, manifest <connect, layers <connect
proxy.acme.example | refuse             | dns - the proxy resolves it, connect TBI-224 ghcr.io: proxy P is unreachable: connection refused, token <connect, manifest <connect, layers TBI-261(TBI-224) pkg-containers.githubusercontent.com: proxy P is unreachable: connection refused
auth.docker.io     | proxy403           | dns - the proxy resolves it, connect +, token TBI-241(TBI-222) auth.docker.io: proxy P denies it (403): Forbidden, Zscaler/6.2, \"Acme Web Gateway: access denied\", manifest <token, layers <token
ghcr.io            | proxyintercept     | dns - the proxy resolves it, connect TBI-213 ghcr.io: certificate issued by an authority that this machine does not trust, token <connect, manifest <connect, layers <connect
";

/// Looks at the registry whose host is at fault, in a world of its own for every row, and holds the other registry to
/// be whole.
async fn check(rows: &str, session: impl Fn(&Site) -> Session) {
    let wrong = join_all(rows.trim().lines().map(async |row| {
        let [place, fault, want] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("not a row: {row}");
        };
        let site = Site::new();
        site.net.fault(place_of(place), fault.parse().unwrap());
        let ways = look(&session(&site), &[], &images()).await;
        let is_docker = place.contains("docker");
        let address = site.net.proxy_url();
        let address = address.trim_start_matches("http://");
        let mut wrong = Vec::new();
        for way in &ways {
            let got = words(way).replace(address, "P");
            let is_meant = (way.registry == "docker.io") == is_docker;
            if is_meant && got != want {
                wrong.push(format!("{place} {fault}\n  want {want}\n   got {got}\n"));
            }
            if !is_meant && place != PROXY && got.contains("TBI") {
                wrong.push(format!("{place} {fault} at {}: {got}\n", way.registry));
            }
        }
        wrong.concat()
    }))
    .await;
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn place_of(text: &str) -> At {
    match text.split_once(' ') {
        Some((host, "manifests")) => at(host).only(Kind::Manifest),
        Some((host, "pings")) => at(host).only(Kind::Ping),
        _ => at(text),
    }
}

#[tokio::test]
async fn each_fault_stops_its_step_and_nothing_beside_it() {
    check(DIRECT, Site::session).await;
}

#[tokio::test]
async fn silence_stops_the_step_that_is_silent() {
    check(SILENT, |site| site.session_with(patient(site))).await;
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_not_waited_for() {
    let site = Site::new();
    site.net.fault("ghcr.io", Fault::ProxyHang);
    let proxy = site.net.proxy_url();
    let way = one(&site.proxied(&proxy, patient(&site)), "ghcr.io").await;
    let name = proxy.trim_start_matches("http://");
    assert_eq!(
        format!(
            "dns - the proxy resolves it, connect TBI-223 ghcr.io: proxy {name} gave no way to it within 3s, token <connect, manifest <connect, layers <connect"
        ),
        words(&way)
    );
}

/// For what hangs on purpose, beside what must not be taken for hanging on a busy machine.
fn patient(site: &Site) -> Options {
    Options {
        connect_limit: Duration::from_secs(3),
        ..site.options()
    }
}

#[tokio::test]
async fn a_proxy_is_quoted_in_its_own_words() {
    check(PROXIED, |site| {
        site.proxied(&site.net.proxy_url(), site.options())
    })
    .await;
}

async fn one(session: &Session, registry: &str) -> Way {
    let ways = look(session, &[], &images()).await;
    ways.into_iter()
        .find(|way| way.registry == registry)
        .unwrap()
}

#[tokio::test]
async fn a_whole_way_is_told_with_its_hosts_its_budget_and_what_the_tags_name() {
    let site = Site::new();
    let ways = look(&site.session(), &[], &images()).await;

    let [docker, ghcr] = &ways[..] else {
        panic!("{ways:#?}");
    };
    assert_eq!(
        "dns +, connect +, token +, manifest +, layers +, budget +",
        words(docker)
    );
    assert_eq!(
        "dns +, connect +, token +, manifest +, layers +",
        words(ghcr)
    );
    assert_eq!(vec![DOCKER, "auth.docker.io"], docker.hosts);
    assert_eq!(vec!["ghcr.io"], ghcr.hosts);
    for (way, host) in [(docker, DOCKER_LAYERS), (ghcr, GHCR_LAYERS)] {
        let observed = LayerHost {
            host: host.to_owned(),
            known: Known::Observed,
        };
        assert_eq!(vec![observed], way.layers);
        for step in [Step::Connect, Step::Layers] {
            let issuer = way.steps[&step].issuer.as_deref();
            assert_eq!(
                Some("CN=Test Internet CA, O=Test Internet"),
                issuer,
                "{step:?}"
            );
        }
        let is_timed = |step: &Step| *step == Step::Budget || way.steps[step].took.is_some();
        assert!(way.steps.keys().all(is_timed), "{way:#?}");
    }
    let budget = docker.budget.as_ref().unwrap();
    assert_eq!(
        (Some(100), Some("203.0.113.7")),
        (budget.limit, budget.source.as_deref())
    );
    assert_eq!(2, ways.iter().map(|way| way.digests.len()).sum::<usize>());
}

#[tokio::test]
async fn the_issuer_of_an_interception_is_shown_and_no_request_is_sent_over_it() {
    let site = Site::new();
    site.net.fault("ghcr.io", Fault::Intercept);
    let way = one(&site.session(), "ghcr.io").await;
    let issuer = way.steps[&Step::Connect].issuer.clone();
    assert_eq!(Some(format!("CN={INTERCEPTOR}, O=Acme Corp")), issuer);
    let hosts: Vec<_> = site.net.log().into_iter().map(|seen| seen.host).collect();
    assert!(!hosts.contains(&"ghcr.io".to_owned()), "{hosts:?}");
}

#[tokio::test]
async fn a_mirror_that_lets_everybody_in_is_odd_and_is_looked_through() {
    let site = Site::new();
    site.net
        .fault(at("ghcr.io").only(Kind::Ping), Fault::Empty(200));
    let way = one(&site.session(), "ghcr.io").await;
    assert_eq!(
        "dns +, connect odd TBI-232 ghcr.io: lets everybody in without a token: a mirror answers in its place, token +, manifest +, layers +",
        words(&way)
    );
}

#[tokio::test]
async fn one_missing_tag_of_several_is_said_so_and_hides_nothing() {
    let site = Site::new();
    let mut images = images();
    images.insert("ghcr.io/tracebloc/ingestor:9.9".parse().unwrap());
    let ways = look(&site.session(), &[], &images).await;
    assert_eq!(
        "dns +, connect +, token +, manifest TBI-251 ghcr.io: tag 9.9 does not exist (1 of 2 images), layers +",
        words(&ways[1])
    );
}

/// Every name has this address.
struct Wildcard(SocketAddr);

impl Resolve for Wildcard {
    fn resolve(&self, _: Name) -> Resolving {
        let address = self.0;
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

#[tokio::test]
async fn a_name_server_that_answers_for_everything_is_found_out() {
    let site = Site::new();
    // Something listens there, and it is not ghcr.io.
    let elsewhere = site.net.address(DOCKER);
    let session = site.resolved_by(Arc::new(Wildcard(elsewhere)), site.options());
    let way = one(&session, "ghcr.io").await;
    assert_eq!(
        "dns +, connect TBI-205 ghcr.io: certificate is for registry-1.docker.io; DNS answers 127.0.0.1 for names that do not exist, too, token <connect, manifest <connect, layers TBI-261(TBI-205) pkg-containers.githubusercontent.com: certificate is for registry-1.docker.io; DNS answers 127.0.0.1 for names that do not exist, too",
        words(&way)
    );
}

#[tokio::test]
async fn an_exception_from_the_proxy_that_bars_the_way_is_named() {
    let site = Site::new();
    site.net.fault(DOCKER, Fault::Refuse);
    let refused = Arc::new(Wildcard(site.net.address(DOCKER)));
    let proxy = site.net.proxy_url();
    let way = one(
        &site.proxied_but(&proxy, "localhost, .io", refused),
        "ghcr.io",
    )
    .await;
    let Reading::Failed(broken) = &way.steps[&Step::Connect].reading else {
        panic!("{way:#?}");
    };
    let name = proxy.trim_start_matches("http://");
    assert_eq!(
        (
            Code::NoProxyMismatch,
            format!(
                "connection refused; NO_PROXY exempts it by \".io\", and the proxy {name} would lead there"
            )
        ),
        (broken.code, broken.message.clone())
    );
    assert_eq!(None, way.proxy);
}

/// One address that refuses beside the one that answers.
struct Twins(Arc<dyn Resolve>, SocketAddr);

impl Resolve for Twins {
    fn resolve(&self, name: Name) -> Resolving {
        let (answer, other) = (self.0.resolve(name), self.1);
        Box::pin(async move {
            let addresses = std::iter::once(other).chain(answer.await?);
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_beside_one_that_does_is_odd() {
    let site = Site::new();
    let nowhere = SocketAddr::from((Ipv4Addr::BROADCAST, 443));
    let names = Arc::new(Twins(site.net.dns(), nowhere));
    let way = one(&site.resolved_by(names, site.options()), "ghcr.io").await;
    assert_eq!(
        "dns +, connect odd TBI-206 ghcr.io: 255.255.255.255: network is unreachable; another address answers, token +, manifest +, layers +",
        words(&way)
    );
}

#[tokio::test]
async fn a_registry_that_cannot_exist_is_asked_nothing() {
    let site = Site::new();
    let image: Reference = Reference {
        registry: "no host".to_owned(),
        ..INGESTOR.parse().unwrap()
    };
    let ways = look(&site.session(), &[], &[image].into()).await;
    assert_eq!(
        "dns TBI-203 no host: \"no host\" cannot be the name of a registry, connect <dns, token <dns, manifest <dns, layers <dns",
        words(&ways[0])
    );
    assert!(site.net.log().is_empty());
}
