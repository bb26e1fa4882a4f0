//! What a digest contains: proven, kept, and never guessed.

use super::*;
use crate::codes::Code;
use crate::image::Platform;
use crate::lookup::Content as Found;
use crate::world::sim::registries::content::{Content, Image};
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::registries::rules::{Kind, at};
use crate::world::sim::registries::store::Registry;

fn platforms(found: &Found) -> Vec<String> {
    match found {
        Found::Index(children) => children.iter().map(|it| it.platform.to_string()).collect(),
        Found::Image { .. } => vec!["an image".to_owned()],
    }
}

fn gets(site: &Site) -> usize {
    count(site, |seen| {
        seen.method == "GET" && seen.path.contains("/manifests/")
    })
}

#[tokio::test]
async fn an_index_is_the_images_that_nodes_can_run() {
    let nested = || {
        Index::of(["linux/amd64"])
            .nest(Index::of(["linux/arm64"]).nest(Index::of(["linux/arm/v7"])))
    };
    for (name, content, want) in [
        (
            "plain",
            Content::from(Index::of(["linux/amd64", "linux/arm64"])),
            vec!["linux/amd64", "linux/arm64"],
        ),
        (
            "with provenance",
            Index::of(["linux/amd64"]).attested().into(),
            vec!["linux/amd64"],
        ),
        (
            "Docker's list",
            Index::of(["linux/amd64", "linux/arm64/v8"]).docker().into(),
            vec!["linux/amd64", "linux/arm64"],
        ),
        (
            "an index in an index in an index",
            nested().into(),
            vec!["linux/amd64", "linux/arm64", "linux/arm/v7"],
        ),
        (
            "a bare image",
            Image::new("linux/amd64").into(),
            vec!["an image"],
        ),
        (
            "Docker's bare image",
            Image::new("linux/amd64").docker().into(),
            vec!["an image"],
        ),
    ] {
        let site = Site::new();
        let pushed = site.net.push(INGESTOR, &content);
        let manifest = site
            .session()
            .manifest(&image(INGESTOR), &digest(&pushed))
            .await
            .unwrap();
        assert_eq!(want, platforms(&manifest.content), "{name}");
        assert_eq!(digest(&pushed), manifest.digest, "{name}");
        if let Found::Image { config, size } = manifest.content {
            assert_eq!(content.config_digest(), config.as_str(), "{name}");
            assert_eq!("layer of linux/amd64".len() as u64, size, "{name}");
        }
    }
}

#[tokio::test]
async fn an_index_too_deep_or_too_wide_is_not_judged() {
    let deep = Index::of(["linux/amd64"])
        .nest(Index::of([]).nest(Index::of([]).nest(Index::of(["linux/arm64"]))));
    let wide = (0..17).fold(Index::of(["linux/amd64"]), |index, n| {
        index.nest(Index::of(["linux/arm64"]).label("n", &n.to_string()))
    });
    for (content, want) in [
        (deep, "ghcr.io: indexes nested too deep"),
        (wide, "ghcr.io: an index of too many indexes"),
    ] {
        let site = Site::new();
        let pushed = site.net.push(INGESTOR, content);
        let failure = site
            .session()
            .manifest(&image(INGESTOR), &digest(&pushed))
            .await
            .unwrap_err();
        assert_eq!(
            (Some(Code::DigestNotProvable), want),
            (failure.code, &*failure.to_string())
        );
    }
}

#[tokio::test]
async fn looking_at_content_twice_costs_one_get() {
    let site = Site::new();
    let pushed = digest(&site.net.push(
        JOBS_MANAGER,
        Index::of(["linux/amd64"]).nest(Index::of(["linux/arm64"])),
    ));
    let first = site
        .session()
        .manifest(&image(JOBS_MANAGER), &pushed)
        .await
        .unwrap();
    assert_eq!(2, gets(&site));
    let asked = site.net.log().len();

    let again = site
        .session()
        .manifest(&image(JOBS_MANAGER), &pushed)
        .await
        .unwrap();

    assert_eq!(first, again);
    assert_eq!(
        asked,
        site.net.log().len(),
        "another session, another process: no request at all"
    );
}

#[tokio::test]
async fn proof_for_a_patch_comes_from_the_registry_alone() {
    let site = Site::new();
    let pushed = digest(&site.net.push(INGESTOR, Index::of(["linux/amd64"])));
    let session = site.session();
    session.manifest(&image(INGESTOR), &pushed).await.unwrap();
    session
        .fresh_manifest(&image(INGESTOR), &pushed)
        .await
        .unwrap();
    assert_eq!(2, gets(&site));

    site.net
        .delete(&format!("ghcr.io/tracebloc/ingestor@{pushed}"));
    assert!(
        session.manifest(&image(INGESTOR), &pushed).await.is_ok(),
        "kept"
    );
    let failure = session
        .fresh_manifest(&image(INGESTOR), &pushed)
        .await
        .unwrap_err();
    assert_eq!(Some(Code::DigestGone), failure.code);
}

#[tokio::test]
async fn without_a_cache_every_look_asks() {
    let site = Site::new();
    let pushed = digest(&site.net.push(INGESTOR, Index::of(["linux/amd64"])));
    let session = site.session_with(Options {
        cache: CacheUse::Off,
        ..site.options()
    });
    for _ in 0..2 {
        session.manifest(&image(INGESTOR), &pushed).await.unwrap();
    }
    assert_eq!(2, gets(&site));
}

#[tokio::test]
async fn a_damaged_entry_of_the_cache_is_fetched_again() {
    let site = Site::new();
    let pushed = digest(&site.net.push(INGESTOR, Index::of(["linux/amd64"])));
    let want = site
        .session()
        .manifest(&image(INGESTOR), &pushed)
        .await
        .unwrap();
    let entry = site.folder.path().join("cache").join(pushed.hex());
    // A manifest, and not the one of this digest.
    std::fs::write(&entry, &Content::from(Index::of(["linux/s390x"])).body).unwrap();

    let again = site
        .session()
        .manifest(&image(INGESTOR), &pushed)
        .await
        .unwrap();

    assert_eq!((want, 2), (again, gets(&site)));
}

#[tokio::test]
async fn what_is_not_the_digest_is_refused() {
    for (name, fault, code, message) in [
        (
            "other content",
            Fault::OtherContent,
            Code::DigestNotProvable,
            "what came is not what the digest names",
        ),
        (
            "gone",
            Fault::Gone,
            Code::DigestGone,
            "the digest is gone from the registry",
        ),
        (
            "too large",
            Fault::TooLarge,
            Code::DigestNotProvable,
            "larger than anything of its kind",
        ),
        (
            "without end",
            Fault::Endless,
            Code::DigestNotProvable,
            "larger than anything of its kind",
        ),
        (
            "a block page",
            Fault::BlockPage,
            Code::NotARegistry,
            "answered 200 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway)",
        ),
        (
            "cut short",
            Fault::Truncated,
            Code::RegistryError,
            "the answer was cut short",
        ),
        (
            "reset",
            Fault::ResetMidBody,
            Code::RegistryError,
            "the answer was cut short",
        ),
        (
            "the pull quota",
            Fault::QuotaGet,
            Code::QuotaUsedUp,
            "the pull quota of this address is used up (429)",
        ),
    ] {
        let site = Site::new();
        let pushed = site.net.push(JOBS_MANAGER, Index::of(["linux/amd64"]));
        site.net
            .fault(at("registry-1.docker.io").only(Kind::Manifest), fault);
        let failure = site
            .session()
            .manifest(&image(JOBS_MANAGER), &digest(&pushed))
            .await
            .unwrap_err();
        assert_eq!(
            (Some(code), message),
            (failure.code, &*failure.message),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_document_that_is_not_clearly_one_thing_is_not_judged_though_its_digest_is_right() {
    for (fault, message) in [
        (Fault::IndexAndImage, "neither an index nor an image"),
        (Fault::SchemaOne, "a manifest of another schema version"),
        (
            Fault::TypeMismatch,
            "a manifest whose media types contradict each other",
        ),
    ] {
        let site = Site::new();
        site.net.fault("ghcr.io", fault);
        let session = site.session();
        let found = session.latest(&image(INGESTOR)).await.unwrap();
        let failure = session
            .manifest(&image(INGESTOR), &found.digest)
            .await
            .unwrap_err();
        assert_eq!(
            (Some(Code::DigestNotProvable), message),
            (failure.code, &*failure.message)
        );
    }
}

#[tokio::test]
async fn a_config_is_fetched_from_where_the_registry_keeps_its_layers() {
    for (reference, host) in [
        (INGESTOR, "pkg-containers.githubusercontent.com"),
        (JOBS_MANAGER, "production.cloudfront.docker.com"),
    ] {
        let site = Site::new();
        let content = Content::from(Image::new("linux/arm64").created("2026-02-03T04:05:06Z"));
        site.net.push(reference, &content);
        let session = site.session();
        let config = session
            .config(&image(reference), &digest(&content.config_digest()))
            .await
            .unwrap();
        assert_eq!(Platform::new("linux", "arm64", None), config.platform);
        assert_eq!(
            Some("2026-02-03T04:05:06Z".parse().unwrap()),
            config.created
        );
        assert_eq!(1, count(&site, |seen| seen.host == host));
        let asked = site.net.log().len();
        session
            .config(&image(reference), &digest(&content.config_digest()))
            .await
            .unwrap();
        assert_eq!(asked, site.net.log().len(), "kept");
    }
}

#[tokio::test]
async fn a_registry_may_serve_its_layers_itself() {
    let site = Site::new();
    site.net.add(Registry::open("registry.acme.example"));
    let content = Content::from(Image::new("linux/arm64"));
    site.net.push("registry.acme.example/app:1", &content);
    let app = image("registry.acme.example/app:1");
    site.session()
        .config(&app, &digest(&content.config_digest()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_host_of_layers_that_fails_is_named_and_so_is_its_layer() {
    let cdn = "pkg-containers.githubusercontent.com";
    for (name, place, fault, want) in [
        (
            "blocked",
            cdn,
            Fault::Refuse,
            "TBI-261 connect pkg-containers.githubusercontent.com: connection refused",
        ),
        (
            "no name",
            cdn,
            Fault::NxDomain,
            "TBI-261 dns pkg-containers.githubusercontent.com: name not known (NXDOMAIN)",
        ),
        (
            "intercepted",
            cdn,
            Fault::Intercept,
            "TBI-261 tls pkg-containers.githubusercontent.com: certificate issued by an authority that this machine does not trust",
        ),
        (
            "a block page",
            cdn,
            Fault::BlockPage,
            "TBI-261 http pkg-containers.githubusercontent.com: answered 200 with a web page \"Acme Web Gateway: access denied\" (server Acme-Web-Gateway)",
        ),
        (
            "the signature is not accepted",
            cdn,
            Fault::Status(403),
            "TBI-262 layers pkg-containers.githubusercontent.com: the signed request was refused (403): altered on its way, or a wrong clock",
        ),
        (
            "the registry has none",
            "ghcr.io/tracebloc/other",
            Fault::Empty(200),
            "TBI-408 layers ghcr.io: the digest is gone from the registry",
        ),
    ] {
        let site = Site::new();
        let content = Content::from(Image::new("linux/arm64"));
        site.net.push(INGESTOR, &content);
        site.net.fault(place, fault);
        let wanted = match place {
            cdn_ if cdn_ == cdn => content.config_digest(),
            _ => format!("sha256:{}", "0".repeat(64)),
        };
        let failure = site
            .session()
            .config(&image(INGESTOR), &digest(&wanted))
            .await
            .unwrap_err();
        assert_eq!(want, words(&failure), "{name}");
    }
}
