//! The rules of the architecture that no type can hold, read from the sources themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// Files and folders that decide or render: functions of plain data.
const PURE: &[&str] = &[
    "age",
    "capability",
    "certificate",
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
    "report",
    "rights",
    "rollout",
    "run_now",
    "schedule",
    "shell",
    "text",
    "tick",
    "wanted",
];

/// Modules that ask, write, or are told from outside; parts of them may be pure.
const WORLDLY: &[&str] = &[
    "cli", "cluster", "command", "error", "lib", "look", "main", "probe", "registry", "shim",
    "terminal",
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

/// The part of a file that ships: its items without those for tests, each of which ends where rustfmt has it end.
fn shipped(text: &str) -> String {
    let mut shipped = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(depth) = line.strip_suffix("#[cfg(test)]") else {
            shipped.push_str(line);
            shipped.push('\n');
            continue;
        };
        assert!(depth.trim().is_empty(), "not formatted: {line}");
        let is_last = |line: &&str| {
            let own = line.strip_prefix(depth).unwrap_or_default();
            let is_deeper = own.is_empty() || own.starts_with([' ', '#']);
            !is_deeper && own.ends_with(['}', ';', ','])
        };
        lines.find(is_last).expect("an item ends");
    }
    shipped
}

#[test]
fn what_stands_behind_an_item_for_tests_is_read_too() {
    let text = "
struct A {
    field: u8,
    #[cfg(test)]
    tested: u8,
    last: u8,
}

#[cfg(test)]
use one::{
    hidden,
};
#[cfg(test)]
#[expect(dead_code)]
impl A {
    fn hidden() {
    }
}

impl A {
    fn shipped() {
        tokio();
    }
}

#[cfg(test)]
mod tests;
";
    let shipped = shipped(text);
    for word in ["tested", "hidden", "expect", "mod tests"] {
        assert!(!shipped.contains(word), "{word}: {shipped}");
    }
    for word in ["field", "last", "tokio();\n    }\n}"] {
        assert!(shipped.contains(word), "{word}: {shipped}");
    }
}

/// Every module takes a side: one that nobody put anywhere would be held to nothing.
#[test]
fn every_module_is_pure_or_of_the_world() {
    let sources = sources("src");
    let names = sources
        .iter()
        .map(|(name, _)| name.trim_start_matches("src/"));
    for module in names.filter_map(|name| name.strip_suffix(".rs")) {
        if module.contains('/') {
            continue;
        }
        let (pure, worldly) = (PURE.contains(&module), WORLDLY.contains(&module));
        assert!(
            pure != worldly,
            "{module}: pure {pure}, of the world {worldly}"
        );
    }
}

#[test]
fn a_trait_has_more_than_one_implementation() {
    let sources = sources("src");
    let lines = || sources.iter().flat_map(|(_, text)| text.lines());
    let name = |line: &str| -> Option<String> {
        let (before, after) = line.trim_start().split_once("trait ")?;
        let is_item = before.is_empty() || before.starts_with("pub");
        let name = after
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        is_item.then(|| name.to_owned())
    };
    let traits: Vec<_> = lines().filter_map(name).collect();
    assert!(!traits.is_empty(), "the test looks for the wrong words");
    for name in traits {
        let of = format!("{name} for ");
        let is_implementation =
            |line: &&str| line.trim_start().starts_with("impl") && line.contains(&of);
        let count = lines().filter(is_implementation).count();
        assert!(count > 1, "trait {name} has {count} implementations");
    }
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
        let text = shipped(text);
        for word in WORLD {
            assert!(
                !text.contains(word),
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
        let text = shipped(text);
        for module in forbidden {
            assert!(!text.contains(module), "{name} must not use {module}");
        }
    }
}

#[test]
fn only_the_terminal_prints() {
    for (name, text) in sources("src")
        .iter()
        .filter(|(name, _)| name != TERMINAL && !is_test(name))
    {
        let text = shipped(text);
        for word in ["println!", "eprintln!", "print!(", "stdout()", "stderr()"] {
            assert!(
                !text.contains(word),
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
