//! `status -A` over fleets of ten, a hundred and a thousand releases, beside kubectl, which reads the same objects and
//! judges nothing; and `status --contexts` over fifty clusters that answer late.
//!
//! `cargo bench --bench fleet` prints what it measures and fails when a bound is broken; with `-- --write` it also puts
//! the numbers into README.md.

mod cost;
mod process;
mod readme;
#[expect(dead_code, reason = "crane is the other bench's")]
mod tools;
#[path = ".."]
mod world {
    #[expect(
        dead_code,
        unreachable_pub,
        unused_imports,
        clippy::struct_field_names,
        reason = "the bench needs one scene of many, and nothing that fails"
    )]
    pub(crate) mod sim;
}

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use process::Run;
use world::sim::api::faults::{Act, Fault};
use world::sim::api::kubeconfig::{Context, Login};
use world::sim::api::{Cluster, TOKEN, Transport};
use world::sim::release::scenarios::{fleet_of, healthy};
use world::sim::release::{Generation, Release, Values};
use world::sim::site::{NOW, Site};
use world::sim::stage::stage;

const OURS: &str = env!("CARGO_BIN_EXE_kubectl-tracebloc_images");
const ROUNDS: usize = 3;

/// Releases in a cluster.
const SIZES: [usize; 3] = [10, 100, 1_000];

/// What the releases follow: three images in each of the channels, and versions of the ingestor.
const CHANNELS: [&str; 4] = ["prod", "stg", "dev", "canary"];
const IMAGES: [&str; 3] = ["jobs-manager", "pods-monitor", "resource-monitor"];
const INGESTORS: usize = 8;
const REFERENCES: usize = CHANNELS.len() * IMAGES.len() + INGESTORS;

/// Clusters behind contexts, and how late each of their answers is.
const CONTEXTS: usize = 50;
const LATENCY: Duration = Duration::from_millis(100);

/// Bounds of the design.
const LIMIT: Duration = Duration::from_secs(3);
const MEGABYTES: u64 = 150;
/// Of the time of ten times as many releases: ten times the time, and a quarter for blur.
const GROWTH: f64 = 12.5;
/// Of the time of one context, for all of them.
const SIDE_BY_SIDE: f64 = 3.0;

/// The fastest run, and the most memory of all.
#[derive(Clone, Copy)]
struct Best {
    run: Run,
    resident: u64,
}

/// One cluster's measurements.
struct Measured {
    releases: usize,
    table: Best,
    json: Best,
    kubectl: Result<Best, String>,
}

/// One promise: what it says, what was measured, whether it is kept.
type Bound = (String, String, bool);

fn main() -> ExitCode {
    let kubectl = tools::Tools::build().kubectl;
    let measured = SIZES.map(|releases| measure(releases, &kubectl));
    let contexts = contexts();
    let bounds = bounds(&measured, &contexts);
    let page = page(&measured, &contexts, &bounds);
    say(&page);
    if std::env::args().any(|word| word == "--write") {
        if kubectl.is_err() {
            say("README.md stays as it is: not everything was measured");
            return ExitCode::FAILURE;
        }
        readme::write("fleet", &page);
    }
    if bounds.iter().all(|(.., is_kept)| *is_kept) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A cluster of so many healthy releases, of all generations, that together follow every reference.
fn site(releases: usize) -> Site {
    let site = Site::new(|latest, _, now| fleet_of(releases, latest, now, follow).1);
    for (image, digest) in [
        ("jobs-manager", &site.latest.jobs_manager),
        ("pods-monitor", &site.latest.pods_monitor),
        ("resource-monitor", &site.latest.resource_monitor),
    ] {
        for channel in CHANNELS {
            let reference = format!("docker.io/tracebloc/{image}:{channel}");
            site.internet.retag(&reference, digest);
        }
    }
    for number in 0..INGESTORS {
        let reference = format!("ghcr.io/tracebloc/ingestor:{}", version(number));
        site.internet.retag(&reference, &site.latest.ingestor);
    }
    site
}

fn follow(index: usize, values: &mut Values) {
    CHANNELS[index / Generation::ALL.len() % CHANNELS.len()].clone_into(&mut values.client_env);
    values.images.ingestor.tag = Some(version(index));
    values.images.ingestor.prod_pin = false;
}

fn version(index: usize) -> String {
    format!("1.{}", index % INGESTORS)
}

fn measure(releases: usize, kubectl: &Result<std::path::PathBuf, String>) -> Measured {
    let site = site(releases);
    check(&site, releases);
    let all = |words: &[&str]| best(&site, || ours(&site, words));
    let (table, json) = (all(&["-A"]), all(&["-A", "-o", "json"]));
    Measured {
        releases,
        table,
        json,
        kubectl: kubectl.as_ref().map_err(Clone::clone).map(|kubectl| {
            // Fills its cache of the API's resources.
            process::run(&site, &mut theirs(&site, kubectl));
            best(&site, || theirs(&site, kubectl))
        }),
    }
}

/// Whoever does not see every release as it is has not looked.
fn check(site: &Site, releases: usize) {
    let output = ours(site, &["-A", "-o", "json"]).output();
    let output = output.expect("it starts");
    let list: Value = serde_json::from_slice(&output.stdout).expect("an inventory");
    let counts = &list["summary"]["releases"];
    assert_eq!(counts["total"], releases, "{counts}");
    assert_eq!(counts["unknown"], 0, "{counts}");
}

fn ours(site: &Site, words: &[&str]) -> Command {
    let mut command = Command::new(OURS);
    command
        .args(["status", "--no-cache"])
        .args(words)
        .env_clear()
        .envs(site.env());
    command
}

fn theirs(site: &Site, kubectl: &Path) -> Command {
    let mut command = Command::new(kubectl);
    command
        .args(["get", "deployments,cronjobs,pods", "-A", "-o", "json"])
        .env_clear()
        .envs(site.env());
    command
}

fn best(site: &Site, command: impl Fn() -> Command) -> Best {
    let runs: Vec<_> = (0..ROUNDS)
        .map(|_| process::run(site, &mut command()))
        .collect();
    let fastest = runs.iter().min_by_key(|run| run.elapsed);
    Best {
        run: *fastest.expect("a run"),
        resident: runs.iter().map(|run| run.resident).max().unwrap_or(0),
    }
}

/// One context, and all of them.
fn contexts() -> [Best; 2] {
    let site = Site::new(|latest, _, now| healthy(&named(0), latest, now));
    let now = NOW.parse().expect("a time");
    let others: Vec<_> = (1..CONTEXTS)
        .map(|index| {
            let cluster = Cluster::start(Transport::Tls);
            stage(&cluster, &healthy(&named(index), &site.latest, now));
            cluster
        })
        .collect();
    let clusters = || [&site.cluster].into_iter().chain(&others);
    for cluster in clusters() {
        cluster.fault(Fault::on("", "").does(Act::Delay(LATENCY)));
    }
    let contexts: Vec<Context> = clusters()
        .enumerate()
        .map(|(index, cluster)| {
            let login = Login::Token(TOKEN.to_owned());
            let context = cluster.context(&format!("edge-{index:02}"));
            context.namespace("tracebloc").login(login)
        })
        .collect();
    ["edge-00", "edge-*"].map(|glob| {
        best(&site, || {
            let mut command = ours(&site, &["--contexts", glob]);
            // After the site's own, which has the same place.
            let config = site.cluster.write_kubeconfig(&contexts);
            command.env("KUBECONFIG", config);
            command
        })
    })
}

fn named(index: usize) -> Release {
    Release::with(Generation::G10, |values| {
        values.name = format!("edge-{index:02}");
        values.images.ingestor.prod_pin = false;
    })
}

fn bounds(measured: &[Measured], [one, all]: &[Best; 2]) -> Vec<Bound> {
    let [.., hundred, most] = measured else {
        return Vec::new();
    };
    let elapsed = |best: &Best| best.run.elapsed;
    let megabytes = most.table.resident.div_ceil(1024);
    let growth = elapsed(&most.table).div_duration_f64(elapsed(&hundred.table));
    let ratio = elapsed(all).div_duration_f64(elapsed(one));
    let mut bounds = vec![
        (
            format!("`status -A`, {} releases: at most {LIMIT:?}", most.releases),
            format!("{:.2?}", elapsed(&most.table)),
            elapsed(&most.table) <= LIMIT,
        ),
        (
            format!("and at most {MEGABYTES} MB resident"),
            format!("{megabytes} MB"),
            megabytes <= MEGABYTES,
        ),
        (
            format!("ten times as many releases: at most {GROWTH} times the time"),
            format!("{growth:.1}"),
            growth <= GROWTH,
        ),
        (
            format!("one HEAD for each of {REFERENCES} references"),
            most.table.run.cost.heads.to_string(),
            most.table.run.cost.heads == REFERENCES,
        ),
        (
            format!("{CONTEXTS} contexts, {LATENCY:?} away: at most {SIDE_BY_SIDE} times one"),
            format!("{ratio:.2}"),
            ratio <= SIDE_BY_SIDE,
        ),
    ];
    if let Ok(kubectl) = &most.kubectl {
        bounds.push((
            "not slower than `kubectl get` reading deployments, cronjobs and pods".to_owned(),
            format!(
                "{:.2}",
                elapsed(&most.table).div_duration_f64(elapsed(kubectl))
            ),
            elapsed(&most.table) <= elapsed(kubectl),
        ));
    }
    bounds
}

fn page(measured: &[Measured], [one, all]: &[Best; 2], bounds: &[Bound]) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let mut page = format!(
        "Measured on {cores} cores, the fastest of {ROUNDS} runs; the machine's load was {load} at the end.\n\n\
         | | elapsed | a release | peak memory | API requests | tokens | HEADs | GETs |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for one in measured {
        let count = one.releases;
        row(
            &mut page,
            &format!("**`status -A`**, {count} releases"),
            &one.table,
            count,
        );
        row(&mut page, "`status -A -o json`", &one.json, count);
        match &one.kubectl {
            Ok(theirs) => row(
                &mut page,
                "`kubectl get deployments,cronjobs,pods -A -o json`",
                theirs,
                count,
            ),
            Err(why) => drop(writeln!(
                page,
                "| `kubectl get` | not measured: {why} | | | | | | |"
            )),
        }
    }
    row(&mut page, "`status --contexts`, 1 context", one, 1);
    row(
        &mut page,
        &format!("`status --contexts`, {CONTEXTS} contexts"),
        all,
        CONTEXTS,
    );
    page += "\n| bound | measured | |\n|---|---|---|\n";
    for (says, measured, is_kept) in bounds {
        let verdict = if *is_kept { "kept" } else { "**broken**" };
        let _ = writeln!(page, "| {says} | {measured} | {verdict} |");
    }
    page
}

fn row(page: &mut String, title: &str, best: &Best, releases: usize) {
    let Run { elapsed, cost, .. } = best.run;
    let each = elapsed.as_secs_f64() * 1000.0 / f64::from(u32::try_from(releases).unwrap_or(1));
    let _ = writeln!(
        page,
        "| {title} | {} ms | {each:.1} ms | {} MB | {} | {} | {} | {} |",
        elapsed.as_millis(),
        best.resident.div_ceil(1024),
        cost.api,
        cost.tokens,
        cost.heads,
        cost.gets,
    );
}

fn say(text: &str) {
    writeln!(io::stdout(), "{text}").expect("somebody reads this");
}
