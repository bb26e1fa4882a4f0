//! Images that nothing moves: who pinned them, and mirrors.

use super::*;
use crate::observation::Spec;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;

fn pin(site: &mut Site, image: ManagedImage) {
    site.cron_job().pinned.insert(image);
}

fn set(site: &mut Site, start: &str) {
    let repository = tracks(INGESTOR).name();
    site.workload(INGESTOR).spec = Spec::Pinned {
        repository,
        digest: digest(start),
    };
}

fn held(site: &Site, image: ManagedImage) -> Option<String> {
    let assessed = assess(&site.0);
    let image = assessed
        .images
        .into_iter()
        .find(|one| one.image == image)
        .expect("the image");
    assert_eq!(image.held.is_some(), image.states.contains(&State::Held));
    image.held
}

#[test]
fn who_pinned_an_image_is_said_with_the_key() {
    const BY_ENV: &str = "set by values (env.INGESTOR_IMAGE_DIGEST)";
    let rows: &[(&str, fn() -> Site, Change, ManagedImage, Option<&str>)] = &[
        ("nobody", Site::g10, |_| {}, JOBS, None),
        (
            "jobs-manager",
            Site::g7,
            |site| pin(site, JOBS),
            JOBS,
            Some("pinned by values (images.jobsManager.digest)"),
        ),
        (
            "a pin of another image",
            Site::g7,
            |site| pin(site, JOBS),
            ManagedImage::PodsMonitor,
            None,
        ),
        (
            "the monitor",
            Site::g10,
            |site| pin(site, ManagedImage::ResourceMonitor),
            ManagedImage::ResourceMonitor,
            Some("pinned by values (images.resourceMonitor.digest)"),
        ),
        (
            "the proxy by its own key",
            Site::g10,
            |site| pin(site, ManagedImage::RequestsProxy),
            ManagedImage::RequestsProxy,
            Some("pinned by values (images.requestsProxy.digest)"),
        ),
        (
            "the proxy by the image that it runs",
            Site::g10,
            |site| pin(site, JOBS),
            ManagedImage::RequestsProxy,
            Some("pinned by values (images.jobsManager.digest)"),
        ),
        (
            "the ingestor of old charts",
            Site::g2,
            |site| pin(site, INGESTOR),
            INGESTOR,
            Some("pinned by values (images.ingestor.autoRefresh: false)"),
        ),
        (
            "a baseline is no pin there",
            Site::g2,
            |site| set(site, "a0861ea9"),
            INGESTOR,
            None,
        ),
        (
            "two entries of one name",
            Site::g2,
            |site| site.workload(INGESTOR).duplicate_entries = 1,
            INGESTOR,
            Some(BY_ENV),
        ),
        (
            "valueFrom",
            Site::g1,
            |site| {
                let workload = site.workload(INGESTOR);
                workload.spec =
                    Spec::Unreadable("INGESTOR_IMAGE_DIGEST is set by valueFrom".to_owned());
                workload.written = String::new();
            },
            INGESTOR,
            Some(BY_ENV),
        ),
        (
            "no digest, which the refresher replaces",
            Site::g1,
            |site| {
                let workload = site.workload(INGESTOR);
                workload.spec =
                    Spec::Unreadable("INGESTOR_IMAGE_DIGEST is no digest: latest".to_owned());
                workload.written = "latest".to_owned();
            },
            INGESTOR,
            None,
        ),
        (
            "a chart's own pin",
            Site::g10,
            |site| {
                set(
                    site,
                    "9098b3c9b83951f825e262d6ff1e9c47c46c5b5cafbfc8fef1ed82ccbadebb24",
                );
            },
            INGESTOR,
            Some("pinned by the chart (images.ingestor.prodDigest); it moves with the chart"),
        ),
        (
            "some other pin",
            Site::g10,
            |site| set(site, "a0861ea9"),
            INGESTOR,
            Some("pinned by values or chart (images.ingestor.digest, or else prodDigest)"),
        ),
        (
            "a pin and a second entry",
            Site::g10,
            |site| {
                set(site, "a0861ea9");
                site.workload(INGESTOR).duplicate_entries = 1;
            },
            INGESTOR,
            Some(BY_ENV),
        ),
        (
            "a chart whose refresher has no pass for it",
            Site::g2,
            |site| {
                site.0.release.capabilities = crate::capability::Capabilities::default();
            },
            INGESTOR,
            Some("set by chart or values (images.ingestor.digest); nothing here refreshes it"),
        ),
        (
            "a workload that is not there is pinned by nobody",
            Site::g10,
            |site| {
                pin(site, ManagedImage::ResourceMonitor);
                site.observed(ManagedImage::ResourceMonitor).workload = Err(blind("not there"));
            },
            ManagedImage::ResourceMonitor,
            None,
        ),
    ];
    for (sentence, site, change, image, want) in rows {
        let mut site = site();
        change(&mut site);
        assert_eq!(*want, held(&site, *image).as_deref(), "{sentence}");
    }
}

#[test]
fn a_pin_is_held_whatever_the_registry_says() {
    let mut site = Site::g7();
    pin(&mut site, JOBS);
    let down = failure(
        Code::Dropped,
        Layer::Connect,
        "registry-1.docker.io",
        "timed out",
    );
    site.block(JOBS, down);
    site.annotate(Streak::Attempts.key(), "3");
    assert_eq!(
        ("held".to_owned(), "1db49be156bb".to_owned()),
        judged(&site, JOBS)
    );
    site.workload(JOBS).pods.as_mut().expect("pods")[0].phase = waiting("ImagePullBackOff", "");
    assert_eq!("broken held", judged(&site, JOBS).0);
}

#[test]
fn a_mirror_is_not_compared_and_not_asked_about() {
    let mut site = Site::g10();
    site.0.mirror = Some("mirror.corp.example".to_owned());
    site.0.registry = crate::observation::RegistryAnswers::default();
    site.annotate(Streak::Skips.key(), "9");
    let assessed = assess(&site.0);
    assert_eq!(
        vec![
            "ingestor: unknown",
            "jobs-manager: mirrored",
            "pods-monitor: mirrored",
            "resource-monitor: mirrored",
            "requests-proxy: mirrored",
        ],
        states(&assessed),
        "the ingestor goes by its own mirror"
    );
    assert_eq!(
        Err(blind(
            "not asked: it comes from the mirror 'mirror.corp.example'"
        )),
        assessed.images[1].latest
    );
    assert!(
        assessed
            .egress
            .iter()
            .all(|egress| egress.registry == "ghcr.io")
    );

    pin(&mut site, JOBS);
    assert_eq!(
        None,
        held(&site, JOBS),
        "what is mirrored is not called held"
    );
    site.publish(JOBS, "1db49be156bb", BOTH);
    let jobs = assess(&site.0).images.swap_remove(1);
    assert_eq!(JOBS, jobs.image);
    assert!(
        jobs.coverage.in_use.is_err(),
        "the public registry's content is another's"
    );
    site.cron_job().pinned.clear();

    site.0.mirror = None;
    site.observed(INGESTOR).mirror = Some("mirror.corp.example".to_owned());
    assert_eq!("mirrored", judged(&site, INGESTOR).0);
    assert_eq!("stuck", judged(&site, JOBS).0);
}

#[test]
fn a_mirrors_pod_may_still_be_broken() {
    let mut site = Site::g10();
    site.0.mirror = Some(String::new());
    site.workload(JOBS).pods.as_mut().expect("pods")[0].phase =
        waiting("ErrImagePull", "no such host");
    assert_eq!("broken mirrored", judged(&site, JOBS).0);
    assert!(
        message(&assess(&site.0), Code::Mirrored).contains("the mirror ''"),
        "as the refresher says it"
    );
}
