//! `status` on a terminal: pages of several widths, and the line that says what is waited for.
#![cfg(unix)]

use std::time::Duration;

use super::*;
use crate::world::sim::registries::fault::Fault;
use crate::world::sim::release::Generation::G10;
use crate::world::sim::release::scenarios::incident_g2;

/// All that a run writes to a terminal, without its colours and its carriage returns.
pub(crate) fn shown(plugin: &Plugin, columns: usize) -> String {
    let mut session = plugin.on_terminal(columns);
    let text = utf8(&session.exp_eof().unwrap());
    without_spinner(&text).replace("\r\n", "\n")
}

/// The session hands out each byte as a character.
fn utf8(text: &str) -> String {
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    String::from_utf8(bytes).unwrap()
}

/// What is left after the spinner has erased itself.
fn without_spinner(text: &str) -> String {
    text.rsplit("\r\u{1b}[2K")
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_page_fits_the_terminal_and_shows_colours() {
    let site = stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now));
    for columns in [100, 80, 50] {
        let text = shown(&status(&site, &[]), columns);
        assert!(text.contains("\u{1b}["), "colours on a terminal");
        let bare = without_colours(&text);
        let rows = bare.lines().take_while(|line| !line.starts_with("Next"));
        for line in rows {
            // A word is not broken. What follows is to be typed, and stands as it is.
            let is_whole = line.split(' ').any(|word| word.len() + 10 > columns);
            assert!(
                line.chars().count() <= columns || is_whole,
                "{columns}: {line:?}"
            );
        }
        screen(
            &format!("incident_at_{columns}"),
            &format!("The incident, {columns} columns wide"),
            &bare,
        );
    }
}

#[test]
fn a_terminal_without_colours_is_respected() {
    let site = healthy_site(G10);
    let text = shown(&status(&site, &[]).env("NO_COLOR", "1"), 100);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains('✔'), "{text:?}");
}

#[test]
fn a_long_wait_says_on_a_terminal_for_what() {
    let site = healthy_site(G10);
    site.internet
        .fault("ghcr.io", Fault::Slow(Duration::from_secs(2)));
    let waiting = format!("asking {} and the registries", site.cluster.url());
    let mut session = status(&site, &["--no-cache"]).on_terminal(100);
    session.exp_string(&waiting).unwrap();
    let rest = utf8(&session.exp_eof().unwrap());
    assert!(
        !without_spinner(&rest).contains("asking"),
        "the line is gone at the end: {rest:?}"
    );
    assert!(without_spinner(&rest).contains("berlin"), "{rest:?}");
}

#[test]
fn off_a_terminal_nothing_moves() {
    let site = healthy_site(G10);
    site.internet
        .fault("ghcr.io", Fault::Slow(Duration::from_secs(1)));
    // `page` holds that stderr is empty.
    assert!(!page(&site, &["--no-cache"]).contains("asking"));
}
