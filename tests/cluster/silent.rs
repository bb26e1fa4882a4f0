//! G1, the original incident: ghcr.io is closed to the pods, nothing is counted, every Job is
//! green, and the image stays for ever.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::installed::{Installed, image};
use crate::lab::Lab;
use crate::release::Generation;

const TRACKED: &str = "ghcr.io/tracebloc/ingestor:silent";

#[test]
fn a_green_tick_that_resolves_nothing_is_told_by_its_log_or_by_the_age_of_what_it_missed() {
    let lab = Lab::get();
    let network = lab.network();
    let old = lab.retag(TRACKED, "0.3-arm64");
    let berlin = lab.install("silent", Generation::G1, |values| {
        values.images.ingestor.tag = Some("silent".to_owned());
        values.images.ingestor.digest = Some(old);
    });
    assert_eq!(berlin.tick().outcome, "Complete");
    lab.retag(TRACKED, "0.3");

    network.fault("pod ghcr.io drop");
    let tick = berlin.tick();
    assert_eq!(tick.outcome, "Complete", "{}", tick.log);
    assert!(
        tick.log.contains("WARN: could not resolve latest digest"),
        "{}",
        tick.log
    );
    assert_eq!(
        findings(&berlin),
        json!(["TBI-401", "TBI-310"]),
        "by the log"
    );

    berlin.kubectl(&["delete", "job", &tick.job, "--wait"]).ok();
    assert_eq!(
        findings(&berlin),
        json!(["TBI-401", "TBI-310"]),
        "by its age"
    );

    lab.publish(TRACKED, &Timestamp::now().to_string());
    assert_eq!(
        findings(&berlin),
        json!(["TBI-401"]),
        "what came after the run was not missed"
    );

    network.heal();
    let tick = berlin.tick();
    assert_eq!(tick.outcome, "Complete", "{}", tick.log);
    berlin.laptop(&["status", "--exit-code"]).ok();
}

/// What `status` finds about the ingestor, which is broken and stale throughout.
fn findings(berlin: &Installed) -> Value {
    let status = berlin.laptop(&["status", "-o", "json"]).json();
    let ingestor = image(&status, "ingestor");
    assert_eq!(ingestor["states"], json!(["broken", "stale"]));
    assert_eq!(ingestor["refreshStreak"], Value::Null);
    let run = berlin.laptop(&["status", "--exit-code"]).exits(3);
    assert!(
        run.stdout.contains("none: this generation does not count"),
        "{run}"
    );
    ingestor["findings"].clone()
}
