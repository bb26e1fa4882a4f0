//! What was checked before anything is changed, and what comes first.

use std::collections::BTreeMap;

use super::{Screen, count};
use crate::age::age;
use crate::image::ManagedImage;
use crate::plan::{Stage, Verdict};
use crate::render::flow::Line;
use crate::render::model::plan::{
    Change, Covered, FORBIDDEN, Guard, Kind, Mode, PlannedPull, RUNNING, Refresher, SUSPENDED,
};
use crate::render::page::{list, words};
use crate::render::size::size;
use crate::render::theme::Mark;
use crate::rollout::Strategy;

/// One judgement.
struct Check {
    mark: Mark,
    text: String,
}

fn check(mark: Mark, text: impl Into<String>) -> Check {
    Check {
        mark,
        text: text.into(),
    }
}

impl Screen<'_> {
    pub(super) fn checked(&self) -> Vec<Line> {
        let plan = self.plan;
        let mut lines = Vec::new();
        if !plan.is_empty() {
            let checks = plan.coverage.iter().map(|covered| self.covers(covered));
            let checks = checks.chain(self.rights()).chain(self.refresher());
            lines.extend(checks.flat_map(|check| self.line(&check)));
        }
        lines.extend(plan.guards.iter().flat_map(|guard| self.guard(guard)));
        if !self.changes_nothing() {
            let changes = plan.changes.iter().map(|change| self.consequence(change));
            let notes = plan.notes.iter().map(|note| check(Mark::Skip, note));
            lines.extend(changes.chain(notes).flat_map(|check| self.line(&check)));
        }
        if !lines.is_empty() {
            lines.splice(0..0, words("Checked").lines(self.page.margins(0, 0)));
        }
        lines
    }

    fn line(&self, check: &Check) -> Vec<Line> {
        self.page
            .note(check.mark, &self.digests.show_in(&check.text))
    }

    fn guard(&self, guard: &Guard) -> Vec<Line> {
        let mark = match guard.verdict {
            Verdict::Fail | Verdict::Refuse => Mark::Bad,
            Verdict::Wait | Verdict::Follow | Verdict::Ask | Verdict::Go => Mark::Warn,
        };
        let mut lines = self.line(&check(mark, guard.sentence()));
        if let Some(code) = guard.code {
            self.page.code(&mut lines, code);
        }
        lines
    }

    fn covers(&self, covered: &Covered) -> Check {
        let digest = self.digests.show(&covered.digest);
        let unknown = |key| {
            let why = covered.reasons.get(key).map_or("", String::as_str);
            check(
                Mark::Unknown,
                format!("{digest} may not cover every node: {why}"),
            )
        };
        match (&covered.platforms, &covered.required) {
            (None, _) => unknown("platforms"),
            (_, None) => unknown("required"),
            (_, Some(required)) if required.is_empty() => {
                check(Mark::Unknown, format!("{digest} has no node to run on now"))
            }
            (_, Some(required)) => {
                let required = required.join(", ");
                check(Mark::Ok, format!("{digest} covers every node: {required}"))
            }
        }
    }

    fn rights(&self) -> Option<Check> {
        let plan = self.plan;
        if let Some(why) = plan.reasons.get("missingRights") {
            return Some(check(
                Mark::Unknown,
                format!("your rights are not known: {why}"),
            ));
        }
        let missing = plan.missing_rights.as_deref()?;
        // What may not be patched is a guard, and stops; without the right to look first, one may still go on.
        let stops = |guard: &Guard| guard.obstacle == FORBIDDEN;
        if plan.guards.iter().any(stops) {
            return None;
        }
        Some(if missing.is_empty() {
            check(Mark::Ok, self.wanted_rights())
        } else {
            check(Mark::Warn, format!("you may not {}", missing.join(", ")))
        })
    }

    /// `you may patch deployments and create jobs in tracebloc`
    fn wanted_rights(&self) -> String {
        let plan = self.plan;
        let here = &plan.metadata.namespace;
        let jobs = if plan.pull_test.pulls.is_empty() {
            ""
        } else {
            " and create jobs"
        };
        if plan.pull_test.mode == Mode::Only {
            return format!("you may create jobs in {here}");
        }
        let text = format!("you may patch deployments{jobs} in {here}");
        let mut elsewhere = plan.changes.iter().map(|change| &change.target.namespace);
        if let Some(there) = elsewhere.find(|there| *there != here) {
            return format!("{text}, and daemonsets in {there}");
        }
        text
    }

    /// What the refresher does meanwhile; what stands in the way is a guard.
    fn refresher(&self) -> Option<Check> {
        let refresher = self.plan.refresher.as_ref()?;
        let guarded = |obstacle| {
            let mut guards = self.plan.guards.iter();
            guards.any(|guard| guard.obstacle == obstacle)
        };
        let mut mark = Mark::Ok;
        let mut phrases = Vec::new();
        match &refresher.active {
            _ if guarded(RUNNING) => {}
            Some(_) => phrases.push("no refresh Job running".to_owned()),
            None => {
                mark = Mark::Unknown;
                let why = refresher.reasons.get("active").map_or("", String::as_str);
                phrases.push(format!("refresh Jobs are not seen ({why})"));
            }
        }
        if !guarded(SUSPENDED) {
            phrases.push(self.next_tick(refresher));
        }
        phrases.push(if refresher.waits_for_rollout {
            "its ticks wait while a rollout is on the way".to_owned()
        } else {
            "this chart does not wait for a rollout".to_owned()
        });
        Some(check(mark, phrases.join("; ")))
    }

    fn next_tick(&self, refresher: &Refresher) -> String {
        match refresher.next_run {
            Some(time) => {
                let observed = self.plan.metadata.observed_at.0;
                let ahead = age(time.0.as_second() - observed.as_second());
                format!("next tick in {ahead}")
            }
            None if refresher.suspended => "suspended".to_owned(),
            None => "next tick not known".to_owned(),
        }
    }

    /// What the change means for those who use the workload.
    fn consequence(&self, change: &Change) -> Check {
        let target = &change.target;
        let (mark, text) = match (change.strategy, change.stage) {
            (Strategy::OnDelete, Stage::Patch) => (
                Mark::Warn,
                format!(
                    "OnDelete: {target} keeps its pods until somebody deletes them; it is patched, and nothing is \
                     counted, waited for or recorded"
                ),
            ),
            (Strategy::OnDelete, Stage::Resume | Stage::Retest) => (
                Mark::Skip,
                format!("OnDelete: {target} is set already, and waits for pods to be deleted"),
            ),
            (_, Stage::Resume) => (
                Mark::Skip,
                format!("{target} is set already: nothing is patched or counted"),
            ),
            (_, Stage::Retest) => (
                Mark::Warn,
                format!(
                    "{target} is set already, and its pods do not run: goes on only if a node can pull it now"
                ),
            ),
            (Strategy::Recreate | Strategy::RollingUpdate | Strategy::Paused, Stage::Patch) => {
                self.rollout(change)
            }
        };
        let is_spawner = change.images.iter().any(|image| {
            use ManagedImage::{Ingestor, JobsManager, PodsMonitor};
            [Ingestor, JobsManager, PodsMonitor].contains(image)
        });
        let ingestions = if is_spawner && change.stage == Stage::Patch {
            self.ingestions()
        } else {
            String::new()
        };
        check(mark, text + &ingestions)
    }

    fn rollout(&self, change: &Change) -> (Mark, String) {
        let name = self.plan.short_name(&change.target);
        let whose = if self.plan.changes.len() > 1 {
            format!("rolling update of {name}")
        } else {
            "rolling update".to_owned()
        };
        match (change.replicas, change.strategy) {
            (Some(0), _) => (
                Mark::Skip,
                format!("{} has 0 replicas: nothing runs it yet", change.target),
            ),
            (_, Strategy::Recreate) => (
                Mark::Warn,
                format!("Recreate: {name} is down from patch to Ready; no old pod to fall back on"),
            ),
            (None, _) => (Mark::Ok, format!("{whose}: one node after the other")),
            (Some(_), _) if change.pods > 1 => (
                Mark::Ok,
                format!("{whose}: old pods keep serving until new ones are Ready"),
            ),
            (Some(_), _) => (
                Mark::Ok,
                format!("{whose}: the old pod keeps serving until the new one is Ready"),
            ),
        }
    }

    fn ingestions(&self) -> String {
        if let Some(number) = self.plan.ingestions {
            return format!("; {} running", count(number, "ingestion"));
        }
        let why = self.plan.reasons.get("ingestions");
        let why = why.map_or("", String::as_str);
        format!("; ingestions are not seen ({why})")
    }

    /// What comes before the first patch.
    pub(super) fn will(&self) -> Vec<Line> {
        let plan = self.plan;
        if plan.stopped_by().is_some() {
            return Vec::new();
        }
        let mut rows = Vec::new();
        if plan.pull_test.mode != Mode::Only {
            rows.extend(self.removed());
        }
        rows.extend(self.pull());
        if let Some(number) = plan.attempt().filter(|_| plan.pull_test.mode != Mode::Only) {
            let refresher = plan.refresher.as_ref();
            let limit = refresher.and_then(|refresher| refresher.attempts?.limit);
            let limit = limit.map_or_else(String::new, |limit| format!("/{limit}"));
            rows.push(format!(
                "count attempt {number}{limit} before the first patch"
            ));
        }
        self.page.section("Will", rows.iter().map(|row| words(row)))
    }

    /// Counters and marks that go first, as they stand.
    fn removed(&self) -> Option<String> {
        let mut steps = self.plan.steps.iter();
        let step = steps.find(|step| step.kind == Kind::Rearm)?;
        let removed = step.from.iter().flatten();
        let removed: Vec<_> = removed
            .map(|(key, value)| format!("{key} = {}", value.as_deref().unwrap_or_default()))
            .collect();
        Some(format!("first remove {}", removed.join(", ")))
    }

    /// `first pull 212 MB on edge-01; if that fails, nothing is changed`
    fn pull(&self) -> Option<String> {
        let planned = &self.plan.pull_test;
        if planned.mode == Mode::Skipped {
            let patches = self
                .plan
                .changes
                .iter()
                .any(|change| change.stage != Stage::Resume);
            let text = "patch without having a node pull first (--pull-test=skip)";
            return patches.then(|| text.to_owned());
        }
        let mut nodes: BTreeMap<Option<&str>, Vec<&PlannedPull>> = BTreeMap::new();
        for pull in &planned.pulls {
            nodes.entry(pull.node.as_deref()).or_default().push(pull);
        }
        let parts: Vec<_> = nodes
            .iter()
            .map(|(node, pulls)| self.pulls(*node, pulls))
            .collect();
        let parts = list(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        if parts.is_empty() {
            return None;
        }
        let missing = self.plan.missing_rights.as_deref().unwrap_or_default();
        if !missing.is_empty() && planned.mode == Mode::Before {
            let mut strategies = self.plan.changes.iter().map(|change| change.strategy);
            let text = if strategies.any(|strategy| strategy == Strategy::Recreate) {
                "stop before the patch: no node can pull first, and no old pod keeps serving (--pull-test=skip goes on)"
            } else {
                "patch without having a node pull first"
            };
            return Some(text.to_owned());
        }
        Some(match planned.mode {
            Mode::Only => format!("pull {parts}, and change nothing"),
            Mode::Before | Mode::Skipped => {
                format!("first pull {parts}; if that fails, nothing is changed")
            }
        })
    }

    fn pulls(&self, node: Option<&str>, pulls: &[&PlannedPull]) -> String {
        let what = match pulls {
            [one] => match one.size_bytes {
                Some(bytes) => size(bytes),
                None => format!("{} (size not known)", self.digests.show(&one.digest)),
            },
            several => {
                let sizes = several
                    .iter()
                    .try_fold(0u64, |sum, pull| Some(sum.saturating_add(pull.size_bytes?)));
                let sizes = sizes.map_or_else(|| "size not known".to_owned(), size);
                format!("{} ({sizes})", count(several.len(), "image"))
            }
        };
        let there = match pulls.iter().filter(|pull| pull.already_there).count() {
            0 => "",
            all if all == pulls.len() => " (there already: only the manifest request is tested)",
            _ => " (some are there already: of these only the manifest request is tested)",
        };
        if let Some(node) = node {
            return format!("{what} on {node}{there}");
        }
        let why = pulls.iter().find_map(|pull| pull.reasons.get("node"));
        let why = why.map_or("", String::as_str);
        format!("{what} on no known node ({why})")
    }
}
