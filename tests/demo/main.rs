//! The incident on a simulated site, and the real plugin looking at it.
//!
//! One arm64 node runs an ingestor that was built for amd64 alone. Pods cannot reach ghcr.io, so the refresher has
//! given up after three ticks. `cargo run --example demo` shows what `status` says; with `-- shell` the site stays up,
//! and the lines that are printed point any shell at it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own, with a screen of its own"
)]

use std::env;
use std::process::{Command, ExitCode};

#[path = ".."]
mod world {
    #[expect(
        dead_code,
        unreachable_pub,
        unused_imports,
        clippy::struct_field_names,
        reason = "the demo needs one scene of many; the integration suite uses all of it"
    )]
    pub(crate) mod sim;
}
use world::sim::release::scenarios::incident_g2;
use world::sim::site::Site;

/// Behind this word stand the plugin's own: the demo runs itself as the plugin, in the site's environment.
const AS_PLUGIN: &str = "as-plugin";

fn main() -> ExitCode {
    let words: Vec<_> = env::args_os().collect();
    match words.get(1).and_then(|word| word.to_str()) {
        Some(AS_PLUGIN) => {
            let plugin = words
                .into_iter()
                .enumerate()
                .filter(|(place, _)| *place != 1)
                .map(|(_, word)| word);
            tracebloc_images::run(plugin)
        }
        Some("shell") => shell(&incident()),
        Some(other) => {
            eprintln!(
                "error: no such demo: {other}\nhint: cargo run --example demo, or cargo run --example demo -- shell"
            );
            ExitCode::from(2)
        }
        None => show(&incident()),
    }
}

fn incident() -> Site {
    Site::new(incident_g2).with_controllers()
}

/// Runs the plugin's own code in a process of its own, so that it meets nothing but the site.
fn show(site: &Site) -> ExitCode {
    println!("$ kubectl tracebloc-images status");
    let plugin = env::current_exe().expect("a running program has a path");
    let status = Command::new(plugin)
        .args([AS_PLUGIN, "status"])
        .env_clear()
        .envs(
            ["PATH", "TERM", "LANG", "LC_ALL", "NO_COLOR"]
                .into_iter()
                .filter_map(|name| Some((name, env::var_os(name)?))),
        )
        .envs(site.env())
        .status()
        .expect("the program that runs can be run");
    println!("\nThe site is gone. To look around in it: cargo run --example demo -- shell");
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints the environment as shell commands, and waits for the end of input.
fn shell(site: &Site) -> ExitCode {
    println!("# Paste this into another shell. The site stands until you press Enter here.");
    for (name, value) in site.env().into_iter().filter(|(name, _)| *name != "HOME") {
        println!("export {name}='{value}'");
    }
    println!(
        "# Then, for example:\n#   cargo run -- status\n#   cargo run -- status ingestor -o wide\n#   cargo run -- refresh\n#   kubectl get cronjobs,jobs"
    );
    let _ = std::io::stdin().read_line(&mut String::new());
    ExitCode::SUCCESS
}
