//! Releases to draw, as plain values: the three that the documentation shows, and what to vary in them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::capability::{Capabilities, Env, EnvValue, Limit};
use crate::codes::Code;
use crate::health::{
    AssessedImage, AssessedRefresh, AssessedStreak, Assessment, Bound, ClusterEvidence, Coverage,
    Egress, Finding, Folded, InUse, JobState, NextStep, Outcome, Since, State, ToLatest,
};
use crate::image::{Digest, ManagedImage, Platform, Reference};
use crate::lookup::{Child, Content, Manifest, Resolved, Vantage};
use crate::node::{Node, Scheduling, Standing};
use crate::observation::{
    Blind, Depth, ObjectState, Observation, ObservedImage, Origin, Pod, PodPhase, ProxySettings,
    PullCredentials, RefreshRun, RegistryAnswers, Rollout, RunLog, RunOutcome, Running, Spec,
    Template, Workload, WorkloadKind,
};
use crate::record::{Record, Streak};
use crate::release::{Absence, CronJob, Limits, Refresher, Release, Resources, Run, Schedule};
use crate::render::model::ImageStatus;

mod berlin;
mod edge;
mod facts;
mod fleet;
mod odd;
mod plans;
mod reports;

pub(super) use berlin::{silent, stuck};
pub(super) use edge::healthy;
pub(super) use facts::{known, unfounded, visible, without_escapes};
pub(super) use fleet::{fleet, statuses};
pub(super) use odd::*;
pub(super) use plans::*;
pub(super) use reports::*;

/// Every release there is to draw, by the name of its snapshots.
pub(super) fn all() -> Vec<(&'static str, Case)> {
    vec![
        ("healthy", healthy()),
        ("stuck", stuck()),
        ("silent", silent()),
        ("mirrored", mirrored()),
        ("without_cron_job", without_cron_job()),
        ("floating", floating()),
        ("half_rolled", half_rolled()),
        ("suspended", suspended()),
        ("forbidden", forbidden()),
        ("unknown", unknown()),
        ("blocked_here", blocked_here()),
        ("hostile", hostile()),
        ("long_names", long_names()),
        ("lonely", lonely()),
    ]
}

/// What is seen of one of them: for whoever judges it anew.
pub(crate) fn seen(name: &str) -> Observation {
    let mut all = all().into_iter();
    let (_, case) = all.find(|(known, _)| *known == name).unwrap();
    case.seen
}

/// What is seen of a release, and what it means.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) seen: Observation,
    pub(super) judged: Assessment,
}

impl Case {
    pub(super) fn model(&self) -> ImageStatus {
        ImageStatus::new(&self.seen, &self.judged)
    }

    pub(super) fn seen_image(&mut self, image: ManagedImage) -> &mut ObservedImage {
        let find = |seen: &&mut ObservedImage| seen.image == image;
        self.seen.images.iter_mut().find(find).unwrap()
    }

    pub(super) fn workload(&mut self, image: ManagedImage) -> &mut Workload {
        self.seen_image(image).workload.as_mut().unwrap()
    }

    pub(super) fn image(&mut self, image: ManagedImage) -> &mut AssessedImage {
        let find = |judged: &&mut AssessedImage| judged.image == image;
        self.judged.images.iter_mut().find(find).unwrap()
    }

    pub(super) fn cron_job(&mut self) -> &mut CronJob {
        match &mut self.seen.release.refresher {
            Refresher::CronJob(cron_job) => cron_job,
            Refresher::Absent(_) => panic!("the release has no CronJob"),
        }
    }

    pub(super) fn annotate(&mut self, key: &str, value: &str) {
        let record = self.seen.record.as_mut().unwrap();
        record.annotations.insert(key.to_owned(), value.to_owned());
    }
}

pub(super) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// `1db49be156bb` becomes a digest that begins so.
pub(super) fn digest(start: &str) -> Digest {
    format!("sha256:{start:0<64}").parse().unwrap()
}

pub(super) fn old_ingestor() -> Digest {
    digest("a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4")
}

pub(super) fn new_ingestor() -> Digest {
    digest("d361fa778554ab171adcc2671eaf109c32f3d2af339c7920a2d38d102ce53678")
}

pub(super) fn blind(why: &str) -> Blind {
    Blind(why.to_owned())
}

pub(super) fn platforms(archs: &[&str]) -> BTreeSet<Platform> {
    let platform = |arch: &&str| Platform::new("linux", arch, None);
    archs.iter().map(platform).collect()
}

pub(super) fn node(name: &str, arch: &str) -> Node {
    Node {
        name: name.to_owned(),
        images: BTreeSet::new(),
        platform: Platform::new("linux", arch, None),
        labels: BTreeMap::new(),
        taints: Vec::new(),
        standing: Standing::Ready,
    }
}

pub(super) fn pod(name: &str, node: &str, digest: &Digest) -> Pod {
    Pod {
        name: name.to_owned(),
        node: Some(node.to_owned()),
        template: Template::Newest,
        phase: PodPhase::Ready,
        running: Running::Manifest(digest.clone()),
    }
}

pub(super) fn finding(image: Option<ManagedImage>, code: Code, message: &str) -> Finding {
    Finding {
        code,
        outcome: Outcome::Fail,
        image,
        message: message.to_owned(),
        details: Vec::new(),
    }
}

pub(super) fn next(command: &str, why: &str) -> NextStep {
    NextStep {
        command: command.to_owned(),
        why: why.to_owned(),
    }
}

pub(super) fn streak(streak: Streak, count: u64, limit: u64) -> AssessedStreak {
    AssessedStreak {
        streak,
        count: Ok(count),
        limit: Limit::At(limit),
        alarm_after: Some(Duration::from_secs(15 * 60 * limit)),
        since: None,
        last_error: None,
    }
}

/// An image at one digest everywhere, on nodes of these platforms.
pub(super) fn current(image: ManagedImage, digest: &Digest, required: &[&str]) -> AssessedImage {
    AssessedImage {
        image,
        states: vec![State::Current],
        in_use: InUse::Digest(digest.clone()),
        spec: Ok(digest.clone()),
        recorded: Ok(Some(digest.clone())),
        running: Ok(BTreeSet::from([digest.clone()])),
        latest: Ok(digest.clone()),
        to_latest: ToLatest {
            running: Folded::Same,
            recorded: Some(Folded::Same),
            spec: Some(Folded::Same),
        },
        troubles: BTreeSet::new(),
        coverage: Coverage {
            in_use: Ok(platforms(&["amd64", "arm64"])),
            latest: Ok(platforms(&["amd64", "arm64"])),
            required: Ok(platforms(required)),
            missing: BTreeSet::new(),
            latest_missing: BTreeSet::new(),
            nodes_missing: Vec::new(),
        },
        unknown: None,
        held: None,
    }
}

fn workload(
    release: &str,
    suffix: &str,
    container: &str,
    digest: &Digest,
    nodes: &[&str],
) -> Workload {
    let name = format!("{release}-{suffix}");
    Workload {
        kind: WorkloadKind::Deployment,
        namespace: "tracebloc".to_owned(),
        container: container.to_owned(),
        object: ObjectState::fixture(),
        written: format!("docker.io/tracebloc/{suffix}@{digest}"),
        spec: Spec::Pinned {
            repository: format!("docker.io/tracebloc/{suffix}"),
            digest: digest.clone(),
        },
        credentials: PullCredentials::default(),
        duplicate_entries: 0,
        scheduling: Scheduling::default(),
        replicas: u32::try_from(nodes.len()).ok(),
        rollout: Rollout::Settled,
        pods: Ok(nodes
            .iter()
            .map(|node| pod(&format!("{name}-6d9f4c-{node}"), node, digest))
            .collect()),
        name,
    }
}

fn index(digest: &Digest, archs: &[&str]) -> Manifest {
    let child = |(at, arch): (usize, &&str)| Child {
        digest: format!("sha256:c{at}{}", &digest.hex()[..62])
            .parse()
            .unwrap(),
        platform: Platform::new("linux", arch, None),
    };
    Manifest {
        digest: digest.clone(),
        content: Content::Index(archs.iter().enumerate().map(child).collect()),
    }
}

fn image(tracks: Reference, name: ManagedImage, workload: Workload) -> ObservedImage {
    ObservedImage {
        image: name,
        tracks: Some(tracks),
        workload: Ok(workload),
        mirror: None,
    }
}

fn run(job: &str, scheduled: &str, outcome: RunOutcome, log: RunLog) -> RefreshRun {
    RefreshRun {
        job: job.to_owned(),
        scheduled: Some(at(scheduled)),
        origin: Origin::Schedule,
        started: Some(at(scheduled)),
        outcome,
        log,
    }
}

fn env(names: &[&str]) -> Env {
    let entry = |name: &&str| ((*name).to_owned(), EnvValue::Literal("1".to_owned()));
    Env(names.iter().map(entry).collect())
}

fn cron_job(release: &str, env: Env) -> CronJob {
    CronJob {
        name: format!("{release}-image-refresh"),
        uid: "5a2f".to_owned(),
        created: None,
        env,
        account: format!("{release}-image-refresh"),
        pod_labels: BTreeMap::new(),
        schedule: Schedule {
            cron: "7,22,37,52 * * * *".to_owned(),
            zone: None,
        },
        resources: Resources::default(),
        run: Run::Scheduled,
        starting_deadline: None,
        active_deadline: None,
        last_schedule: Some(at("2026-06-06T09:52:00Z")),
        last_success: Some(at("2026-06-06T09:56:00Z")),
        active: Vec::new(),
        tag: Some("prod".to_owned()),
        ingestor_tag: None,
        pinned: BTreeSet::new(),
        limits: Limits {
            failures: Limit::At(3),
            attempts: Limit::At(3),
            skips: Limit::At(8),
        },
    }
}

fn egress(registry: &str, millis: u64, cluster: ClusterEvidence) -> Egress {
    Egress {
        registry: registry.to_owned(),
        here: Some(Ok(Duration::from_millis(millis))),
        cluster,
    }
}

fn docker(name: &str) -> Reference {
    Reference::tagged("docker.io", &format!("tracebloc/{name}"), "prod")
}

fn answers(images: &[(Reference, Digest, &[&str])]) -> RegistryAnswers {
    let resolved = |digest: &Digest| Resolved {
        digest: digest.clone(),
        took: Duration::from_millis(101),
    };
    RegistryAnswers {
        from: Vantage::Workstation,
        latest: images
            .iter()
            .map(|(reference, digest, _)| (reference.clone(), Ok(resolved(digest))))
            .collect(),
        manifests: images
            .iter()
            .map(|(_, digest, archs)| (digest.clone(), Ok(index(digest, archs))))
            .collect(),
        configs: BTreeMap::new(),
        took: Duration::from_millis(612),
    }
}
