//! What came of a refresh that did all it was to do.

use std::collections::BTreeSet;

use super::{Story, refreshed, targets};
use crate::observation::Target;
use crate::plan::Because;
use crate::render::model::plan::Mode;
use crate::render::model::report::altogether;
use crate::report::{Step, StepResult};
use crate::rollout::Strategy;

impl Story<'_> {
    pub(super) fn finished(&self) -> Vec<String> {
        let report = self.report;
        let elapsed = altogether(report.elapsed);
        let summary = &self.plan.summary;
        let refreshed = refreshed(report);
        let head = if self.plan.pull_test.mode == Mode::Only {
            format!(
                "Had {} pulled in {elapsed}; nothing was changed.",
                images(self.plan.pull_test.pulls.len())
            )
        } else if refreshed > 0 {
            format!("Refreshed {} in {elapsed}.", images(refreshed))
        } else if report.has_patched() {
            format!("Patched {} in {elapsed}.", targets(&self.not_awaited()))
        } else if !report.recorded.is_empty() {
            let number = report.recorded.len();
            let records = if number == 1 { "record" } else { "records" };
            format!("Wrote {number} {records} in {elapsed}.")
        } else if summary.removed > 0 {
            format!("Removed {} annotations in {elapsed}.", summary.removed)
        } else {
            format!("Done in {elapsed}.")
        };
        let mut sentences = vec![head, self.pulled()];
        let not_awaited = self.not_awaited();
        if !not_awaited.is_empty() {
            sentences.push(format!(
                "{} keeps its pods until somebody deletes them (OnDelete), and nothing of it is recorded.",
                targets(&not_awaited)
            ));
        }
        let idle = self.report.plan.changes.iter();
        let idle: Vec<_> = idle
            .filter(|change| change.replicas == Some(0))
            .map(|change| &change.target)
            .collect();
        if !idle.is_empty() {
            sentences.push(format!("Nothing runs {} yet (0 replicas).", targets(&idle)));
        }
        let left_out = self.report.plan.refused.iter();
        let left_out: Vec<_> = left_out
            .filter(|refused| refused.because == Because::Unable)
            .map(|refused| refused.image.name())
            .collect();
        if !left_out.is_empty() {
            sentences.push(format!("Left out: {}.", left_out.join(", ")));
        }
        sentences
    }

    /// `edge-01 has pulled linux/arm64.`
    fn pulled(&self) -> String {
        let mut tests = self.steps(Step::PullTest).peekable();
        if tests.peek().is_none() || tests.any(|taken| taken.result != StepResult::Done) {
            return String::new();
        }
        let pulls = self.plan.pull_test.pulls.iter();
        let places: BTreeSet<_> = pulls
            .filter_map(|pull| Some((pull.node.as_deref()?, pull.platform.as_deref()?)))
            .collect();
        let places: Vec<_> = places
            .iter()
            .enumerate()
            .map(|(at, (node, platform))| match at {
                0 => format!("{node} has pulled {platform}"),
                _ => format!("{node} {platform}"),
            })
            .collect();
        if places.is_empty() {
            return String::new();
        }
        places.join(", ") + "."
    }

    /// Workloads that are patched and not waited for.
    fn not_awaited(&self) -> Vec<&Target> {
        let changes = self.report.plan.changes.iter();
        changes
            .filter(|change| change.object.strategy == Strategy::OnDelete)
            .map(|change| &change.target)
            .collect()
    }
}

fn images(number: usize) -> String {
    format!("{number} {}", if number == 1 { "image" } else { "images" })
}
