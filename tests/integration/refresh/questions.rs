//! A person at a terminal: which images, whether to go on, and what becomes of an answer.
#![cfg(unix)]

use rexpect::session::PtySession;

use super::*;
use crate::world::sim::release::scenarios::{incident_g2, stale, suspended};
use crate::world::sim::release::{Generation, Release};

const WHICH: &str = "Which images?";

fn answers(session: &mut PtySession, question: &str, answer: &str) {
    session.exp_string(question).unwrap();
    session.send(answer).unwrap();
    session.flush().unwrap();
}

/// What is written from now on, until the end.
fn rest(session: &mut PtySession) -> String {
    session.exp_eof().unwrap()
}

#[test]
fn the_default_is_no_and_nothing_is_done() {
    for answer in ["\r", "n", "\u{1b}"] {
        let site = site(incident_g2);
        let plugin = refresh(&site, &[]).env("NO_COLOR", "1");
        let mut session = plugin.on_terminal(100);
        answers(
            &mut session,
            "Change 1 setting and restart 1 pod on context",
            answer,
        );
        let rest = rest(&mut session);
        assert!(rest.contains("Nothing was changed"), "{answer:?}: {rest}");
        assert_eq!(writes(&site), 0, "{answer:?}");
    }
}

#[test]
fn a_yes_moves_the_ingestor() {
    let site = site(incident_g2);
    let plugin = refresh(&site, &[]).env("NO_COLOR", "1");
    let mut session = plugin.on_terminal(100);
    answers(
        &mut session,
        "Change 1 setting and restart 1 pod on context",
        "y",
    );
    session.exp_string("recorded").unwrap();
    rest(&mut session);
    let latest = Some(site.latest.ingestor.clone());
    assert_eq!(record(&site, "last-refreshed-ingestor-digest"), latest);
}

#[test]
fn a_person_may_choose_among_the_images_that_could_move() {
    let release = Release::new(Generation::G10);
    let behind = || behind(|before, now| stale(&release, before, now));
    // All are marked at first: space takes the mark from the first.
    let site = behind();
    let plugin = refresh(&site, &["--pull-test=skip"]).env("NO_COLOR", "1");
    let mut session = plugin.on_terminal(100);
    answers(&mut session, WHICH, " \r");
    answers(&mut session, "on context edge?", "y");
    rest(&mut session);
    let before = before();
    let recorded = |image: &str| record(&site, &format!("last-refreshed-{image}-digest"));
    assert_eq!(recorded("jobs-manager"), Some(before.jobs_manager.clone()));
    assert_eq!(
        recorded("pods-monitor"),
        Some(site.latest.pods_monitor.clone())
    );
    assert_eq!(
        recorded("resource-monitor"),
        Some(site.latest.resource_monitor.clone())
    );

    // None, or the question left: nothing is asked any more, and nothing is done.
    for answer in [" \u{1b}[B \u{1b}[B \u{1b}[B \r", "\u{1b}"] {
        let site = behind();
        let plugin = refresh(&site, &[]).env("NO_COLOR", "1");
        let mut session = plugin.on_terminal(100);
        answers(&mut session, WHICH, answer);
        let rest = rest(&mut session);
        assert!(rest.contains("Nothing was changed"), "{answer:?}: {rest}");
        assert_eq!(writes(&site), 0, "{answer:?}");
    }
}

#[test]
fn a_suspended_refresher_is_asked_about_with_its_warning() {
    let release = Release::new(Generation::G10);
    let site = behind(|before, now| suspended(&release, before, now));
    let plugin = refresh(&site, &["resource-monitor"]).env("NO_COLOR", "1");
    let mut session = plugin.on_terminal(100);
    let page = session.exp_string("all the same?").unwrap();
    assert!(
        page.contains("is suspended: goes on if you say so"),
        "{page}"
    );
    session.send("n").unwrap();
    session.flush().unwrap();
    rest(&mut session);
    assert_eq!(writes(&site), 0);
}

#[test]
fn ctrl_c_at_a_question_ends_the_run_and_shows_the_cursor_again() {
    let site = site(incident_g2);
    let plugin = refresh(&site, &[]).env("NO_COLOR", "1");
    let mut session = plugin.on_terminal(100);
    session
        .exp_string("Change 1 setting and restart 1 pod")
        .unwrap();
    session.send_control('c').unwrap();
    let rest = rest(&mut session);
    assert!(rest.contains("\u{1b}[?25h"), "{rest:?}");
    let ended = session.process().wait().unwrap();
    assert!(
        matches!(ended, rexpect::process::WaitStatus::Exited(_, 130)),
        "{ended:?}"
    );
    assert_eq!(writes(&site), 0);
}
