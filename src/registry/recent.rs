//! Tags that were looked up a moment ago: whoever looks on for long asks again only now and then.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::Session;
use crate::image::Reference;
use crate::lookup::{Failure, Resolved};

/// What tags named, and when it was said.
pub(super) type Recent = HashMap<Reference, (Instant, Result<Resolved, Failure>)>;

impl Session {
    /// For so long, a tag that was looked up, be it in vain, is not looked up again by [`Session::latest_of`].
    pub(crate) fn remembering(self, keep: Duration) -> Self {
        Self { keep, ..self }
    }

    /// As [`Session::lookup_all`], for those that are not remembered.
    pub(crate) async fn latest_of(
        &self,
        references: &[Reference],
    ) -> Vec<Result<Resolved, Failure>> {
        let known = self.known(references);
        let is_unknown = |reference: &&Reference| !known.contains_key(*reference);
        let asked: Vec<_> = references.iter().filter(is_unknown).cloned().collect();
        let answers = self.lookup_all(&asked).await;
        let new: HashMap<_, _> = asked.into_iter().zip(answers).collect();
        self.remember(&new);
        let mut found = known;
        found.extend(new);
        references
            .iter()
            .map(|reference| found[reference].clone())
            .collect()
    }

    fn known(&self, references: &[Reference]) -> HashMap<Reference, Result<Resolved, Failure>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |reference: &Reference| {
            let (at, answer) = recent.get(reference)?;
            (at.elapsed() < self.keep).then(|| (reference.clone(), answer.clone()))
        };
        references.iter().filter_map(of).collect()
    }

    fn remember(&self, new: &HashMap<Reference, Result<Resolved, Failure>>) {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let new = new.iter();
        recent.extend(new.map(|(reference, answer)| (reference.clone(), (now, answer.clone()))));
    }
}
