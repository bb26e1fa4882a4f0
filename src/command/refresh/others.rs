//! Other people's work that a refresh waits for: a run of the refresh job, and a rollout that is on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Run;
use super::journal::note;
use super::planning::Planned;
use crate::cluster::rollout::Awaited;
use crate::cluster::runs::active;
use crate::error::{Error, Exit};
use crate::observation::Target;
use crate::plan::{Obstacle, Verdict};
use crate::report::Ending;
use crate::rollout::Verdict as Rolled;
use crate::terminal;
use crate::terminal::prompt::{Reply, confirm};

/// Whether the run may go on.
pub(super) enum Way {
    Free,
    /// After a wait: everything has to be looked at again.
    Anew,
    Closed(Ending),
}

impl Run<'_> {
    /// Waits for what is on the way, where that is what the guards say; a person is asked first.
    ///
    /// # Errors
    ///
    /// As a look at Jobs or at a workload.
    pub(super) async fn others(&self, planned: &Planned) -> Result<Way, Error> {
        let mut guards = planned.plan.guards.iter();
        let Some(guard) =
            guards.find(|guard| matches!(guard.verdict, Verdict::Wait | Verdict::Follow))
        else {
            return Ok(Way::Free);
        };
        let (question, what) = match &guard.obstacle {
            Obstacle::Running(jobs) => {
                let jobs = jobs.join(", ");
                (
                    format!("The refresh job is running ({jobs}). Wait for it, then look again?"),
                    format!("waiting for {jobs}"),
                )
            }
            Obstacle::RollingOut(target, words) => (
                format!(
                    "{target} is rolling out ({words}), and not by this plugin. Wait for it, then look again?"
                ),
                format!("waiting for the rollout of {target}"),
            ),
            _ => return Ok(Way::Free),
        };
        if !self.args.now {
            match self.ask(|| confirm(&question))? {
                Reply::Interrupted => {
                    return Ok(Way::Closed(Ending::Interrupted(Exit::Interrupted)));
                }
                Reply::Answer(false) => return Ok(Way::Closed(Ending::Declined)),
                Reply::Answer(true) => {}
            }
        }
        note(&what);
        let is_over = match &guard.obstacle {
            Obstacle::Running(_) => self.follow(planned, &what).await?,
            Obstacle::RollingOut(target, _) => self.settle(target).await?,
            _ => true,
        };
        if is_over {
            return Ok(Way::Anew);
        }
        self.journal.adopt(planned);
        Ok(Way::Closed(Ending::TimedOut(self.args.timeout.0)))
    }

    /// Whether the runs ended in time.
    async fn follow(&self, planned: &Planned, what: &str) -> Result<bool, Error> {
        let Some(cron_job) = planned.seen.release.cron_job() else {
            return Ok(true);
        };
        let followed = async {
            while !self.left().is_zero() {
                let namespace = &planned.seen.release.namespace;
                if active(self.cluster, namespace, &cron_job.uid)
                    .await?
                    .is_empty()
                {
                    return Ok(true);
                }
                tokio::time::sleep(self.pace.interval.min(self.left())).await;
            }
            Ok(false)
        };
        terminal::live(self.screen, || what.to_owned(), Box::pin(followed)).await
    }

    /// Whether the rollout ended in time, well or not: the next look says how.
    async fn settle(&self, target: &Target) -> Result<bool, Error> {
        let lost = BTreeSet::new();
        let awaited = Awaited {
            target,
            uid: None,
            marks: &[],
            lost: &lost,
        };
        let look = self.watched(&awaited).await?;
        Ok(!matches!(look.verdict, Rolled::Rolling(_)) && self.left() > Duration::ZERO)
    }
}
