//! The images of every generation, from the objects of its chart.

use super::super::discover::releases;
use super::super::fixture::{Chart, Generation, Proxy, Values, of_kind};
use super::*;
use crate::image::Digest;

const DIGEST: &str = "sha256:a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

/// What is seen of a release right after its objects were created, without pods.
struct Seen {
    images: Vec<ObservedImage>,
    mirror: Option<String>,
    proxy: ProxySettings,
}

fn seen(generation: Generation, change: impl FnOnce(&mut Values)) -> Seen {
    seen_with(generation, change, None)
}

fn seen_with(
    generation: Generation,
    change: impl FnOnce(&mut Values),
    ingestion: Option<&PodSpec>,
) -> Seen {
    let objects = Chart::with(generation, change).objects();
    let cron_jobs: Vec<_> = of_kind(&objects, "CronJob");
    let deployments: Vec<Deployment> = of_kind(&objects, "Deployment");
    let monitor = of_kind::<DaemonSet>(&objects, "DaemonSet")
        .into_iter()
        .next();
    let [release] = &releases(&cron_jobs[..cron_jobs.len().min(1)], &deployments)[..] else {
        panic!("one release")
    };
    let objects = Objects {
        deployments: &deployments,
        replica_sets: &Ok(Vec::new()),
        pods: &Ok(Vec::new()),
        monitor: &Ok(monitor.map(|set| (set, Ok(Vec::new())))),
        ingestion,
        lost: &BTreeSet::new(),
    };
    Seen {
        images: images(release, &objects),
        mirror: mirror(release, &deployments),
        proxy: proxy(release, &deployments),
    }
}

impl Seen {
    fn spec(&self, image: ManagedImage) -> &Spec {
        let seen = self
            .images
            .iter()
            .find(|seen| seen.image == image)
            .expect("the image");
        &seen.workload.as_ref().expect("a workload").spec
    }

    fn tracks(&self, image: ManagedImage) -> Option<String> {
        self.images
            .iter()
            .find(|seen| seen.image == image)?
            .tracks
            .as_ref()
            .map(ToString::to_string)
    }
}

#[test]
fn each_generation_has_its_images() {
    use ManagedImage::{Ingestor, JobsManager, PodsMonitor, RequestsProxy, ResourceMonitor};

    for generation in Generation::ALL {
        let seen = seen(generation, |_| {});
        let images: Vec<_> = seen.images.iter().map(|seen| seen.image).collect();
        let want = if generation >= Generation::G8 {
            vec![
                Ingestor,
                JobsManager,
                PodsMonitor,
                ResourceMonitor,
                RequestsProxy,
            ]
        } else {
            vec![Ingestor, JobsManager, PodsMonitor]
        };
        assert_eq!(want, images, "{generation:?}");
        assert_eq!(
            Some("docker.io/tracebloc/jobs-manager:prod".to_owned()),
            seen.tracks(JobsManager)
        );
        assert!(
            seen.images.iter().all(|image| image.workload.is_ok()),
            "{generation:?}"
        );
        assert_eq!(None, seen.mirror, "{generation:?}");
    }
}

#[test]
fn the_ingestor_is_a_digest_in_the_environment_or_a_tag_at_each_spawn() {
    let digest = || -> Digest { DIGEST.parse().expect("digest") };
    let pinned = || Spec::Pinned {
        repository: "ghcr.io/tracebloc/ingestor".to_owned(),
        digest: digest(),
    };
    let g1 = seen(Generation::G1, |_| {});
    assert_eq!(&pinned(), g1.spec(ManagedImage::Ingestor));
    assert_eq!(
        Some("ghcr.io/tracebloc/ingestor:0.3".to_owned()),
        g1.tracks(ManagedImage::Ingestor)
    );
    let empty = seen(Generation::G2, |values| {
        values.images.ingestor.digest = Some(String::new());
    });
    assert_eq!(&Spec::Empty, empty.spec(ManagedImage::Ingestor));
    let floats = seen(Generation::G3, |_| {});
    assert!(matches!(
        floats.spec(ManagedImage::Ingestor),
        Spec::Floats(_)
    ));
    let held = seen(Generation::G10, |values| {
        values.images.ingestor.digest = Some(DIGEST.to_owned());
    });
    assert_eq!(&pinned(), held.spec(ManagedImage::Ingestor));
}

#[test]
fn the_last_of_two_entries_is_the_ingestor_and_the_other_is_reported() {
    let twice = seen(Generation::G2, |values| {
        values
            .env
            .push(("INGESTOR_IMAGE_DIGEST".to_owned(), DIGEST.to_owned()));
    });
    let ingestor = twice
        .images
        .iter()
        .find(|seen| seen.image == ManagedImage::Ingestor)
        .expect("ingestor");
    let workload = ingestor.workload.as_ref().expect("workload");
    assert_eq!(1, workload.duplicate_entries);
    assert!(matches!(&workload.spec, Spec::Pinned { digest, .. } if digest.as_str() == DIGEST));
}

#[test]
fn a_mirror_is_told_by_the_images_before_g8_and_by_the_environment_since() {
    for (generation, registry, want) in [
        (
            Generation::G5,
            "mirror.corp.example",
            Some("mirror.corp.example"),
        ),
        (
            Generation::G10,
            "mirror.corp.example/hub",
            Some("mirror.corp.example/hub"),
        ),
        (Generation::G10, "docker.io", None),
    ] {
        let seen = seen(generation, |values| {
            values.mirror = Some(registry.to_owned());
        });
        assert_eq!(want, seen.mirror.as_deref(), "{generation:?} {registry}");
    }
    let ingestor = seen(Generation::G10, |values| {
        values.mirror = Some("mirror.corp.example".to_owned());
    });
    let ingestor = ingestor
        .images
        .iter()
        .find(|seen| seen.image == ManagedImage::Ingestor)
        .expect("ingestor");
    assert_eq!(Some("mirror.corp.example"), ingestor.mirror.as_deref());
}

#[test]
fn a_proxy_of_the_api_container_alone_is_noticed() {
    let proxy = Proxy {
        host: "proxy.corp.example".to_owned(),
        port: Some(3128),
        login: None,
        no_proxy: None,
    };
    for (generation, want) in [
        (Generation::G2, ProxySettings::ApiOnly),
        (Generation::G10, ProxySettings::CronJob),
    ] {
        let seen = seen(generation, |values| values.proxy = Some(proxy.clone()));
        assert_eq!(want, seen.proxy, "{generation:?}");
    }
    assert_eq!(ProxySettings::None, seen(Generation::G2, |_| {}).proxy);
}

#[test]
fn a_monitor_that_is_switched_off_is_no_image() {
    let seen = seen(Generation::G10, |values| values.resource_monitor = false);
    assert!(
        seen.images
            .iter()
            .all(|seen| seen.image != ManagedImage::ResourceMonitor)
    );
}

#[test]
fn an_ingestion_chooses_its_nodes_and_credentials_itself() {
    let ingestion: PodSpec = serde_json::from_value(serde_json::json!({
        "containers": [],
        "nodeSelector": {"gpu": "yes"},
        "imagePullSecrets": [{"name": "own"}],
    }))
    .expect("a spec");
    let of = |ingestion| {
        let seen = seen_with(Generation::G10, |_| {}, ingestion);
        let ingestor = seen
            .images
            .into_iter()
            .next()
            .expect("the ingestor is first");
        ingestor.workload.expect("a workload")
    };
    let kept = of(Some(&ingestion));
    assert_eq!(vec!["own"], kept.credentials.secrets);
    assert!(kept.scheduling.node_selector.contains_key("gpu"));
    let none = of(None);
    assert_eq!(None, none.scheduling.node_selector.get("gpu"));
    assert_ne!(
        kept.credentials, none.credentials,
        "jobs-manager's stand in"
    );
}
