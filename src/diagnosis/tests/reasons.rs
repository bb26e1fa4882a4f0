//! What tells, what is ruled out, and what nobody has tested.

use super::*;
use crate::observation::Blind;
use crate::reading::Policy;

#[test]
fn the_incident_is_told_in_full() {
    let cause = concluded(&from_pods(ghcr(dropped()))).remove(0);
    assert_eq!(Code::Dropped, cause.code);
    assert_eq!(
        vec![
            Code::LayerHostBlocked,
            Code::StreakAtThreshold,
            Code::RunsFailed,
        ],
        [
            Code::LayerHostBlocked,
            Code::StreakAtThreshold,
            Code::RunsFailed
        ]
        .into_iter()
        .filter(|code| cause.explains.contains(code))
        .collect::<Vec<_>>(),
        "{:?}",
        cause.explains
    );
    assert_eq!(Confidence::High, cause.confidence);
    let allowed: Vec<_> = cause
        .allow
        .iter()
        .map(|one| (one.host.as_str(), one.port, one.known))
        .collect();
    assert_eq!(
        vec![
            ("ghcr.io", 443, Known::Observed),
            ("pkg-containers.githubusercontent.com", 443, Known::Observed),
        ],
        allowed
    );
    for want in [
        "This machine reaches ghcr.io, so ghcr.io is up and the image exists.",
        "From the pods the name resolves, and port 443 times out, while docker.io works: not DNS, not TLS, not a proxy. A firewall or egress policy allows docker.io and not ghcr.io.",
        "No NetworkPolicy in tracebloc selects the refresh pods: look outside the cluster.",
        "Nodes not tested.",
        "The chart does refresh the ingestor: it looked it up, and counted that it could not.",
    ] {
        assert!(
            cause.reasons.iter().any(|reason| reason == want),
            "{want}\n{:#?}",
            cause.reasons
        );
    }
}

/// What the first investigation ruled out is ruled out here only by evidence.
#[test]
fn what_has_no_evidence_is_not_ruled_out() {
    const RESET: &str = "No upgrade has reset the ingestor";
    const INDEX: &str = "No index is misread";
    let has = |readings: &Readings, start: &str| {
        reasons(readings)
            .iter()
            .any(|reason| reason.starts_with(start))
    };
    let incident = || from_pods(ghcr(dropped()));
    for start in [RESET, INDEX] {
        assert!(has(&incident(), start), "{start}");
    }

    let mut unrecorded = incident();
    if let Ok(seen) = &mut unrecorded.release {
        let record = seen.record.as_mut().unwrap();
        record
            .annotations
            .remove("tracebloc.io/last-refreshed-ingestor-digest");
    }
    assert!(!has(&unrecorded, RESET));

    let mut unresolved = incident();
    if let Ok(seen) = &mut unresolved.release {
        seen.registry.latest.clear();
    }
    assert!(!has(&unresolved, INDEX));
}

#[test]
fn a_proxy_is_ruled_out_only_where_none_is_set() {
    let no_proxy = "not a proxy";
    let told = |readings: &Readings| {
        reasons(readings)
            .iter()
            .any(|reason| reason.contains(no_proxy))
    };
    assert!(told(&from_pods(ghcr(dropped()))));

    let mut on_the_way = from_pods(ghcr(dropped()));
    if let Ok(ways) = &mut on_the_way.pods[0].ways {
        ways[1].proxy = Some("proxy:3128".to_owned());
    }
    assert!(!told(&on_the_way));

    let mut on_the_cron_job = from_pods(ghcr(dropped()));
    if let Ok(seen) = &mut on_the_cron_job.release {
        seen.proxy = crate::observation::ProxySettings::CronJob;
    }
    assert!(!told(&on_the_cron_job));
}

#[test]
fn policies_are_named_or_ruled_out_or_not_known() {
    let with = |policies| {
        let readings = Readings {
            policies,
            ..from_pods(ghcr(dropped()))
        };
        reasons(&readings)
            .into_iter()
            .find(|reason| reason.contains("NetworkPolic"))
            .unwrap()
    };
    let policy = |allows: &[&str]| Policy {
        name: "only-dns".to_owned(),
        allows: allows.iter().map(|text| (*text).to_owned()).collect(),
    };
    for (name, policies, want) in [
        (
            "none",
            Ok(vec![]),
            "No NetworkPolicy in tracebloc selects the refresh pods: look outside the cluster.",
        ),
        (
            "one",
            Ok(vec![policy(&["UDP 53 to all pods"])]),
            "NetworkPolicies in tracebloc select the refresh pods: only-dns lets out UDP 53 to all pods.",
        ),
        (
            "one that shuts",
            Ok(vec![policy(&[])]),
            "NetworkPolicies in tracebloc select the refresh pods: only-dns lets out nothing.",
        ),
        (
            "not readable",
            Err(Blind("forbidden".to_owned())),
            "Whether a NetworkPolicy selects the refresh pods is not known: forbidden.",
        ),
    ] {
        assert_eq!(want, with(policies), "{name}");
    }
    // It cannot be a policy that shows another certificate.
    let intercepted = site(Step::Connect, "ghcr.io", Code::TlsIntercepted);
    assert!(
        !reasons(&from_pods(intercepted))
            .iter()
            .any(|reason| reason.contains("NetworkPolic"))
    );
}

#[test]
fn nodes_split_a_finding_in_two() {
    let with = |result| Readings {
        pulls: vec![pull("ghcr.io", result)],
        ..from_pods(ghcr(dropped()))
    };
    let only_pods = concluded(&with(Ok(()))).remove(0);
    assert_eq!(
        "something between the pods and the internet drops ghcr.io",
        only_pods.title
    );
    assert!(only_pods.reasons.contains(&"Node edge-01 has pulled ghcr.io/tracebloc/ingestor:0.3 (pull test): only the way of the pods is barred.".to_owned()));

    let both = concluded(&with(Err(timed_out()))).remove(0);
    assert_eq!(
        "something between pods and nodes and the internet drops ghcr.io",
        both.title
    );
    assert_eq!(
        Vec::<NextStep>::new(),
        both.next,
        "nothing that the nodes could not pull is moved to"
    );
}

#[test]
fn what_moves_the_image_meanwhile_is_told_where_the_nodes_may_pull_it() {
    let mut readings = from_pods(ghcr(dropped()));
    let commands = |readings: &Readings| concluded(readings).remove(0).next;
    let told = commands(&readings);
    readings.here = ghcr(dropped());
    assert_eq!(
        Vec::<NextStep>::new(),
        commands(&readings),
        "nothing can be looked up from here"
    );
    for step in told {
        assert!(
            step.command.contains("ingestor") || step.command.contains("INGESTOR"),
            "{}",
            step.command
        );
    }
}
