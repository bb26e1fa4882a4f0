//! Releases for the tests: whole and healthy, to be broken in one place each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::capability::{Capabilities, Env, EnvValue};
use crate::codes::Code;
use crate::image::{Digest, ManagedImage, Platform, Reference};
use crate::lookup::{Child, Content, Failure, Layer, Manifest, Resolved};
use crate::node::{Node, Scheduling, Standing};
use crate::observation::{
    Blind, Depth, ObjectState, Observation, ObservedImage, Pod, PodPhase, ProxySettings, Pull,
    PullCredentials, RegistryAnswers, Rollout, RunLog, Running, Spec, Template, Workload,
    WorkloadKind,
};
use crate::record::Record;
use crate::release::{Absence, CronJob, Refresher, Release};

mod job;

use job::cron_job;
pub(crate) use job::{active, complete, failed};

pub(crate) const AMD64: &[&str] = &["amd64"];
pub(crate) const BOTH: &[&str] = &["amd64", "arm64"];

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The digest that begins so.
pub(crate) fn digest(start: &str) -> Digest {
    format!("sha256:{start:0<64}").parse().expect("hex digits")
}

pub(crate) fn failure(code: Code, layer: Layer, host: &str, message: &str) -> Failure {
    Failure {
        code: Some(code),
        layer,
        host: host.to_owned(),
        message: message.to_owned(),
        retry_after: None,
    }
}

fn env(pairs: &[(&str, &str)]) -> Env {
    let entry =
        |(name, value): &(&str, &str)| ((*name).to_owned(), EnvValue::Literal((*value).to_owned()));
    Env(pairs.iter().map(entry).collect())
}

/// A site: what is seen of one release.
#[derive(Clone)]
pub(crate) struct Site(pub(crate) Observation);

const NAME: &str = "berlin";

impl Site {
    /// Chart 1.4.5 on one arm64 node, all current: counts failed lookups of the ingestor.
    pub(crate) fn g2() -> Self {
        Self::old(&[
            ("INGESTOR_TAG", "0.3"),
            ("INGESTOR_RESOLVE_FAIL_THRESHOLD", "3"),
        ])
    }

    /// Chart 1.4.3: looks the ingestor up and counts nothing.
    pub(crate) fn g1() -> Self {
        Self::old(&[("INGESTOR_TAG", "0.3")])
    }

    fn old(refresh: &[(&str, &str)]) -> Self {
        let mut site = Self::empty(refresh, &[]);
        site.add(ManagedImage::Ingestor, "d361fa778554", Form::Environment);
        site.add(
            ManagedImage::JobsManager,
            "1db49be156bb",
            Form::Tag(Pull::Always),
        );
        site.add(
            ManagedImage::PodsMonitor,
            "8d5e2a3b107c",
            Form::Tag(Pull::Always),
        );
        site
    }

    /// Chart 1.9.28: restarts, and counts the attempts; ingestions are spawned by tag.
    pub(crate) fn g7() -> Self {
        let mut site = Self::empty(
            &[("MAX_REFRESH_ATTEMPTS", "3")],
            &[("INGESTOR_IMAGE_TAG", "0.7")],
        );
        site.add(
            ManagedImage::JobsManager,
            "1db49be156bb",
            Form::Tag(Pull::Always),
        );
        site.add(
            ManagedImage::PodsMonitor,
            "8d5e2a3b107c",
            Form::Tag(Pull::Always),
        );
        site
    }

    /// Chart 1.9.62: sets digests, counts attempts and skips; ingestions are spawned by tag.
    pub(crate) fn g10() -> Self {
        let refresh = [
            ("IMAGE_REGISTRY", "docker.io"),
            ("MAX_REFRESH_ATTEMPTS", "3"),
            ("MAX_SKIP_TICKS", "8"),
        ];
        let mut site = Self::empty(&refresh, &[("INGESTOR_IMAGE_TAG", "0.8")]);
        site.add(ManagedImage::Ingestor, "a6e0af9ff344", Form::Floats);
        site.add(ManagedImage::JobsManager, "1db49be156bb", Form::Digest);
        site.add(ManagedImage::PodsMonitor, "8d5e2a3b107c", Form::Digest);
        site.add(ManagedImage::ResourceMonitor, "c674f7ab98b3", Form::Digest);
        site.add(ManagedImage::RequestsProxy, "1db49be156bb", Form::Digest);
        site.0
            .record
            .as_mut()
            .expect("a record")
            .annotations
            .remove(ManagedImage::Ingestor.record_key().expect("its key"));
        site
    }

    /// Without a CronJob; the workloads name tags.
    pub(crate) fn without_refresher() -> Self {
        let mut site = Self::g7();
        site.0.release.refresher = Refresher::Absent(Absence::Disabled);
        site.0.release.capabilities = Capabilities::default();
        site.0.runs = Ok(Vec::new());
        site
    }

    fn empty(refresh: &[(&str, &str)], api: &[(&str, &str)]) -> Self {
        let refresh = env(refresh);
        let release = Release {
            name: NAME.to_owned(),
            namespace: "tracebloc".to_owned(),
            chart_version: None,
            jobs_manager: "berlin-jobs-manager".to_owned(),
            requests_proxy: None,
            resource_monitor: None,
            capabilities: Capabilities::read(&refresh, &env(api), None),
            refresher: Refresher::CronJob(cron_job(refresh)),
        };
        Self(Observation {
            at: time("2026-06-06T10:00:02Z"),
            depth: Depth::Whole,
            context: "berlin-edge".to_owned(),
            release,
            record: Ok(Record::default()),
            nodes: Ok(vec![node("edge-01", "arm64")]),
            images: Vec::new(),
            runs: Ok(vec![complete("2026-06-06T09:52:00Z", RunLog::PodDeleted)]),
            registry: RegistryAnswers::default(),
            mirror: None,
            unmanaged: Ok(Vec::new()),
            ingestions: Ok(0),
            proxy: ProxySettings::None,
        })
    }

    fn add(&mut self, image: ManagedImage, start: &str, form: Form) {
        let digest = digest(start);
        let tracks = tracks(image);
        let (suffix, container) = match image {
            ManagedImage::Ingestor | ManagedImage::JobsManager => ("jobs-manager", "api"),
            ManagedImage::PodsMonitor => ("jobs-manager", "pods-monitor-container"),
            ManagedImage::ResourceMonitor => ("resource-monitor", "tracebloc-resource-monitor"),
            ManagedImage::RequestsProxy => ("requests-proxy", "proxy"),
        };
        let name = format!("{NAME}-{suffix}");
        let is_set = image == ManagedImage::ResourceMonitor;
        let spec = match form {
            Form::Tag(pull) => Spec::Tagged {
                reference: tracks.clone(),
                pull,
            },
            Form::Floats => Spec::Floats(tracks.clone()),
            Form::Digest | Form::Environment => Spec::Pinned {
                repository: tracks.name(),
                digest: digest.clone(),
            },
        };
        let pods = match form {
            Form::Floats => Vec::new(),
            Form::Tag(_) | Form::Digest | Form::Environment => {
                vec![pod(&format!("{name}-x2k8p"), "edge-01", &digest)]
            }
        };
        self.0.images.push(ObservedImage {
            image,
            tracks: Some(tracks.clone()),
            workload: Ok(Workload {
                kind: if is_set {
                    WorkloadKind::DaemonSet
                } else {
                    WorkloadKind::Deployment
                },
                namespace: if is_set { "agents" } else { "tracebloc" }.to_owned(),
                name,
                container: container.to_owned(),
                object: ObjectState::fixture(),
                written: match form {
                    Form::Environment => digest.to_string(),
                    Form::Digest => tracks.at(&digest).to_string(),
                    Form::Tag(_) => tracks.to_string(),
                    Form::Floats => String::new(),
                },
                spec,
                duplicate_entries: 0,
                scheduling: Scheduling::default(),
                credentials: PullCredentials::default(),
                replicas: (!is_set).then_some(1),
                rollout: Rollout::Settled,
                pods: Ok(pods),
            }),
            mirror: None,
        });
        if let Some(key) = image.record_key() {
            self.annotate(key, digest.as_str());
        }
        self.publish(image, start, BOTH);
    }

    pub(crate) fn annotate(&mut self, key: &str, value: &str) {
        let record = self.0.record.as_mut().expect("a record");
        record.annotations.insert(key.to_owned(), value.to_owned());
    }

    pub(crate) fn observed(&mut self, image: ManagedImage) -> &mut ObservedImage {
        let mut images = self.0.images.iter_mut();
        images
            .find(|observed| observed.image == image)
            .expect("the image")
    }

    pub(crate) fn workload(&mut self, image: ManagedImage) -> &mut Workload {
        self.observed(image).workload.as_mut().expect("a workload")
    }

    pub(crate) fn cron_job(&mut self) -> &mut CronJob {
        match &mut self.0.release.refresher {
            Refresher::CronJob(cron_job) => cron_job,
            Refresher::Absent(_) => panic!("no CronJob"),
        }
    }

    /// The tag names this digest from now on, an index of these architectures.
    pub(crate) fn publish(&mut self, image: ManagedImage, start: &str, arches: &[&str]) {
        let resolved = Resolved {
            digest: digest(start),
            took: Duration::from_millis(112),
        };
        self.0.registry.latest.insert(tracks(image), Ok(resolved));
        self.know(start, arches);
    }

    /// The registry has an index of this digest.
    pub(crate) fn know(&mut self, start: &str, arches: &[&str]) {
        let child = |arch: &&str| Child {
            digest: child(start, arch),
            platform: Platform::new("linux", arch, None),
        };
        let content = Content::Index(arches.iter().map(child).collect());
        let manifest = Manifest {
            digest: digest(start),
            content,
        };
        self.0
            .registry
            .manifests
            .insert(digest(start), Ok(manifest));
    }

    /// The tag cannot be resolved from here.
    pub(crate) fn block(&mut self, image: ManagedImage, failure: Failure) {
        self.0.registry.latest.insert(tracks(image), Err(failure));
    }

    /// Everything that the image has in this release: spec, record and pods.
    pub(crate) fn is_at(&mut self, image: ManagedImage, start: &str) {
        self.runs(image, start);
        let workload = self.workload(image);
        if let Spec::Pinned { digest: spec, .. } = &mut workload.spec {
            workload.written = workload
                .written
                .replace(spec.as_str(), digest(start).as_str());
            *spec = digest(start);
        }
        if let Some(key) = image.record_key() {
            self.annotate(key, digest(start).as_str());
        }
    }

    /// What its pods run.
    pub(crate) fn runs(&mut self, image: ManagedImage, start: &str) {
        for pod in self.workload(image).pods.iter_mut().flatten() {
            pod.running = Running::Manifest(digest(start));
        }
    }

    /// As the incident: the ingestor stays at an amd64-only digest, and the only node is arm64.
    pub(crate) fn stuck_ingestor(mut self) -> Self {
        self.know(OLD_INGESTOR, AMD64);
        self.is_at(ManagedImage::Ingestor, OLD_INGESTOR);
        self
    }
}

pub(crate) const OLD_INGESTOR: &str =
    "a0861ea9fbf4653279351ee30af9ebe2b75fcacd391923b681631312f4a85ee4";

/// How the workload names the image.
#[derive(Clone, Copy)]
enum Form {
    Tag(Pull),
    Digest,
    /// `INGESTOR_IMAGE_DIGEST`, in the pods too.
    Environment,
    Floats,
}

pub(crate) fn tracks(image: ManagedImage) -> Reference {
    match image {
        ManagedImage::Ingestor => Reference::tagged("ghcr.io", "tracebloc/ingestor", "0.3"),
        ManagedImage::RequestsProxy => tracks(ManagedImage::JobsManager),
        ManagedImage::JobsManager | ManagedImage::PodsMonitor | ManagedImage::ResourceMonitor => {
            Reference::tagged("docker.io", &format!("tracebloc/{}", image.name()), "prod")
        }
    }
}

/// A child of the index that begins so: told apart by its architecture.
pub(crate) fn child(start: &str, arch: &str) -> Digest {
    let mark = if arch == "amd64" { "64" } else { "a6" };
    format!("sha256:{mark}{}", &digest(start).hex()[..62])
        .parse()
        .expect("hex digits")
}

pub(crate) fn node(name: &str, arch: &str) -> Node {
    Node {
        name: name.to_owned(),
        platform: Platform::new("linux", arch, None),
        labels: BTreeMap::new(),
        taints: Vec::new(),
        standing: Standing::Ready,
        images: BTreeSet::new(),
    }
}

pub(crate) fn pod(name: &str, node: &str, digest: &Digest) -> Pod {
    Pod {
        name: name.to_owned(),
        node: Some(node.to_owned()),
        template: Template::Newest,
        phase: PodPhase::Ready,
        running: Running::Manifest(digest.clone()),
    }
}

pub(crate) fn waiting(reason: &str, message: &str) -> PodPhase {
    PodPhase::Waiting {
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

pub(crate) fn blind(why: &str) -> Blind {
    Blind(why.to_owned())
}
