//! krew's rules, each held by the manifest, and each red on a copy that breaks it.
//!
//! The rules are those of krew's `validate-krew-manifest` 0.4.5 and of the reviews in krew-index; the release workflow
//! runs the validator itself.

mod rules;

use serde_json::{Value, json};

use super::read;
use rules::{OURS, RULES, Rule};

/// A manifest as it stands in krew-index: the name of its file, and what is in it.
#[derive(Clone)]
struct Manifest {
    file: String,
    yaml: Value,
}

fn committed() -> Manifest {
    Manifest {
        // The workflows copy it to this name before anybody reads it.
        file: "tracebloc-images.yaml".to_owned(),
        yaml: serde_saphyr::from_str(&read("krew-manifest.yaml")).unwrap(),
    }
}

fn at<'a>(manifest: &'a Manifest, path: &str) -> &'a str {
    let found = manifest.yaml.pointer(path).and_then(Value::as_str);
    found.unwrap_or_default()
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

fn value<'a>(manifest: &'a mut Manifest, path: &str) -> &'a mut Value {
    manifest.yaml.pointer_mut(path).unwrap()
}

fn set(manifest: &mut Manifest, path: &str, to: &str) {
    *value(manifest, path) = json!(to);
}

fn replace(manifest: &mut Manifest, path: &str, from: &str, to: &str) {
    let new = at(manifest, path).replace(from, to);
    set(manifest, path, &new);
}

fn remove(manifest: &mut Manifest, path: &str, key: &str) {
    let object = value(manifest, path).as_object_mut().unwrap();
    object.shift_remove(key).unwrap();
}

/// Renames the plugin and its file.
fn name(manifest: &mut Manifest, to: &str) {
    set(manifest, "/metadata/name", to);
    manifest.file = format!("{to}.yaml");
}

fn platforms(manifest: &Manifest) -> &[Value] {
    let list = manifest.yaml.pointer("/spec/platforms");
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `os/arch` of each platform.
fn systems(manifest: &Manifest) -> Vec<String> {
    let label = |platform: &Value, key: &str| {
        let label = platform.pointer(&format!("/selector/matchLabels/{key}"));
        label.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let pair = |platform| format!("{}/{}", label(platform, "os"), label(platform, "arch"));
    platforms(manifest).iter().map(pair).collect()
}

#[test]
fn the_manifest_keeps_every_rule_of_krew() {
    let manifest = committed();
    for Rule(asks, is_kept, _) in RULES {
        assert!(is_kept(&manifest), "{asks}");
    }
}

#[test]
fn a_copy_that_breaks_a_rule_is_noticed() {
    for Rule(asks, is_kept, breaks) in RULES {
        for (at, break_it) in breaks.iter().enumerate() {
            let mut copy = committed();
            break_it(&mut copy);
            assert!(!is_kept(&copy), "{asks}: number {at} of its breaks passes");
        }
    }
}

/// A manifest cannot hold the checksums of archives that are not built yet: before the first release there are none.
#[test]
fn checksums_are_zeros_only_of_a_version_that_is_not_published_yet() {
    let manifest = committed();
    let is_zero = |platform: &Value| text(platform, "sha256").bytes().all(|b| b == b'0');
    let zeros = platforms(&manifest).iter().filter(|one| is_zero(one));
    match zeros.count() {
        0 => {}
        all => {
            let own = concat!("v", env!("CARGO_PKG_VERSION"));
            assert_eq!((all, at(&manifest, "/spec/version")), (OURS.len(), own));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_manifest_is_what_the_release_script_writes() {
    use std::ffi::OsStr;
    use std::fs;

    let manifest = committed();
    let sums: Vec<_> = platforms(&manifest)
        .iter()
        .map(|platform| {
            let archive = text(platform, "uri").rsplit('/').next().unwrap_or_default();
            format!("{}  {archive}", text(platform, "sha256"))
        })
        .collect();
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("SHA256SUMS"), sums.join("\n")).unwrap();
    let args = [
        "manifest".as_ref(),
        folder.path().as_os_str(),
        OsStr::new(at(&manifest, "/spec/version")),
    ];
    assert_eq!(
        read("krew-manifest.yaml"),
        super::release(&args),
        "repair with: .ci/release manifest target/dist > krew-manifest.yaml"
    );
}

/// krew-release-bot fills in the tag, the addresses and their checksums.
#[test]
fn the_template_of_the_release_bot_is_the_manifest() {
    let manifest = committed();
    let mut sums = platforms(&manifest).iter().map(|one| text(one, "sha256"));
    let template = read(".github/krew.yaml");
    let fill = |line: &str| {
        let call = line.strip_prefix("    {{addURIAndSha \"");
        match call.and_then(|rest| rest.strip_suffix("\" .TagName }}")) {
            Some(uri) => format!("    uri: {uri}\n    sha256: {:?}", sums.next().unwrap()),
            None => line.to_owned(),
        }
    };
    let filled = template.lines().map(fill).collect::<Vec<_>>().join("\n") + "\n";
    let filled = filled.replace("{{ .TagName }}", at(&manifest, "/spec/version"));
    assert_eq!(read("krew-manifest.yaml"), filled);
}
