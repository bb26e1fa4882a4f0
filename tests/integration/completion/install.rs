//! `completion install` and `uninstall`: the file beside the plugin that kubectl runs.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::harness::Plugin;

const SHIM: &str = "kubectl_complete-tracebloc_images";
const TEXT: &str = "#!/bin/sh\nexec kubectl-tracebloc_images __complete \"$@\" </dev/null\n";

fn completion(words: &[&str]) -> Plugin {
    Plugin::new().args(["completion"]).args(words)
}

/// A folder that holds the plugin, as krew links it.
fn with_plugin(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    symlink("/nonexistent", folder.join("elsewhere")).unwrap();
    fs::write(folder.join("kubectl-tracebloc_images"), "").unwrap();
}

#[test]
fn it_is_put_there_once_and_taken_away_once() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    let file = folder.path().join(SHIM);
    let shown = file.display();
    completion(&["install", "--dir", dir])
        .stdout(format!("installed {shown}\n"))
        .success();
    assert_eq!(fs::read_to_string(&file).unwrap(), TEXT);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o111,
        0o111
    );
    completion(&["install", "--dir", dir])
        .stdout(format!("already there: {shown}\n"))
        .success();
    completion(&["uninstall", "--dir", dir])
        .stdout(format!("removed {shown}\n"))
        .success();
    assert!(!file.exists());
    completion(&["uninstall", "--dir", dir])
        .stdout(format!("not there: {shown}\n"))
        .success();
}

#[test]
fn somebody_elses_file_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().to_str().unwrap();
    let file = folder.path().join(SHIM);
    let both = || {
        for (command, doing) in [("install", "install"), ("uninstall", "remove")] {
            let refused = format!(
                "error: {doing} {:?}: a file of that name is there, and is not this plugin's\n\
                 hint: name another folder on PATH with --dir\n",
                file.display().to_string()
            );
            completion(&[command, "--dir", dir])
                .stderr(refused)
                .status(1);
        }
    };
    // As long as ours, so that its length alone does not tell.
    let foreign = TEXT.replace("exec", "echo");
    fs::write(&file, &foreign).unwrap();
    both();
    assert_eq!(fs::read_to_string(&file).unwrap(), foreign);

    fs::remove_file(&file).unwrap();
    let target = folder.path().join("target");
    fs::write(&target, TEXT).unwrap();
    symlink(&target, &file).unwrap();
    both();
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());

    fs::remove_file(&file).unwrap();
    symlink(folder.path().join("nothing"), &file).unwrap();
    both();
    assert!(
        !folder.path().join("nothing").exists(),
        "written through a link"
    );

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    both();
}

#[test]
fn krews_folder_comes_before_the_path() {
    let home = TempDir::new().unwrap();
    let [krew, path, own] = [".krew/bin", "path", "own/bin"].map(|name| home.path().join(name));
    fs::create_dir_all(&krew).unwrap();
    with_plugin(&path);
    let installs_into = |folder: &Path, own: &Path| {
        let said = format!("installed {}\n", folder.join(SHIM).display());
        completion(&["install"])
            .env("HOME", home.path())
            .env("KREW_ROOT", own)
            .env("PATH", &path)
            .stdout(said)
            .success();
    };
    // krew is there, but did not install this plugin.
    installs_into(&path, Path::new(""));
    with_plugin(&krew.join("../../with"));
    fs::write(krew.join("kubectl-tracebloc_images"), "").unwrap();
    installs_into(&krew, Path::new(""));
    with_plugin(&own);
    installs_into(&own, own.parent().unwrap());
}

#[test]
fn where_the_plugin_is_not_found_dir_is_named() {
    completion(&["install"])
        .stderr(
            "error: install \"kubectl_complete-tracebloc_images\": neither krew's bin folder nor PATH has \
             kubectl-tracebloc_images\nhint: name another folder on PATH with --dir\n",
        )
        .status(1);
    completion(&["install", "--dir", "/nonexistent"])
        .stderr(
            "error: install \"/nonexistent/kubectl_complete-tracebloc_images\": No such file or directory \
             (os error 2)\nhint: name another folder on PATH with --dir\n",
        )
        .status(1);
}
