//! Known lines, attribution, and that nothing is lost of any text.

mod contract;

use proptest::prelude::*;

use super::*;

const G2: &str = "\
[image-refresh] release=berlin namespace=tracebloc deployment=berlin-jobs-manager
[image-refresh] checking tracebloc/jobs-manager:prod (annotation=tracebloc.io/last-refreshed-jobs-manager-digest)
[image-refresh]   latest=sha256:1
[image-refresh]   recorded=sha256:1
[image-refresh]   digest unchanged since last refresh; no-op
[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (env=INGESTOR_IMAGE_DIGEST on container=api)
curl: (28) Connection timed out after 10001 milliseconds
[image-refresh]   WARN: could not fetch auth token for ghcr.io/tracebloc/ingestor
[image-refresh]   WARN: could not resolve latest ingestor digest (failure 2/3; rate-limited or transient)
[image-refresh] tick complete
";

#[test]
fn a_tick_is_read_line_by_line() {
    let events: Vec<_> = decode(G2).iter().map(|entry| entry.event).collect();
    let want = [
        Event::Started,
        Event::Checking,
        Event::Latest,
        Event::Recorded,
        Event::Unchanged,
        Event::Checking,
        Event::ToolError,
        Event::TokenFailed,
        Event::FailureCounted {
            count: 2,
            threshold: 3,
        },
        Event::Completed,
    ];
    assert_eq!(want.to_vec(), events);
}

#[test]
fn lines_belong_to_the_image_checked_last() {
    let entries = decode(G2);
    assert_eq!(None, entries[0].image);
    assert_eq!(Some("tracebloc/jobs-manager:prod"), entries[4].image);
    assert_eq!(Some("ghcr.io/tracebloc/ingestor:0.3"), entries[8].image);
}

#[test]
fn a_tools_error_explains_the_line_that_follows() {
    let entries = decode(G2);
    assert_eq!(
        vec!["curl: (28) Connection timed out after 10001 milliseconds"],
        cause_of(&entries, 7)
    );
    assert!(
        cause_of(&entries, 8).is_empty(),
        "the first line after it has it"
    );
}

#[test]
fn the_two_messages_that_embed_kubectls_words_go_on_below() {
    let log = "[image-refresh] ERROR: cannot read deployment/x (NotFound, RBAC denial, or API error): E1121 memcache\n\
        The connection to the server localhost:8080 was refused\n\
        did you specify the right host or port? -- not a benign skip\n";
    let entries = decode(log);
    assert_eq!(Event::DeploymentUnreadable, entries[0].event);
    assert_eq!(2, cause_of(&entries, 0).len());
}

#[test]
fn every_known_line_of_any_generation_has_its_meaning() {
    for (line, want) in [
        (
            "WARN: could not resolve latest digest (rate-limited or transient); skipping",
            Event::Unresolved,
        ),
        (
            "WARN: could not resolve latest ingestor digest (failure of some kind",
            Event::Unresolved,
        ),
        (
            "not settled (rollout in progress or pod not Ready) -- skipping this refresh tick 3/8",
            Event::Skipped {
                count: Some(3),
                limit: Some(8),
            },
        ),
        (
            "deployment/x not settled (rollout in progress or pod not Ready); skipping this tick",
            Event::Skipped {
                count: None,
                limit: None,
            },
        ),
        (
            "WARN: … FLAP DETECTED … MANUAL ATTENTION NEEDED",
            Event::LockedOut,
        ),
        (
            "ERROR: x has been unsettled; IMAGE REFRESH IS FROZEN",
            Event::Frozen,
        ),
        (
            "NOTE: images are served from private mirror 'm'",
            Event::Mirrored,
        ),
        (
            "digest changed (a -> b); set env + wait for rollout",
            Event::Drifted,
        ),
        (
            "re-imaging control-plane workloads (attempt 1/3)",
            Event::Acting,
        ),
        (
            "WARNING: could not clear the skip streak",
            Event::ClearFailed,
        ),
        ("words of the next generation", Event::Said),
        ("  WARN: words of the next generation", Event::Warned),
        (
            "ERROR: wait for daemonset \"x\": timed out after 600s [TBI-504]",
            Event::Failed,
        ),
    ] {
        let line = format!("[image-refresh] {line}");
        assert_eq!(want, decode(&line)[0].event, "{line}");
    }
}

#[test]
fn kubectls_ordinary_words_are_no_errors() {
    for line in [
        "deployment.apps/berlin-jobs-manager restarted",
        "deployment.apps/berlin-jobs-manager annotated",
        "Waiting for deployment \"x\" rollout to finish: 0 of 1 updated replicas are available...",
        "deployment \"x\" successfully rolled out",
        "annotation \"tracebloc.io/refresh-attempt\" not found",
    ] {
        assert_eq!(Event::ToolOutput, decode(line)[0].event, "{line}");
    }
}

/// Ten thousand lines, some of them endless, some of them hostile: none is lost, and none takes another's place.
#[test]
fn a_long_log_is_read_to_its_end() {
    let line = |number: usize| match number % 4 {
        0 => format!("{PREFIX}checking tracebloc/image-{number}:prod (annotation=x)"),
        1 => format!("{PREFIX}  latest=sha256:{}", "f".repeat(number)),
        2 => format!("curl: ({number}) \u{1b}[2J\u{7}\u{202e}"),
        _ => format!("{PREFIX}  WARN: could not resolve latest digest"),
    };
    let lines: Vec<_> = (0..10_000).map(line).collect();
    let log = lines.join("\n");
    let entries = decode(&log);
    assert_eq!(10_000, entries.len());
    assert_eq!(Some("tracebloc/image-9996:prod"), entries[9_999].image);
    assert_eq!(vec![entries[9_998].text], cause_of(&entries, 9_999));
}

/// Substrings stand in lines of every shape: with and without indentation, and with foreign words around them.
fn contracts_words() -> impl Strategy<Value = (&'static str, Event)> {
    proptest::sample::select(KNOWN.to_vec())
}

proptest! {
    /// No word around it may hide a known line, unless it is itself a known one.
    #[test]
    fn a_known_line_is_known_whatever_stands_around_it((words, event) in contracts_words(), before in "[ a-z0-9]{0,20}", after in "[ a-z0-9]{0,20}") {
        let line = format!("{PREFIX}{before}{words}{after}");
        let (text, seen) = read(&line).unwrap();
        prop_assert_eq!(line.strip_prefix(PREFIX), Some(text));
        prop_assert_eq!(event, seen);
    }

    #[test]
    fn what_is_unknown_is_kept_as_it_is(line in "[A-Z][a-z ]{1,30}") {
        prop_assume!(!KNOWN.iter().any(|(words, _)| line.contains(words)) && !line.trim().is_empty());
        prop_assume!(!ORDINARY.iter().any(|words| line.contains(words)));
        let prefixed = format!("{PREFIX}{line}");
        prop_assert_eq!(Some((line.as_str(), Event::Said)), read(&prefixed));
        prop_assert_eq!(Some((line.as_str(), Event::ToolError)), read(&line));
    }

    /// Lines of any bytes that are text, with the prefix and without: none is lost, none is changed.
    #[test]
    fn no_line_is_lost_whatever_its_characters(lines in proptest::collection::vec((any::<bool>(), any::<String>()), 0..20)) {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(is_prefixed, text)| (is_prefixed, text.replace(['\n', '\r'], "")))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect();
        let written = |(is_prefixed, text): &(bool, String)| {
            let prefix = if *is_prefixed { PREFIX } else { "" };
            format!("{prefix}{text}")
        };
        let log = lines.iter().map(written).collect::<Vec<_>>().join("\n");
        let entries = decode(&log);
        let kept: Vec<_> = entries.iter().map(|entry| entry.text).collect();
        let want: Vec<_> = lines
            .iter()
            .map(|(is_prefixed, text)| match is_prefixed {
                true => text.as_str(),
                false => text.strip_prefix(PREFIX).unwrap_or(text),
            })
            .collect();
        prop_assert_eq!(want, kept);
    }

    #[test]
    fn no_line_is_lost_whatever_a_log_holds(log in "(\\[image-refresh\\] )?(checking |WARN: |not settled|[\\PC\\n/0-9]){0,60}") {
        let entries = decode(&log);
        let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        prop_assert_eq!(lines.len(), entries.len());
        for (place, (line, entry)) in lines.iter().zip(&entries).enumerate() {
            prop_assert!(line.ends_with(entry.text));
            let _ = cause_of(&entries, place);
        }
    }
}
