//! `doctor`, the real binary, at simulated sites.

mod bounds;
mod exits;
mod hostile;
mod lists;
mod missing;
mod pods;
mod screens;

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::harness::{self, Plugin};
use crate::status::{
    NS, Stock, altered_site, assert_clean, healthy_site, items, site_with, stocked, text,
};
use crate::world::sim::release::Generation;
use crate::world::sim::release::scenarios::incident_g2;
use crate::world::sim::site::Site;

/// `doctor` with these words, at a site where no pod looks.
fn doctor(site: &Site, args: &[&str]) -> Plugin {
    with_pods(site, args).args(["--no-probe"])
}

/// `doctor` with these words, at a site.
fn with_pods(site: &Site, args: &[&str]) -> Plugin {
    let plugin = Plugin::new().args(["doctor"]).args(args);
    let env = site.env().into_iter();
    env.fold(plugin, |plugin, (name, value)| plugin.env(name, value))
}

/// What `doctor` with these words prints, which ends with this code and says nothing on stderr.
fn page(site: &Site, args: &[&str], code: i32) -> String {
    let output = doctor(site, args).output();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(code), ""),
        "{args:?}\n{}",
        output.stdout
    );
    output.stdout
}

/// The document that `-o json` prints beside these words: what the schema promises.
fn document(site: &Site, args: &[&str]) -> Value {
    promised(&doctor(site, args).args(["-o", "json"]))
}

/// The document that this run prints, with the exit code that it says.
fn promised(plugin: &Plugin) -> Value {
    let ended = plugin.command().output().unwrap();
    let document: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let broken: Vec<_> = promise()
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(broken, Vec::<String>::new());
    let code = ended.status.code().map(i64::from);
    assert_eq!(document["summary"]["exitCode"].as_i64(), code);
    document
}

/// What `schema doctor` prints.
fn promise() -> &'static Validator {
    static PROMISE: OnceLock<Validator> = OnceLock::new();
    PROMISE.get_or_init(|| {
        let schema = Plugin::new().args(["schema", "doctor"]).output().stdout;
        jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap()
    })
}

/// What is not fine of a document, `result code id message` each, in the order of the screen.
fn troubles(document: &Value) -> Vec<String> {
    let checks = items(&document["checks"]).iter();
    checks
        .filter(|check| check["result"] != "ok" && check["result"] != "skipped")
        .map(|check| {
            let code = check["code"].as_str().unwrap_or("-");
            format!("{} {code} {}", text(&check["result"]), text(&check["id"]))
        })
        .collect()
}

/// The codes of the diagnosis.
fn causes(document: &Value) -> Vec<&str> {
    let causes = items(&document["diagnosis"]).iter();
    causes.map(|cause| text(&cause["code"])).collect()
}

fn incident() -> Site {
    stocked(|stock: &Stock| incident_g2(stock.latest, stock.old_ingestor, stock.now))
}

/// A screen as the page `screens/doctor_<name>`.
fn screen(name: &str, what: &str, text: &str) {
    harness::screen(&format!("doctor_{name}"), what, text);
}
