//! The README's examples are true: each console block is run against the site that the comment above it names.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::in_cluster::{Play, log, plays};
use crate::tick::{Edge, FAILURES};
use crate::world::sim::api::players::{rollouts, waits};
use crate::world::sim::probe::probes;
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::Index;
use crate::world::sim::release::scenarios::{healthy, incident_g2, silent_g1, stale, warned_g2};
use crate::world::sim::release::{Generation, Release, Story, Values, curl_timeout};
use crate::world::sim::site::{Site, before};

/// One `$ kubectl tracebloc-images …` line and what the README says it prints.
struct Example {
    /// The word in `<!-- site: … -->`; empty where no site is needed.
    site: String,
    args: Vec<String>,
    printed: String,
}

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The console blocks that run the plugin, in their order.
fn examples(readme: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    for part in readme
        .split("```console\n")
        .skip(1)
        .zip(readme.split("```console\n"))
    {
        let (block, before) = (part.0.split("\n```").next().unwrap(), part.1);
        let comment = before
            .rsplit("<!-- site: ")
            .next()
            .filter(|_| before.trim_end().ends_with("-->"));
        let site = comment
            .and_then(|rest| rest.split(" -->").next())
            .unwrap_or_default();
        let (command, printed) = block.split_once('\n').unwrap_or((block, ""));
        let Some(args) = command.strip_prefix("$ kubectl tracebloc-images ") else {
            continue;
        };
        examples.push(Example {
            site: site.to_owned(),
            args: args.split_whitespace().map(str::to_owned).collect(),
            printed: format!("{printed}\n"),
        });
    }
    examples
}

fn site(name: &str) -> Option<Site> {
    Some(match name {
        "" => return None,
        "incident" => Site::new(incident_g2).with_controllers(),
        "barred" => barred(Site::new(incident_g2)),
        "unpullable" => unpullable(),
        "silent" => Site::new(silent_g1),
        "healthy" => held(),
        "warned" => warned(),
        "fleet" => crate::status::fleet::mixed(),
        other => panic!("the README names a site that there is not: {other}"),
    })
}

/// Pods, and nobody else, are kept from ghcr.io.
fn barred(site: Site) -> Site {
    let hosts = &["ghcr.io", "pkg-containers.githubusercontent.com"];
    site.cluster.on(probes(&site.latest, hosts));
    site
}

/// A node that cannot pull the newest images, on a chart that recreates jobs-manager.
fn unpullable() -> Site {
    let release = Release::new(Generation::G10);
    let site = Site::new(|_, _, now| stale(&release, &before(), now));
    site.cluster.on(rollouts(|_| {
        waits(
            "ErrImagePull",
            "failed to do request: Head \"https://registry-1.docker.io/v2/tracebloc/jobs-manager/manifests/prod\": dial tcp 203.0.113.10:443: i/o timeout",
        )
    }));
    site
}

/// Everything is current but the ingestor, which the values pin to an earlier build.
fn held() -> Site {
    let internet = Internet::start();
    let both = Index::of(["linux/amd64", "linux/arm64"]).label("version", "0.8.2");
    let pinned = internet.push("ghcr.io/tracebloc/ingestor:0.8", both);
    Site::through(internet, |latest, _, now| {
        let pin = |values: &mut Values| values.images.ingestor.digest = Some(pinned);
        healthy(&Release::with(Generation::G10, pin), latest, now)
    })
}

/// ghcr.io is blocked for pods, one failure has been counted, and the next run counts the second.
fn warned() -> Site {
    let site = Site::new(|latest, old, now| warned_g2(latest, old, 1, now));
    let story = Story::IngestorUnresolved {
        failures_before: 1,
        curl: curl_timeout("ghcr.io"),
    };
    let play = Play {
        logs: vec![log(&site, Generation::G2, &story)],
        exit_code: 0,
        marks: vec![(FAILURES, "2")],
    };
    plays(&site, play);
    site
}

/// What the CronJob's container logs in the run that reaches the threshold.
fn alarm() -> String {
    let edge = Edge::healthy(Generation::G2);
    let cut = "reset-after-hello".parse().unwrap();
    edge.site.internet.fault("ghcr.io", cut);
    edge.set_mark(FAILURES, "2");
    let (_, log) = edge.tick();
    log
}

/// What a terminal of 100 columns shows, without colours.
fn on_a_terminal(args: &[String], env: &[(&'static str, String)]) -> String {
    // The spinner goes to stderr, and comes only when the machine is busy.
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            r#"stty cols 100 rows 50 -onlcr; exec "$0" --color=never "$@" 2>/dev/null"#,
        ])
        .arg(env!("CARGO_BIN_EXE_kubectl-tracebloc_images"))
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm")
        .envs(env.iter().map(|(name, value)| (name, value)));
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).unwrap();
    // The session takes each byte for a character.
    let bytes = session
        .exp_eof()
        .unwrap()
        .chars()
        .map(|c| u8::try_from(c).unwrap())
        .collect();
    String::from_utf8(bytes).unwrap()
}

/// How long things took differs from run to run, which of two that run side by side is counted first, and a Job that is
/// made is named after the second of its making; everything else is the same.
fn timeless(text: &str) -> String {
    let budget = |line: &str| match line.split_once(" of 100 left") {
        Some((before, after)) => {
            let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
            format!("{before}N of 100 left{after}")
        }
        None => line.to_owned(),
    };
    let word = |word: &str| {
        let number = word
            .trim_end_matches('.')
            .trim_end_matches('s')
            .trim_end_matches('m');
        let is_time = word.trim_end_matches('.').ends_with('s') && number.parse::<f64>().is_ok();
        if is_time {
            return "TIME".to_owned();
        }
        match word.split_once("-manual-") {
            Some((job, rest)) => {
                format!("{job}-manual-{}", rest.trim_start_matches(char::is_numeric))
            }
            None => word.to_owned(),
        }
    };
    let line = |line: &str| {
        let line = line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        // The column behind a time moves with its digits.
        let words = line.split_whitespace();
        if line.contains("TIME") || line.contains("N of 100 left") {
            words.collect::<Vec<_>>().join(" ")
        } else {
            line
        }
    };
    text.lines()
        .map(|text| line(&budget(text)).trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn every_example_prints_what_the_readme_shows() {
    let readme = readme();
    let examples = examples(&readme);
    assert!(
        examples.len() >= 4,
        "only {} examples found",
        examples.len()
    );
    for example in examples {
        let printed = if example.args == ["tick"] {
            alarm()
        } else {
            let site = site(&example.site);
            let env = site.as_ref().map(Site::env).unwrap_or_default();
            on_a_terminal(&example.args, &env)
        };
        // A page of JSON is shown by its beginning.
        let (want, seen) = match example.printed.strip_suffix("  …\n") {
            Some(beginning) => (
                beginning,
                printed.get(..beginning.len()).unwrap_or_default(),
            ),
            None => (example.printed.as_str(), printed.as_str()),
        };
        let (want, seen) = (timeless(want), timeless(seen));
        assert!(
            want == seen,
            "{:?}\n--- README\n{want}--- printed\n{seen}",
            example.args
        );
    }
}

/// Lines of the README's `sh` blocks, and where each is run: a file, and how it stands there.
const RUN_BY: [(&str, &str, &str); 7] = [
    (
        "cargo run --example demo",
        ".ci/run",
        "cargo run --quiet --example demo",
    ),
    ("cargo test", ".ci/run", "ALL_TOOLS=1 cargo test"),
    (
        "cargo install --locked --path .",
        ".github/workflows/ci.yml",
        "run: cargo install --locked --path .",
    ),
    (
        "cd /var/lib/prometheus/node-exporter && ",
        "tests/integration/status/metrics.rs",
        "cd /var/lib/prometheus/node-exporter",
    ),
    (
        "kubectl krew install --manifest=",
        "tests/cluster/packed.rs",
        "kubectl krew install --manifest=",
    ),
    (
        "kubectl tracebloc-images version",
        "tests/cluster/packed.rs",
        "kubectl tracebloc-images version",
    ),
    (
        "kubectl tracebloc-images completion install",
        "tests/cluster/packed.rs",
        "kubectl tracebloc-images completion install",
    ),
];

#[test]
fn every_line_to_paste_is_run_somewhere() {
    let readme = readme();
    let blocks = readme.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("\n```").next().unwrap().lines());
    let lines: Vec<_> = lines.collect();
    for line in &lines {
        let known = RUN_BY.iter().find(|(start, ..)| line.starts_with(start));
        let (_, file, words) = known.unwrap_or_else(|| panic!("nobody runs {line:?}"));
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(text.contains(words), "{file} does not run {line:?}");
    }
    assert_eq!(lines.len(), RUN_BY.len());
}

#[test]
fn the_first_screen_holds_the_two_commands() {
    let readme = readme();
    let first: Vec<_> = readme.lines().take(25).collect();
    for command in ["cargo run --example demo", "cargo test"] {
        assert!(
            first.iter().any(|line| line.starts_with(command)),
            "{command}"
        );
    }
}
