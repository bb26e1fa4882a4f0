//! Whether a run is started, what its log means, and what it comes to.

mod outcome;
mod telling;

use super::*;
use crate::health::fixtures::*;
use crate::image::ManagedImage::{Ingestor, JobsManager};
use crate::observation::RunLog;

const FAILURES: &str = "tracebloc.io/ingestor-refresh-consecutive-failures";
const ATTEMPT: &str = "tracebloc.io/refresh-attempt";

fn heeded(site: &Site) -> Decision {
    decide(&site.0, Guarding::Heeded)
}

fn forced(site: &Site) -> Decision {
    decide(&site.0, Guarding::Overridden)
}

#[test]
fn a_release_that_is_well_is_run() {
    for site in [Site::g1(), Site::g2(), Site::g7(), Site::g10()] {
        assert_eq!(Decision::Start(Vec::new()), heeded(&site));
    }
}

#[test]
fn what_somebody_or_something_has_stopped_is_run_by_force_alone() {
    let mut suspended = Site::g10();
    suspended.cron_job().run = Run::Suspended;
    let mut locked = Site::g10();
    locked.annotate(ATTEMPT, "3");
    locked.publish(JobsManager, "e0e0", &["amd64", "arm64"]);
    let mut streak = Site::g2();
    streak.annotate(FAILURES, "4");
    for (name, site, hurdle) in [
        ("suspended", suspended, Hurdle::Suspended),
        (
            "locked out",
            locked,
            Hurdle::LockedOut { count: 3, limit: 3 },
        ),
        (
            "streak",
            streak,
            Hurdle::Unresolvable { count: 4, limit: 3 },
        ),
    ] {
        assert_eq!(
            Decision::Refuse(vec![hurdle.clone()]),
            heeded(&site),
            "{name}"
        );
        assert_eq!(
            Decision::Start(vec![hurdle.clone()]),
            forced(&site),
            "{name}"
        );
        assert_eq!(Exit::Found, hurdle.exit(), "{name}");
    }
}

#[test]
fn attempts_at_their_limit_lock_nothing_that_would_not_move() {
    let mut site = Site::g10();
    site.annotate(ATTEMPT, "3");
    assert_eq!(Decision::Start(Vec::new()), heeded(&site));
    // The last drifted run left its mark, and nobody knows better.
    let why = failure(
        Code::Dropped,
        crate::lookup::Layer::Connect,
        "registry-1.docker.io",
        "timed out",
    );
    site.block(JobsManager, why);
    assert_eq!(Decision::Start(Vec::new()), heeded(&site));
    site.annotate(FLAP_DETECTED, "3");
    assert!(matches!(heeded(&site), Decision::Refuse(_)));
    let mut pinned = site;
    pinned.cron_job().pinned.insert(JobsManager);
    assert_eq!(Decision::Start(Vec::new()), heeded(&pinned));
}

#[test]
fn a_counter_of_another_generation_stops_nothing() {
    let mut site = Site::g10();
    site.annotate(FAILURES, "9");
    assert_eq!(Decision::Start(Vec::new()), heeded(&site));
    let mut site = Site::g2();
    site.annotate(ATTEMPT, "9");
    site.publish(JobsManager, "e0e0", &["amd64", "arm64"]);
    assert_eq!(Decision::Start(Vec::new()), heeded(&site));
    let mut pinned = Site::g2();
    pinned.annotate(FAILURES, "9");
    pinned.cron_job().pinned.insert(Ingestor);
    assert_eq!(
        Decision::Start(Vec::new()),
        heeded(&pinned),
        "it is not looked up"
    );
    let mut never = Site::g2();
    never.annotate(FAILURES, "9");
    never.cron_job().limits.failures = Limit::Unusable("1e+06".to_owned());
    assert_eq!(
        Decision::Start(Vec::new()),
        heeded(&never),
        "that limit never fires"
    );
}

#[test]
fn a_run_that_is_active_is_followed_whatever_else_there_is() {
    let mut site = Site::g10();
    site.cron_job().run = Run::Suspended;
    let mut runs = vec![active("2026-06-06T09:52:00Z", 0)];
    runs.push(complete("2026-06-06T09:37:00Z", RunLog::NotAsked));
    let job = runs[0].job.clone();
    site.0.runs = Ok(runs);
    for decision in [heeded(&site), forced(&site)] {
        assert_eq!(Decision::Follow(job.clone()), decision);
    }
}

#[test]
fn what_cannot_be_known_is_not_passed_by_force() {
    let mut blind_to_jobs = Site::g10();
    blind_to_jobs.0.runs = Err(blind("jobs.batch is forbidden"));
    let mut blind_to_record = Site::g10();
    blind_to_record.0.record = Err(blind("deployment \"x\" is not there"));
    for site in [blind_to_jobs, blind_to_record] {
        let Decision::Refuse(hurdles) = forced(&site) else {
            panic!("started blindly")
        };
        assert_eq!(
            vec![Exit::Failed],
            hurdles.iter().map(Hurdle::exit).collect::<Vec<_>>()
        );
    }
    let absent = forced(&Site::without_refresher());
    assert!(
        matches!(&absent, Decision::Refuse(why) if why[0].code() == Some(Code::NoCronJob)),
        "{absent:?}"
    );
}
