//! One tick with nothing to do, beside the shell script that does the same: requests, programs started, memory, time.
//!
//! `cargo bench --bench tick` prints what it measures and fails when a bound is broken; with `-- --write` it also puts
//! the numbers into README.md. The script is the stand-in of the test cluster for the chart's own.

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

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use cost::Cost;
use process::Run;
use world::sim::registries::Internet;
use world::sim::release::scenarios::healthy;
use world::sim::release::{Generation, Release};
use world::sim::site::Site;

const OURS: &str = env!("CARGO_BIN_EXE_kubectl-tracebloc_images");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/tick.sh");

/// From the pod to the registries and back.
const RTT: Duration = Duration::from_millis(50);
const ROUNDS: usize = 7;

/// Programs that the script starts, and whose starts are counted.
const PROGRAMS: [&str; 6] = ["kubectl", "curl", "jq", "sed", "tr", "awk"];

/// Bounds of the design: API requests, registry requests beside one warm-up, resident megabytes.
const API: usize = 3;
const REGISTRIES: usize = 2;
const REGISTRY: usize = REGISTRIES + 3;
const MEGABYTES: u64 = 25;

struct Tick {
    elapsed: Duration,
    cost: Cost,
    programs: usize,
    /// Peak of the process, in KiB. `None` where several share the work.
    resident: Option<u64>,
}

fn main() -> ExitCode {
    let site = Site::through(Internet::with_rtt(RTT), |latest, _, now| {
        healthy(&Release::new(Generation::G2), latest, now)
    });
    let ours: Vec<_> = (0..ROUNDS).map(|_| native(&site)).collect();
    let theirs = wrapped().map(|folder| {
        (0..ROUNDS)
            .map(|_| script(&site, &folder))
            .collect::<Vec<_>>()
    });
    let page = page(&ours, &theirs);
    say(&page);
    let is_kept = ours.iter().all(|tick| {
        let Cost {
            api,
            tokens,
            pings,
            heads,
            gets,
            ..
        } = tick.cost;
        let megabytes = tick.resident.unwrap_or(u64::MAX) / 1024;
        api <= API
            && tokens + heads + gets <= REGISTRY
            && pings <= REGISTRIES
            && megabytes <= MEGABYTES
    });
    if std::env::args().any(|word| word == "--write") {
        if theirs.is_err() {
            say("README.md stays as it is: not everything was measured");
            return ExitCode::FAILURE;
        }
        readme::write("tick", &page);
    }
    if is_kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What the CronJob gives its container.
fn environment(site: &Site) -> BTreeMap<String, String> {
    let cron_job = site
        .cluster
        .get("CronJob", "tracebloc", "berlin-image-refresh")
        .expect("a CronJob");
    let container = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = container["env"].as_array().expect("an environment").iter();
    let mut env: BTreeMap<_, _> = entries
        .map(|entry| (text(&entry["name"]), text(&entry["value"])))
        .collect();
    env.extend(
        site.env()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    env
}

fn native(site: &Site) -> Tick {
    let mut command = Command::new(OURS);
    let kubeconfig = site.cluster.kubeconfig();
    command
        .arg("tick")
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .env_clear()
        .envs(environment(site));
    let Run {
        elapsed,
        cost,
        resident,
    } = process::run(site, &mut command);
    Tick {
        elapsed,
        cost,
        programs: 1,
        resident: Some(resident),
    }
}

fn script(site: &Site, programs: &TempDir) -> Tick {
    let count = programs.path().join("count");
    let _ = fs::remove_file(&count);
    // As in a new pod: kubectl's cache is empty.
    let home = TempDir::new().expect("room for temporary files");
    let mut command = Command::new("sh");
    command
        .arg(SCRIPT)
        .env_clear()
        .envs(environment(site))
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", programs.path().display()),
        )
        .env("HOME", home.path())
        .env("COUNT", &count);
    let Run { elapsed, cost, .. } = process::run(site, &mut command);
    let started = fs::read_to_string(&count)
        .unwrap_or_default()
        .lines()
        .count();
    Tick {
        elapsed,
        cost,
        programs: started + 1,
        resident: None,
    }
}

/// A folder with every program that the script starts, each counted.
fn wrapped() -> Result<TempDir, String> {
    let kubectl = tools::Tools::build().kubectl?;
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    for program in PROGRAMS {
        let real = match program {
            "kubectl" => kubectl.clone(),
            other => Path::new("/usr/bin").join(other),
        };
        if !real.exists() {
            return Err(format!("{} is not installed", real.display()));
        }
        let path = folder.path().join(program);
        let text = format!(
            "#!/bin/sh\necho {program} >>\"$COUNT\"\nexec {} \"$@\"\n",
            real.display()
        );
        fs::write(&path, text).map_err(|error| error.to_string())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

fn page(ours: &[Tick], theirs: &Result<Vec<Tick>, String>) -> String {
    const HEAD: &str = "| | API requests | registry requests | programs started | peak memory | elapsed |\n|---|---|---|---|---|---|\n";

    let beside = match theirs {
        Ok(theirs) => row("the script, with kubectl, curl and jq", theirs),
        Err(why) => format!("| the script | {why} | | | | |\n"),
    };
    [HEAD, &row("**`tick`**", ours), &beside].concat()
}

fn row(title: &str, ticks: &[Tick]) -> String {
    let range = |of: &dyn Fn(&Tick) -> usize| {
        let (least, most) = (ticks.iter().map(of).min(), ticks.iter().map(of).max());
        match (least.unwrap_or(0), most.unwrap_or(0)) {
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} – {most}"),
        }
    };
    let of_registry = |tick: &Tick| {
        let Cost {
            tokens,
            pings,
            heads,
            gets,
            ..
        } = tick.cost;
        tokens + pings + heads + gets
    };
    let resident = ticks.iter().filter_map(|tick| tick.resident).max();
    let resident = resident.map_or("not measured".to_owned(), |peak| {
        format!("{}.{} MB", peak / 1024, peak % 1024 * 10 / 1024)
    });
    let mut elapsed: Vec<_> = ticks.iter().map(|tick| tick.elapsed.as_millis()).collect();
    elapsed.sort_unstable();
    format!(
        "| {title} | {} | {} | {} | {resident} | {} ms ({} – {}) |\n",
        range(&|tick| tick.cost.api),
        range(&of_registry),
        range(&|tick| tick.programs),
        elapsed[elapsed.len() / 2],
        elapsed[0],
        elapsed[elapsed.len() - 1],
    )
}

fn say(text: &str) {
    writeln!(io::stdout(), "{text}").expect("somebody reads this");
}
