//! `status`, the real binary, at simulated sites.

mod bounds;
mod cache;
mod contexts;
mod counters;
mod flags;
pub(crate) mod fleet;
mod from_cluster;
mod generations;
mod hostile;
mod input;
mod metrics;
mod namespaces;
mod questions;
mod registries;
mod rights;
mod scenarios;
mod secrets;
mod strangers;
pub(crate) mod terminals;
mod watch;

use std::sync::OnceLock;

use jiff::Timestamp;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::harness::{self, Output, Plugin};
use crate::world::sim::registries::Internet;
use crate::world::sim::registries::content::Index;
use crate::world::sim::release::scenarios::healthy;
use crate::world::sim::release::{Digests, Generation, IngestorMode, Release, Scene, Values};
use crate::world::sim::site::Site;

pub(crate) const NS: &str = "tracebloc";

/// What a scene is made of.
pub(crate) struct Stock<'a> {
    /// What the tags name now, and what they named before.
    pub(crate) latest: &'a Digests,
    pub(crate) before: &'a Digests,
    /// Of amd64 alone.
    pub(crate) old_ingestor: &'a str,
    pub(crate) now: Timestamp,
}

/// A site whose registries hold every tag that a release may poll, and the digest that its chart pins.
pub(crate) fn stocked(scene: impl FnOnce(&Stock) -> Scene) -> Site {
    let internet = Internet::start();
    let push = |reference: &str, build: &str| {
        let both = Index::of(["linux/amd64", "linux/arm64"]);
        internet.push(
            reference,
            both.label("build", &format!("{reference} {build}")),
        )
    };
    let before = Digests {
        jobs_manager: push("docker.io/tracebloc/jobs-manager:prod", "before"),
        pods_monitor: push("docker.io/tracebloc/pods-monitor:prod", "before"),
        resource_monitor: push("docker.io/tracebloc/resource-monitor:prod", "before"),
        ingestor: push("ghcr.io/tracebloc/ingestor:0.3", "before"),
    };
    let pin = push("ghcr.io/tracebloc/ingestor:0.8", "pinned");
    for tag in ["0.7", "0.8"] {
        push(&format!("ghcr.io/tracebloc/ingestor:{tag}"), "newest");
    }
    Site::through(internet, |latest, old_ingestor, now| {
        let stock = Stock {
            latest,
            before: &before,
            old_ingestor,
            now,
        };
        pinned_at(&pin, scene(&stock))
    })
}

/// The scene with every digest that a chart brings along replaced by one that a registry holds: no content can be
/// made for a given digest.
fn pinned_at(pin: &str, mut scene: Scene) -> Scene {
    let mut objects = serde_json::to_string(&scene.objects).unwrap();
    for generation in Generation::ALL {
        let by_chart = match generation.ingestor_mode() {
            IngestorMode::EnvDigest { baseline } => Some(baseline),
            IngestorMode::SpawnByTag { prod_digest, .. } => prod_digest,
        };
        if let Some(digest) = by_chart {
            objects = objects.replace(digest, pin);
        }
    }
    scene.objects = serde_json::from_str(&objects).unwrap();
    scene
}

/// A site whose only release is as healthy as its generation lets it be.
pub(crate) fn healthy_site(generation: Generation) -> Site {
    site_with(generation, |_| ())
}

/// As `healthy_site`, with some values of the chart changed.
pub(crate) fn site_with(generation: Generation, change: impl FnOnce(&mut Values)) -> Site {
    let release = Release::with(generation, change);
    stocked(|stock| healthy(&release, stock.latest, stock.now))
}

/// As `healthy_site`, with the scene changed before anybody looks.
pub(crate) fn altered_site(generation: Generation, alter: impl FnOnce(&mut Scene)) -> Site {
    let release = Release::new(generation);
    stocked(|stock| {
        let mut scene = healthy(&release, stock.latest, stock.now);
        alter(&mut scene);
        scene
    })
}

/// `status` with these words, at a site.
fn status(site: &Site, args: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["status"]).args(args);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

/// What `status` with these words prints, and nothing on stderr.
fn page(site: &Site, args: &[&str]) -> String {
    let output = status(site, args).output();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(0), ""),
        "{args:?}"
    );
    output.stdout
}

/// What a run says that must miss something: exit 5, and nothing on stderr.
fn incomplete(plugin: Plugin, what: &str) -> Output {
    let output = plugin.output();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(5), ""),
        "{what}: {output:?}"
    );
    output
}

/// The document that `-o json` prints beside these words: what the schema promises.
fn document(site: &Site, args: &[&str]) -> Value {
    let args = [args, &["-o", "json"]].concat();
    let document = serde_json::from_str(&page(site, &args)).unwrap();
    assert_promised(&document);
    document
}

/// Holds a document to what `schema status` prints.
fn assert_promised(document: &Value) {
    static PROMISE: OnceLock<Validator> = OnceLock::new();
    let promise = PROMISE.get_or_init(|| {
        let schema = Plugin::new().args(["schema", "status"]).output().stdout;
        jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap()
    });
    let broken: Vec<_> = promise
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(broken, Vec::<String>::new());
}

/// What a status comes to, a line each: the worst state, images, findings, counters, registries, commands.
fn facts(status: &Value) -> Vec<String> {
    let summary = &status["summary"];
    let mut facts = vec![format!(
        "{}, exit {}",
        text(&summary["state"]),
        summary["exitCode"]
    )];
    facts.extend(items(&status["images"]).iter().map(|image| {
        let words: Vec<_> = items(&image["states"]).iter().map(text).collect();
        format!("{}: {}", text(&image["name"]), words.join(" "))
    }));
    facts.extend(findings(status));
    facts.extend(items(&status["streaks"]).iter().map(|streak| {
        let bound = match text(&streak["sinceBound"]) {
            "atLeast" => " at least",
            _ => "",
        };
        let since = streak["sinceAbout"].as_str();
        let since = since.map_or_else(String::new, |since| format!(" since {since}{bound}"));
        format!(
            "{} {}/{}{since}",
            text(&streak["kind"]),
            streak["count"],
            streak["limit"]
        )
    }));
    facts.extend(items(&status["egress"]).iter().map(|way| {
        let [here, there] = ["workstation", "cluster"].map(|end| text(&way[end]["result"]));
        format!("{}: {here} here, {there} there", text(&way["registry"]))
    }));
    facts.extend(
        items(&status["next"])
            .iter()
            .map(|next| format!("$ {}", without_digests(text(&next["command"])))),
    );
    facts
}

/// `TBI-401 fail ingestor`, in alphabetical order.
fn findings(status: &Value) -> Vec<String> {
    let one = |finding: &Value| {
        let about = finding["image"].as_str().unwrap_or("release");
        format!(
            "{} {} {about}",
            text(&finding["code"]),
            text(&finding["outcome"])
        )
    };
    let mut found: Vec<_> = items(&status["findings"]).iter().map(one).collect();
    found.sort();
    found
}

/// The image of that name, or the one that covers it.
fn image<'a>(status: &'a Value, name: &str) -> &'a Value {
    let is_it =
        |image: &&Value| image["name"] == name || items(&image["covers"]).contains(&json!(name));
    let found = items(&status["images"]).iter().find(is_it);
    found.unwrap_or_else(|| panic!("no image {name:?} in {:#}", status["images"]))
}

/// The states of an image, in their order.
fn states<'a>(status: &'a Value, name: &str) -> Vec<&'a str> {
    items(&image(status, name)["states"])
        .iter()
        .map(text)
        .collect()
}

/// The message of the first finding of a code; empty without one.
fn message<'a>(status: &'a Value, code: &str) -> &'a str {
    let found = items(&status["findings"])
        .iter()
        .find(|finding| finding["code"] == code);
    found.map_or("", |finding| text(&finding["message"]))
}

/// The words of a screen, line by line, without what a second look may see otherwise.
pub(crate) fn timeless(page: &str) -> Vec<String> {
    let is_stable = |word: &&str| !word.ends_with("ms") && !word.ends_with("s.");
    let words = |line: &str| {
        line.split_whitespace()
            .filter(is_stable)
            .collect::<Vec<_>>()
            .join(" ")
    };
    page.lines().map(words).collect()
}

pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn without_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(part.len());
        short.push_str("<digest>");
        short.push_str(&part[end..]);
    }
    short
}

/// Whether both streams may stand on a terminal: no characters that steer it, but for line feeds and our colours.
pub(crate) fn assert_clean(output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        let bare = without_colours(stream);
        let at = bare.find(is_steering);
        assert_eq!(
            at,
            None,
            "{:?}",
            at.map(|at| bare[at..].chars().take(80).collect::<String>())
        );
    }
}

/// Controls, and the marks that hide text or turn its direction.
fn is_steering(c: char) -> bool {
    c != '\n' && c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text without the colours that this program writes: `ESC [`, a few digits and semicolons, `m`.
pub(crate) fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        match end.filter(|end| *end <= 4 && part[*end..].starts_with('m')) {
            Some(end) => bare.push_str(&part[end + 1..]),
            None => bare.extend(["\u{1b}[", part]),
        }
    }
    bare
}

/// A screen as the page `screens/status_<name>`.
fn screen(name: &str, what: &str, text: &str) {
    harness::screen(&format!("status_{name}"), what, text);
}
