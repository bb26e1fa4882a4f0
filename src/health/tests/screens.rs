//! The screens of the documentation, from what is seen.

use super::*;
use crate::capability::Limit;

/// As the documentation shows the stuck ingestor: three runs failed, the last success was two days ago.
fn stuck() -> Site {
    let mut site = Site::g2().stuck_ingestor();
    site.annotate(Streak::Failures.key(), "3");
    site.annotate(
        LAST_ERROR,
        "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks",
    );
    let log = "[image-refresh] checking tracebloc/jobs-manager:prod (annotation=x)\n[image-refresh]   latest=sha256:1\n";
    site.0.runs = Ok(vec![
        failed("2026-06-06T09:52:00Z"),
        failed("2026-06-06T09:37:00Z"),
        failed("2026-06-06T09:22:00Z"),
        complete("2026-06-04T05:52:00Z", RunLog::Read(log.to_owned())),
    ]);
    site.cron_job().last_success = Some(time("2026-06-04T05:52:41Z"));
    site
}

#[test]
fn the_stuck_ingestor_reads_as_documented() {
    let assessed = assess(&stuck().0);
    let want = [
        "ingestor: stuck broken stale",
        "jobs-manager: current",
        "pods-monitor: current",
    ];
    assert_eq!(want.to_vec(), states(&assessed));
    assert_eq!(
        vec!["ingestor TBI-401", "ingestor TBI-302"],
        codes(&assessed)
    );
    let old = digest(OLD_INGESTOR);
    assert_eq!(
        format!(
            "cannot run here: {old} is linux/amd64 only, the only node (edge-01) is linux/arm64. \
             Ingestion Jobs fail with \"no match for platform in manifest\"."
        ),
        assessed.findings[0].message
    );
    assert_eq!(
        "cannot refresh itself: ghcr.io lookups failed 3/3 times in a row, since about 2d4h.",
        assessed.findings[1].message
    );
    assert_eq!(
        vec![
            (
                "last error",
                "could not resolve ghcr.io/tracebloc/ingestor:0.3 for 3 consecutive ticks"
                    .to_owned()
            ),
            ("recorded", old.to_string()),
        ],
        assessed.findings[1].details
    );
    let streak = &assessed.streaks[0];
    assert_eq!(
        (Ok(3), Limit::At(3)),
        (streak.count.clone(), streak.limit.clone())
    );
    assert_eq!(Some(Duration::from_mins(45)), streak.alarm_after);
    let since = Since {
        about: time("2026-06-04T05:37:00Z"),
        bound: Bound::About,
    };
    assert_eq!(Some(since), streak.since);
    assert_eq!(
        None, assessed.frozen,
        "the streak explains why the runs fail"
    );
    let refresh = assessed.refresh.as_ref().expect("a refresh job");
    assert_eq!(Some(3), refresh.failed_since_success);
    assert_eq!(Some(time("2026-06-06T10:07:00Z")), refresh.next_run);
    assert!(assessed.incomplete.is_empty(), "{:?}", assessed.incomplete);
}

#[test]
fn the_way_to_the_registries_of_the_stuck_ingestor_is_told_for_both_vantage_points() {
    let assessed = assess(&stuck().0);
    let at = |text: &str| Some(time(text));
    let by_log = "last run's log".to_owned();
    let here = Some(Ok(Duration::from_millis(112)));
    assert_eq!(
        vec![
            Egress {
                registry: "docker.io".to_owned(),
                here: here.clone(),
                cluster: ClusterEvidence::Reaches {
                    by: by_log,
                    at: at("2026-06-04T05:52:41Z")
                },
            },
            Egress {
                registry: "ghcr.io".to_owned(),
                here,
                cluster: ClusterEvidence::Fails {
                    by: "3/3".to_owned(),
                    at: at("2026-06-06T09:52:41Z")
                },
            },
        ],
        assessed.egress
    );
}

/// The same a chart earlier: no counter, every Job green.
#[test]
fn the_silent_ingestor_reads_as_documented() {
    let mut site = Site::g1().stuck_ingestor();
    let log = "\
[image-refresh] checking tracebloc/jobs-manager:prod (annotation=x)
[image-refresh]   latest=sha256:1
[image-refresh] checking ghcr.io/tracebloc/ingestor:0.3 (env=INGESTOR_IMAGE_DIGEST on container=api)
curl: (28) Failed to connect to ghcr.io port 443 after 10001 ms: Timeout was reached
[image-refresh]   WARN: could not resolve latest digest (rate-limited or transient); skipping this tick
[image-refresh] tick complete
";
    site.0.runs = Ok(vec![complete(
        "2026-06-06T09:52:00Z",
        RunLog::Read(log.to_owned()),
    )]);
    let assessed = assess(&site.0);
    let want = [
        "ingestor: broken stale",
        "jobs-manager: current",
        "pods-monitor: current",
    ];
    assert_eq!(want.to_vec(), states(&assessed));
    assert_eq!(
        vec!["ingestor TBI-401", "ingestor TBI-310"],
        codes(&assessed)
    );
    assert_eq!(
        "green but not refreshing: the last completed run warned \"could not resolve latest digest\" for \
         ghcr.io/tracebloc/ingestor and exited 0. This chart counts nothing and will never fail.",
        message(&assessed, Code::SilentFailure)
    );
    assert!(assessed.streaks.is_empty());
    let evidence: Vec<_> = assessed
        .egress
        .iter()
        .map(|egress| &egress.cluster)
        .collect();
    assert!(matches!(
        evidence[..],
        [
            ClusterEvidence::Reaches { .. },
            ClusterEvidence::Fails { .. }
        ]
    ));
}

#[test]
fn a_healthy_release_has_nothing_to_say_but_what_is_held() {
    let mut site = Site::g10();
    site.0.nodes = Ok(vec![node("edge-01", "amd64"), node("edge-02", "arm64")]);
    let pinned = "05e124945a2ef61868661a9137abb5e75dac96a090cb41a7b4e8be520c4b5873";
    site.know(pinned, BOTH);
    site.workload(ManagedImage::Ingestor).spec = crate::observation::Spec::Pinned {
        repository: "ghcr.io/tracebloc/ingestor".to_owned(),
        digest: digest(pinned),
    };
    let assessed = assess(&site.0);
    assert_eq!(
        vec![
            "ingestor: held",
            "jobs-manager: current",
            "pods-monitor: current",
            "resource-monitor: current",
            "requests-proxy: current",
        ],
        states(&assessed)
    );
    assert_eq!(vec!["ingestor TBI-406"], codes(&assessed));
    assert_eq!(
        Some("pinned by the chart (images.ingestor.prodDigest); it moves with the chart"),
        assessed.images[0].held.as_deref()
    );
    assert_eq!(InUse::Digest(digest(pinned)), assessed.images[0].in_use);
    assert!(
        assessed.next.is_empty() && assessed.incomplete.is_empty(),
        "{assessed:?}"
    );
}

#[test]
fn the_incident_is_looked_into_moved_and_outgrown() {
    let latest = digest("d361fa778554");
    let complete = assess(&stuck().0);
    let steps: Vec<_> = complete
        .next
        .iter()
        .map(|step| (step.command.as_str(), step.why.clone()))
        .collect();
    assert_eq!(
        vec![
            (
                "kubectl tracebloc-images doctor -n tracebloc",
                "find where ghcr.io is blocked".to_owned()
            ),
            (
                "kubectl tracebloc-images refresh ingestor -n tracebloc",
                format!("move it to {latest} from here")
            ),
            (
                "chart 1.6.0 or later spawns the ingestor by tag",
                "only if the nodes reach ghcr.io: doctor --pull-test".to_owned()
            ),
        ],
        steps
    );
}
