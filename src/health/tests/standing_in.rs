//! What stands for pods where there are none: the spec, an environment, a tag on its own.

use super::*;
use crate::image::Reference;
use crate::observation::{Pull, Running, Spec};

const JOBS: ManagedImage = ManagedImage::JobsManager;
const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const NEW: &str = "1db49be156bb";

fn tag(site: &mut Site, pull: Pull) {
    site.workload(JOBS).spec = Spec::Tagged {
        reference: tracks(JOBS),
        pull,
    };
}

#[test]
fn without_replicas_the_spec_stands_in() {
    let rows: &[(&str, Change, &str, &str)] = &[
        (
            "a tag that is pulled at every start",
            |site| tag(site, Pull::Always),
            "current",
            "tag prod",
        ),
        (
            "a tag that a node may have cached",
            |site| tag(site, Pull::Cached),
            "unknown",
            "tag prod",
        ),
        (
            "another tag than the one that is polled",
            |site| {
                site.workload(JOBS).spec = Spec::Tagged {
                    reference: Reference::tagged("docker.io", "tracebloc/jobs-manager", "dev"),
                    pull: Pull::Always,
                };
            },
            "unknown",
            "tag dev",
        ),
        (
            "the latest digest",
            |site| {
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(NEW),
                };
            },
            "current",
            NEW,
        ),
        (
            "an older digest",
            |site| {
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(OLD),
                };
            },
            "drifted",
            OLD,
        ),
        (
            "pods that may not be listed matter no more",
            |site| {
                site.workload(JOBS).pods = Err(blind("forbidden"));
            },
            "current",
            "tag prod",
        ),
    ];
    for (sentence, change, state, in_use) in rows {
        let mut site = Site::g7();
        site.know(OLD, BOTH);
        site.workload(JOBS).replicas = Some(0);
        site.workload(JOBS).pods = Ok(Vec::new());
        change(&mut site);
        let want = ((*state).to_owned(), (*in_use).to_owned());
        assert_eq!(want, judged(&site, JOBS), "{sentence}");
    }
}

/// The ingestor of G1 and G2: spec and pods are environments. Rows of the chart contract, 5.3.
#[test]
fn the_ingestor_is_what_stands_in_the_environment() {
    const LATEST: &str = "d361fa778554";
    let rows: &[(&str, Change, &str, &str)] = &[
        ("D5: all agree", |_| {}, "current", LATEST),
        (
            "D3: an older one is set and recorded",
            |site| site.is_at(INGESTOR, OLD),
            "stale",
            OLD,
        ),
        (
            "D4: the record is ahead of the environment",
            |site| {
                site.runs(INGESTOR, OLD);
                site.workload(INGESTOR).spec = Spec::Pinned {
                    repository: tracks(INGESTOR).name(),
                    digest: digest(OLD),
                };
            },
            "drifted",
            OLD,
        ),
        (
            "D1: an older one is set, and nothing recorded",
            |site| {
                site.is_at(INGESTOR, OLD);
                forget(site, INGESTOR);
            },
            "stale",
            OLD,
        ),
        (
            "D2: nothing is set",
            |site| {
                empty(site);
                forget(site, INGESTOR);
            },
            "broken stale",
            "none",
        ),
        (
            "nothing is set, and nothing runs",
            |site| {
                empty(site);
                site.workload(INGESTOR).replicas = Some(0);
            },
            "broken drifted",
            "none",
        ),
        (
            "the record is no digest",
            |site| {
                site.annotate(INGESTOR.record_key().expect("a key"), "sha256:x");
            },
            "drifted",
            LATEST,
        ),
        (
            "the record is no digest, and an older one is set",
            |site| {
                site.is_at(INGESTOR, OLD);
                site.annotate(INGESTOR.record_key().expect("a key"), "sha256:x");
            },
            "stale drifted",
            OLD,
        ),
    ];
    for (sentence, change, state, in_use) in rows {
        let mut site = Site::g2();
        site.know(OLD, BOTH);
        change(&mut site);
        let want = ((*state).to_owned(), (*in_use).to_owned());
        assert_eq!(want, judged(&site, INGESTOR), "{sentence}");
    }
}

fn forget(site: &mut Site, image: ManagedImage) {
    let record = site.0.record.as_mut().expect("a record");
    record
        .annotations
        .remove(image.record_key().expect("a key"));
}

fn empty(site: &mut Site) {
    site.workload(INGESTOR).spec = Spec::Empty;
    for pod in site.workload(INGESTOR).pods.iter_mut().flatten() {
        pod.running = Running::Empty;
    }
}

#[test]
fn without_a_refresher_a_tag_is_compared_with_itself_and_no_record_counts() {
    let rows: &[(&str, Change, &str)] = &[
        ("what runs is the tag", |_| {}, "current"),
        (
            "an old record says nothing",
            |site| site.annotate(JOBS.record_key().expect("a key"), digest(OLD).as_str()),
            "current",
        ),
        ("a build behind", |site| site.is_at(JOBS, OLD), "stale"),
        (
            "a digest in the spec is a pin",
            |site| {
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(OLD),
                };
            },
            "held",
        ),
    ];
    for (sentence, change, state) in rows {
        let mut site = Site::without_refresher();
        site.know(OLD, BOTH);
        change(&mut site);
        assert_eq!(*state, judged(&site, JOBS).0, "{sentence}");
    }
}
