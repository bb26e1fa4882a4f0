//! The ways to the registries: a row for each step, a column for each vantage point, below one another where the page
//! is too narrow.

use super::{Form, LABEL, Screen, mark};
use crate::checks::Group;
use crate::reading::Step;
use crate::render::flow::{Flow, Line, Margins};
use crate::render::model::doctor::{Check, CheckResult, VantagePoint};
use crate::render::theme::{Mark, TEXT};

mod grid;

impl Screen<'_> {
    pub(super) fn registries(&self) -> Vec<Line> {
        let (points, names) = (self.points(), self.names());
        let mut lines = match self.grid(&points, &names) {
            _ if names.is_empty() => self.title(),
            Some(lines) => lines,
            None => self.stacked(&points, &names),
        };
        let rest = self
            .of(Group::Registries)
            .filter(|check| step_of(check).is_none());
        let before = lines.len();
        for check in rest.filter(|check| is_told(check)) {
            lines.extend(self.lines_of(check));
        }
        if self.form == Form::Wide {
            lines.extend(self.policies());
            lines.extend(self.hosts());
        }
        if names.is_empty() && lines.len() == before {
            return Vec::new();
        }
        lines
    }

    fn title(&self) -> Vec<Line> {
        Flow::default()
            .words(Group::Registries.title(), TEXT)
            .lines(self.page.margins(0, 0))
    }

    /// Where ways were looked at from, this machine first.
    fn points(&self) -> Vec<&VantagePoint> {
        let is_asked = |point: &&VantagePoint| {
            let mut checks = self.of(Group::Registries);
            checks
                .any(|check| (step_of(check).is_some() || is_probe(check)) && is_from(check, point))
        };
        self.report.vantage_points.iter().filter(is_asked).collect()
    }

    /// The registries, in the order of the checks.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.of(Group::Registries).filter_map(step_of) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn steps(&self, name: &str) -> Vec<Step> {
        let is_taken = |step: &Step| {
            let mut checks = self.of(Group::Registries).filter_map(step_of);
            checks.any(|of| of == (name, *step))
        };
        Step::ALL.into_iter().filter(is_taken).collect()
    }

    fn check_of(&self, name: &str, step: Step, point: &VantagePoint) -> Option<&Check> {
        self.of(Group::Registries)
            .find(|check| step_of(check) == Some((name, step)) && is_from(check, point))
    }

    /// Why a vantage point has not looked.
    fn unprobed(&self, point: &VantagePoint) -> Option<&Check> {
        self.of(Group::Registries)
            .find(|check| is_probe(check) && is_from(check, point))
    }

    /// One vantage point below the other, each with all its registries.
    fn stacked(&self, points: &[&VantagePoint], names: &[&str]) -> Vec<Line> {
        let mut lines = Vec::new();
        for point in points {
            let text = format!("{} from {}", Group::Registries.title(), title(point));
            lines.extend(
                Flow::default()
                    .words(&text, TEXT)
                    .lines(self.page.margins(0, 2)),
            );
            for name in names {
                lines.extend(
                    Flow::default()
                        .words(name, TEXT)
                        .lines(self.page.margins(2, 2)),
                );
                for step in self.steps(name) {
                    let Some(check) = self.check_of(name, step, point) else {
                        continue;
                    };
                    let flow = Flow::default().item(0, [self.page.glyph(mark(check.result))]);
                    let text = format!("{} {}", label(step), whole(check));
                    let mut row = flow.words(&text, TEXT).lines(Margins {
                        width: self.page.edge(),
                        ..self.page.margins(4, 6)
                    });
                    if let Some(code) = check.code {
                        self.page.code(&mut row, code);
                    }
                    lines.extend(row);
                }
            }
        }
        lines
    }

    /// One line for each registry: `✔ all 5 steps, 112ms`.
    pub(super) fn folded_registries(&self) -> Vec<Line> {
        let (points, names) = (self.points(), self.names());
        if names.is_empty() {
            let mut lines: Vec<Line> = self
                .of(Group::Registries)
                .filter_map(|check| check.reason.as_deref())
                .flat_map(|why| {
                    Flow::default()
                        .item(0, [self.page.glyph(Mark::Skip)])
                        .words(&format!("not asked: {why}"), TEXT)
                        .lines(self.page.margins(LABEL + 2, LABEL + 2))
                })
                .collect();
            if let Some(first) = lines.first_mut() {
                first.label(Group::Registries.title());
            }
            return lines;
        }
        if let Some(lines) = self.columns(&points, &names) {
            return lines;
        }
        let mut lines = Vec::new();
        for point in &points {
            let text = format!("{} from {}", Group::Registries.title(), title(point));
            lines.extend(
                Flow::default()
                    .words(&text, TEXT)
                    .lines(self.page.margins(0, 2)),
            );
            for name in &names {
                let (mark, text) = match self.unprobed(point) {
                    Some(check) => (mark(check.result), whole(check)),
                    None => (Mark::Ok, self.sum(name, point)),
                };
                let flow = Flow::default().item(0, [self.page.glyph(mark)]);
                let flow = flow.words(&format!("{name} {text}"), TEXT);
                lines.extend(flow.lines(self.page.margins(2, 4)));
            }
        }
        lines
    }

    /// All steps of a registry from one vantage point, which has looked.
    fn sum(&self, name: &str, point: &VantagePoint) -> String {
        let steps = self.steps(name);
        let checks: Vec<&Check> = steps
            .iter()
            .filter(|step| **step != Step::Budget)
            .filter_map(|step| self.check_of(name, *step, point))
            .filter(|check| check.result == CheckResult::Ok)
            .collect();
        let slowest = checks.iter().filter_map(|check| check.latency_ms).max();
        let took = slowest.map(|took| format!(", {took}ms"));
        // What the pods have left is what counts, where they were looked from.
        let is_last = self.points().last().is_some_and(|last| last.id == point.id);
        let budget = self.check_of(name, Step::Budget, point).filter(|_| is_last);
        let left = budget.and_then(|check| check.message.as_deref());
        let left = left.map(|left| format!(", {left}"));
        format!(
            "all {} steps{}{}",
            checks.len(),
            took.unwrap_or_default(),
            left.unwrap_or_default()
        )
    }

    fn policies(&self) -> Vec<Line> {
        let Some(policies) = &self.report.network_policies else {
            return Vec::new();
        };
        let text = match &policies[..] {
            [] => "no NetworkPolicy selects the refresh pods".to_owned(),
            some => {
                let each: Vec<String> = some
                    .iter()
                    .map(|policy| match &policy.allows[..] {
                        [] => format!("{} lets out nothing", policy.name),
                        allows => format!("{} lets out {}", policy.name, allows.join("; ")),
                    })
                    .collect();
                format!(
                    "NetworkPolicies that select the refresh pods: {}",
                    each.join(". ")
                )
            }
        };
        self.aside(&text)
    }

    fn hosts(&self) -> Vec<Line> {
        let each: Vec<String> = self
            .report
            .hosts
            .iter()
            .map(|host| {
                let known = if host.observed { "" } else { ", expected" };
                format!("{}:{} ({}{known})", host.name, host.port, host.purpose)
            })
            .collect();
        if each.is_empty() {
            return Vec::new();
        }
        self.aside(&format!("hosts: {}", each.join(", ")))
    }

    fn aside(&self, text: &str) -> Vec<Line> {
        Flow::default()
            .item(0, [self.page.glyph(Mark::Skip)])
            .words(text, TEXT)
            .lines(self.page.margins(2, 4))
    }
}

/// The registry and the step that a check is about.
fn step_of(check: &Check) -> Option<(&str, Step)> {
    let (name, word) = check.id.strip_prefix("egress.")?.rsplit_once('.')?;
    let step = Step::ALL.into_iter().find(|step| step.word() == word)?;
    Some((name, step))
}

fn is_probe(check: &Check) -> bool {
    check.id == "egress.probe"
}

/// What is chosen stands in the table; what could not be done is said below it.
fn is_told(check: &Check) -> bool {
    match check.result {
        CheckResult::Ok => step_of(check).is_none(),
        CheckResult::Skipped => !is_probe(check),
        CheckResult::Fail | CheckResult::Warn | CheckResult::Unknown => true,
    }
}

fn is_from(check: &Check, point: &VantagePoint) -> bool {
    check.vantage.as_deref() == Some(point.id.as_str())
}

const fn label(step: Step) -> &'static str {
    match step {
        Step::Dns => "dns",
        Step::Connect => "connect, tls",
        Step::Token => "token",
        Step::Manifest => "manifest",
        Step::Layers => "layers",
        Step::Budget => "rate budget",
    }
}

fn title(point: &VantagePoint) -> String {
    match (point.kind, &point.node) {
        ("pod", Some(node)) => format!("in the cluster (pod on {node})"),
        ("pod", None) => "in the cluster".to_owned(),
        _ => "this machine".to_owned(),
    }
}

/// Everything that a check says, in one line.
fn whole(check: &Check) -> String {
    let took = check.latency_ms.map(|took| format!("{took}ms"));
    let text = check.message.clone().or_else(|| check.reason.clone());
    match (check.result, text, took) {
        (CheckResult::Ok, text, took) => text.or(took).unwrap_or_default(),
        (_, text, _) => text.unwrap_or_default(),
    }
}
