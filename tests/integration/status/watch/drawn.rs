//! `--watch` on a terminal: drawn in place, and gone without a trace but for the last page.

use rexpect::session::PtySession;

use super::*;
use crate::world::sim::release::scenarios::fleet;

const OPEN: &str = "\u{1b}[?1049h";
const CLOSE: &str = "\u{1b}[?1049l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// A run on a terminal of 100 columns and so many rows.
fn on_terminal(plugin: Plugin, rows: usize) -> PtySession {
    plugin.env("NO_COLOR", "1").on_terminal_of(100, rows)
}

/// Ends the run as a person does, and says how it ended and what it wrote until then.
fn interrupt(mut session: PtySession) -> (String, String) {
    session.send_control('c').unwrap();
    let rest = session.exp_eof().unwrap();
    let ended = session.process().wait().unwrap();
    (rest, format!("{ended:?}"))
}

#[test]
fn a_change_is_drawn_over_the_page_before_it() {
    let site = healthy_site(G10);
    let mut session = on_terminal(status(&site, &["-w"]), 50);
    let start = session.exp_string("Ctrl-C ends.").unwrap();
    assert!(start.contains(OPEN), "{start:?}");
    assert!(!start.contains("suspended"), "{start:?}");
    suspend(&site, true);
    session.exp_string("suspended, last ok").unwrap();
    let (rest, ended) = interrupt(session);
    assert!(ended.ends_with(", 130)"), "{ended}");
    let (_, after) = rest.split_once(CLOSE).expect("the first screen is back");
    assert!(rest.contains(SHOW_CURSOR), "{rest:?}");
    assert!(
        after.contains("suspended"),
        "the last page stays: {after:?}"
    );
    assert!(
        !after.contains('\u{1b}'),
        "nothing is drawn after the end: {after:?}"
    );
}

#[test]
fn a_page_that_is_too_long_is_cut_and_counted() {
    let site = stocked(|stock| fleet(20, stock.latest, stock.now).1);
    let mut session = on_terminal(status(&site, &["-w", "-A"]), 10);
    let page = session.exp_string("Ctrl-C ends.").unwrap();
    let frame = page.rsplit("\u{1b}[H").next().unwrap();
    assert_eq!(frame.lines().count(), 10, "{frame:?}");
    assert!(frame.contains("more lines)"), "{frame:?}");
    let (rest, _) = interrupt(session);
    let after = rest.split_once(CLOSE).unwrap().1;
    assert!(
        after.contains("20 releases"),
        "the whole of it stays: {after:?}"
    );
}

#[test]
fn a_server_that_is_away_is_said_below_the_page() {
    let site = healthy_site(G10);
    let mut session = on_terminal(status(&site, &["-w"]), 50);
    session.exp_string("Ctrl-C ends.").unwrap();
    site.cluster.deny(Denial::of("list", "cronjobs.batch"));
    suspend(&site, true);
    session.exp_string("; list cronjobs in namespace").unwrap();
    let (rest, _) = interrupt(session);
    assert!(rest.contains(CLOSE), "{rest:?}");
}

#[test]
fn a_dumb_terminal_is_told_lines() {
    let site = healthy_site(G10);
    let mut session = on_terminal(status(&site, &["-w"]).env("TERM", "dumb"), 50);
    let line = session.exp_string("added current").unwrap();
    assert!(!line.contains('\u{1b}'), "{line:?}");
    interrupt(session);
}

#[test]
fn documents_are_not_drawn() {
    let site = healthy_site(G10);
    let mut session = on_terminal(status(&site, &["-w", "-o", "json"]), 50);
    let start = session.exp_string("\"event\":\"added\"").unwrap();
    assert!(!start.contains(OPEN), "{start:?}");
    interrupt(session);
}
