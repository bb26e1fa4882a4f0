//! The way back of each kind of change.

use super::*;

fn commands(site: &Site) -> Vec<(Option<String>, String)> {
    let plan = plan(site, &[]);
    let undo = plan.undo.into_iter();
    undo.map(|undo| (undo.command, undo.note)).collect()
}

const SUSPEND: &str =
    "kubectl patch cronjob -n tracebloc berlin-image-refresh -p '{\"spec\":{\"suspend\":true}}'";

fn suspended() -> (Option<String>, String) {
    (
        Some(SUSPEND.to_owned()),
        "so that no tick interferes".to_owned(),
    )
}

#[test]
fn an_environment_entry_gets_its_old_value_back() {
    let mut site = Site::g2().stuck_ingestor();
    let set = |value: &str| {
        let command = format!(
            "kubectl set env -n tracebloc deploy/berlin-jobs-manager -c api INGESTOR_IMAGE_DIGEST={value}"
        );
        (Some(command), String::new())
    };
    let old = format!("sha256:{OLD_INGESTOR}");
    assert_eq!(vec![suspended(), set(&old)], commands(&site));
    site.annotate(Streak::Failures.key(), "3");
    assert_eq!(
        vec![set(&old)],
        commands(&site),
        "a tick that cannot look it up leaves it alone"
    );
    site.workload(Ingestor).written = String::new();
    site.workload(Ingestor).spec = Spec::Empty;
    assert_eq!(vec![set("")], commands(&site));
}

#[test]
fn every_container_of_a_workload_gets_its_old_image_back() {
    let mut site = Site::g10();
    let was = site.workload(JobsManager).written.clone();
    site.publish(JobsManager, NEW, BOTH);
    site.workload(PodsMonitor).written = "tracebloc/pods-monitor:prod".to_owned();
    site.workload(PodsMonitor).spec = Spec::Tagged {
        reference: tracks(PodsMonitor),
        pull: Pull::Cached,
    };
    site.publish(PodsMonitor, NEW, BOTH);
    let proxy = format!("kubectl set image -n tracebloc deploy/berlin-requests-proxy proxy={was}");
    let both = format!(
        "kubectl set image -n tracebloc deploy/berlin-jobs-manager api={was} pods-monitor-container=tracebloc/pods-monitor:prod"
    );
    assert_eq!(
        vec![
            suspended(),
            (Some(both), String::new()),
            (Some(proxy), String::new())
        ],
        commands(&site)
    );
}

#[test]
fn a_restart_is_undone_by_pinning_what_ran() {
    let mut site = Site::g7();
    site.publish(JobsManager, NEW, BOTH);
    let pinned = tracks(JobsManager).at(&digest("1db49be156bb"));
    assert_eq!(
        vec![(
            Some(format!(
                "kubectl set image -n tracebloc deploy/berlin-jobs-manager api={pinned}"
            )),
            "stays pinned until the next chart upgrade".to_owned()
        )],
        commands(&site)
    );
    let pods = site.workload(JobsManager).pods.as_mut().expect("pods");
    pods[0].running = crate::observation::Running::Unknown("not pulled yet".to_owned());
    let note = "no undo for jobs-manager: previous build not known".to_owned();
    assert_eq!(vec![(None, note)], commands(&site));
}

#[test]
fn a_sibling_whose_tag_is_pulled_anew_unseen_is_pinned_to_what_ran() {
    let running = tracks(PodsMonitor).at(&digest("8d5e2a3b107c"));
    let pinned = (
        Some(format!(
            "kubectl set image -n tracebloc deploy/berlin-jobs-manager pods-monitor-container={running}"
        )),
        "stays pinned until the next chart upgrade".to_owned(),
    );
    let mut site = Site::g7();
    site.publish(JobsManager, NEW, BOTH);
    site.0.registry.latest.remove(&tracks(PodsMonitor));
    assert!(commands(&site).contains(&pinned), "{:?}", commands(&site));
}

#[test]
fn names_from_the_cluster_run_nothing_in_a_shell() {
    let mut site = Site::g10();
    site.publish(JobsManager, NEW, BOTH);
    site.workload(JobsManager).written = "x; rm -rf /".to_owned();
    site.cron_job().name = "a b".to_owned();
    for (command, _) in commands(&site) {
        let command = command.expect("a command");
        assert!(
            !command.contains("; rm") || command.contains("'api=x; rm -rf /'"),
            "{command}"
        );
    }
}
