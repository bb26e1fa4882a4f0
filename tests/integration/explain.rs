//! `explain`: its pages, its documents, and which codes the program can find at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Plugin, page_of as screen};

/// An advice, which stands among the next steps: they have no numbers.
const UNNUMBERED: &[&str] = &["UpgradeHelps"];

fn document(args: &[&str]) -> Value {
    let output = Plugin::new()
        .args(["explain", "-o", "json"])
        .args(args)
        .output();
    assert_eq!(Some(0), output.code, "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn the_list_and_one_code_have_their_pages() {
    screen("explain", &["explain"]);
    screen("explain_302", &["explain", "TBI-302"]);
}

#[test]
fn a_code_is_known_in_any_spelling() {
    let page = Plugin::new().args(["explain", "TBI-201"]).output().stdout;
    assert!(
        page.starts_with("TBI-201    connection dropped\n"),
        "{page}"
    );
    for spelling in ["tbi-201", "201"] {
        Plugin::new()
            .args(["explain", spelling])
            .stdout(&page)
            .success();
    }
}

#[test]
fn a_wrong_code_is_told_the_nearest() {
    for (code, why) in [
        (
            "TBI-299",
            "no such code; the nearest is TBI-309 (no CronJob)",
        ),
        (
            "stuck",
            "a code is TBI- and three digits, as in TBI-302; `explain` without one lists them",
        ),
    ] {
        Plugin::new()
            .args(["explain", code])
            .stderr(format!(
                "error: invalid value '{code}' for '[CODE]': {why}\n\nFor more information, try '--help'.\n"
            ))
            .status(2);
    }
}

#[test]
fn all_is_every_code_of_the_list_and_the_document_says_as_much() {
    let codes = |page: &str| -> Vec<String> {
        let starts = page.lines().filter_map(|line| line.trim_start().get(..7));
        let codes = starts.filter(|start| start.starts_with("TBI-"));
        codes.map(str::to_owned).collect()
    };
    let listed = codes(&Plugin::new().args(["explain"]).output().stdout);
    assert!(listed.len() > 70, "{listed:?}");
    let all = Plugin::new().args(["explain", "--all"]).output().stdout;
    let heads: Vec<_> = all
        .lines()
        .filter(|line| line.starts_with("TBI-"))
        .map(|line| line[..7].to_owned())
        .collect();
    assert_eq!(heads, listed);
    let documents = document(&["--all"]);
    assert_eq!(documents["kind"], "List");
    let named: Vec<_> = documents["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].as_str().unwrap())
        .collect();
    assert_eq!(named, listed);
}

#[test]
fn a_page_says_no_more_than_its_document() {
    let page = Plugin::new().args(["explain", "302"]).output().stdout;
    let document = document(&["302"]);
    assert_eq!(document["kind"], "Explanation");
    let mut texts = vec![&document["code"], &document["title"], &document["seen"]];
    for list in ["causes", "rulesOut", "steps"] {
        texts.extend(document[list].as_array().unwrap());
    }
    for command in document["commands"].as_array().unwrap() {
        texts.extend([&command["command"], &command["why"]]);
    }
    let mut words: Vec<_> = page.split_whitespace().collect();
    words.retain(|word| !["Seen", "Causes", "Rules", "out", "Do", "More", "-"].contains(word));
    words.retain(|word| {
        !word
            .trim_end_matches('.')
            .bytes()
            .all(|b| b.is_ascii_digit())
    });
    let mut said: Vec<_> = texts
        .iter()
        .flat_map(|text| text.as_str().unwrap().split_whitespace())
        .collect();
    said.retain(|word| *word != "out" && !word.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(words, said);
}

/// Variants of `Code` that the sources name outside the table and the texts.
fn found() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if !["codes", "explain", "tests", "fixtures"].contains(&name)
                && !path.components().any(|part| {
                    ["tests", "fixtures", "explain"].contains(&part.as_os_str().to_str().unwrap())
                })
            {
                let text = fs::read_to_string(&path).unwrap();
                let shipped = text.split("#[cfg(test)]").next().unwrap();
                found.extend(named(shipped));
            }
        }
    }
    found
}

/// `Code::Name`, and the names in `Code::{A, B}`.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in text.split("Code::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or(list),
            None => rest
                .split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap_or(rest),
        };
        names.extend(list.split(',').map(|name| name.trim().to_owned()));
    }
    names
}

#[test]
fn every_code_but_the_advice_can_be_found() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codes.rs"));
    let table = table.unwrap();
    let table = table.split_once("codes! {").unwrap().1;
    let all: BTreeSet<_> = table
        .lines()
        .take_while(|line| !line.starts_with('}'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.trim().to_owned())
        .collect();
    assert!(all.len() > 70, "{all:?}");
    let found = found();
    let missing: Vec<_> = all
        .iter()
        .filter(|name| !found.contains(*name))
        .map(String::as_str)
        .collect();
    assert_eq!(missing, UNNUMBERED);
}
