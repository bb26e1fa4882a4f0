//! The rules, one by one, and how copies of our manifest break them.

use serde_json::{Value, json};

use super::{Manifest, at, name, platforms, remove, replace, set, systems, text, value};

/// A rule: what it asks for, whether a manifest keeps it, and how copies of ours break it.
pub(super) struct Rule(
    pub(super) &'static str,
    pub(super) fn(&Manifest) -> bool,
    pub(super) &'static [fn(&mut Manifest)],
);

pub(super) const RULES: &[Rule] = &[
    Rule(
        "the file is named after the plugin, and ends in .yaml",
        |m| m.file == format!("{}.yaml", at(m, "/metadata/name")),
        &[
            |m| m.file = "tracebloc-images.yml".into(),
            |m| m.file = "krew-manifest.yaml".into(),
        ],
    ),
    Rule(
        "apiVersion and kind are krew's",
        |m| {
            at(m, "/apiVersion") == "krew.googlecontainertools.github.com/v1alpha2"
                && at(m, "/kind") == "Plugin"
        },
        &[
            |m| {
                set(
                    m,
                    "/apiVersion",
                    "krew.googlecontainertools.github.com/v1alpha1",
                );
            },
            |m| set(m, "/kind", "plugin"),
        ],
    ),
    Rule(
        "the name is lower-case words with dashes, and no device of Windows",
        |m| is_kebab(at(m, "/metadata/name")) && !is_device(at(m, "/metadata/name")),
        &[
            |m| name(m, "tracebloc images"),
            |m| name(m, "tracebloc_images"),
            |m| name(m, "Tracebloc-images"),
            |m| name(m, "com1"),
        ],
    ),
    Rule(
        "the name begins with the vendor, says more than that, and does not say kube",
        |m| {
            let name = at(m, "/metadata/name");
            name.strip_prefix("tracebloc-")
                .is_some_and(|rest| !rest.is_empty())
                && !name.contains("kube")
        },
        &[
            |m| name(m, "images"),
            |m| name(m, "kube-tracebloc-images"),
            |m| name(m, "tracebloc"),
        ],
    ),
    Rule(
        "the version is v and a semantic version",
        |m| is_version(at(m, "/spec/version")),
        &[
            |m| set(m, "/spec/version", "0.1.0"),
            |m| set(m, "/spec/version", "v0.1"),
            |m| set(m, "/spec/version", "v0.01.0"),
            |m| set(m, "/spec/version", "v0.1.0-"),
            |m| set(m, "/spec/version", ""),
        ],
    ),
    Rule(
        "the short description is one line of at most 50 characters that does not say kubectl or plugin",
        |m| {
            let text = at(m, "/spec/shortDescription");
            let lower = text.to_lowercase();
            (1..=50).contains(&text.chars().count())
                && text.trim() == text
                && !text.contains('\n')
                && !["kubectl", "plugin", "kubernetes"]
                    .iter()
                    .any(|word| lower.contains(word))
        },
        &[
            |m| set(m, "/spec/shortDescription", ""),
            |m| set(m, "/spec/shortDescription", "two\nlines"),
            |m| set(m, "/spec/shortDescription", &"long ".repeat(11)),
            |m| {
                set(
                    m,
                    "/spec/shortDescription",
                    "A kubectl plugin for tracebloc images",
                );
            },
        ],
    ),
    Rule(
        "the description is wrapped at 80, and neither lists flags nor shows usage",
        |m| {
            let text = at(m, "/spec/description");
            !text.trim().is_empty()
                && text.lines().all(|line| line.chars().count() <= 80)
                && !["--", "kubectl ", "Usage", "Example"]
                    .iter()
                    .any(|word| text.contains(word))
        },
        &[
            |m| set(m, "/spec/description", ""),
            |m| set(m, "/spec/description", &"wide ".repeat(17)),
            |m| set(m, "/spec/description", "Shows images. --watch goes on."),
            |m| {
                set(
                    m,
                    "/spec/description",
                    "Run kubectl tracebloc-images status.",
                );
            },
        ],
    ),
    Rule(
        "the caveats name one extra step and nothing else",
        |m| {
            let text = at(m, "/spec/caveats");
            text.contains("kubectl tracebloc-images completion install\n")
                && text.matches("kubectl tracebloc-images").count() == 1
                && text.lines().count() == 2
        },
        &[
            |m| {
                set(
                    m,
                    "/spec/caveats",
                    "Usage:\n  kubectl tracebloc-images status\n",
                );
            },
            |m| {
                let twice = at(m, "/spec/caveats").repeat(2);
                set(m, "/spec/caveats", &twice);
            },
        ],
    ),
    Rule(
        "the homepage is the project's",
        |m| at(m, "/spec/homepage") == env!("CARGO_PKG_REPOSITORY"),
        &[
            |m| set(m, "/spec/homepage", ""),
            |m| remove(m, "/spec", "homepage"),
        ],
    ),
    Rule(
        "there is a platform",
        |m| !platforms(m).is_empty(),
        &[|m| *value(m, "/spec/platforms") = json!([])],
    ),
    Rule(
        "every platform is selected by os and arch, and by nothing else",
        |m| {
            platforms(m).iter().all(|platform| {
                let labels = platform
                    .pointer("/selector/matchLabels")
                    .and_then(Value::as_object);
                let selector = platform["selector"].as_object();
                selector.is_some_and(|selector| selector.len() == 1)
                    && labels.is_some_and(|labels| labels.keys().eq(["os", "arch"]))
            })
        },
        &[
            |m| remove(m, "/spec/platforms/0", "selector"),
            |m| *value(m, "/spec/platforms/0/selector/matchLabels") = json!({}),
            |m| value(m, "/spec/platforms/0/selector/matchLabels")["libc"] = json!("musl"),
        ],
    ),
    Rule(
        "every platform is one of krew's, and no two are the same",
        |m| {
            let mut seen = systems(m);
            let count = seen.len();
            seen.sort();
            seen.dedup();
            seen.len() == count && seen.iter().all(|system| SYSTEMS.contains(&system.as_str()))
        },
        &[
            |m| set(m, "/spec/platforms/0/selector/matchLabels/arch", "x86_64"),
            |m| set(m, "/spec/platforms/0/selector/matchLabels/os", "macos"),
            |m| {
                let first = value(m, "/spec/platforms/0").clone();
                value(m, "/spec/platforms")
                    .as_array_mut()
                    .unwrap()
                    .push(first);
            },
        ],
    ),
    Rule(
        "linux, darwin and windows are there on amd64 and arm64",
        |m| {
            OURS.iter()
                .all(|system| systems(m).contains(&(*system).to_owned()))
        },
        &[|m| drop(value(m, "/spec/platforms").as_array_mut().unwrap().pop())],
    ),
    Rule(
        "every archive is a .tar.gz or .zip of the release with this version and platform",
        |m| {
            let version = at(m, "/spec/version");
            let page = concat!(env!("CARGO_PKG_REPOSITORY"), "/releases/download");
            platforms(m)
                .iter()
                .zip(systems(m))
                .all(|(platform, system)| {
                    let base = format!("{page}/{version}/kubectl-tracebloc-images_{version}_");
                    let rest = text(platform, "uri")
                        .strip_prefix(&base)
                        .unwrap_or_default();
                    ["tar.gz", "zip"]
                        .map(|kind| format!("{}.{kind}", system.replace('/', "_")))
                        .contains(&rest.to_owned())
                })
        },
        &[
            |m| remove(m, "/spec/platforms/0", "uri"),
            |m| replace(m, "/spec/platforms/0/uri", ".tar.gz", ".tar.xz"),
            |m| replace(m, "/spec/platforms/0/uri", "v0.", "v9."),
            |m| replace(m, "/spec/platforms/0/uri", "linux_amd64", "linux_arm64"),
            |m| replace(m, "/spec/platforms/0/uri", "https:", "http:"),
        ],
    ),
    Rule(
        "every checksum is 64 digits of lower-case hex",
        |m| {
            platforms(m).iter().all(|platform| {
                let sum = text(platform, "sha256");
                sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            })
        },
        &[
            |m| set(m, "/spec/platforms/0/sha256", &"A".repeat(64)),
            |m| set(m, "/spec/platforms/0/sha256", &"a".repeat(63)),
            |m| remove(m, "/spec/platforms/0", "sha256"),
        ],
    ),
    Rule(
        "files is left out, so that the whole archive is installed",
        |m| {
            platforms(m)
                .iter()
                .all(|platform| platform.get("files").is_none())
        },
        &[
            |m| value(m, "/spec/platforms/0")["files"] = json!([]),
            |m| value(m, "/spec/platforms/0")["files"] = json!([{ "from": "*", "to": "." }]),
        ],
    ),
    Rule(
        "bin is the binary at the top of the archive, and .exe on Windows alone",
        |m| {
            platforms(m)
                .iter()
                .zip(systems(m))
                .all(|(platform, system)| {
                    let suffix = if system.starts_with("windows/") {
                        ".exe"
                    } else {
                        ""
                    };
                    text(platform, "bin") == format!("kubectl-tracebloc_images{suffix}")
                })
        },
        &[
            |m| remove(m, "/spec/platforms/0", "bin"),
            |m| set(m, "/spec/platforms/0/bin", "../kubectl-tracebloc_images"),
            |m| set(m, "/spec/platforms/0/bin", "kubectl-tracebloc-images"),
            |m| set(m, "/spec/platforms/4/bin", "kubectl-tracebloc_images"),
        ],
    ),
    Rule(
        "no key is misspelt: krew passes over those that it does not know",
        |m| {
            let known = |value: &Value, keys: &[&str]| {
                value
                    .as_object()
                    .is_some_and(|all| all.keys().all(|key| keys.contains(&&**key)))
            };
            let spec = [
                "version",
                "homepage",
                "shortDescription",
                "description",
                "caveats",
                "platforms",
            ];
            known(&m.yaml, &["apiVersion", "kind", "metadata", "spec"])
                && known(&m.yaml["metadata"], &["name"])
                && known(&m.yaml["spec"], &spec)
                && platforms(m)
                    .iter()
                    .all(|platform| known(platform, &["selector", "uri", "sha256", "bin", "files"]))
        },
        &[
            |m| m.yaml["spec"]["shortdescription"] = json!("Check and refresh"),
            |m| value(m, "/spec/platforms/0")["sha265"] = json!("0"),
            |m| m.yaml["metadata"]["names"] = json!("tracebloc-images"),
        ],
    ),
];

/// Pairs that krew knows, in Go's words.
const SYSTEMS: &[&str] = &[
    "windows/386",
    "windows/amd64",
    "windows/arm64",
    "linux/386",
    "linux/amd64",
    "linux/arm",
    "linux/arm64",
    "linux/ppc64le",
    "darwin/386",
    "darwin/amd64",
    "darwin/arm64",
];

pub(super) const OURS: [&str; 6] = [
    "linux/amd64",
    "linux/arm64",
    "darwin/amd64",
    "darwin/arm64",
    "windows/amd64",
    "windows/arm64",
];

fn is_kebab(name: &str) -> bool {
    name.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn is_device(name: &str) -> bool {
    let numbered = name
        .strip_prefix("com")
        .or_else(|| name.strip_prefix("lpt"));
    ["con", "prn", "aux", "nul"].contains(&name)
        || numbered.is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
}

/// `v`, three numbers without leading zeros, and perhaps `-` and words with dots between them.
fn is_version(text: &str) -> bool {
    let Some(version) = text.strip_prefix('v') else {
        return false;
    };
    let (numbers, before) = match version.split_once('-') {
        Some((numbers, before)) => (numbers, Some(before)),
        None => (version, None),
    };
    let is_number = |part: &str| part.parse::<u64>().is_ok_and(|n| n.to_string() == part);
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && before.is_none_or(|before| before.split('.').all(is_word))
}
