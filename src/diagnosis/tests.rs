//! Every code by a row, every place by enumeration: what is concluded, what is ruled out, and what is not claimed.

use std::collections::BTreeSet;

use super::block::{Place, View, view};
use super::table::TABLE;
use super::*;
use crate::checks::{Group, judge};
use crate::health::assess;
use crate::image::Reference;
use crate::observation::Blind;
use crate::reading::fixtures::{barred, both, dropped, ghcr, of, open, pod, unprobed};
use crate::reading::{Broken, NodePull, Policy, Step, Unprobed, Way};
use crate::render::fixtures::seen;

mod enumeration;

fn concluded(readings: &Readings) -> Vec<Cause> {
    let assessment = readings.release.as_ref().ok().map(assess);
    let checks = judge(readings, assessment.as_ref());
    conclude(readings, assessment.as_ref(), &checks)
}

/// The incident's release, looked at from pods with these ways.
fn from_pods(ways: Vec<Way>) -> Readings {
    Readings {
        pods: vec![pod(ways)],
        ..of(seen("stuck"))
    }
}

fn image(registry: &str) -> Reference {
    match registry {
        "docker.io" => "docker.io/tracebloc/jobs-manager:prod",
        _ => "ghcr.io/tracebloc/ingestor:0.3",
    }
    .parse()
    .unwrap()
}

fn pull(registry: &str, result: Result<(), Broken>) -> NodePull {
    NodePull {
        node: "edge-01".to_owned(),
        image: image(registry),
        result,
        by: "pull test".to_owned(),
    }
}

fn timed_out() -> Broken {
    Broken {
        code: Code::Dropped,
        cause: Code::Dropped,
        host: "ghcr.io".to_owned(),
        message: "i/o timeout".to_owned(),
    }
}

/// Where each code is met, at which registry, and what it is called when pods alone meet it.
const TITLES: &[(Step, &str, Code, &str)] = {
    use Step::{Connect, Dns, Layers, Manifest, Token};
    &[
        (
            Connect,
            "ghcr.io",
            Code::Dropped,
            "something between the pods and the internet drops ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::Refused,
            "something between the pods and the internet refuses ghcr.io",
        ),
        (
            Dns,
            "ghcr.io",
            Code::NameRefused,
            "DNS tells the pods that there is no ghcr.io",
        ),
        (
            Dns,
            "ghcr.io",
            Code::DnsSilent,
            "DNS does not answer the pods",
        ),
        (
            Connect,
            "ghcr.io",
            Code::DnsSinkhole,
            "DNS sends the pods elsewhere than to ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::NoAddressFamily,
            "no address of ghcr.io can be reached from the pods",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ResetAfterHello,
            "a filter between the pods and the internet resets TLS to ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::TlsStalls,
            "TLS between the pods and ghcr.io stalls",
        ),
        (
            Connect,
            "ghcr.io",
            Code::TlsIntercepted,
            "TLS between the pods and ghcr.io is intercepted",
        ),
        (
            Connect,
            "ghcr.io",
            Code::WrongCertificateName,
            "something else answers the pods as ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::CertificateDates,
            "the certificate of ghcr.io is out of its dates for the pods",
        ),
        (
            Connect,
            "ghcr.io",
            Code::PlainHttp,
            "port 443 of ghcr.io speaks plain HTTP to the pods",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ProxyLogin,
            "the proxy of the pods wants a login",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ProxyDenies,
            "the proxy of the pods denies ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ProxyCannotReach,
            "the proxy of the pods cannot reach ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ProxyUnreachable,
            "the proxy of the pods cannot be reached",
        ),
        (
            Connect,
            "ghcr.io",
            Code::NoProxyMismatch,
            "NO_PROXY keeps the pods from the proxy that leads to ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::NotARegistry,
            "a web page answers the pods in place of ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::MirrorAnswers,
            "a mirror answers the pods in place of ghcr.io",
        ),
        (
            Connect,
            "ghcr.io",
            Code::ChallengeAltered,
            "something between the pods and ghcr.io rewrites its answers",
        ),
        (
            Connect,
            "ghcr.io",
            Code::RegistryError,
            "ghcr.io answers the pods with errors",
        ),
        (
            Token,
            "docker.io",
            Code::Dropped,
            "the token host auth.docker.io is blocked for the pods, the registry itself is not",
        ),
        (
            Token,
            "ghcr.io",
            Code::TokenPathFiltered,
            "the token path of ghcr.io is filtered for the pods",
        ),
        (
            Token,
            "ghcr.io",
            Code::TokenRefused,
            "ghcr.io gives nobody in particular a token",
        ),
        (
            Token,
            "ghcr.io",
            Code::LoginRejected,
            "the login stored for ghcr.io is rejected",
        ),
        (
            Token,
            "ghcr.io",
            Code::TokenMalformed,
            "what answers the pods for the tokens of ghcr.io gives none that can be used",
        ),
        (
            Manifest,
            "ghcr.io",
            Code::TagMissing,
            "a tag is missing at ghcr.io",
        ),
        (
            Manifest,
            "docker.io",
            Code::RepositoryMissing,
            "a repository of docker.io is missing or private",
        ),
        (
            Manifest,
            "docker.io",
            Code::QuotaUsedUp,
            "the pulls of docker.io are used up for the pods",
        ),
        (
            Manifest,
            "docker.io",
            Code::RateLimited,
            "docker.io limits the requests of the pods",
        ),
        (
            Manifest,
            "ghcr.io",
            Code::DigestNotProvable,
            "what answers the pods as ghcr.io cannot be proven",
        ),
        (
            Layers,
            "ghcr.io",
            Code::Dropped,
            "the layer host pkg-containers.githubusercontent.com is blocked for the pods, the registry itself is not",
        ),
        (
            Layers,
            "ghcr.io",
            Code::LayerRequestAltered,
            "the signed requests of the pods to pkg-containers.githubusercontent.com are altered",
        ),
    ]
};

fn site(step: Step, registry: &str, cause: Code) -> Vec<Way> {
    let other = if registry == "ghcr.io" {
        "docker.io"
    } else {
        "ghcr.io"
    };
    vec![barred(registry, step, cause, "what was said"), open(other)]
}

#[test]
fn every_code_of_a_way_has_its_title_where_pods_alone_meet_it() {
    for (step, registry, cause, want) in TITLES {
        let causes = concluded(&from_pods(site(*step, registry, *cause)));
        let first = causes
            .first()
            .unwrap_or_else(|| panic!("{cause}: nothing is concluded"));
        assert_eq!(*want, first.title, "{cause}");
        assert!(
            first
                .reasons
                .iter()
                .any(|reason| reason.contains("what was said")
                    || reason.starts_with("From the pods ")),
            "{cause}: {:#?}",
            first.reasons
        );
    }
}

#[test]
fn every_code_of_a_way_has_a_row_and_a_case() {
    // Said by a check of its own: it needs two looks.
    let without = [Code::DigestDiffers];
    let all: BTreeSet<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| (Code::Dropped..=Code::LayerRequestAltered).contains(code))
        .filter(|code| !without.contains(code))
        .collect();
    let rows: BTreeSet<Code> = TABLE.iter().map(|row| row.code).collect();
    assert_eq!(all, rows);
    assert_eq!(rows.len(), TABLE.len(), "no code has two rows");
    let met: BTreeSet<Code> = TITLES
        .iter()
        .map(|(step, registry, cause, _)| {
            concluded(&from_pods(site(*step, registry, *cause)))[0].code
        })
        .collect();
    assert_eq!(all, met);
}

fn reasons(readings: &Readings) -> Vec<String> {
    concluded(readings).remove(0).reasons
}

#[test]
fn the_incident_is_told_in_full() {
    let cause = concluded(&from_pods(ghcr(dropped()))).remove(0);
    assert_eq!(Code::Dropped, cause.code);
    assert_eq!(
        vec![
            Code::LayerHostBlocked,
            Code::StreakAtThreshold,
            Code::RunsFailed,
        ],
        [
            Code::LayerHostBlocked,
            Code::StreakAtThreshold,
            Code::RunsFailed
        ]
        .into_iter()
        .filter(|code| cause.explains.contains(code))
        .collect::<Vec<_>>(),
        "{:?}",
        cause.explains
    );
    assert_eq!(Confidence::High, cause.confidence);
    let allowed: Vec<_> = cause
        .allow
        .iter()
        .map(|one| (one.host.as_str(), one.port, one.known))
        .collect();
    assert_eq!(
        vec![
            ("ghcr.io", 443, Known::Observed),
            ("pkg-containers.githubusercontent.com", 443, Known::Observed),
        ],
        allowed
    );
    for want in [
        "This machine reaches ghcr.io, so ghcr.io is up and the image exists.",
        "From the pods the name resolves, and port 443 times out, while docker.io works: not DNS, not TLS, not a proxy. A firewall or egress policy allows docker.io and not ghcr.io.",
        "No NetworkPolicy in tracebloc selects the refresh pods: look outside the cluster.",
        "Nodes not tested.",
        "The chart does refresh the ingestor: it looked it up, and counted that it could not.",
    ] {
        assert!(
            cause.reasons.iter().any(|reason| reason == want),
            "{want}\n{:#?}",
            cause.reasons
        );
    }
}

/// What the first investigation ruled out is ruled out here only by evidence.
#[test]
fn what_has_no_evidence_is_not_ruled_out() {
    let has = |readings: &Readings, start: &str| {
        reasons(readings)
            .iter()
            .any(|reason| reason.starts_with(start))
    };
    let incident = || from_pods(ghcr(dropped()));
    const RESET: &str = "No upgrade has reset the ingestor";
    const INDEX: &str = "No index is misread";
    for start in [RESET, INDEX] {
        assert!(has(&incident(), start), "{start}");
    }

    let mut unrecorded = incident();
    if let Ok(seen) = &mut unrecorded.release {
        let record = seen.record.as_mut().unwrap();
        record
            .annotations
            .remove("tracebloc.io/last-refreshed-ingestor-digest");
    }
    assert!(!has(&unrecorded, RESET));

    let mut unresolved = incident();
    if let Ok(seen) = &mut unresolved.release {
        seen.registry.latest.clear();
    }
    assert!(!has(&unresolved, INDEX));
}

#[test]
fn a_proxy_is_ruled_out_only_where_none_is_set() {
    let no_proxy = "not a proxy";
    let told = |readings: &Readings| {
        reasons(readings)
            .iter()
            .any(|reason| reason.contains(no_proxy))
    };
    assert!(told(&from_pods(ghcr(dropped()))));

    let mut on_the_way = from_pods(ghcr(dropped()));
    if let Ok(ways) = &mut on_the_way.pods[0].ways {
        ways[1].proxy = Some("proxy:3128".to_owned());
    }
    assert!(!told(&on_the_way));

    let mut on_the_cron_job = from_pods(ghcr(dropped()));
    if let Ok(seen) = &mut on_the_cron_job.release {
        seen.proxy = crate::observation::ProxySettings::CronJob;
    }
    assert!(!told(&on_the_cron_job));
}

#[test]
fn policies_are_named_or_ruled_out_or_not_known() {
    let with = |policies| {
        let readings = Readings {
            policies,
            ..from_pods(ghcr(dropped()))
        };
        reasons(&readings)
            .into_iter()
            .find(|reason| reason.contains("NetworkPolic"))
            .unwrap()
    };
    let policy = |allows: &[&str]| Policy {
        name: "only-dns".to_owned(),
        allows: allows.iter().map(|text| (*text).to_owned()).collect(),
    };
    for (name, policies, want) in [
        (
            "none",
            Ok(vec![]),
            "No NetworkPolicy in tracebloc selects the refresh pods: look outside the cluster.",
        ),
        (
            "one",
            Ok(vec![policy(&["UDP 53 to all pods"])]),
            "NetworkPolicies in tracebloc select the refresh pods: only-dns lets out UDP 53 to all pods.",
        ),
        (
            "one that shuts",
            Ok(vec![policy(&[])]),
            "NetworkPolicies in tracebloc select the refresh pods: only-dns lets out nothing.",
        ),
        (
            "not readable",
            Err(Blind("forbidden".to_owned())),
            "Whether a NetworkPolicy selects the refresh pods is not known: forbidden.",
        ),
    ] {
        assert_eq!(want, with(policies), "{name}");
    }
    // It cannot be a policy that shows another certificate.
    let intercepted = site(Step::Connect, "ghcr.io", Code::TlsIntercepted);
    assert!(
        !reasons(&from_pods(intercepted))
            .iter()
            .any(|reason| reason.contains("NetworkPolic"))
    );
}

#[test]
fn nodes_split_a_finding_in_two() {
    let with = |result| Readings {
        pulls: vec![pull("ghcr.io", result)],
        ..from_pods(ghcr(dropped()))
    };
    let only_pods = concluded(&with(Ok(()))).remove(0);
    assert_eq!(
        "something between the pods and the internet drops ghcr.io",
        only_pods.title
    );
    assert!(only_pods.reasons.contains(&"Node edge-01 has pulled ghcr.io/tracebloc/ingestor:0.3 (pull test): only the way of the pods is barred.".to_owned()));

    let both = concluded(&with(Err(timed_out()))).remove(0);
    assert_eq!(
        "something between pods and nodes and the internet drops ghcr.io",
        both.title
    );
    assert_eq!(
        Vec::<NextStep>::new(),
        both.next,
        "nothing that the nodes could not pull is moved to"
    );
}

#[test]
fn what_moves_the_image_meanwhile_is_told_where_the_nodes_may_pull_it() {
    let mut readings = from_pods(ghcr(dropped()));
    let commands = |readings: &Readings| concluded(readings).remove(0).next;
    let told = commands(&readings);
    readings.here = ghcr(dropped());
    assert_eq!(
        Vec::<NextStep>::new(),
        commands(&readings),
        "nothing can be looked up from here"
    );
    for step in told {
        assert!(
            step.command.contains("ingestor") || step.command.contains("INGESTOR"),
            "{}",
            step.command
        );
    }
}

#[test]
fn lookups_that_no_pod_explains_are_one_cause_that_claims_no_place() {
    let mut readings = of(seen("stuck"));
    readings.pods = vec![unprobed(Unprobed::Unable("no right".to_owned()))];
    let causes = concluded(&readings);
    let first = &causes[0];
    assert_eq!(
        (Code::StreakAtThreshold, Confidence::Low),
        (first.code, first.confidence)
    );
    assert!(
        first.explains.contains(&Code::RunsFailed),
        "{:?}",
        first.explains
    );
    assert!(first.allow.is_empty(), "no host was seen barred");

    readings.pods = vec![pod(both())];
    let first = concluded(&readings).remove(0);
    assert_eq!(
        "the refresher could not look up ghcr.io; its pods can now",
        first.title
    );
    assert!(
        first.next[0]
            .command
            .starts_with("kubectl create job -n tracebloc --from=cronjob/berlin-image-refresh "),
        "{:?}",
        first.next
    );
}

#[test]
fn causes_of_the_release_stand_beside_a_barred_way() {
    let mut readings = from_pods(ghcr(dropped()));
    if let Ok(seen) = &mut readings.release
        && let crate::release::Refresher::CronJob(cron_job) = &mut seen.release.refresher
    {
        cron_job.run = crate::release::Run::Suspended;
    }
    let codes: Vec<Code> = concluded(&readings)
        .iter()
        .map(|cause| cause.code)
        .collect();
    assert_eq!(
        (Code::Dropped, true),
        (codes[0], codes.contains(&Code::Suspended)),
        "{codes:?}"
    );
}

#[test]
fn an_api_server_that_does_not_answer_comes_first_and_hides_no_barred_way() {
    let refusal = crate::reading::Refusal {
        code: Some(Code::ApiUnreachable),
        message: "reach the API server: refused".to_owned(),
        hint: Some("look".to_owned()),
    };
    let readings = Readings {
        server: Err(refusal.clone()),
        release: Err(refusal),
        here: ghcr(dropped()),
        ..of(seen("healthy"))
    };
    let causes = concluded(&readings);
    let codes: Vec<Code> = causes.iter().map(|cause| cause.code).collect();
    assert_eq!(vec![Code::ApiUnreachable, Code::Dropped], codes);
    assert_eq!("look", causes[0].advice);
}

#[test]
fn a_placeholder_that_comes_from_outside_stays_as_it_is() {
    let ways = ghcr(barred(
        "ghcr.io",
        Step::Connect,
        Code::NotARegistry,
        "a page {who} {hosts}",
    ));
    let told = reasons(&from_pods(ways)).join(" ");
    assert!(told.contains("a page {who} {hosts}"), "{told}");
}
