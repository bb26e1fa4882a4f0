//! Every generation of the chart, healthy and behind: what is said of it, and that the screen says no more than JSON.

mod same_facts;

use super::*;
use crate::world::sim::release::Generation::{
    G0, G1, G2, G2p, G3, G4, G5, G6, G7, G7b, G8, G9, G10,
};
use crate::world::sim::release::scenarios::stale;

/// As `chart.generation` names it.
fn name(generation: Generation) -> &'static str {
    match generation {
        G0 => "G0",
        G1 => "G1",
        G2 | G2p => "G2",
        G3 => "G3",
        G4 | G5 | G6 => "G4-G6",
        G7 | G7b => "G7",
        G8 => "G8",
        G9 | G10 => "G9-G10",
    }
}

/// The streaks that a generation counts.
fn streaks(generation: Generation) -> &'static [&'static str] {
    match generation {
        G0 | G1 | G3 | G4 | G5 | G6 => &[],
        G2 | G2p => &["ingestorResolve"],
        G7 | G7b | G8 => &["rolloutAttempts"],
        G9 | G10 => &["rolloutAttempts", "skippedTicks"],
    }
}

/// The images that a generation moves, besides jobs-manager and pods-monitor; and the state of an ingestor that
/// it does not move.
fn others(generation: Generation) -> (&'static [&'static str], Option<&'static str>) {
    match generation {
        G1 | G2 | G2p => (&["ingestor"], None),
        G3 => (&[], Some("current")),
        G0 | G4 | G5 | G6 | G7 | G7b => (&[], Some("held")),
        G8 | G9 | G10 => (&["resource-monitor"], Some("held")),
    }
}

/// Holds a site of a generation to the state that its moved images are in.
fn hold(generation: Generation, site: &Site, want: &str) {
    let document = document(site, &[]);
    assert_eq!(
        document["chart"]["generation"],
        name(generation),
        "{generation:?}"
    );
    assert_eq!(
        document["chart"]["version"],
        generation.chart_version(),
        "{generation:?}"
    );
    let counted: Vec<_> = items(&document["streaks"])
        .iter()
        .map(|streak| text(&streak["kind"]))
        .collect();
    assert_eq!(counted, streaks(generation), "{generation:?}");
    let (moved, ingestor) = others(generation);
    for image in ["jobs-manager", "pods-monitor"].iter().chain(moved) {
        assert_eq!(states(&document, image), [want], "{generation:?} {image}");
    }
    if let Some(state) = ingestor {
        assert_eq!(states(&document, "ingestor"), [state], "{generation:?}");
    }
    let count = 2 + moved.len() + usize::from(ingestor.is_some());
    assert_eq!(items(&document["images"]).len(), count, "{generation:?}");
    assert_eq!(document["incomplete"], json!([]), "{generation:?}");
    for form in ["table", "wide"] {
        same_facts::assert_within(&document, &page(site, &["-o", form]));
    }
}

#[test]
fn what_is_healthy_is_current_in_every_generation() {
    for generation in Generation::ALL {
        hold(generation, &healthy_site(generation), "current");
    }
}

#[test]
fn what_is_behind_is_stale_in_every_generation() {
    for generation in Generation::ALL {
        let release = Release::new(generation);
        let site = stocked(|stock| stale(&release, stock.before, stock.now));
        hold(generation, &site, "stale");
    }
}

#[test]
fn the_troubled_screens_say_no_more_than_json() {
    use crate::world::sim::release::scenarios::{
        docker_blocked, flap_g10, incident_g2, mirrored_g8, no_refresher, not_pulled_g10,
        silent_g1, skips_g10, suspended,
    };
    let newest = Release::new(G10);
    for site in [
        stocked(|stock| silent_g1(stock.latest, stock.old_ingestor, stock.now)),
        stocked(|stock| mirrored_g8(stock.latest, stock.now)),
        stocked(|stock| no_refresher(stock.latest, stock.now)),
        stocked(|stock| suspended(&newest, stock.latest, stock.now)),
        stocked(|stock| docker_blocked(&newest, stock.latest, stock.now)),
        stocked(|stock| incident_g2(stock.latest, stock.old_ingestor, stock.now)),
        stocked(|stock| flap_g10(stock.latest, stock.before, stock.now)),
        stocked(|stock| skips_g10(stock.latest, stock.now)),
        stocked(|stock| not_pulled_g10(stock.latest, stock.before, stock.now)),
    ] {
        same_facts::assert_within(&document(&site, &[]), &page(&site, &["-o", "wide"]));
    }
}

#[test]
fn a_screen_that_says_more_is_caught() {
    let site = healthy_site(G10);
    let document = document(&site, &[]);
    for more in [
        "edge-04",
        "abcdef012345",
        "17/20",
        "3d4h",
        "Deployment/Other",
    ] {
        let page = format!("{}\n{more}\n", page(&site, &[]));
        let caught = std::panic::catch_unwind(|| same_facts::assert_within(&document, &page));
        assert!(caught.is_err(), "{more}");
    }
    for (says, other) in [
        ("current", "stale"),
        ("amd64 arm64", "arm64 amd64"),
        ("docker.io ", "ghcr.io "),
    ] {
        let page = page(&site, &[]).replacen(says, other, 1);
        let caught = std::panic::catch_unwind(|| same_facts::assert_within(&document, &page));
        assert!(caught.is_err(), "{other} for {says}");
    }
}
