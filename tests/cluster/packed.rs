//! What is published, installed by the real krew and run by the real kubectl on the real cluster.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::{Lab, PLUGIN};
use crate::release::Generation;
use crate::run::Run;

const RELEASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release");

const SYSTEMS: [(&str, &str); 6] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
    ("windows", "arm64"),
];

/// The archive of this machine, and the manifest that names it.
struct Packed {
    lab: &'static Lab,
    /// Holds the archives, the manifest and krew's own folder.
    folder: PathBuf,
    archive: String,
}

impl Packed {
    /// Packs the binary of this build; the archives of other systems are stood in for by this one.
    fn new(lab: &'static Lab) -> Self {
        let folder = Path::new(lab.dir()).join("packed");
        let shown = folder.display();
        let archive = |(os, arch): (&str, &str)| {
            let version = env!("CARGO_PKG_VERSION");
            format!("kubectl-tracebloc-images_v{version}_{os}_{arch}.tar.gz")
        };
        let here = match env::consts::ARCH {
            "x86_64" => ("linux", "amd64"),
            "aarch64" => ("linux", "arm64"),
            other => panic!("nothing is published for {other}"),
        };
        let line = format!("{RELEASE} pack {PLUGIN} {} {} {shown}", here.0, here.1);
        lab.paste(&line).ok();
        for other in SYSTEMS.into_iter().filter(|system| *system != here) {
            fs::hard_link(folder.join(archive(here)), folder.join(archive(other))).unwrap();
        }
        let sum = "sha256sum -- *.tar.gz >SHA256SUMS";
        lab.paste(&format!(
            "cd {shown} && {sum} && {RELEASE} manifest {shown} >tracebloc-images.yaml"
        ))
        .ok();
        Self {
            lab,
            archive: archive(here),
            folder,
        }
    }

    /// A line of shell in the folder, with krew's links on PATH instead of this build's binary.
    fn line(&self, line: &str) -> String {
        let folder = self.folder.display();
        format!(
            "cd {folder} && export KREW_ROOT={folder}/krew && \
             PATH=$KREW_ROOT/bin:$(dirname \"$(command -v kubectl)\"):/usr/bin:/bin && {line}"
        )
    }

    /// As an administrator types it.
    fn paste(&self, line: &str) -> Run {
        self.lab.paste(&self.line(line))
    }

    fn install(&self) -> Run {
        let archive = &self.archive;
        self.paste(&format!(
            "kubectl krew install --manifest=tracebloc-images.yaml --archive={archive}"
        ))
    }
}

#[test]
fn krew_installs_the_archive_and_kubectl_runs_and_completes_it() {
    let lab = Lab::get();
    let packed = Packed::new(lab);

    // It downloads the archives after that, which nobody has published yet.
    let checked = packed.paste("validate-krew-manifest -manifest tracebloc-images.yaml");
    for said in [
        "structural validation OK",
        "all spec.platform[] items are used",
        "no overlapping spec.platform[].selector",
    ] {
        assert!(checked.stderr.contains(said), "{said}: {checked}");
    }

    let path = packed.folder.join(&packed.archive);
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    let refused = packed.install().exits(1);
    assert!(
        refused.stderr.contains("checksum does not match"),
        "{refused}"
    );
    fs::write(&path, whole).unwrap();
    packed.install().ok();

    let store = packed.folder.join("krew/store/tracebloc-images");
    let store = store.join(concat!("v", env!("CARGO_PKG_VERSION")));
    let link = packed.folder.join("krew/bin/kubectl-tracebloc_images");
    assert_eq!(
        fs::read_link(&link).unwrap(),
        store.join("kubectl-tracebloc_images")
    );
    assert!(store.join("LICENSE").is_file());
    for entry in ["", "completions"].map(|folder| fs::read_dir(store.join(folder)).unwrap()) {
        for entry in entry.map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            assert!(
                kind.is_file() || kind.is_dir(),
                "{}",
                entry.path().display()
            );
        }
    }

    let version = packed.paste("kubectl tracebloc-images version").ok();
    assert!(version.contains("Server Version: v1."), "{version}");
    packed
        .paste("kubectl tracebloc-images completion install")
        .ok();
    let listed = packed.paste("kubectl plugin list").exits(0);
    let name = format!("{}\n", link.display());
    assert!(listed.stdout.contains(&name), "{listed}");
    assert!(!format!("{listed}").contains("warning"), "{listed}");

    let berlin = lab.install("packed", Generation::G2, |_| ());
    let namespaces = packed
        .paste("kubectl __complete tracebloc-images status -n pack")
        .exits(0);
    assert_eq!(
        namespaces.stdout, "packed\npacked-agents\n:4\n",
        "{namespaces}"
    );
    let releases = packed.paste("kubectl __complete tracebloc-images status -n packed -l ''");
    assert_eq!(
        releases.exits(0).stdout,
        "app.kubernetes.io/instance=berlin\n:4\n"
    );

    // From where the registries are reached, too.
    let status = packed.line("kubectl tracebloc-images status -n packed -o short");
    let status = lab.laptop_runs(&[], &["sh", "-c", &status]).exits(0);
    assert!(
        status
            .stdout
            .contains(&format!("{}/berlin", berlin.namespace())),
        "{status}"
    );
    let removed = packed.paste("kubectl tracebloc-images completion uninstall");
    assert!(removed.ok().starts_with("removed "));
}
