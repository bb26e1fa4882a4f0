//! The lab's network, whole or broken.

use std::sync::{MutexGuard, PoisonError};

use crate::lab::Lab;

/// The right to break the network: rules are `VANTAGE HOST[/REPOSITORY] KIND [ARG]`, for example
/// `pod ghcr.io drop`. Heals everything when it is dropped.
pub(crate) struct Network {
    lab: &'static Lab,
    _alone: MutexGuard<'static, ()>,
}

impl Network {
    pub(crate) fn new(lab: &'static Lab) -> Self {
        let alone = lab.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Self { lab, _alone: alone }
    }

    /// Adds a rule; it holds when this returns.
    pub(crate) fn fault(&self, rule: &str) {
        self.lab.kubox(&["fault", self.lab.dir(), rule]).ok();
    }

    /// Removes every rule.
    pub(crate) fn heal(&self) {
        self.lab.kubox(&["heal", self.lab.dir()]).ok();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A failure here would abort the process while the test's own is being reported.
        let _ = self.lab.kubox(&["heal", self.lab.dir()]);
    }
}
