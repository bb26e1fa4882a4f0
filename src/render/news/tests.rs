//! What is told of a change, and what is not.

use super::*;
use crate::health::{JobState, State};
use crate::render::fixtures::{self, statuses};
use crate::render::json::json_line;
use crate::render::model::{Fleet, Incomplete};

fn at() -> Timestamp {
    "2026-06-06T10:01:07Z".parse().unwrap()
}

fn items(statuses: Vec<ImageStatus>) -> Vec<Item> {
    let boxed = statuses.into_iter().map(Box::new);
    boxed.map(Item::Release).collect()
}

fn text(news: &[News]) -> String {
    let lines = news.iter().map(|one| one.lines(at(), DigestForm::Short));
    lines.collect()
}

/// What is told after this change to the healthy release.
fn after(change: impl FnOnce(&mut ImageStatus)) -> String {
    let mut status = fixtures::healthy().model();
    let mut shown = Shown::default();
    shown.update(items(vec![status.clone()]));
    change(&mut status);
    text(&shown.update(items(vec![status])))
}

#[test]
fn the_first_look_adds_every_release() {
    let mut shown = Shown::default();
    let news = shown.update(items(statuses()));
    assert_eq!(7, news.len());
    assert!(
        text(&news).starts_with("2026-06-06T10:01:07Z kind-edge tb-clinic/clinic added current\n"),
        "{}",
        text(&news)
    );
}

#[test]
fn a_look_that_shows_the_same_is_no_news() {
    let mut shown = Shown::default();
    shown.update(items(statuses()));
    let mut later = statuses();
    for status in &mut later {
        status.metadata.observed_at = Time(at());
        status.lookup.took_ms += 5;
    }
    assert_eq!(Vec::<News>::new(), shown.update(items(later)));
}

#[test]
fn each_change_is_a_line() {
    const HEAD: &str = "2026-06-06T10:01:07Z kind-edge tracebloc/edge";
    type Change = fn(&mut ImageStatus);
    let rows: &[(&str, Change, &[&str])] = &[
        (
            "the tag moved",
            |status| {
                let image = &mut status.images[1];
                image.states = vec![State::Stale];
                image.digests.latest = Some(fixtures::digest("ffff00001111"));
            },
            &[
                "release current -> stale",
                "jobs-manager current -> stale",
                "jobs-manager latest 1db49be156bb -> ffff00001111",
            ],
        ),
        (
            "the job was suspended",
            |status| status.refresh_job.as_mut().unwrap().state = JobState::Suspended,
            &["refresh job ok -> suspended"],
        ),
        (
            "a counter went up",
            |status| status.streaks[1].count = Some(2),
            &["ticks skipped 0/8 -> 2/8"],
        ),
        (
            "something is hidden now",
            |status| {
                status.incomplete.push(Incomplete {
                    what: "nodes".to_owned(),
                    reason: "forbidden".to_owned(),
                });
            },
            &["not seen - -> nodes"],
        ),
        (
            "an image is gone",
            |status| status.images.truncate(3),
            &[
                "resource-monitor current -> -",
                "resource-monitor in use c674f7ab98b3 -> -",
                "resource-monitor latest c674f7ab98b3 -> -",
            ],
        ),
        (
            "the job has gone with its times",
            |status| status.refresh_job = None,
            &[
                "refresh job ok -> -",
                "last success 2026-06-06T09:56:00Z -> -",
            ],
        ),
    ];
    for (name, change, want) in rows {
        let want: Vec<_> = want.iter().map(|line| format!("{HEAD} {line}")).collect();
        assert_eq!(want, after(change).lines().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn names_from_outside_stay_on_their_line() {
    let hostile = |status: &mut ImageStatus| {
        status.incomplete.push(Incomplete {
            what: "a\u{1b}[2J\nb".to_owned(),
            reason: String::new(),
        });
    };
    let text = after(hostile);
    assert_eq!(1, text.lines().count(), "{text:?}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn who_is_gone_is_told_and_who_is_out_of_reach_is_not_gone() {
    let mut shown = Shown::default();
    let all = statuses();
    shown.update(items(all.clone()));
    let without_clinic = items(all[1..].to_vec());
    let news = shown.update(without_clinic.clone());
    assert_eq!(
        "2026-06-06T10:01:07Z kind-edge tb-clinic/clinic removed\n",
        text(&news)
    );

    let away: Vec<_> = fixtures::fleet()
        .items
        .into_iter()
        .filter(|item| matches!(item, Item::Unreachable(_)))
        .map(|item| match item {
            Item::Unreachable(mut context) => {
                context.metadata.context = "kind-edge".to_owned();
                Item::Unreachable(context)
            }
            release @ Item::Release(_) => release,
        })
        .take(1)
        .collect();
    let berlin = without_clinic[..1].to_vec();
    let news = shown.update([berlin.clone(), away.clone()].concat());
    let told = text(&news);
    assert!(
        told.contains(" kind-edge unreachable: list deployments"),
        "{told}"
    );
    // Of the other context, quiet was not in this look.
    assert!(!told.contains("tb-lab"), "{told}");
    assert_eq!(Vec::<News>::new(), shown.update([berlin, away].concat()));

    let told = text(&shown.update(without_clinic));
    assert!(told.contains(" kind-edge in reach again\n"), "{told}");
    assert!(!told.contains("tb-lab"), "it is as it was: {told}");
}

#[test]
fn documents_bear_the_event() {
    let mut shown = Shown::default();
    let event = |news: &News| {
        let line = json_line(news.document());
        let document: serde_json::Value = serde_json::from_str(&line).unwrap();
        document["event"].as_str().unwrap().to_owned()
    };
    let added = shown.update(fixtures::fleet().items);
    assert!(added.iter().all(|news| event(news) == "added"));
    assert_eq!(9, added.len());
    let mut fleet: Fleet = fixtures::fleet();
    fleet.items.retain(|item| matches!(item, Item::Release(_)));
    let removed = shown.update(fleet.items);
    assert_eq!(2, removed.len());
    assert!(removed.iter().all(|news| event(news) == "removed"));
}

#[test]
fn the_footer_says_when_and_what_went_wrong() {
    assert_eq!(
        "Seen 2026-06-06T10:01:07Z. Ctrl-C ends.",
        footer(at(), None)
    );
    assert_eq!(
        "Seen 2026-06-06T10:01:07Z; no route",
        footer(at(), Some("no\nroute"))
    );
}
