//! G2 on a site that reaches docker.io and not ghcr.io: the ingestor's failures are counted until
//! the chart gives up, and stay counted when a person moves the image by hand.

use crate::installed::eventually;
use crate::lab::Lab;
use crate::release::Generation;

const TRACKED: &str = "ghcr.io/tracebloc/ingestor:stuck";
const LAST_ERROR: &str =
    "could not resolve ghcr.io/tracebloc/ingestor:stuck for 3 consecutive ticks";

#[test]
fn three_unresolved_ticks_stick_the_ingestor_until_a_tick_resolves_it_again() {
    let lab = Lab::get();
    let network = lab.network();
    let old = lab.retag(TRACKED, "0.3-arm64");
    let berlin = lab.install("stuck", Generation::G2, |values| {
        values.images.ingestor.tag = Some("stuck".to_owned());
        values.images.ingestor.digest = Some(old.clone());
    });
    assert_eq!(berlin.tick().outcome, "Complete");
    let new = lab.retag(TRACKED, "0.3");

    network.fault("pod ghcr.io drop");
    let mut failed = String::new();
    for (failures, outcome) in [("1", "Complete"), ("2", "Complete"), ("3", "Failed")] {
        let tick = berlin.tick();
        assert_eq!(tick.outcome, outcome, "{}", tick.log);
        assert_eq!(
            berlin.mark("ingestor-refresh-consecutive-failures"),
            failures
        );
        failed = format!("batch.kubernetes.io/job-name={}", tick.job);
    }
    eventually("the Job that failed has taken its pod along", || {
        let pods = berlin.kubectl(&["get", "pods", "-o", "name", "-l", &failed]);
        pods.ok().is_empty().then_some(())
    });
    assert_eq!(berlin.mark("ingestor-refresh-last-error"), LAST_ERROR);

    network.heal();
    let tick = berlin.tick();
    assert!(
        tick.log.contains("clearing prior failure streak"),
        "{}",
        tick.log
    );
    assert_eq!(tick.outcome, "Complete", "{}", tick.log);
    assert_eq!(berlin.mark("last-refreshed-ingestor-digest"), new);
}
