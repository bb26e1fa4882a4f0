//! The rules of the architecture that no type can hold, read from the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// Files and folders that decide or render: functions of plain data.
const PURE: &[&str] = &[
    "age",
    "capability",
    "checks",
    "codes",
    "completion",
    "content",
    "diagnosis",
    "explain",
    "fleet",
    "glob",
    "health",
    "image",
    "log",
    "lookup",
    "node",
    "observation",
    "patch",
    "plan",
    "probe/kubelet",
    "probe/node",
    "probe/pod/judge",
    "probe/pod/place",
    "probe/pod/question",
    "probe/pod/result",
    "probe/pod/template",
    "probe/pod/transport",
    "probe/pod/ways",
    "reading",
    "record",
    "release",
    "render",
    "rights",
    "rollout",
    "run_now",
    "schedule",
    "shell",
    "text",
    "tick",
    "wanted",
];

/// What a function of plain data has no use for.
const WORLD: &[&str] = &[
    "kube::",
    "k8s_openapi",
    "reqwest",
    "tokio",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "::now(",
    "println!",
    "eprintln!",
];

/// The one file that writes to the terminal.
const TERMINAL: &str = "src/terminal.rs";

/// Lines of a file, tests included, beyond which it is two files.
const LONGEST: usize = 400;

const NAMELESS: &[&str] = &[
    "util", "helper", "common", "misc", "manager", "types", "structs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the project, as `(path from the root, text)`.
fn sources(below: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root())
                    .expect("below the root")
                    .display()
                    .to_string();
                files.push((name, fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    assert!(
        files.len() > 2,
        "no sources below {below}: the test looks in the wrong place"
    );
    files
}

fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/") || name.ends_with("/fixture.rs")
}

/// The part of a file that ships: what stands before its test module.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn pure_files_do_not_touch_the_world() {
    let mut seen = 0;
    for (name, text) in sources("src").iter().filter(|(name, _)| !is_test(name)) {
        let module = name.trim_start_matches("src/").trim_end_matches(".rs");
        let is_pure = PURE.iter().any(|pure| {
            module
                .strip_prefix(pure)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if !is_pure {
            continue;
        }
        seen += 1;
        for word in WORLD {
            assert!(
                !shipped(text).contains(word),
                "{name} decides or renders, and must not use {word}"
            );
        }
    }
    assert!(seen >= PURE.len() - 1, "only {seen} pure files found");
}

#[test]
fn decisions_and_screens_know_nothing_above_them() {
    for (name, text) in sources("src").iter().filter(|(name, _)| !is_test(name)) {
        let layer = |folder: &str| name.starts_with(&format!("src/{folder}"));
        let forbidden: &[&str] = if layer("render") {
            &[
                "crate::cluster",
                "crate::registry",
                "crate::probe",
                "crate::command",
                "crate::terminal",
            ]
        } else if layer("health")
            || layer("plan")
            || layer("checks")
            || layer("diagnosis")
            || layer("reading")
            || layer("content")
            || layer("rollout")
            || layer("schedule")
            || layer("log")
            || layer("run_now")
            || layer("tick")
        {
            &[
                "crate::cluster",
                "crate::registry",
                "crate::probe",
                "crate::command",
                "crate::terminal",
                "crate::render",
            ]
        } else if layer("cluster") || layer("registry") || layer("probe") {
            &[
                "crate::command",
                "crate::render",
                "crate::terminal",
                "crate::health",
                "crate::checks",
                "crate::diagnosis",
                "crate::plan",
            ]
        } else {
            &[]
        };
        for module in forbidden {
            assert!(
                !shipped(text).contains(module),
                "{name} must not use {module}"
            );
        }
    }
}

#[test]
fn only_the_terminal_prints() {
    for (name, text) in sources("src")
        .iter()
        .filter(|(name, _)| name != TERMINAL && !is_test(name))
    {
        for word in ["println!", "eprintln!", "print!(", "stdout()", "stderr()"] {
            assert!(
                !shipped(text).contains(word),
                "{name} must not use {word}: {TERMINAL} prints"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    for (name, text) in ["src", "tests"].into_iter().flat_map(sources) {
        assert!(text.starts_with("//!"), "{name} does not begin with //!");
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST,
            "{name} has {lines} lines; {LONGEST} is the longest"
        );
        let path = name.to_lowercase();
        for word in NAMELESS {
            let bears = path
                .split(['/', '.', '_'])
                .any(|part| part == *word || part == format!("{word}s"));
            assert!(!bears, "{name}: name the thing");
        }
        assert!(
            !name.ends_with("/mod.rs"),
            "{name}: a folder's module stands beside it"
        );
    }
}

#[test]
fn the_product_never_links_its_doubles() {
    for (name, text) in sources("src").iter().filter(|(name, _)| !is_test(name)) {
        assert!(
            !shipped(text).contains("tests/sim"),
            "{name} names the simulated site"
        );
    }
}
