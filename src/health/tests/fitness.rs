//! Images against nodes: which are eligible, what is missing, and when that breaks an image.

use super::*;
use crate::node::{Scheduling, Standing, Taint, Toleration};
use crate::observation::{Spec, WorkloadKind};

const JOBS: ManagedImage = ManagedImage::JobsManager;
const MONITOR: ManagedImage = ManagedImage::ResourceMonitor;
const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const ONLY_AMD64: &str = "0123456789ab";

/// A current release on an amd64 and an arm64 node.
fn two_nodes() -> Site {
    let mut site = Site::g10();
    site.0.nodes = Ok(vec![node("edge-01", "amd64"), node("edge-02", "arm64")]);
    site.know(ONLY_AMD64, AMD64);
    site
}

/// The image is at, and its tag names, an amd64-only build.
fn amd64_only(site: &mut Site, image: ManagedImage) {
    site.publish(image, ONLY_AMD64, AMD64);
    if image != INGESTOR {
        site.is_at(image, ONLY_AMD64);
    }
}

/// State, then the finding on platforms with its outcome.
fn fitness(site: &Site, image: ManagedImage) -> String {
    let assessed = assess(&site.0);
    let finding = assessed
        .findings
        .iter()
        .find(|found| found.image == Some(image) && found.code == Code::PlatformMissing);
    let outcome = finding.map_or("silent".to_owned(), |found| format!("{:?}", found.outcome));
    format!("{} ({})", judged(site, image).0, outcome.to_lowercase())
}

#[test]
fn a_missing_platform_breaks_what_has_to_run_on_every_node() {
    let rows: &[(&str, Change, ManagedImage, &str)] = &[
        (
            "everything runs everywhere",
            |_| {},
            MONITOR,
            "current (silent)",
        ),
        (
            "a DaemonSet has to run on each node",
            |site| amd64_only(site, MONITOR),
            MONITOR,
            "broken (fail)",
        ),
        (
            "so has an ingestion",
            |site| amd64_only(site, INGESTOR),
            INGESTOR,
            "broken (fail)",
        ),
        (
            "a Deployment runs on another node",
            |site| amd64_only(site, JOBS),
            JOBS,
            "current (warn)",
        ),
        (
            "but not where there is none",
            |site| {
                amd64_only(site, JOBS);
                site.0.nodes = Ok(vec![node("edge-02", "arm64")]);
            },
            JOBS,
            "broken (fail)",
        ),
        (
            "a cordoned node is not asked for",
            |site| {
                amd64_only(site, MONITOR);
                site.0.nodes.as_mut().expect("nodes")[1].standing = Standing::Unschedulable;
            },
            MONITOR,
            "current (silent)",
        ),
        (
            "nor is one that the workload may not use",
            |site| {
                amd64_only(site, MONITOR);
                taint(site);
            },
            MONITOR,
            "current (silent)",
        ),
        (
            "unless it tolerates the taint",
            |site| {
                amd64_only(site, MONITOR);
                taint(site);
                site.workload(MONITOR).scheduling.tolerations = vec![Toleration {
                    key: None,
                    operator: "Exists".to_owned(),
                    value: String::new(),
                    effect: None,
                }];
            },
            MONITOR,
            "broken (fail)",
        ),
        (
            "an ingestion that chooses its nodes",
            |site| {
                amd64_only(site, INGESTOR);
                site.0.nodes.as_mut().expect("nodes")[0]
                    .labels
                    .insert("zone".into(), "a".into());
                site.workload(INGESTOR).scheduling = Scheduling {
                    node_selector: [("zone".to_owned(), "a".to_owned())].into(),
                    ..Scheduling::default()
                };
            },
            INGESTOR,
            "current (silent)",
        ),
        (
            "an ingestion is not for Windows",
            |site| {
                site.0.nodes.as_mut().expect("nodes")[0].platform.os = "windows".to_owned();
            },
            INGESTOR,
            "current (silent)",
        ),
        (
            "nodes may not be listed: nobody knows, and nothing is broken",
            |site| {
                amd64_only(site, MONITOR);
                site.0.nodes = Err(blind("nodes is forbidden"));
            },
            MONITOR,
            "current (silent)",
        ),
        (
            "but then nobody knows whether what floats runs",
            |site| {
                site.0.nodes = Err(blind("nodes is forbidden"));
            },
            INGESTOR,
            "unknown (silent)",
        ),
        (
            "no node is eligible at all",
            |site| {
                amd64_only(site, MONITOR);
                site.0.nodes = Ok(Vec::new());
            },
            MONITOR,
            "current (silent)",
        ),
    ];
    for (sentence, change, image, want) in rows {
        let mut site = two_nodes();
        change(&mut site);
        assert_eq!(*want, fitness(&site, *image), "{sentence}");
    }
}

fn taint(site: &mut Site) {
    let taint = Taint {
        key: "gpu".to_owned(),
        value: String::new(),
        effect: "NoSchedule".to_owned(),
    };
    site.0.nodes.as_mut().expect("nodes")[1].taints.push(taint);
}

fn of_monitor(site: &Site) -> String {
    let findings = assess(&site.0).findings;
    let mut found = findings
        .into_iter()
        .filter(|found| found.image == Some(MONITOR));
    found
        .find(|found| found.code == Code::PlatformMissing)
        .expect("a finding")
        .message
}

#[test]
fn sentences_count_the_nodes_that_are_eligible() {
    let nodes = |arches: &[&str]| {
        let numbered = |(at, arch): (usize, &&str)| node(&format!("edge-0{}", at + 1), arch);
        Ok(arches.iter().enumerate().map(numbered).collect())
    };
    for (arches, want) in [
        (
            &["arm64"][..],
            "here: D is linux/amd64 only, the only node (edge-01) is linux/arm64.",
        ),
        (
            &["arm64", "arm64"],
            "here: D is linux/amd64 only, all 2 nodes are linux/arm64.",
        ),
        (
            &["amd64", "arm64"],
            "everywhere: D is linux/amd64 only, 1 of 2 nodes (edge-02) is linux/arm64.",
        ),
        (
            &["amd64", "arm64", "arm64", "arm64", "riscv64"],
            "everywhere: D is linux/amd64 only, 4 of 5 nodes (edge-02, edge-03, edge-04, 1 more) are linux/arm64 and linux/riscv64.",
        ),
    ] {
        let mut site = two_nodes();
        site.0.nodes = nodes(arches);
        amd64_only(&mut site, MONITOR);
        let message = of_monitor(&site);
        assert_eq!(
            format!("cannot run {want}"),
            message.replace(&digest(ONLY_AMD64).to_string(), "D")
        );
    }
    let mut site = two_nodes();
    amd64_only(&mut site, MONITOR);
    site.0.nodes.as_mut().expect("nodes")[0].standing = Standing::NotReady;
    let message = of_monitor(&site);
    assert!(
        message.ends_with("the only eligible node (edge-02) is linux/arm64."),
        "{message}"
    );
}

#[test]
fn what_is_missing_stands_in_the_coverage() {
    let mut site = two_nodes();
    site.is_at(MONITOR, ONLY_AMD64);
    let assessed = assess(&site.0);
    let monitor = assessed
        .images
        .iter()
        .find(|one| one.image == MONITOR)
        .expect("the monitor");
    let platforms = |arches: &[&str]| -> BTreeSet<Platform> {
        arches
            .iter()
            .map(|arch| Platform::new("linux", arch, None))
            .collect()
    };
    assert_eq!(
        Coverage {
            in_use: Ok(platforms(AMD64)),
            latest: Ok(platforms(BOTH)),
            required: Ok(platforms(BOTH)),
            missing: platforms(&["arm64"]),
            latest_missing: platforms(&[]),
            nodes_missing: vec!["edge-02".to_owned()],
        },
        monitor.coverage
    );
}

#[test]
fn a_latest_that_lacks_a_platform_is_told_before_anybody_moves_to_it() {
    let mut site = two_nodes();
    site.publish(MONITOR, ONLY_AMD64, AMD64);
    let assessed = assess(&site.0);
    assert!(
        codes(&assessed).contains(&"resource-monitor TBI-402".to_owned()),
        "{:?}",
        codes(&assessed)
    );
    let latest = digest(ONLY_AMD64);
    assert_eq!(
        format!("latest {latest} has no linux/arm64: 1 of 2 nodes (edge-02) is linux/arm64."),
        message(&assessed, Code::LatestLacksPlatform)
    );
    assert!(
        assessed
            .next
            .iter()
            .all(|step| !step.command.contains(latest.as_str())),
        "nobody is sent there: {:?}",
        commands(&assessed)
    );
}

#[test]
fn a_pod_with_the_wrong_build_is_told_by_name() {
    let mut site = two_nodes();
    site.workload(JOBS).pods.as_mut().expect("pods")[0].node = Some("edge-02".to_owned());
    site.workload(JOBS).pods.as_mut().expect("pods")[0].running =
        crate::observation::Running::Manifest(child("1db49be156bb", "amd64"));
    assert_eq!(
        format!(
            "pod berlin-jobs-manager-x2k8p runs the linux/amd64 build of {} on a node of linux/arm64.",
            digest("1db49be156bb")
        ),
        message(&assess(&site.0), Code::PlatformMissing)
    );
}

#[test]
fn a_floating_ingestor_whose_tag_is_not_known_is_not_known() {
    let mut site = two_nodes();
    let down = failure(Code::TokenHostBlocked, Layer::Token, "ghcr.io", "timed out");
    site.block(INGESTOR, down);
    let assessed = assess(&site.0);
    let ingestor = assessed
        .images
        .iter()
        .find(|one| one.image == INGESTOR)
        .expect("the ingestor");
    assert_eq!(
        (
            vec![State::Unknown],
            Some("ghcr.io: timed out"),
            &InUse::Floats
        ),
        (
            ingestor.states.clone(),
            ingestor.unknown.as_deref(),
            &ingestor.in_use
        )
    );
    assert!(matches!(site.workload(INGESTOR).spec, Spec::Floats(_)));
    assert_eq!(WorkloadKind::Deployment, site.workload(INGESTOR).kind);
}

#[test]
fn a_tag_that_would_be_pulled_anew_has_the_platforms_of_the_latest() {
    let mut site = two_nodes();
    site.publish(JOBS, ONLY_AMD64, AMD64);
    site.workload(JOBS).spec = Spec::Tagged {
        reference: tracks(JOBS),
        pull: crate::observation::Pull::Always,
    };
    site.workload(JOBS).replicas = Some(0);
    site.0.nodes = Ok(vec![node("edge-02", "arm64")]);
    assert_eq!("broken drifted (fail)", fitness(&site, JOBS));
}

#[test]
fn several_digests_have_the_platforms_that_all_of_them_have() {
    let mut site = two_nodes();
    let pods = site.workload(MONITOR).pods.as_mut().expect("pods");
    pods.push(pod("second", "edge-02", &digest(ONLY_AMD64)));
    let images = assess(&site.0).images;
    let monitor = images.iter().find(|one| one.image == MONITOR).expect("it");
    assert!(matches!(monitor.in_use, InUse::Several(_)));
    let amd64 = BTreeSet::from([Platform::new("linux", "amd64", None)]);
    assert_eq!(Ok(amd64), monitor.coverage.in_use);
}
