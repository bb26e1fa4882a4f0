//! What the start of a process costs: CPU time, which other work on the machine does not change.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::OURS;
use crate::tools::Tools;

/// Runs of ours and of kubectl: enough for the kernel's clock, and about the same time for both.
const OUR_RUNS: u32 = 100;
const THEIR_RUNS: u32 = 10;

/// The kernel's unit of CPU time, on all of its usual machines (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// CPU time of one run, user and system, on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// `--help`.
    pub(crate) ours: Duration,
    /// `kubectl version --client`.
    pub(crate) theirs: Duration,
}

impl Start {
    /// # Errors
    ///
    /// Why it cannot be measured on this machine.
    pub(crate) fn measure(tools: &Tools) -> Result<Self, String> {
        let kubectl = tools.kubectl.as_ref()?;
        Ok(Self {
            ours: cpu(Path::new(OURS), &["--help"], OUR_RUNS)?,
            theirs: cpu(kubectl, &["version", "--client"], THEIR_RUNS)?,
        })
    }
}

fn cpu(program: &Path, words: &[&str], runs: u32) -> Result<Duration, String> {
    let before = of_children()?;
    for _ in 0..runs {
        let ended = Command::new(program)
            .args(words)
            .stdout(Stdio::null())
            .status()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        assert!(ended.success(), "{}: {ended}", program.display());
    }
    Ok(TICK * (of_children()? - before) / runs)
}

/// Ticks of all processes that this one has waited for (`proc_pid_stat(5)`, cutime and cstime).
fn of_children() -> Result<u32, String> {
    /// Fields that follow the command's name and stand before cutime.
    const BEFORE: usize = 13;
    let stat = fs::read_to_string("/proc/self/stat").map_err(|error| format!("/proc: {error}"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat has no name")?;
    let ticks = fields.split_whitespace().skip(BEFORE).take(2);
    Ok(ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum())
}
