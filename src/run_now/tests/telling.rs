//! Lines of every generation, and what they are said to mean.

use proptest::prelude::*;

use super::*;
use crate::log::{Event, PREFIX};
use crate::world::sim::release::{Digests, Generation, Release, Story, curl_timeout, tick_log};

/// `! ingestor: not resolved … [TBI-301] < curl: …`, a line each.
fn tell(log: &str) -> Vec<String> {
    let mut teller = Teller::default();
    let mut told: Vec<Told> = log.lines().flat_map(|line| teller.hear(line).1).collect();
    told.extend(teller.end());
    told.iter()
        .map(|told| {
            let tone = match told.tone {
                Tone::Good => "+",
                Tone::Quiet => "-",
                Tone::Change => "~",
                Tone::Warn => "!",
                Tone::Bad => "x",
                Tone::Verbatim => ">",
            };
            let image = told.image.as_ref().map(|image| format!(" {image}:"));
            let code = told.code.as_ref().map(|code| format!(" [{code}]"));
            let said: Vec<_> = told.said.iter().map(|said| format!(" < {said}")).collect();
            let said = said.concat();
            format!(
                "{tone}{} {}{}{said}",
                image.unwrap_or_default(),
                told.words,
                code.unwrap_or_default()
            )
        })
        .collect()
}

fn digests(start: &str) -> Digests {
    let digest = |image: &str| {
        format!(
            "sha256:{start}{image}{}",
            "0".repeat(64 - start.len() - image.len())
        )
    };
    Digests {
        jobs_manager: digest("a1"),
        pods_monitor: digest("b2"),
        resource_monitor: digest("c3"),
        ingestor: digest("d4"),
    }
}

/// What the script of that generation writes, told.
fn story(generation: Generation, story: &Story) -> Vec<String> {
    tell(&tick_log(
        &Release::new(generation),
        &digests("1111"),
        story,
    ))
}

#[test]
fn the_incident_is_told_in_its_four_stages() {
    let unresolved = |failures_before| Story::IngestorUnresolved {
        failures_before,
        curl: curl_timeout("ghcr.io"),
    };
    let told = story(Generation::G2, &unresolved(1));
    assert_eq!(
        vec![
            "+ jobs-manager: unchanged, 1111a1000000",
            "+ pods-monitor: unchanged, 1111b2000000",
            "! ingestor: no token for it < curl: (28) Failed to connect to ghcr.io port 443 after 10001 ms: Timeout was reached",
            "! ingestor: not resolved, 2 of 3 in a row; at 3 the run fails [TBI-301]",
        ],
        told
    );
    let last = |before| story(Generation::G2, &unresolved(before)).pop().unwrap();
    assert_eq!(
        "x ingestor: not resolved as often in a row as its threshold allows: the run fails [TBI-302]",
        last(2)
    );
    assert_eq!(
        "x ingestor: still not resolved; the streak stays at its threshold, and the run fails [TBI-302]",
        last(3)
    );
    let recovered = story(
        Generation::G2,
        &Story::Recovered {
            from: digests("2222"),
        },
    );
    assert!(
        recovered
            .contains(&"+ ingestor: resolved again; its streak of failures is cleared".to_owned()),
        "{recovered:#?}"
    );
    assert!(
        recovered.contains(&"~ ingestor: has moved: 2222d4000000 -> 1111d4000000".to_owned()),
        "{recovered:#?}"
    );
}

#[test]
fn every_story_of_every_generation_is_told_without_a_word_that_nobody_knows() {
    let from = || digests("2222");
    for generation in Generation::ALL {
        let mut stories = vec![
            Story::Unchanged,
            Story::FirstTick,
            Story::Moved { from: from() },
            Story::DockerUnresolved {
                curl: curl_timeout("registry-1.docker.io"),
            },
            Story::TokenRefused {
                curl: curl_timeout("auth.docker.io"),
            },
        ];
        if generation.has_ingestor_pass() {
            stories.push(Story::IngestorUnresolved {
                failures_before: 0,
                curl: curl_timeout("ghcr.io"),
            });
        }
        if generation >= Generation::G4 {
            stories.push(Story::Unsettled { skips_before: 7 });
            stories.push(Story::Unreadable {
                error: "deployments.apps is forbidden".to_owned(),
            });
        }
        if generation.has_flap_guard() {
            stories.push(Story::LockedOut { from: from() });
        }
        if generation.sets_images() {
            stories.push(Story::NotRolledOut {
                from: from(),
                attempts_before: 1,
            });
        }
        for told in stories {
            let lines = story(generation, &told);
            // Details below an alarm, and the annotations, are the script's own words.
            let is_kept = |line: &&String| {
                let words = ["timed out waiting", "tracebloc.io/"];
                line.starts_with('>') && !words.iter().any(|words| line.contains(words))
            };
            let kept = lines.iter().filter(is_kept).count();
            let is_alarm = matches!(told, Story::Unsettled { .. }) && generation.has_skip_streak();
            assert!(kept == 0 || is_alarm, "{generation:?} {told:?}: {lines:#?}");
            assert!(!lines.is_empty(), "{generation:?} {told:?}");
        }
    }
}

#[test]
fn states_of_the_newest_generation() {
    let locked = story(
        Generation::G10,
        &Story::LockedOut {
            from: digests("2222"),
        },
    );
    assert_eq!(
        Some(
            "x locked out: rollouts kept failing, so nothing moves until a person removes the count [TBI-303]"
        ),
        locked.last().map(String::as_str)
    );
    let skipped = story(Generation::G10, &Story::Unsettled { skips_before: 2 });
    assert_eq!(
        vec!["! skipped: jobs-manager has not settled (3 of 8 in a row)"],
        skipped
    );
    let frozen = story(Generation::G10, &Story::Unsettled { skips_before: 7 });
    assert!(
        frozen
            .iter()
            .any(|line| line.starts_with("x frozen: ") && line.ends_with("[TBI-304]")),
        "{frozen:#?}"
    );
    let mirrored = tell("[image-refresh] NOTE: images are served from private mirror 'm'\n");
    assert_eq!(
        vec!["- the images come from a private mirror: nothing is looked up [TBI-407]"],
        mirrored
    );
}

#[test]
fn what_embeds_kubectls_words_is_told_with_those_below() {
    let told = tell(
        "[image-refresh] ERROR: cannot read deployment/x (NotFound, RBAC denial, or API error): E1121 memcache.go\n\
         The connection to the server localhost:8080 was refused\n\
         did you specify the right host or port? -- not a benign skip\n",
    );
    assert_eq!(
        vec![
            "x cannot read deployment/x (NotFound, RBAC denial, or API error): E1121 memcache.go [TBI-101]",
            "> The connection to the server localhost:8080 was refused",
            "> did you specify the right host or port? -- not a benign skip",
        ],
        told
    );
}

#[test]
fn the_lines_of_this_plugins_own_tick_bring_their_cause() {
    let told = tell(
        "[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (env=INGESTOR_IMAGE_DIGEST on container=api)\n\
         [image-refresh]   WARN: could not resolve latest ingestor digest (failure 1/3; the digest in use stays) [TBI-203 ghcr.io: dns: no such name]\n\
         [image-refresh] ERROR: wait for daemonset \"x\": timed out after 600s: 1 of 3 updated [TBI-504]\n",
    );
    assert_eq!(
        vec![
            "! ingestor: not resolved, 1 of 3 in a row; at 3 the run fails [TBI-203] < ghcr.io: dns: no such name",
            "x wait for daemonset \"x\": timed out after 600s: 1 of 3 updated [TBI-504]",
        ],
        told
    );
}

/// Lines belong to the last `checking`, indented or not; lines about workloads to none.
#[test]
fn the_image_is_that_of_the_last_checking_line() {
    let told = tell(
        "[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (env=INGESTOR_IMAGE_DIGEST on container=api)\n\
         [image-refresh] WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor\n\
         [image-refresh]   WARN: could not resolve latest digest\n\
         [image-refresh]   waiting for deployment/x: 0 of 1 updated\n\
         [image-refresh] rollout complete\n\
         [image-refresh]   fully in sync; no-op\n",
    );
    assert_eq!(
        vec![
            "! ingestor: no token for it",
            "! ingestor: not resolved, skipped in this run; nobody counts it",
            "~ waiting for deployment/x: 0 of 1 updated",
            "+ rollout complete",
            "+ ingestor: fully in sync; no-op",
        ],
        told
    );
}

#[test]
fn what_nobody_explains_is_told_word_for_word() {
    let told = tell(
        "sh: abc: bad number\n[image-refresh] words of another generation\n[image-refresh] tick complete\n/bin/sh: not found\n",
    );
    assert_eq!(
        vec![
            "> sh: abc: bad number",
            "> words of another generation",
            "> /bin/sh: not found"
        ],
        told
    );
}

#[test]
fn the_script_says_whether_it_said_something() {
    let mut teller = Teller::default();
    assert_eq!(
        Some(Event::Completed),
        teller.hear("[image-refresh] tick complete").0
    );
    assert_eq!(None, teller.hear("curl: (6)").0);
    assert_eq!(None, teller.hear("deployment.apps/x restarted").0);
}

/// Ten thousand lines that no line explains.
#[test]
fn a_flood_of_errors_is_told_and_not_kept() {
    let mut teller = Teller::default();
    let told: usize = (0..10_000)
        .map(|number| teller.hear(&format!("curl: ({number})")).1.len())
        .sum();
    assert_eq!(10_000, told + teller.end().len());
}

proptest! {
    /// Whatever a log holds: no line of a tool, and none that is unknown, is lost, and nothing told can steer a
    /// terminal.
    #[test]
    fn nothing_is_lost_and_nothing_steers(lines in proptest::collection::vec("(curl: |\\[image-refresh\\] |\\[image-refresh\\]   )?(WARN: could not resolve latest digest|checking a/b:c|ERROR: |latest=|x\u{1b}\\[2J|\\PC{0,12}|\u{202e}y)", 0..40)) {
        let mut teller = Teller::default();
        let mut told: Vec<Told> = lines.iter().flat_map(|line| teller.hear(line).1).collect();
        told.extend(teller.end());
        let foreign = lines.iter().filter(|line| line.starts_with("curl: ") && !line.contains("\" annotat")).count();
        let kept = told.iter().filter(|told| told.words.starts_with("curl:")).count()
            + told.iter().flat_map(|told| &told.said).filter(|said| said.starts_with("curl:")).count();
        prop_assert_eq!(foreign, kept);
        for told in &told {
            let texts = std::iter::once(&told.words).chain(&told.said).chain(&told.image);
            for text in texts {
                prop_assert!(!text.contains(crate::text::is_unprintable), "{:?}", text);
            }
        }
        let _ = PREFIX;
    }
}
