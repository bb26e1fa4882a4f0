//! The ways to learn what the tags of a release name now, each as the processes that somebody would start.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::OURS;
use crate::client::{self, Order};
use crate::cost::{Cost, Mark};
use crate::scene::{AGENTS, IMAGES, NAMESPACE, REFRESHER};
use crate::tools::Tools;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::store::At;
use crate::world::sim::registries::content::Index;
use crate::world::sim::site::Site;

/// What `status` watches, each with a request that stays open.
const WATCHES: usize = 6;

/// A way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    /// Nothing in the cache, nothing open.
    Cold,
    /// Every manifest in the cache, nothing open.
    Warm,
    /// The look of `-w` that follows a change.
    SecondLook,
    /// The look of `-w` that asks for the tags again, a minute after the first.
    TagsAgain,
    /// As `Cold`, asking no registry: process start and API server alone.
    Offline,
    /// As `SecondLook`, asking no registry.
    OfflineSecondLook,
    /// kubectl, then crane for each image.
    Script,
    /// The same processes, all started at the same time.
    ScriptAtOnce,
    /// oci-client, and no look at the cluster at all.
    Client(Order),
}

impl Contender {
    /// In the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Cold,
        Self::Warm,
        Self::SecondLook,
        Self::TagsAgain,
        Self::Offline,
        Self::OfflineSecondLook,
        Self::Script,
        Self::ScriptAtOnce,
        Self::Client(Order::OneByOne),
        Self::Client(Order::AtOnce),
    ];

    /// Whether a run takes so long that one has to do.
    pub(crate) const fn is_slow(self) -> bool {
        matches!(self, Self::TagsAgain)
    }

    pub(crate) fn title(self) -> String {
        let crane = Tools::crane_name();
        match self {
            Self::Cold => "**`status`**, cold".to_owned(),
            Self::Warm => "`status`, manifests in the cache".to_owned(),
            Self::SecondLook => "`status -w`, the second look".to_owned(),
            Self::TagsAgain => "`status -w`, the tags again, a minute later".to_owned(),
            Self::Offline => "`status --offline`".to_owned(),
            Self::OfflineSecondLook => "`status --offline -w`, the second look".to_owned(),
            Self::Script => format!("`kubectl get` twice, then {crane} per image"),
            Self::ScriptAtOnce => "the same six processes, all at once".to_owned(),
            Self::Client(Order::OneByOne) => "oci-client, image by image (no cluster)".to_owned(),
            Self::Client(Order::AtOnce) => "oci-client, all at once (no cluster)".to_owned(),
        }
    }
}

/// One run of a contender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// From the first process's start to the last one's end; of a look of `-w`, from its first request to its page.
    pub(crate) elapsed: Duration,
    pub(crate) cost: Cost,
}

/// A site with everything that contenders keep between runs.
pub(crate) struct Stand<'a> {
    pub(crate) site: &'a Site,
    tools: &'a Tools,
    /// Manifests that `Warm` finds.
    cache: TempDir,
}

impl<'a> Stand<'a> {
    /// Fills the caches: `Warm`'s of manifests, and kubectl's of the API's resources.
    pub(crate) fn new(site: &'a Site, tools: &'a Tools) -> Self {
        let cache = folder();
        let stand = Self { site, tools, cache };
        for contender in [Contender::Warm, Contender::Script] {
            // A tool that cannot be had is the matter of its row.
            let _ = stand.run(contender);
        }
        stand
    }

    /// # Errors
    ///
    /// Why it cannot be measured on this machine.
    pub(crate) fn run(&self, contender: Contender) -> Result<Run, String> {
        let plain = |folder: &TempDir, flags: &[&str]| {
            let mut command = self.ours(folder, flags);
            self.timed(|| latest(&printed(&mut command)))
        };
        let (run, found) = match contender {
            Contender::Cold => plain(&folder(), &[]),
            Contender::Warm => plain(&self.cache, &[]),
            Contender::Offline => plain(&folder(), &["--offline"]),
            Contender::SecondLook => self.second_look(&[]),
            Contender::TagsAgain => self.tags_again(),
            Contender::OfflineSecondLook => self.second_look(&["--offline"]),
            Contender::Script => {
                let commands = self.script()?;
                self.timed(|| {
                    commands
                        .into_iter()
                        .map(|mut it| printed(&mut it))
                        .collect()
                })
            }
            Contender::ScriptAtOnce => {
                let commands = self.script()?;
                self.timed(|| all_at_once(commands))
            }
            Contender::Client(order) => {
                let mut command = self.within_site(client::command(order, &IMAGES));
                self.timed(|| printed(&mut command).lines().map(str::to_owned).collect())
            }
        };
        self.check(contender, &found);
        Ok(run)
    }

    /// A contender that does not find the answer has not run.
    fn check(&self, contender: Contender, found: &BTreeSet<String>) {
        if matches!(contender, Contender::Offline | Contender::OfflineSecondLook) {
            assert!(found.is_empty(), "{contender:?} names {found:?}");
            return;
        }
        let latest = &self.site.latest;
        for digest in [
            &latest.jobs_manager,
            &latest.pods_monitor,
            &latest.resource_monitor,
            &latest.ingestor,
        ] {
            assert!(found.contains(digest), "{contender:?} misses {digest}");
        }
    }

    fn timed(&self, work: impl FnOnce() -> BTreeSet<String>) -> (Run, BTreeSet<String>) {
        let mark = Mark::now(self.site);
        let started = Instant::now();
        let found = work();
        let elapsed = started.elapsed();
        let cost = mark.cost(self.site);
        (Run { elapsed, cost }, found)
    }

    fn within_site(&self, mut command: Command) -> Command {
        command.env_clear().envs(self.site.env());
        command
    }

    fn ours(&self, cache: &TempDir, flags: &[&str]) -> Command {
        let mut command = self.within_site(Command::new(OURS));
        command
            .args(["status", "-o", "json"])
            .args(flags)
            .env("XDG_CACHE_HOME", cache.path());
        command
    }

    /// Suspends the refresher while `status -w` looks on, which the next page must show.
    fn second_look(&self, flags: &[&str]) -> (Run, BTreeSet<String>) {
        let cluster = &self.site.cluster;
        let (start, started) = mpsc::channel();
        let first_question = Fault::on("GET", "/replicasets?").starting_at(2);
        cluster.fault(first_question.then(move |_| {
            let _ = start.send(Instant::now());
        }));
        let (open, opened) = mpsc::channel();
        cluster.fault(Fault::on("GET", "watch=true").then(move |_| {
            let _ = open.send(());
        }));

        let mut watch = Watch::start(self.ours(&folder(), flags));
        watch.page();
        for _ in 0..WATCHES {
            opened.recv().expect("the cluster lives");
        }
        let mark = Mark::now(self.site);
        self.suspend(true.into());
        let second = watch.page();
        let elapsed = started.recv().expect("the cluster lives").elapsed();
        let cost = mark.cost(self.site);

        drop(watch);
        cluster.heal();
        self.suspend(false.into());
        (Run { elapsed, cost }, latest(&second))
    }

    /// The tag of jobs-manager is ahead for the first look, and back by the second at what runs: no manifest is new.
    fn tags_again(&self) -> (Run, BTreeSet<String>) {
        let internet = &self.site.internet;
        let tag = IMAGES[0];
        internet.push(tag, Index::of(["linux/amd64"]));
        // The first look asks for the node agents, and the one that follows the opening of the watches; then this one.
        let (start, started) = mpsc::channel();
        let first_question = Fault::on("GET", "/daemonsets/").starting_at(3);
        self.site.cluster.fault(first_question.then(move |_| {
            let _ = start.send(Instant::now());
        }));
        let mut watch = Watch::start(self.ours(&folder(), &[]));
        watch.page();
        let mark = Mark::now(self.site);
        internet.retag(tag, &self.site.latest.jobs_manager);
        let second = watch.page();
        let elapsed = started.recv().expect("the cluster lives").elapsed();
        let cost = mark.cost(self.site);
        self.site.cluster.heal();
        (Run { elapsed, cost }, latest(&second))
    }

    fn suspend(&self, suspended: Value) {
        let refresher = At::new("CronJob", NAMESPACE, REFRESHER);
        self.site.cluster.store(|store| {
            store.edit(&refresher, |object| object["spec"]["suspend"] = suspended);
        });
    }

    /// What one would type: the kinds that `status` reads, in both namespaces, and every tag's digest.
    fn script(&self) -> Result<Vec<Command>, String> {
        let kubectl = self.tools.kubectl.as_ref()?;
        let crane = self.tools.crane.as_ref()?;
        let get = |kinds: &str, namespace: &str| {
            let mut command = self.within_site(Command::new(kubectl));
            command.args(["get", kinds, "-n", namespace, "-o", "json"]);
            command
        };
        let kinds = "cronjobs,deployments,replicasets,pods,jobs,nodes";
        let mut commands = vec![get(kinds, NAMESPACE), get("daemonsets,pods", AGENTS)];
        commands.extend(IMAGES.map(|image| {
            let mut command = self.within_site(Command::new(crane));
            command.args(["digest", image]);
            command
        }));
        Ok(commands)
    }
}

/// A `status -w` that runs until it is dropped.
struct Watch {
    child: Child,
    pages: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(mut command: Command) -> Self {
        let command = command.arg("-w").stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let pages = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, pages }
    }

    fn page(&mut self) -> String {
        let page = self.pages.next().expect("one more page");
        page.expect("a page of text")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().expect("it still watches");
        self.child.wait().expect("it ends");
    }
}

fn folder() -> TempDir {
    TempDir::new().expect("room for temporary files")
}

fn all_at_once(commands: Vec<Command>) -> BTreeSet<String> {
    thread::scope(|scope| {
        let started: Vec<_> = commands
            .into_iter()
            .map(|mut command| scope.spawn(move || printed(&mut command)))
            .collect();
        started
            .into_iter()
            .map(|one| one.join().expect("it answers"))
            .collect()
    })
}

/// What a command prints, without the line's end.
///
/// # Panics
///
/// When it fails: then there is nothing to measure.
fn printed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// What the tags name now, by the document that `status` prints.
fn latest(document: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).expect("a document");
    let images = document["images"].as_array().expect("images");
    images
        .iter()
        .filter_map(|image| Some(image["digests"]["latest"].as_str()?.to_owned()))
        .collect()
}
