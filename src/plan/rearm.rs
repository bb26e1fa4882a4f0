//! Takes back what keeps the refresh job from trying again.

use std::collections::BTreeMap;

use crate::capability::{Capabilities, Capability};
use crate::observation::Observation;
use crate::record::{FLAP_DETECTED, LAST_ERROR, Streak};

/// What would be seen once the counters of this generation are gone, and those counters as they stand. Counters of
/// another generation are left alone: nothing reads them.
pub(super) fn rearmed(seen: &Observation) -> (Observation, BTreeMap<String, String>) {
    let mut seen = seen.clone();
    let mut removed = BTreeMap::new();
    if let Ok(record) = &mut seen.record {
        for key in keys(&seen.release.capabilities) {
            removed.extend(record.annotations.remove_entry(key));
        }
    }
    (seen, removed)
}

fn keys(capabilities: &Capabilities) -> Vec<&'static str> {
    let of = |capability, keys: [&'static str; 2]| {
        let keys = capabilities.has(capability).then_some(keys);
        keys.into_iter().flatten()
    };
    let locked = of(
        Capability::FlapGuard,
        [Streak::Attempts.key(), FLAP_DETECTED],
    );
    let alarmed = of(
        Capability::FailureStreak,
        [Streak::Failures.key(), LAST_ERROR],
    );
    locked.chain(alarmed).collect()
}
