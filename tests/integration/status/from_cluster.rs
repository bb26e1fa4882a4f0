//! `status --from=cluster`: a pod says what tags name, and nothing of it is left.

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::world::sim::api::faults::Fault;
use crate::world::sim::api::store::At;
use crate::world::sim::probe::probes;
use crate::world::sim::release::Generation::G10;
use crate::world::sim::release::scenarios::incident_g2;

const FROM: &[&str] = &["--from=cluster"];

/// Jobs that were made and not removed.
fn left(site: &Site) -> usize {
    site.cluster.count("POST", "/jobs") - site.cluster.count("DELETE", "/jobs/")
}

#[test]
fn a_tag_is_what_a_pod_saw_and_said_so() {
    let site = healthy_site(G10);
    site.cluster.on(probes(&site.latest, &[]));
    let output = status(&site, FROM).output();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(0), ""),
        "{output:?}"
    );
    screen(
        "from_cluster",
        "All well, resolved by a pod",
        &output.stdout,
    );
    assert_eq!(
        1,
        site.cluster.count("POST", "/jobs"),
        "one Job for all of it"
    );
    assert_eq!(0, left(&site));
    let heads = site.internet.log();
    let resolved = heads.iter().filter(|one| one.method == "HEAD").count();
    assert_eq!(0, resolved, "this machine asks for no tag");
}

#[test]
fn what_a_pod_cannot_reach_is_unknown_for_the_reason_that_it_met() {
    let site = stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now));
    site.cluster.on(probes(&site.latest, &["ghcr.io"]));
    let output = status(&site, FROM).output();
    screen(
        "from_cluster_incident",
        "The incident, resolved by a pod",
        &output.stdout,
    );
    assert_eq!(0, left(&site));
}

/// The pod's Job that nobody starts, and who tells that it was made.
#[test]
fn a_signal_removes_the_job_before_it_ends_the_look() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let site = healthy_site(G10);
        let (made, heard) = mpsc::channel();
        site.cluster
            .fault(Fault::on("POST", "/jobs").then(move |_| {
                let _ = made.send(());
            }));
        let running = status(&site, FROM).start();
        heard.recv_timeout(Duration::from_secs(60)).unwrap();
        running.signal(signal);
        let output = running.output();
        assert_eq!(output.code, Some(code), "{output:?}");
        let kept = site
            .cluster
            .store(|store| store.all(At::new("Job", "", "").resource, Some(NS)));
        let ours = |job: &Value| job["metadata"]["labels"]["images.tracebloc.io/run"].is_string();
        assert_eq!(0, kept.iter().filter(|job| ours(job)).count(), "{signal}");
    }
}

#[test]
fn a_pod_is_made_for_one_look_at_one_namespace_alone() {
    for args in [
        &["status", "--from=cluster", "-A"][..],
        &["status", "--from=cluster", "-w"],
        &["status", "--from=cluster", "--contexts=*"],
        &["refresh", "--from=cluster", "--dry-run"],
    ] {
        let output = Plugin::new().args(args).output();
        assert_eq!(Some(2), output.code, "{args:?}: {output:?}");
        assert!(output.stderr.contains("--from cluster"), "{output:?}");
    }
}
