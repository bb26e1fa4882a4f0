//! What a refresh of each generation does, and what it leaves alone.

use super::*;
use crate::health::assess;
use crate::health::fixtures::*;
use crate::image::ManagedImage::{
    Ingestor, JobsManager, PodsMonitor, RequestsProxy, ResourceMonitor,
};
use crate::observation::{Pull, Rollout, Spec};
use crate::patch::Field;
use crate::record::{Recorded, Streak};

mod convergence;
mod guards;
mod leaving;
mod undo;

const NEW: &str = "e0e0";

fn request(images: &[ManagedImage]) -> Request {
    Request {
        images: images.iter().copied().collect(),
        consent: Consent::Given,
        guarding: Guarding::Heeded,
        counters: Rearm::No,
    }
}

fn plan(site: &Site, images: &[ManagedImage]) -> RefreshPlan {
    decide(&site.0, &assess(&site.0), &request(images))
}

/// What a change sets, as `field=value`, and which images it moves.
fn told(change: &Change) -> (String, Vec<String>, Vec<ManagedImage>) {
    let edits = change.edits.iter().map(|edit| {
        let field = match &edit.field {
            Field::Image { container } => container.clone(),
            Field::Env { container, name } => format!("{container}/{name}"),
            Field::Restart => "restart".to_owned(),
        };
        format!("{field}={}", edit.to)
    });
    let moves = change.moves.iter().map(|one| one.image);
    (change.target.to_string(), edits.collect(), moves.collect())
}

#[test]
fn the_ingestor_of_an_old_chart_moves_by_its_environment_entry() {
    let site = Site::g2().stuck_ingestor();
    let plan = plan(&site, &[]);
    let latest = digest("d361fa778554");
    assert_eq!(
        vec![(
            "deploy/berlin-jobs-manager".to_owned(),
            vec![format!("api/INGESTOR_IMAGE_DIGEST={latest}")],
            vec![Ingestor]
        )],
        plan.changes.iter().map(told).collect::<Vec<_>>()
    );
    assert_eq!(
        Some(format!("sha256:{OLD_INGESTOR}")),
        plan.changes[0].edits[0].from
    );
    assert_eq!(
        (None, &Counters::None),
        (plan.attempt, &plan.finish.counters)
    );
    assert_eq!(Vec::<Refused>::new(), plan.refused);
}

#[test]
fn a_restart_serves_both_images_of_jobs_manager_and_counts_once() {
    for named in [&[][..], &[JobsManager], &[PodsMonitor]] {
        let mut site = Site::g7();
        site.publish(PodsMonitor, NEW, BOTH);
        let plan = plan(&site, named);
        assert_eq!(
            vec![(
                "deploy/berlin-jobs-manager".to_owned(),
                vec!["restart=2026-06-06T10:00:02Z".to_owned()],
                vec![PodsMonitor]
            )],
            plan.changes.iter().map(told).collect::<Vec<_>>(),
            "{named:?}"
        );
        let attempt = Attempt {
            before: None,
            number: 1,
        };
        assert_eq!(
            (Some(attempt), Counters::Clear),
            (plan.attempt, plan.finish.counters)
        );
    }
}

#[test]
fn the_newest_chart_moves_three_workloads_in_its_order_and_the_proxy_follows() {
    let mut site = Site::g10();
    for image in [JobsManager, PodsMonitor, ResourceMonitor] {
        site.publish(image, &format!("{NEW}{}", image as u8), BOTH);
    }
    let plan = plan(&site, &[]);
    let at = |image: ManagedImage, of: ManagedImage| {
        tracks(of)
            .at(&digest(&format!("{NEW}{}", image as u8)))
            .to_string()
    };
    let jobs_manager = at(JobsManager, JobsManager);
    assert_eq!(
        vec![
            (
                "deploy/berlin-jobs-manager".to_owned(),
                vec![
                    format!("api={jobs_manager}"),
                    format!("pods-monitor-container={}", at(PodsMonitor, PodsMonitor))
                ],
                vec![JobsManager, PodsMonitor]
            ),
            (
                "deploy/berlin-requests-proxy".to_owned(),
                vec![format!("proxy={jobs_manager}")],
                vec![RequestsProxy]
            ),
            (
                "ds/berlin-resource-monitor".to_owned(),
                vec![format!(
                    "tracebloc-resource-monitor={}",
                    at(ResourceMonitor, ResourceMonitor)
                )],
                vec![ResourceMonitor]
            ),
        ],
        plan.changes.iter().map(told).collect::<Vec<_>>()
    );
    assert_eq!("agents", plan.changes[2].target.namespace);
    let why = "is spawned by its tag at every ingestion; there is nothing to move";
    assert_eq!(
        (Ingestor, why),
        (plan.refused[0].image, &*plan.refused[0].reason)
    );
}

#[test]
fn jobs_manager_alone_takes_the_proxy_along_and_nothing_else() {
    let mut site = Site::g10();
    for image in [JobsManager, PodsMonitor, ResourceMonitor] {
        site.publish(image, &format!("{NEW}{}", image as u8), BOTH);
    }
    let moved = |plan: &RefreshPlan| -> Vec<_> {
        let moves = plan.changes.iter().flat_map(|change| &change.moves);
        moves.map(|one| one.image).collect()
    };
    assert_eq!(
        vec![JobsManager, RequestsProxy],
        moved(&plan(&site, &[JobsManager]))
    );
    assert_eq!(
        vec![ResourceMonitor],
        moved(&plan(&site, &[ResourceMonitor]))
    );
    let alone = plan(&site, &[ResourceMonitor]);
    assert_eq!(
        Counters::Restore(None),
        alone.finish.counters,
        "two images are still behind their records"
    );
}

#[test]
fn a_pod_that_restarts_takes_its_stale_siblings_along() {
    let mut site = Site::g2().stuck_ingestor();
    site.publish(JobsManager, NEW, BOTH);
    let plan = plan(&site, &[Ingestor]);
    let (_, edits, moves) = told(&plan.changes[0]);
    assert_eq!((1, vec![Ingestor, JobsManager]), (edits.len(), moves));
    let fates: Vec<_> = plan.rows.iter().map(|row| (row.image, row.fate)).collect();
    assert_eq!(
        vec![
            (Ingestor, Fate::Moves),
            (JobsManager, Fate::AlsoMoves),
            (PodsMonitor, Fate::Same)
        ],
        fates
    );
    assert_eq!(Means::Tag, plan.changes[0].moves[1].means);
}

#[test]
fn a_sibling_that_a_node_may_have_cached_is_pointed_out() {
    let mut site = Site::g10();
    site.publish(JobsManager, NEW, BOTH);
    site.workload(PodsMonitor).spec = Spec::Tagged {
        reference: tracks(PodsMonitor),
        pull: Pull::Cached,
    };
    let plan = plan(&site, &[JobsManager]);
    let fate = |image| {
        plan.rows
            .iter()
            .find(|row| row.image == image)
            .map(|row| row.fate)
    };
    assert_eq!(Some(Fate::MayBeOld), fate(PodsMonitor));
    assert_eq!(Some(Fate::Moves), fate(JobsManager));
}

#[test]
fn a_restart_that_would_break_a_sibling_is_refused() {
    let mut site = Site::g2().stuck_ingestor();
    site.publish(PodsMonitor, NEW, AMD64);
    let plan = plan(&site, &[Ingestor]);
    assert_eq!(Vec::<Change>::new(), plan.changes);
    let refused = &plan.refused[0];
    assert_eq!(
        (Ingestor, Some(Code::LatestLacksPlatform)),
        (refused.image, refused.code)
    );
    assert!(
        refused.reason.contains("pods-monitor"),
        "{}",
        refused.reason
    );
}

#[test]
fn what_an_earlier_run_has_set_is_resumed() {
    let mut site = Site::g10();
    site.publish(JobsManager, NEW, BOTH);
    let name = tracks(JobsManager).at(&digest(NEW)).to_string();
    for image in [JobsManager, RequestsProxy] {
        let workload = site.workload(image);
        workload.spec = Spec::Pinned {
            repository: tracks(JobsManager).name(),
            digest: digest(NEW),
        };
        workload.written.clone_from(&name);
    }
    site.workload(JobsManager).rollout = Rollout::InFlight("0 of 1 updated".to_owned());
    let resumed = plan(&site, &[]);
    let stages: Vec<_> = resumed.changes.iter().map(|change| change.stage).collect();
    assert_eq!(
        (vec![Stage::Resume, Stage::Resume], None),
        (stages, resumed.attempt)
    );
    assert_eq!(name, resumed.changes[0].edits[0].to);
    assert_eq!(
        Vec::<Guard>::new(),
        resumed.guards,
        "its own rollout is no obstacle"
    );

    let pods = site.workload(JobsManager).pods.as_mut().expect("pods");
    pods[0].phase = waiting("ImagePullBackOff", "no");
    let retested = plan(&site, &[]);
    assert_eq!(Stage::Retest, retested.changes[0].stage);
    let back: Vec<_> = retested
        .undo
        .iter()
        .filter_map(|undo| undo.command.as_deref())
        .filter(|command| command.contains("set image"))
        .collect();
    let record = site.0.record.as_ref().expect("a record");
    let Recorded::At(was) = record.recorded(JobsManager) else {
        panic!("what was refreshed last is recorded")
    };
    let was = format!("api={}", tracks(JobsManager).at(&was));
    assert!(back[0].ends_with(&was), "{back:?}");
}

#[test]
fn a_restart_of_ours_that_is_on_the_way_is_resumed() {
    let mut site = Site::g7();
    site.publish(JobsManager, NEW, BOTH);
    let workload = site.workload(JobsManager);
    workload.rollout = Rollout::InFlight("1 old pending termination".to_owned());
    workload.object.restarted = Some("2026-06-06T09:59:00Z".to_owned());
    let resumed = plan(&site, &[JobsManager]);
    assert_eq!(
        (Stage::Resume, "2026-06-06T09:59:00Z", None),
        (
            resumed.changes[0].stage,
            &*resumed.changes[0].edits[0].to,
            resumed.attempt
        )
    );
}

#[test]
fn what_runs_already_is_only_recorded() {
    let mut site = Site::g10();
    for image in [JobsManager, PodsMonitor] {
        let old = digest("0123").to_string();
        site.annotate(image.record_key().expect("a key"), &old);
    }
    let recorded = plan(&site, &[]);
    assert_eq!(
        (Vec::<Change>::new(), None),
        (recorded.changes, recorded.attempt)
    );
    let records: Vec<_> = recorded.finish.records.keys().copied().collect();
    assert_eq!(vec![JobsManager, PodsMonitor], records);

    site.workload(PodsMonitor).pods.as_mut().expect("pods")[0].phase =
        crate::observation::PodPhase::NotReady;
    let later = plan(&site, &[]);
    assert_eq!(
        (BTreeMap::new(), 1),
        (later.finish.records, later.changes.len())
    );
    assert_eq!(
        (Stage::Resume, vec![JobsManager, PodsMonitor]),
        (later.changes[0].stage, told(&later.changes[0]).2),
        "both are recorded once every pod is Ready"
    );
}

#[test]
fn nobody_records_what_nobody_runs_unless_nothing_is_to_run() {
    let mut site = Site::g10();
    site.annotate(
        PodsMonitor.record_key().expect("a key"),
        digest("0123").as_str(),
    );
    site.workload(PodsMonitor).pods = Ok(Vec::new());
    assert!(plan(&site, &[PodsMonitor]).finish.records.is_empty());
    site.workload(PodsMonitor).replicas = Some(0);
    assert_eq!(1, plan(&site, &[PodsMonitor]).finish.records.len());
}

#[test]
fn rearming_removes_the_counters_of_this_generation_and_plans_without_them() {
    let mut site = Site::g7();
    site.publish(JobsManager, NEW, BOTH);
    site.annotate(Streak::Attempts.key(), "3");
    site.annotate(Streak::Failures.key(), "3");
    let rearmed = decide(
        &site.0,
        &assess(&site.0),
        &Request {
            counters: Rearm::First,
            ..request(&[])
        },
    );
    let removed = BTreeMap::from([(Streak::Attempts.key().to_owned(), "3".to_owned())]);
    assert_eq!(removed, rearmed.rearm, "the other is not this generation's");
    let first = Attempt {
        before: None,
        number: 1,
    };
    assert_eq!(
        (None, Some(&first)),
        (rearmed.stopped_by(), rearmed.attempt.as_ref())
    );
}
