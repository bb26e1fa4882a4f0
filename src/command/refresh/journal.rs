//! What a run has done so far, told as it goes on. It outlives the run: whoever ends that early still learns all of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::planning::Planned;
use crate::cli::{DryRun, RefreshFormat, Screen};
use crate::cluster::connect::Cluster;
use crate::cluster::job::Leftover;
use crate::codes::Code;
use crate::command::left_over;
use crate::error::{Error, Exit};
use crate::image::{Digest, ManagedImage};
use crate::observation::Target;
use crate::plan::RefreshPlan;
use crate::render::json::{json, yaml};
use crate::render::model::plan::Plan;
use crate::render::model::report::Report;
use crate::render::page::Page;
use crate::render::plan as plan_page;
use crate::render::report::{self as pages};
use crate::report::{Ending, RefreshReport, Step, StepResult, Taken, Unready};
use crate::terminal;

pub(super) struct Journal<'a> {
    cluster: &'a Cluster,
    output: RefreshFormat,
    screen: Screen,
    shown: RefCell<Option<(RefreshPlan, Plan)>>,
    is_printed: Cell<bool>,
    steps: RefCell<Vec<Taken>>,
    /// The step that is being taken.
    open: RefCell<Option<(Step, Option<Target>, Instant)>>,
    recorded: RefCell<BTreeMap<ManagedImage, Digest>>,
    unready: RefCell<Vec<Unready>>,
}

impl<'a> Journal<'a> {
    pub(super) fn new(cluster: &'a Cluster, output: RefreshFormat, screen: Screen) -> Self {
        Self {
            cluster,
            output,
            screen,
            shown: RefCell::default(),
            is_printed: Cell::new(false),
            steps: RefCell::default(),
            open: RefCell::default(),
            recorded: RefCell::default(),
            unready: RefCell::default(),
        }
    }

    /// The plan that everything from now on is about.
    pub(super) fn adopt(&self, planned: &Planned) {
        let document = Plan::new(&planned.view());
        *self.shown.borrow_mut() = Some((planned.plan.clone(), document));
    }

    /// Adopts a plan, and prints it where people read.
    pub(super) fn show(&self, planned: &Planned) -> Result<(), Error> {
        self.adopt(planned);
        self.print_plan()
    }

    fn print_plan(&self) -> Result<(), Error> {
        let shown = self.shown.borrow();
        let Some((_, plan)) = shown.as_ref() else {
            return Ok(());
        };
        if self.output != RefreshFormat::Table || self.is_printed.replace(true) {
            return Ok(());
        }
        terminal::print(&self.draw(|page| plan_page::plan(plan, page)))
    }

    /// Ends a dry run: the plan alone.
    pub(super) fn rehearsed(&self, planned: &Planned, dry_run: DryRun) -> Result<(), Error> {
        self.adopt(planned);
        self.print_plan()?;
        // One document: there will be no report.
        let Some((_, plan)) = self.shown.take() else {
            return Ok(());
        };
        match self.output {
            RefreshFormat::Table => {
                let note = match dry_run {
                    DryRun::Client => "Dry run: nothing was changed.\n",
                    DryRun::Server => {
                        "Dry run: the API server took every patch and carried none of them out.\n"
                    }
                };
                terminal::print(note)
            }
            RefreshFormat::Json => terminal::print(&json(&plan)),
            RefreshFormat::Yaml => terminal::print(&yaml(&plan)),
        }
    }

    /// How far a rollout is, for a log; on a terminal a line moves that says so.
    pub(super) fn rolling(&self, target: &Target, words: &str) {
        if terminal::width().is_none() {
            self.tell(&pages::rolling(target, words, self.cluster.now()));
        }
    }

    pub(super) fn begin(&self, step: Step, target: Option<&Target>) {
        *self.open.borrow_mut() = Some((step, target.cloned(), Instant::now()));
    }

    /// Ends the step that was begun.
    pub(super) fn end(&self, result: StepResult, words: String, details: Vec<String>) {
        let Some((step, target, since)) = self.open.borrow_mut().take() else {
            return;
        };
        self.take(Taken {
            step,
            target,
            result,
            words,
            details,
            took: since.elapsed(),
        });
    }

    /// How long the open step has taken.
    pub(super) fn open_for(&self) -> Duration {
        let open = self.open.borrow();
        open.as_ref()
            .map_or(Duration::ZERO, |(_, _, since)| since.elapsed())
    }

    /// Ends the open step, or the look before one, as failed.
    pub(super) fn fail(&self, code: Option<Code>, words: String, details: Vec<String>) {
        if self.open.borrow().is_none() {
            self.begin(Step::Reread, None);
        }
        self.end(StepResult::Failed(code), words, details);
    }

    pub(super) fn take(&self, taken: Taken) {
        let is_terminal = terminal::width().is_some();
        let line = if is_terminal && self.output == RefreshFormat::Table {
            self.draw(|page| pages::step(&taken, page))
        } else {
            pages::piped(&taken, self.cluster.now())
        };
        self.tell(&line);
        self.steps.borrow_mut().push(taken);
    }

    /// Beside a document that is still to come, lines go to stderr.
    fn tell(&self, line: &str) {
        match self.output {
            // A reader that has left does not stop what was begun.
            RefreshFormat::Table => drop(terminal::print(line)),
            RefreshFormat::Json | RefreshFormat::Yaml => terminal::say(line),
        }
    }

    pub(super) fn record(&self, digests: BTreeMap<ManagedImage, Digest>) {
        self.recorded.borrow_mut().extend(digests);
    }

    /// Ends a step that is told in parts.
    pub(super) fn close_step(&self) {
        self.open.borrow_mut().take();
    }

    pub(super) fn unready(&self, workloads: Vec<Unready>) {
        *self.unready.borrow_mut() = workloads;
    }

    /// Prints how it ended, and gives the exit code.
    ///
    /// # Errors
    ///
    /// What ended the run before there was a plan; [`Error::Output`].
    pub(super) fn close(
        &self,
        ended: Result<Ending, Error>,
        leftovers: &[Leftover],
        elapsed: Duration,
    ) -> Result<Exit, Error> {
        left_over(leftovers);
        let is_cut_short = self.open.borrow().is_some();
        if is_cut_short {
            let words = "cut short; whether it was carried out is not known".to_owned();
            self.end(StepResult::CutShort, words, Vec::new());
        }
        self.print_plan()?;
        let Some((plan, model)) = self.shown.take() else {
            return match ended? {
                Ending::Interrupted(exit) | Ending::Refused(exit) => Ok(exit),
                Ending::Finished
                | Ending::NothingToDo
                | Ending::Declined
                | Ending::Failed
                | Ending::TimedOut(_) => Ok(Exit::Done),
            };
        };
        let report = RefreshReport {
            plan,
            steps: self.steps.take(),
            recorded: self.recorded.take(),
            unready: self.unready.take(),
            ending: ended?,
            elapsed,
        };
        let exit = report.exit();
        let document = Report::new(&report, model);
        match self.output {
            RefreshFormat::Table => {
                terminal::print(&self.draw(|page| pages::ending(&document, page)))?;
            }
            RefreshFormat::Json => terminal::print(&json(&document))?,
            RefreshFormat::Yaml => terminal::print(&yaml(&document))?,
        }
        Ok(exit)
    }

    fn draw(&self, page: impl FnOnce(&Page<'_>) -> String) -> String {
        let theme = terminal::theme(self.screen);
        page(&Page {
            theme: &theme,
            width: terminal::width(),
            digests: crate::render::digests::DigestForm::Short,
        })
    }
}

/// A sentence beside the answer.
pub(super) fn note(words: &str) {
    terminal::say(&format!("{words}\n"));
}
