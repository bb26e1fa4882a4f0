//! The programs that one would use without the plugin: built once, from pinned sources, into the cache.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Go module of Google's go-containerregistry.
const CRANE: &str = "github.com/google/go-containerregistry/cmd/crane";
const CRANE_VERSION: &str = "v0.22.1";

/// Where each program is, or why it cannot be had here.
pub(crate) struct Tools {
    pub(crate) kubectl: Result<PathBuf, String>,
    pub(crate) crane: Result<PathBuf, String>,
}

impl Tools {
    pub(crate) fn build() -> Self {
        Self {
            kubectl: kubectl(),
            crane: crane(),
        }
    }

    pub(crate) fn crane_name() -> String {
        format!("crane {CRANE_VERSION}")
    }
}

/// The kubectl of the test cluster.
fn kubectl() -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/cluster");
    let folder = output(Command::new(script).arg("build"))?;
    Ok(Path::new(folder.trim_end()).join("kubectl"))
}

fn crane() -> Result<PathBuf, String> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache
        .or_else(|| Some(env::home_dir()?.join(".cache")))
        .ok_or("there is no folder for caches")?;
    let folder = cache
        .join("kubectl-tracebloc-images/bench")
        .join(format!("crane-{CRANE_VERSION}"));
    let crane = folder.join("crane");
    if !crane.exists() {
        let module = format!("{CRANE}@{CRANE_VERSION}");
        output(
            Command::new("go")
                .args(["install", &module])
                .env("GOBIN", &folder),
        )?;
    }
    Ok(crane)
}

fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{name}: {}", output.status))
    }
}
