//! The few lines that stand in a ticket: the verdict, what was found, the diagnosis, and of what.

use std::collections::BTreeMap;

use owo_colors::OwoColorize;

use super::mark;
use crate::render::model::doctor::{Check, CheckResult, DoctorReport};
use crate::render::theme::Theme;
use crate::text::printable;

/// Digests stand in full: it is made to be copied.
pub(crate) fn short(report: &DoctorReport, theme: &Theme) -> String {
    let metadata = &report.metadata;
    let name = metadata.name.as_deref().unwrap_or("no release");
    let mark = mark(report.summary.verdict);
    let codes: Vec<String> = report
        .diagnosis
        .iter()
        .map(|cause| cause.code.to_string())
        .collect();
    let verdict = match &codes[..] {
        [] => "no problems found".to_owned(),
        codes => codes.join(" "),
    };
    let text = clean(&format!("{}/{name} {verdict}", metadata.namespace));
    let mut lines = vec![format!(
        "{} {text}",
        theme.glyphs.of(mark).style(theme.style(mark))
    )];
    let told = report.checks.iter().filter(|check| {
        matches!(
            check.result,
            CheckResult::Fail | CheckResult::Warn | CheckResult::Unknown
        )
    });
    lines.extend(told.map(|check| of_check(check, theme)));
    for cause in &report.diagnosis {
        lines.push(clean(&format!("Diagnosis {}: {}", cause.code, cause.title)));
        let hosts: Vec<String> = cause
            .allow
            .iter()
            .map(|host| format!("{}:{}", host.host, host.port))
            .collect();
        if !hosts.is_empty() {
            lines.push(clean(&format!("Allow {}", hosts.join(" "))));
        }
    }
    lines.push(clean(&about(report)));
    lines.join("\n") + "\n"
}

fn of_check(check: &Check, theme: &Theme) -> String {
    let mark = mark(check.result);
    let code = check.code.map(|code| code.to_string());
    let vantage = check.vantage.clone();
    let text = [&check.message, &check.reason];
    let text: Vec<&str> = text.into_iter().flatten().map(String::as_str).collect();
    let target = check.target.as_ref().map(|target| format!("({target})"));
    let line = format!(
        "{} {} {} {}: {}",
        code.unwrap_or_default(),
        vantage.unwrap_or_default(),
        check.id,
        target.unwrap_or_default(),
        text.join(": ")
    );
    let line = line.replace(" : ", ": ");
    format!(
        "{} {}",
        theme.glyphs.of(mark).style(theme.style(mark)),
        clean(&line)
    )
}

/// What comes from outside has been cleaned where it came in; here it is for certain.
fn clean(text: &str) -> String {
    printable(text, usize::MAX)
}

/// `chart 1.4.5, server v1.30.4, plugin 0.1.0, context berlin-edge, nodes 1 linux/arm64, 2026-06-06 10:00:02 UTC`
fn about(report: &DoctorReport) -> String {
    let versions = &report.versions;
    let mut platforms: BTreeMap<String, usize> = BTreeMap::new();
    for node in report.nodes.iter().flatten() {
        *platforms
            .entry(format!("{}/{}", node.os, node.arch))
            .or_default() += 1;
    }
    let nodes: Vec<String> = platforms
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let known = |version: &Option<String>| version.as_deref().unwrap_or("?").to_owned();
    let nodes = if nodes.is_empty() {
        "?".to_owned()
    } else {
        nodes.join(", ")
    };
    format!(
        "chart {}, server {}, plugin {}, context {}, nodes {nodes}, {}",
        known(&versions.chart),
        known(&versions.server),
        versions.plugin,
        report.metadata.context,
        report
            .metadata
            .observed_at
            .0
            .strftime("%Y-%m-%d %H:%M:%S UTC")
    )
}
