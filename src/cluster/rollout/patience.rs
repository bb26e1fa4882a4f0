//! What a wait remembers from look to look: since when nothing has moved, and for how many looks it has been so.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::rollout::{Event, Puzzle, Sight, Verdict, puzzle};

/// When to ask for events, and what they said.
pub(super) struct Patience {
    events_after: Duration,
    puzzle: Option<Puzzle>,
    /// When the puzzle came up, or was asked about last.
    since: Instant,
    events: Vec<Event>,
}

impl Patience {
    pub(super) fn new(events_after: Duration) -> Self {
        Self {
            events_after,
            puzzle: None,
            since: Instant::now(),
            events: Vec::new(),
        }
    }

    /// What to ask about now: a failure at once, and what has been puzzling for long.
    pub(super) fn question(
        &mut self,
        verdict: &Verdict,
        sight: &Sight,
        lost: &BTreeSet<String>,
    ) -> Option<Puzzle> {
        let puzzle = puzzle(verdict, sight, lost);
        if puzzle != self.puzzle {
            *self = Self::new(self.events_after);
            self.puzzle.clone_from(&puzzle);
        }
        let is_urgent = matches!(verdict, Verdict::Failed(_));
        puzzle.filter(|_| is_urgent || self.since.elapsed() >= self.events_after)
    }

    pub(super) fn learn(&mut self, events: Vec<Event>) {
        self.since = Instant::now();
        self.events = events;
    }

    /// About what is puzzling now.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }
}

/// How many looks in a row came to the same.
#[derive(Default)]
pub(super) struct Steady {
    looks: usize,
    last: Option<std::mem::Discriminant<Verdict>>,
}

impl Steady {
    /// Whether the verdict ends the wait. A container without a probe is Ready before it crashes, and a condition may
    /// still be that of the rollout before: both have to last.
    pub(super) fn is_final(&mut self, verdict: &Verdict, looks: usize) -> bool {
        let kind = std::mem::discriminant(verdict);
        self.looks = match self.last {
            Some(last) if last == kind => self.looks + 1,
            _ => 1,
        };
        self.last = Some(kind);
        match verdict {
            Verdict::Rolling(_) => false,
            Verdict::Settled(_) => self.looks >= looks,
            Verdict::Failed(failed) => failed.pod.is_some() || self.looks >= looks,
            Verdict::Paused | Verdict::OnDelete(_) | Verdict::Gone | Verdict::Superseded => true,
        }
    }
}
