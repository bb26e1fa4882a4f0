//! Waits for the pods of a changed workload, and tells what became of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::Run;
use super::execution::States;
use super::planning::Planned;
use crate::cluster::rollout::{Awaited, Look, wait};
use crate::codes::Code;
use crate::error::Error;
use crate::node::Standing;
use crate::patch::{Edit, Field};
use crate::plan::Change;
use crate::render::report::live;
use crate::report::{Ending, Step, StepResult, Unready};
use crate::rollout::{Failed, Mark, Settled, Verdict};
use crate::terminal;

impl Run<'_> {
    /// Waits for the new pods. `None` where nobody waits: `OnDelete`.
    pub(super) async fn settled(
        &self,
        planned: &Planned,
        change: &Change,
        states: &mut States,
    ) -> Result<Option<Settled>, Ending> {
        self.journal.begin(Step::Wait, Some(&change.target));
        let look = self.done(self.wait(planned, change).await)?;
        if let Some(state) = states.get_mut(&change.target) {
            state.version = look.resource_version;
        }
        let since = |verb: &str| format!("{verb} after {}", seconds(self.journal.open_for()));
        match look.verdict {
            Verdict::Settled(settled) => {
                self.journal
                    .end(StepResult::Done, settled.words(), Vec::new());
                Ok(Some(settled))
            }
            Verdict::OnDelete(words) => {
                self.journal.end(StepResult::Doubtful, words, Vec::new());
                Ok(None)
            }
            Verdict::Rolling(words) => {
                self.journal
                    .unready(vec![unready(change, (look.available, look.wanted))]);
                self.journal.end(StepResult::CutShort, words, Vec::new());
                Err(Ending::TimedOut(self.args.timeout.0))
            }
            Verdict::Failed(failed) => {
                self.journal
                    .unready(vec![unready(change, (look.available, look.wanted))]);
                let details = lines(&failed);
                let result = StepResult::Failed(Some(failed.code));
                self.journal.end(result, since("stopped"), details);
                Err(Ending::Failed)
            }
            Verdict::Superseded | Verdict::Gone => Err(self.changed(look.changed_by)),
            Verdict::Paused => {
                let words = "paused meanwhile: nothing will roll out".to_owned();
                let result = StepResult::Failed(Some(Code::ChangedUnderneath));
                self.journal.end(result, words, Vec::new());
                Err(Ending::Failed)
            }
        }
    }

    async fn wait(&self, planned: &Planned, change: &Change) -> Result<Look, Error> {
        let marks: Vec<_> = change.edits.iter().map(mark).collect();
        let nodes = planned.seen.nodes.iter().flatten();
        let lost: BTreeSet<_> = nodes
            .filter(|node| node.standing == Standing::NotReady)
            .map(|node| node.name.clone())
            .collect();
        let awaited = Awaited {
            target: &change.target,
            uid: Some(&change.object.uid),
            marks: &marks,
            lost: &lost,
        };
        self.watched(&awaited).await
    }

    /// Waits for a rollout, and says how far it is: on a terminal in one line that moves, else in a line per change.
    ///
    /// # Errors
    ///
    /// As [`wait`].
    pub(super) async fn watched(&self, awaited: &Awaited<'_>) -> Result<Look, Error> {
        let target = awaited.target;
        let words = RefCell::new(String::new());
        let (began, limit) = (self.started.elapsed(), self.left());
        let waited = wait(self.cluster, awaited, limit, &self.pace, |said: &str| {
            said.clone_into(&mut words.borrow_mut());
            self.journal.rolling(target, said);
        });
        let line = || {
            let elapsed = self.started.elapsed().saturating_sub(began);
            live(
                Step::Wait,
                Some(target),
                &words.borrow(),
                elapsed,
                limit,
                None,
            )
        };
        terminal::live(self.screen, line, Box::pin(waited)).await
    }
}

fn mark(edit: &Edit) -> Mark {
    match &edit.field {
        Field::Image { container } => Mark::Image {
            container: container.clone(),
            image: edit.to.clone(),
        },
        Field::Env { container, name } => Mark::Env {
            container: container.clone(),
            name: name.clone(),
            value: edit.to.clone(),
        },
        Field::Restart => Mark::Restarted {
            at: edit.to.clone(),
        },
    }
}

/// Who cannot run, and why, a line each.
fn lines(failed: &Failed) -> Vec<String> {
    let who = failed.pod.as_ref().map(|pod| {
        let node = pod
            .node
            .as_ref()
            .map_or_else(String::new, |node| format!(" on {node}"));
        let container = pod.container.as_ref();
        let container = container.map_or_else(String::new, |name| format!(", container {name}"));
        format!("pod {}{node}{container}: {}", pod.name, failed.reason)
    });
    let speaker = match failed.code {
        Code::CannotPull | Code::Crashes => "kubelet: ",
        Code::Unschedulable => "scheduler: ",
        _ => "",
    };
    let why = (!failed.message.is_empty()).then(|| format!("{speaker}{}", failed.message));
    who.or_else(|| failed.pod.is_none().then(|| failed.reason.clone()))
        .into_iter()
        .chain(why)
        .collect()
}

/// How far the workload was when nobody waited for it any longer.
fn unready(change: &Change, (available, wanted): (u32, u32)) -> Unready {
    Unready {
        target: change.target.clone(),
        available: Some(available),
        wanted: Some(wanted),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}
