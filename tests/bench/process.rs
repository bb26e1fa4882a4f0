//! One process, run to its end and watched: how long it took, what arrived at the site, how much memory it had.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cost::{Cost, Mark};
use crate::world::sim::site::Site;

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) elapsed: Duration,
    pub(crate) cost: Cost,
    /// Peak of the process in KiB, as last seen.
    pub(crate) resident: u64,
}

/// Runs a command to its end; what it prints is thrown away.
///
/// # Panics
///
/// When it fails: then there is nothing to measure.
pub(crate) fn run(site: &Site, command: &mut Command) -> Run {
    let mark = Mark::now(site);
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut resident = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            break ended;
        }
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let line = seen.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        resident = resident.max(number.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    };
    let elapsed = started.elapsed();
    assert!(ended.success(), "{command:?}: {ended}");
    Run {
        elapsed,
        cost: mark.cost(site),
        resident,
    }
}
