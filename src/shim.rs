//! The file that kubectl runs for a plugin's completions, and the folder it belongs into.
//!
//! From 1.26 on kubectl looks on PATH for `kubectl_complete-tracebloc_images`. krew links nothing but the plugin itself,
//! so somebody has to put it there: two lines that hand over to the plugin.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

#[cfg(not(windows))]
const FILE: &str = "kubectl_complete-tracebloc_images";
#[cfg(not(windows))]
const SHIM: &str = "#!/bin/sh\nexec kubectl-tracebloc_images __complete \"$@\" </dev/null\n";
#[cfg(not(windows))]
const PLUGIN: &str = "kubectl-tracebloc_images";

#[cfg(windows)]
const FILE: &str = "kubectl_complete-tracebloc_images.cmd";
#[cfg(windows)]
const SHIM: &str = "@echo off\r\nkubectl-tracebloc_images.exe __complete %* <NUL\r\n";
#[cfg(windows)]
const PLUGIN: &str = "kubectl-tracebloc_images.exe";

/// What became of the file.
pub(crate) enum Change {
    Installed(PathBuf),
    Present(PathBuf),
    Removed(PathBuf),
    Absent(PathBuf),
}

/// Puts the file into the folder; without one, to where kubectl finds the plugin.
///
/// # Errors
///
/// [`Error::Completion`]: there is another file of that name, no folder, no right to write.
pub(crate) fn install(folder: Option<&Path>) -> Result<Change, Error> {
    let doing = "install";
    let path = path(doing, folder)?;
    if is_ours(doing, &path)? {
        return Ok(Change::Present(path));
    }
    let mut options = OpenOptions::new();
    // Somebody may have put a file there since.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    let written = options
        .open(&path)
        .and_then(|mut file| file.write_all(SHIM.as_bytes()));
    match written {
        Ok(()) => Ok(Change::Installed(path)),
        Err(error) => Err(refused(doing, &path, &error.to_string())),
    }
}

/// Removes the file.
///
/// # Errors
///
/// [`Error::Completion`]: it is not the one that `install` puts there, no right to remove it.
pub(crate) fn uninstall(folder: Option<&Path>) -> Result<Change, Error> {
    let doing = "remove";
    let path = path(doing, folder)?;
    if !is_ours(doing, &path)? {
        return Ok(Change::Absent(path));
    }
    match fs::remove_file(&path) {
        Ok(()) => Ok(Change::Removed(path)),
        Err(error) => Err(refused(doing, &path, &error.to_string())),
    }
}

/// Whether the file is there. Whatever else has its name belongs to somebody else, links included.
fn is_ours(doing: &'static str, path: &Path) -> Result<bool, Error> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(refused(doing, path, &error.to_string())),
    };
    let is_same_size = metadata.is_file() && metadata.len() == SHIM.len() as u64;
    if is_same_size && fs::read(path).is_ok_and(|bytes| bytes == SHIM.as_bytes()) {
        Ok(true)
    } else {
        Err(refused(
            doing,
            path,
            "a file of that name is there, and is not this plugin's",
        ))
    }
}

fn path(doing: &'static str, folder: Option<&Path>) -> Result<PathBuf, Error> {
    let folder = folder.map(Path::to_owned).or_else(|| {
        let on_path = env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<_> = env::split_paths(&on_path).collect();
        krew()
            .into_iter()
            .chain(on_path)
            .find(|folder| folder.join(PLUGIN).exists())
    });
    match folder {
        Some(folder) => Ok(folder.join(FILE)),
        None => Err(refused(
            doing,
            Path::new(FILE),
            "neither krew's bin folder nor PATH has kubectl-tracebloc_images",
        )),
    }
}

/// krew's folder for the plugins that it installed.
fn krew() -> Option<PathBuf> {
    let root = match env::var_os("KREW_ROOT").filter(|root| !root.is_empty()) {
        Some(root) => PathBuf::from(root),
        None => env::home_dir()?.join(".krew"),
    };
    Some(root.join("bin"))
}

fn refused(doing: &'static str, path: &Path, why: &str) -> Error {
    Error::Completion {
        doing,
        path: path.display().to_string(),
        why: why.to_owned(),
    }
}
