//! The screens of a run by hand.

use super::*;
use crate::health::fixtures::{Site, blind};
use crate::plan::Guarding;
use crate::record::Record;
use crate::render::digests::DigestForm;
use crate::render::theme::Theme;
use crate::run_now::{Account, Decision, End, Heard, conclude, decide};

fn page(theme: &Theme, width: usize) -> Page<'_> {
    Page {
        theme,
        width: Some(width),
        digests: DigestForm::Short,
    }
}

fn at_100(draw: impl FnOnce(&Page<'_>) -> String) -> String {
    draw(&page(&Theme::plain(), 100))
}

fn streak() -> Site {
    let mut site = Site::g2();
    site.annotate(Streak::Failures.key(), "3");
    site
}

#[test]
fn a_refusal_names_the_reason_the_code_and_the_way_past() {
    let site = streak();
    let Decision::Refuse(hurdles) = decide(&site.0, Guarding::Heeded) else {
        panic!("started")
    };
    let next = [NextStep {
        command: "kubectl get pods".to_owned(),
        why: "see them".to_owned(),
    }];
    let seen = at_100(|page| refusal(&site.0, &hurdles, &next, page));
    assert_eq!(
        "\
Refresh job of berlin   namespace tracebloc   context berlin-edge

  ✖ pods could not resolve the ingestor 3 times in a row (limit 3): another run would fail
    again                                                                               TBI-302
No run was started; --force starts one all the same.
Next   kubectl get pods   see them
",
        seen
    );
    let absent = Site::without_refresher();
    let Decision::Refuse(hurdles) = decide(&absent.0, Guarding::Overridden) else {
        panic!("started")
    };
    let seen = at_100(|page| refusal(&absent.0, &hurdles, &[], page));
    assert!(seen.ends_with("\nNo run was started.\n"), "{seen}");
}

#[test]
fn a_plan_says_that_the_run_counts() {
    let mut site = streak();
    let Decision::Start(past) = decide(&site.0, Guarding::Overridden) else {
        panic!("refused")
    };
    let cron_job = site.cron_job().clone();
    let seen = at_100(|page| plan(&site.0, &cron_job, &past, page));
    assert_eq!(
        "\
Refresh job of berlin   namespace tracebloc   context berlin-edge

  ! pods could not resolve the ingestor 3 times in a row (limit 3): another run would fail
    again                                                                               TBI-302
Will      start a Job from cronjob/berlin-image-refresh, as `kubectl create job --from` does, and
          follow it; a run by hand counts like any other
Counts    ingestor lookups failed 3/3
",
        seen
    );
    assert_eq!(
        "Start the refresh job of berlin on context berlin-edge?",
        question(&site.0)
    );
    let mut newest = Site::g10();
    newest.annotate(Streak::Skips.key(), "5");
    let cron_job = newest.cron_job().clone();
    let seen = at_100(|page| plan(&newest.0, &cron_job, &[], page));
    assert!(
        seen.ends_with("Counts    rollouts failed 0/3, ticks skipped 5/8\n"),
        "{seen}"
    );
    let mut first = Site::g1();
    let cron_job = first.cron_job().clone();
    let seen = at_100(|page| plan(&first.0, &cron_job, &[], page));
    assert!(
        seen.ends_with("Counts    nothing: this generation does not count\n"),
        "{seen}"
    );
}

fn warned() -> Told {
    Told {
        tone: Tone::Warn,
        image: Some("ingestor".to_owned()),
        words: "not resolved, 2 of 3 in a row; at 3 the run fails".to_owned(),
        code: Some("TBI-301".to_owned()),
        said: vec![
            "curl: (28) Failed to connect to ghcr.io port 443 after 10001 ms: Timeout was reached"
                .to_owned(),
        ],
    }
}

#[test]
fn a_line_stands_with_its_image_its_code_and_what_was_said() {
    assert_eq!(
        "  ! ingestor           not resolved, 2 of 3 in a row; at 3 the run fails                TBI-301
                       curl: (28) Failed to connect to ghcr.io port 443 after 10001 ms: Timeout was
                         reached
",
        at_100(|page| told(&warned(), page))
    );
    let run = Told {
        tone: Tone::Quiet,
        image: None,
        words: "run 1 of its container, pod berlin-x on edge-01".to_owned(),
        code: None,
        said: Vec::new(),
    };
    assert_eq!(
        "  - run 1 of its container, pod berlin-x on edge-01\n",
        at_100(|page| told(&run, page))
    );
    let at = "2026-06-06T10:01:07Z".parse().unwrap();
    assert_eq!(
        "2026-06-06T10:01:07Z ingestor: not resolved, 2 of 3 in a row; at 3 the run fails; curl: (28) Failed to connect to \
         ghcr.io port 443 after 10001 ms: Timeout was reached (TBI-301)\n",
        piped(&warned(), at)
    );
}

#[test]
fn the_end_names_the_marks_and_the_next_command() {
    let record = |value: &str| {
        let key = Streak::Failures.key().to_owned();
        Record {
            annotations: [(key, value.to_owned())].into(),
            ..Record::default()
        }
    };
    let account = |after| {
        conclude(&Account {
            namespace: "tracebloc",
            job: "berlin-image-refresh-manual-1",
            end: &End::Failed("BackoffLimitExceeded".to_owned()),
            heard: &Heard {
                runs: vec![vec![crate::log::Event::ThresholdReached]; 3],
                ..Heard::default()
            },
            before: &record("2"),
            after: &after,
        })
    };
    let took = Duration::from_secs(72);
    assert_eq!(
        "\
Result    ✖ failed after 3 runs of its container: the ingestor cannot be resolved from pods
          (BackoffLimitExceeded)                                                   72s  TBI-302
Marks     tracebloc.io/ingestor-refresh-consecutive-failures 2 -> 3
Next   kubectl tracebloc-images doctor -n tracebloc   find the cause
",
        at_100(|page| outcome(&account(Ok(record("3"))), took, page))
    );
    let seen = at_100(|page| {
        outcome(
            &account(Err(blind("deployments.apps is forbidden"))),
            took,
            page,
        )
    });
    assert!(
        seen.contains("Marks     ? not read again: deployments.apps is forbidden\n"),
        "{seen}"
    );
}

#[test]
fn narrow_pages_and_colours_lose_nothing() {
    for width in [30, 60, 100] {
        for theme in [Theme::plain(), Theme::coloured()] {
            let seen = told(&warned(), &page(&theme, width));
            assert!(
                seen.contains("TBI-301") && seen.contains("ingestor"),
                "{seen}"
            );
        }
    }
}
