//! Every code by a row, every place by enumeration: what is concluded, what is ruled out, and what is not claimed.

use std::collections::BTreeSet;

use super::block::{Place, View, view};
use super::table::TABLE;
use super::*;
use crate::checks::{Group, judge};
use crate::health::assess;
use crate::image::Reference;
use crate::reading::fixtures::{barred, both, dropped, ghcr, of, open, pod, unprobed};
use crate::reading::{Broken, NodePull, Step, Unprobed, Way};
use crate::render::fixtures::seen;

mod enumeration;
mod others;
mod reasons;

fn concluded(readings: &Readings) -> Vec<Cause> {
    let assessment = readings.release.as_ref().ok().map(assess);
    let checks = judge(readings, assessment.as_ref());
    conclude(readings, assessment.as_ref(), &checks)
}

/// The incident's release, looked at from pods with these ways.
/// Of the first cause.
fn reasons(readings: &Readings) -> Vec<String> {
    concluded(readings).remove(0).reasons
}

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
