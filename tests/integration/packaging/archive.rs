//! The archives, as the release script packs them. The cluster suite packs, installs and runs the real binary.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{project, release};

/// Names under which krew's checks find a licence, whatever their case.
const LICENCES: [&str; 8] = [
    "license",
    "license.txt",
    "license.md",
    "licenses",
    "licenses.txt",
    "licenses.md",
    "copying",
    "copying.txt",
];

/// Packs for a system into a folder, and says where.
fn pack(os: &str, arch: &str, folder: &Path) -> PathBuf {
    let (os_word, arch_word) = (OsStr::new(os), OsStr::new(arch));
    // Any file does for the binary.
    let binary = project("Cargo.lock");
    let args = [
        "pack".as_ref(),
        binary.as_os_str(),
        os_word,
        arch_word,
        folder.as_os_str(),
    ];
    release(&args);
    let version = env!("CARGO_PKG_VERSION");
    folder.join(format!(
        "kubectl-tracebloc-images_v{version}_{os}_{arch}.tar.gz"
    ))
}

/// `tar` with these words on an archive.
fn tar(words: &[&str], archive: &Path) -> String {
    let run = Command::new("tar")
        .args(words)
        .arg(archive)
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// The lines of `tar --list --verbose`, by name: what stands before it.
fn entries(archive: &Path) -> BTreeMap<String, String> {
    let list = tar(
        &["--numeric-owner", "--full-time", "--utc", "-tvzf"],
        archive,
    );
    list.lines()
        .map(|line| {
            let (before, name) = line.rsplit_once(' ').unwrap();
            (
                name.to_owned(),
                before.split_whitespace().collect::<Vec<_>>().join(" "),
            )
        })
        .collect()
}

#[test]
fn the_same_input_packs_to_the_same_bytes() {
    let [first, second] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let first = pack("linux", "amd64", first.path());
    let packed = fs::read(&first).unwrap();
    assert_eq!(
        packed,
        fs::read(pack("linux", "amd64", second.path())).unwrap()
    );
    // No time of packing and no file name in gzip's own header.
    assert_eq!(&packed[..10], b"\x1f\x8b\x08\0\0\0\0\0\x02\x03");
}

#[test]
fn an_archive_holds_regular_files_that_belong_to_nobody() {
    let folder = TempDir::new().unwrap();
    let entries = entries(&pack("linux", "arm64", folder.path()));
    let names: Vec<_> = entries.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "LICENSE",
            "README.md",
            "completions/",
            "completions/kubectl-tracebloc_images.bash",
            "completions/kubectl-tracebloc_images.fish",
            "completions/kubectl-tracebloc_images.ps1",
            "completions/kubectl-tracebloc_images.zsh",
            "kubectl-tracebloc_images",
        ]
    );
    for (name, entry) in &entries {
        let mode = match name.as_str() {
            "completions/" => "drwxr-xr-x",
            "kubectl-tracebloc_images" => "-rwxr-xr-x",
            _ => "-rw-r--r--",
        };
        assert!(
            entry.starts_with(&format!("{mode} 0/0 ")),
            "{name}: {entry}"
        );
        assert!(entry.ends_with(" 1980-01-01 00:00:00"), "{name}: {entry}");
    }
    let is_licence = |name: &&str| LICENCES.contains(&name.to_lowercase().as_str());
    assert_eq!(names.iter().copied().filter(is_licence).count(), 1);
}

#[test]
fn the_binary_has_the_name_that_its_system_runs() {
    let folder = TempDir::new().unwrap();
    for (os, name) in [
        ("darwin", "kubectl-tracebloc_images"),
        ("windows", "kubectl-tracebloc_images.exe"),
    ] {
        let archive = pack(os, "amd64", folder.path());
        assert!(entries(&archive).contains_key(name), "{os}");
    }
}

/// As the release workflow does it: pack, sum, generate.
#[test]
fn the_manifest_takes_its_checksums_from_the_archives() {
    let folder = TempDir::new().unwrap();
    let systems =
        ["linux", "darwin", "windows"].map(|os| ["amd64", "arm64"].map(|arch| (os, arch)));
    let archives = systems.concat().into_iter();
    let archives: Vec<_> = archives
        .map(|(os, arch)| pack(os, arch, folder.path()))
        .collect();
    let names = archives.iter().map(|archive| archive.file_name().unwrap());
    let sums = Command::new("sha256sum")
        .args(names)
        .current_dir(folder.path())
        .output()
        .unwrap();
    fs::write(folder.path().join("SHA256SUMS"), &sums.stdout).unwrap();
    let made = release(&["manifest".as_ref(), folder.path().as_os_str()]);

    let sums = String::from_utf8(sums.stdout).unwrap();
    let sums: Vec<_> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .collect();
    assert_eq!(sums.len(), 6);
    let mut lines = made.lines().filter_map(|line| line.split_once(": "));
    for (sum, archive) in sums {
        let (_, uri) = lines.find(|(key, _)| *key == "    uri").unwrap();
        assert!(uri.ends_with(&format!("/{archive}")), "{uri}: {archive}");
        assert_eq!(lines.next(), Some(("    sha256", &*format!("{sum:?}"))));
    }
}

#[test]
fn an_archive_that_is_missing_among_others_is_an_error() {
    let folder = TempDir::new().unwrap();
    let one = "00  kubectl-tracebloc-images_v0.1.0_linux_amd64.tar.gz\n";
    fs::write(folder.path().join("SHA256SUMS"), one).unwrap();
    let run = Command::new(project(".ci/release"))
        .arg("manifest")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!run.status.success(), "{run:?}");
}
