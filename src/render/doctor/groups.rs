//! The groups of checks: open, one line for each, or folded, one line for all.

use std::collections::BTreeMap;

use super::{LABEL, Screen};
use crate::checks::Group;
use crate::render::flow::{Flow, Line};
use crate::render::model::doctor::{Check, CheckResult};
use crate::render::theme::{Mark, TEXT};

impl Screen<'_> {
    /// A title, and each check below it; fine images together.
    pub(super) fn open(&self, group: Group) -> Vec<Line> {
        if group == Group::Registries {
            return self.registries();
        }
        let checks: Vec<&Check> = self.of(group).collect();
        if checks.is_empty() {
            return Vec::new();
        }
        let mut lines = Flow::default()
            .words(group.title(), TEXT)
            .lines(self.page.margins(0, 0));
        let is_fine = |check: &&&Check| group == Group::Images && check.result == CheckResult::Ok;
        let fine: Vec<&str> = checks
            .iter()
            .filter(is_fine)
            .filter_map(|check| name(check))
            .collect();
        for check in checks.iter().filter(|check| !is_fine(check)) {
            lines.extend(self.lines_of(check));
        }
        if !fine.is_empty() {
            let verb = if fine.len() == 1 { "covers" } else { "cover" };
            let text = format!("{} {verb} every node", fine.join(", "));
            lines.extend(self.ticked(&text).lines(self.page.margins(2, 4)));
        }
        lines
    }

    /// One line behind the group's title.
    pub(super) fn folded(&self, group: Group) -> Vec<Line> {
        let flow = match group {
            Group::Registries => return self.folded_registries(),
            Group::Access => self.of(group).fold(Flow::default(), |flow, check| {
                let text = match check.id.as_str() {
                    "access.rights" => "your rights",
                    "access.account" => "CronJob account rights",
                    _ => check.message.as_deref().unwrap_or(&check.id),
                };
                flow.append(3, self.ticked(text))
            }),
            Group::Images => self.all_covered(),
            Group::RefreshJob => {
                let mut checks = self.of(group);
                let ended = checks.find(|check| check.id == "refresh.runs");
                match ended.or_else(|| self.of(group).next()) {
                    None => Flow::default(),
                    Some(check) => Flow::default()
                        .item(0, [self.page.glyph(super::mark(check.result))])
                        .words(check.message.as_deref().unwrap_or(&check.id), TEXT),
                }
            }
            Group::Chart => Flow::default(),
        };
        if flow.is_empty() {
            return Vec::new();
        }
        let mut lines = flow.lines(self.page.margins(LABEL + 2, LABEL + 2));
        if let Some(first) = lines.first_mut() {
            first.label(group.title());
        }
        lines
    }

    fn ticked(&self, text: &str) -> Flow {
        Flow::default()
            .item(0, [self.page.glyph(Mark::Ok)])
            .words(text, TEXT)
    }

    /// `4 images cover both architectures in use (2 amd64, 1 arm64 nodes)`.
    fn all_covered(&self) -> Flow {
        let images = self
            .of(Group::Images)
            .filter(|check| check.result == CheckResult::Ok)
            .count();
        if images == 0 {
            return self
                .of(Group::Images)
                .next()
                .map_or_else(Flow::default, |check| {
                    let why = check.reason.as_deref().unwrap_or_default();
                    Flow::default()
                        .item(0, [self.page.glyph(super::mark(check.result))])
                        .words(&format!("not compared with the nodes: {why}"), TEXT)
                });
        }
        let mut by_arch: BTreeMap<&str, usize> = BTreeMap::new();
        for node in self.report.nodes.iter().flatten() {
            *by_arch.entry(&node.arch).or_default() += 1;
        }
        let what = match by_arch.len() {
            1 => "the architecture".to_owned(),
            2 => "both architectures".to_owned(),
            many => format!("all {many} architectures"),
        };
        let nodes: usize = by_arch.values().sum();
        let each: Vec<String> = by_arch
            .iter()
            .map(|(arch, count)| format!("{count} {arch}"))
            .collect();
        let (noun, verb) = if images == 1 {
            ("image", "covers")
        } else {
            ("images", "cover")
        };
        let plural = if nodes == 1 { "node" } else { "nodes" };
        self.ticked(&format!(
            "{images} {noun} {verb} {what} in use ({} {plural})",
            each.join(", ")
        ))
    }
}

fn name(check: &Check) -> Option<&'static str> {
    check.image.map(crate::image::ManagedImage::name)
}
