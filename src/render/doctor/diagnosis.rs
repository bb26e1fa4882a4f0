//! What is wrong, what to do about it, and what else there is.

use super::{LABEL, Screen};
use crate::render::flow::{Flow, Line};
use crate::render::model::doctor::Diagnosis;
use crate::render::theme::TEXT;

impl Screen<'_> {
    /// The worst cause, in full.
    pub(super) fn diagnosis(&self) -> Vec<Line> {
        let Some(first) = self.report.diagnosis.first() else {
            return Vec::new();
        };
        let title = format!("{}: {}", first.code, self.digests.show_in(&first.title));
        let mut lines = self.labelled(
            "Diagnosis",
            &Flow::default().words(&title, self.page.theme.bold),
        );
        for reason in &first.reasons {
            let text = self.digests.show_in(reason);
            lines.extend(
                Flow::default()
                    .item(0, [("-".to_owned(), TEXT)])
                    .words(&text, TEXT)
                    .lines(self.page.margins(2, 4)),
            );
        }
        lines
    }

    pub(super) fn next_step(&self) -> Vec<Line> {
        let Some(first) = self.report.diagnosis.first() else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        if let Some(advice) = &first.advice {
            lines.extend(self.labelled("Next step", &Flow::default().words(advice, TEXT)));
        }
        for host in &first.allow {
            let port = match host.port {
                443 => String::new(),
                port => format!(":{port}"),
            };
            let known = if host.observed {
                ""
            } else {
                "   (expected, not observed)"
            };
            let host =
                Flow::default().item(0, [(format!("{}{port}", host.host), self.page.theme.bold)]);
            let host = host.item(0, [(known.to_owned(), self.page.theme.dim)]);
            lines.extend(host.lines(self.page.margins(LABEL + 2, LABEL + 4)));
        }
        if !first.allow.is_empty() {
            let then = "Then run this again: what is red above should turn green.";
            lines.extend(self.indented(&Flow::default().words(then, TEXT)));
        }
        lines.extend(self.commands(first));
        if let Some(line) = lines.first_mut() {
            line.label("Next step");
        }
        lines
    }

    /// As they are to be typed, however narrow the page.
    fn commands(&self, cause: &Diagnosis) -> Vec<Line> {
        let mut lines = Vec::new();
        let lead = if cause.allow.is_empty() {
            ""
        } else {
            "Until then: "
        };
        for (at, next) in cause.next.iter().enumerate() {
            let lead = if at == 0 { lead } else { "" };
            let command = [
                (lead.to_owned(), TEXT),
                (next.command.clone(), self.page.theme.bold),
            ];
            lines.extend(self.indented(&Flow::default().item(0, command)));
            let why = self.digests.show_in(&next.why);
            lines.extend(
                Flow::default()
                    .words(&why, self.page.theme.dim)
                    .lines(self.page.margins(LABEL + 2, LABEL + 2)),
            );
        }
        lines
    }

    /// Each further cause in a line.
    pub(super) fn also(&self) -> Vec<Line> {
        let rest = self.report.diagnosis.iter().skip(1);
        let mut lines: Vec<Line> = rest
            .flat_map(|cause| {
                let title = format!("{}: {}", cause.code, self.digests.show_in(&cause.title));
                self.indented(&Flow::default().words(&title, TEXT))
            })
            .collect();
        if let Some(first) = lines.first_mut() {
            first.label("Also");
        }
        lines
    }

    fn labelled(&self, label: &str, flow: &Flow) -> Vec<Line> {
        let mut lines = self.indented(flow);
        if let Some(first) = lines.first_mut() {
            first.label(label);
        }
        lines
    }

    fn indented(&self, flow: &Flow) -> Vec<Line> {
        flow.lines(self.page.margins(LABEL, LABEL))
    }
}
