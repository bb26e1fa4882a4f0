//! A whole site: a cluster with a scene on it, the registries of its images, and the way between them.

mod controllers;

use jiff::Timestamp;
use tempfile::TempDir;

use super::api::{Cluster, Transport};
use super::registries::Internet;
use super::registries::content::{Image, Index};
use super::release::{Digests, Scene};
use super::stage::stage;

/// The time at every site; it stands still.
pub(crate) const NOW: &str = "2026-06-06T10:01:00Z";

/// When every image of a site was built, but the old ingestor.
const BUILT: &str = "2026-06-03T08:00:00Z";
const BUILT_BEFORE: &str = "2026-03-02T08:00:00Z";

/// Digests that no registry has any more.
pub(crate) fn before() -> Digests {
    let digest = |digit: char| format!("sha256:{}", digit.to_string().repeat(64));
    Digests {
        jobs_manager: digest('1'),
        pods_monitor: digest('2'),
        resource_monitor: digest('3'),
        ingestor: digest('4'),
    }
}

/// A running site. Dropping it ends its servers.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) internet: Internet,
    /// What the tags name now: images of amd64 and arm64.
    pub(crate) latest: Digests,
    /// An older ingestor, of amd64 alone.
    pub(crate) old_ingestor: String,
    /// The home of whoever looks: caches live there.
    home: TempDir,
}

impl Site {
    /// The registries, and a cluster holding what `scene` makes of the latest digests, the old ingestor and the time.
    pub(crate) fn new(scene: impl FnOnce(&Digests, &str, Timestamp) -> Scene) -> Self {
        Self::through(Internet::start(), scene)
    }

    /// As [`Site::new`], behind registries that are there already.
    pub(crate) fn through(
        internet: Internet,
        scene: impl FnOnce(&Digests, &str, Timestamp) -> Scene,
    ) -> Self {
        let image = |platform: &str, name: &str, built| {
            Image::new(platform).label("name", name).created(built)
        };
        let push = |reference: &str| {
            let both = ["linux/amd64", "linux/arm64"].into_iter();
            let index = both.fold(Index::of([]), |index, platform| {
                index.with(image(platform, reference, BUILT))
            });
            internet.push(reference, index.attested())
        };
        let old = Index::of([])
            .with(image("linux/amd64", "ingestor 0.3.1", BUILT_BEFORE))
            .attested();
        let old_ingestor = internet.push("ghcr.io/tracebloc/ingestor:0.3", old);
        let latest = Digests {
            jobs_manager: push("docker.io/tracebloc/jobs-manager:prod"),
            pods_monitor: push("docker.io/tracebloc/pods-monitor:prod"),
            resource_monitor: push("docker.io/tracebloc/resource-monitor:prod"),
            ingestor: push("ghcr.io/tracebloc/ingestor:0.3"),
        };
        // Charts before 1.6.0 poll one tag of the ingestor, later ones another.
        internet.retag("ghcr.io/tracebloc/ingestor:0.8", &latest.ingestor);
        // kubectl sends no token in clear.
        let cluster = Cluster::start(Transport::Tls);
        let now = NOW.parse().expect("a time");
        stage(&cluster, &scene(&latest, &old_ingestor, now));
        Self {
            cluster,
            internet,
            latest,
            old_ingestor,
            home: TempDir::new().expect("room for temporary files"),
        }
    }

    /// The environment of a program that looks at the site from outside: its kubeconfig, the way to the registries,
    /// and a home of its own.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let home = self.home.path().display().to_string();
        let mut env = self.internet.env();
        env.push((
            "KUBECONFIG",
            self.cluster.kubeconfig().display().to_string(),
        ));
        env.push(("HOME", home));
        env
    }
}
