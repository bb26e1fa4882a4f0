//! What the workflows may do, and whose code they run.

use serde_json::{Value, json};

use super::read;

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

fn workflow(file: &str) -> Value {
    serde_saphyr::from_str(&read(file)).unwrap()
}

/// A tag can be moved to other code, a commit cannot.
#[test]
fn every_action_is_pinned_to_a_commit_and_says_its_version() {
    for file in WORKFLOWS {
        let text = read(file);
        let uses = text.lines().filter_map(|line| line.split_once("uses: "));
        let uses: Vec<_> = uses.map(|(_, uses)| uses).collect();
        assert!(uses.len() > 3, "{file}: {uses:?}");
        for action in uses.iter().filter(|action| !action.starts_with("./")) {
            let pin = action
                .split_once('@')
                .and_then(|(_, rest)| rest.split_once(" # v"));
            let is_commit =
                |commit: &str| commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(
                pin.is_some_and(|(commit, _)| is_commit(commit)),
                "{file}: {action}"
            );
        }
    }
}

#[test]
fn a_job_may_write_only_where_it_publishes() {
    let (ci, release) = (workflow(WORKFLOWS[0]), workflow(WORKFLOWS[1]));
    assert_eq!(ci["permissions"], json!({ "contents": "read" }));
    assert_eq!(release["permissions"], json!({}));
    for (name, job) in ci["jobs"].as_object().unwrap() {
        assert!(job.get("permissions").is_none(), "{name}");
    }
    for (name, job) in release["jobs"].as_object().unwrap() {
        let want = match name.as_str() {
            "publish" => {
                json!({ "contents": "write", "id-token": "write", "attestations": "write" })
            }
            _ => json!({ "contents": "read" }),
        };
        assert_eq!(job["permissions"], want, "{name}");
    }
}

/// Nothing is published from what the gate has not passed, and no login of the checkout is left to later steps.
#[test]
fn publishing_waits_for_the_gate() {
    let release = workflow(WORKFLOWS[1]);
    assert_eq!(
        release["jobs"]["gate"]["uses"],
        "./.github/workflows/ci.yml"
    );
    assert_eq!(
        release["jobs"]["publish"]["needs"],
        json!(["gate", "build"])
    );
    for file in WORKFLOWS {
        let text = read(file);
        let count = |what: &str| text.matches(what).count();
        assert_eq!(
            count("actions/checkout@"),
            count("persist-credentials: false"),
            "{file}"
        );
    }
}

/// The archives are those of the manifest: the matrix builds no other system, and none less.
#[test]
fn the_matrix_builds_every_system_of_the_manifest() {
    let release = workflow(WORKFLOWS[1]);
    let matrix = &release["jobs"]["build"]["strategy"]["matrix"]["include"];
    let entries = matrix.as_array().unwrap().iter();
    let mut built: Vec<_> = entries
        .map(|one| one["os"].to_string() + "/" + &one["arch"].to_string())
        .collect();
    let manifest: Value = serde_saphyr::from_str(&read("krew-manifest.yaml")).unwrap();
    let labels = manifest["spec"]["platforms"].as_array().unwrap().iter();
    let labels = labels.map(|one| &one["selector"]["matchLabels"]);
    let mut named: Vec<_> = labels
        .map(|one| one["os"].to_string() + "/" + &one["arch"].to_string())
        .collect();
    built.sort();
    named.sort();
    assert_eq!(built, named);
}
