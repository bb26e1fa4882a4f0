//! Whatever is missing, foreign or absurd in an observation: it is judged, and nothing of it gets out raw.

use proptest::prelude::*;

use super::*;
use crate::capability::Limit;
use crate::observation::{Pull, Rollout, RunOutcome, Running, Spec, Template};
use crate::release::{Run, Schedule};

/// Text as an attacker or an accident leaves it.
fn foul() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{1b}]0;owned\u{7}\u{1b}[2J".to_owned()),
        Just("a\r\nb\u{202e}c".to_owned()),
        Just("'; rm -rf / #".to_owned()),
        Just("999999999999999999999999999999".to_owned()),
        Just("-08".to_owned()),
        Just(String::new()),
        "\\PC{0,40}",
        "[0-9]{1,30}",
    ]
}

const IMAGES: [ManagedImage; 4] = [
    ManagedImage::Ingestor,
    ManagedImage::JobsManager,
    ManagedImage::PodsMonitor,
    ManagedImage::RequestsProxy,
];

const KEYS: [&str; 8] = [
    "tracebloc.io/ingestor-refresh-consecutive-failures",
    "tracebloc.io/refresh-attempt",
    "tracebloc.io/refresh-skip-streak",
    "tracebloc.io/ingestor-refresh-last-error",
    "tracebloc.io/refresh-flap-detected",
    "tracebloc.io/last-refreshed-ingestor-digest",
    "tracebloc.io/last-refreshed-jobs-manager-digest",
    "tracebloc.io/last-refreshed-resource-monitor-digest",
];

/// One thing goes wrong.
fn damage(site: &mut Site, kind: usize, which: usize, text: &str) {
    let image = IMAGES[which % IMAGES.len()];
    if !site.0.images.iter().any(|observed| observed.image == image) {
        return;
    }
    let has_workload = site.observed(image).workload.is_ok();
    let pods = || -> Vec<&str> { vec![OLD, "1db49be156bb", "dead"] };
    match kind % 24 {
        0 if site.0.record.is_ok() => site.annotate(KEYS[which % KEYS.len()], text),
        1 => site.0.record = Err(blind(&format!("refused: {text}"))),
        2 => site.0.nodes = Err(blind(&format!("refused: {text}"))),
        3 => site.0.nodes = Ok(vec![node(text, "s390x"), node("edge-09", "amd64")]),
        4 => site.0.runs = Err(blind(&format!("refused: {text}"))),
        5 => {
            site.0.runs = Ok(vec![complete(
                "2026-06-06T09:52:00Z",
                RunLog::Read(text.to_owned()),
            )]);
        }
        6 => {
            site.0.runs = Ok(vec![
                failed("2026-06-06T09:52:00Z"),
                active("2026-06-01T00:00:00Z", 0),
            ]);
        }
        7 => {
            for run in site.0.runs.iter_mut().flatten() {
                run.job = text.to_owned();
                run.scheduled = None;
                run.started = None;
                run.outcome = RunOutcome::Failed {
                    finished: None,
                    reason: text.to_owned(),
                };
            }
        }
        8 => site.observed(image).workload = Err(blind(&format!("refused: {text}"))),
        9 if has_workload => site.workload(image).pods = Err(blind(&format!("refused: {text}"))),
        10 if has_workload => site.workload(image).pods = Ok(Vec::new()),
        11 if has_workload => site.workload(image).replicas = Some(0),
        12 if has_workload => {
            site.workload(image).spec = Spec::Unreadable(format!("no image: {text}"));
        }
        13 if has_workload => site.workload(image).rollout = Rollout::Failed(text.to_owned()),
        14 if has_workload => {
            let pull = if which.is_multiple_of(2) {
                Pull::Always
            } else {
                Pull::Cached
            };
            site.workload(image).spec = Spec::Tagged {
                reference: tracks(image),
                pull,
            };
        }
        15 if has_workload => {
            for pod in site.workload(image).pods.iter_mut().flatten() {
                pod.name = text.to_owned();
                pod.phase = waiting("ImagePullBackOff", text);
            }
        }
        16 if has_workload => {
            let start = pods()[which % 3];
            let mut second = pod(text, text, &digest(start));
            second.template = Template::Older;
            if let Ok(pods) = &mut site.workload(image).pods {
                pods.push(second);
            }
        }
        17 if has_workload => {
            for pod in site.workload(image).pods.iter_mut().flatten() {
                pod.running = Running::Unknown(format!("no digest: {text}"));
            }
        }
        18 => site.block(
            image,
            failure(Code::RateLimited, Layer::Manifest, text, text),
        ),
        19 => site.0.registry.manifests.clear(),
        20 => site.0.mirror = Some(text.to_owned()),
        21 => site.0.release.jobs_manager = text.to_owned(),
        22 if site.0.release.cron_job().is_some() => {
            site.cron_job().schedule = Schedule {
                cron: text.to_owned(),
                zone: Some(text.to_owned()),
            };
            site.cron_job().limits.failures = Limit::Unusable(text.to_owned());
        }
        23 if site.0.release.cron_job().is_some() => {
            site.cron_job().run = Run::Suspended;
            site.cron_job().tag = Some(text.to_owned());
            site.cron_job().last_success = None;
        }
        _ => site.know(OLD, AMD64),
    }
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c == '\u{202e}')
}

/// Every text of an assessment that is shown as it stands. Reasons of what is blind are the observer's, who cleans
/// them.
fn shown(assessed: &Assessment) -> Vec<&str> {
    let findings = assessed.findings.iter().flat_map(|found| {
        std::iter::once(found.message.as_str())
            .chain(found.details.iter().map(|(_, text)| text.as_str()))
    });
    let next = assessed
        .next
        .iter()
        .flat_map(|step| [step.command.as_str(), step.why.as_str()]);
    findings.chain(next).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_seen_is_judged_honestly(
        generation in 0..5_usize,
        damages in prop::collection::vec((0..24_usize, 0..24_usize, foul()), 0..6),
    ) {
        let sites = [Site::g1, Site::g2, Site::g7, Site::g10, Site::without_refresher];
        let mut site = sites[generation]();
        for (kind, which, text) in &damages {
            damage(&mut site, *kind, *which, text);
        }
        let assessed = assess(&site.0);
        prop_assert_eq!(site.0.images.len(), assessed.images.len());
        prop_assert!(assessed.images.is_sorted_by_key(|image| image.states[0]), "worst first");
        for image in &assessed.images {
            prop_assert!(image.states.is_sorted(), "{:?}", image.states);
            let is_current = image.states.contains(&State::Current);
            prop_assert!(!is_current || image.states.len() == 1, "{:?}", image.states);
            prop_assert!(!is_current || image.latest.is_ok(), "{:?}", image);
            prop_assert_eq!(image.states.contains(&State::Unknown), image.unknown.is_some());
            prop_assert!(image.unknown.as_deref() != Some(""), "{:?}", image);
            prop_assert_eq!(image.states.contains(&State::Held), image.held.is_some());
        }
        for text in shown(&assessed) {
            prop_assert!(is_clean(text), "{text:?}");
        }
        for step in &assessed.next {
            prop_assert!(step.command.starts_with("kubectl ") || step.command.starts_with("chart 1.6.0"), "{}", step.command);
        }
        if site.0.record.is_err() {
            prop_assert!(assessed.streaks.iter().all(|streak| streak.count.is_err()), "never zero");
        }
    }
}
