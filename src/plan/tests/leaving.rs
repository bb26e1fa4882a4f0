//! What is never moved, and why.

use super::*;
use crate::lookup::Layer;
use crate::observation::Blind;

fn refusal(site: &Site, image: ManagedImage) -> (Option<Code>, Because, String) {
    let plan = plan(site, &[image]);
    assert!(plan.is_empty(), "{image}");
    let refused = plan.refused.iter().find(|refused| refused.image == image);
    let refused = refused.expect("a reason");
    (refused.code, refused.because, refused.reason.clone())
}

#[test]
fn a_pin_a_mirror_and_what_is_not_refreshed_are_meant_so() {
    let mut pinned = Site::g10();
    pinned.publish(PodsMonitor, NEW, BOTH);
    pinned.cron_job().pinned.insert(PodsMonitor);
    assert_eq!(
        (
            Some(Code::Held),
            Because::Meant,
            "is pinned by values (images.podsMonitor.digest)".to_owned()
        ),
        refusal(&pinned, PodsMonitor)
    );

    let mut mirrored = Site::g10();
    mirrored.publish(PodsMonitor, NEW, BOTH);
    mirrored.0.mirror = Some("mirror.corp.example".to_owned());
    let (code, because, _) = refusal(&mirrored, PodsMonitor);
    assert_eq!((Some(Code::Mirrored), Because::Meant), (code, because));

    let (code, because, why) = refusal(&Site::g10(), Ingestor);
    assert_eq!((None, Because::Meant), (code, because));
    assert!(why.starts_with("is spawned by its tag"), "{why}");
}

#[test]
fn force_moves_no_pin() {
    let mut site = Site::g10();
    site.publish(PodsMonitor, NEW, BOTH);
    site.cron_job().pinned.insert(PodsMonitor);
    let forced = Request {
        guarding: Guarding::Overridden,
        ..request(&[])
    };
    assert!(decide(&site.0, &assess(&site.0), &forced).is_empty());
}

#[test]
fn what_cannot_be_looked_up_seen_or_run_is_not_moved() {
    let mut blocked = Site::g2().stuck_ingestor();
    blocked.block(
        Ingestor,
        failure(Code::Dropped, Layer::Connect, "ghcr.io", "timed out"),
    );
    let (code, because, why) = refusal(&blocked, Ingestor);
    assert_eq!((Some(Code::Dropped), Because::Unable), (code, because));
    assert!(why.contains("ghcr.io: timed out"), "{why}");

    let mut unfit = Site::g2();
    unfit.publish(Ingestor, NEW, AMD64);
    let (code, because, why) = refusal(&unfit, Ingestor);
    assert_eq!(
        (Some(Code::LatestLacksPlatform), Because::Unable),
        (code, because)
    );
    assert!(why.ends_with("is not built for linux/arm64"), "{why}");

    let mut unseen = Site::g7();
    unseen.publish(JobsManager, NEW, BOTH);
    unseen.workload(JobsManager).pods = Err(Blind("pods is forbidden".to_owned()));
    let (_, because, why) = refusal(&unseen, JobsManager);
    assert_eq!(Because::Unable, because);
    assert!(why.ends_with("pods is forbidden"), "{why}");
}

#[test]
fn what_the_release_does_not_have_is_said() {
    let (_, because, why) = refusal(&Site::g7(), ResourceMonitor);
    assert_eq!(
        (Because::Unable, "is not part of this release"),
        (because, &*why)
    );
}

#[test]
fn nothing_is_planned_where_all_is_well() {
    for site in [Site::g1(), Site::g2(), Site::g7(), Site::g10()] {
        let plan = plan(&site, &[]);
        assert!(plan.is_empty());
        assert_eq!(
            (Vec::<Guard>::new(), Vec::<Undo>::new(), None),
            (plan.guards, plan.undo, plan.attempt)
        );
    }
}
