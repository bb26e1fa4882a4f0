//! What a lookup asks, in which order and how often.

use std::collections::HashSet;

use super::*;
use crate::codes::Code;

#[tokio::test]
async fn n_images_on_r_registries_cost_r_tokens_and_n_heads() {
    let site = Site::new();
    let found = site.session().lookup_all(&six(&site.net)).await;

    assert!(found.iter().all(Result::is_ok), "{found:?}");
    let mut requests = site.requests();
    requests.sort();
    let want = [
        "GET auth.docker.io/token",
        "GET ghcr.io/token",
        "GET registry-1.docker.io/v2/",
        "HEAD ghcr.io/v2/tracebloc/d/manifests/1",
        "HEAD ghcr.io/v2/tracebloc/e/manifests/1",
        "HEAD registry-1.docker.io/v2/tracebloc/a/manifests/1",
        "HEAD registry-1.docker.io/v2/tracebloc/b/manifests/1",
        "HEAD registry-1.docker.io/v2/tracebloc/c/manifests/1",
        "HEAD registry-1.docker.io/v2/tracebloc/c/manifests/2",
    ];
    assert_eq!(want, requests[..]);
}

#[tokio::test]
async fn a_cold_lookup_is_two_answers_deep_and_opens_one_connection_per_host() {
    let rtt = Duration::from_millis(60);
    let site = Site::on(Internet::with_rtt(rtt));
    site.session().lookup_all(&six(&site.net)).await;

    let log = site.net.log();
    let find = |wanted: fn(&Seen) -> bool, host: &str| {
        let mut seen = log.iter().filter(|seen| seen.host == host && wanted(seen));
        seen.next()
            .unwrap_or_else(|| panic!("nothing of its kind at {host}"))
    };
    let ping = find(|seen| seen.path == "/v2/", "registry-1.docker.io");
    let token = find(is_token, "auth.docker.io");
    assert!(
        ping.at < token.at + rtt,
        "the connection to the registry is made while the token is fetched"
    );
    for (host, first) in [
        ("registry-1.docker.io", ping),
        ("ghcr.io", find(is_token, "ghcr.io")),
    ] {
        let heads: Vec<&Seen> = log
            .iter()
            .filter(|seen| seen.host == host && is_head(seen))
            .collect();
        let connections: HashSet<u64> = heads.iter().map(|seen| seen.connection).collect();
        assert_eq!(
            HashSet::from([first.connection]),
            connections,
            "{host} is not connected to again"
        );
        let (earliest, latest) = (heads[0].at, heads[heads.len() - 1].at);
        assert!(
            latest < earliest + rtt,
            "{host} gets its HEADs without waiting in between"
        );
    }
    let connections = ["registry-1.docker.io", "auth.docker.io", "ghcr.io"]
        .map(|host| site.net.connections(host));
    assert_eq!([1, 1, 1], connections);
}

#[tokio::test]
async fn looking_again_costs_the_heads_alone() {
    let site = Site::new();
    let (session, images) = (site.session(), six(&site.net));
    session.lookup_all(&images).await;
    let before = site.net.log().len();
    let moved = site
        .net
        .push("ghcr.io/tracebloc/d:1", Index::of(["linux/arm64"]));

    let found = session.lookup_all(&images).await;

    assert_eq!(before + images.len(), site.net.log().len());
    assert_eq!(1, site.net.connections("ghcr.io"));
    assert_eq!(
        digest(&moved),
        found[4].as_ref().unwrap().digest,
        "tags are asked for, never remembered"
    );
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions_and_none_is_asked_twice() {
    let site = Site::new();
    let images = [
        INGESTOR,
        JOBS_MANAGER,
        INGESTOR,
        "ghcr.io/tracebloc/ingestor:nope",
    ]
    .map(image);
    let found = site.session().lookup_all(&images).await;

    let resolve = |at: usize| found[at].as_ref().unwrap().digest.clone();
    assert_eq!(resolve(0), resolve(2));
    assert_ne!(resolve(0), resolve(1));
    assert_eq!(Some(Code::TagMissing), found[3].as_ref().unwrap_err().code);
    assert_eq!(3, count(&site, is_head));
}

#[tokio::test]
async fn lookups_side_by_side_share_one_token() {
    let site = Site::new();
    site.net.push(
        "docker.io/tracebloc/jobs-manager:dev",
        Index::of(["linux/amd64"]),
    );
    let session = site.session();
    let (one, other) = (
        image(JOBS_MANAGER),
        image("docker.io/tracebloc/jobs-manager:dev"),
    );

    let (one, other) = tokio::join!(session.latest(&one), session.latest(&other));

    assert!(one.is_ok() && other.is_ok());
    assert_eq!(1, count(&site, is_token));
    assert_eq!(1, count(&site, |seen| seen.path == "/v2/"));
}

#[tokio::test]
async fn a_token_names_ten_repositories_at_most() {
    let site = Site::new();
    let images: Vec<Reference> = (0..21)
        .map(|n| {
            let reference = format!("ghcr.io/tracebloc/image-{n}:1");
            site.net.push(&reference, Index::of(["linux/amd64"]));
            image(&reference)
        })
        .collect();

    let found = site.session().lookup_all(&images).await;

    assert!(found.iter().all(Result::is_ok));
    let scopes: Vec<usize> = site
        .net
        .log()
        .iter()
        .filter(|seen| is_token(seen))
        .map(|seen| seen.query.as_ref().unwrap().matches("scope=").count())
        .collect();
    assert_eq!(21, scopes.iter().sum::<usize>());
    assert_eq!((3, Some(&10)), (scopes.len(), scopes.iter().max()));
}

#[tokio::test]
async fn one_private_repository_costs_the_others_nothing_but_a_token_of_their_own() {
    let site = Site::new();
    let images = six(&site.net);
    site.net.hide("ghcr.io/tracebloc/e");
    site.net.hide("docker.io/tracebloc/b");

    let found = site.session().lookup_all(&images).await;

    let codes: Vec<Option<Code>> = found
        .iter()
        .map(|one| one.as_ref().err().and_then(|failure| failure.code))
        .collect();
    let want = [
        None,
        Some(Code::RepositoryMissing),
        None,
        None,
        None,
        Some(Code::TokenRefused),
    ];
    assert_eq!(want, codes[..]);
    // ghcr.io refuses the token for both, then one of two; Docker Hub's HEAD is refused, and once more alone.
    assert_eq!(3 + 2, count(&site, is_token));
    assert_eq!(
        0,
        count(&site, |seen| seen.method == "GET"
            && seen.path.contains("/manifests/"))
    );
}

#[tokio::test]
async fn a_tag_is_asked_for_again_only_when_it_is_no_longer_recent() {
    for (keep, heads) in [(Duration::from_secs(3_600), 6), (Duration::ZERO, 12)] {
        let site = Site::new();
        let session = site.session().remembering(keep);
        let references = six(&site.net);
        let first = session.latest_of(&references[..4]).await;
        let second = session.latest_of(&references).await;
        let third = session.latest_of(&references[4..]).await;
        assert!(first.iter().chain(&second).chain(&third).all(Result::is_ok));
        let digests = |found: &[Result<crate::lookup::Resolved, Failure>]| -> Vec<_> {
            found.iter().flatten().map(|it| it.digest.clone()).collect()
        };
        assert_eq!(digests(&first), digests(&second[..4]), "{keep:?}");
        assert_eq!(digests(&second[4..]), digests(&third), "{keep:?}");
        assert_eq!(heads, count(&site, is_head), "{keep:?}");
    }
}

#[tokio::test]
async fn what_was_asked_in_vain_is_recent_too() {
    let site = Site::new();
    let session = site.session().remembering(Duration::from_secs(3_600));
    let missing: Reference = "ghcr.io/tracebloc/e:none".parse().unwrap();
    six(&site.net);
    for _ in 0..2 {
        let found = session.latest_of(std::slice::from_ref(&missing)).await;
        assert_eq!(Some(Code::TagMissing), found[0].as_ref().unwrap_err().code);
    }
    let asked = count(&site, |seen: &Seen| seen.path.ends_with("/manifests/none"));
    let once = {
        let site = Site::new();
        six(&site.net);
        let _ = site
            .session()
            .lookup_all(std::slice::from_ref(&missing))
            .await;
        count(&site, |seen: &Seen| seen.path.ends_with("/manifests/none"))
    };
    assert_eq!(once, asked);
}
