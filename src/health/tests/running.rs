//! What runs, what is in use, and what both make of the state: one change to a healthy release at a time.

use super::*;
use crate::capability::Capability;
use crate::lookup::{Content, Manifest};
use crate::node::Standing;
use crate::observation::{PodPhase, Running, Spec, Template};

const JOBS: ManagedImage = ManagedImage::JobsManager;
const NEW: &str = "1db49be156bb";

fn second_pod<'a>(site: &'a mut Site, start: &str) -> &'a mut crate::observation::Pod {
    let pods = site.workload(JOBS).pods.as_mut().expect("pods");
    pods.push(pod("berlin-jobs-manager-second", "edge-01", &digest(start)));
    pods.last_mut().expect("a pod")
}

#[test]
fn pods_say_what_runs() {
    let rows: &[(&str, Change, &str, &str)] = &[
        ("nothing changed", |_| {}, "current", NEW),
        (
            "an older build runs and is recorded",
            |site| site.is_at(JOBS, OLD),
            "stale",
            OLD,
        ),
        (
            "an older build runs, the record is right",
            |site| site.runs(JOBS, OLD),
            "drifted",
            OLD,
        ),
        (
            "the imageID is the child",
            |site| {
                second_pod(site, NEW).running = Running::Manifest(child(NEW, "arm64"));
            },
            "current",
            NEW,
        ),
        (
            "the imageID is another platform's child",
            |site| {
                second_pod(site, NEW).running = Running::Manifest(child(NEW, "amd64"));
            },
            "drifted",
            "2 digests",
        ),
        (
            "one of two pods is old",
            |site| {
                second_pod(site, OLD);
            },
            "drifted",
            "2 digests",
        ),
        (
            "the old pod is of an older template",
            |site| {
                second_pod(site, OLD).template = Template::Older;
            },
            "drifted",
            NEW,
        ),
        (
            "the old pod is on its way out",
            |site| {
                second_pod(site, OLD).phase = PodPhase::Terminating;
            },
            "current",
            NEW,
        ),
        (
            "the old pod's node is lost",
            |site| {
                second_pod(site, OLD).phase = PodPhase::NodeLost;
            },
            "current",
            NEW,
        ),
        (
            "a pod has not pulled yet",
            |site| {
                let pod = second_pod(site, NEW);
                pod.running = Running::Unknown("not pulled yet".to_owned());
                pod.phase = waiting("ContainerCreating", "");
            },
            "unknown",
            NEW,
        ),
        (
            "a pod that is not ready runs it all the same",
            |site| {
                second_pod(site, NEW).phase = PodPhase::NotReady;
            },
            "current",
            NEW,
        ),
        (
            "only a pod that is not ready runs",
            |site| {
                site.workload(JOBS).pods.as_mut().expect("pods")[0].phase = PodPhase::NotReady;
            },
            "current",
            NEW,
        ),
        (
            "the newest pod cannot pull, the old one serves",
            |site| {
                site.is_at(JOBS, OLD);
                site.workload(JOBS).pods.as_mut().expect("pods")[0].template = Template::Older;
                let pod = second_pod(site, NEW);
                pod.phase = waiting("ImagePullBackOff", "Back-off pulling image");
                pod.running = Running::Unknown("not pulled yet".to_owned());
            },
            "broken stale",
            OLD,
        ),
        (
            "a crash is never current",
            |site| {
                second_pod(site, NEW).phase = waiting("CrashLoopBackOff", "back-off 10s");
            },
            "broken",
            NEW,
        ),
        (
            "nor is what has just ended",
            |site| {
                second_pod(site, NEW).phase = waiting("OOMKilled", "exit code 137");
            },
            "broken",
            NEW,
        ),
        (
            "waiting for a node is not the image's fault",
            |site| {
                let pod = second_pod(site, NEW);
                pod.phase = waiting("Unschedulable", "0/1 nodes are available");
                pod.running = Running::Unknown("no container status".to_owned());
            },
            "unknown",
            NEW,
        ),
        (
            "the imageID says nothing",
            |site| {
                second_pod(site, NEW).running = Running::Unknown("imageID x".to_owned());
            },
            "unknown",
            "? pod berlin-jobs-manager-second: imageID x",
        ),
        (
            "pods may not be listed",
            |site| {
                site.workload(JOBS).pods = Err(blind("pods is forbidden"));
            },
            "unknown",
            "? pods is forbidden",
        ),
        (
            "pods may not be listed, and the spec is old",
            |site| {
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(OLD),
                };
                site.workload(JOBS).pods = Err(blind("pods is forbidden"));
            },
            "drifted",
            "? pods is forbidden",
        ),
        (
            "no pod runs, though one should",
            |site| {
                site.workload(JOBS).pods = Ok(Vec::new());
            },
            "unknown",
            "tag prod",
        ),
        (
            "the only pod has not pulled yet",
            |site| {
                let pod = &mut site.workload(JOBS).pods.as_mut().expect("pods")[0];
                pod.running = Running::Unknown("not pulled yet".to_owned());
                pod.phase = waiting("ContainerCreating", "");
            },
            "unknown",
            "tag prod",
        ),
        (
            "pods may not be listed, and neither spec nor record is the latest",
            |site| {
                site.know("fade", BOTH);
                site.is_at(JOBS, "fade");
                site.workload(JOBS).spec = Spec::Pinned {
                    repository: tracks(JOBS).name(),
                    digest: digest(OLD),
                };
                site.workload(JOBS).pods = Err(blind("forbidden"));
            },
            "stale drifted",
            "? forbidden",
        ),
        (
            "the Deployment went away",
            |site| {
                site.observed(JOBS).workload = Err(blind("deployment \"x\" is not there"));
            },
            "unknown",
            "? deployment \"x\" is not there",
        ),
        (
            "the spec cannot be read",
            |site| {
                site.workload(JOBS).spec = Spec::Unreadable("image \"\"".to_owned());
            },
            "unknown",
            NEW,
        ),
        (
            "the old digest was deleted from the registry",
            |site| {
                let gone = failure(
                    Code::DigestGone,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "no such digest",
                );
                site.0.registry.manifests.insert(digest("dead"), Err(gone));
                site.is_at(JOBS, "dead");
            },
            "stale",
            "dead00000000",
        ),
        (
            "the registry does not show the old digest",
            |site| {
                let limited = failure(
                    Code::RateLimited,
                    Layer::Manifest,
                    "registry-1.docker.io",
                    "429",
                );
                site.0
                    .registry
                    .manifests
                    .insert(digest("dead"), Err(limited));
                site.is_at(JOBS, "dead");
            },
            "unknown",
            "dead00000000",
        ),
    ];
    for (sentence, change, state, in_use) in rows {
        let mut site = Site::g7();
        site.know(OLD, BOTH);
        change(&mut site);
        let want = ((*state).to_owned(), (*in_use).to_owned());
        assert_eq!(want, judged(&site, JOBS), "{sentence}");
    }
}

#[test]
fn a_side_loaded_image_is_known_by_its_config() {
    let config = digest("c0f1");
    let mut site = Site::g7();
    for pod in site.workload(JOBS).pods.iter_mut().flatten() {
        pod.running = Running::Config(config.clone());
    }
    let why = "pod berlin-jobs-manager-x2k8p: not looked up";
    let assessed = assess(&site.0);
    let image = assessed
        .images
        .iter()
        .find(|one| one.image == JOBS)
        .expect("the image");
    assert_eq!(
        (vec![State::Unknown], Some(why)),
        (image.states.clone(), image.unknown.as_deref())
    );
    assert_eq!(
        InUse::Unknown(format!("only its image ID is known: {config}")),
        image.in_use
    );

    let leaf = child(NEW, "arm64");
    let content = Content::Image { config, size: 1 };
    site.0.registry.manifests.insert(
        leaf.clone(),
        Ok(Manifest {
            digest: leaf,
            content,
        }),
    );
    assert_eq!(("current".to_owned(), NEW.to_owned()), judged(&site, JOBS));
}

#[test]
fn requests_proxy_is_judged_by_the_record_and_the_lock_of_jobs_manager() {
    let proxy = ManagedImage::RequestsProxy;
    let mut site = Site::g10();
    site.know(OLD, BOTH);
    site.annotate(JOBS.record_key().expect("a key"), digest(OLD).as_str());
    assert_eq!("drifted", judged(&site, proxy).0, "its record is old");
    site.is_at(proxy, OLD);
    assert_eq!("stale", judged(&site, proxy).0);
    site.annotate(Streak::Attempts.key(), "3");
    assert_eq!("stuck stale", judged(&site, proxy).0);
    assert!(site.0.release.capabilities.has(Capability::FlapGuard));
}

#[test]
fn a_cordoned_or_lost_node_does_not_hide_what_its_pods_run() {
    for standing in [Standing::Unschedulable, Standing::NotReady] {
        let mut site = Site::g7();
        site.0.nodes.as_mut().expect("nodes")[0].standing = standing;
        assert_eq!("current", judged(&site, JOBS).0, "{standing:?}");
    }
}

#[test]
fn the_rest_disagrees_with_or_without_the_latest() {
    let rows: &[(&str, Change, &str)] = &[
        (
            "nothing but the record and pods that agree",
            |_| {},
            "unknown",
        ),
        (
            "the spec is not the record, whatever runs",
            |site| {
                set_old(site);
                site.workload(JOBS).pods = Err(blind("forbidden"));
            },
            "drifted unknown",
        ),
        (
            "the spec is not what runs, and nothing is recorded",
            |site| {
                set_old(site);
                let record = site.0.record.as_mut().expect("a record");
                record.annotations.clear();
            },
            "drifted unknown",
        ),
    ];
    for (sentence, change, want) in rows {
        let mut site = Site::g7();
        site.know(OLD, BOTH);
        let down = failure(
            Code::Dropped,
            Layer::Connect,
            "registry-1.docker.io",
            "timed out",
        );
        site.block(JOBS, down);
        change(&mut site);
        assert_eq!(*want, judged(&site, JOBS).0, "{sentence}");
    }
}

fn set_old(site: &mut Site) {
    site.workload(JOBS).spec = Spec::Pinned {
        repository: tracks(JOBS).name(),
        digest: digest(OLD),
    };
}

#[test]
fn what_pods_do_not_show_is_not_shown_as_nothing() {
    let mut site = Site::g7();
    let running = |site: &Site| {
        let images = assess(&site.0).images;
        let image = images.into_iter().find(|one| one.image == JOBS);
        image.expect("the image").running
    };
    assert_eq!(Ok(BTreeSet::from([digest(NEW)])), running(&site));
    site.workload(JOBS).pods.as_mut().expect("pods")[0].running =
        Running::Unknown("not pulled yet".to_owned());
    let why = "pod berlin-jobs-manager-x2k8p: not pulled yet";
    assert_eq!(Err(blind(why)), running(&site));
    site.workload(JOBS).pods = Ok(Vec::new());
    assert_eq!(Ok(BTreeSet::new()), running(&site), "nothing runs");
}

#[test]
fn a_container_that_waits_is_no_fault_of_the_digest_in_its_environment() {
    let mut site = Site::g2();
    for image in [ManagedImage::Ingestor, JOBS] {
        site.workload(image).pods.as_mut().expect("pods")[0].phase =
            waiting("CrashLoopBackOff", "");
    }
    assert_eq!("current", judged(&site, ManagedImage::Ingestor).0);
    assert_eq!("broken", judged(&site, JOBS).0);
}
