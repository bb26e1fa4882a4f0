//! What is tried again, what is not, and when it ends.

use std::collections::HashSet;
use std::time::Instant;

use super::*;
use crate::codes::Code;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{Kind, at};

const HUB: &str = "registry-1.docker.io";
const AUTH: &str = "auth.docker.io";

#[tokio::test]
async fn one_dead_host_is_tried_once_for_all_its_images_and_hides_no_other() {
    let site = Site::new();
    let images = six(&site.net);
    site.net
        .fault("registry-1.docker.io", Fault::ResetAfterHello);
    let session = site.session();

    let found = session.lookup_all(&images).await;

    let failures: HashSet<String> = found[..4]
        .iter()
        .map(|one| one.as_ref().unwrap_err().to_string())
        .collect();
    assert_eq!(
        HashSet::from(["registry-1.docker.io: reset right after the TLS hello".to_owned()]),
        failures
    );
    assert!(found[4..].iter().all(Result::is_ok));
    assert_eq!(
        3,
        site.net.connections("registry-1.docker.io"),
        "one attempt and two retries"
    );

    let unknown = digest(&format!("sha256:{}", "0".repeat(64)));
    let failure = session.manifest(&images[0], &unknown).await.unwrap_err();
    assert_eq!(Some(Code::ResetAfterHello), failure.code);
    assert_eq!(
        3,
        site.net.connections("registry-1.docker.io"),
        "what is known is not tried again"
    );
}

#[tokio::test]
async fn a_host_that_is_back_is_found_again() {
    let site = Site::new();
    let session = site.session_with(Options {
        lookup_limit: Duration::from_millis(500),
        ..site.options()
    });
    site.net.fault("ghcr.io", Fault::Refuse);
    session.latest(&image(INGESTOR)).await.unwrap_err();
    site.net.heal("ghcr.io");

    // Fails fast for as long as the cause is believed, which is the limit of one lookup.
    let back = async {
        while session.latest(&image(INGESTOR)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LOOKUP_LIMIT, back).await.unwrap();
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_stays_is_not() {
    let heads = at("ghcr.io").method("HEAD");
    let hour = Duration::from_secs(3600);
    for (name, place, fault, code, attempts) in [
        (
            "two 503",
            heads.clone().first(2),
            Fault::Status(503),
            None,
            3,
        ),
        (
            "only 503",
            heads.clone(),
            Fault::Status(503),
            Some(Code::RegistryError),
            3,
        ),
        ("408", heads.clone().first(1), Fault::Empty(408), None, 2),
        (
            "501 stays",
            heads.clone(),
            Fault::Empty(501),
            Some(Code::RegistryError),
            1,
        ),
        (
            "403 stays",
            heads.clone(),
            Fault::Status(403),
            Some(Code::RepositoryMissing),
            1,
        ),
        (
            "429 that asks for no wait",
            heads.clone().first(1),
            Fault::RetryAfter(Duration::ZERO),
            None,
            2,
        ),
        (
            "429 that asks for a date in the past",
            heads.clone().first(1),
            Fault::RetryDate(Duration::ZERO),
            None,
            2,
        ),
        (
            "429 that asks for longer than there is",
            heads.clone(),
            Fault::RetryAfter(hour),
            Some(Code::RateLimited),
            1,
        ),
        (
            "429 that asks for nothing",
            heads.clone(),
            Fault::Status(429),
            Some(Code::RateLimited),
            1,
        ),
    ] {
        let site = Site::new();
        site.net.fault(place, fault);
        let found = site.session().latest(&image(INGESTOR)).await;
        assert_eq!(code, found.err().and_then(|failure| failure.code), "{name}");
        assert_eq!(attempts, count(&site, is_head), "{name}");
    }
}

#[tokio::test]
async fn a_429_is_passed_on_with_the_wait_that_it_asks_for() {
    let site = Site::new();
    let wait = Duration::from_secs(3600);
    site.net
        .fault(at("ghcr.io").method("HEAD"), Fault::RetryAfter(wait));
    let failure = site.session().latest(&image(INGESTOR)).await.unwrap_err();
    assert_eq!(Some(wait), failure.retry_after);
}

#[tokio::test]
async fn a_handshake_that_timed_out_is_looked_into_and_not_tried_again() {
    let site = Site::new();
    site.net.fault("ghcr.io", Fault::StallAfterAccept);
    let session = site.session_with(Options {
        connect_limit: Duration::from_millis(300),
        ..site.options()
    });
    session.latest(&image(INGESTOR)).await.unwrap_err();
    assert!(
        site.net.connections("ghcr.io") <= 2,
        "the attempt, and the look"
    );
}

#[tokio::test]
async fn a_lookup_ends_at_its_limit_whatever_hangs() {
    for (name, place, host) in [
        ("the token", at(AUTH), AUTH),
        ("the warm-up", at(HUB), HUB),
        ("the manifest", at(HUB).method("HEAD"), HUB),
    ] {
        let site = Site::new();
        site.net.fault(place, Fault::Hang);
        let session = site.session_with(site.brief());
        let started = Instant::now();
        let failure = session.latest(&image(JOBS_MANAGER)).await.unwrap_err();
        assert_eq!(host, failure.host, "{name}");
        let limit = site.brief().lookup_limit;
        assert!(gave_up_within(limit, &failure), "{name}: {failure}");
        assert!(started.elapsed() < site.brief().lookup_limit * 2, "{name}");
    }
}

#[tokio::test]
async fn a_host_that_was_left_no_time_is_not_called_dead() {
    let site = Site::new();
    site.net
        .fault(AUTH, Fault::Slow(site.brief().lookup_limit * 2 / 3));
    site.net.fault(at(HUB).method("HEAD"), Fault::Hang);
    let session = site.session_with(site.brief());
    session.latest(&image(JOBS_MANAGER)).await.unwrap_err();
    site.net.heal(HUB);
    let found = session.latest(&image(JOBS_MANAGER)).await;
    assert!(found.is_ok(), "{found:?}");
}

#[tokio::test]
async fn more_images_than_are_asked_at_once_wait_for_a_silent_host_together() {
    let site = Site::new();
    let images: Vec<Reference> = (0..20)
        .map(|n| image(&format!("ghcr.io/tracebloc/ingestor:{n}")))
        .collect();
    site.net.fault(at("ghcr.io").method("HEAD"), Fault::Hang);
    let started = Instant::now();
    let found = site.session_with(site.brief()).lookup_all(&images).await;
    assert!(started.elapsed() < site.brief().lookup_limit * 2);
    let limit = site.brief().lookup_limit;
    assert!(
        found
            .iter()
            .all(|one| gave_up_within(limit, one.as_ref().unwrap_err()))
    );
    assert_eq!(8, count(&site, is_head));
}

#[tokio::test]
async fn no_manifest_is_fetched_after_a_refusal() {
    for status in [401, 403, 429, 500] {
        let site = Site::new();
        site.net
            .fault(at("ghcr.io").only(Kind::Manifest), Fault::Status(status));
        site.session().latest(&image(INGESTOR)).await.unwrap_err();
        assert_eq!(
            0,
            count(&site, |seen| seen.method == "GET"
                && seen.path.contains("/manifests/")),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_token_that_ended_early_is_replaced_once() {
    let site = Site::new();
    site.net
        .fault("ghcr.io", Fault::TokenExpires(Duration::ZERO));
    let failure = site.session().latest(&image(INGESTOR)).await.unwrap_err();
    assert_eq!(Some(Code::RepositoryMissing), failure.code);
    assert_eq!((2, 2), (count(&site, is_token), count(&site, is_head)));

    let site = Site::new();
    site.net.fault(
        at("ghcr.io").only(Kind::Token).first(1),
        Fault::TokenExpires(Duration::ZERO),
    );
    site.session().latest(&image(INGESTOR)).await.unwrap();
    assert_eq!((2, 2), (count(&site, is_token), count(&site, is_head)));
}

/// Whether the failure tells of a wait that was no longer than the limit, to the tenth of a second that is told.
fn gave_up_within(limit: Duration, failure: &Failure) -> bool {
    let told = failure.message.strip_prefix("no answer within ");
    let seconds = told.and_then(|told| told.split('s').next()?.parse::<f64>().ok());
    seconds.is_some_and(|seconds| seconds <= limit.as_secs_f64() + 0.05)
}
