//! Which node pulls what, on releases that are whole but for what a test changes.

use super::*;
use crate::health::fixtures::{AMD64, BOTH, Site, blind, digest, node, pod};
use crate::image::ManagedImage::{Ingestor, JobsManager, RequestsProxy, ResourceMonitor};
use crate::node::{Scheduling, Standing, Taint, Toleration};

const NEW: &str = "abc";

/// Three nodes of two platforms; the pods run on edge-02.
fn site() -> Site {
    let mut site = Site::g10();
    site.0.nodes = Ok(vec![
        node("edge-01", "amd64"),
        node("edge-02", "amd64"),
        node("edge-03", "arm64"),
    ]);
    site.know(NEW, BOTH);
    for image in [JobsManager, RequestsProxy, ResourceMonitor] {
        site.workload(image).pods = Ok(vec![pod("x", "edge-02", &digest("0"))]);
    }
    site
}

fn nodes(site: &mut Site) -> &mut [Node] {
    site.0.nodes.as_mut().unwrap()
}

fn tests_of(images: &[ManagedImage], site: &Site) -> Vec<PullTest> {
    let digest = digest(NEW);
    let pulls: Vec<_> = images
        .iter()
        .map(|image| Pull {
            image: *image,
            repository: match image {
                RequestsProxy => "docker.io/tracebloc/jobs-manager",
                _ => "docker.io/tracebloc/x",
            },
            digest: &digest,
        })
        .collect();
    needed(&pulls, &site.0)
}

/// `edge-02 linux/amd64`, with `held` where the node has it; why not, where no node is known.
fn places(images: &[ManagedImage], site: &Site) -> Vec<String> {
    tests_of(images, site)
        .into_iter()
        .map(|test| match test.place {
            Ok(place) => {
                let platform = place.platform.map_or("?".to_owned(), |p| p.to_string());
                let held = match place.before {
                    Before::Held => " held",
                    Before::NotListed => "",
                };
                format!("{} {platform}{held}", place.node)
            }
            Err(blind) => blind.0,
        })
        .collect()
}

#[test]
fn one_node_of_each_platform_pulls_and_first_the_one_that_runs_the_pod() {
    let amd64 = "edge-02 linux/amd64";
    let arm64 = "edge-03 linux/arm64";
    let taint = |site: &mut Site| {
        nodes(site)[1].taints.push(Taint {
            key: "gpu".to_owned(),
            value: String::new(),
            effect: "NoSchedule".to_owned(),
        });
    };
    for (name, change, want) in [
        (
            "as it is",
            Box::new(|_: &mut Site| {}) as Box<dyn Fn(&mut Site)>,
            vec![amd64, arm64],
        ),
        (
            "the pod's node takes nothing new",
            Box::new(|site: &mut Site| nodes(site)[1].standing = Standing::Unschedulable),
            vec!["edge-01 linux/amd64", arm64],
        ),
        (
            "it is lost",
            Box::new(|site: &mut Site| nodes(site)[1].standing = Standing::NotReady),
            vec!["edge-01 linux/amd64", arm64],
        ),
        (
            "it repels the pod",
            Box::new(taint),
            vec!["edge-01 linux/amd64", arm64],
        ),
        (
            "the pod tolerates it",
            Box::new(move |site: &mut Site| {
                taint(site);
                site.workload(JobsManager)
                    .scheduling
                    .tolerations
                    .push(Toleration {
                        key: None,
                        operator: "Exists".to_owned(),
                        value: String::new(),
                        effect: None,
                    });
            }),
            vec![amd64, arm64],
        ),
        (
            "the pod is chosen a node by label",
            Box::new(|site: &mut Site| {
                let label = ("disk".to_owned(), "ssd".to_owned());
                nodes(site)[0].labels.extend([label.clone()]);
                site.workload(JobsManager)
                    .scheduling
                    .node_selector
                    .extend([label]);
            }),
            vec!["edge-01 linux/amd64"],
        ),
        (
            "a terminating pod runs nowhere",
            Box::new(|site: &mut Site| {
                let workload = site.workload(JobsManager);
                workload.pods.as_mut().unwrap()[0].phase = PodPhase::Terminating;
            }),
            vec!["edge-01 linux/amd64", arm64],
        ),
        (
            "the image has one platform",
            Box::new(|site: &mut Site| site.know(NEW, AMD64)),
            vec![amd64],
        ),
        (
            "the image is not known",
            Box::new(|site: &mut Site| drop(site.0.registry.manifests.remove(&digest(NEW)))),
            vec![amd64, arm64],
        ),
        (
            "no node will do",
            Box::new(|site: &mut Site| {
                for node in nodes(site) {
                    node.standing = Standing::NotReady;
                }
            }),
            vec!["no node is Ready, schedulable and right for its pods"],
        ),
        (
            "nodes may not be listed",
            Box::new(|site: &mut Site| site.0.nodes = Err(blind("not allowed"))),
            vec!["edge-02 ?"],
        ),
        (
            "nor do pods tell",
            Box::new(|site: &mut Site| {
                site.0.nodes = Err(blind("not allowed"));
                site.workload(JobsManager).pods = Err(blind("nor pods"));
            }),
            vec!["not allowed"],
        ),
        (
            "the workload is not known",
            Box::new(|site: &mut Site| {
                site.observed(JobsManager).workload = Err(blind("it is gone"));
            }),
            vec!["it is gone"],
        ),
    ] {
        let mut site = site();
        change(&mut site);
        assert_eq!(want, places(&[JobsManager], &site), "{name}");
    }
}

#[test]
fn an_ingestion_is_tested_where_one_may_land() {
    let mut site = site();
    site.workload(Ingestor).scheduling = Scheduling {
        node_selector: [("gpu".to_owned(), "yes".to_owned())].into(),
        ..Scheduling::default()
    };
    nodes(&mut site)[2]
        .labels
        .extend([("gpu".to_owned(), "yes".to_owned())]);
    assert_eq!(vec!["edge-03 linux/arm64"], places(&[Ingestor], &site));
}

#[test]
fn one_image_of_two_workloads_is_one_test_and_two_images_are_two() {
    let site = site();
    let twice = tests_of(&[RequestsProxy, RequestsProxy], &site);
    assert_eq!(2, twice.len(), "one for each platform: {twice:?}");
    let all = tests_of(&[ResourceMonitor, RequestsProxy], &site);
    assert_eq!(4, all.len(), "{all:?}");
    assert_eq!(
        format!("docker.io/tracebloc/x@{}", digest(NEW)),
        all[0].image()
    );
}

#[test]
fn what_a_node_has_already_is_said_before() {
    let listed = format!("ghcr.io/elsewhere/x@{}", digest(NEW));
    let mut site = site();
    nodes(&mut site)[1].images = [listed.clone(), "docker.io/tracebloc/x:prod".to_owned()].into();
    assert_eq!(
        vec!["edge-02 linux/amd64 held", "edge-03 linux/arm64"],
        places(&[JobsManager], &site)
    );
    let running = vec![pod("x", "edge-02", &digest(NEW))];
    let mut site = self::site();
    site.workload(JobsManager).pods = Ok(running.clone());
    assert_eq!("edge-02 linux/amd64 held", places(&[JobsManager], &site)[0]);
    // The api pods have it in their environment.
    site.workload(Ingestor).pods = Ok(running);
    assert_eq!("edge-02 linux/amd64", places(&[Ingestor], &site)[0]);
}

#[test]
fn credentials_and_tolerations_are_the_workloads_as_far_as_they_are_here() {
    let mut site = site();
    for image in [JobsManager, ResourceMonitor] {
        site.workload(image).credentials = PullCredentials {
            service_account: Some("own".to_owned()),
            secrets: vec!["berlin-regcred".to_owned()],
        };
    }
    let account = |image| tests_of(&[image], &site)[0].credentials.clone();
    assert_eq!(Some("own"), account(JobsManager).service_account.as_deref());
    let elsewhere = account(ResourceMonitor);
    assert_eq!(
        None, elsewhere.service_account,
        "it is the other namespace's"
    );
    assert_eq!(vec!["berlin-regcred"], elsewhere.secrets);
}
